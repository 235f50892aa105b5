import { readFileSync } from 'node:fs'
import {
  addressFromBytes,
  addressToBytes,
  formatAddress,
  fromHex,
  isAddressPrefix,
  parseAddress,
} from '@mmtchain/primitives'
import { bech32, bech32m } from '@scure/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

interface Text {
  readonly bytes: string
  readonly prefix: string
  readonly text: string
}

/** Made by the independent packages/crypto/test/vectors/reference.py. */
const { vectors } = JSON.parse(
  readFileSync(new URL('../../crypto/test/vectors/bip350-addresses.json', import.meta.url), 'utf8'),
) as { readonly vectors: readonly Text[] }

const address = addressFromBytes(new Uint8Array(32).fill(0xab))
const text = formatAddress(address, { prefix: 'mmt' })
const refusal = (code: string) => expect.objectContaining({ code: `primitives/${code}` })
const data = (length: number) => bech32m.toWords(new Uint8Array(length))

describe('the text of an address', () => {
  test('is the bech32m of BIP-350', () => {
    for (const { bytes, prefix, text } of vectors) {
      const address = addressFromBytes(fromHex(bytes))
      expect(formatAddress(address, { prefix })).toBe(text)
      expect(parseAddress(text, { prefix })).toBe(address)
      expect(parseAddress(text)).toBe(address)
    }
  })

  test('reads back as the same address for any bytes and prefix', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.stringMatching(/^[a-z]{1,16}$/),
        (bytes, prefix) => {
          const address = addressFromBytes(bytes)
          expect(parseAddress(formatAddress(address, { prefix }), { prefix })).toBe(address)
        },
      ),
    )
  })

  test('with one or two wrong characters is a typo, never another address', () => {
    const letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
    const change = fc.tuple(fc.integer({ min: 4, max: text.length - 1 }), fc.constantFrom(...letters))
    fc.assert(
      fc.property(change, change, ([i, a], [j, b]) => {
        const wrong = [...text].map((c, at) => (at === i ? a : at === j ? b : c)).join('')
        fc.pre(wrong !== text)
        expect(() => parseAddress(wrong)).toThrow(refusal('ADDRESS_TYPO'))
      }),
    )
  })

  test('with swapped neighbours, or a lost or doubled letter, is a typo', () => {
    for (let i = 4; i < text.length - 1; i++) {
      const swapped = text.slice(0, i) + text[i + 1] + text[i] + text.slice(i + 2)
      const lost = text.slice(0, i) + text.slice(i + 1)
      const doubled = text.slice(0, i) + text[i] + text.slice(i)
      for (const wrong of [swapped, lost, doubled].filter((wrong) => wrong !== text)) {
        expect(() => parseAddress(wrong), wrong).toThrow(refusal('ADDRESS_TYPO'))
      }
    }
  })

  test('of another chain is told apart from a typo', () => {
    expect(() => parseAddress(text, { prefix: 'zzm' })).toThrow(
      expect.objectContaining({
        code: 'primitives/ADDRESS_WRONG_PREFIX',
        values: { want: 'zzm', got: 'mmt' },
      }),
    )
  })

  test('in upper or mixed case is refused', () => {
    expect(() => parseAddress(text.toUpperCase())).toThrow(refusal('ADDRESS_UPPER_CASE'))
    expect(() => parseAddress(`M${text.slice(1)}`)).toThrow(refusal('ADDRESS_UPPER_CASE'))
    expect(() => parseAddress(text.slice(0, -1) + text.slice(-1).toUpperCase())).toThrow(
      refusal('ADDRESS_UPPER_CASE'),
    )
  })

  test('must look like an address at all', () => {
    for (const wrong of [
      '',
      ' ',
      text.slice(4),
      `1${text.slice(4)}`,
      ` ${text}`,
      `${text}\n`,
      `${text} `,
      'mmt1',
    ]) {
      expect(() => parseAddress(wrong), JSON.stringify(wrong)).toThrow(refusal('ADDRESS_MALFORMED'))
    }
    for (const wrong of [
      'm-t1qqqqqqqq',
      '0mt1qqqqqqqq',
      'é1qqqqqqqq',
      `abcdefghijklmnopq1${text.slice(4)}`,
    ]) {
      expect(() => parseAddress(wrong), wrong).toThrow(refusal('ADDRESS_MALFORMED'))
    }
    expect(() => parseAddress(`mmt1${'q'.repeat(10_000)}`)).toThrow(refusal('ADDRESS_MALFORMED'))
  })

  test('must have the checksum of bech32m, not that of bech32', () => {
    expect(() => parseAddress(bech32.encode('mmt', bech32.toWords(addressToBytes(address))))).toThrow(
      refusal('ADDRESS_TYPO'),
    )
  })

  test('must hold 32 bytes and zero bits behind them', () => {
    for (const length of [0, 1, 20, 31, 33, 40]) {
      expect(() => parseAddress(bech32m.encode('mmt', data(length)))).toThrow(refusal('ADDRESS_WRONG_LENGTH'))
    }
    for (const bits of [1, 2, 4, 8]) {
      const words = data(32)
      words[51] = bits
      expect(() => parseAddress(bech32m.encode('mmt', words))).toThrow(refusal('ADDRESS_BAD_PADDING'))
    }
    expect(() => parseAddress(bech32m.encode('mmt', [...data(32), 0]))).toThrow(
      refusal('ADDRESS_WRONG_LENGTH'),
    )
  })

  test('is refused in order: wanted prefix, case, shape, checksum, prefix, length', () => {
    const short = bech32m.encode('mmt', data(20))
    expect(() => parseAddress('MMT', { prefix: 'BAD' })).toThrow(refusal('BAD_ADDRESS_PREFIX'))
    expect(() => parseAddress('MM T')).toThrow(refusal('ADDRESS_UPPER_CASE'))
    expect(() => parseAddress('mm t')).toThrow(refusal('ADDRESS_MALFORMED'))
    expect(() => parseAddress(`${short}q`, { prefix: 'zzm' })).toThrow(refusal('ADDRESS_TYPO'))
    expect(() => parseAddress(short, { prefix: 'zzm' })).toThrow(refusal('ADDRESS_WRONG_PREFIX'))
    expect(() => parseAddress(short, { prefix: 'mmt' })).toThrow(refusal('ADDRESS_WRONG_LENGTH'))
  })
})

test('a prefix is 1 to 16 letters a-z', () => {
  for (const good of ['a', 'mmt', 'abcdefghijklmnop']) expect(isAddressPrefix(good)).toBe(true)
  for (const bad of ['', 'abcdefghijklmnopq', 'Mmt', 'mm1', 'm m', 'é', 'mmt\n']) {
    expect(isAddressPrefix(bad), JSON.stringify(bad)).toBe(false)
    expect(() => formatAddress(address, { prefix: bad })).toThrow(refusal('BAD_ADDRESS_PREFIX'))
  }
})
