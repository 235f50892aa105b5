// SHA-256 of many 64-byte pairs at once, by the fastest way that this host has.
import { sha256 } from '@mmtchain/crypto'

export type PairHasherName = 'native' | 'wasm' | 'portable'

/** Hashes the 64-byte pairs of `input` into the 32-byte hashes of `output`; both whole, in the same order. */
export interface PairHasher {
  readonly name: PairHasherName
  hash(input: Uint8Array, output: Uint8Array): void
}

type HashInto = (input: Uint8Array, output: Uint8Array) => void

/** By a name that bundlers do not follow: it is not there on every platform, and its binaries do not bundle. */
const NATIVE: string = '@chainsafe/hashtree'

const loaders: readonly (readonly [PairHasherName, () => Promise<HashInto>])[] = [
  ['native', async () => ((await import(NATIVE)) as { readonly hashInto: HashInto }).hashInto],
  ['wasm', async () => (await import('@chainsafe/as-sha256')).hashInto],
  ['portable', async () => hashOneByOne],
]

/** The fastest pair hasher that loads and answers right, or the one of `name` alone. Throws what its loading threw. */
export async function loadPairHasher(name?: PairHasherName): Promise<PairHasher> {
  let failure: unknown
  for (const [candidate, load] of loaders) {
    if (name !== undefined && candidate !== name) continue
    try {
      const hash = await load()
      if (answersRight(hash)) return { name: candidate, hash }
      failure = new Error(`the ${candidate} pair hasher answers wrong`)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** Compares with the crypto package on more pairs than any implementation handles at once. */
function answersRight(hash: HashInto): boolean {
  const input = Uint8Array.from({ length: 64 * 21 }, (_, i) => (i * 131) >> 3)
  const [got, want] = [new Uint8Array(32 * 21), new Uint8Array(32 * 21)]
  hash(input, got)
  hashOneByOne(input, want)
  return got.every((byte, i) => byte === want[i])
}

function hashOneByOne(input: Uint8Array, output: Uint8Array): void {
  for (let at = 0; at < input.length; at += 64) output.set(sha256(input.subarray(at, at + 64)), at >> 1)
}
