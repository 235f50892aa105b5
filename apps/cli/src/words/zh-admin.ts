/** What the module `admin` refuses, in Chinese, as `zhRefusals` has it. */
export const zhAdmin: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'admin/FROZEN': { message: '{who} 已被冻结。', hint: 'freezeAccount 类提案可以解冻。' },
  'admin/READ_ONLY': {
    message: '{who} 是 {organisation} 的监管者，只读不写。',
    hint: '请换一个账户；监管者只能轮换密钥、拒绝邀请和离开。',
  },
  'admin/MODULE_FROZEN': { message: '模块 {module} 已被冻结。', hint: 'freezeModule 类提案可以解冻。' },
  'admin/NOT_PERMITTED': {
    message: '{who} 无权发送 {command}：需要角色 {roles}。',
    hint: '{grantors} 的审批人可以授予其成员（行为 grantRole），或由 {body} 以 grantRole 类提案授予。',
  },
  'admin/BAD_ID': {
    message: '“{id}”不是有效的标识。',
    hint: '请使用 1 至 32 个小写字母、数字和连字符，以字母或数字开头。',
  },
  'admin/NOT_A_MEMBER': { message: '{who} 不是任何机构的成员。', hint: '机构的审批人可以邀请它。' },
  'admin/NOT_AN_APPROVER': {
    message: '{who} 不是 {organisation} 的审批人。',
    hint: '请由其审批人发送（查询 organisation）。',
  },
  'admin/ALREADY_APPROVED': {
    message: '{who} 已批准过；现有 {approvals} 个批准，需要 {needed} 个。',
    hint: '须由另一个审批人发送同样的行为。',
  },
  'admin/TOO_MANY_ACTS': {
    message: '{organisation} 有 {max} 个行为等待批准。',
    hint: '请批准一些，或等待其过期（查询 acts）。',
  },
  'admin/UNKNOWN_ORGANISATION': { message: '没有机构 {id}。', hint: '查询 organisations 列出全部机构。' },
  'admin/ORGANISATION_EXISTS': { message: '已有机构 {id}。', hint: '请换一个标识。' },
  'admin/TOO_MANY_ORGANISATIONS': {
    message: '联盟已有 {max} 个机构。',
    hint: '请先让一个机构离开，或让新来者加入其中一个。',
  },
  'admin/ALREADY_A_MEMBER': {
    message: '{who} 是 {organisation} 的成员。',
    hint: '一个账户只属于一个机构；请先离开，或换一个账户。',
  },
  'admin/NOT_INVITED': {
    message: '{who} 没有 {organisation} 的邀请。',
    hint: '请向其审批人索取（行为 invite）；旧的邀请可能已过期。',
  },
  'admin/NOT_OF_ORGANISATION': {
    message: '{who} 不是 {organisation} 的成员。',
    hint: '查询 members 列出其成员。',
  },
  'admin/TOO_MANY_APPROVERS': {
    message: '{organisation} 已有 {max} 个审批人。',
    hint: '请先改变其中一人的身份。',
  },
  'admin/TOO_FEW_APPROVERS': {
    message: '{organisation} 将只有 {have} 个能行事的审批人，却需要 {want} 个批准。',
    hint: '请先降低所需的批准数或增加审批人；被冻结的不算在内。',
  },
  'admin/UNKNOWN_ROLE': { message: '没有角色 {role}。', hint: 'role 类提案可以定义角色。' },
  'admin/NOT_A_GRANTOR': {
    message: '{organisation} 无权授予或撤销 {role}。',
    hint: '{grantors} 可以授予其成员；其他方式须经提案。',
  },
  'admin/ROLE_HELD': { message: '{who} 已有角色 {role}。', hint: '无需再做什么。' },
  'admin/ROLE_NOT_HELD': {
    message: '{who} 没有要撤销的角色 {role}。',
    hint: '请看查询 holders；提案授予的由提案撤销。',
  },
  'admin/TOO_MANY_ROLES': {
    message: '已有 {max} 个角色可以发送 {command}。',
    hint: '请改为把人加入这些角色之一。',
  },
  'admin/UNKNOWN_COMMAND': {
    message: '本链没有命令 {command}。',
    hint: '请按 chain_metadata 所列指定模块及其命令。',
  },
  'admin/CANNOT_RESTRICT': { message: '{command} 不能受限。', hint: 'admin 和 kernel 的命令自有规则。' },
  'admin/ONLY_RULES_CHANGE': {
    message: '链文件允许更改 {parameter}。',
    hint: 'admin 的参数中只有 rules 可以治理。',
  },
  'admin/TOO_MANY_COUNCILLORS': {
    message: '首届理事会有 {got} 名成员，却只有 {max} 个席位。',
    hint: '请减少人数，或增加席位。',
  },
  'admin/NOT_ON_THIS_CHAIN': { message: '本链没有 {what}。', hint: '链文件决定其治理包含什么。' },
  'admin/NO_RIGHT_TO_PROPOSE': {
    message: '{who} 不能单独提案。',
    hint: '理事可以；以币投票时锁定押金者也可以；机构用行为 propose 提案。',
  },
  'admin/TOO_MANY_PROPOSALS': { message: '该提案人已有 {max} 个未决提案。', hint: '请等其中一个结束。' },
  'admin/BAD_EXECUTION_HEIGHT': {
    message: '执行高度 {height} 不在投票结束时的 {min} 与 {max} 之间。',
    hint: '请在其间选择高度，或不指定，以便投票结束时执行。',
  },
  'admin/UNKNOWN_PROPOSAL': { message: '没有提案 {proposal}。', hint: '查询 proposals 列出全部提案。' },
  'admin/VOTE_OVER': {
    message: '提案 {proposal} 的投票已在高度 {until} 结束。',
    hint: '请看查询 proposal 的结果。',
  },
  'admin/NO_VOTE': {
    message: '{who} 在此没有投票权；由 {body} 决定。',
    hint: '机构用行为 vote 投票，币在锁定后（命令 stake）投票，理事用命令 vote 投票。',
  },
  'admin/NOT_GOVERNABLE': { message: '参数 {parameter} 永久固定。', hint: '本链可更改 {governable}。' },
  'admin/BAD_VALUE': { message: '{parameter} 的值无法读取：{why}', hint: '请给出该参数类型的 BCS。' },
  'admin/NOTHING_TO_CHANGE': { message: '现状已是如此。', hint: '请查看现状；查询 diff 显示提案的变化。' },
  'admin/BAD_RULES': { message: '{kind} 类事项将再也无法决定：{why}。', hint: '请更正该规则。' },
  'admin/BODY_CANNOT_DECIDE': {
    message: '{kind} 类事项将再也无法决定：{electorate} 中只有 {able}（{body}）能投票，须有 {percent} %。',
    hint: '请少改一些，或先降低规则要求的参与率。',
  },
  'admin/NO_QUORUM': {
    message:
      '{validators} 个验证者可容许 {tolerated} 个停机，而新来的有 {joining} 个，现已停机的有 {silent} 个。',
    hint: '请一次少加入一些，等新来者出过块，或先让停机者离开。',
  },
  'admin/NOT_A_VALIDATOR': {
    message: '{validator} 不是下一周期的验证者。',
    hint: '请指定一个验证者（validators 的查询 next）。',
  },
  'admin/ALREADY_A_VALIDATOR': {
    message: '{validator} 已是验证者。',
    hint: '要更换其密钥，请在同一提案中让它离开。',
  },
  'admin/CANNOT_FREEZE': { message: '模块 {module} 不能冻结。', hint: '否则无人能再解冻。' },
  'admin/UNKNOWN_MODULE': { message: '本链没有模块 {module}。', hint: '请指定 chain_metadata 中的模块。' },
  'admin/UPGRADE_TOO_SOON': {
    message: '升级将从高度 {height} 开始，而提案最早在 {executeAt} 执行。',
    hint: '请给节点留出安装时间：选择更晚的高度。',
  },
  'admin/ZERO_AMOUNT': { message: '数额是 0。', hint: '请至少给出一个最小单位。' },
  'admin/INSUFFICIENT_STAKE': {
    message: '{who} 质押了 {have} 个最小单位，需要 {want}。',
    hint: '查询 stake 显示质押的数额。',
  },
  'admin/STAKE_VOTES': { message: '该质押在高度 {until} 之前支持着一票。', hint: '请在该高度之后取回。' },
  'admin/ALREADY_A_CANDIDATE': { message: '{who} 已参选理事会。', hint: '无需再做什么。' },
  'admin/NOT_A_CANDIDATE': { message: '{who} 没有参选理事会。', hint: '查询 candidates 列出候选人。' },
  'admin/NO_ELECTOR': {
    message: '{who} 不选举理事会；由 {electors} 选举。',
    hint: '机构用行为 back 支持候选人，币在锁定后（命令 stake）支持。',
  },
  'admin/ALREADY_BACKED': { message: '该选举人已支持 {candidate}。', hint: '无需再做什么。' },
  'admin/NOT_BACKED': { message: '该选举人没有支持 {candidate}。', hint: '查询 backed 列出所支持的人。' },
  'admin/TOO_MANY_BACKED': {
    message: '一个选举人至多支持 {max} 名候选人，与席位数相同。',
    hint: '请先撤回一个（unback）。',
  },
}
