import {
  address,
  amount,
  bool,
  bytes,
  type Codec,
  fixedBytes,
  fromJson,
  hash,
  list,
  map,
  option,
  set,
  struct,
  text,
  toJson,
  tuple,
  u8,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import { formatAddress, parseAddress, hash as toHash } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const text1 = 'mmt1gas9c2a5l8q5rnyg6ha2hq6l49jj3e3ekgrjdny75argfx4mfwts9xfupc'
const own = parseAddress(text1)
const u64Max = 2n ** 64n - 1n

describe('the JSON of addresses', () => {
  test('is written with the prefix of the chain', () => {
    expect(toJson(address, own, { addressPrefix: 'mmt' })).toBe(text1)
    expect(toJson(list(address, { max: 1 }), [own], { addressPrefix: 'hbr' })).toEqual([
      formatAddress(own, { prefix: 'hbr' }),
    ])
  })

  test('is read with that prefix only, or with any when none is wanted', () => {
    expect(fromJson(address, text1, { addressPrefix: 'mmt' })).toBe(own)
    expect(fromJson(address, formatAddress(own, { prefix: 'hbr' }))).toBe(own)
    expect(refusalOf(() => fromJson(address, text1, { addressPrefix: 'hbr' })).message).toContain(
      '"mmt", not "hbr"',
    )
  })
})

describe('a JSON value is refused, with its path, what was wanted and what came', () => {
  const payment = struct({ to: address, amount, memo: option(text({ bytesMax: 4 })) })
  const shape = union({ none: unit, box: struct({ width: u8 }) })
  const good = { to: text1, amount: '5', memo: null }

  test.each<[Codec<unknown>, json: unknown, message: string]>([
    [bool, 'true', 'the value: expected true or false, got "true".'],
    [u8, 1.5, 'the value: expected an integer from 0 to 255, got 1.5.'],
    [u64, 5, `the value: expected a decimal string from "0" to "${u64Max}", got 5.`],
    [u64, '00', `the value: expected a decimal string from "0" to "${u64Max}", got "00".`],
    [
      u64,
      '9'.repeat(1000),
      `the value: expected a decimal string from "0" to "${u64Max}", got "${'9'.repeat(79)}….`,
    ],
    [text({ bytesMax: 2 }), 'é!', 'the value: expected well-formed text of at most 2 bytes, got "é!".'],
    [
      text({ bytesMax: 2 }),
      '\udc00',
      'the value: expected well-formed text of at most 2 bytes, got "\\udc00".',
    ],
    [bytes({ bytesMax: 2 }), 'abc', 'the value: expected lower-case hex of at most 2 bytes, got "abc".'],
    [
      bytes({ bytesMax: 2 }),
      'ababab',
      'the value: expected lower-case hex of at most 2 bytes, got "ababab".',
    ],
    [fixedBytes(2), 'ABCD', 'the value: expected 4 digits of lower-case hex, got "ABCD".'],
    [hash, 7, 'the value: expected 64 digits of lower-case hex, got 7.'],
    [address, null, 'the value: expected an address, got null.'],
    [unit, undefined, 'the value: expected null, got nothing.'],
    [payment, [], 'the value: expected an object, got [].'],
    [
      payment,
      { ...good, fee: '1' },
      'the value: expected an object with the fields to, amount, memo, got {"fee":"…"}.',
    ],
    [payment, { to: text1, amount: '5' }, 'memo: expected well-formed text of at most 4 bytes, got nothing.'],
    [
      list(payment, { max: 2 }),
      [good, { ...good, amount: '-1' }],
      `1.amount: expected a decimal string from "0" to "${u64Max}", got "-1".`,
    ],
    [list(u8, { min: 1, max: 2 }), [], 'the value: expected an array of 1 to 2 items, got "0 items".'],
    [tuple(u8, u8), [1], 'the value: expected an array of 2, got [1].'],
    [tuple(u8, u8), [1, 256], '1: expected an integer from 0 to 255, got 256.'],
    [map(u8, bool, { max: 2 }), { 1: true }, 'the value: expected an array of 0 to 2 items, got {"1":true}.'],
    [
      map(u8, bool, { max: 2 }),
      [
        [1, true],
        [2, 0],
      ],
      '1.1: expected true or false, got 0.',
    ],
    [shape, 'none', 'the value: expected { kind, value } with kind none or box, got "none".'],
    [
      shape,
      { kind: 'toString', value: null },
      'the value: expected { kind, value } with kind none or box, got {"kind":"toString","value":null}.',
    ],
    [
      shape,
      { kind: 'box', value: { width: '1' } },
      'value.width: expected an integer from 0 to 255, got "1".',
    ],
  ])('%#: %j', (codec, json, message) => {
    const refusal = refusalOf(() => fromJson(codec, json))
    expect([refusal.code, refusal.message]).toEqual(['codec/BAD_JSON', message])
  })

  test('an address with a typo, and why', () => {
    const refusal = refusalOf(() => fromJson(payment, { ...good, to: text1.replace('9xf', '8xf') }))
    expect(refusal.message).toMatch(/^to: expected an address \(.*checksum.*\), got "mmt1/)
  })

  test('a set or map that has the same twice', () => {
    const codec = struct({ seats: set(u8, { max: 3 }), ages: map(text({ bytesMax: 3 }), u8, { max: 3 }) })
    const of = (json: unknown) => refusalOf(() => fromJson(codec, json))
    const twice = of({ seats: [2, 1, 2], ages: [] })
    expect([twice.code, twice.message]).toEqual([
      'codec/DUPLICATE',
      'seats: Expected distinct set items, got 2 twice.',
    ])
    expect(
      of({
        seats: [],
        ages: [
          ['al', 1],
          ['al', 1],
        ],
      }).message,
    ).toBe('ages: Expected distinct map keys, got "al" twice.')
  })

  test('a value that JSON cannot carry', () => {
    const cycle: { a?: unknown } = {}
    cycle.a = cycle
    for (const value of [cycle, 5n, Symbol('a'), () => 5, new Map()]) {
      expect(refusalOf(() => fromJson(u8, value)).code).toBe('codec/BAD_JSON')
    }
  })

  test('members that an object only inherits', () => {
    const codec = struct({ toString: u8 })
    expect(refusalOf(() => fromJson(codec, {})).message).toBe(
      'toString: expected an integer from 0 to 255, got nothing.',
    )
    expect(fromJson(codec, { toString: 5 })).toEqual({ toString: 5 })
  })
})

describe('JSON', () => {
  test('of sets and maps is read in any order and written in the order of the bytes', () => {
    const codec = struct({ seats: set(text({ bytesMax: 9 }), { max: 3 }), ages: map(u64, u8, { max: 3 }) })
    const json = {
      ages: [
        ['256', 1],
        ['1', 2],
        ['0', 3],
      ],
      seats: ['bob', 'al', 'c'],
    }
    const value = fromJson(codec, json)
    expect(value.seats).toEqual(['c', 'al', 'bob'])
    expect([...value.ages.keys()]).toEqual([0n, 256n, 1n])
    expect(
      toJson(
        codec,
        {
          seats: ['bob', 'c', 'al'],
          ages: new Map([
            [1n, 2],
            [0n, 3],
            [256n, 1],
          ]),
        },
        { addressPrefix: 'mmt' },
      ),
    ).toEqual({
      seats: ['c', 'al', 'bob'],
      ages: [
        ['0', 3],
        ['256', 1],
        ['1', 2],
      ],
    })
  })

  test('of -0 is read as 0', () => {
    expect(Object.is(fromJson(u8, JSON.parse('-0')), 0)).toBe(true)
  })

  test('of a struct may have its members in any order; the value has them in the order of the bytes', () => {
    expect(Object.keys(fromJson(struct({ b: u8, a: u8 }), { a: 1, b: 2 }))).toEqual(['b', 'a'])
  })

  test('of a value outside the type is refused where it cannot be written', () => {
    const context = { addressPrefix: 'mmt' }
    expect(refusalOf(() => toJson(struct({ a: u8 }), null as never, context)).code).toBe('codec/WRONG_TYPE')
    expect(refusalOf(() => toJson(union({ a: u8 }), { kind: 'b' } as never, context)).code).toBe(
      'codec/WRONG_TYPE',
    )
  })
})

test('codecs of amounts, heights and hashes also make their values', () => {
  expect(amount(5n)).toBe(5n)
  expect(hash('ab'.repeat(32))).toBe(toHash('ab'.repeat(32)))
  expect(refusalOf(() => amount(-1n)).code).toBe('primitives/AMOUNT_OUT_OF_RANGE')
})
