export {
  type Codec,
  decode,
  decodeKey,
  encode,
  encodeKey,
  fromJson,
  type Infer,
  type Json,
  type JsonContext,
  type KeyCodec,
  type KeyCursor,
  type Sink,
  type Source,
  type StandardIssue,
  type StandardProps,
  toJson,
} from './codec.ts'
export {
  type Fields,
  list,
  map,
  option,
  type StructValue,
  set,
  struct,
  type TupleValue,
  tuple,
  type UnionValue,
  union,
  unit,
} from './containers.ts'
export { amount, amountSum, bool, height, u8, u16, u32, u64, u128 } from './numbers.ts'
export { codecRefusals } from './refusals.ts'
export { codecFromSchema, type JsonSchema } from './schema.ts'
export { address, bytes, fixedBytes, hash, text } from './strings.ts'
