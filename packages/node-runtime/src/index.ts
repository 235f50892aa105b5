export { workerThreads } from './check-threads.ts'
export { countingStore } from './counting-store.ts'
export { fileJournal } from './file-journal.ts'
export { type Health, type HealthCheck, healthChecksOf, nodeHealthTexts } from './health.ts'
export {
  type CheckThreads,
  type Host,
  type Journal,
  type Log,
  logOf,
  type Readings,
  silentLog,
} from './host.ts'
export { type InputLog, inputLog, type LoggedInputs } from './input-log.ts'
export { type Blame, type MemoryNetwork, memoryNetwork, type Passage } from './memory-network.ts'
export { createMempool, MEMPOOL_LIMITS_DEFAULT, type Mempool, type MempoolLimits } from './mempool.ts'
export { type NodeMessage, nodeMessage } from './messages.ts'
export type { Metrics } from './metrics.ts'
export { beginChain, createNode, type Node, type NodeOptions } from './node.ts'
export { memoryFile, type RawFile } from './raw-file.ts'
export { nodeFail, nodeRefusals } from './refusals.ts'
export { remoteSigner, type SignerLink, serveSigner } from './remote-signer.ts'
export {
  inspectSignState,
  loseSignState,
  openSignState,
  type SignState,
  type SignStateOwner,
  writeSignState,
} from './sign-state.ts'
export {
  type ConsensusSigner,
  localSigner,
  memorySigner,
  type Signed,
  type SignRequest,
  type ValidatorKey,
} from './signer.ts'
export type { Submissions, Submitted } from './submissions.ts'
export { systemFile } from './system-file.ts'
export { systemHost } from './system-host.ts'
export { checkMemory } from './validator.ts'
