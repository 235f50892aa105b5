import { copyOfBytes } from '@mmtchain/primitives'
import { type Codec, encode, makeCodec } from './codec.ts'
import { codecFail } from './refusals.ts'
import { writeRaw } from './wire.ts'

/** Longer ones are encoded anew: what a value keeps stays in memory as long as the value. */
const KEPT_BYTES_MAX = 2_048

/** A codec whose decoded values keep their bytes, and the bytes of a value. */
export interface Keeping<T> {
  readonly codec: Codec<T>
  /** The BCS bytes of a value, as `encode` gives them, or those that it keeps: they may not be changed. */
  readonly bytesOf: (value: T) => Uint8Array
}

/**
 * The codec `inner` of a struct, whose decoded values keep a copy of the bytes that they were read from, and are written as these. There is one encoding of each
 * value, so they are what writing would give. They are a property that is not enumerable, which no copy of a value has: what is made of another value
 * is encoded. Worth it for values that are written many times, as transactions are on their way through a node. `format` names the one encoding for all
 * copies of this package in a process, since a chain file is bundled with its own: where they have the same name they are the same. Throws `codec/BAD_DEFINITION` for what is no struct.
 */
export function keeping<T extends object>(format: string, inner: Codec<T>): Keeping<T> {
  if (inner.schema['x-bcs'] !== 'struct')
    throw codecFail.BAD_DEFINITION({ why: `${format} keeps the bytes of what is no struct` })
  const place = Symbol.for(`@mmtchain/codec/kept/${format}`)
  const keptBy = (value: unknown) =>
    // Its own, not those of what it was made from.
    typeof value === 'object' && value !== null && Object.hasOwn(value, place)
      ? (value as { readonly [place]?: Uint8Array })[place]
      : undefined
  const codec = makeCodec<T>(
    {
      ...inner,
      write(sink, value) {
        const bytes = keptBy(value)
        if (bytes) writeRaw(sink, bytes)
        else inner.write(sink, value)
      },
      read(source) {
        const start = source.at
        const value = inner.read(source)
        const { at } = source
        if (at - start <= KEPT_BYTES_MAX)
          Object.defineProperty(value, place, { value: copyOfBytes(source.bytes, start, at) })
        return value
      },
    },
    (value: T) => [{ path: [], codec: inner as Codec<unknown>, value }],
  )
  return { codec, bytesOf: (value) => keptBy(value) ?? encode(codec, value) }
}
