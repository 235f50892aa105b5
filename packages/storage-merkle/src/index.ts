export { merkleStore } from './merkle-store.ts'
export { merkleStoreRefusals } from './refusals.ts'
