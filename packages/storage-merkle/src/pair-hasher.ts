// SHA-256 of many pairs and short messages at once, by the fastest ways that this host has.
import { sha256 } from '@mmtchain/crypto'
import { MESSAGES_ROOM, type MessageHasher, messageHasher } from './message-hasher.ts'
import { LANES_END, LANES_START, type Lanes, lanes } from './sha256-lanes.ts'

export type PairHasherName = 'native' | 'wasm' | 'portable'

export interface PairHasher {
  readonly name: PairHasherName
  /** Hashes the 64-byte pairs of `input` into the 32-byte hashes of `output`; both whole, in the same order. */
  hash(input: Uint8Array, output: Uint8Array): void
  /** For messages of other lengths. */
  readonly messages: MessageHasher
}

type HashInto = PairHasher['hash']

/** By a name that bundlers do not follow: it is not there on every platform, and its binaries do not bundle. */
const NATIVE: string = '@chainsafe/hashtree'

const loaders: readonly (readonly [PairHasherName, (vectors: Lanes | undefined) => Promise<HashInto>])[] = [
  ['native', async () => ((await import(NATIVE)) as { readonly hashInto: HashInto }).hashInto],
  ['wasm', async (vectors) => hashInLanes(vectors ?? (await lanes()))],
  ['portable', async () => hashOneByOne],
]

/** The fastest pair hasher that loads and answers right, or the one of `name` alone. Throws what its loading threw. */
export async function loadPairHasher(name?: PairHasherName): Promise<PairHasher> {
  const vectors = name === 'portable' ? undefined : await lanes().catch(() => undefined)
  let failure: unknown
  for (const [candidate, load] of loaders) {
    if (name !== undefined && candidate !== name) continue
    try {
      const hash = await load(vectors)
      if (answersRight(hash)) return { name: candidate, hash, messages: rightMessages(vectors) }
      failure = new Error(`the ${candidate} pair hasher answers wrong`)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** Compares with the crypto package on more pairs than any implementation handles at once. */
function answersRight(hash: HashInto): boolean {
  const input = someBytes(64 * 21)
  const [got, want] = [new Uint8Array(32 * 21), new Uint8Array(32 * 21)]
  hash(input, got)
  hashOneByOne(input, want)
  return got.every((byte, i) => byte === want[i])
}

/** By vectors if they answer right for messages of every number of blocks, together and alone. */
function rightMessages(vectors: Lanes | undefined): MessageHasher {
  const messages = messageHasher(vectors)
  const input = someBytes(240)
  const lengths = [0, 55, 56, 100, 119, 120, 180, 200, 230]
  const want = lengths.flatMap((length) => [...sha256(input.subarray(0, length))])
  const isRight = [false, true].every((alone) => {
    const got = new Int32Array(8 * lengths.length)
    messages.begin(got)
    for (const [i, length] of lengths.entries()) {
      messages.bytes.set(input.subarray(0, length), messages.room(length, 8 * i))
      if (alone) messages.finish()
    }
    messages.finish()
    return new Uint8Array(got.buffer).every((byte, i) => byte === want[i])
  })
  return isRight ? messages : messageHasher(undefined)
}

function someBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 131) >> 3)
}

function hashOneByOne(input: Uint8Array, output: Uint8Array): void {
  for (let at = 0; at < input.length; at += 64) output.set(sha256(input.subarray(at, at + 64)), at >> 1)
}

/** Behind the messages that wait. */
const PAIRS_AT = LANES_START + MESSAGES_ROOM
const PAIRS_MAX = Math.floor((LANES_END - PAIRS_AT) / (4 * 96)) * 4
const HASHES_AT = PAIRS_AT + 64 * PAIRS_MAX

function hashInLanes({ bytes, pairs }: Lanes): HashInto {
  return (input, output) => {
    const count = input.length / 64
    for (let from = 0; from < count; from += PAIRS_MAX) {
      const to = Math.min(from + PAIRS_MAX, count)
      bytes.set(input.subarray(64 * from, 64 * to), PAIRS_AT)
      pairs(PAIRS_AT, HASHES_AT, Math.ceil((to - from) / 4))
      output.set(bytes.subarray(HASHES_AT, HASHES_AT + 32 * (to - from)), 32 * from)
    }
  }
}
