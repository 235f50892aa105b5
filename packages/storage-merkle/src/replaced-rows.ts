// The rows that a block replaced, many to an entry. All of them go when the state before the block is pruned, and a database takes
// as long for many short entries as for their number.
import { compareBytes } from '@mmtchain/primitives'
import { decodeRow, type Row } from './records.ts'

/** Rows of one part on average. */
const PART_ROWS = 64
/** So that a part's number takes two bytes. */
export const BITS_MAX = 16
const PATH_BYTES = 32
export const COUNT_BYTES = 4
/** A row's path, and where its bytes end behind those of all before it. */
export const PLACE_BYTES = PATH_BYTES + 4

/** How many bits of their paths the rows of a part share, when a block changes so many: it has up to 2^bits parts. */
export function partBits(rows: number): number {
  return Math.min(BITS_MAX, Math.max(0, Math.ceil(Math.log2(rows / PART_ROWS))))
}

/** The part of the path that begins at `start`. */
export function partOf(paths: Uint8Array, start: number, bits: number): number {
  return (((paths[start] as number) << 8) | (paths[start + 1] as number)) >> (BITS_MAX - bits)
}

/**
 * Rows in the order of their paths: their number (u32, big-endian), for each its path and where its bytes end (u32), then the bytes of
 * each as those of a row of the tip; none where there was no row before the block.
 */
export interface ReplacedRows {
  readonly count: number
  path(i: number): Uint8Array
  /** The row before the block, if there was one. Throws a `RangeError` for bytes that are none. */
  before(i: number): Row | undefined
  /** The number of a path, −1 for one that the block did not change. */
  find(path: Uint8Array): number
}

/** Throws a `RangeError` for bytes that are none. */
export function decodeReplacedRows(body: Uint8Array): ReplacedRows {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const count = view.getUint32(0)
  const start = COUNT_BYTES + count * PLACE_BYTES
  if (start > body.length) throw new RangeError('it ends early')
  const endOf = (i: number) =>
    i < 0 ? start : start + view.getUint32(COUNT_BYTES + i * PLACE_BYTES + PATH_BYTES)
  for (let i = 0; i < count; i++) if (endOf(i) < endOf(i - 1)) throw new RangeError('its rows overlap')
  if (endOf(count - 1) !== body.length) throw new RangeError('its rows end elsewhere')
  const path = (i: number) => {
    const at = COUNT_BYTES + i * PLACE_BYTES
    return body.subarray(at, at + PATH_BYTES)
  }
  return {
    count,
    path,
    before(i) {
      const [from, to] = [endOf(i - 1), endOf(i)]
      return from === to ? undefined : decodeRow(body.subarray(from, to))
    },
    find(wanted) {
      let low = 0
      let high = count
      while (low < high) {
        const middle = (low + high) >> 1
        const order = compareBytes(path(middle), wanted)
        if (order === 0) return middle
        if (order < 0) low = middle + 1
        else high = middle
      }
      return -1
    },
  }
}
