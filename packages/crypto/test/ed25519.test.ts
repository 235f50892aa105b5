import {
  type Claim,
  type Ed25519BackendName,
  ed25519,
  ed25519Backend,
  selectEd25519Backend,
} from '@mmtchain/crypto'
import { fromHex, toHex, utf8 } from '@mmtchain/primitives'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

interface Signed {
  readonly secret: string
  readonly key: string
  readonly message: string
  readonly signature: string
}
interface Edge extends Omit<Signed, 'secret'> {
  readonly name: string
  readonly valid: boolean
}

const BOTH: readonly Ed25519BackendName[] = ['openssl', 'noble']
const started = ed25519Backend()
afterAll(() => selectEd25519Backend(started))

const edges = vectors<Edge>('ed25519-edges.json')

function answers<T>(ask: () => T): readonly T[] {
  return BOTH.map((backend) => {
    selectEd25519Backend(backend)
    return ask()
  })
}

function claim({ key, message, signature }: Omit<Signed, 'secret'>): Claim {
  return { key: fromHex(key), message: fromHex(message), signature: fromHex(signature) }
}

test('OpenSSL is the backend of Node.js', () => {
  expect(started).toBe('openssl')
})

for (const backend of BOTH) {
  describe(`the ${backend} backend`, () => {
    test('makes the keys and signatures of RFC 8032, and verifies them', () => {
      selectEd25519Backend(backend)
      for (const { secret, key, message, signature } of vectors<Signed>('rfc8032-ed25519.json')) {
        expect(toHex(ed25519.publicKey(fromHex(secret)))).toBe(key)
        expect(toHex(ed25519.sign(fromHex(message), fromHex(secret)))).toBe(signature)
        expect(ed25519.verify(claim({ key, message, signature }))).toBe(true)
      }
    })

    for (const edge of edges) {
      test(`${edge.valid ? 'accepts' : 'refuses'}: ${edge.name}`, () => {
        selectEd25519Backend(backend)
        expect(ed25519.verify(claim(edge))).toBe(edge.valid)
      })
    }

    test('refuses secrets that are not 32 bytes', () => {
      selectEd25519Backend(backend)
      for (const length of [0, 31, 33, 64]) {
        const refusal = expect.objectContaining({ code: 'crypto/BAD_SECRET' })
        expect(() => ed25519.publicKey(new Uint8Array(length))).toThrow(refusal)
        expect(() => ed25519.sign(utf8('x'), new Uint8Array(length))).toThrow(refusal)
      }
    })

    test('answers with plain arrays', () => {
      selectEd25519Backend(backend)
      const secret = new Uint8Array(32).fill(7)
      expect(ed25519.publicKey(secret).constructor).toBe(Uint8Array)
      expect(ed25519.sign(utf8('x'), secret).constructor).toBe(Uint8Array)
    })
  })
}

describe('the backends agree', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const message = fc.uint8Array({ maxLength: 300 })

  test('on keys and signatures of random secrets and messages', () => {
    fc.assert(
      fc.property(secret, message, (secret, message) => {
        const [openssl, noble] = answers(() => {
          const key = ed25519.publicKey(secret)
          const signature = ed25519.sign(message, secret)
          return [toHex(key), toHex(signature), ed25519.verify({ key, message, signature })]
        })
        expect(openssl?.[2]).toBe(true)
        expect(noble).toEqual(openssl)
      }),
    )
  })

  test('on one flipped bit anywhere: it is never valid', () => {
    fc.assert(
      fc.property(
        secret,
        message,
        fc.nat(),
        fc.constantFrom('key', 'signature'),
        (secret, message, bit, field) => {
          const good = { key: ed25519.publicKey(secret), message, signature: ed25519.sign(message, secret) }
          const changed = good[field].slice()
          const at = bit % (8 * changed.length)
          changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7))
          expect(answers(() => ed25519.verify({ ...good, [field]: changed }))).toEqual([false, false])
        },
      ),
    )
  })

  test('on any bytes at all: they answer false and never throw', () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      secret,
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
    )
    fc.assert(
      fc.property(junk, junk, junk, (key, message, signature) => {
        expect(answers(() => ed25519.verify({ key, message, signature }))).toEqual([false, false])
      }),
      { numRuns: 200 },
    )
  })
})

test('a key is a canonical point of the curve whose order is not small', () => {
  const secret = ed25519.generateSecret()
  expect(ed25519.isPublicKey(ed25519.publicKey(secret))).toBe(true)
  for (const { name, key } of edges.filter(({ name }) =>
    /^small order key|y of the key|key has|key is no/.test(name),
  )) {
    expect(ed25519.isPublicKey(fromHex(key)), name).toBe(false)
  }
})

test('a key in a Buffer is the same key, and stays as it is', () => {
  // The sign bit of this one is set.
  const secret = new Uint8Array(32).fill(5)
  const key = Buffer.from(ed25519.publicKey(secret))
  const before = toHex(key)
  const message = utf8('a message')
  expect(ed25519.verify({ key, message, signature: Buffer.from(ed25519.sign(message, secret)) })).toBe(true)
  expect(toHex(key)).toBe(before)
  expect((key[31] as number) & 0x80).toBe(0x80)
})
