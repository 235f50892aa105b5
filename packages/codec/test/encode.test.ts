import {
  address,
  amount,
  bool,
  bytes,
  type Codec,
  checkEncodable,
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
  tuple,
  u8,
  u32,
  u64,
  u128,
  union,
  unit,
  withEncoded,
} from '@mmtchain/codec'
import { equalBytes, type Hash, hash as toHash, toHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const refused = (codec: Codec<unknown>, value: unknown) => refusalOf(() => encode(codec, value))

describe('encoding without keeping the bytes', () => {
  const codec = struct({ a: u8, b: list(text({ bytesMax: 200 }), { max: 9 }) })
  const value = { a: 7, b: ['x'.repeat(150), 'y'] }

  test('hands on the bytes that encode returns, and what is made of them', () => {
    expect(withEncoded(codec, value, toHex)).toBe(toHex(encode(codec, value)))
    expect(withEncoded(codec, value, ({ length }) => length)).toBe(156)
  })

  test('leaves the bytes alone when their reader encodes something itself', () => {
    const found = withEncoded(
      u8,
      5,
      (outer) => `${toHex(encode(u8, 6))}${withEncoded(u8, 7, toHex)}${toHex(outer)}`,
    )
    expect(found).toBe('060705')
  })

  test('refuses as encode does, and passes on what the reader throws', () => {
    const wrong = { a: 7, b: [5 as never] }
    const want = refused(codec, wrong)
    expect(want.values.path).toBe('b.0')
    expect(refusalOf(() => withEncoded(codec, wrong, toHex))).toEqual(want)
    expect(refusalOf(() => checkEncodable(codec, wrong))).toEqual(want)
    expect(checkEncodable(codec, value)).toBeUndefined()
    const own = new Error('the reader has had enough')
    const read = (): never => {
      throw own
    }
    expect(() => withEncoded(codec, value, read)).toThrow(own)
    expect(toHex(encode(u8, 1))).toBe('01')
  })
})

describe('encoding refuses, and names what it wanted and got', () => {
  test.each<[Codec<unknown>, value: unknown, code: string, message: string]>([
    [bool, 1, 'WRONG_TYPE', 'Expected a boolean, got 1.'],
    [u8, '1', 'WRONG_TYPE', 'Expected an integer from 0 to 255, got "1".'],
    [u8, 1.5, 'WRONG_TYPE', 'Expected an integer from 0 to 255, got 1.5.'],
    [u8, Number.NaN, 'WRONG_TYPE', 'Expected an integer from 0 to 255, got NaN.'],
    [u8, 256, 'OUT_OF_RANGE', 'Expected an integer from 0 to 255, got 256.'],
    [u32, -1, 'OUT_OF_RANGE', 'Expected an integer from 0 to 4294967295, got -1.'],
    [u64, 5, 'WRONG_TYPE', `Expected a bigint from 0 to ${2n ** 64n - 1n}, got 5.`],
    [u64, 2n ** 64n, 'OUT_OF_RANGE', `Expected a bigint from 0 to ${2n ** 64n - 1n}, got ${2n ** 64n}n.`],
    [amount, -1n, 'OUT_OF_RANGE', `Expected a bigint from 0 to ${2n ** 64n - 1n}, got -1n.`],
    [u128, 2n ** 128n, 'OUT_OF_RANGE', `Expected a bigint from 0 to ${2n ** 128n - 1n}, got ${2n ** 128n}n.`],
    [text({ bytesMax: 2 }), 5, 'WRONG_TYPE', 'Expected text, got 5.'],
    [text({ bytesMax: 2 }), 'abc', 'TOO_LONG', 'The length 3 is over the bound of 2.'],
    [text({ bytesMax: 2 }), '€', 'TOO_LONG', 'The length 3 is over the bound of 2.'],
    [
      text({ bytesMax: 9 }),
      'a\ud800',
      'BAD_TEXT',
      'Expected well-formed Unicode text, got text with a lone surrogate, "a\\ud800".',
    ],
    [bytes({ bytesMax: 2 }), [1, 2], 'WRONG_TYPE', 'Expected bytes, got [1,2].'],
    [bytes({ bytesMax: 2 }), new Uint8Array(3), 'TOO_LONG', 'The length 3 is over the bound of 2.'],
    [fixedBytes(2), new Uint8Array(3), 'WRONG_TYPE', 'Expected 2 bytes, got 3 bytes.'],
    [hash, 'AB'.repeat(32), 'WRONG_TYPE', `Expected a hash, got "${'AB'.repeat(32)}".`],
    [hash, 'é'.repeat(64), 'WRONG_TYPE', `Expected a hash, got "${'é'.repeat(64)}".`],
    [hash, 'ab', 'WRONG_TYPE', 'Expected a hash, got "ab".'],
    [address, `0X${'ab'.repeat(32)}`, 'WRONG_TYPE', `Expected an address, got "0X${'ab'.repeat(32)}".`],
    [address, undefined, 'WRONG_TYPE', 'Expected an address, got nothing.'],
    [unit, 0, 'WRONG_TYPE', 'Expected null, got 0.'],
    [option(u8), undefined, 'WRONG_TYPE', 'Expected an integer from 0 to 255, got nothing.'],
    [list(u8, { max: 2 }), 'ab', 'WRONG_TYPE', 'Expected a list, got "ab".'],
    [list(u8, { max: 2 }), [1, 2, 3], 'TOO_LONG', 'The length 3 is over the bound of 2.'],
    [list(u8, { min: 1, max: 2 }), [], 'TOO_SHORT', 'The length 0 is below the least of 1.'],
    [set(u8, { max: 3 }), [3, 1, 3], 'DUPLICATE', 'Expected distinct set items, got 3 twice.'],
    [map(u8, u8, { max: 2 }), { 1: 2 }, 'WRONG_TYPE', 'Expected a Map, got {"1":2}.'],
    [
      map(fixedBytes(1), u8, { max: 2 }),
      new Map([
        [Uint8Array.of(1), 1],
        [Uint8Array.of(1), 2],
      ]),
      'DUPLICATE',
      'Expected distinct map keys, got 1 bytes twice.',
    ],
    [tuple(u8, u8), [1], 'WRONG_TYPE', 'Expected a tuple of 2, got [1].'],
    [struct({ a: u8, b: u8 }), null, 'WRONG_TYPE', 'Expected { a, b }, got null.'],
    [
      union({ a: u8, b: u8 }),
      { kind: 'c', value: 1 },
      'WRONG_TYPE',
      'Expected { kind, value } with kind a or b, got {"kind":"c","value":1}.',
    ],
  ])('%#: %o', (codec, value, code, message) => {
    const refusal = refused(codec, value)
    expect([refusal.code, refusal.message]).toEqual([`codec/${code}`, message])
    expect(refusal.hint).toMatch(/\.$/)
  })
})

describe('a refusal within a value names the field', () => {
  const payment = struct({ to: address, amount })
  const to = `0x${'ab'.repeat(32)}`

  test.each<[path: string, Codec<unknown>, value: unknown, message: string]>([
    ['to', payment, { to: 5, amount: 5n }, 'to: Expected an address, got 5.'],
    ['amount', payment, { to }, `amount: Expected a bigint from 0 to ${2n ** 64n - 1n}, got nothing.`],
    [
      '1.to',
      list(payment, { max: 3 }),
      [
        { to, amount: 1n },
        { to: 'x', amount: 2n },
      ],
      '1.to: Expected an address, got "x".',
    ],
    ['a.0', struct({ a: tuple(u8, u8) }), { a: [-1, 0] }, 'a.0: Expected an integer from 0 to 255, got -1.'],
    ['a', struct({ a: option(u8) }), { a: true }, 'a: Expected an integer from 0 to 255, got true.'],
    [
      'a.value',
      struct({ a: union({ x: u8 }) }),
      { a: { kind: 'x', value: null } },
      'a.value: Expected an integer from 0 to 255, got null.',
    ],
    ['a', struct({ a: set(u8, { max: 3 }) }), { a: [1, 1] }, 'a: Expected distinct set items, got 1 twice.'],
    [
      'a.1',
      struct({ a: set(u8, { max: 3 }) }),
      { a: [1, 300] },
      'a.1: Expected an integer from 0 to 255, got 300.',
    ],
    [
      'a.0.1',
      struct({ a: map(u8, bool, { max: 3 }) }),
      { a: new Map([[1, 1]]) },
      'a.0.1: Expected a boolean, got 1.',
    ],
    [
      'a.1.0',
      struct({ a: map(u8, bool, { max: 3 }) }),
      {
        a: new Map<unknown, unknown>([
          [1, true],
          ['b', true],
        ]),
      },
      'a.1.0: Expected an integer from 0 to 255, got "b".',
    ],
    ['a', struct({ a: list(u8, { max: 1 }) }), { a: ['x', 'y'] }, 'a: The length 2 is over the bound of 1.'],
    [
      'b.1',
      struct({ a: u8, b: list(text({ bytesMax: 3 }), { max: 3 }) }),
      { a: 1, b: ['abc', 'abcd'] },
      'b.1: The length 4 is over the bound of 3.',
    ],
  ])('%s', (path, codec, value, message) => {
    const refusal = refused(codec, value)
    expect(refusal.message).toBe(message)
    expect(refusal.values).toMatchObject({ path })
  })

  test('of several wrong fields the first in the order of the bytes', () => {
    expect(refused(payment, { amount: 5, to: 5 }).message).toBe('to: Expected an address, got 5.')
  })
})

describe('a value is refused in order:', () => {
  const codec = struct({ names: set(text({ bytesMax: 2 }), { min: 2, max: 3 }), flag: bool })

  test('type, length, items, duplicates, and then the next field', () => {
    const of = (names: unknown) => refused(codec, { names, flag: 5 }).code
    expect(of('ab')).toBe('codec/WRONG_TYPE')
    expect(of(['a', 5, 'a', 'b'])).toBe('codec/TOO_LONG')
    expect(of([5])).toBe('codec/TOO_SHORT')
    expect(of(['a', 'a', 'abc'])).toBe('codec/TOO_LONG')
    expect(of(['a', 'a'])).toBe('codec/DUPLICATE')
    expect(refused(codec, { names: ['a', 'b'], flag: 5 }).message).toBe('flag: Expected a boolean, got 5.')
  })
})

describe('encoding', () => {
  test('sorts sets and maps by the bytes of their items, given in any order', () => {
    const numbers = set(u32, { max: 3 })
    expect(encode(numbers, [1, 256, 0])).toEqual(encode(numbers, [0, 256, 1]))
    expect(decode(numbers, encode(numbers, [1, 256, 0]))).toEqual([0, 256, 1])
    const ages = map(text({ bytesMax: 9 }), u8, { max: 3 })
    const decoded = decode(
      ages,
      encode(
        ages,
        new Map([
          ['bob', 2],
          ['al', 1],
        ]),
      ),
    )
    expect([...decoded]).toEqual([
      ['al', 1],
      ['bob', 2],
    ])
  })

  test('gives bytes that later encodings do not touch', () => {
    const first = encode(u64, 1n)
    encode(u64, 2n)
    expect(toHex(first)).toBe('0100000000000000')
  })

  test('is not confused by a value that encodes something itself', () => {
    const codec = struct({ a: u8, b: u8, c: u8 })
    const value = {
      a: 1,
      get b() {
        return (encode(u64, 255n)[0] as number) - 250
      },
      c: 3,
    }
    expect(toHex(encode(codec, value))).toBe('010503')
  })

  test('works after a refusal as before it', () => {
    const codec = list(u8, { max: 4 })
    refused(codec, [1, 2, 'x'])
    expect(toHex(encode(codec, [1, 2]))).toBe('020102')
  })

  test('passes a foreign error on as it is', () => {
    const broken = new Error('broken getter')
    const value = {
      get a(): number {
        throw broken
      },
    }
    expect(() => encode(struct({ a: u8 }), value)).toThrow(broken)
  })

  test('takes values of megabytes, and small ones after them', () => {
    const codec = bytes({ bytesMax: 1 << 22 })
    const large = new Uint8Array(1 << 22).fill(7)
    expect(equalBytes(decode(codec, encode(codec, large)), large)).toBe(true)
    expect(toHex(encode(codec, Uint8Array.of(1)))).toBe('0101')
  })
})

test('a hash has the same bytes whatever was written or read before it', () => {
  // Few first bytes and few others, so that hashes that begin alike come in any order, and again.
  const bytes = fc.tuple(fc.constantFrom(0, 1, 0xab), fc.constantFrom(0, 1, 0xff), fc.boolean())
  const steps = fc.array(fc.tuple(bytes, fc.boolean()), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(steps, (all) => {
      for (const [[first, last, isRead], isWide] of all) {
        const want = Buffer.alloc(32, isWide ? 7 : 0)
        want[0] = first
        want[31] = last
        const hex = want.toString('hex')
        if (isRead) expect(decode(hash, new Uint8Array(want))).toBe(hex)
        else expect(toHex(encode(hash, toHash(hex)))).toBe(hex)
        expect(() => encode(hash, hex.toUpperCase().replace(/0/g, 'G') as Hash)).toThrow()
      }
    }),
  )
})
