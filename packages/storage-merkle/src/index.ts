export type { Level } from './database.ts'
export { ics23ProofSpec } from './ics23.ts'
export {
  type MerkleStore,
  type MerkleStoreOptions,
  type MerkleStorePlace,
  merkleStore,
} from './merkle-store.ts'
export type { PairHasherName } from './pair-hasher.ts'
export { merkleStoreRefusals } from './refusals.ts'
