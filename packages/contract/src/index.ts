// All that an author's file imports: what this exports runs inside the sandbox.
export {
  address,
  amount,
  amountSum,
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  hash,
  height,
  type Infer,
  list,
  map,
  option,
  set,
  struct,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  union,
  unit,
} from '@mmtchain/codec'
export type { Address, Amount, Hash } from '@mmtchain/primitives'
export {
  type Contract,
  type ContractSpec,
  type ContractTypes,
  defineContract,
  type MethodSpec,
  type Nouns,
  type Reading,
  type Rows,
  type State,
  type TypesOfContract,
  type Writing,
} from './contract.ts'
export { type Exported, type HostApi, methodOf } from './host.ts'
export { type Remote, remote } from './remote.ts'
export { cell, table } from './tables.ts'
