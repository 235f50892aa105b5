// Rows that were read or written lately, packed into a few large arrays: one object a row would cost more than the row itself,
// and the collector would walk over all of them again and again. A map from keys would read two strings that are in no cache for each key
// that it does not have.
import type { StateKey } from '@mmtchain/kernel'
import { type KeyBytes, keyBytes, readKey } from './key-bytes.ts'
import { keyHasher } from './key-hash.ts'
import { CHANGE_WORDS } from './staged-rows.ts'

/** A bounded memory of rows, and of keys that have none. */
export interface RowMemory {
  /** The record of a key, −1 when nothing is known. It is good for as long as `epoch` stays the same. Throws `primitives/NOT_HEX`. */
  find(key: StateKey): number
  /** The key that was asked for last. */
  readonly asked: KeyBytes
  epoch(): number
  /** Writes H(key) of a record to the word `at`. */
  pathInto(record: number, to: Int32Array, at: number): void
  /** The same of `records` from one to before another that are not −1; that of the n-th goes to the n-th row of `changes`. */
  pathsInto(records: Int32Array, from: number, to: number, changes: Int32Array): void
  /** Reads what `valueOf` will need of such records, so that what is needed of one is fetched beside that of the others. */
  touchValues(records: Int32Array, from: number, to: number): void
  /** The value of a record, null for no row. A view of memory that is good until the next `put`. */
  valueOf(record: number): Uint8Array | null
  /** Remembers the row, or null for none, of the key that `find` was asked for last and knew nothing of, with H(key) at the word `pathAt` of `paths`. */
  add(row: RememberedRow): void
  /** The same of any key. */
  put(key: StateKey, row: RememberedRow): void
  /** Writes `length` bytes of words from one on over the value of a record, −1 for no row. False where they have no room: then `put` has. */
  overwrite(record: number, words: Int32Array, start: number, length: number): boolean
  clear(): void
}

export interface RememberedRow {
  readonly paths: Int32Array
  readonly pathAt: number
  readonly value: Uint8Array | null
}

/** Whatever was read of memory only to have it fetched before a loop that would wait for each. */
const touched = new Int32Array(1)

/** A record: H(key), the lengths of key and value in bytes, −1 for no row, then both in whole words; zeros fill up those of a key. */
const PATH_WORDS = 8
const KEY_LENGTH = PATH_WORDS
const VALUE_LENGTH = PATH_WORDS + 1
const HEAD_WORDS = PATH_WORDS + 2

/** A slot: the hash of a key, and its record + 1, or 0 for none. */
const SLOT_WORDS = 2
const SLOTS_MIN = 16
/** No generation grows beyond this, so that a word has room for the place of every record. */
const GENERATION_BYTES_MAX = 2 ** 32

/** Records one behind the other, and an open-addressed table of them that is half full at most. */
interface Generation {
  slots: Int32Array
  words: Int32Array
  bytes: Uint8Array
  /** Words in use. */
  used: number
  /** How many keys there are. */
  count: number
}

/**
 * Two generations: what is used is in the young one or moves there; when that takes half of the memory it becomes the old one, and what was
 * in the old one is forgotten.
 */
export function rowMemory(bytesMax: number): RowMemory {
  const generationMax = Math.min(bytesMax / 2, GENERATION_BYTES_MAX)
  const asked = keyBytes()
  let askedHash = 0
  const hashOf = keyHasher()
  let young = newGeneration()
  let old = newGeneration()
  let epoch = 0

  function ask(key: StateKey): void {
    readKey(key, asked)
    askedHash = hashOf(asked.words, asked.length)
  }

  function find(key: StateKey): number {
    ask(key)
    const record = recordOf(young, asked, askedHash)
    if (record >= 0) return record
    const { words, bytes } = old
    const aged = recordOf(old, asked, askedHash)
    return aged < 0 ? -1 : append({ paths: words, pathAt: aged, value: valueAt(words, bytes, aged) })
  }

  /** Writes a record of the key that is asked for. */
  function append(row: RememberedRow): number {
    const { value } = row
    const keyWords = wordsOf(asked.length)
    const needed = HEAD_WORDS + keyWords + wordsOf(value?.length ?? 0)
    if (bytesWith(young, needed) > generationMax) {
      old = young
      young = newGeneration()
      epoch++
    }
    makeRoom(young, needed, generationMax)
    const { words } = young
    const at = young.used
    young.used += needed
    for (let i = 0; i < PATH_WORDS; i++) words[at + i] = row.paths[row.pathAt + i] as number
    words[at + KEY_LENGTH] = asked.length
    for (let i = 0; i < keyWords; i++) words[at + HEAD_WORDS + i] = asked.words[i] as number
    writeValue(young, at, value)
    putSlot(young, slotOf(young, asked, askedHash), askedHash, at)
    return at
  }

  function put(key: StateKey, row: RememberedRow): void {
    ask(key)
    const record = recordOf(young, asked, askedHash)
    if (record < 0 || !fits(young, record, row.value?.length ?? -1)) append(row)
    else writeValue(young, record, row.value)
  }

  return {
    find,
    asked,
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
        if (record < 0) continue
        sum ^= words[record + VALUE_LENGTH] as number
        for (let ahead = 16; ahead <= 48; ahead += 16) sum ^= words[record + ahead] as number
      }
      touched[0] = sum
    },
    valueOf: (record) => valueAt(young.words, young.bytes, record),
    add(row) {
      append(row)
    },
    put,
    overwrite(record, from, start, length) {
      const { words } = young
      if (!fits(young, record, length)) return false
      words[record + VALUE_LENGTH] = length
      const at = valueWord(words, record)
      const count = wordsOf(Math.max(length, 0))
      for (let i = 0; i < count; i++) words[at + i] = from[start + i] as number
      return true
    },
    clear() {
      young = newGeneration()
      old = newGeneration()
      epoch++
    },
  }
}

function newGeneration(): Generation {
  const slots = new Int32Array(SLOT_WORDS * SLOTS_MIN)
  return { slots, words: new Int32Array(0), bytes: new Uint8Array(0), used: 0, count: 0 }
}

/** The memory that a generation takes with one more record of so many words. */
function bytesWith({ slots, used, count }: Generation, needed: number): number {
  return 4 * (used + needed + (isFull(slots, count) ? 2 : 1) * slots.length)
}

function isFull(slots: Int32Array, count: number): boolean {
  return SLOT_WORDS * 2 * (count + 1) > slots.length
}

/** For one more record of so many words. */
function makeRoom(generation: Generation, needed: number, bytesMax: number): void {
  const { slots, words, used, count } = generation
  if (isFull(slots, count)) {
    generation.slots = new Int32Array(2 * slots.length)
    generation.count = 0
    for (let slot = 0; slot < slots.length; slot += SLOT_WORDS) {
      const [hash, place] = [slots[slot] as number, slots[slot + 1] as number]
      if (place > 0) putSlot(generation, freeSlot(generation.slots, hash), hash, place - 1)
    }
  }
  const end = used + needed
  if (end <= words.length) return
  const room = Math.floor(bytesMax / 4) - generation.slots.length
  const larger = new Int32Array(Math.max(end, Math.min(Math.max(4096, 2 * end), room)))
  larger.set(words.subarray(0, used))
  generation.words = larger
  generation.bytes = new Uint8Array(larger.buffer)
}

function putSlot(generation: Generation, slot: number, hash: number, record: number): void {
  const { slots } = generation
  if (slots[slot + 1] === 0) generation.count++
  slots[slot] = hash
  slots[slot + 1] = record + 1
}

/** The slot that has a key, or the free one in which it has its place. */
function slotOf({ slots, words }: Generation, key: KeyBytes, hash: number): number {
  const last = slots.length - 1
  for (let slot = (SLOT_WORDS * hash) & last; ; slot = (slot + SLOT_WORDS) & last) {
    const place = slots[slot + 1] as number
    if (place === 0 || (slots[slot] === hash && hasKey(words, place - 1, key))) return slot
  }
}

function freeSlot(slots: Int32Array, hash: number): number {
  const last = slots.length - 1
  let slot = (SLOT_WORDS * hash) & last
  while (slots[slot + 1] !== 0) slot = (slot + SLOT_WORDS) & last
  return slot
}

/** The record of a key, −1 for none. */
function recordOf(generation: Generation, key: KeyBytes, hash: number): number {
  return (generation.slots[slotOf(generation, key, hash) + 1] as number) - 1
}

function hasKey(words: Int32Array, record: number, key: KeyBytes): boolean {
  if (words[record + KEY_LENGTH] !== key.length) return false
  const count = wordsOf(key.length)
  for (let i = 0; i < count; i++) if (words[record + HEAD_WORDS + i] !== key.words[i]) return false
  return true
}

function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2
}

/** Whether so many bytes, −1 for no row, have room where the value of a record is. */
function fits({ words }: Generation, record: number, length: number): boolean {
  return wordsOf(Math.max(length, 0)) <= wordsOf(Math.max(words[record + VALUE_LENGTH] as number, 0))
}

/** The word at which the value of a record begins. In bytes it may be more than 32-bit operators take. */
function valueWord(words: Int32Array, record: number): number {
  return record + HEAD_WORDS + wordsOf(words[record + KEY_LENGTH] as number)
}

function valueAt(words: Int32Array, bytes: Uint8Array, record: number): Uint8Array | null {
  const length = words[record + VALUE_LENGTH] as number
  if (length < 0) return null
  const start = 4 * valueWord(words, record)
  return bytes.subarray(start, start + length)
}

function writeValue({ words, bytes }: Generation, record: number, value: Uint8Array | null): void {
  words[record + VALUE_LENGTH] = value?.length ?? -1
  if (value) bytes.set(value, 4 * valueWord(words, record))
}
