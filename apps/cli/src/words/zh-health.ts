/** What a node finds about itself, in Chinese, by code; `{names}` are the values. A code that is not here is told in English. */
export const zhHealth: Readonly<Record<string, { readonly found: string; readonly cure?: string }>> = {
  STOPPED: { found: '节点正在停止或已经停止。', cure: '请重新启动；停止的原因见其日志。' },
  NOT_BEGUN: { found: '该链于 {begins} 开始；在此之前没有区块。' },
  BLOCKS_RECENT: { found: '区块 {height} 距今 {age}，出块间隔 {slot}。' },
  BLOCKS_LATE: {
    found: '区块 {height} 距今 {age}，出块间隔 {slot}。',
    cure: '请查看日志中的错误，以及本机是否过载（event-loop）或磁盘已满（disk）。',
  },
  BLOCKS_MISSING: {
    found: '区块 {height} 距今 {age}，出块间隔 {slot}。',
    cure: '此节点自己不出块：请检查验证者是否在运行，以及此节点能否连到其对等节点。',
  },
  CRYPTO_NATIVE: { found: 'secp256k1 使用本机（native）实现。' },
  CRYPTO_SLOW: {
    found: 'secp256k1 使用 {backend} 实现，缺少本机（native）实现。',
    cure: '请安装可选依赖 secp256k1（npm install --include=optional，须有该平台的预编译文件），并且不要设置 MMT_SECP256K1：本机实现检查签名要快数倍。',
  },
  CLOCK_WELL: { found: '时钟为 {now}。' },
  CLOCK_BEHIND: {
    found: '最新区块的时间比本机时钟晚 {ahead}。',
    cure: '请用时间服务（chrony、systemd-timesyncd、w32time）校准本机时钟。',
  },
  CLOCK_SET_FORWARD: {
    found: '启动以来时钟被拨快了 {moved}。',
    cure: '请用时间服务（chrony、systemd-timesyncd、w32time）校准本机时钟。',
  },
  CLOCK_SET_BACK: {
    found: '启动以来时钟被拨慢了 {moved}。',
    cure: '请用时间服务（chrony、systemd-timesyncd、w32time）校准本机时钟。',
  },
  MEMPOOL_ROOM: {
    found: '有 {count} 笔交易在等待（至多 {countMax} 笔），共 {bytes} 字节（至多 {bytesMax} 字节）。',
  },
  MEMPOOL_FULL: {
    found: '有 {count} 笔交易在等待（至多 {countMax} 笔），共 {bytes} 字节（至多 {bytesMax} 字节）。',
    cure: '到来的多于区块能容纳的：请提高手续费或区块上限，或找出发送者。',
  },
  LOOP_FREE: { found: '事件循环至多迟 {delayMs} 毫秒（第 99 百分位）。' },
  LOOP_BUSY: {
    found: '事件循环至多迟 {delayMs} 毫秒（第 99 百分位）。',
    cure: '请给节点更多处理器时间：停掉本机的其他程序，或换更快的机器。',
  },
  DISK_ROOM: { found: '数据占 {data}，剩余 {free}。' },
  DISK_LOW: {
    found: '数据占 {data}，剩余 {free}。',
    cure: '请在数据文件夹所在的磁盘上腾出空间，或把数据目录移到更大的磁盘。',
  },
  KEYS_CLOSED: { found: '{keys} 中的 {count} 个文件只有其所有者可读。' },
  PEERS_MET: { found: '已连接 {connected} 个节点。' },
  PEERS_NONE: {
    found: '没有连接到任何其他节点。',
    cure: '请在 config.json 的 p2p 中用 peers 或 seeds 写明一些节点，并确认其他节点能访问本节点的端口。',
  },
  PEERS_MISSED: {
    found: '所需的 {wanted} 个节点中有 {missing} 个未连接；{address}：{why}',
    cure: '请确认这些节点正在运行，且从本机可以访问其端口；node_peers 会说明每个节点的原因。',
  },
  PEER_CLOCKS: { found: '本机时钟与 {connected} 个节点的中位数相差 {ms} 毫秒。' },
  PEER_CLOCKS_APART: {
    found: '本机时钟与 {connected} 个节点的中位数相差 {ms} 毫秒。',
    cure: '请用时间服务（chrony、systemd-timesyncd、w32time）校准本机时钟。',
  },
  REVEALS_LEFT: { found: '本验证者还可以为 {left} 个区块揭示随机数。' },
  REVEALS_FEW: {
    found: '本验证者只剩 {left} 个区块的随机数可以揭示。',
    cure: '请承诺新的哈希洋葱：mmt tx election commit。',
  },
  REVEALS_NONE: {
    found: '本验证者没有可揭示的随机数，将失去其出块机会：{file}：{why}',
    cure: '请恢复该文件，或承诺新的哈希洋葱：mmt tx election commit。',
  },
  KEYS_OPEN: { found: '本机其他用户可以读取 {files}。', cure: '请收回权限：chmod -R go-rwx {keys}' },
  FILES_ROOM: { found: '已打开 {open} 个文件和连接，至多 {max} 个。' },
  FILES_LOW: {
    found: '已打开 {open} 个文件和连接，至多 {max} 个。',
    cure: '请提高上限：ulimit -n 65536，或 systemd 单元中的 LimitNOFILE。',
  },
  STORE_PRUNES: { found: '不必保留的旧状态会被删除。' },
  STORE_DAMAGED: {
    found: '旧状态不再被删除：{why}',
    cure: '请停止节点，检查磁盘，并执行 mmt prune。若损坏仍在，请恢复一个快照。',
  },
}
