import { amount, encode } from '@mmtchain/codec'
import { ed25519, mlDsa65, secp256k1 } from '@mmtchain/crypto'
import { compareBytes } from '@mmtchain/primitives'
import {
  AUTHORITY_KEYS_MAX,
  authorityAddress,
  checkTransaction,
  jointSigner,
  multiKey,
  publicKey,
  type Signer,
  sameAuthority,
  secretSigner,
  signTransaction,
  singleKey,
  transactionId,
  txRefusals,
} from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { board, bodyOf, chain, keyOf, member, secretOf, signed, signerOf } from './accounts.ts'
import { refusalOf } from './refusal.ts'

const alice = signerOf(secp256k1, 'alice')
const dave = signerOf(ed25519, 'dave')
const chair = member(secp256k1, 'chair')
const treasurer = member(ed25519, 'treasurer')
const secretary = member(secp256k1, 'secretary')

describe('an authority of several keys', () => {
  test('has its keys in the order of their bytes, however they are given', () => {
    const keys = ['a', 'b', 'c', 'd'].flatMap((name) => [keyOf(secp256k1, name), keyOf(ed25519, name)])
    const one = multiKey({ threshold: 3, keys })
    const encoded = one.keys.map((key) => encode(publicKey, key))
    expect(encoded).toEqual([...encoded].sort(compareBytes))
    expect(multiKey({ threshold: 3, keys: [...keys].reverse() })).toEqual(one)
  })

  test('has an address of its own for each threshold and each set of keys', () => {
    const keys = board.keys
    const addresses = [
      ...[1, 2, 3].map((threshold) => multiKey({ threshold, keys })),
      ...keys.map((key) => singleKey(key)),
      multiKey({ threshold: 1, keys: keys.slice(1) }),
    ].map(authorityAddress)
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  test('is refused with a threshold that its keys cannot meet, a key twice, or too many keys', () => {
    const keys = Array.from({ length: AUTHORITY_KEYS_MAX + 1 }, (_, i) => keyOf(ed25519, `key ${i}`))
    const [key = keyOf(ed25519, 'key 0')] = keys
    for (const given of [
      { threshold: 0, keys: [key] },
      { threshold: 2, keys: [key] },
      { threshold: 1.5, keys: keys.slice(0, 2) },
      { threshold: 1, keys: [] },
      { threshold: 1, keys: [key, key] },
      { threshold: 1, keys },
    ])
      expect(refusalOf(() => multiKey(given)).code).toBe('tx/BAD_AUTHORITY')
    expect(multiKey({ threshold: 16, keys: keys.slice(1) }).keys).toHaveLength(AUTHORITY_KEYS_MAX)
  })

  test('is the same as another only with the same threshold, suites and keys', () => {
    const [key] = alice.authority.keys
    if (!key) throw new Error('an authority has a key')
    const otherSuite = singleKey({ ...key, suite: 2 })
    const otherKey = singleKey({ ...key, key: key.key.slice().fill(2) })
    expect(sameAuthority(board, { ...board, keys: board.keys.map((one) => ({ ...one })) })).toBe(true)
    expect(sameAuthority(board, { ...board, threshold: 1 })).toBe(false)
    expect(sameAuthority(board, { ...board, keys: board.keys.slice(1) })).toBe(false)
    expect(sameAuthority(alice.authority, otherSuite)).toBe(false)
    expect(sameAuthority(alice.authority, otherKey)).toBe(false)
  })
})

describe('a joint signer', () => {
  test('signs for an authority of mixed suites with any two of its three keys, in any order', async () => {
    for (const pair of [
      [chair, treasurer],
      [treasurer, chair],
      [secretary, treasurer],
      [secretary, chair],
    ]) {
      const signer = jointSigner(pair)
      expect(signer.address).toBe(authorityAddress(board))
      const value = await signed(signer)
      expect(checkTransaction(value, chain)).toBe(transactionId(value.body))
    }
  })

  test('is refused with one signer too few or too many', async () => {
    const alone = await signed(jointSigner([chair]))
    expect(refusalOf(() => checkTransaction(alone, chain))).toMatchObject({
      code: 'tx/WRONG_SIGNATURE_COUNT',
      values: { want: 2, got: 1 },
    })
    const all = await signed(jointSigner([chair, treasurer, secretary]))
    expect(refusalOf(() => checkTransaction(all, chain)).code).toBe('tx/WRONG_SIGNATURE_COUNT')
    expect(refusalOf(() => jointSigner([])).code).toBe('tx/WRONG_SIGNATURE_COUNT')
  })

  test('is refused when one key signs twice', async () => {
    const twice = await signed(jointSigner([chair, chair]))
    expect(refusalOf(() => checkTransaction(twice, chain)).code).toBe('tx/SIGNATURES_NOT_SORTED')
  })

  test('takes only signers of one account and one authority', () => {
    expect(refusalOf(() => jointSigner([chair, alice])).code).toBe('tx/MISSING_KEY')
    const other = secretSigner({
      suite: ed25519,
      secret: secretOf('treasurer'),
      authority: { ...board, threshold: 1 },
      address: chair.address,
    })
    expect(refusalOf(() => jointSigner([chair, other])).code).toBe('tx/MISSING_KEY')
  })

  test('can be the payer, and one of its members the sender', async () => {
    const value = await signed(alice, { payer: jointSigner([secretary, treasurer]) })
    expect(checkTransaction(value, chain)).toBe(transactionId(value.body))
    expect(value.payerConsent?.signatures).toHaveLength(2)
  })

  test('waits for keys that are elsewhere', async () => {
    const remote: Signer = { ...treasurer, sign: async (message) => treasurer.sign(message) }
    const value = await signed(jointSigner([chair, remote]))
    expect(checkTransaction(value, chain)).toBe(transactionId(value.body))
  })
})

describe('a signer with its secret in memory', () => {
  test('signs for a rotated account: the address of the first authority, the keys of the last', async () => {
    const rotated = secretSigner({ suite: ed25519, secret: secretOf('new key'), address: alice.address })
    expect(rotated.address).toBe(alice.address)
    expect(authorityAddress(rotated.authority)).not.toBe(alice.address)
    const value = await signed(rotated)
    expect(checkTransaction(value, chain)).toBe(transactionId(value.body))
  })

  test('is refused for an authority that its key does not belong to', () => {
    const secret = secretOf('stranger')
    expect(refusalOf(() => secretSigner({ suite: ed25519, secret, authority: board })).code).toBe(
      'tx/MISSING_KEY',
    )
    const treasurerAsSecp = { suite: secp256k1, secret: secretOf('treasurer'), authority: board }
    expect(refusalOf(() => secretSigner(treasurerAsSecp)).code).toBe('tx/MISSING_KEY')
  })

  test('makes the same bytes each time, in every suite', async () => {
    for (const suite of [secp256k1, ed25519, mlDsa65])
      expect(await signed(signerOf(suite, 'any'))).toEqual(await signed(signerOf(suite, 'any')))
  })
})

describe('signTransaction', () => {
  test('gives the id and, without a payer, no consent', async () => {
    const body = bodyOf(alice)
    const { id, transaction } = await signTransaction({ body, signer: alice })
    expect(id).toBe(transactionId(body))
    expect(transaction.payerConsent).toBeNull()
  })

  test('has the payer sign its own maximum, which is not in the id', async () => {
    const body = bodyOf(alice, { payer: dave.address })
    const [low, high] = await Promise.all(
      [1_000n, 9_000n].map((feeMax) =>
        signTransaction({ body, signer: alice, payer: { signer: dave, feeMax: amount(feeMax) } }),
      ),
    )
    expect(low?.id).toBe(high?.id)
    expect(low?.transaction.signatures).toEqual(high?.transaction.signatures)
    expect(low?.transaction.payerConsent?.signatures).not.toEqual(high?.transaction.payerConsent?.signatures)
  })
})

test('every refusal says what happened and what to do', () => {
  const values = new Proxy({}, { get: (_, name) => (name === 'accepted' ? ['a', 'b'] : `<${String(name)}>`) })
  for (const refusal of Object.values(txRefusals)) {
    const { message, hint } = (refusal as (d: object) => { message: string; hint: string })(values)
    expect(message).toMatch(/\.$/)
    expect(hint).toMatch(/\.$/)
    expect(message + hint).not.toContain('undefined')
  }
})
