// SHA-256 of many short messages: they gather by their lengths, and those of one length in blocks are hashed together.
import { sha256Into } from '@mmtchain/crypto'
import type { KeyBytes } from './key-bytes.ts'
import { LANES_START, type Lanes } from './sha256-lanes.ts'

/** Where messages are written, one by one, and their hashes go. */
export interface MessageHasher {
  /** All memory that messages are written to. */
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Forgets messages that wait, as after an error; the next hashes go to `to`. */
  begin(to: Int32Array): void
  /**
   * Where the next message of so many bytes, MESSAGE_BYTES_MAX at most, has to be written before anything else is asked: a byte of
   * `bytes`, on a whole word. Its hash goes to the word `at`, no later than `finish`.
   */
  room(length: number, at: number): number
  /** Hashes what waits. */
  finish(): void
}

/** The longest message: with its padding it has four blocks. */
export const MESSAGE_BYTES_MAX = 4 * 64 - 9
const BLOCKS_MAX = 4
/** Messages of one length in blocks that are hashed together: a multiple of four, and few enough to stay near the processor. */
const GATHERED = 64
const HASH_BYTES = 32
/** What all that waits takes, and the hashes of one length in blocks. */
export const MESSAGES_ROOM = 64 * GATHERED * (1 + 2 + 3 + 4) + HASH_BYTES * GATHERED

/** Messages of one length in blocks, which lie at `from`. */
interface Gathered {
  readonly blocks: number
  readonly from: number
  count: number
  /** Where the hashes go, and for how long a message each place has its padding. */
  readonly ats: Uint32Array
  readonly lengths: Uint32Array
}

/** Without lanes, on hosts that have no vectors, one message is hashed after the other. */
export function messageHasher(lanes: Lanes | undefined): MessageHasher {
  const words = lanes?.words ?? new Int32Array((LANES_START + MESSAGES_ROOM) / 4)
  const bytes = lanes?.bytes ?? new Uint8Array(words.buffer)
  let used = LANES_START
  const all = Array.from({ length: BLOCKS_MAX }, (_, i): Gathered => {
    const from = used
    used += (i + 1) * 64 * GATHERED
    const lengths = new Uint32Array(GATHERED).fill(2 ** 32 - 1)
    return { blocks: i + 1, from, count: 0, ats: new Uint32Array(GATHERED), lengths }
  })
  const hashes = used
  let target: Int32Array = new Int32Array(0)

  function hashAll(those: Gathered): void {
    const { blocks, from, count, ats, lengths } = those
    if (lanes && count === 1) lanes.message(from, hashes, blocks)
    else if (lanes) lanes.messages(from, hashes, blocks, (count + 3) >> 2)
    else
      for (let i = 0; i < count; i++) {
        const start = from + i * blocks * 64
        sha256Into(bytes, hashes + i * HASH_BYTES, bytes.subarray(start, start + (lengths[i] as number)))
      }
    for (let i = 0; i < count; i++) {
      const at = ats[i] as number
      const hash = (hashes + i * HASH_BYTES) >> 2
      for (let word = 0; word < HASH_BYTES / 4; word++) target[at + word] = words[hash + word] as number
    }
    those.count = 0
  }

  return {
    bytes,
    words,
    begin(to) {
      target = to
      for (const those of all) those.count = 0
    },
    room(length, at) {
      const those = all[(length + 8) >> 6] as Gathered
      if (those.count === GATHERED) hashAll(those)
      const i = those.count++
      const start = those.from + i * those.blocks * 64
      those.ats[i] = at
      if (those.lengths[i] !== length) {
        those.lengths[i] = length
        pad(bytes, start, length, start + those.blocks * 64)
      }
      return start
    },
    finish() {
      for (const those of all) if (those.count > 0) hashAll(those)
    },
  }
}

/** Has the hash of a message written to the word `at`, after `begin`. */
export function addMessage(messages: MessageHasher, message: Uint8Array, to: Int32Array, at: number): void {
  if (message.length > MESSAGE_BYTES_MAX) {
    sha256Into(new Uint8Array(to.buffer), to.byteOffset + 4 * at, message)
    return
  }
  const start = messages.room(message.length, at)
  for (let i = 0; i < message.length; i++) messages.bytes[start + i] = message[i] as number
}

/** Writes H(key) to the word `at`. Nothing else may wait. */
export function hashKeyWith(
  messages: MessageHasher,
  { words, bytes, length }: KeyBytes,
  to: Int32Array,
  at: number,
): void {
  messages.begin(to)
  if (length > MESSAGE_BYTES_MAX) addMessage(messages, bytes.subarray(0, length), to, at)
  else {
    const start = messages.room(length, at)
    const whole = length >> 2
    for (let word = 0; word < whole; word++) messages.words[(start >> 2) + word] = words[word] as number
    for (let byte = 4 * whole; byte < length; byte++) messages.bytes[start + byte] = bytes[byte] as number
  }
  messages.finish()
}

/** FIPS 180-4, section 5.1.1: a bit, zeros, and the length in bits, up to `end`. */
function pad(bytes: Uint8Array, start: number, length: number, end: number): void {
  bytes.fill(0, start + length, end)
  bytes[start + length] = 0x80
  bytes[end - 2] = length >> 5
  bytes[end - 1] = length << 3
}
