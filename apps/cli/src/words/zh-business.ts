/**
 * What `kyc`, `process` and `crm` refuse, and their parts off the chain, in Chinese, as `zhRefusals` has it. Amounts are in the smallest
 * unit.
 */
export const zhBusiness: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'kyc/LISTED': {
    message: '{who} 背后的人在制裁名单上。',
    hint: '只有登记机构能把人从名单上移除（命令 lift）。',
  },
  'kyc/LEVEL_TOO_LOW': {
    message: '{who} 的等级是 {have}，而此操作（{why}）需要等级 {want}。',
    hint: '请登记机构认证该等级，或续期已到期的声明（查询 registrars）。',
  },
  'kyc/OVER_LIMIT': {
    message: '规则 {rule} 在等级 {level} 的限额（{limit}）是 {max}，而此次将达到 {want}（以最小单位计）。',
    hint: '限额中 a call 指每次调用，a day 指每日（UTC），to one counterparty 指对同一对方。请减少数额；若是每日限额，请等到次日；或请登记机构认证更高的等级。',
  },
  'kyc/RULE_DOES_NOT_FIT': {
    message: '规则 {rule} 要读取字段 {field}，而该命令没有这种形式的该字段。',
    hint: '请在链文件中更正该规则，或更改参数 rules。',
  },
  'kyc/NOT_A_REGISTRAR': {
    message: '{who} 不是登记机构。',
    hint: '查询 registrars 列出登记机构；参数 registrars 规定谁是登记机构。',
  },
  'kyc/BAD_LEVEL': { message: '等级是 {level}，而不是 1 至 {max}。', hint: '没有声明的人都是等级 0。' },
  'kyc/BAD_VALIDITY': {
    message: '声明将有效至 {untilMs} 毫秒，不在 {nowMs} 与 {maxMs} 之间。',
    hint: '请以毫秒给出将来的时间，且不超过参数 validityMs 所允许的期限。',
  },
  'kyc/NO_CLAIM': {
    message: '{registrar} 对 {holder} 没有有效或已到期的声明。',
    hint: '已撤销或已删除的声明须重新认证（命令 attest）。',
  },
  'kyc/PERSON_LISTED': {
    message: '{person} 所指的人在制裁名单上。',
    hint: '名单上的人的声明不能认证、续期或删除。',
  },
  'kyc/NOT_LISTED': {
    message: '{person} 所指的人不在该登记机构的制裁名单上。',
    hint: '请看查询 listed；由谁列入，就由谁移除。',
  },
  'kyc/ERASURE_ASKED': {
    message: '{holder} 已要求删除这项声明。',
    hint: '由登记机构删除它（命令 erase）；之后可以认证新的声明。',
  },
  'kyc/ERASURE_NOT_ASKED': {
    message: '{holder} 没有要求删除这项声明。',
    hint: '持有人用命令 askErasure 提出要求。',
  },
  'kyc/NOT_A_REGULATOR': {
    message: '{who} 不是监管者。',
    hint: '参数 regulators 规定谁可以查询身份。',
  },
  'kyc/BAD_CASE': {
    message: '“{given}”不是案件编号。',
    hint: '请使用 1 至 64 个字母、数字和 . / -，且不含人名：它将永远留在链上。',
  },
  'kyc/UNKNOWN_LOOK_UP': { message: '没有身份查询 {lookUp}。', hint: '查询 lookUps 列出全部身份查询。' },
  'kyc/NOT_ASKED': {
    message: '身份查询 {lookUp} 问的是 {registrar}。',
    hint: '只有被问的登记机构才能答复。',
  },
  'kyc/ALREADY_ANSWERED': { message: '身份查询 {lookUp} 已经答复。', hint: '无需再做什么。' },
  'kyc/BAD_CREDENTIAL': {
    message: '该凭证或其出示不成立：{why}。',
    hint: '请持有人为此受众和此 nonce 重新出示。',
  },
  'kyc/UNKNOWN_ISSUER': {
    message: '签发者 {issuer} 在此不受信任。',
    hint: '请把它的密钥加入签发者，或拒绝该凭证。',
  },
  'kyc/BAD_STATUS_LIST': {
    message: '该状态列表不成立：{why}。',
    hint: '请向其签发者重新获取，并与链上的哈希比较。',
  },
  'kyc/NO_IDENTITY': {
    message: '保管库中没有 {holder} 的身份。',
    hint: '它从未存储过，或其密钥已销毁。',
  },
  'kyc/NOT_LOGGED': {
    message: '不提供任何身份：{why}。',
    hint: '监管者须先发送命令 lookUp；登记机构从最终的区块中读取它。',
  },
  'kyc/BAD_RECEIPT': {
    message: '该删除回执不成立：{why}。',
    hint: '请与链上的声明比较，其中有回执的哈希。',
  },
  'process/BAD_DEFINITION': {
    message: '无法发布流程 {process}：{why}。',
    hint: '请更正定义；`faultsOf` 会一次列出它的全部错误。',
  },
  'process/NOT_THE_OWNER': {
    message: '流程 {process} 属于 {owner}。',
    hint: '只有其所有者能发布版本、任命和停用它。',
  },
  'process/UNKNOWN_PROCESS': { message: '没有流程 {process}。', hint: '查询 processes 列出全部流程。' },
  'process/RETIRED': {
    message: '流程 {process} 已停用。',
    hint: '它的实例会继续；其所有者发布新版本即可重新启用。',
  },
  'process/UNKNOWN_ROLE': {
    message: '流程 {process} 的最新版本没有角色 {role}。',
    hint: '查询 definition 显示它的角色。',
  },
  'process/ALREADY_APPOINTED': { message: '{who} 已有角色 {role}。', hint: '无需再做什么。' },
  'process/NOT_APPOINTED': {
    message: '{who} 没有角色 {role}。',
    hint: '查询 holders 列出谁有该角色。',
  },
  'process/NOT_PERMITTED': {
    message: '{who} 不能执行 {transition}：须由特定的人执行（{by}）。',
    hint: '流程的所有者任命其角色（命令 appoint）。',
  },
  'process/SAME_PERSON': {
    message: '{who} 已执行过 {other}，因此须由别人执行 {transition}。',
    hint: '请由另一个人执行。',
  },
  'process/ALREADY_APPROVED': {
    message: '{who} 已批准过；现有 {approvals} 个批准，需要 {needed} 个。',
    hint: '由该角色的其他人以同样的输入批准。',
  },
  'process/UNKNOWN_INSTANCE': {
    message: '没有实例 {instance}。',
    hint: '查询 instances 列出一个流程的实例。',
  },
  'process/NO_SUCH_TRANSITION': {
    message: '状态 {state} 没有转换 {transition}。',
    hint: '查询 definition 显示有哪些转换。',
  },
  'process/UNKNOWN_FIELD': {
    message: '转换 {transition} 不设置字段 {field}，或把它设置了两次。',
    hint: '请设置定义为该转换列出的字段，每个一次。',
  },
  'process/WRONG_KIND': {
    message: '字段 {field} 的类型是 {want}，而不是 {got}。',
    hint: '请给出该类型的值。',
  },
  'process/FIELD_MISSING': {
    message: '转换 {transition} 需要字段 {field}，而它没有值。',
    hint: '请在该转换中设置它。',
  },
  'process/ATTACHMENT_MISSING': {
    message: '转换 {transition} 需要附件 {attachment}。',
    hint: '请给出其名称和文件的 SHA-256。',
  },
  'process/UNKNOWN_ATTACHMENT': {
    message: '转换 {transition} 不接受附件 {attachment}，或该附件给了两次。',
    hint: '请给出定义所列的附件，每个一次。',
  },
  'process/GUARD_FAILED': {
    message: '转换 {transition} 的条件不成立：{guard}。',
    hint: '这种情况也许该用另一个转换。',
  },
  'crm/BAD_ID': {
    message: '“{id}”不是有效的标识。',
    hint: '请使用 1 至 32 个小写字母、数字和连字符，以字母或数字开头。',
  },
  'crm/ORGANISATION_EXISTS': { message: '已有机构 {organisation}。', hint: '请换一个标识。' },
  'crm/UNKNOWN_ORGANISATION': {
    message: '没有机构 {organisation}。',
    hint: '谁创建机构，谁就拥有它（命令 found）。',
  },
  'crm/NOT_THE_OWNER': {
    message: '{who} 不是 {organisation} 的所有者。',
    hint: '请用其所有者的密钥签名。',
  },
  'crm/NOT_STAFF': {
    message: '{who} 不是 {organisation} 的员工。',
    hint: '由其所有者添加员工（命令 setStaff）。',
  },
  'crm/NOTHING_TO_CHANGE': { message: '现状已是如此。', hint: '无需再做什么。' },
  'crm/BAD_STAGES': {
    message: '无法设置客户管道：{why}。',
    hint: '请指定 1 至 16 个阶段，每个一次；还有客户的阶段须保留。',
  },
  'crm/UNKNOWN_CUSTOMER': {
    message: '{organisation} 没有客户 {customer}。',
    hint: '查询 find 按盲索引查找客户。',
  },
  'crm/UNKNOWN_STAGE': { message: '客户管道没有阶段 {stage}。', hint: '它的阶段有：{stages}。' },
  'crm/STILL_NEEDED': { message: '不能遗忘客户 {customer}：{why}。', hint: '请先完成未了的事项。' },
  'crm/UNKNOWN_TASK': {
    message: '{organisation} 没有未完成的任务 {task}。',
    hint: '查询 tasks 列出这些任务。',
  },
  'crm/BAD_TIME': {
    message: '时间 {timeMs} 毫秒不晚于区块的时间 {nowMs} 毫秒。',
    hint: '请以毫秒给出将来的时间。',
  },
  'crm/NOT_THE_CUSTOMER': {
    message: '客户 {customer} 是否同意，不由 {who} 决定。',
    hint: '有账户的客户自己签名；没有账户的，由员工以哈希记录其书面签署的内容。',
  },
  'crm/NO_CONSENT': {
    message: '客户 {customer} 没有同意 {purpose}，或同意的期限没有那么长。',
    hint: '请先由客户同意（命令 consent）。',
  },
  'crm/NOT_SHARED': {
    message: '客户 {customer} 没有与 {reader} 共享。',
    hint: '请看查询 mayRead。',
  },
  'crm/PROGRAMME_EXISTS': { message: '已有会员计划 {programme}。', hint: '请换一个标识。' },
  'crm/UNKNOWN_PROGRAMME': {
    message: '没有会员计划 {programme}。',
    hint: '请先开设它（命令 openProgramme）。',
  },
  'crm/BAD_PROGRAMME': {
    message: '无法开设会员计划：{why}。',
    hint: '请从 0 积分起按升序列出各档，有效期为 1 至 366 天。',
  },
  'crm/ZERO_POINTS': { message: '其中没有积分。', hint: '请至少给出 1 个积分。' },
  'crm/TOO_MANY_POINTS': { message: '会员累计获得的积分将超过 {max}。', hint: '请少给一些。' },
  'crm/NOT_ENOUGH_POINTS': {
    message: '会员有 {have} 个积分，需要 {want} 个。',
    hint: '已过期的积分不能使用。',
  },
  'crm/NO_RECORD': { message: '存储中没有记录 {digest}。', hint: '它从未存储过，或已销毁。' },
  'crm/BAD_KEY': {
    message: '盲索引的密钥有 {bytes} 字节，而不是至少 {min} 字节。',
    hint: '请一次性生成 32 个随机字节并自行保管：持有它的人可以逐个试姓名。',
  },
  'crm/BAD_RECORD': {
    message: '记录 {digest} 与链上的承诺不符。',
    hint: '有人改动了文件：请从副本恢复。',
  },
  'crm/NOT_GRANTED': {
    message: '{reader} 无权读取客户 {customer}。',
    hint: '由所有者为客户已同意的用途授权（命令 share）。',
  },
}
