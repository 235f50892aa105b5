import {
  addressFromBytes,
  addressToBytes,
  amount,
  formatAddress,
  formatAmount,
  hash,
  hashToBytes,
  height,
  isChainError,
  parseAmount,
  showAddresses,
  toHex,
} from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const refusal = (code: string, values?: object) =>
  expect.objectContaining({ code: `primitives/${code}`, ...(values && { values }) })
const U64_MAX = 2n ** 64n - 1n
const units = fc.oneof(fc.bigInt({ min: 0n, max: U64_MAX }), fc.constantFrom(0n, 1n, 10n ** 8n, U64_MAX))
const decimals = fc.integer({ min: 0, max: 30 })

describe('an amount', () => {
  test('is 0 to 2^64 − 1 of the smallest unit, as a bigint', () => {
    expect(amount(0n)).toBe(0n)
    expect(amount(U64_MAX)).toBe(U64_MAX)
    for (const wrong of [-1n, U64_MAX + 1n, 5, '5', null] as never[])
      expect(() => amount(wrong)).toThrow(refusal('AMOUNT_OUT_OF_RANGE', { units: wrong }))
  })

  test('reads back as it was written, whatever the decimals', () => {
    fc.assert(
      fc.property(units, decimals, (value, places) => {
        const text = formatAmount(value, { decimals: places })
        expect(parseAmount(text, { decimals: places })).toBe(value)
      }),
    )
  })

  test('is written without needless zeros, and is the quotient by 10^decimals', () => {
    fc.assert(
      fc.property(units, decimals, (value, places) => {
        const text = formatAmount(value, { decimals: places })
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/)
        const [whole = '', fraction = ''] = text.split('.')
        expect(BigInt(whole) * 10n ** BigInt(places) + BigInt(fraction.padEnd(places, '0') || '0')).toBe(
          value,
        )
      }),
    )
  })

  test.each<[units: bigint, decimals: number, text: string]>([
    [1_250n, 2, '12.5'],
    [1_200n, 2, '12'],
    [5n, 8, '0.00000005'],
    [0n, 8, '0'],
    [7n, 0, '7'],
    [-5n, 2, '-0.05'],
    [10n ** 30n, 8, `1${'0'.repeat(22)}`],
  ])('of %s with %s decimals is written %s', (value, places, text) => {
    expect(formatAmount(value, { decimals: places })).toBe(text)
  })

  test('may be read with zeros in front and behind', () => {
    expect(parseAmount('007.50', { decimals: 2 })).toBe(750n)
    expect(parseAmount('0', { decimals: 0 })).toBe(0n)
  })

  test.each([
    '',
    '.',
    '1.',
    '.5',
    '-1',
    '+1',
    '1e3',
    '0x1',
    '1,5',
    '1_000',
    ' 1',
    '1 ',
    '1\n',
    '١',
    '1.2.3',
    'Infinity',
    `${'0'.repeat(80)}1`,
  ])('that is written %j is no number', (text) => {
    expect(() => parseAmount(text, { decimals: 8 })).toThrow(refusal('AMOUNT_NOT_A_NUMBER', { text }))
  })

  test('is refused and never rounded when it is finer than the smallest unit', () => {
    expect(() => parseAmount('1.005', { decimals: 2 })).toThrow(
      refusal('AMOUNT_TOO_PRECISE', { text: '1.005', decimals: 2 }),
    )
    expect(() => parseAmount('1.0', { decimals: 0 })).toThrow(refusal('AMOUNT_TOO_PRECISE'))
  })

  test('is refused over 2^64 − 1, after its form and its precision', () => {
    expect(parseAmount('184467440737.09551615', { decimals: 8 })).toBe(U64_MAX)
    expect(() => parseAmount('184467440737.09551616', { decimals: 8 })).toThrow(
      refusal('AMOUNT_OUT_OF_RANGE'),
    )
    expect(() => parseAmount('999999999999999.999', { decimals: 2 })).toThrow(refusal('AMOUNT_TOO_PRECISE'))
  })
})

test('a height is 0 to 2^64 − 1, as a bigint', () => {
  expect(height(U64_MAX)).toBe(U64_MAX)
  for (const wrong of [-1n, U64_MAX + 1n, 5] as never[])
    expect(() => height(wrong)).toThrow(refusal('HEIGHT_OUT_OF_RANGE', { value: wrong }))
})

describe('a hash', () => {
  test('is made of 32 bytes or of their hex, and gives the bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(hash(bytes)).toBe(toHex(bytes))
        expect(hash(toHex(bytes))).toBe(hash(bytes))
        expect(hashToBytes(hash(bytes))).toEqual(bytes)
      }),
    )
  })

  test('of another length, in upper case or with a prefix is refused', () => {
    for (const wrong of [
      new Uint8Array(31),
      new Uint8Array(33),
      '',
      'AB'.repeat(32),
      `0x${'ab'.repeat(32)}`,
      `${'ab'.repeat(32)}\n`,
    ])
      expect(() => hash(wrong)).toThrow(refusal('BAD_HASH'))
  })
})

describe('an address', () => {
  const bytes = new Uint8Array(32).fill(0xab)

  test('in memory is 0x and 64 digits, and gives its bytes back', () => {
    expect(addressFromBytes(bytes)).toBe(`0x${'ab'.repeat(32)}`)
    expect(addressToBytes(addressFromBytes(bytes))).toEqual(bytes)
  })

  test('has 32 bytes', () => {
    for (const length of [0, 20, 31, 33]) {
      expect(() => addressFromBytes(new Uint8Array(length))).toThrow(refusal('BAD_ADDRESS_BYTES', { length }))
    }
  })

  test('within a message is shown as people know it; hashes beside it stay', () => {
    const own = addressFromBytes(bytes)
    const shown = formatAddress(own, { prefix: 'hbr' })
    expect(showAddresses(`${own} pays ${own}, see ${'cd'.repeat(32)}.`, { prefix: 'hbr' })).toBe(
      `${shown} pays ${shown}, see ${'cd'.repeat(32)}.`,
    )
  })
})

test('every refusal shows what came, shortened, and is a ChainError with a hint', () => {
  const long = 'z'.repeat(10_000)
  for (const run of [() => parseAmount(long, { decimals: 2 }), () => hash(long), () => amount(-1n)]) {
    try {
      run()
      expect.unreachable()
    } catch (error) {
      if (!isChainError(error)) throw error
      expect(error.message.length).toBeLessThan(200)
      expect(error.hint).toMatch(/\.$/)
    }
  }
})
