import { ed25519, secp256k1, sha256 } from '@mmtchain/crypto'
import { amount, hash, height, parseAddress, utf8 } from '@mmtchain/primitives'
import {
  authorityAddress,
  checkTransaction,
  combineTransactions,
  multiKey,
  previewTransaction,
  readTransactionFile,
  secretSigner,
  signTransaction,
  type Transaction,
  writeTransactionFile,
} from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'

const fingerprint = hash('ab'.repeat(32))
const suites = new Map([secp256k1, ed25519].map((suite) => [suite.code, suite]))
const people = [secp256k1, ed25519, secp256k1].map((suite, i) => ({
  suite,
  secret: sha256(utf8(`partner ${i}`)),
}))
const authority = multiKey({
  threshold: 2,
  keys: people.map(({ suite, secret }) => ({ suite: suite.code, key: suite.publicKey(secret) })),
})
const signers = people.map((person) => secretSigner({ ...person, authority }))
const body = {
  fingerprint,
  sender: authorityAddress(authority),
  authority,
  nonce: 4n,
  validUntil: height(120n),
  fee: amount(50_000_000n),
  weightMax: 400n,
  payer: null,
  calls: [
    { module: 'token', command: 'transfer', input: utf8('{"to":"ann"}') },
    { module: 'notes', command: 'add', input: Uint8Array.of(1, 2, 3) },
  ],
}
const chain = { chainId: 'harbour-1', addressPrefix: 'harbour' }
const unsigned: Transaction = { body, signatures: [], payerConsent: null }
const signedBy = async (i: number) =>
  (await signTransaction({ body, signer: signers[i] as (typeof signers)[0] })).transaction

describe('a transaction file', () => {
  test('carries a transaction between machines, signature by signature', async () => {
    const atHome = writeTransactionFile({ ...chain, transaction: unsigned })
    expect(readTransactionFile(atHome)).toEqual({ ...chain, transaction: unsigned })
    const copies = [await signedBy(2), await signedBy(0)].map(
      (transaction) => readTransactionFile(writeTransactionFile({ ...chain, transaction })).transaction,
    )
    for (const copy of copies)
      expect(() => checkTransaction(copy, { fingerprint, suites })).toThrow(/exactly 2 keys/)
    const whole = combineTransactions([unsigned, ...copies])
    expect(checkTransaction(whole, { fingerprint, suites })).toMatch(/^[0-9a-f]{64}$/)
  })

  test('needs no more signatures than the threshold', async () => {
    const whole = combineTransactions([await signedBy(0), await signedBy(1), await signedBy(2)])
    expect(whole.signatures).toHaveLength(2)
    checkTransaction(whole, { fingerprint, suites })
  })

  test('is not spoilt by one copy with a wrong signature', async () => {
    const spoilt = await signedBy(0)
    const wrong = spoilt.signatures.map((one) => ({ ...one, signature: new Uint8Array(64) }))
    const [zero, one, two] = [await signedBy(0), await signedBy(1), await signedBy(2)]
    const worthless = { ...spoilt, signatures: wrong }
    for (const copies of [[worthless, one, two] as const, [zero, one, worthless] as const]) {
      checkTransaction(combineTransactions(copies, { suites }), { fingerprint, suites })
      expect(() => checkTransaction(combineTransactions(copies), { fingerprint, suites })).toThrow(
        expect.objectContaining({ code: 'tx/BAD_SIGNATURE' }),
      )
    }
  })

  test('that was changed, cut or is none is refused by name', () => {
    const good = writeTransactionFile({ ...chain, transaction: unsigned })
    const bad = [
      good.replace('"nonce": "4"', '"nonce": "5"'),
      good.slice(0, -20),
      '[]',
      'null',
      '{}',
      good.replace('mmt-transaction-1', 'x'),
      good.replace('"harbour"', '"Harbour"'),
    ]
    for (const content of bad)
      expect(() => readTransactionFile(content)).toThrow(expect.objectContaining({ code: 'tx/BAD_FILE' }))
  })

  test('is not combined with another transaction', async () => {
    const other = { ...unsigned, body: { ...body, nonce: 5n } }
    expect(() => combineTransactions([unsigned, other])).toThrow(
      expect.objectContaining({ code: 'tx/DIFFERENT_TRANSACTIONS' }),
    )
  })
})

describe('the preview of a transaction', () => {
  const preview = (input: unknown) =>
    previewTransaction(body, {
      id: 'harbour-1',
      addressPrefix: 'harbour',
      unit: { symbol: 'HKT', decimals: 8 },
      readCall: (call) => (call.module === 'token' ? (input as string) : undefined),
    })

  test('says chain, sender, fee, life time and every call', () => {
    const lines = preview({ to: 'harbour1ann', amount: '70' })
    expect(lines).toHaveLength(7)
    expect(lines[0]).toBe(`Chain harbour-1, fingerprint ${fingerprint}.`)
    const [sender = ''] = /harbour1\S+?(?=,)/.exec(lines[1] as string) ?? []
    expect(parseAddress(sender, { prefix: 'harbour' })).toBe(body.sender)
    expect(lines[1]).toContain('signed by 2 of 3 keys')
    expect(lines[2]).toContain('a fee of 0.5 HKT')
    expect(lines[3]).toContain('up to height 120')
    expect(lines[5]).toBe('1. token.transfer {"to":"harbour1ann","amount":"70"}')
    expect(lines[6]).toBe('2. notes.add with 3 bytes that this wallet CANNOT READ: 010203')
  })

  test('cannot be forged by what the transaction says', () => {
    const [, , , , , line] = preview({ memo: 'rent\n2. token.transfer {"to":"me"}\u202e\u200b' })
    expect(line).toBe(
      '1. token.transfer {"memo":"rent\\n2. token.transfer {\\"to\\":\\"me\\"}\\u202e\\u200b"}',
    )
    const unseen = ['\u{e0041}', '\u3164', '\u115f', '\u180e', '\ufe0f', '\u2800', '\u{1d173}', '\ufff9']
    const [, , , , , veiled] = preview({ memo: unseen.join('') })
    for (const one of unseen) expect(veiled).not.toContain(one)
    expect(veiled).toContain('\\udb40\\udc41')
    for (const shown of preview({ memo: '\u2028\u0085\u061c' })) {
      for (const loud of ['\u2028', '\u0085', '\u061c', '\n']) expect(shown).not.toContain(loud)
    }
  })
})
