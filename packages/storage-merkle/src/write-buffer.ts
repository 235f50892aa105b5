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
  let marks = new Uint32Array(3 * 1024)
  let marked = 0
  let used = 0
  const words = new Int32Array((bytesExpected + 3) >> 2)
  const buffer: WriteBuffer = {
    words,
    bytes: new Uint8Array(words.buffer),
    add(keyBytes, valueBytes) {
      const value = (used + keyBytes + 3) & ~3
      used = value + valueBytes + SUM_BYTES
      if (marked === marks.length) {
        const more = new Uint32Array(2 * marked)
        more.set(marks)
        marks = more
      }
      marks[marked] = value - keyBytes
      marks[marked + 1] = value
      marks[marked + 2] = used
      marked += 3
      if (used > buffer.bytes.length) {
        const larger = new Int32Array((2 * used + 3) >> 2)
        larger.set(buffer.words)
        buffer.words = larger
        buffer.bytes = new Uint8Array(larger.buffer)
      }
      return value
    },
    seal() {
      seal(buffer.bytes, marks[marked - 3] as number, used)
    },
    *[Symbol.iterator]() {
      for (let i = 0; i < marked; i += 3) {
        const [key, value, end] = [marks[i], marks[i + 1], marks[i + 2]]
        yield { key: buffer.bytes.subarray(key, value), value: buffer.bytes.subarray(value, end) }
      }
    },
  }
  return buffer
}
