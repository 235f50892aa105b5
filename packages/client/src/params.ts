import type { Codec, Json } from '@mmtchain/codec'

/** A query's input as the parameters of its method: none for `unit`, the fields of a struct, and for any other type `input`. */
export function paramsFor({ schema }: Codec<unknown>, input: Json): object {
  if (schema['x-bcs'] === 'unit') return {}
  return schema['x-bcs'] === 'struct' ? Object(input) : { input }
}
