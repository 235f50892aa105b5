// The changed rows of a block, packed side by side in the order of their paths.
import { sha256Into } from '@mmtchain/crypto'
import type { StateChanges, StateKey } from '@mmtchain/kernel'
import { keyLength, pathInto, writeKey } from './key-bytes.ts'
import { MESSAGE_BYTES_MAX, type MessageHasher } from './message-hasher.ts'
import { merkleStoreFail } from './refusals.ts'
import type { RowMemory } from './row-memory.ts'

/** What the state tree needs of changed rows, which ascend by their paths. */
export interface PathChanges {
  readonly count: number
  /** Sixteen words a row: H(key) and H(value), as they lie in a leaf of the tree. */
  readonly words: Int32Array
  /** The same memory. */
  readonly bytes: Uint8Array
  /** 1 for a row that is written, 0 for one that is deleted. */
  readonly written: Uint8Array
}

/** Changed rows with copies of what the caller gave. */
export interface StagedRows extends PathChanges {
  /** The records of the rows in memory, or −1. */
  readonly records: Int32Array
  readonly keys: readonly StateKey[]
  /** The values; that of row i goes from `starts[i]` to before `ends[i]`. */
  readonly values: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** Words and bytes of one row. */
export const CHANGE_WORDS = 16
export const CHANGE_BYTES = 4 * CHANGE_WORDS
/** Room for a value to begin with. */
const VALUE_BYTES_EXPECTED = 128

/** Rows whose memory is read one after another before more is done with them. */
const PIECE = 256

/** Of rows that are known the records, and the way to H(key) without hashing. */
export type KnownRows = Pick<RowMemory, 'find' | 'pathInto'>

/** Looks for the rows among those that are `known`. Throws `store/UNSORTED` unless the keys ascend. */
export function stagedRows(changes: StateChanges, messages: MessageHasher, known: KnownRows): StagedRows {
  const count = changes.length
  const given = new Int32Array(count * CHANGE_WORDS)
  const givenBytes = new Uint8Array(given.buffer)
  const givenEnds = new Uint32Array(count)
  const records = new Int32Array(count)
  let values = new Uint8Array(count * VALUE_BYTES_EXPECTED)
  let used = 0
  messages.begin(given)
  // Keys and values lie all over memory. What is done to one after the other in short loops lets the processor fetch many at once.
  for (let from = 0; from < count; from += PIECE) {
    const to = Math.min(from + PIECE, count)
    checkOrder(changes, from, to)
    for (let i = from; i < to; i++) {
      const [key] = changes[i] as StateChanges[number]
      const record = known.find(key)
      records[i] = record
      if (record >= 0) known.pathInto(record, given, i * CHANGE_WORDS)
      else addKey(messages, key, given, i * CHANGE_WORDS)
    }
    for (let i = from; i < to; i++) {
      const [, value] = changes[i] as StateChanges[number]
      if (value) {
        if (used + value.length > values.length) values = grown(values, used + value.length)
        values.set(value, used)
        const at = i * CHANGE_WORDS + 8
        if (value.length <= MESSAGE_BYTES_MAX) messages.bytes.set(value, messages.room(value.length, at))
        else sha256Into(givenBytes, 4 * at, values.subarray(used, used + value.length))
        used += value.length
      }
      givenEnds[i] = used
    }
  }
  messages.finish()
  const order = orderOf(givenBytes, count)
  const words = new Int32Array(count * CHANGE_WORDS)
  const rows = {
    count,
    words,
    bytes: new Uint8Array(words.buffer),
    written: new Uint8Array(count),
    records: new Int32Array(count),
    keys: new Array<StateKey>(count),
    values,
    starts: new Uint32Array(count),
    ends: new Uint32Array(count),
  }
  for (let i = 0; i < count; i++) {
    const from = order[i] as number
    const [key, value] = changes[from] as StateChanges[number]
    rows.keys[i] = key
    rows.records[i] = records[from] as number
    rows.written[i] = value === null ? 0 : 1
    rows.starts[i] = from === 0 ? 0 : (givenEnds[from - 1] as number)
    rows.ends[i] = givenEnds[from] as number
    for (let word = 0; word < CHANGE_WORDS; word++)
      words[i * CHANGE_WORDS + word] = given[from * CHANGE_WORDS + word] as number
  }
  return rows
}

function checkOrder(changes: StateChanges, from: number, to: number): void {
  for (let i = Math.max(from, 1); i < to; i++) {
    const [key] = changes[i] as StateChanges[number]
    if (key <= (changes[i - 1] as StateChanges[number])[0]) throw merkleStoreFail.UNSORTED({ key })
  }
}

/** Has H(key) written to the word `at`. Throws `primitives/NOT_HEX`. */
function addKey(messages: MessageHasher, key: StateKey, to: Int32Array, at: number): void {
  const length = keyLength(key)
  if (length > MESSAGE_BYTES_MAX) pathInto(key, to, at)
  else writeKey(messages.bytes, messages.room(length, at), key)
}

function grown(values: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes)
  larger.set(values)
  return larger
}

/** The value of a row that is written, as a view. */
export function stagedValue({ values, starts, ends }: StagedRows, i: number): Uint8Array {
  return values.subarray(starts[i], ends[i])
}

/** A view of a row's path. */
export function pathOfChange({ bytes }: PathChanges, i: number): Uint8Array {
  return bytes.subarray(i * CHANGE_BYTES, i * CHANGE_BYTES + 32)
}

/** The rows in ascending order of their paths: by the first 32 bits at once, then the few that share them. */
function orderOf(bytes: Uint8Array, count: number): Uint32Array {
  const prefixes = new Float64Array(count)
  // Prefix and number share the 53 bits of a whole number: with more than 2^21 rows the prefix is shorter.
  const numbers = Math.max(2 ** 21, 2 ** Math.ceil(Math.log2(count)))
  for (let i = 0; i < count; i++) {
    const at = CHANGE_BYTES * i
    const high = (bytes[at] as number) * 2 ** 24 + ((bytes[at + 1] as number) << 16)
    const prefix = high + ((bytes[at + 2] as number) << 8) + (bytes[at + 3] as number)
    prefixes[i] = Math.floor(prefix / (numbers / 2 ** 21)) * numbers + i
  }
  prefixes.sort()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const row = (prefixes[i] as number) % numbers
    let at = i
    for (; at > 0 && comparePaths(bytes, order[at - 1] as number, row) > 0; at--)
      order[at] = order[at - 1] as number
    order[at] = row
  }
  return order
}

function comparePaths(bytes: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[CHANGE_BYTES * a + i] as number) - (bytes[CHANGE_BYTES * b + i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
