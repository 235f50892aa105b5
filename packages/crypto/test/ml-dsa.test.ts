import { mlDsa65, sha256 } from '@mmtchain/crypto'
import { fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

interface Signed {
  readonly secret: string
  readonly key: string
  readonly message: string
  readonly signature: string
  readonly deterministic: string
}

const signed = vectors<Signed>('openssl-ml-dsa-65.json')

interface Made {
  readonly tcId: number
  readonly seed: string
  readonly keySha256: string
}

describe('ML-DSA-65', () => {
  test('makes the keys of the FIPS 204 key generation vectors of NIST ACVP', () => {
    const made = vectors<Made>('acvp-ml-dsa-65-keygen.json')
    expect(made).toHaveLength(25)
    for (const { tcId, seed, keySha256 } of made)
      expect(toHex(sha256(mlDsa65.publicKey(fromHex(seed)))), `tcId ${tcId}`).toBe(keySha256)
  })

  test('makes the key that OpenSSL makes from the same seed', () => {
    for (const { secret, key } of signed) expect(toHex(mlDsa65.publicKey(fromHex(secret)))).toBe(key)
  })

  test('accepts the randomised signatures of OpenSSL', () => {
    for (const { key, message, signature } of signed) {
      expect(
        mlDsa65.verify({ key: fromHex(key), message: fromHex(message), signature: fromHex(signature) }),
      ).toBe(true)
    }
  })

  test('signs deterministically, with signatures that OpenSSL accepted when they were frozen', () => {
    for (const { secret, message, deterministic } of signed) {
      const signature = mlDsa65.sign(fromHex(message), fromHex(secret))
      expect(signature).toHaveLength(3309)
      expect(toHex(sha256(signature))).toBe(deterministic)
    }
  })

  test('refuses a flipped bit in key, message or signature', () => {
    const secret = new Uint8Array(32).fill(3)
    const good = {
      key: mlDsa65.publicKey(secret),
      message: utf8('x'),
      signature: mlDsa65.sign(utf8('x'), secret),
    }
    expect(mlDsa65.verify(good)).toBe(true)
    for (const field of ['key', 'message', 'signature'] as const) {
      for (const at of [0, good[field].length >> 1, good[field].length - 1]) {
        const changed = good[field].slice()
        changed[at] = (changed[at] as number) ^ 1
        expect(mlDsa65.verify({ ...good, [field]: changed }), `${field} ${at}`).toBe(false)
      }
    }
  })

  test('answers false for every wrong length and for signatures that do not decode', () => {
    const secret = new Uint8Array(32).fill(3)
    const good = {
      key: mlDsa65.publicKey(secret),
      message: utf8('x'),
      signature: mlDsa65.sign(utf8('x'), secret),
    }
    for (const length of [0, 1, 1951, 1953, 3308, 3310, 4627]) {
      const wrong = new Uint8Array(length)
      expect(mlDsa65.verify({ ...good, key: wrong })).toBe(false)
      expect(mlDsa65.verify({ ...good, signature: wrong })).toBe(false)
    }
    expect(mlDsa65.verify({ ...good, signature: new Uint8Array(3309).fill(0xff) })).toBe(false)
    expect(mlDsa65.verify({ ...good, key: new Uint8Array(1952).fill(0xff) })).toBe(false)
    // The last bytes hold the hint: counts that decrease or exceed their bound do not decode.
    const hint = good.signature.slice()
    hint.fill(0xff, -6)
    expect(mlDsa65.verify({ ...good, signature: hint })).toBe(false)
  })

  test('refuses a seed that is not 32 bytes', () => {
    const refusal = expect.objectContaining({ code: 'crypto/BAD_SECRET' })
    for (const length of [0, 31, 33, 4032]) {
      expect(() => mlDsa65.publicKey(new Uint8Array(length))).toThrow(refusal)
      expect(() => mlDsa65.sign(utf8('x'), new Uint8Array(length))).toThrow(refusal)
    }
  })

  test('a key is any 1,952 bytes', () => {
    expect(mlDsa65.isPublicKey(new Uint8Array(1952))).toBe(true)
    expect(mlDsa65.isPublicKey(new Uint8Array(1951))).toBe(false)
  })
})
