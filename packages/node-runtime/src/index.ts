export { type Host, type Log, silentLog, systemHost } from './host.ts'
export { createMempool, MEMPOOL_LIMITS_DEFAULT, type Mempool, type MempoolLimits } from './mempool.ts'
export { createNode, type Node, type NodeOptions, type ValidatorKey } from './node.ts'
export { nodeRefusals } from './refusals.ts'
