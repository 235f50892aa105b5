import { zhAdmin } from './zh-admin.ts'
import { zhBusiness } from './zh-business.ts'
import { zhContracts } from './zh-contracts.ts'
import { zhModules } from './zh-modules.ts'
import { zhNames } from './zh-names.ts'
import { zhNode } from './zh-node.ts'

/**
 * What refusals say in Chinese, by code; `{names}` are their values, `{english}` and `{hint}` their English texts. A code that is
 * not here, and a refusal that comes without a value named here, is told in English.
 */
export const zhRefusals: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  ...zhModules,
  ...zhAdmin,
  ...zhNode,
  ...zhNames,
  ...zhContracts,
  ...zhBusiness,
  'cli/BAD_FIELD': { message: '--{flag} {value}：{why}', hint: '请更正该值；--help 会列出各字段。' },
  'cli/BAD_ARGUMENT': { message: '{name} 是“{value}”，而不是{want}。', hint: '示例见 --help。' },
  'cli/TESTNET_EXISTS': {
    message: '{dir} 中已有一个 {count} 个节点的网络。',
    hint: '请用相同的节点数继续运行它，或换一个文件夹。',
  },
  'cli/NOTHING_TRUSTED': {
    message: '证明要用链自己的代码与创世文件检查，而 {home} 不是含有它们的数据目录。',
    hint: '请用 --home 指定该链的数据目录，或用 --chain 给链文件并用 --fingerprint 给指纹。',
  },
  'cli/NO_NAMES': {
    message: '链 {fingerprint} 没有名称。',
    hint: '其链文件必须使用 @mmtchain/named-router 的 names()。',
  },
  'cli/NOT_EMPTY': { message: '{file} 已存在。', hint: '请换一个文件名；不会覆盖任何文件。' },
  'cli/FOLDER_NOT_EMPTY': {
    message: '{folder} 不是空文件夹：其中有 {found}。',
    hint: '请指定一个新的或空的文件夹；不会覆盖任何文件。',
  },
  'cli/NO_PACKAGE': {
    message: '{folder} 中没有项目：缺少 package.json。',
    hint: '请进入项目的文件夹，或用 mmt create 新建一个。',
  },
  'cli/SNAPSHOT_FAILED': {
    message: '节点未能写出快照：{why}',
    hint: '请检查其数据目录所在磁盘是否有空间，然后重试；链会继续运行。',
  },
  'cli/CANNOT_WRITE': {
    message: '无法写入 {file}：{why}。',
    hint: '请指定一个已存在且有写权限的文件夹中的文件。',
  },
  'cli/SYSTEM': {
    message: '系统拒绝：{why}。',
    hint: '请检查路径是否正确、当前用户是否可读写，以及磁盘是否有空间。',
  },
  'cli/BENCH_FAILED': { message: '基准测试没有完成：{why}。', hint: '请看上面进程结束前的输出，然后重试。' },
  'cli/NOT_A_VALIDATOR': {
    message: '{address} 不在高度 {height} 的 {count} 个验证者之中。',
    hint: '不带地址的 mmt show validator 会列出全部验证者。',
  },
  'cli/VALIDATOR_KEY': {
    message: '此数据目录的节点用密钥 {name} 签署区块，它须与链上一致。',
    hint: '请把资金放在另一个账户中，并轮换那个账户的密钥。',
  },
  'cli/OTHER_ACCOUNT': {
    message: '已有密钥 {name}，但它不是 {account} 的账户的密钥。',
    hint: '请在 keys 文件夹中给它改名，然后再轮换。',
  },
  'cli/OTHER_CHAIN_FILE': {
    message: '{file} 中是另一条链（{got}）的交易；节点运行的是 {want}。',
    hint: '请用 --rpc 指定那条链的节点，或为这条链重新生成交易。',
  },
  'cli/EXPIRED': {
    message: '交易 {id} 到高度 {validUntil} 为止没有进入区块。',
    hint: '它不会再发生；请重新生成。',
  },
  'cli/NOTHING_STORED': { message: '{home} 还没有区块。', hint: '请先用 mmt start 运行它的节点。' },
  'cli/NOT_CERTIFIED': {
    message: '快照中高度 {height} 的区块 {id} 由创世文件之外的验证者封印。',
    hint: '请向几个可信的节点询问该区块的 ID（mmt show block），并用 --block 给出。',
  },
  'cli/OTHER_BLOCK': {
    message: '快照中高度 {height} 的区块的 ID 是 {got}，不是 {want}。',
    hint: '请使用此数据目录所属链的快照，以及该高度的区块的 ID。',
  },
  'cli/SIMULATION_FAILED': {
    message: '种子 {seed} 破坏了规则“{rule}”：{what}。',
    hint: '用同样的选项运行 mmt sim --seed {seed} 可以再现；请告诉本软件的作者。',
  },
  'cli/VERIFY_FAILED': {
    message: '区块 {height} 与执行结果不符：其 {field} 是 {got}，应为 {want}。',
    hint: '数据或本程序已被更改。请停止节点，检查磁盘，并从备份恢复该文件夹。',
  },
  'cli/USAGE': { message: '无法理解命令行：{message}', hint: '用法见 --help。' },
  'cli/ERC20_BAD_ROWS': {
    message: '持有人文件有错误，没有导入任何内容。{english}',
    hint: '请更正这些行，或重新从浏览器导出文件，然后再导入。',
  },
  'cli/ERC20_NO_ROWS': {
    message: '文件中没有持有人的行。',
    hint: '请提供含 address 和 balance 两列的 CSV 文件。',
  },
  'cli/ERC20_FILE_TOO_LARGE': {
    message: '文件超过 {bytesMax} 字节。',
    hint: '请只保留 address 和 balance 两列。',
  },
  'cli/ERC20_NOT_UTF8': {
    message: '文件不是 UTF-8 文本。',
    hint: '请存为“CSV UTF-8”；电子表格的“Unicode 文本”是 UTF-16。',
  },
  'cli/ERC20_BAD_RATIO': {
    message: '“{text}”不是新旧代币的比例。',
    hint: '请写两个 1 到 10^18 的整数，旧币在前：20:1。',
  },
  'cli/ERC20_BAD_DECIMALS': {
    message: '代币迁移前不能有 {from} 位小数、迁移后不能有 {to} 位小数。',
    hint: '请给 0 到 77 的整数；ERC-20 代币多为 18 位，这里为 8 位。',
  },
  'cli/ERC20_BAD_ALLOCATION': { message: '分配文件无法使用。{english}', hint: '{englishHint}' },
  'cli/ERC20_SUPPLY_TOO_LARGE': {
    message: '导入将发行 {units} 个最小单位；代币最多 {max} 个。',
    hint: '请选择发行更少新币的比例，或更少的小数位。',
  },
  'home/NO_PASSPHRASE_FILE': {
    message: '无法从 {file} 读取演示密钥 {name} 的口令：{why}。',
    hint: '请把该文件放回；没有它，演示密钥就丢失了，换一个 --home 运行 mmt dev --fresh 会生成新的。',
  },
  'home/CANNOT_BEGIN': {
    message: '无法生成区块 0：{why}。',
    hint: '含一百万个账户的创世文件需要一次性使用 4 GB 内存；请腾出内存，或在更大的机器上开始并复制数据目录。',
  },
  'home/NOT_A_HOME': {
    message: '{home} 中没有节点：缺少 genesis.json。',
    hint: '用 mmt init 建立，或用 --home 指定另一个文件夹。',
  },
  'home/EXISTS': { message: '{home} 中已有节点。', hint: '请换一个文件夹；如果确实要重新开始，请删除它。' },
  'home/OTHER_CHAIN': {
    message: '{home} 中是链 {want}；链文件属于 {got}，开端不同：{why}',
    hint: '用 --home 指定另一个文件夹，或用 --fresh 重新开始（会删除此处的链）。',
  },
  'home/ALREADY_BEGUN': {
    message: '{home} 中的链已经开始；创世文档不能再改变它。',
    hint: '去掉 --document，用 --home 指定另一个文件夹，或用 --fresh 重新开始（会删除此链）。',
  },
  'home/PORT_IN_USE': {
    message: '另一个程序正在监听 {host}:{port}。',
    hint: '请停止它，或用 --rpc-port 换一个端口；0 表示任意空闲端口。',
  },
  'home/CANNOT_LISTEN': {
    message: '节点无法监听 {host}:{port}：{why}。',
    hint: '请用 --rpc-port 选择 1024 以上的端口，并在 config.json 中填写本机拥有的地址。',
  },
  'home/BAD_FILE': { message: '{file} 无法使用：{why}', hint: '请更正文件，或从副本恢复。' },
  'home/BAD_CONFIG': {
    message: '{file} 中 {path} 处有误：{why}',
    hint: '请更正该值；旁边的 config.schema.json 说明了每一项。',
  },
  'home/BAD_LOG_LEVELS': {
    message: '“{part}”不是日志级别。',
    hint: '请写 debug、info、warn、error 或 silent，或 COMPONENT=LEVEL，用逗号分隔。',
  },
  'home/BAD_CHAIN_FILE': {
    message: '链文件 {file} 无法使用：{why}',
    hint: '链文件要导出用 defineChain 定义的 `chain`；见 examples/01-token/chain.ts。',
  },
  'home/DOCUMENT_NEEDED': {
    message: '模块 {module} 需要创世文档。',
    hint: '用 --document {module}=FILE 提供。',
  },
  'home/UNKNOWN_KEY': {
    message: '这里没有密钥 {name}。',
    hint: '用 mmt keys list 查看已有的密钥，用 mmt keys new NAME 创建新的。',
  },
  'home/KEY_EXISTS': { message: '密钥 {name} 已存在。', hint: '请换一个名称；密钥从不被覆盖。' },
  'home/BAD_KEY_NAME': {
    message: '“{name}”不能作为密钥名称。',
    hint: '最多 64 个字母、数字、连字符或下划线，以字母或数字开头。',
  },
  'home/PASSPHRASE_NEEDED': {
    message: '密钥 {name} 需要口令。',
    hint: '请在终端中运行，或在 MMT_PASSPHRASE_FILE 中指定含口令的文件。',
  },
  'crypto/KEYSTORE_WRONG_PASSPHRASE': {
    message: '口令打不开此密钥库。',
    hint: '请重新输入口令。如果确定无误，则文件头已损坏：请用备份。',
  },
  'crypto/KEYSTORE_DAMAGED': {
    message: '密钥库已损坏：{reason}。',
    hint: '请从备份恢复文件，或用助记词恢复密钥。',
  },
  'crypto/BAD_PASSPHRASE': {
    message: '口令不能使用：{reason}。',
    hint: '请选择 1 到 1024 个字符的口令；四个以上随机单词就很好。',
  },
  'crypto/UNKNOWN_MNEMONIC_WORD': {
    message: '助记词的第 {position} 个单词不在 BIP-39 英文词表中。',
    hint: '请检查拼写；单词用小写，之间留一个空格。',
  },
  'crypto/MNEMONIC_TYPO': {
    message: '单词都在词表中，但校验和不对。',
    hint: '有单词写错或顺序颠倒：请逐个核对。',
  },
  'crypto/BAD_MNEMONIC_LENGTH': {
    message: '没有 {words} 个单词的助记词。',
    hint: '输入时可为 12、15、18、21 或 24 个单词。',
  },
  'crypto/BAD_KEY_PATH': {
    message: '“{path}”不是 BIP-32 路径。',
    hint: "例如 m/44'/9999'/0'/0/0，每个数小于 2147483648。",
  },
  'primitives/ADDRESS_MALFORMED': {
    message: '“{text}”不是地址。',
    hint: '地址由链的前缀、数字 1 和 58 个字母数字组成。',
  },
  'primitives/ADDRESS_TYPO': {
    message: '地址“{text}”校验和不对。',
    hint: '有字符写错、缺失或颠倒：请重新复制。',
  },
  'primitives/ADDRESS_WRONG_PREFIX': {
    message: '该地址属于前缀为“{got}”的链，而不是“{want}”。',
    hint: '请使用以 {want}1 开头的地址。',
  },
  'primitives/AMOUNT_NOT_A_NUMBER': {
    message: '“{text}”不是数额。',
    hint: '请写数字，可带小数点，例如 12.5。',
  },
  'primitives/AMOUNT_TOO_PRECISE': {
    message: '“{text}”的小数超过 {decimals} 位。',
    hint: '小数点后至多 {decimals} 位；数额从不舍入。',
  },
  'primitives/AMOUNT_OUT_OF_RANGE': {
    message: '{units} 不是数额。',
    hint: '数额至少为 0，且小于 2^64 个最小单位。',
  },
  'primitives/NOT_HEX': {
    message: '“{text}”不是小写十六进制。',
    hint: '请给偶数个 0-9、a-f 的字符，不带 0x。',
  },
  'tx/BAD_FILE': { message: '文件中没有交易：{why}。', hint: '请用同一版本的软件重新写出文件。' },
  'tx/DIFFERENT_TRANSACTIONS': {
    message: '这些文件中是不同的交易。',
    hint: '请让每位签名者签署同一文件的副本。',
  },
  'tx/MISSING_KEY': { message: '该密钥不属于 {address} 的授权。', hint: '请用该授权中的密钥签名。' },
  'tx/WRONG_SIGNATURE_COUNT': {
    message: '授权恰好需要 {want} 个签名，现有 {got} 个。',
    hint: '请提供 {want} 个签名。',
  },
  'client/UNREACHABLE': { message: '{url} 没有节点应答：{why}', hint: '请启动节点，或指定另一个节点。' },
  'client/BAD_ANSWER': {
    message: '{url} 的应答不像节点：{why}',
    hint: '请检查 URL；节点的 RPC 以 /rpc 结尾。',
  },
  'client/WRONG_CHAIN': { message: '节点运行的链是 {got}，而不是 {want}。', hint: '请连接正确的链的节点。' },
  'client/EXPIRED': {
    message: '交易 {id} 到高度 {validUntil} 为止没有进入区块。',
    hint: '它不会再发生；请重新发送。',
  },
  'client/UNKNOWN_NAME': { message: '链上没有{kind} {name}。', hint: '它有：{known}。' },
  'client/NOT_PROVABLE': {
    message: '{query} 读取一个范围的行；证明只针对单行，无法说明没有遗漏。',
    hint: '请用指明各行的查询，或不带证明地询问多个节点。',
  },
  'client/OTHER_VALIDATORS': {
    message: '高度 {height} 的验证者哈希为 {got}；创世验证者的是 {want}。',
    hint: '如果链已更换验证者，请证明更早的高度；否则请询问别的节点。',
  },
  'client/OTHER_HEIGHT': {
    message: '询问的是高度 {want}，节点却答复了高度 {got}。',
    hint: '不要信任此节点；请询问别的节点。',
  },
  'client/OTHER_ROWS': {
    message: '节点的答复不是关于所问的行 {key}。',
    hint: '不要信任此节点；请询问别的节点。',
  },
  'kernel/GENESIS_MISMATCH': {
    message: '创世文件与链文件不符：{field} 是 {got}，链文件是 {want}。',
    hint: '请用构建此创世文件时的链文件启动，或构建新的创世文件。',
  },
  'kernel/BAD_GENESIS': {
    message: '{module} 的创世文档被拒绝：{why}',
    hint: '请更正文档并重新构建创世文件。',
  },
  'kernel/EXPIRED': {
    message: '交易有效到高度 {validUntil}；现在是高度 {height}。',
    hint: '请用更晚的高度重新生成并签名。',
  },
  'kernel/VALID_TOO_LONG': {
    message: '交易有效到高度 {validUntil}，超过现在的上限 {max}。',
    hint: '请用更早的 validUntil 重新生成。',
  },
  'kernel/WRONG_AUTHORITY': {
    message: '授权不是 {account} 的授权。',
    hint: '请用该账户当前的密钥签名；account_get 会显示其授权。',
  },
  'kernel/NONCE_MISMATCH': {
    message: 'nonce 是 {got}，账户的下一个是 {want}。',
    hint: '此 nonce 已用过；请重新生成交易。',
  },
  'kernel/FEE_TOO_LOW': {
    message: '手续费是 {got}，调用需要 {want}。',
    hint: '请提供至少 {want} 的手续费。',
  },
  'kernel/UPGRADE_MISSING': {
    message: '链从高度 {height} 起使用另一个版本；此节点没有它。',
    hint: '请安装协议哈希为 {release} 的版本，然后重新启动节点。',
  },
  'kernel/INVALID_BLOCK': {
    message: '区块无效：其 {field} 是 {got}，执行得到 {want}。',
    hint: '请从另一个节点获取区块；如果各节点一致，则此节点的代码与它们不同。',
  },
  'store/NOT_KEPT': {
    message: '这里没有高度 {height} 的状态；保留的高度是 {oldest} 到 {newest}。',
    hint: '请询问保留的高度，或保留更多高度的节点，例如归档节点。',
  },
  'store/LOCKED': {
    message: '{path} 的存储正由另一个进程使用，或被本进程打开了两次。',
    hint: '请停止另一个节点，或换一个文件夹。锁随进程消失；无需删除文件。',
  },
  'store/CANNOT_OPEN': {
    message: '{path} 的存储无法打开：{why}。',
    hint: '请检查该路径是否为本进程可读写的文件夹，以及磁盘是否有空间。',
  },
  'store/BAD_SNAPSHOT': {
    message: '快照的文件“{file}”不可用：{why}。',
    hint: '请重新获取该文件，必要时从另一个节点获取；恢复会从中断处继续。',
  },
  'store/NOT_EMPTY': {
    message: '存储已有区块，或有另一个快照的一部分。',
    hint: '请恢复到空的文件夹。',
  },
  'store/NO_BLOCKS': { message: '存储中没有区块。', hint: '请先启动链，或恢复一个快照。' },
  'store/RESTORING': {
    message: '存储中有一个快照的一部分，到第 {next} 块为止。',
    hint: '请再次恢复同一个快照；会从中断处继续。',
  },
  'store/ROW_TOO_LARGE': {
    message: '行 {key} 有 {bytes} 字节；快照的一个文件至多 {max} 字节。',
    hint: '请改为复制已停止节点的文件夹，并让模块把该值拆成多行。',
  },
  'store/DAMAGED': {
    message: '存储在 {record} 处损坏：{why}。',
    hint: '请停止节点，检查磁盘，并从备份恢复文件夹，或让节点重新获取链。',
  },
  'token/ZERO_AMOUNT': { message: '数额是 0。', hint: '请至少发送一个最小单位。' },
  'token/BAD_CLAIM_SIGNATURE': {
    message: '该签名不是认领文本的以太坊签名。',
    hint: '请把查询 claimText 给出的文本作为个人消息签名，并提供全部 65 字节。',
  },
  'node/POOL_FULL': {
    message: '等待的交易已满（至多 {countMax} 笔、{bytesMax} 字节），而且没有出价更低的。',
    hint: '请在下一个区块之后重试，或提高手续费。',
  },
  'node/NONCE_TAKEN': {
    message: 'nonce 为 {nonce} 的另一笔交易正在等待。',
    hint: '请用下一个 nonce，或用至少 {feeMin} 的手续费替换它。',
  },
  'node/SENDER_QUEUE_FULL': { message: '{sender} 有 {max} 笔等待的交易。', hint: '请等其中一些进入区块。' },
  'node/SIGN_STATE_MISSING': {
    message: '签名记录 {file} 不存在，无从得知本验证者签过什么。',
    hint: '如果只是被移走，请放回原处；如果已丢失，请用 --after-total-loss 启动：验证者会先观察再签名。切勿放回旧的副本。',
  },
  'node/SIGN_STATE_DAMAGED': {
    message: '签名记录 {file} 的两份内容都已损坏，无从得知本验证者签过什么。',
    hint: '请检查磁盘，再用 --after-total-loss 启动：验证者会先观察再签名。切勿放回旧的副本。',
  },
  'node/SIGN_STATE_FOREIGN': {
    message: '签名记录 {file} 属于另一条链或另一个密钥：是 {got}，而不是 {want}。',
    hint: '请放回属于本链和本密钥的签名记录。如果验证者换了新密钥，或记录已丢失，请用 --after-total-loss 启动。',
  },
  'node/SIGN_STATE_STALE': {
    message: '签名记录只到高度 {signed}，但本验证者已产生区块 {tip}：这是旧的副本。',
    hint: '请放回最新的签名记录；如果已丢失，请用 --after-total-loss 启动：验证者会先观察再签名。',
  },
  'node/SIGN_STATE_FAILED': {
    message: '无法写入签名记录 {file}：{why}。没有它就不能签名。',
    hint: '请查看磁盘是否已满或损坏，然后重新启动节点。',
  },
  'node/SIGNER_LOST': {
    message: '验证者 {address} 的签名程序没有签名：{why}。',
    hint: '请确认签名程序正在运行，属于本验证者和本链，并且可以连接，然后重新启动节点。',
  },
  'node/BLOCKS_LOST': {
    message:
      '区块丢失：本验证者已在高度 {signed} 签名，但这里最新的区块是 {tip}，也没有其他节点可取得其余区块。',
    hint: '请放回与签名记录相配的数据目录，恢复较新的快照，或让节点连上拥有这些区块的其他节点。如果已无人拥有这些区块，或是您自己回退的，请移走签名记录并用 --after-total-loss 启动：此后签署的区块会与那些区块矛盾。',
  },
  'node/INPUT_LOG_DAMAGED': {
    message: '输入日志 {file} 在第 {at} 字节处（末尾之前）损坏。',
    hint: '请检查磁盘。本验证者的投票记录可能已丢失：请用 --after-total-loss 启动，让它先观察。',
  },
  'node/NOT_A_VALIDATOR': {
    message: '{address} 不是此链的验证者，或其密钥不同。',
    hint: '请使用创世文件中的密钥，或不带验证者密钥启动以旁观。',
  },
  'node/WRONG_CHAIN_DATA': {
    message: '数据文件夹属于另一条链：它的区块 0 是 {got}，本链的是 {want}。',
    hint: '请用建立此文件夹的创世文件启动，或使用空的数据文件夹。',
  },
  'rpc/BLOCK_NOT_FOUND': { message: '这里没有区块 {block}。', hint: 'chain_status 会给出最新高度。' },
  'rpc/TRANSACTION_NOT_FOUND': {
    message: '交易 {id} 既不在区块中，也不在此等待。',
    hint: '请检查 ID；它可能已过期，或发给了别的节点。',
  },
  'rpc/METHOD_NOT_FOUND': {
    message: '没有方法 {method}。',
    hint: 'chain_metadata 会列出各模块；其查询是名为 module_query 的方法。',
  },
}

/** What the values of a refusal say in words of English. */
export const zhKinds: Readonly<Record<string, string>> = {
  module: '模块',
  command: '命令',
  query: '查询',
  event: '事件',
  signer: '签名者',
}
