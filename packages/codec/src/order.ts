import { compareBytes } from '@mmtchain/primitives'
import { type Codec, showValue } from './codec.ts'
import { codecFail } from './refusals.ts'
import { compareRanges, newSink, type Range, type Source } from './wire.ts'

/** A value and its encoding. */
export interface Encoded<T> {
  readonly value: T
  readonly encoded: Uint8Array
}

/** The values in the order of their encodings (formats.md, 2.8 and 2.9). Throws `codec/DUPLICATE` for two alike. */
export function sorted<T>(
  values: readonly T[],
  codec: Codec<T>,
  { what, path }: { readonly what: string; readonly path?: string | undefined },
): Encoded<T>[] {
  const sink = newSink(Math.min(codec.bytesMax, 1024))
  const rows = values.map((value) => {
    sink.at = 0
    codec.write(sink, value)
    return { value, encoded: sink.bytes.slice(0, sink.at) }
  })
  rows.sort((a, b) => compareBytes(a.encoded, b.encoded))
  for (const [i, row] of rows.entries()) {
    const previous = rows[i - 1]
    if (previous && compareBytes(previous.encoded, row.encoded) === 0)
      throw codecFail.DUPLICATE({ what, got: showValue(row.value), path })
  }
  return rows
}

/** Refuses, while reading, a part that does not come after the one before it. Throws `codec/NOT_SORTED`. */
export function mustAscend(source: Source, previous: Range | undefined, next: Range, what: string): void {
  if (previous && compareRanges(source.bytes, previous, next) >= 0)
    throw codecFail.NOT_SORTED({ what, at: next.start })
}
