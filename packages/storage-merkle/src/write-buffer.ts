// The many entries of one block, written into one piece of memory.
import type { Write } from './database.ts'
import { SUM_BYTES, seal } from './records.ts'

/**
 * Entries to put, back to back. LevelDB takes a view of a large array in half the time of a small array of its own, which
 * V8 first has to move out of its heap.
 */
export interface WriteBuffer extends Iterable<Write> {
  /** Makes room for an entry, and answers where its value begins, at a whole word; its key lies just before. */
  add(keyBytes: number, valueBytes: number): number
  /** Writes the checksum of the entry that was added last. */
  seal(): void
  /** All memory, which `add` may replace by more. */
  bytes: Uint8Array
  words: Int32Array
}

export function writeBuffer(bytesExpected: number): WriteBuffer {
  /** For each entry where its key and its value begin, and where it ends. */
  const marks: number[] = []
  let used = 0
  const words = new Int32Array((bytesExpected + 3) >> 2)
  const buffer: WriteBuffer = {
    words,
    bytes: new Uint8Array(words.buffer),
    add(keyBytes, valueBytes) {
      const value = (used + keyBytes + 3) & ~3
      used = value + valueBytes + SUM_BYTES
      marks.push(value - keyBytes, value, used)
      if (used > buffer.bytes.length) {
        const larger = new Int32Array((2 * used + 3) >> 2)
        larger.set(buffer.words)
        buffer.words = larger
        buffer.bytes = new Uint8Array(larger.buffer)
      }
      return value
    },
    seal() {
      seal(buffer.bytes, marks[marks.length - 3] as number, used)
    },
    *[Symbol.iterator]() {
      for (let i = 0; i < marks.length; i += 3) {
        const [key, value, end] = [marks[i], marks[i + 1], marks[i + 2]]
        yield { key: buffer.bytes.subarray(key, value), value: buffer.bytes.subarray(value, end) }
      }
    },
  }
  return buffer
}
