import {
  ethereumAddress,
  recoverEthereumAddress,
  secp256k1,
  secp256k1Backend,
  selectSecp256k1Backend,
  signEthereumText,
} from '@mmtchain/crypto'
import { concatBytes, fromHex, toHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

interface Signed {
  readonly secret: string
  readonly text: string
  readonly signature: string
  readonly address: string
}
interface Edge {
  readonly name: string
  readonly signature: string
}

const ALL = ['native', 'wasm', 'noble'] as const
const started = secp256k1Backend()
afterAll(() => selectSecp256k1Backend(started))

const signed = vectors<Signed>('eip191-ethereum.json')

function answers<T>(ask: () => T): readonly T[] {
  return ALL.map((backend) => {
    selectSecp256k1Backend(backend)
    return ask()
  })
}

function recoverEverywhere(text: string, signature: Uint8Array): readonly (string | undefined)[] {
  return answers(() => {
    const address = recoverEthereumAddress({ text, signature })
    return address && toHex(address)
  })
}

describe('a text signed as by an Ethereum wallet (EIP-191)', () => {
  test('has the signature that web3.js documents, and the signer is recovered', () => {
    for (const { secret, text, signature, address } of signed) {
      expect(answers(() => toHex(signEthereumText({ text, secret: fromHex(secret) })))).toEqual(
        ALL.map(() => signature),
      )
      expect(recoverEverywhere(text, fromHex(signature))).toEqual([address, address, address])
    }
  })

  test('is recovered with v as 0 or 1 as well, and with no other v', () => {
    const { text, signature, address } = signed[0] as Signed
    const bytes = fromHex(signature)
    const v = bytes[64] as number
    for (let other = 0; other < 256; other++) {
      bytes[64] = other
      const found = recoverEverywhere(text, bytes)
      if (other === v || other === v - 27) expect(found).toEqual([address, address, address])
      else if ([0, 1, 27, 28].includes(other)) expect(found).not.toContain(address)
      else expect(found).toEqual([undefined, undefined, undefined])
    }
  })

  test('with high s is refused, although Ethereum itself would recover it', () => {
    const { text, signature } = signed[0] as Signed
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const high = (n - BigInt(`0x${signature.slice(64, 128)}`)).toString(16).padStart(64, '0')
    for (const v of ['1b', '1c']) {
      expect(recoverEverywhere(text, fromHex(signature.slice(0, 64) + high + v))).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    }
  })

  test('of another length is refused', () => {
    const { text, signature } = signed[0] as Signed
    for (const length of [0, 1, 64, 66, 130]) {
      const bytes = fromHex(signature.repeat(2)).subarray(0, length)
      expect(recoverEverywhere(text, bytes)).toEqual([undefined, undefined, undefined])
    }
  })

  test('with r and s at the edges gives the same answer with every backend', () => {
    const tried = vectors<Edge>('secp256k1-edges.json').filter(({ signature }) => signature.length === 128)
    expect(tried.length).toBeGreaterThan(30)
    for (const { name, signature } of tried) {
      for (const v of [0, 1]) {
        const [first, ...others] = recoverEverywhere(
          'edge',
          concatBytes(fromHex(signature), Uint8Array.of(v)),
        )
        expect(others, name).toEqual([first, first])
      }
    }
  })

  test('with random r and s gives the same answer with every backend', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 65, maxLength: 65 }),
        fc.string({ unit: 'binary' }),
        (signature, text) => {
          signature[32] = (signature[32] as number) & 0x7f
          signature[64] = (signature[64] as number) & 1
          const [first, ...others] = recoverEverywhere(text, signature)
          expect(others).toEqual([first, first])
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('an Ethereum address', () => {
  test('follows from a key in either form', () => {
    for (const { secret, address } of signed) {
      const key = secp256k1.publicKey(fromHex(secret))
      expect(toHex(ethereumAddress(key))).toBe(address)
    }
    const uncompressed =
      '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
    expect(toHex(ethereumAddress(fromHex(uncompressed)))).toBe('7e5f4552091a69125d5dfcb7b8c2659029395bdf')
  })

  test('needs a key of the curve', () => {
    for (const bad of [0, 20, 32, 33, 64, 65].map((length) => new Uint8Array(length))) {
      expect(() => ethereumAddress(bad)).toThrow(expect.objectContaining({ code: 'crypto/BAD_PUBLIC_KEY' }))
    }
  })
})

test('signing text refuses a bad secret', () => {
  expect(() => signEthereumText({ text: 'x', secret: new Uint8Array(32) })).toThrow(
    expect.objectContaining({ code: 'crypto/BAD_SECRET' }),
  )
})
