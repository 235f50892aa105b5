import { decode, encode } from '@mmtchain/codec'
import { ed25519, secp256k1 } from '@mmtchain/crypto'
import { isChainError } from '@mmtchain/primitives'
import { type Transaction, transaction, transactionBytes, transactionId, transactionIdIn } from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { bodyOf, signed, signerOf } from './accounts.ts'

const alice = signerOf(secp256k1, 'alice')
const dave = signerOf(ed25519, 'dave')

const decodedOrNot = (bytes: Uint8Array): Transaction | undefined => {
  try {
    return decode(transaction, bytes)
  } catch (error) {
    if (isChainError(error)) return undefined
    throw error
  }
}

describe('the bytes of a transaction', () => {
  test('are those that it was decoded from, again and again', async () => {
    const made = await signed(alice, { payer: dave })
    const bytes = encode(transaction, made)
    const read = decode(transaction, bytes)
    expect(read).toStrictEqual(made)
    expect(transactionBytes(made)).toEqual(bytes)
    expect(transactionBytes(read)).toEqual(bytes)
    expect(transactionBytes(read)).toBe(transactionBytes(read))
  })

  test('are other ones for what was changed on the way', async () => {
    const read = decode(transaction, encode(transaction, await signed(alice)))
    const changed = { ...read, body: bodyOf(alice, { nonce: 8n }) }
    expect(decode(transaction, transactionBytes(changed)).body.nonce).toBe(8n)
  })

  test('are the only ones: whatever else decodes is written as it was', async () => {
    let taken = 0
    for (const made of [await signed(alice), await signed(alice, { payer: dave })]) {
      const bytes = encode(transaction, made)
      for (let at = 0; at < bytes.length; at++) {
        for (const byte of [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xc2, 0xff, (bytes[at] as number) ^ 0x10]) {
          const other = bytes.with(at, byte)
          const read = decodedOrNot(other)
          if (!read) continue
          taken += 1
          // A clone has lost the bytes, and is written field by field.
          expect(encode(transaction, structuredClone(read))).toEqual(other)
        }
      }
    }
    expect(taken).toBeGreaterThan(1_000)
  })
})

describe('the id of a transaction', () => {
  const lengths = [0, 1, 127, 128, 16_383, 16_384, 65_536]

  test('is the same by its bytes, whatever its signatures are, with and without consent', async () => {
    const [plain, payed] = [await signed(alice), await signed(alice, { payer: dave })]
    const filled = (length: number) => ({ index: 0, signature: new Uint8Array(length).fill(length) })
    const signatures = [[], ...lengths.map((length) => [filled(length)]), lengths.map(filled)]
    for (const made of [plain, payed])
      for (const changed of signatures.map((some) => ({ ...made, signatures: some }))) {
        const read = decode(transaction, transactionBytes(changed))
        expect(transactionIdIn(changed, transactionBytes(changed))).toBe(transactionId(made.body))
        expect(transactionIdIn(read, transactionBytes(read))).toBe(transactionId(made.body))
      }
  })
})
