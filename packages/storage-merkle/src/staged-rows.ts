// The changed rows of a block, packed side by side in the order of their paths.
import { sha256Into } from '@mmtchain/crypto'
import type { StateChanges, StateKey } from '@mmtchain/kernel'
import { keyLength, writeKey } from './key-bytes.ts'
import { addMessage, MESSAGE_BYTES_MAX, type MessageHasher } from './message-hasher.ts'
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
  /** The lengths of the keys in bytes. */
  readonly keyBytes: Uint32Array
  /** The keys in bytes, and behind each the value; that of row i goes from `starts[i]`, a whole word, to before `ends[i]`. */
  readonly values: Uint8Array
  /** The same memory. */
  readonly valueWords: Int32Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** Words and bytes of one row. */
export const CHANGE_WORDS = 16
export const CHANGE_BYTES = 4 * CHANGE_WORDS
/** Room for a key and its value to begin with. */
const ROW_BYTES_EXPECTED = 192

/** Rows whose memory is read one after another before more is done with them. */
const PIECE = 256

/** Whatever was read of memory only to have it fetched, so that it is read. */
const touched = new Int32Array(1)

/** Of rows that are known the records, and the way to H(key) without hashing. */
export type KnownRows = Pick<RowMemory, 'find' | 'epoch' | 'pathsInto'>

/** Looks for the rows among those that are `known`. Throws `store/UNSORTED` unless the keys ascend. */
export function stagedRows(changes: StateChanges, messages: MessageHasher, known: KnownRows): StagedRows {
  const count = changes.length
  const given = new Int32Array(count * CHANGE_WORDS)
  const givenBytes = new Uint8Array(given.buffer)
  const records = new Int32Array(count)
  const keys = changes.map(([key]) => key)
  const written = changes.map(([, value]) => value)
  const packed = packedRows(count)
  messages.begin(given)
  // Keys, records and values lie all over memory. Short loops over many of them let the processor fetch what several need at once.
  for (let from = 0; from < count; from += PIECE) {
    const to = Math.min(from + PIECE, count)
    checkOrder(keys, from, to)
    findRows(known, keys, records, from, to)
    known.pathsInto(records, from, to, given)
    packRows(packed, keys, written, from, to)
    for (let i = from; i < to; i++) if ((records[i] as number) < 0) hashKey(packed, messages, i, given)
    for (let i = from; i < to; i++) if (written[i]) hashValue(packed, messages, i, givenBytes)
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
    keyBytes: new Uint32Array(count),
    values: packed.bytes,
    valueWords: packed.words,
    starts: new Uint32Array(count),
    ends: new Uint32Array(count),
  }
  for (let i = 0; i < count; i++) {
    const from = order[i] as number
    rows.keys[i] = keys[from] as StateKey
    rows.keyBytes[i] = packed.keyBytes[from] as number
    rows.records[i] = records[from] as number
    rows.written[i] = written[from] === null ? 0 : 1
    rows.starts[i] = packed.starts[from] as number
    rows.ends[i] = packed.ends[from] as number
    for (let word = 0; word < CHANGE_WORDS; word++)
      words[i * CHANGE_WORDS + word] = given[from * CHANGE_WORDS + word] as number
  }
  return rows
}

function checkOrder(keys: readonly StateKey[], from: number, to: number): void {
  let sum = 0
  for (let i = from; i < to; i++) {
    const key = keys[i] as StateKey
    sum ^= key.charCodeAt(0) ^ key.charCodeAt(key.length - 1)
  }
  touched[0] = sum
  for (let i = Math.max(from, 1); i < to; i++) {
    const key = keys[i] as StateKey
    if (key <= (keys[i - 1] as StateKey)) throw merkleStoreFail.UNSORTED({ key })
  }
}

/** Writes the records of the keys; −1 for those of which nothing is known. */
function findRows(
  known: KnownRows,
  keys: readonly StateKey[],
  records: Int32Array,
  from: number,
  to: number,
): void {
  const epoch = known.epoch()
  for (let i = from; i < to; i++) records[i] = known.find(keys[i] as StateKey)
  // Finding may begin another epoch, in which those that were found before are elsewhere.
  if (known.epoch() !== epoch) records.fill(-1, from, to)
}

/** Keys in bytes and copies of values, one behind the other; values begin at whole words. */
interface PackedRows {
  words: Int32Array
  /** The same memory. */
  bytes: Uint8Array
  used: number
  readonly keyBytes: Uint32Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

function packedRows(count: number): PackedRows {
  const words = new Int32Array(count * (ROW_BYTES_EXPECTED / 4))
  return {
    ...{ words, bytes: new Uint8Array(words.buffer), used: 0 },
    keyBytes: new Uint32Array(count),
    starts: new Uint32Array(count),
    ends: new Uint32Array(count),
  }
}

function packRows(
  packed: PackedRows,
  keys: readonly StateKey[],
  values: readonly (Uint8Array | null)[],
  from: number,
  to: number,
): void {
  let sum = 0
  for (let i = from; i < to; i++) sum ^= values[i]?.[0] ?? 0
  touched[0] = sum
  for (let i = from; i < to; i++) {
    const key = keys[i] as StateKey
    const value = values[i]
    const length = keyLength(key)
    const start = (packed.used + length + 3) & ~3
    const end = start + (value?.length ?? 0)
    if (end > packed.bytes.length) enlarge(packed, end)
    writeKey(packed.bytes, start - length, key)
    if (value) packed.bytes.set(value, start)
    packed.keyBytes[i] = length
    packed.starts[i] = start
    packed.ends[i] = end
    packed.used = end
  }
}

function enlarge(packed: PackedRows, end: number): void {
  const larger = new Int32Array((2 * end + 3) >> 2)
  larger.set(packed.words)
  packed.words = larger
  packed.bytes = new Uint8Array(larger.buffer)
}

/** Has H(key) written. */
function hashKey(packed: PackedRows, messages: MessageHasher, i: number, given: Int32Array): void {
  const { bytes, starts, keyBytes } = packed
  const start = starts[i] as number
  addMessage(messages, bytes.subarray(start - (keyBytes[i] as number), start), given, i * CHANGE_WORDS)
}

/** Has the hash of a value written behind H(key). */
function hashValue(packed: PackedRows, messages: MessageHasher, i: number, given: Uint8Array): void {
  const { words, bytes, starts, ends } = packed
  const [start, end] = [starts[i] as number, ends[i] as number]
  const at = i * CHANGE_WORDS + 8
  if (end - start > MESSAGE_BYTES_MAX) sha256Into(given, 4 * at, bytes.subarray(start, end))
  else {
    const to = messages.room(end - start, at)
    const whole = (end - start) >> 2
    for (let word = 0; word < whole; word++)
      messages.words[(to >> 2) + word] = words[(start >> 2) + word] as number
    for (let byte = 4 * whole; byte < end - start; byte++)
      messages.bytes[to + byte] = bytes[start + byte] as number
  }
}

/** The value of a row that is written, as a view. */
export function stagedValue({ values, starts, ends }: StagedRows, i: number): Uint8Array {
  return values.subarray(starts[i], ends[i])
}

/** Reads keys and values from one to before another, so that what is needed of one is fetched beside that of the others. */
export function touchRows({ values, keyBytes, starts, ends }: StagedRows, from: number, to: number): void {
  let sum = 0
  for (let i = from; i < to; i++) {
    const key = (starts[i] as number) - (keyBytes[i] as number)
    for (let at = key; at < (ends[i] as number); at += 64) sum ^= values[at] as number
    sum ^= values[(ends[i] as number) - 1] as number
  }
  touched[0] = sum
}

/** A view of the key and the value of a row. */
export function stagedRow({ values, keyBytes, starts, ends }: StagedRows, i: number): Uint8Array {
  return values.subarray((starts[i] as number) - (keyBytes[i] as number), ends[i])
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
