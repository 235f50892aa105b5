/** What contracts, and the kit of their authors, refuse in Chinese, as `zhRefusals` has it. Amounts are in the smallest unit. */
export const zhContracts: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'contracts/CODE_TOO_LONG': {
    message: '代码有 {have} 字节，超过上限 {max}。',
    hint: '请压缩后构建，或拆分合约。',
  },
  'contracts/CODE_EXISTS': {
    message: '代码 {code} 已经存储。',
    hint: '请直接创建实例；谁都不必再存一次。',
  },
  'contracts/UNKNOWN_CODE': {
    message: '没有代码 {code}。',
    hint: '请先部署它；查询 code 显示已存储的代码。',
  },
  'contracts/CODE_IN_USE': {
    message: '有 {uses} 个合约在运行代码 {code}。',
    hint: '其中最后一个升级或清除之后，才能丢弃它。',
  },
  'contracts/NOT_OWNER': { message: '只有 {owner} 可以这样做。', hint: '请用该账户的密钥签名。' },
  'contracts/UNKNOWN_CONTRACT': {
    message: '没有合约 {contract}。',
    hint: '事件 instantiated 会给出新合约的地址。',
  },
  'contracts/FROZEN': {
    message: '合约 {contract} 已被冻结。',
    hint: '本链的监护人可以解冻（命令 freeze）。',
  },
  'contracts/RETIRED': { message: '合约 {contract} 已停用。', hint: '它不能再被调用。' },
  'contracts/NOT_RETIRED': { message: '合约 {contract} 仍在使用。', hint: '请先停用它。' },
  // Its admin may be nobody.
  'contracts/NOT_ADMIN': {
    message: '只有合约 {contract} 的管理员可以更改它。',
    hint: '管理员在创建合约时指定（查询 contract）；没有管理员的合约永不更改。',
  },
  'contracts/NOT_GUARDIAN': {
    message: '{who} 不是本链合约的监护人。',
    hint: '参数 guardians 列出谁可以冻结合约；治理可以更改它。',
  },
  'contracts/HOLDS_FUNDS': {
    message: '合约 {contract} 还持有 {balance} 个最小单位。',
    hint: '请先让它付出这些数额，再停用它。',
  },
  'contracts/NOTHING_TO_CHANGE': { message: '现状已是如此。', hint: '请看查询 contract 和 plan。' },
  'contracts/NOT_CALLABLE': {
    message: '方法 {method} 只在创建或升级合约时运行。',
    hint: '请调用它的其他方法。',
  },
  'contracts/GAS_TOO_LOW': {
    message: '{have} gas 不够加载代码，加载需要 {want}。',
    hint: '请提供更多 gas；未用部分退还。',
  },
  'contracts/GAS_TOO_HIGH': {
    message: '{have} gas 超过一次调用的上限 {max}。',
    hint: '请减少 gas，或分几次调用完成。',
  },
  'contracts/DEPOSIT_TOO_LOW': {
    message: '该调用存储数据需要 {want} 个最小单位的押金，而它只提供 {have}。',
    hint: '请提高 depositMax；数据删除时退还押金。',
  },
  'contracts/BAD_RESULT': {
    message: '合约 {contract} 的方法 {method} 给出的不是字节，或字节过多。',
    hint: '方法给出 Uint8Array 或什么都不给；在交易中至多 4,096 字节。',
  },
  'contracts/TOO_DEEP': {
    message: '合约的调用嵌套超过 {max} 层。',
    hint: '请由外层的合约依次调用。',
  },
  'contracts/REENTRANT': {
    message: '合约 {contract} 正在一次调用之中。',
    hint: '等待另一合约的合约不能被它调用。请在它返回之后再调用。',
  },
  'contracts/READ_ONLY': {
    message: '查询不能改变任何内容（{what}）。',
    hint: '要改变内容，请发送交易。',
  },
  'contracts/BAD_KEY': {
    message: '行的键不是 1 至 256 字节的十六进制文本。',
    hint: '请使用 @mmtchain/contract 的表。',
  },
  'contracts/ROW_TOO_LARGE': {
    message: '该行有 {have} 字节，超过上限 {max}。',
    hint: '请把大的数据分成几行。',
  },
  'contracts/BAD_ADDRESS': { message: '这不是地址。', hint: '请使用由编解码器读出或由链给出的地址。' },
  'contracts/BAD_NAME': {
    message: '这不是名称。',
    hint: '请使用 1 至 32 个字母和数字；拒绝的键为大写（UPPER_CASE）。',
  },
  'contracts/UNKNOWN_CAPABILITY': { message: '本链不向合约提供 {capability}。', hint: '它提供：{known}。' },
  'contracts/BAD_PLAN': {
    message: '无法计划这些调用：{why}。',
    hint: '请指定将来的高度，并至少运行一次。',
  },
  'contracts/TOO_MANY_TRIGGERS': {
    message:
      '已有 {max} 个计划在等待 {source} 的事件 {event}。此计划为其运行持有 {have} 单位；要取代持有最少者，须多于 {want}。',
    hint: '请计划更多次运行或提高 depositMax（会退还），或等其中一个结束。',
  },
  'contracts/UNKNOWN_PLAN': { message: '没有计划 {plan}。', hint: '它已结束，或已被取消。' },
  'kit/BUILD_FAILED': {
    message: '无法构建 {file}：{why}',
    hint: '请更正文件；它是 TypeScript 或 JavaScript，可使用任何纯 JavaScript 的库。',
  },
  'kit/NO_CONTRACT': {
    message: '{file} 没有导出合约。',
    hint: '请写 `export const contract = defineContract(…)`。',
  },
  'kit/NEEDS_NODE': {
    message: '合约会需要 Node.js 的 {module}，依次经过：{chain}。',
    hint: '链的节点运行合约时没有文件、网络和进程。请使用纯 JavaScript 的库。',
  },
  'kit/BAD_ARTIFACT': {
    message: '{file} 不是已构建的合约：{why}。',
    hint: '请用 mmt contract build 构建它。',
  },
  'kit/REFUSED': { message: '被拒绝，{code}：{why}', hint: '测试预期这一步会成功。' },
}
