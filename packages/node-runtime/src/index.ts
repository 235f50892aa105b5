export { workerThreads } from './check-threads.ts'
export { fileJournal } from './file-journal.ts'
export type { Health, HealthCheck } from './health.ts'
export {
  type CheckThreads,
  type Host,
  type Journal,
  type Log,
  logOf,
  type Readings,
  silentLog,
} from './host.ts'
export { createMempool, MEMPOOL_LIMITS_DEFAULT, type Mempool, type MempoolLimits } from './mempool.ts'
export type { Metrics } from './metrics.ts'
export { createNode, type Node, type NodeOptions, type ValidatorKey } from './node.ts'
export { nodeRefusals } from './refusals.ts'
export { systemHost } from './system-host.ts'
