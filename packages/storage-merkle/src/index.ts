export type { CheckedStore } from './checking.ts'
export type { Level, MerkleStorePlace } from './database.ts'
export { ics23ProofSpec } from './ics23.ts'
export {
  KEEP_HEIGHTS_DEFAULT,
  MEMORY_BYTES_DEFAULT,
  type MerkleStore,
  type MerkleStoreOptions,
  merkleStore,
} from './merkle-store.ts'
export type { PairHasherName } from './pair-hasher.ts'
export { merkleStoreRefusals } from './refusals.ts'
export { restoreSnapshot } from './restore.ts'
export { type SnapshotSummary, verifySnapshot } from './snapshot.ts'
export { type SnapshotFiles, snapshotFolder } from './snapshot-files.ts'
export type { SnapshotOrigin } from './snapshot-format.ts'
