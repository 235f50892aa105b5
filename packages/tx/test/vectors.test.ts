import { codecFromSchema, decode, encode, fromJson, hash, type Json, list, toJson } from '@mmtchain/codec'
import { defaultSuites, sha256 } from '@mmtchain/crypto'
import { addressToBytes, formatAddress, fromHex, toHex } from '@mmtchain/primitives'
import {
  authority,
  authorityAddress,
  checkAuthority,
  checkKeys,
  checkSignatures,
  checkTransaction,
  keySignature,
  multiKey,
  payerConsent,
  payerMessage,
  senderMessage,
  transaction,
  transactionBody,
  transactionId,
} from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { type GoldenKey, golden } from '../../../tests/golden.ts'
import { refusalOf } from './refusal.ts'

interface Authorities {
  readonly vectors: readonly {
    readonly name: string
    readonly keys: readonly GoldenKey[]
    readonly authority: Json
    readonly bytes: string
    readonly sha256: string
    readonly address: string
    readonly prefix: string
    readonly text: string
  }[]
  readonly refused: readonly {
    readonly name: string
    readonly authority: Json
    readonly bytes: string
    readonly why: string
  }[]
  readonly signed: {
    readonly message: string
    readonly authority: Json
    readonly cases: readonly { readonly name: string; readonly signatures: Json; readonly valid: boolean }[]
  }
}

interface Transactions {
  readonly vectors: readonly {
    readonly name: string
    readonly fingerprint: string
    readonly keys: readonly GoldenKey[]
    readonly payerKeys?: readonly GoldenKey[]
    readonly inputs: readonly { readonly schema: object; readonly json: Json; readonly bytes: string }[]
    readonly body: { readonly calls: readonly { readonly input: string }[] } & {
      readonly [name: string]: Json
    }
    readonly bodyBytes: string
    readonly id: string
    readonly senderMessage: string
    readonly payerMessage?: string
    readonly signatures: readonly { readonly index: number; readonly signature: string }[]
    readonly payerConsent: { readonly signatures: readonly object[]; readonly feeMax: string } | null
    readonly bytes: string
  }[]
}

const authorities = golden<Authorities>('authorities.json')
const transactions = golden<Transactions>('transactions.json')
const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))
const signatures = list(keySignature, { max: 16 })
const prefix = { addressPrefix: 'mmt' }

describe('an authority of the golden vectors', () => {
  test.each(authorities.vectors)('$name: JSON, bytes, hash and address', (vector) => {
    const value = fromJson(authority, vector.authority)
    expect(toHex(encode(authority, value))).toBe(vector.bytes)
    expect(toHex(sha256(fromHex(vector.bytes)))).toBe(vector.sha256)
    expect(decode(authority, fromHex(vector.bytes))).toEqual(value)
    expect(toJson(authority, value, prefix)).toEqual(vector.authority)
    const address = authorityAddress(value)
    expect(toHex(addressToBytes(address))).toBe(vector.address)
    expect(formatAddress(address, vector)).toBe(vector.text)
  })

  test.each(authorities.vectors)('$name: it is canonical, and its keys give it in any order', (vector) => {
    const value = fromJson(authority, vector.authority)
    expect(checkAuthority(value)).toBe(value)
    expect(multiKey({ threshold: value.threshold, keys: [...value.keys].reverse() })).toEqual(value)
    for (const key of vector.keys)
      expect(toHex(suites.get(key.suite)?.publicKey(fromHex(key.secret)) as Uint8Array)).toBe(key.public)
  })

  test.each(authorities.refused)('refused, though its bytes decode: $name', (vector) => {
    const value = decode(authority, fromHex(vector.bytes))
    expect(toJson(authority, value, prefix)).toEqual(vector.authority)
    expect(toHex(encode(authority, value))).toBe(vector.bytes)
    const { code } = refusalOf(() => checkKeys(checkAuthority(value), suites))
    expect(code).toBe(/threshold|keys not/.test(vector.why) ? 'tx/BAD_AUTHORITY' : 'tx/BAD_PUBLIC_KEY')
  })

  test.each(authorities.signed.cases)('signed by $name: valid is $valid', (vector) => {
    const check = () =>
      checkSignatures({
        authority: fromJson(authority, authorities.signed.authority),
        message: fromHex(authorities.signed.message),
        signatures: fromJson(signatures, vector.signatures),
        suites,
      })
    if (vector.valid) expect(check()).toBeUndefined()
    else
      expect(refusalOf(check).code).toMatch(
        /^tx\/(WRONG_SIGNATURE_COUNT|SIGNATURES_NOT_SORTED|BAD_SIGNATURE)$/,
      )
  })
})

describe('a transaction of the golden vectors', () => {
  test.each(transactions.vectors)('$name: body, id and bytes, both ways', (vector) => {
    const body = fromJson(transactionBody, vector.body, prefix)
    expect(toHex(encode(transactionBody, body))).toBe(vector.bodyBytes)
    expect(decode(transactionBody, fromHex(vector.bodyBytes))).toEqual(body)
    expect(toJson(transactionBody, body, prefix)).toEqual(vector.body)
    expect(transactionId(body)).toBe(vector.id)

    const whole = { body: vector.body, signatures: vector.signatures, payerConsent: vector.payerConsent }
    const value = fromJson(transaction, whole, prefix)
    expect(toHex(encode(transaction, value))).toBe(vector.bytes)
    expect(decode(transaction, fromHex(vector.bytes))).toEqual(value)
    expect(toJson(transaction, value, prefix)).toEqual(whole)
  })

  test.each(transactions.vectors)('$name: the inputs of its calls', ({ inputs, body }) => {
    expect(inputs.map(({ bytes }) => bytes)).toEqual(body.calls.map(({ input }) => input))
    for (const { schema, json, bytes } of inputs) {
      const codec = codecFromSchema(schema)
      expect(toHex(encode(codec, fromJson(codec, json, prefix)))).toBe(bytes)
      expect(toJson(codec, decode(codec, fromHex(bytes)), prefix)).toEqual(json)
    }
  })

  test.each(transactions.vectors)(
    '$name: the messages, and the signatures that the secrets make',
    (vector) => {
      const value = decode(transaction, fromHex(vector.bytes))
      const { fingerprint } = value.body
      const id = hash(vector.id)
      const signed = (keys: readonly GoldenKey[], message: Uint8Array) =>
        keys.map(({ suite, secret }) =>
          toHex(suites.get(suite)?.sign(message, fromHex(secret)) as Uint8Array),
        )
      const bytesOf = (list: readonly { signature: Uint8Array }[]) =>
        list.map(({ signature }) => toHex(signature))

      const message = senderMessage({ fingerprint, id })
      expect(toHex(message)).toBe(vector.senderMessage)
      expect(signed(vector.keys, message)).toEqual(expect.arrayContaining(bytesOf(value.signatures)))
      if (!value.payerConsent) return
      const { feeMax, signatures: consent } = value.payerConsent
      const payer = payerMessage({ fingerprint, id, feeMax })
      expect(toHex(payer)).toBe(vector.payerMessage)
      expect(signed(vector.payerKeys ?? [], payer)).toEqual(bytesOf(consent))
      expect(toJson(payerConsent, value.payerConsent, prefix)).toEqual(vector.payerConsent)
    },
  )

  test.each(transactions.vectors)('$name: it passes the checks of its chain', (vector) => {
    const value = decode(transaction, fromHex(vector.bytes))
    expect(checkTransaction(value, { fingerprint: hash(vector.fingerprint), suites })).toBe(vector.id)
  })
})
