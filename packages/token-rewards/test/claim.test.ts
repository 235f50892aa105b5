import { ethereumAddress, recoverEthereumAddress, secp256k1, signEthereumText } from '@mmtchain/crypto'
import { hash } from '@mmtchain/kernel'
import { concatBytes, fromHex, parseAddress, toHex, utf8 } from '@mmtchain/primitives'
import { claimText } from '@mmtchain/token-rewards'
import { describe, expect, test } from 'vitest'
import { golden } from '../../../tests/golden.ts'
import { alice, bob, books, carol, coins, FEE, type Harbour, harbour, said } from './harbour.ts'

interface Claims {
  readonly vectors: readonly {
    readonly name: string
    readonly secret: string
    readonly holder: string
    readonly fingerprint: string
    readonly prefix: string
    readonly address: string
    readonly text: string
    readonly textBytes: string
    readonly signature: string
    readonly signatureV01: string
  }[]
  readonly refused: readonly { readonly name: string; readonly text: string; readonly signature: string }[]
  readonly otherHolder: { readonly text: string; readonly signature: string; readonly holder: string }
}
const { vectors, refused, otherHolder } = golden<Claims>('claims.json')
const [eve, frank] = vectors.map(({ secret, holder }) => ({
  secret: fromHex(secret),
  holder: fromHex(holder),
})) as [{ secret: Uint8Array; holder: Uint8Array }, { secret: Uint8Array; holder: Uint8Array }]

const imported = () =>
  harbour({
    balances: [[alice, 100n]],
    unclaimed: [
      [eve.holder, 70n],
      [frank.holder, 30n],
    ],
  })
const signed = (on: Harbour, of: typeof eve, to = bob) =>
  signEthereumText({ text: on.read.token.claimText({ to }), secret: of.secret })
const claim = (to: typeof bob, signature: Uint8Array) => ({
  module: 'token',
  command: 'claim',
  input: { to, signature },
})

describe('a claim of the golden vectors', () => {
  test.each(vectors)('$name: text, signature and holder', (vector) => {
    const { fingerprint, prefix: addressPrefix, address, text, signature, signatureV01, holder } = vector
    const made = claimText({ fingerprint: hash(fingerprint), addressPrefix, to: parseAddress(address) })
    expect(made).toBe(text)
    expect(toHex(utf8(made))).toBe(vector.textBytes)
    expect(toHex(signEthereumText({ text, secret: fromHex(vector.secret) }))).toBe(signature)
    for (const form of [signature, signatureV01])
      expect(toHex(recoverEthereumAddress({ text, signature: fromHex(form) }) as Uint8Array)).toBe(holder)
    expect(toHex(ethereumAddress(secp256k1.publicKey(fromHex(vector.secret))))).toBe(holder)
  })

  test('with the other v is another holder’s', () => {
    const { text, signature, holder } = otherHolder
    expect(toHex(recoverEthereumAddress({ text, signature: fromHex(signature) }) as Uint8Array)).toBe(holder)
  })

  test.each(refused.filter(({ signature }) => signature.length <= 130))(
    'is refused with a signature that is none: $name',
    ({ signature }) => {
      const on = imported()
      expect(on.as(bob).token.claim({ to: bob, signature: fromHex(signature) })).toMatchObject({
        code: 'token/BAD_CLAIM_SIGNATURE',
        receipt: undefined,
      })
    },
  )

  test('with more than 65 bytes does not even fit the command', () => {
    const long = refused.find(({ signature }) => signature.length > 130)
    const on = imported()
    const signature = fromHex(long?.signature ?? '')
    expect(() => on.as(bob).token.claim({ to: bob, signature })).toThrow(
      expect.objectContaining({ code: 'codec/TOO_LONG' }),
    )
  })
})

describe('a claim', () => {
  test('gives the holder’s row to the receiver, free of charge, whoever sends it', () => {
    const on = imported()
    const outcome = on.as(carol).token.claim({ to: bob, signature: signed(on, eve) })
    expect(outcome).toMatchObject({ code: undefined, receipt: { fee: 0n, weight: 4_050n } })
    expect(said(outcome)).toEqual([['token.claimed', { holder: eve.holder, to: bob, amount: 70n }]])
    expect(on.read.token.unclaimed(eve)).toBe(0n)
    expect(books(on)).toEqual({ balances: [100n, 70n, 0n, 0n], feePool: 0n, supply: 200n })
  })

  test('takes a signature with v 0 or 1 as well as with 27 or 28', () => {
    const on = imported()
    const signature = signed(on, eve)
    const plain = concatBytes(signature.slice(0, 64), Uint8Array.of((signature[64] as number) - 27))
    expect(on.as(bob).token.claim({ to: bob, signature: plain }).code).toBeUndefined()
  })

  test('adds to what the receiver has', () => {
    const on = imported()
    on.as(bob).token.claim({ to: alice, signature: signed(on, eve, alice) })
    on.as(bob).token.claim({ to: alice, signature: signed(on, frank, alice) })
    expect(books(on).balances[0]).toBe(200n)
  })

  test('happens once: a second one stays outside the block', () => {
    const on = imported()
    const input = { to: bob, signature: signed(on, eve) }
    expect(on.as(bob).token.claim(input).code).toBeUndefined()
    expect(on.as(bob).token.claim(input)).toMatchObject({
      code: 'token/NOTHING_TO_CLAIM',
      receipt: undefined,
    })
    expect(on.as(carol).token.claim(input)).toMatchObject({
      code: 'token/NOTHING_TO_CLAIM',
      receipt: undefined,
    })
    expect(on.read.kernel.account({ address: bob }).nonce).toBe(1n)
  })

  test('happens once also within one block', () => {
    const on = imported()
    const { module, command, input } = claim(bob, signed(on, eve))
    const outcomes = on.block([bob, carol].map((sender) => ({ sender, module, command, input })))
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, 'token/NOTHING_TO_CLAIM'])
    expect(outcomes[1]?.receipt).toBeUndefined()
    expect(books(on).balances[1]).toBe(70n)
  })

  test('is refused with a signature for another receiver, chain, prefix or text', () => {
    const on = imported()
    const { fingerprint } = on.genesis
    const texts = [
      on.read.token.claimText({ to: carol }),
      claimText({ fingerprint: hash('77'.repeat(32)), addressPrefix: 'hbr', to: bob }),
      claimText({ fingerprint, addressPrefix: 'mmt', to: bob }),
      `${on.read.token.claimText({ to: bob })}\n`,
      'MMT claim',
    ]
    for (const text of texts) {
      const signature = signEthereumText({ text, secret: eve.secret })
      const outcome = on.as(bob).token.claim({ to: bob, signature })
      expect(outcome).toMatchObject({ code: 'token/NOTHING_TO_CLAIM', receipt: undefined })
      expect(outcome.refusal?.message).toMatch(/^0x[0-9a-f]{40} has nothing to claim here\.$/)
    }
    expect(on.read.token.unclaimed(eve)).toBe(70n)
  })

  test('of nobody who was imported is refused', () => {
    const on = imported()
    const stranger = { secret: new Uint8Array(32).fill(7), holder: new Uint8Array(20) }
    expect(on.as(bob).token.claim({ to: bob, signature: signed(on, stranger) }).code).toBe(
      'token/NOTHING_TO_CLAIM',
    )
  })

  test('is not free beside another call: together they pay the normal fee', () => {
    const on = imported()
    const send = { module: 'token', command: 'transfer', input: { to: bob, amount: coins(1n) } }
    const together = on.transaction(alice, [claim(alice, signed(on, eve, alice)), send])
    expect(together).toMatchObject({ code: undefined, receipt: { fee: FEE } })
    expect(books(on)).toEqual({ balances: [100n + 70n - FEE - 1n, 1n, 0n, 0n], feePool: FEE, supply: 200n })
  })

  test('beside another call is refused like any call, with its fee kept', () => {
    const on = imported()
    const send = { module: 'token', command: 'transfer', input: { to: bob, amount: coins(1n) } }
    const wrong = on.transaction(alice, [send, claim(alice, signed(on, eve, bob))])
    expect(wrong).toMatchObject({ code: 'token/NOTHING_TO_CLAIM', receipt: { fee: FEE, error: { call: 1 } } })
    expect(books(on).balances).toEqual([90n, 0n, 0n, 0n])
  })

  test('cannot be repeated in one transaction to fill blocks for nothing', () => {
    const on = imported()
    const one = claim(bob, signed(on, eve))
    const rest = { module: 'till', command: 'rest', input: null }
    for (const calls of [
      [one, one],
      [one, rest],
      Array.from({ length: 16 }, () => claim(bob, new Uint8Array(65))),
    ]) {
      const outcome = on.transaction(carol, calls)
      expect(outcome).toMatchObject({ code: 'token/CLAIM_NOT_ALONE', receipt: undefined })
      expect(outcome.refusal?.message).toContain('at least 0.1 HKT, not 0')
    }
    const body = on.body(alice, [one, one])
    const paid = on.submit(on.sign({ ...body, fee: coins(FEE) }))
    expect(paid).toMatchObject({ code: 'token/NOTHING_TO_CLAIM', receipt: { error: { call: 1 } } })
    expect(on.read.token.unclaimed(eve)).toBe(70n)
  })

  // In order of precedence: each case also breaks all rules that follow.
  test.each([
    ['token/CLAIM_NOT_ALONE', 2, 9n, () => new Uint8Array(65)],
    ['token/BAD_CLAIM_SIGNATURE', 1, 1_000n, () => new Uint8Array(65)],
    ['token/NOTHING_TO_CLAIM', 1, 1_000n, (on: Harbour) => signed(on, eve, carol)],
    ['token/CANNOT_PAY_FEE', 1, 1_000n, (on: Harbour) => signed(on, eve)],
  ] as const)('is kept out by %s before all that follows it', (code, count, fee, signature) => {
    const on = imported()
    const calls = Array.from({ length: count }, () => claim(bob, signature(on)))
    const body = { ...on.body(alice, calls), fee: coins(fee) }
    expect(on.submit(on.sign(body))).toMatchObject({ code, receipt: undefined })
  })

  test('may offer a fee all the same', () => {
    const on = imported()
    const body = { ...on.body(alice, [claim(bob, signed(on, eve))]), fee: coins(3n) }
    expect(on.submit(on.sign(body))).toMatchObject({ code: undefined, receipt: { fee: 3n } })
    expect(books(on)).toEqual({ balances: [97n, 70n, 0n, 0n], feePool: 3n, supply: 200n })
  })
})
