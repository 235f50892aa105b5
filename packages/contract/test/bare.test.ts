// The codecs of a built contract write and read the same bytes and keys as those of the chain.
import * as full from '@mmtchain/codec'
import { addressFromBytes, hash, toHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as bareNamed from '../dist/bare.js'

const bare = bareNamed as unknown as typeof full

interface Case {
  readonly make: (from: typeof full) => full.Codec<unknown>
  readonly values: fc.Arbitrary<unknown>
  readonly isKey: boolean
}
const of = (make: (from: typeof full) => unknown, values: fc.Arbitrary<unknown>, isKey = true): Case => ({
  ...{ make: make as Case['make'], values, isKey },
})
const unsigned = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })
const raw = (max: number) => fc.uint8Array({ maxLength: max }).map((bytes) => Uint8Array.from(bytes))
const fixed = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Uint8Array.from(bytes))

const simple: readonly Case[] = [
  of((c) => c.u8, fc.nat(255)),
  of((c) => c.u16, fc.nat(65_535)),
  of((c) => c.u32, fc.nat(0xffff_ffff)),
  of((c) => c.u64, unsigned(64)),
  of((c) => c.u128, unsigned(128)),
  of((c) => c.amount, unsigned(64)),
  of((c) => c.amountSum, unsigned(128)),
  of((c) => c.height, unsigned(64)),
  of((c) => c.bool, fc.boolean()),
  of((c) => c.address, fixed(32).map(addressFromBytes)),
  of(
    (c) => c.hash,
    fixed(32).map((bytes) => hash(bytes)),
  ),
  of((c) => c.fixedBytes(20), fixed(20)),
  of((c) => c.bytes({ bytesMax: 300 }), raw(300)),
  of((c) => c.text({ bytesMax: 400 }), fc.string({ unit: 'grapheme', maxLength: 40 })),
]
const any = fc.constantFrom(...simple)
const composed: readonly ((one: Case, two: Case) => Case)[] = [
  (one, two) => of((c) => c.tuple(one.make(c), two.make(c)), fc.tuple(one.values, two.values)),
  (one, two) =>
    of(
      (c) => c.struct({ a: one.make(c), b: two.make(c) }),
      fc.record({ a: one.values, b: two.values }),
      false,
    ),
  (one) => of((c) => c.option(one.make(c)), fc.option(one.values), false),
  (one) => of((c) => c.list(one.make(c), { max: 200 }), fc.array(one.values, { maxLength: 150 }), false),
  (one) =>
    of(
      (c) => c.set(one.make(c), { max: 20 }),
      fc.uniqueArray(one.values, {
        maxLength: 20,
        selector: (value) => toHex(full.encode(one.make(full), value)),
      }),
      false,
    ),
  (one, two) =>
    of(
      (c) => c.map(one.make(c), two.make(c), { max: 20 }),
      fc
        .uniqueArray(fc.tuple(one.values, two.values), {
          maxLength: 20,
          selector: ([name]) => toHex(full.encode(one.make(full), name)),
        })
        .map((pairs) => new Map(pairs)),
      false,
    ),
  (one, two) =>
    of(
      (c) => c.union({ a: one.make(c), b: two.make(c) }),
      fc.oneof(
        one.values.map((value) => ({ kind: 'a', value })),
        two.values.map((value) => ({ kind: 'b', value })),
      ),
      false,
    ),
]
const cases = fc.oneof(
  any,
  fc.tuple(fc.constantFrom(...composed), any, any).map(([compose, one, two]) => compose(one, two)),
)

test('every value has the same bytes, and is read back the same', () => {
  fc.assert(
    fc.property(
      cases.chain((one) => fc.tuple(fc.constant(one), one.values)),
      ([{ make }, value]) => {
        const bytes = full.encode(make(full), value)
        expect(toHex(bare.encode(make(bare), value))).toBe(toHex(bytes))
        expect(bare.decode(make(bare), bytes)).toEqual(full.decode(make(full), bytes))
      },
    ),
    { numRuns: 1_500 },
  )
})

test('every key has the same form, and is read back the same', () => {
  const keys = cases.filter(({ isKey }) => isKey)
  fc.assert(
    fc.property(
      keys.chain((one) => fc.tuple(fc.constant(one), one.values)),
      ([{ make }, value]) => {
        const key = full.encodeKey(make(full) as never, value as never)
        expect(bare.encodeKey(make(bare) as never, value as never)).toBe(key)
        expect(bare.decodeKey(make(bare) as never, key)).toEqual(full.decodeKey(make(full) as never, key))
      },
    ),
    { numRuns: 800 },
  )
})

test('bytes that one refuses, the other refuses, and what both read is the same', () => {
  const outcome = (run: () => unknown) => {
    try {
      return { value: run() }
    } catch {
      return 'refused'
    }
  }
  fc.assert(
    fc.property(cases, fc.uint8Array({ maxLength: 60 }), ({ make }, given) => {
      const bytes = Uint8Array.from(given)
      expect(outcome(() => bare.decode(make(bare), bytes))).toEqual(
        outcome(() => full.decode(make(full), bytes)),
      )
    }),
    { numRuns: 4_000 },
  )
})

test('values that one refuses to write, the other refuses', () => {
  const strange = [
    null,
    undefined,
    -1,
    1.5,
    NaN,
    256,
    2 ** 32,
    -1n,
    1n << 64n,
    '',
    '0x',
    'x\ud800',
    [],
    {},
    new Map(),
    new Uint8Array(3),
    true,
  ]
  for (const { make } of simple)
    for (const value of strange) {
      const refuses = (run: () => unknown) => {
        try {
          run()
          return false
        } catch {
          return true
        }
      }
      const [theirs, ours] = [full, bare].map((from) => refuses(() => from.encode(make(from), value)))
      expect(ours, `${JSON.stringify(make(full).schema)} ${String(value)}`).toBe(theirs)
    }
})
