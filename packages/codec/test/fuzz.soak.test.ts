import {
  type Codec,
  decode,
  decodeKey,
  encode,
  encodeKey,
  fromJson,
  type KeyCodec,
  toJson,
} from '@mmtchain/codec'
import { equalBytes, isChainError, toHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shapes } from './shapes.ts'

// MMT_SOAK_SCALE is the percentage of a million inputs; MMT_SEED repeats a run.
const INPUTS = Math.ceil(10_000 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const INPUTS_PER_TYPE = 100
const INPUT_MS_MAX = 10_000

/** A small generator of pseudo-random numbers (xorshift32, Marsaglia 2003), so that a seed repeats a run. */
function generator(seed: number) {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  return (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
const random = generator(SEED)
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T

/** Bytes that lengths, tags and text begin with more often than chance would have it. */
const telling = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf4, 0xff]
const someByte = () => (random(2) === 0 ? pick(telling) : random(256))
const randomBytes = (below: number) => Uint8Array.from({ length: random(below) }, someByte)

/** One change: a byte set, bits flipped, a part cut out, put in, doubled or moved, the end cut off. */
function mutated(bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length + 1)
  const count = random(Math.min(9, bytes.length - at + 1))
  const [head, part, tail] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + count),
    bytes.subarray(at + count),
  ]
  switch (random(6)) {
    case 0:
      return Uint8Array.of(...head, someByte(), ...tail)
    case 1:
      return Uint8Array.of(...head, ...part.map((byte) => byte ^ (1 << random(8))), ...tail)
    case 2:
      return Uint8Array.of(...head, ...tail)
    case 3:
      return Uint8Array.of(...head, ...part, ...randomBytes(6), ...tail)
    case 4:
      return Uint8Array.of(...head, ...part, ...part, ...tail)
    default:
      return Uint8Array.of(...tail, ...part)
  }
}

/** What `run` gives, or undefined when it is refused by this package; anything else that it throws fails the test. */
function accepted<T>(run: () => T): T | undefined {
  const start = performance.now()
  const value = valueOrRefusal(run)
  if (performance.now() - start > INPUT_MS_MAX) throw new Error('An input took too long.')
  return value
}

function valueOrRefusal<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (!isChainError(error) || !error.code.startsWith('codec/')) throw error
    return undefined
  }
}

interface Subject {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly seeds: readonly Uint8Array[]
}

function subjects(count: number): readonly Subject[] {
  return fc.sample(shapes, { numRuns: count, seed: SEED }).map(({ name, codec, values }) => ({
    name,
    codec,
    seeds: fc.sample(values, { numRuns: 8, seed: SEED }).map((value) => encode(codec, value)),
  }))
}

function inputFor({ seeds }: Subject): Uint8Array {
  if (random(4) === 0) return randomBytes(64)
  let input = pick(seeds)
  for (let changes = 1 + random(3); changes > 0; changes--) input = mutated(input)
  return input
}

/** A value that was read has this one encoding, one JSON form that reads back, and one key. */
function checkAccepted(codec: Codec<unknown>, value: unknown, input: Uint8Array): void {
  if (!equalBytes(encode(codec, value), input)) throw new Error('Two encodings of one value.')
  const json = toJson(codec, value, { addressPrefix: 'mmt' })
  const read = fromJson(codec, JSON.parse(JSON.stringify(json)), { addressPrefix: 'mmt' })
  if (!equalBytes(encode(codec, read), input)) throw new Error('The JSON form is of another value.')
}

function checkKey(codec: KeyCodec<unknown>, hex: string): void {
  const value = accepted(() => decodeKey(codec, hex))
  if (value !== undefined && encodeKey(codec, value) !== hex) throw new Error('Two keys of one value.')
}

/** JSON of the right kind here and there, and of the wrong one elsewhere. */
const oddities = [
  null,
  true,
  -1,
  0.5,
  2 ** 53,
  '',
  '0',
  '00',
  'ab',
  '\ud800',
  [],
  [[]],
  {},
  { kind: 'a', value: null },
]
function mutatedJson(json: unknown): unknown {
  if (random(4) === 0) return pick(oddities)
  if (Array.isArray(json)) {
    const items = json.map((item) => (random(2) === 0 ? mutatedJson(item) : item))
    return random(3) === 0 ? [...items, ...items] : items
  }
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).map(([name, part]) => [
    name,
    random(2) === 0 ? mutatedJson(part) : part,
  ])
  return Object.fromEntries(random(4) === 0 ? entries.slice(1) : entries)
}

function checkJson(codec: Codec<unknown>, json: unknown): void {
  const value = accepted(() => fromJson(codec, json))
  if (value === undefined) return
  const encoded = encode(codec, value)
  if (!equalBytes(encode(codec, decode(codec, encoded)), encoded))
    throw new Error('JSON of no value was read.')
}

test(`${INPUTS} random and mutated inputs are refused with a code or have one encoding (MMT_SEED=${SEED})`, () => {
  console.info(`fuzz: ${INPUTS} inputs, MMT_SEED=${SEED}`)
  let values = 0
  for (const subject of subjects(Math.ceil(INPUTS / INPUTS_PER_TYPE))) {
    const { codec, name } = subject
    for (let i = 0; i < INPUTS_PER_TYPE; i++) {
      const input = inputFor(subject)
      try {
        const value = accepted(() => decode(codec, input))
        if (value !== undefined) checkAccepted(codec, value, input)
        if (value !== undefined) values++
        if (value !== undefined && i % 4 === 0)
          checkJson(codec, mutatedJson(toJson(codec, value, { addressPrefix: 'mmt' })))
        if ('writeKey' in codec) checkKey(codec as KeyCodec<unknown>, toHex(input))
      } catch (cause) {
        throw new Error(`${name} with ${toHex(input)}, MMT_SEED=${SEED}`, { cause })
      }
    }
  }
  // Enough inputs pass the first checks to reach the later ones.
  expect(values).toBeGreaterThan(INPUTS / 20)
})
