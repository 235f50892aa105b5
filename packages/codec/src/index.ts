export {
  type Codec,
  checkEncodable,
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
  type StandardIssue,
  type StandardProps,
  toJson,
  withEncoded,
} from './codec.ts'
export { list, map, option, set, unit } from './containers.ts'
export { type Keeping, keeping } from './kept.ts'
export { amount, amountSum, bool, height, u8, u16, u32, u64, u128 } from './numbers.ts'
export {
  type Fields,
  type StructValue,
  struct,
  type TupleValue,
  tuple,
  type UnionValue,
  union,
} from './records.ts'
export { codecRefusals, type Place } from './refusals.ts'
export { codecFromSchema, type JsonSchema } from './schema.ts'
export { address, bytes, fixedBytes, hash, text } from './strings.ts'
export type { Sink, Source } from './wire.ts'
