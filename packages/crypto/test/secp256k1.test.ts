import {
  type Claim,
  secp256k1,
  secp256k1Backend,
  secp256k1Backends,
  selectSecp256k1Backend,
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
interface Edge {
  readonly name: string
  readonly key: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const ALL = ['native', 'wasm', 'noble'] as const
const started = secp256k1Backend()
afterAll(() => selectSecp256k1Backend(started))

const signed = vectors<Signed>('rfc6979-secp256k1.json')
const edges = vectors<Edge>('secp256k1-edges.json')

/** What each backend says to the same question. */
function answers<T>(ask: () => T): readonly T[] {
  return ALL.map((backend) => {
    selectSecp256k1Backend(backend)
    return ask()
  })
}

function claim({ key, message, signature }: { key: string; message: string; signature: string }): Claim {
  return { key: fromHex(key), message: fromHex(message), signature: fromHex(signature) }
}

test('all three backends are there on this machine, native in front', () => {
  expect(secp256k1Backends()).toEqual(ALL)
})

for (const backend of ALL) {
  describe(`the ${backend} backend`, () => {
    test('makes the keys and signatures of RFC 6979, and verifies them', () => {
      selectSecp256k1Backend(backend)
      expect(secp256k1Backend()).toBe(backend)
      for (const { secret, key, message, signature } of signed) {
        expect(toHex(secp256k1.publicKey(fromHex(secret)))).toBe(key)
        expect(toHex(secp256k1.sign(fromHex(message), fromHex(secret)))).toBe(signature)
        expect(secp256k1.verify(claim({ key, message, signature }))).toBe(true)
      }
    })

    for (const edge of edges) {
      test(`${edge.valid ? 'accepts' : 'refuses'}: ${edge.name}`, () => {
        selectSecp256k1Backend(backend)
        expect(secp256k1.verify(claim(edge))).toBe(edge.valid)
      })
    }

    test('answers with plain arrays', () => {
      selectSecp256k1Backend(backend)
      const secret = new Uint8Array(32).fill(7)
      expect(secp256k1.publicKey(secret).constructor).toBe(Uint8Array)
      expect(secp256k1.sign(utf8('x'), secret).constructor).toBe(Uint8Array)
    })

    test('refuses secrets outside 1 to n - 1 and of another length', () => {
      selectSecp256k1Backend(backend)
      const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
      const bad = ['', '01', '00'.repeat(32), order, 'ff'.repeat(32), '01'.repeat(31), '01'.repeat(33)]
      for (const secret of bad.map(fromHex)) {
        const refusal = expect.objectContaining({
          code: 'crypto/BAD_SECRET',
          values: { suite: 'secp256k1', length: secret.length },
        })
        expect(() => secp256k1.publicKey(secret)).toThrow(refusal)
        expect(() => secp256k1.sign(utf8('x'), secret)).toThrow(refusal)
      }
    })
  })
}

describe('the backends agree', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((b) => b > 0))
  const message = fc.uint8Array({ maxLength: 300 })
  const runs = { numRuns: 200 }

  test('on keys and signatures of random secrets and messages', () => {
    fc.assert(
      fc.property(secret, message, (secret, message) => {
        const [first, ...others] = answers(() => {
          const key = secp256k1.publicKey(secret)
          const signature = secp256k1.sign(message, secret)
          return [toHex(key), toHex(signature), secp256k1.verify({ key, message, signature })]
        })
        expect(first?.[2]).toBe(true)
        for (const other of others) expect(other).toEqual(first)
      }),
      runs,
    )
  })

  test('on signatures, keys and messages with one flipped bit: none is valid', () => {
    fc.assert(
      fc.property(
        secret,
        message,
        fc.nat(),
        fc.constantFrom('key', 'signature'),
        (secret, message, bit, field) => {
          const good = {
            key: secp256k1.publicKey(secret),
            message,
            signature: secp256k1.sign(message, secret),
          }
          const changed = good[field].slice()
          const at = bit % (8 * changed.length)
          changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7))
          expect(answers(() => secp256k1.verify({ ...good, [field]: changed }))).toEqual([
            false,
            false,
            false,
          ])
        },
      ),
      runs,
    )
  })

  test('on bytes of any length in every place: they answer false and never throw', () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 33, maxLength: 33 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((x) => Uint8Array.of(2, ...x)),
    )
    fc.assert(
      fc.property(junk, junk, junk, (key, message, signature) => {
        expect(answers(() => secp256k1.verify({ key, message, signature }))).toEqual([false, false, false])
      }),
      runs,
    )
  })

  test('on which x coordinates are keys', () => {
    const key = fc
      .tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([first, x]) => Uint8Array.of(first, ...x))
    fc.assert(
      fc.property(key, (key) => {
        const [first, ...others] = answers(() => secp256k1.isPublicKey(key))
        for (const other of others) expect(other).toBe(first)
      }),
      runs,
    )
  })

  test('on the keys of the edge cases', () => {
    for (const { key } of edges) {
      const [first, ...others] = answers(() => secp256k1.isPublicKey(fromHex(key)))
      expect(others, key).toEqual([first, first])
    }
  })
})

test('keys and secrets inside larger buffers are read at their place', () => {
  const room = new Uint8Array(200).fill(9)
  const secret = room.subarray(50, 82)
  const want = answers(() => toHex(secp256k1.publicKey(secret.slice())))
  expect(answers(() => toHex(secp256k1.publicKey(secret)))).toEqual(want)
  const signature = secp256k1.sign(room.subarray(3, 30), secret)
  room.set(signature, 100)
  room.set(secp256k1.publicKey(secret), 165)
  const view = {
    key: room.subarray(165, 198),
    message: room.subarray(3, 30),
    signature: room.subarray(100, 164),
  }
  expect(answers(() => secp256k1.verify(view))).toEqual([true, true, true])
})

test('neither signing nor verifying changes its input', () => {
  const secret = new Uint8Array(32).fill(5)
  const message = utf8('unchanged')
  answers(() => {
    const key = secp256k1.publicKey(secret)
    const signature = secp256k1.sign(message, secret)
    const before = [secret, message, key, signature].map(toHex)
    secp256k1.verify({ key, message, signature })
    expect([secret, message, key, signature].map(toHex)).toEqual(before)
  })
})

test('new secrets differ and work', () => {
  const secrets = Array.from({ length: 20 }, () => secp256k1.generateSecret())
  expect(new Set(secrets.map(toHex)).size).toBe(20)
  for (const secret of secrets) expect(secp256k1.isPublicKey(secp256k1.publicKey(secret))).toBe(true)
})
