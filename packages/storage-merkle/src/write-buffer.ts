// The many entries of one block, written one after the other into memory that the next ones may use again.
import type { Batch } from './database.ts'
import { SUM_BYTES, seal } from './records.ts'

/**
 * Entries on their way into a batch. LevelDB takes a view of a large array in half the time of a small array of its own, which
 * V8 first has to move out of its heap. One memory for all that a block writes would be 12 MB of 10,000 changes: V8 would clear it, and
 * look through its whole heap every few blocks because of it.
 */
export interface WriteBuffer {
  /** Makes room for an entry, and answers where its value begins, at a whole word; its key lies just before. */
  add(keyBytes: number, valueBytes: number): number
  /** Writes the checksum of the entry that was added last, and puts it into the batch. */
  seal(): void
  /** The memory of that entry, which `add` may replace. */
  bytes: Uint8Array
  words: Int32Array
}

const CHUNK_BYTES = 1 << 16

export function writeBuffer(batch: Batch): WriteBuffer {
  let start = 0
  let value = 0
  let end = 0
  const words = new Int32Array(CHUNK_BYTES / 4)
  const buffer: WriteBuffer = {
    words,
    bytes: new Uint8Array(words.buffer),
    add(keyBytes, valueBytes) {
      const entryBytes = keyBytes + 3 + valueBytes + SUM_BYTES
      if (batch.copies) end = 0
      if (end + entryBytes > buffer.bytes.length) {
        buffer.words = new Int32Array((Math.max(CHUNK_BYTES, entryBytes) + 3) >> 2)
        buffer.bytes = new Uint8Array(buffer.words.buffer)
        end = 0
      }
      value = (end + keyBytes + 3) & ~3
      start = value - keyBytes
      end = value + valueBytes + SUM_BYTES
      return value
    },
    seal() {
      const { bytes } = buffer
      seal(bytes, start, end)
      batch.put(bytes.subarray(start, value), bytes.subarray(value, end))
    },
  }
  return buffer
}
