/** What the modules of this release refuse, in Chinese, as `zhRefusals` has it. Amounts are in the smallest unit. */
export const zhModules: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  'token/INSUFFICIENT_BALANCE': {
    message: '余额不足：{owner} 有 {have}，需要 {want}（以最小单位计）。',
    hint: '请减少数额，或给账户充值；被锁定的部分不能花费（查询 holdings）。',
  },
  'token/CANNOT_PAY_FEE': {
    message: '付不起手续费：{payer} 有 {have}，手续费是 {want}（以最小单位计）。',
    hint: '请给账户充值，或由另一个账户支付手续费；被锁定的部分不能支付（查询 holdings）。',
  },
  'token/NOTHING_TO_CLAIM': {
    message: '0x{holder} 在这里没有可认领的余额。',
    hint: '请确认由正确的以太坊账户、为本链和此收款人签名，且此前没有认领过。',
  },
  'token/CLAIM_NOT_ALONE': {
    message: '认领只有单独发送才免费；与其他调用一起时手续费至少 {want}，而不是 {have}（以最小单位计）。',
    hint: '请把认领单独放在一笔交易中，或支付手续费。',
  },
  'token/DUPLICATE_OWNER': {
    message: '{owner} 出现了两次。',
    hint: '请让每个所有者只占一行，每个起点和时长的解锁也只占一行。',
  },
  'token/SUPPLY_TOO_LARGE': { message: '总量将是 {supply} 个最小单位，过大。', hint: '请让总量小于 2^64。' },
  'token/BAD_SPAN': {
    message: '起点 {startMs} 毫秒、时长 {spanMs} 毫秒不能作为解锁时间。',
    hint: '请给出至少 1 毫秒且在 2^64 毫秒之前结束的时长。',
  },
  'token/TOO_MANY_SCHEDULES': { message: '{owner} 的解锁时段将超过 {max} 个。', hint: '请换一个账户。' },
  'token/TOO_MANY_LOCKS': { message: '{owner} 已为 {max} 种用途锁定数额。', hint: '请先取回其中一种。' },
  'token/INSUFFICIENT_LOCK': {
    message: '{owner} 为 {purpose} 锁定了 {have}，需要 {want}（以最小单位计）。',
    hint: '请减少数额；查询 holdings 显示锁定的部分。',
  },
  'mining/ALREADY_JOINED': { message: '该账户已经参加。', hint: '请在每个时间窗发送 beat。' },
  'mining/NOT_JOINED': { message: '该账户没有参加。', hint: '请先发送 join。' },
  'mining/BAD_CHALLENGE': {
    message: '该时间窗要求的是 {want}。',
    hint: '请在每个时间窗重新查询 today，并在其结束前回答。',
  },
  'mining/ALREADY_THERE': { message: '该账户已在时间窗 {window} 回答过。', hint: '请等待下一个时间窗。' },
  'mining/NOTHING_TO_COLLECT': {
    message: '该账户没有已结束之日的收益。',
    hint: '一天结束后才支付，且须在足够多的时间窗中在场。',
  },
  'terms/NOT_SEATED': {
    message: '{who} 不是本周期的验证者。',
    hint: '请用当前任职的代表的账户发送（election 的查询 epoch）。',
  },
  'terms/OUT_OF_BOUNDS': {
    message: '{field} 是 {value}，不在 {min} 到 {max} 之间。',
    hint: '请保持在链文件的范围之内。',
  },
  'terms/NOT_GOVERNABLE': {
    message: '链文件不允许更改 {module}.{name}。',
    hint: "请在链文件中以 governable: ['{name}'] 使用模块 {module}。",
  },
  'pools/UNKNOWN_POOL': { message: '没有名为“{pool}”的池。', hint: '池由创世文件规定，请查看其中的文档。' },
  'pools/INSUFFICIENT_POOL': {
    message: '池 {pool} 有 {have} 个最小单位，少于 {want}。',
    hint: '请少解冻一些，或先补充。',
  },
  'pools/DUPLICATE_POOL': { message: '池“{pool}”出现了两次。', hint: '请让每个池只占一行。' },
  'election/BAD_OPTIONS': { message: '无法定义选举：{why}。', hint: '请更正链文件中的选举。' },
  'election/ALREADY_REGISTERED': {
    message: '{delegate} 以前登记过。',
    hint: '一个账户只能登记一次；请换一个账户。',
  },
  'election/NOT_REGISTERED': { message: '{delegate} 没有登记为代表。', hint: '请检查地址，或先登记。' },
  'election/RESIGNED': { message: '{delegate} 已经辞任。', hint: '请指定仍在参选的代表。' },
  'election/BAD_NAME': {
    message: '“{name}”不能作为代表的名称。',
    hint: '请使用 1 至 20 个小写字母、数字、连字符、下划线和点。',
  },
  'election/NAME_TAKEN': { message: '名称 {name} 属于 {delegate}。', hint: '请换一个名称。' },
  'election/BAD_URL': {
    message: '“{url}”不是网址。',
    hint: '请给出以 https:// 或 http:// 开头、不含空格的 ASCII 网址，或留空。',
  },
  'election/KEY_NOT_ACCEPTED': {
    message: '共识密钥不是签名套件 {suite} 的密钥，或本链不接受该套件。',
    hint: '请用链文件所列套件生成密钥。',
  },
  'election/KEY_TAKEN': {
    message: '该共识密钥已由 {delegate} 登记。',
    hint: '请生成新密钥；用过的密钥不能再用。',
  },
  'election/BAD_PROOF': {
    message: '持有证明不是该共识密钥的签名。',
    hint: '请为本链、本账户和该密钥签署持有证明的文本（formats.md 第 17 节）。',
  },
  'election/BAD_ONION': { message: '层数 {layers} 无效。', hint: '请使用 1 至 {max} 层。' },
  'election/DEPOSIT_TOO_SMALL': {
    message: '押金是 {have} 个最小单位，需要 {want}。',
    hint: '请增加押金。',
  },
  'election/ZERO_AMOUNT': { message: '数额是 0。', hint: '请至少给出一个最小单位。' },
  'election/VOTE_TOO_SMALL': {
    message: '该票将是 {have} 个最小单位；至少需要 {want}。',
    hint: '请投更多，或取回整张票。',
  },
  'election/TOO_MANY_VOTES': {
    message: '该账户已投给 {max} 个代表，这是上限。',
    hint: '请先取回一张票。',
  },
  'election/INSUFFICIENT_VOTE': {
    message: '该票是 {have} 个最小单位，少于 {want}。',
    hint: '查询 votes 显示现有的票。',
  },
  'election/NOTHING_FREE': {
    message: '该账户现在没有可取出的数额；下一部分从高度 {from} 起。',
    hint: '取回的数额在解绑期内保持锁定（查询 unbonding）。',
  },
  'election/NOTHING_TO_COLLECT': {
    message: '该投票者在 {delegate} 处没有待领的奖励。',
    hint: '查询 votes 显示待领的奖励。',
  },
  'election/NOT_JAILED': { message: '{delegate} 没有被关押。', hint: '被暂停的代表会自行恢复。' },
  'election/STILL_JAILED': { message: '该代表被关押至周期 {until}。', hint: '请在该周期再试。' },
  'election/NO_VOTES': { message: '没有人投给 {delegate}，因此无人可分。', hint: '请先查看该代表的得票。' },
  'election/BAD_REVEAL': {
    message: '{proposer} 没有揭示其洋葱的下一层。',
    hint: '请揭示链上最后一层之内的那一层，且洋葱尚未用尽。',
  },
  'election/BAD_MISS': {
    message: '区块记入了不能记入的缺席：{why}。',
    hint: '缺席只记一次：在越过它的区块中，或在其后一个周期之内。',
  },
  'election/REPEATED_EVIDENCE': {
    message: '{culprit} 在高度 {height} 的违规已经处理过。',
    hint: '请把该证据从区块中去掉。',
  },
  'election/EXPIRED_EVIDENCE': {
    message: '证据属于高度 {height}；只有高度 {heightMin} 起的证据有效，将来的也无效。',
    hint: '请把该证据从区块中去掉。',
  },
  'election/BAD_VALIDATORS': {
    message: '创世文件列有验证者 {delegate}，但没有具有该地址和密钥的代表。',
    hint: '请把创世的每个验证者列在文档的代表之中。',
  },
  'validators/NOTHING_TO_CHANGE': {
    message: '这项变更没有任何加入或离开者。',
    hint: '请至少指定一个验证者。',
  },
  'validators/NOT_A_VALIDATOR': {
    message: '{validator} 不在下一周期的验证者之中。',
    hint: '查询 next 列出验证者。',
  },
  'validators/ALREADY_A_VALIDATOR': {
    message: '{validator} 已在下一周期的验证者之中。',
    hint: '要更换其密钥，请在同一变更中让它离开并加入。',
  },
  'validators/KEY_NOT_ACCEPTED': {
    message: '共识密钥不是签名套件 {suite} 的密钥，或本链不接受该套件。',
    hint: '请用链文件所列套件生成密钥。',
  },
  'validators/KEY_TAKEN': {
    message: '该共识密钥曾由 {validator} 使用。',
    hint: '请生成新密钥；他人用过的密钥不能再用。',
  },
  'validators/BAD_PROOF': {
    message: '{validator} 的持有证明不是其共识密钥的签名。',
    hint: '请为本链、本账户和该密钥签署持有证明的文本（docs/spec/consensus.md 第 10 节）。',
  },
  'validators/NO_VALIDATORS': { message: '将没有任何验证者。', hint: '请在同一变更中让他人加入。' },
  'validators/TOO_MANY_VALIDATORS': {
    message: '将有 {got} 个验证者；至多 {max} 个。',
    hint: '请先让一些验证者离开。',
  },
}
