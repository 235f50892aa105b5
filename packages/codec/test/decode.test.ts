import {
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  hash,
  list,
  map,
  option,
  set,
  struct,
  text,
  u8,
  u16,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import { fromHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { shapesWithValue } from './shapes.ts'

const LENGTH_MAX = 0x7fff_ffff
const refused = (codec: Codec<unknown>, hex: string) => refusalOf(() => decode(codec, fromHex(hex)))

describe('decoding refuses', () => {
  const pair = struct({ a: u8, b: list(u16, { max: 3 }) })
  const numbers = list(u8, { min: 1, max: 2 })
  const names = set(text({ bytesMax: 4 }), { max: 4 })
  const ages = map(u8, bool, { max: 4 })
  const shape = union({ none: unit, size: u8 })

  test.each<[what: string, Codec<unknown>, hex: string, code: string, values: object]>([
    ['trailing bytes', u8, '0102', 'TRAILING_BYTES', { left: 1, at: 1 }],
    ['bytes after nothing', unit, '00', 'TRAILING_BYTES', { left: 1, at: 0 }],
    ['an end within an integer', u64, '01020304050607', 'ENDS_EARLY', { want: 8, left: 7, at: 0 }],
    ['an end within a field', pair, '0102ff', 'ENDS_EARLY', { want: 4, left: 1, at: 2 }],
    ['an end within a length', numbers, '81', 'ENDS_EARLY', { want: 1, left: 0, at: 1 }],
    ['a boolean of 2', bool, '02', 'BAD_TAG', { got: 2, at: 0 }],
    ['an option of 2', option(u8), '0201', 'BAD_TAG', { got: 2, at: 0 }],
    ['a variant that is not there', shape, '02', 'BAD_TAG', { got: 2, at: 0 }],
    ['a variant of two bytes', shape, '8100', 'NOT_MINIMAL', { want: 1, got: 2, at: 0 }],
    ['a length of 0 in two bytes', numbers, '8000', 'NOT_MINIMAL', { want: 1, got: 2, at: 0 }],
    ['a length of 1 in five bytes', numbers, '8180808000', 'NOT_MINIMAL', { want: 1, got: 5, at: 0 }],
    ['a length of six bytes', numbers, '818080808001', 'LENGTH_TOO_LARGE', { at: 0 }],
    ['a length of 2^31', bytes({ bytesMax: LENGTH_MAX }), '8080808008', 'LENGTH_TOO_LARGE', { at: 0 }],
    ['a length over the bound', numbers, '03010203', 'TOO_LONG', { max: 2, got: 3, at: 0 }],
    ['a length below the least', numbers, '00', 'TOO_SHORT', { min: 1, got: 0, at: 0 }],
    ['text over the bound', text({ bytesMax: 3 }), '0461626364', 'TOO_LONG', { max: 3, got: 4, at: 0 }],
    ['set items out of order', names, '0201620161', 'NOT_SORTED', { what: 'set items', at: 3 }],
    ['set items twice', names, '0201610161', 'NOT_SORTED', { what: 'set items', at: 3 }],
    ['a shorter set item later', names, '020261610162', 'NOT_SORTED', { what: 'set items', at: 4 }],
    ['map keys out of order', ages, '0202000100', 'NOT_SORTED', { what: 'map keys', at: 3 }],
    ['map keys twice', ages, '0201000101', 'NOT_SORTED', { what: 'map keys', at: 3 }],
  ])('%s', (_, codec, hex, code, values) => {
    const { code: found, values: facts, message, hint } = refused(codec, hex)
    expect(found).toBe(`codec/${code}`)
    expect(facts).toMatchObject(values)
    expect(message).toMatch(/^At byte \d+: \S/)
    expect(hint).toMatch(/\.$/)
  })

  test.each([
    ['a lone continuation byte', '80'],
    ['a character that is cut short', 'e282'],
    ['an overlong form', 'c080'],
    ['an overlong form of three bytes', 'e08080'],
    ['a surrogate', 'eda080'],
    ['a pair of surrogates', 'eda0bdedb880'],
    ['a number over U+10FFFF', 'f4908080'],
    ['the byte ff', 'ff'],
  ])('text with %s, short or long', (_, hex) => {
    for (const ascii of [0, 1, 30, 200]) {
      const body = '61'.repeat(ascii) + hex
      const refusal = refused(
        text({ bytesMax: 300 }),
        Buffer.from(encode(bytes({ bytesMax: 300 }), fromHex(body))).toString('hex'),
      )
      expect(refusal.code).toBe('codec/BAD_TEXT')
      expect(refusal.message).toContain('well-formed Unicode text, got bytes that begin')
    }
  })

  test('anything but bytes', () => {
    expect(refusalOf(() => decode(u8, '01' as never)).message).toBe('Expected bytes, got "01".')
  })

  test('every proper beginning of a value, and a value with more behind it', () => {
    fc.assert(
      fc.property(
        shapesWithValue,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        ([{ codec }, value], cut, more) => {
          const encoded = encode(codec, value)
          const longer = Uint8Array.of(...encoded, ...more)
          expect(refusalOf(() => decode(codec, longer)).code).toBe('codec/TRAILING_BYTES')
          if (encoded.length === 0) return
          const shorter = encoded.subarray(0, cut % encoded.length)
          expect(refusalOf(() => decode(codec, shorter)).code).toBe('codec/ENDS_EARLY')
        },
      ),
    )
  })
})

describe('a length that the input cannot hold', () => {
  const claim = 'ffffffff07'
  const greedy: readonly Codec<unknown>[] = [
    text({ bytesMax: LENGTH_MAX }),
    bytes({ bytesMax: LENGTH_MAX }),
    list(u8, { max: LENGTH_MAX }),
    list(hash, { max: LENGTH_MAX }),
    set(u64, { max: LENGTH_MAX }),
    map(u8, unit, { max: LENGTH_MAX }),
    list(list(u8, { max: LENGTH_MAX }), { max: LENGTH_MAX }),
  ]

  test('is refused before anything is allocated for it', () => {
    const before = process.memoryUsage()
    for (let i = 0; i < 1_000; i++)
      for (const codec of greedy) expect(refused(codec, `${claim}0102`).code).toBe('codec/ENDS_EARLY')
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 26)
    expect(after.rss - before.rss).toBeLessThan(1 << 28)
  })

  test('is refused by the least size of the items, not by their count alone', () => {
    const refusal = refused(list(hash, { max: 100 }), '02'.padEnd(2 + 2 * 63, '0'))
    expect(refusal.values).toEqual({ want: 64, left: 63, at: 1 })
  })

  test('fixed bytes of any length are refused likewise', () => {
    expect(refused(fixedBytes(LENGTH_MAX), '00').values).toEqual({ want: LENGTH_MAX, left: 1, at: 0 })
  })
})

describe('a decoded value', () => {
  const codec = struct({ key: bytes({ bytesMax: 8 }), id: fixedBytes(2) })

  test('shares no memory with the input, also when that is a Buffer', () => {
    for (const input of [fromHex('0201020304'), Buffer.from('0201020304', 'hex')]) {
      const value = decode(codec, input)
      input.fill(0xff)
      expect(value).toStrictEqual({ key: Uint8Array.of(1, 2), id: Uint8Array.of(3, 4) })
      expect(Object.getPrototypeOf(value.key)).toBe(Uint8Array.prototype)
    }
  })

  test('is read from a part of a larger array as from an array of its own', () => {
    const input = fromHex('ffff0201020304ffff').subarray(2, 7)
    expect(decode(codec, input)).toStrictEqual({ key: Uint8Array.of(1, 2), id: Uint8Array.of(3, 4) })
  })

  test('is a plain object, and a list a plain array', () => {
    const value = decode(struct({ a: list(u8, { max: 40 }) }), Uint8Array.of(2, 5, 6))
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['a'])
    expect(value.a).toStrictEqual([5, 6])
  })
})
