/** What names, and resolving them, refuse in Chinese, as `zhRefusals` has it. */
export const zhNames: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'client/NO_VERIFIER': {
    message: '没有链的代码，无法检查引擎 {engine} 的区块。',
    hint: '请用带链文件的 createClient 及其 prove。',
  },
  'names/BAD_NAME': {
    message: '“{name}”在此不是名称：{why}。',
    hint: '请写根以下的部分，例如 report-17.lab。',
  },
  'names/BAD_TERMS': {
    message: '一次可租 1 至 {max} 期，而不是 {got} 期。',
    hint: '请减少期数，以后再续租。',
  },
  'names/ALREADY_COMMITTED': {
    message: '这个承诺在高度 {until} 之前仍然有效。',
    hint: '请用命令 register 揭示它。',
  },
  'names/TOO_MANY_COMMITMENTS': {
    message: '{who} 已有 {max} 个未揭示的承诺。',
    hint: '请揭示一个，或等一个过期（查询 commitments）。',
  },
  'names/NO_COMMITMENT': {
    message: '发送者没有能由 {name}、此所有者与此秘密打开的承诺，或承诺已过期。',
    hint: '请先用 commitmentOf 给出的哈希发送 commit。',
  },
  'names/TOO_EARLY': {
    message: '该承诺从高度 {from} 起才能揭示。',
    hint: '请等到那时，以免看到名称的人抢先。',
  },
  'names/TAKEN': {
    message: '{name} 属于 {owner}（最早可注册时间 {freeAtMs} 毫秒，0 为不到期）。',
    hint: '请换一个名称，或向所有者要。',
  },
  'names/UNKNOWN_NAME': {
    message: '没有人拥有 {name}。',
    hint: '它或其上级名称的租期可能已结束（查询 name）。',
  },
  'names/TOO_LONG': {
    message: '租期会到 {untilMs} 毫秒，晚于 {maxMs} 毫秒。',
    hint: '请减少续租的期数，或以后再续。',
  },
  'names/NOT_OWNER': { message: '{name} 属于 {owner}，而不是 {who}。', hint: '请由其所有者发送。' },
  'names/NOT_A_SUBNAME': {
    message: '{name} 直接位于根之下。',
    hint: '这样的名称要注册：先 commit，再 register。',
  },
  'names/NOTHING_TO_CHANGE': { message: '已经如此。', hint: '请看查询 name。' },
  'names/BAD_RECORD': { message: '{kind} 记录不能使用：{why}。', hint: '请更正它。' },
  'names/TOO_MANY_TEXTS': { message: '{name} 已有 {max} 条文本。', hint: '请先删除一条（removeRecord）。' },
  'names/UNKNOWN_RECORD': { message: '{name} 没有 {kind} 记录 {key}。', hint: '查询 name 会列出它的记录。' },
  'names/NOT_YOURS': { message: '{name} 的账户记录不是 {who}。', hint: '请先由其所有者设置该记录。' },
  'resolver/BAD_NAME': {
    message: '“{name}”不是名称：{why}。',
    hint: '请写带根的名称，例如 report-17.lab.harbour。',
  },
  'resolver/UNKNOWN_ROOT': {
    message: '{name} 不以这里已知的根结尾：{known}。',
    hint: '请指定该根的链、其指纹和一个节点。',
  },
  'resolver/NO_NAMES': {
    message: '链 {fingerprint} 没有（根 {root} 的）名称。',
    hint: '请给每个根指定它自己的链的指纹。',
  },
  'resolver/NOT_FOUND': {
    message: '在区块 {height} 之后没有人拥有 {name}。',
    hint: '它或其上级名称的租期可能已结束。',
  },
  'resolver/NO_RECORD': {
    message: '{name} 没有 {kinds} 记录。',
    hint: '其所有者用命令 setRecord 设置记录。',
  },
  'resolver/STALE': {
    message: '节点给出的 {name} 的最新状态是区块 {height} 的，已旧 {lag} 个区块，超过 {max}。',
    hint: '所问的节点落后、链停止，或本机时钟不准；请问其他节点。',
  },
  'resolver/DELEGATION_LOOP': {
    message: '{name} 的委托又回到链 {chain} 的同一名称。',
    hint: '沿途名称的所有者须更正。',
  },
  'resolver/TOO_MANY_DELEGATIONS': {
    message: '{name} 被委托超过 {max} 次。',
    hint: '沿途名称的所有者须缩短它。',
  },
  'resolver/NO_NODE': {
    message: '没有节点给出 {what}；试了 {tried} 个，最后一个：{why}',
    hint: '请稍后再试，或指定该链的更多节点。',
  },
  'resolver/NOT_PUBLIC': {
    message: '{url} 不在公共网络中。',
    hint: '仅当名称由可信的人设置时才允许私有地址。',
  },
  'resolver/TOO_LARGE': { message: '{url} 给出的超过 {max} 字节。', hint: '请直接访问，或提高上限。' },
  'resolver/BAD_OPTIONS': { message: '解析器无法开始：{why}。', hint: '请更正其选项。' },
}
