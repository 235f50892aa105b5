/** What the kernel, transactions, the pool of a node and its RPC refuse, in Chinese, as `zhRefusals` has it. */
export const zhNode: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'client/FEE_TOO_HIGH': {
    message: '该交易需要 {want}，超过上限 {max}。',
    hint: '若同意该价格，请提高 feeMax。',
  },
  'client/FEE_NOT_LISTED': {
    message: '节点要 {want}，而按链文件及节点所证明的一切只需 {listed}。',
    hint: '若链已改价，请向 createClient 给出指纹，以便节点证明，或用 feeMax 给出您同意的上限；否则请询问其他节点。',
  },
  'client/FEE_MAX_NEEDED': {
    message: '节点要 {want}，而没有依据说明这些调用应花多少。',
    hint: '请用 feeMax 给出您同意的上限，或用 feeMax: "any" 支付节点所报的任何价格。',
  },
  'client/OUTCOME_UNKNOWN': {
    message: '不知道交易 {id} 的结果：{why}',
    hint: '再次发送之前请先查询该 ID；高度 {validUntil} 之后它不会再发生。',
  },
  'client/NOTHING_TRUSTED': {
    message: '可证明的读取需要链的指纹或创世文件；否则只证明了节点自己的说法。',
    hint: '请向 createClient 给出从他人处得到的指纹。',
  },
  'client/TOO_MANY_ROWS': { message: '该查询读取超过 {max} 行，每行都是一次请求。', hint: '请分次查询。' },
  'client/NO_SEAL': {
    message: '区块 0（{id}）没有能证明其状态的封印。',
    hint: '请在链到达高度 1 之后再问。',
  },
  'kernel/BAD_MODULE': {
    message: '无法声明模块 {module}：{why}。',
    hint: '请更改声明；名称由字母和数字组成，错误的键为大写。',
  },
  'kernel/BAD_CHAIN': { message: '无法定义该链：{why}。', hint: '请更改链文件。' },
  'kernel/BLOCK_TOO_LARGE': {
    message: '区块的 {what} 是 {got}，超过上限 {max}。',
    hint: '请只从本链的节点获取区块。',
  },
  'kernel/UNKNOWN_MODULE': { message: '本链没有模块 {module}。', hint: '有 {known}。' },
  'kernel/UNKNOWN_COMMAND': { message: '模块 {module} 没有命令 {command}。', hint: '有 {known}。' },
  'kernel/UNKNOWN_QUERY': { message: '模块 {module} 没有查询 {query}。', hint: '有 {known}。' },
  'kernel/BAD_INPUT': {
    message: '{module}.{command} 的输入无法读取：{why}',
    hint: '请按 chain_metadata 的描述编码输入。',
  },
  'kernel/TRANSACTION_TOO_LARGE': {
    message: '该交易有 {got} 字节，超过上限 {max}。',
    hint: '请在一笔交易中少发一些。',
  },
  'kernel/TOO_MANY_CALLS': {
    message: '该交易有 {got} 个调用，超过上限 {max}。',
    hint: '请在一笔交易中少放一些调用。',
  },
  'kernel/FEE_NOT_TAKEN': { message: '手续费是 {got}，但本链不收手续费。', hint: '请把手续费设为 0。' },
  'kernel/WEIGHT_TOO_LOW': {
    message: '该交易的 weightMax 是 {got}，其重量是 {want}。',
    hint: '请把 weightMax 设为至少 {want}。',
  },
  'kernel/WEIGHT_TOO_HIGH': {
    message: '该交易的 weightMax 是 {got}，一个区块至多 {max}。',
    hint: '请在一笔交易中少放一些调用。',
  },
  'kernel/TOO_MANY_EVENTS': { message: '该交易发出超过 {max} 个事件。', hint: '请拆成几笔交易。' },
  'kernel/EVENT_TOO_LARGE': {
    message: '事件 {event} 有 {got} 字节，超过上限。',
    hint: '请少发一些，或只把数据的散列放入事件。',
  },
  'kernel/MODULE_FAULT': {
    message: '模块 {module} 在 {command} 中出错：其代码抛出的不是拒绝。',
    hint: '请连同节点日志告知模块的作者。',
  },
  'kernel/NOT_GOVERNABLE': { message: '参数 {parameter} 永久固定。', hint: '本链可更改 {governable}。' },
  'kernel/BAD_PARAMETER': { message: '{parameter} 的值无法读取：{why}', hint: '请按该参数的类型编码。' },
  'kernel/UPGRADE_TOO_SOON': {
    message: '在高度 {height} 升级没有给节点留出时间；最早为 {heightMin}。',
    hint: '请选择不低于 {heightMin} 的高度。',
  },
  'kernel/KEY_NOT_ACCEPTED': { message: '新的授权被拒绝：{why}', hint: '请使用本链接受的套件的密钥。' },
  'node/SENDER_QUEUE_LARGE': {
    message: '{sender} 等待中的交易将超过 {max} 字节。',
    hint: '请等其中一些进入区块。',
  },
  'node/PAYER_QUEUE_FULL': {
    message: '{payer} 正为 {max} 笔等待中的交易付费。',
    hint: '请等其中一些进入区块，或由另一个账户付费。',
  },
  'node/NONCE_TOO_FAR': {
    message: '序号 {got} 过于靠前；现在至多接受 {max}。',
    hint: '请先发送它之前的交易。',
  },
  'node/FREE_ONLY_NEXT': {
    message: '免手续费的交易必须是发送者的下一笔：序号应为 {want}，而不是 {got}。',
    hint: '请等前一笔进入区块。',
  },
  'node/REPLACED': {
    message: '该交易已被 {by} 取代：发送者和序号相同而出价更高。',
    hint: '请查看另一笔交易。',
  },
  'node/EVICTED': {
    message: '该交易让位给了出价更高的交易。',
    hint: '请以更高的手续费重发，或在等待的交易较少时重发。',
  },
  'node/NONCE_USED': {
    message: '序号 {nonce} 已由区块中的 {by} 使用。',
    hint: '请用下一个序号重新生成交易。',
  },
  'node/OUTDATED': {
    message: '该交易有效至高度 {validUntil}；链已到 {height}。',
    hint: '请以更晚的高度重新生成并签名。',
  },
  'node/EXHAUSTING': {
    message: '该交易耗尽了本节点的内存或栈：{why}',
    hint: '请缩小其输入；若输入不大，请告知模块的作者。',
  },
  'node/ENGINE_STOPPED': {
    message: '引擎 {engine} 停止了节点：{why}。',
    hint: '查明原因之前请勿再启动：请保留数据目录的副本，并询问其他节点的运营者。',
  },
  'node/BLOCK_UNKNOWN': {
    message: '引擎提交了区块 {id}，而它不在本地或在此被判为无效。',
    hint: '请重新启动节点：它会从输入日志或其他节点取得该区块。',
  },
  'node/REVERT_OF_FINAL': {
    message: '引擎要退回高度 {to}，但高度 {final} 已是最终。',
    hint: '查明原因之前请勿再启动：请保留数据目录的副本，并询问其他节点的运营者。',
  },
  'node/INPUT_LOG_FULL': {
    message: '输入日志 {file} 在一个高度上将超过 {bytesMax} 字节。',
    hint: '链已久停：请确认有足够的验证者在运行且彼此连通，然后再启动此节点。',
  },
  'node/NOT_RUNNING': { message: '节点没有运行。', hint: '请先启动它。' },
  'tx/BAD_AUTHORITY': { message: '授权不是规范形式：{why}。', hint: '请用 singleKey 或 multiKey 生成授权。' },
  'tx/SUITE_NOT_ACCEPTED': {
    message: '本链不接受签名套件 {suite}。',
    hint: '请使用 {accepted} 的密钥。',
  },
  'tx/BAD_PUBLIC_KEY': {
    message: '{key} 不是 {suite} 的公钥。',
    hint: '请按其套件的编码使用密钥（docs/spec/formats.md 第 5 节）。',
  },
  'tx/SIGNATURES_NOT_SORTED': {
    message: '密钥 {index} 的签名顺序不对、重复，或不属于该授权的任何密钥。',
    hint: '请按密钥的序号排列签名，每个只给一次。',
  },
  'tx/BAD_SIGNATURE': {
    message: '密钥 {index} 的签名与交易不符。',
    hint: '请用正确的密钥为本链重新签名，之后不再改动。',
  },
  'tx/WRONG_CHAIN': {
    message: '该交易属于指纹为 {got} 的链，而不是 {want}。',
    hint: '请为本链重新生成并签名。',
  },
  'tx/PAYER_MISMATCH': {
    message: '指定的付费者没有签名。',
    hint: '请指定付费者并附上其同意，或两者都不要。',
  },
  'tx/PAYER_FEE_TOO_HIGH': {
    message: '手续费 {fee} 超过付费者的上限 {feeMax}。',
    hint: '请降低手续费，或让付费者签署更高的上限。',
  },
}
