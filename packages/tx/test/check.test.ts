import { amount, decode, encode, hash } from '@mmtchain/codec'
import { ed25519, mlDsa65, secp256k1 } from '@mmtchain/crypto'
import { isChainError } from '@mmtchain/primitives'
import {
  type Authority,
  authorityAddress,
  CALLS_MAX,
  checkTransaction,
  type KeySignature,
  type PublicKey,
  signaturesWeight,
  signatureWeight,
  singleKey,
  type Transaction,
  type TransactionBody,
  transaction,
  transactionId,
} from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { board, bodyOf, chain, fingerprint, keyOf, member, signed, signerOf, suites } from './accounts.ts'
import { refusalOf } from './refusal.ts'

const alice = signerOf(secp256k1, 'alice')
const dave = signerOf(ed25519, 'dave')
const otherChain = hash('22'.repeat(32))

const withBody = (value: Transaction, change: Partial<TransactionBody>): Transaction => ({
  ...value,
  body: { ...value.body, ...change },
})
const withConsent = (
  value: Transaction,
  change: Partial<NonNullable<Transaction['payerConsent']>>,
): Transaction => ({
  ...value,
  payerConsent: { ...(value.payerConsent as NonNullable<Transaction['payerConsent']>), ...change },
})

// How to break each rule. The order of these lists is the order of precedence.
interface Break<T> {
  readonly code: string
  readonly values?: object
  readonly broken: (value: T) => T
}
const zeroKey: PublicKey = { suite: 1, key: new Uint8Array(33) }
const authorityBreaks: readonly Break<Authority>[] = [
  { code: 'tx/BAD_AUTHORITY', broken: (value) => ({ ...value, threshold: 9 }) },
  {
    code: 'tx/SUITE_NOT_ACCEPTED',
    values: { suite: 0 },
    broken: ({ threshold, keys }) => ({ threshold, keys: [{ suite: 0, key: new Uint8Array() }, ...keys] }),
  },
  { code: 'tx/BAD_PUBLIC_KEY', broken: ({ threshold }) => ({ threshold, keys: [zeroKey] }) },
]
const signatureBreaks: readonly Break<readonly KeySignature[]>[] = [
  {
    code: 'tx/WRONG_SIGNATURE_COUNT',
    values: { want: 1, got: 2 },
    broken: (list) => [...list, ...list],
  },
  {
    code: 'tx/SIGNATURES_NOT_SORTED',
    values: { index: 3 },
    broken: (list) => list.map((one) => ({ ...one, index: 3 })),
  },
  {
    code: 'tx/BAD_SIGNATURE',
    values: { index: 0 },
    broken: (list) => list.map((one) => ({ ...one, signature: new Uint8Array(64) })),
  },
]
const consentOf = ({ payerConsent }: Transaction) => payerConsent as NonNullable<Transaction['payerConsent']>
const breaks: readonly (Break<Transaction> & { readonly of?: string })[] = [
  {
    code: 'tx/WRONG_CHAIN',
    values: { want: fingerprint, got: otherChain },
    broken: (value) => withBody(value, { fingerprint: otherChain }),
  },
  {
    code: 'tx/PAYER_MISMATCH',
    values: { named: false },
    broken: (value) => withBody(value, { payer: null }),
  },
  {
    code: 'tx/PAYER_FEE_TOO_HIGH',
    values: { fee: 2_001n, feeMax: 2_000n },
    broken: (value) => withBody(value, { fee: amount(2_001n) }),
  },
  ...authorityBreaks.map(({ code, values = {}, broken }) => ({
    ...{ code, values, of: 'the sender' },
    broken: (value: Transaction) => withBody(value, { authority: broken(value.body.authority) }),
  })),
  ...authorityBreaks.map(({ code, values = {}, broken }) => ({
    ...{ code, values, of: 'the payer' },
    broken: (value: Transaction) => withConsent(value, { authority: broken(consentOf(value).authority) }),
  })),
  ...signatureBreaks.map(({ code, values = {}, broken }) => ({
    ...{ code, values, of: 'the sender' },
    broken: (value: Transaction) => ({ ...value, signatures: broken(value.signatures) }),
  })),
  ...signatureBreaks.map(({ code, values = {}, broken }) => ({
    ...{ code, values, of: 'the payer' },
    broken: (value: Transaction) => withConsent(value, { signatures: broken(consentOf(value).signatures) }),
  })),
]

describe('checkTransaction', () => {
  test.each(breaks.map((rule, place) => ({ ...rule, place, of: rule.of ?? 'the transaction' })))(
    'refuses $code of $of before all that follows it',
    async ({ code, values, place }) => {
      const sound = await signed(alice, { payer: dave })
      expect(checkTransaction(sound, chain)).toBe(transactionId(sound.body))
      const broken = breaks.slice(place).reduceRight((value, rule) => rule.broken(value), sound)
      expect(refusalOf(() => checkTransaction(broken, chain))).toMatchObject({ code, values: values ?? {} })
    },
  )

  test('checks the sender’s authority before the payer’s, and their signatures in the same order', async () => {
    const sound = await signed(alice, { payer: dave })
    const shorter = withConsent(sound, { signatures: [] })
    expect(refusalOf(() => checkTransaction(shorter, chain)).values).toEqual({ want: 1, got: 0 })
    const suiteless = withConsent(sound, { authority: singleKey({ suite: 77, key: new Uint8Array(1) }) })
    expect(refusalOf(() => checkTransaction({ ...suiteless, signatures: [] }, chain))).toMatchObject({
      code: 'tx/SUITE_NOT_ACCEPTED',
      values: { suite: 77 },
    })
  })

  test('refuses a named payer that has not signed, and a consent without a named payer', async () => {
    const { body, signatures } = await signed(alice, { payer: dave })
    expect(refusalOf(() => checkTransaction({ body, signatures, payerConsent: null }, chain))).toMatchObject({
      code: 'tx/PAYER_MISMATCH',
      values: { named: true },
    })
    const alone = await signed(alice)
    const { payerConsent } = await signed(alice, { payer: dave })
    expect(refusalOf(() => checkTransaction({ ...alone, payerConsent }, chain))).toMatchObject({
      code: 'tx/PAYER_MISMATCH',
      values: { named: false },
    })
  })

  test('takes a fee up to what the payer signed, to the unit', async () => {
    const most = await signed(alice, { payer: dave, fee: amount(2_000n) })
    expect(checkTransaction(most, chain)).toBe(transactionId(most.body))
    const more = await signed(alice, { payer: dave, fee: amount(2_001n) })
    expect(refusalOf(() => checkTransaction(more, chain)).code).toBe('tx/PAYER_FEE_TOO_HIGH')
  })

  test('refuses a payer’s consent whose maximum was raised afterwards', async () => {
    const raised = withConsent(await signed(alice, { payer: dave }), { feeMax: amount(5_000n) })
    expect(refusalOf(() => checkTransaction(raised, chain)).code).toBe('tx/BAD_SIGNATURE')
  })

  test('refuses a payer’s consent that was given for another transaction', async () => {
    const first = await signed(alice, { payer: dave })
    const second = await signed(alice, { payer: dave, nonce: 8n })
    const moved = { ...second, payerConsent: first.payerConsent }
    expect(refusalOf(() => checkTransaction(moved, chain)).code).toBe('tx/BAD_SIGNATURE')
  })

  test('refuses a sender’s signature as a payer’s, and the other way round', async () => {
    const both = await signed(alice, { payer: alice })
    expect(checkTransaction(both, chain)).toBe(transactionId(both.body))
    const consent = consentOf(both)
    const exchanged = { ...both, signatures: consent.signatures }
    expect(refusalOf(() => checkTransaction(exchanged, chain)).code).toBe('tx/BAD_SIGNATURE')
    const copied = withConsent(both, { signatures: both.signatures })
    expect(refusalOf(() => checkTransaction(copied, chain)).code).toBe('tx/BAD_SIGNATURE')
  })

  test('refuses a transaction on every other chain, also when its fingerprint is written over', async () => {
    const value = await signed(alice, { payer: dave })
    const elsewhere = { fingerprint: otherChain, suites }
    expect(refusalOf(() => checkTransaction(value, elsewhere))).toMatchObject({
      code: 'tx/WRONG_CHAIN',
      values: { want: otherChain, got: fingerprint },
    })
    const forged = withBody(value, { fingerprint: otherChain })
    expect(refusalOf(() => checkTransaction(forged, elsewhere)).code).toBe('tx/BAD_SIGNATURE')
  })

  test('refuses keys of a suite that this chain does not accept, though the signature is good', async () => {
    const value = await signed(dave)
    const accepted = new Map([[secp256k1.code, secp256k1]])
    expect(refusalOf(() => checkTransaction(value, { fingerprint, suites: accepted }))).toMatchObject({
      code: 'tx/SUITE_NOT_ACCEPTED',
      values: { suite: ed25519.code, accepted: ['secp256k1'] },
    })
  })

  test('accepts all suites of the framework', async () => {
    for (const suite of [secp256k1, ed25519, mlDsa65]) {
      const value = await signed(signerOf(suite, 'any'))
      expect(checkTransaction(value, chain)).toBe(transactionId(value.body))
    }
  })
})

describe('the bytes of a transaction', () => {
  test('with any one bit changed are refused', async () => {
    const value = await signed(alice, { payer: dave })
    const bytes = encode(transaction, value)
    const accepted: string[] = []
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = bytes.slice()
        changed[at] = (changed[at] as number) ^ (1 << bit)
        try {
          checkTransaction(decode(transaction, changed), chain)
          accepted.push(`byte ${at}, bit ${bit}`)
        } catch (error) {
          if (!isChainError(error)) throw error
        }
      }
    }
    expect(accepted).toEqual([])
  })

  test('cut short or with a byte more are refused', async () => {
    const bytes = encode(transaction, await signed(alice))
    for (let length = 0; length < bytes.length; length++) {
      expect(refusalOf(() => decode(transaction, bytes.slice(0, length))).code).toMatch(/^codec\//)
    }
    const longer = Uint8Array.of(...bytes, 0)
    expect(refusalOf(() => decode(transaction, longer)).code).toBe('codec/TRAILING_BYTES')
  })

  test('hold 1 to 16 calls', async () => {
    const [call] = bodyOf(alice).calls
    const calls = (count: number) => Array.from({ length: count }, () => call as NonNullable<typeof call>)
    const most = await signed(alice, { calls: calls(CALLS_MAX) })
    expect(checkTransaction(decode(transaction, encode(transaction, most)), chain)).toBe(
      transactionId(most.body),
    )
    expect(refusalOf(() => transactionId(bodyOf(alice, { calls: calls(17) }))).code).toBe('codec/TOO_LONG')
    expect(refusalOf(() => transactionId(bodyOf(alice, { calls: [] }))).code).toBe('codec/TOO_SHORT')
  })
})

describe('the id of a transaction', () => {
  test('changes with every field of the body and with no signature', async () => {
    const value = await signed(alice, { payer: dave })
    const { body } = value
    const changes: readonly Partial<TransactionBody>[] = [
      { fingerprint: otherChain },
      { sender: dave.address },
      { authority: dave.authority },
      { nonce: 8n },
      { validUntil: 101n as TransactionBody['validUntil'] },
      { fee: amount(1_001n) },
      { weightMax: 50_001n },
      { payer: alice.address },
      { payer: null },
      { calls: [...body.calls, ...body.calls] },
    ]
    const ids = changes.map((change) => transactionId({ ...body, ...change }))
    expect(new Set([transactionId(body), ...ids]).size).toBe(changes.length + 1)
    const again = withConsent({ ...value, signatures: [] }, { signatures: [] })
    expect(transactionId(again.body)).toBe(transactionId(body))
  })

  test('is the same whichever of its keys an m-of-n authority signs with', async () => {
    const first = member(secp256k1, 'chair')
    const body = bodyOf(first)
    const signatures = (index: number): readonly KeySignature[] => [{ index, signature: new Uint8Array(64) }]
    const [one, two] = [0, 1].map((index) => ({ body, signatures: signatures(index), payerConsent: null }))
    expect(encode(transaction, one as Transaction)).not.toEqual(encode(transaction, two as Transaction))
    expect(transactionId(body)).toBe(transactionId(bodyOf(member(ed25519, 'treasurer'))))
  })
})

describe('the weight of signatures', () => {
  test('is that of the dearest keys that may sign, whichever do', () => {
    const { weight: dear } = mlDsa65
    const keys = [keyOf(secp256k1, 'a'), keyOf(ed25519, 'b'), keyOf(mlDsa65, 'c')]
    expect(signatureWeight({ threshold: 1, keys }, suites)).toBe(BigInt(dear))
    expect(signatureWeight({ threshold: 2, keys }, suites)).toBe(BigInt(dear + ed25519.weight))
    expect(signatureWeight({ threshold: 3, keys }, suites)).toBe(
      BigInt(dear + ed25519.weight + secp256k1.weight),
    )
  })

  test('counts the payer’s beside the sender’s', async () => {
    const value = await signed(alice, { payer: dave })
    expect(signaturesWeight(value, suites)).toBe(BigInt(secp256k1.weight + ed25519.weight))
    expect(signaturesWeight(await signed(alice), suites)).toBe(BigInt(secp256k1.weight))
    expect(signatureWeight(board, suites)).toBe(BigInt(ed25519.weight + secp256k1.weight))
    expect(authorityAddress(board)).not.toBe(alice.address)
  })
})
