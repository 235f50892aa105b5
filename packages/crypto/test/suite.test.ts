import {
  defaultSuites,
  ed25519,
  mlDsa65,
  type Suite,
  secp256k1,
  suiteRegistry,
  verifyBatch,
} from '@mmtchain/crypto'
import { utf8 } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'

const own: Suite = { ...ed25519, code: 128, name: 'harbour-ed25519' }

describe('the default suites', () => {
  test('have the codes, sizes and weights of the specification', () => {
    expect(
      defaultSuites.map(({ code, name, publicKeyBytes, signatureBytes, weight }) => [
        code,
        name,
        publicKeyBytes,
        signatureBytes,
        weight,
      ]),
    ).toEqual([
      [1, 'secp256k1', 33, 64, 50],
      [2, 'ed25519', 32, 64, 100],
      [3, 'ml-dsa-65', 1952, 3309, 2000],
    ])
  })

  for (const suite of defaultSuites) {
    test(`${suite.name} signs what it verifies, in its own sizes`, () => {
      const secret = suite.generateSecret()
      const key = suite.publicKey(secret)
      const message = utf8(`signed by ${suite.name}`)
      const signature = suite.sign(message, secret)
      expect(secret).toHaveLength(32)
      expect(key).toHaveLength(suite.publicKeyBytes)
      expect(signature).toHaveLength(suite.signatureBytes)
      expect(suite.isPublicKey(key)).toBe(true)
      expect(suite.verify({ key, message, signature })).toBe(true)
      expect(suite.verify({ key, message: utf8('other'), signature })).toBe(false)
    })
  }

  test('refuse each other’s keys and signatures', () => {
    const message = utf8('x')
    const made = defaultSuites.map((suite) => {
      const secret = suite.generateSecret()
      return { suite, key: suite.publicKey(secret), signature: suite.sign(message, secret) }
    })
    for (const a of made) {
      for (const b of made) {
        const same = a === b
        expect(a.suite.verify({ key: b.key, message, signature: b.signature })).toBe(same)
      }
    }
  })
})

describe('a registry', () => {
  test('finds suites by code, in ascending order, own ones included', () => {
    const registry = suiteRegistry([own, mlDsa65, secp256k1])
    expect(registry.suites.map((suite) => suite.code)).toEqual([1, 3, 128])
    expect(registry.find(128)).toBe(own)
    expect(registry.find(2)).toBeUndefined()
    expect(registry.get(1)).toBe(secp256k1)
  })

  test('refuses to get a suite that the chain does not have', () => {
    expect(() => suiteRegistry(defaultSuites).get(9)).toThrow(
      expect.objectContaining({ code: 'crypto/UNKNOWN_SUITE', values: { code: 9, known: [1, 2, 3] } }),
    )
  })

  test('refuses what the wire format cannot carry, before it looks for duplicates', () => {
    const bad: readonly Suite[] = [
      { ...own, code: 127 },
      { ...own, code: 0 },
      { ...own, code: 256 },
      { ...own, code: 128.5 },
      { ...own, code: 1 },
      { ...own, name: '' },
      { ...own, name: 'With Space' },
      { ...own, publicKeyBytes: 0 },
      { ...own, publicKeyBytes: 4097 },
      { ...own, signatureBytes: 65537 },
      { ...own, weight: 0 },
      { ...own, weight: 0.5 },
      { ...own, weight: Number.NaN },
    ]
    for (const suite of bad) {
      expect(() => suiteRegistry([...defaultSuites, suite])).toThrow(
        expect.objectContaining({ code: 'crypto/BAD_SUITE' }),
      )
    }
  })

  test('refuses the same code twice and the same name twice', () => {
    const refusal = expect.objectContaining({ code: 'crypto/DUPLICATE_SUITE' })
    expect(() => suiteRegistry([secp256k1, secp256k1])).toThrow(refusal)
    expect(() => suiteRegistry([own, { ...own, name: 'another' }])).toThrow(refusal)
    expect(() => suiteRegistry([own, { ...own, code: 129 }])).toThrow(refusal)
  })

  test('holds at most 16 suites, as a genesis does', () => {
    const many = Array.from({ length: 17 }, (_, i): Suite => ({ ...own, code: 128 + i, name: `own-${i}` }))
    expect(suiteRegistry(many.slice(1)).suites).toHaveLength(16)
    expect(() => suiteRegistry(many)).toThrow(expect.objectContaining({ code: 'crypto/BAD_SUITE' }))
  })
})

describe('a batch', () => {
  test('names the items that fail, whatever their suite', () => {
    const message = utf8('batch')
    const items = [...defaultSuites, ...defaultSuites].map((suite) => {
      const secret = suite.generateSecret()
      return { suite, key: suite.publicKey(secret), message, signature: suite.sign(message, secret) }
    })
    expect(verifyBatch([])).toEqual([])
    expect(verifyBatch(items)).toEqual([])
    const broken = items.map((item, i) =>
      i === 1 || i === 5 ? { ...item, signature: new Uint8Array(i) } : item,
    )
    expect(verifyBatch(broken)).toEqual([1, 5])
  })
})
