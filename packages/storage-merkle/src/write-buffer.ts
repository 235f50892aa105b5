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
  view: DataView
}

const CHUNK_BYTES = 1 << 16
/** How many views are kept, and how long ones: the shapes of longer entries seldom come again. */
const VIEWS_MAX = 4096
const VIEW_BYTES_MAX = 1024

/** What all batches that copy are filled from: they are filled one after the other, each at once. */
const shared = newChunk()
/** Views of it by their bounds: entries have few shapes, and to make the two views of one takes a third of the time of its `put`. */
const views = new Map<number, Uint8Array>()

function newChunk(bytes = CHUNK_BYTES): Pick<WriteBuffer, 'bytes' | 'words' | 'view'> {
  const words = new Int32Array((bytes + 3) >> 2)
  return { words, bytes: new Uint8Array(words.buffer), view: new DataView(words.buffer) }
}

export function writeBuffer(batch: Batch): WriteBuffer {
  let start = 0
  let value = 0
  let end = 0
  const buffer: WriteBuffer = {
    ...(batch.copies ? shared : newChunk()),
    add(keyBytes, valueBytes) {
      const entryBytes = keyBytes + 3 + valueBytes + SUM_BYTES
      if (batch.copies) end = 0
      if (end + entryBytes > buffer.bytes.length) {
        Object.assign(buffer, newChunk(Math.max(CHUNK_BYTES, entryBytes)))
        end = 0
      }
      value = (end + keyBytes + 3) & ~3
      start = value - keyBytes
      end = value + valueBytes + SUM_BYTES
      return value
    },
    seal() {
      const { bytes } = buffer
      seal(buffer, start, end)
      batch.put(viewOf(bytes, start, value), viewOf(bytes, value, end))
    },
  }
  return buffer
}

function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (bytes !== shared.bytes || to - from > VIEW_BYTES_MAX) return bytes.subarray(from, to)
  const bounds = from * CHUNK_BYTES + to
  const known = views.get(bounds)
  if (known) return known
  const view = bytes.subarray(from, to)
  if (views.size < VIEWS_MAX) views.set(bounds, view)
  return view
}
