import {
  address,
  bool,
  bytes,
  decodeKey,
  encodeKey,
  fixedBytes,
  hash,
  type KeyCodec,
  list,
  option,
  text,
  tuple,
  u8,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { keyShapes } from './shapes.ts'

const runs = { numRuns: 1_000 }

describe('the key of any value of any key type', () => {
  test('sorts as the value does', () => {
    const pairs = keyShapes.chain((shape) => fc.tuple(fc.constant(shape), shape.values, shape.values))
    fc.assert(
      fc.property(pairs, ([{ codec, compare }, a, b]) => {
        const [keyA, keyB] = [encodeKey(codec, a), encodeKey(codec, b)]
        const order = keyA < keyB ? -1 : keyA > keyB ? 1 : 0
        expect(order).toBe(Math.sign(compare(a as never, b as never)))
      }),
      runs,
    )
  })

  test('is hex that decodes to the value', () => {
    fc.assert(
      fc.property(
        keyShapes.chain((shape) => fc.tuple(fc.constant(shape), shape.values)),
        ([{ codec }, value]) => {
          const key = encodeKey(codec, value)
          expect(key).toMatch(/^([0-9a-f]{2})*$/)
          expect(decodeKey(codec, key)).toStrictEqual(value)
        },
      ),
      runs,
    )
  })

  test('is never the beginning of another value’s key', () => {
    const pairs = keyShapes.chain((shape) => fc.tuple(fc.constant(shape), shape.values, shape.values))
    fc.assert(
      fc.property(pairs, ([{ codec }, a, b]) => {
        const [keyA, keyB] = [encodeKey(codec, a), encodeKey(codec, b)]
        if (keyA !== keyB) expect(keyA.startsWith(keyB)).toBe(false)
      }),
      runs,
    )
  })
})

describe('the first members of a tuple', () => {
  const deadline = tuple(text({ bytesMax: 8 }), u64, bool)
  const prefix = (members: readonly unknown[]) => deadline.writeKeyPrefix?.(members)
  const members = fc.tuple(
    fc.string({ unit: 'binary', maxLength: 2 }),
    fc.bigInt({ min: 0n, max: 3n }),
    fc.boolean(),
  )

  test('give the beginning of the keys that have them, and of no others', () => {
    fc.assert(
      fc.property(members, members, fc.nat({ max: 3 }), (a, b, count) => {
        const alike = encodeKey(tuple(text({ bytesMax: 8 }), u64, bool), a).startsWith(
          prefix(b.slice(0, count)) ?? '-',
        )
        expect(alike).toBe(a.slice(0, count).every((member, i) => member === b[i]))
      }),
      runs,
    )
  })

  test('may be none, and are refused beyond the last', () => {
    expect(prefix([])).toBe('')
    expect(prefix(['a', 1n])).toBe('6100010000000000000001')
    const refusal = refusalOf(() => prefix(['a', 1n, true, 5]))
    expect(refusal.message).toBe('Expected the first members of a tuple of 3, got ["a","1n",true,5].')
  })

  test('exist on tuples only', () => {
    expect(u8).not.toHaveProperty('writeKeyPrefix')
    expect(tuple(u8)).toHaveProperty('writeKeyPrefix')
  })
})

test('a type that has no order, or a tuple of one, is no key', () => {
  for (const codec of [unit, option(u8), list(u8, { max: 2 }), tuple(u8, option(u8)), tuple(unit)])
    expect(codec).not.toHaveProperty('writeKey')
})

describe('a key is refused', () => {
  const name = text({ bytesMax: 2 })

  test.each<[what: string, KeyCodec<unknown>, hex: string]>([
    ['that is too short', u32, '000000'],
    ['that is too long', u32, '0000000000'],
    ['of half a byte', u8, '0'],
    ['that is empty', address, ''],
    ['in upper case', u8, 'AB'],
    ['that is not hex', hash, 'g'.repeat(64)],
    ['that is not ASCII', u8, '٠١'],
    ['with a boolean of 2', bool, '02'],
    ['of text without an end', name, '61'],
    ['of text with more behind its end', name, '61000161'],
    ['of text with another byte after 00', name, '6100020001'],
    ['of text over its bound', name, '6161610001'],
    ['of text that is not UTF-8', name, 'ff0001'],
    ['of bytes over their bound', bytes({ bytesMax: 1 }), '00ff00ff0001'],
    ['of a tuple without its last member', tuple(u8, fixedBytes(2)), '01ff'],
  ])('%s', (_, codec, hex) => {
    const refusal = refusalOf(() => decodeKey(codec, hex))
    expect([refusal.code, refusal.values]).toEqual(['codec/BAD_KEY', { hex }])
  })

  test.each<[KeyCodec<unknown>, value: unknown, message: string]>([
    [bool, 1, 'Expected a boolean, got 1.'],
    [u8, 256, 'Expected an integer from 0 to 255, got 256.'],
    [u64, 1, `Expected a bigint from 0 to ${2n ** 64n - 1n}, got 1.`],
    [hash, 'ab', 'Expected a hash, got "ab".'],
    [address, 'ab', 'Expected an address, got "ab".'],
    [fixedBytes(2), new Uint8Array(1), 'Expected 2 bytes, got 1 bytes.'],
    [bytes({ bytesMax: 1 }), new Uint8Array(2), 'The length 2 is over the bound of 1.'],
    [bytes({ bytesMax: 1 }), 'ab', 'Expected bytes, got "ab".'],
    [name, 5, 'Expected text, got 5.'],
    [name, 'abc', 'The length 3 is over the bound of 2.'],
    [tuple(u8, u8), [1], 'Expected a tuple of 2, got [1].'],
  ])('when the value is not of its type: %#', (codec, value, message) => {
    expect(refusalOf(() => encodeKey(codec, value)).message).toBe(message)
  })
})
