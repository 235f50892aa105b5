// Rows that were read or written lately, packed into a few large arrays: one object a row would cost more than the row itself,
// and the collector would walk over all of them again and again.
import type { StateKey } from '@mmtchain/kernel'
import { CHANGE_WORDS } from './staged-rows.ts'

/** A bounded memory of rows, and of keys that have none. */
export interface RowMemory {
  /** The record of a key, −1 when nothing is known. It is good for as long as `epoch` stays the same. */
  find(key: StateKey): number
  epoch(): number
  /** Writes H(key) of a record to the word `at`. */
  pathInto(record: number, to: Int32Array, at: number): void
  /** The same of `records` from one to before another that are not −1; that of the n-th goes to the n-th row of `changes`. */
  pathsInto(records: Int32Array, from: number, to: number, changes: Int32Array): void
  /** Reads what `valueOf` will need of such records, so that what is needed of one is fetched beside that of the others. */
  touchValues(records: Int32Array, from: number, to: number): void
  /** The value of a record, null for no row. A view of memory that is good until the next `put`. */
  valueOf(record: number): Uint8Array | null
  /** Remembers a row, or null for none, of which `find` knew nothing, with H(key) at the word `pathAt` of `paths`. */
  add(key: StateKey, row: RememberedRow): void
  /** The same of any row. */
  put(key: StateKey, row: RememberedRow): void
  /** The same for the key of a record. */
  replace(record: number, key: StateKey, row: RememberedRow): void
  clear(): void
}

export interface RememberedRow {
  readonly paths: Int32Array
  readonly pathAt: number
  readonly value: Uint8Array | null
}

/** Whatever was read of memory only to have it fetched before a loop that would wait for each. */
const touched = new Int32Array(1)

/** A record: H(key), the length of the value or −1 for no row, the value filled up to whole words. */
const PATH_WORDS = 8
const HEAD_WORDS = PATH_WORDS + 1
/** About what a map takes for an entry and its key, beside the digits of the key. */
const ENTRY_BYTES = 64

interface Generation {
  readonly at: Map<StateKey, number>
  words: Int32Array
  bytes: Uint8Array
  /** Words in use. */
  used: number
  /** About the memory that the map takes. */
  mapBytes: number
}

/**
 * Two generations: what is used is in the young one or moves there; when that is half full it becomes the old one, and what was
 * in the old one is forgotten.
 */
export function rowMemory(bytesMax: number): RowMemory {
  let young = newGeneration()
  let old = newGeneration()

  let epoch = 0

  function find(key: StateKey): number {
    const at = young.at.get(key)
    if (at !== undefined) return at
    const aged = old.at.get(key)
    if (aged === undefined) return -1
    const { words, bytes } = old
    const value = valueAt(words, bytes, aged)
    return append(key, { paths: words, pathAt: aged, value })
  }

  function append(key: StateKey, row: RememberedRow): number {
    const { value } = row
    const length = value?.length ?? 0
    const needed = HEAD_WORDS + ((length + 3) >> 2)
    if (4 * (young.used + needed) + young.mapBytes > bytesMax / 2) {
      old = young
      young = newGeneration()
      epoch++
    }
    if (young.used + needed > young.words.length) grow(young, needed)
    const at = young.used
    young.used += needed
    young.mapBytes += ENTRY_BYTES + key.length
    young.at.set(key, at)
    for (let i = 0; i < PATH_WORDS; i++) young.words[at + i] = row.paths[row.pathAt + i] as number
    writeValue(young, at, value)
    return at
  }

  function replace(record: number, key: StateKey, row: RememberedRow): void {
    const fits = wordsOf(young.words[record + PATH_WORDS] as number) >= wordsOf(row.value?.length ?? -1)
    if (fits) writeValue(young, record, row.value)
    else append(key, row)
  }

  return {
    find,
    epoch: () => epoch,
    pathInto(record, to, at) {
      for (let i = 0; i < PATH_WORDS; i++) to[at + i] = young.words[record + i] as number
    },
    pathsInto(records, from, to, changes) {
      const { words } = young
      let sum = 0
      for (let i = from; i < to; i++) {
        const record = records[i] as number
        if (record >= 0) sum ^= (words[record] as number) ^ (words[record + PATH_WORDS - 1] as number)
      }
      touched[0] = sum
      for (let i = from; i < to; i++) {
        const record = records[i] as number
        if (record < 0) continue
        const at = i * CHANGE_WORDS
        for (let word = 0; word < PATH_WORDS; word++) changes[at + word] = words[record + word] as number
      }
    },
    touchValues(records, from, to) {
      const { words } = young
      let sum = 0
      for (let i = from; i < to; i++) {
        const record = records[i] as number
        if (record >= 0)
          sum ^=
            (words[record + PATH_WORDS] as number) ^ (words[record + 2 * PATH_WORDS + HEAD_WORDS] as number)
      }
      touched[0] = sum
    },
    valueOf: (record) => valueAt(young.words, young.bytes, record),
    add(key, row) {
      append(key, row)
    },
    put(key, row) {
      const record = young.at.get(key)
      if (record === undefined) append(key, row)
      else replace(record, key, row)
    },
    replace,
    clear() {
      young = newGeneration()
      old = newGeneration()
      epoch++
    },
  }
}

function newGeneration(): Generation {
  return { at: new Map(), words: new Int32Array(0), bytes: new Uint8Array(0), used: 0, mapBytes: 0 }
}

function grow(generation: Generation, words: number): void {
  const larger = new Int32Array(Math.max(4096, 2 * (generation.used + words)))
  larger.set(generation.words)
  generation.words = larger
  generation.bytes = new Uint8Array(larger.buffer)
}

function wordsOf(length: number): number {
  return length < 0 ? 0 : (length + 3) >> 2
}

function valueAt(words: Int32Array, bytes: Uint8Array, at: number): Uint8Array | null {
  const length = words[at + PATH_WORDS] as number
  if (length < 0) return null
  const start = 4 * (at + HEAD_WORDS)
  return bytes.subarray(start, start + length)
}

function writeValue({ words, bytes }: Generation, at: number, value: Uint8Array | null): void {
  words[at + PATH_WORDS] = value?.length ?? -1
  if (value) bytes.set(value, 4 * (at + HEAD_WORDS))
}
