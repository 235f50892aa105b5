import { readFileSync } from 'node:fs'
import {
  addressFromBytes,
  addressToBytes,
  type ChainError,
  formatAddress,
  fromHex,
  isChainError,
  parseAddress,
  toHex,
} from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'

interface Text {
  readonly name: string
  readonly prefix: string
  readonly text: string
}

/** Made by the independent docs/spec/vectors/reference.py. */
const golden: {
  readonly vectors: readonly (Text & { readonly address: string })[]
  readonly refused: readonly Text[]
} = JSON.parse(readFileSync(new URL('../../../docs/spec/vectors/addresses.json', import.meta.url), 'utf8'))

function refusalOf(run: () => unknown): ChainError {
  try {
    run()
  } catch (error) {
    if (!isChainError(error)) throw error
    return error
  }
  throw new Error('nothing was refused')
}

describe('addresses.json (formats.md, section 4)', () => {
  test.each(golden.vectors)('$name', ({ address, prefix, text }) => {
    const own = addressFromBytes(fromHex(address))
    expect(own).toBe(`0x${address}`)
    expect(formatAddress(own, { prefix })).toBe(text)
    expect(parseAddress(text, { prefix })).toBe(own)
    expect(parseAddress(text)).toBe(own)
    expect(toHex(addressToBytes(own))).toBe(address)
  })

  test.each(golden.refused)('$name is refused', ({ prefix, text }) => {
    expect(refusalOf(() => parseAddress(text, { prefix })).code).toMatch(/^primitives\/(BAD_)?ADDRESS_/)
  })

  test('every address with any one character changed is refused', () => {
    for (const { text } of golden.vectors) {
      for (let at = 0; at < text.length; at++) {
        for (const letter of 'abcdefghijklmnopqrstuvwxyz0123456789') {
          const wrong = text.slice(0, at) + letter + text.slice(at + 1)
          if (wrong !== text)
            expect(refusalOf(() => parseAddress(wrong)).code, wrong).toMatch(/^primitives\/ADDRESS_/)
        }
      }
    }
  })
})
