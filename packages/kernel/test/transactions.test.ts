import {
  address,
  amount,
  cell,
  defineChain,
  defineModule,
  height,
  solo,
  struct,
  table,
  tablePrefix,
  text,
  transactionBytes,
  u32,
  unit,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { addressToBytes, toHex } from '@mmtchain/primitives'
import type { Transaction, TransactionBody } from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { refusalOf } from './refusal.ts'
import { account, outcomeOf, sign, start, type Trial } from './trial.ts'

const [alice, bob, carol] = [account('alice'), account('bob'), account('carol')]
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

const desk = defineModule('desk', {
  state: { notes: table(u32, struct({ by: address, text: text({ bytesMax: 32 }) })), count: cell(u32, 0) },
  events: { noted: u32 },
  errors: { FULL: (_: object) => ({ message: 'The desk is full.', hint: 'Wait.' }) },
})
  .command('note', text({ bytesMax: 32 }), (ctx, note) => {
    const at = ctx.state.count.get()
    ctx.state.notes.set(at, { by: ctx.sender, text: note })
    ctx.state.count.set(at + 1)
    ctx.emit.noted(at)
  })
  .command('clear', unit, (ctx) => {
    for (const [at] of ctx.state.notes.entries()) ctx.state.notes.delete(at)
    ctx.state.count.set(0)
  })
  .command('fill', unit, (ctx) => {
    ctx.state.count.set(99)
    throw ctx.fail.FULL({})
  })
  .command('dear', text({ bytesMax: 32 }), { fee: amount(200n) }, () => undefined)
  .command('heavy', text({ bytesMax: 32 }), { fee: amount(200n), weight: 1_000n }, () => undefined)
  .query('count', unit, u32, (ctx) => ctx.state.count.get())

const limits = { transactionBytesMax: 700, callsMax: 12, blockWeightMax: 900n, validHeightsMax: 20 }
const chain = defineChain({ id: 'harbour-1', consensus: solo(), limits }).use(purse()).use(desk)
const harbour = () => start(chain, { purse: [alice.address, bob.address] })
const held = (trial: Trial, { address: who }: { address: string }) => trial.read('purse', 'held', who)
const nonceOf = (trial: Trial, { address: who }: { address: string }) =>
  (trial.read('kernel', 'account', { address: who }) as { nonce: bigint }).nonce

describe('a transaction that may not be in a block', () => {
  const note = call('desk', 'note', 'a note')
  type Change = (value: Transaction) => Transaction
  const body =
    (change: Partial<TransactionBody>): Change =>
    (value) => ({ ...value, body: { ...value.body, ...change } })
  const calls =
    (change: Partial<TransactionBody['calls'][number]>): Change =>
    (value) =>
      body({ calls: value.body.calls.map((one) => ({ ...one, ...change })) })(value)

  // In order of precedence. Each change breaks one rule and leaves the rest as it finds it.
  const rules: readonly (readonly [code: string, broken: Change])[] = [
    ['kernel/TRANSACTION_TOO_LARGE', calls({ input: new Uint8Array(700) })],
    [
      'kernel/TOO_MANY_CALLS',
      (value) => body({ calls: Array.from({ length: 13 }).flatMap(() => value.body.calls) })(value),
    ],
    ['kernel/EXPIRED', body({ validUntil: height(0n) })],
    ['kernel/VALID_TOO_LONG', body({ validUntil: height(22n) })],
    ['kernel/WRONG_AUTHORITY', body({ authority: carol.authority })],
    ['kernel/NONCE_MISMATCH', body({ nonce: 1n })],
    [
      'kernel/WRONG_AUTHORITY',
      (value) => ({
        ...value,
        payerConsent: value.payerConsent && { ...value.payerConsent, authority: carol.authority },
      }),
    ],
    ['kernel/UNKNOWN_MODULE', calls({ module: 'chair' })],
    ['kernel/UNKNOWN_COMMAND', calls({ command: 'sit' })],
    ['kernel/BAD_INPUT', calls({ input: new Uint8Array() })],
    ['kernel/WEIGHT_TOO_LOW', calls({ command: 'heavy' })],
    ['kernel/WEIGHT_TOO_HIGH', body({ weightMax: 901n })],
    ['kernel/FEE_TOO_LOW', calls({ command: 'dear' })],
    ['purse/TOO_POOR', body({ fee: amount(101n) })],
  ]
  const sound = (trial: Trial) =>
    sign(alice, trial.body(alice, [note], { payer: bob.address, weightMax: 150n }), {
      account: bob,
      feeMax: 500n,
    })
  const brokenFrom = (place: number, value: Transaction) =>
    rules.slice(place).reduceRight((made, [, broken]) => broken(made), value)
  const table = rules.map(([code], place) => ({ code, place }))

  test('is sound before anything is broken', () => {
    const trial = harbour()
    expect(trial.machine.simulate(trial.store, trial.tip, sound(trial)).receipt.error).toBeNull()
  })

  test.each(table)('is kept out by rule $place, $code, before all that follow', ({ code, place }) => {
    const trial = harbour()
    const broken = brokenFrom(place, sound(trial))
    expect(refusalOf(() => trial.machine.simulate(trial.store, trial.tip, broken)).code).toBe(code)
  })

  test.each(table)('is not admitted by rule $place, $code, but for the nonce', ({ code, place }) => {
    const trial = harbour()
    const transaction = brokenFrom(place, sound(trial))
    const prepared = { transaction, id: ZERO_HASH, bytes: transactionBytes(transaction) }
    // A nonce above the next waits for those before it, so that the next rule speaks.
    const expected = code === 'kernel/NONCE_MISMATCH' ? 'kernel/WRONG_AUTHORITY' : code
    expect(refusalOf(() => trial.machine.admission(trial.store, trial.tip).admit(prepared)).code).toBe(
      expected,
    )
  })

  // The signatures are right in these; a wrong authority has no right ones.
  const signable = rules.filter(([code]) => code !== 'kernel/WRONG_AUTHORITY')
  const signedAgain = (value: Transaction) => sign(alice, value.body, { account: bob, feeMax: 500n })

  test.each(signable)('makes a block invalid that holds it all the same: %s', (code, broken) => {
    const trial = harbour()
    const { block } = trial.build([trial.machine.prepare(sound(trial))])
    const transactions = [signedAgain(broken(sound(trial)))]
    const expected = code === 'kernel/WEIGHT_TOO_HIGH' ? 'kernel/BLOCK_TOO_LARGE' : code
    expect(refusalOf(() => trial.execute({ ...block, transactions })).code).toBe(expected)
  })

  test.each(signable)('leaves no trace in the block that is built without it: %s', (code, broken) => {
    const trial = harbour()
    const kept = trial.machine.prepare(signedAgain(broken(sound(trial))))
    const good = trial.machine.prepare(sound(trial))
    const built = trial.build([kept, good])
    expect(built.block).toEqual(trial.build([good]).block)
    // What is too heavy for any block is passed over.
    const told = code === 'kernel/WEIGHT_TOO_HIGH' ? [] : [kept.id]
    expect(built.skipped.map(({ id }) => id)).toEqual(told)
    expect(built.skipped[0]?.error.code).toBe(told[0] && code)
  })

  test('says at which call, when one of several cannot be read', () => {
    const trial = harbour()
    const good = trial.body(alice, [note]).calls[0] as TransactionBody['calls'][number]
    const bad = { ...good, input: Uint8Array.of(200) }
    const unknown = { ...good, module: 'chair' }
    const refused = (calls: TransactionBody['calls']) =>
      refusalOf(() => trial.machine.simulate(trial.store, trial.tip, body({ calls })(sound(trial)))).code
    expect(refused([good, bad, unknown])).toBe('kernel/BAD_INPUT')
    expect(refused([good, unknown, bad])).toBe('kernel/UNKNOWN_MODULE')
  })

  test('is not kept out at the edges of the rules', () => {
    const trial = harbour()
    const edges: Partial<TransactionBody>[] = [
      { validUntil: height(1n) },
      { validUntil: height(21n) },
      { weightMax: 100n },
      { weightMax: 900n },
      { fee: amount(5n) },
      { fee: amount(100n) },
    ]
    for (const edge of edges)
      expect(
        trial.build([trial.prepare(alice, [note], edge)]).skipped,
        JSON.stringify(Object.keys(edge)),
      ).toEqual([])
  })

  test('is not too large with just as many bytes as the chain takes', () => {
    const trial = harbour()
    const sized = (last: number) => {
      const calls = Array.from({ length: 11 }, () => call('desk', 'note', 'x'.repeat(30)))
      return trial.prepare(alice, [...calls, call('desk', 'note', 'x'.repeat(last))])
    }
    const { bytes } = sized(0)
    const room = 700 - bytes.length
    expect(sized(room).bytes).toHaveLength(700)
    expect(trial.build([sized(room)]).skipped).toEqual([])
    expect(trial.build([sized(room + 1)]).skipped[0]?.error.values).toEqual({ max: 700, got: 701 })
  })
})

describe('a nonce', () => {
  const note = call('desk', 'note', 'a')

  test('lets a transaction happen once, in this block or any later one', () => {
    const trial = harbour()
    const once = trial.prepare(alice, [note])
    const twice = trial.build([once, once])
    expect(twice.receipts.transactions).toHaveLength(1)
    expect(twice.skipped.map(({ error }) => error.code)).toEqual(['kernel/NONCE_MISMATCH'])
    trial.block([once])
    expect(trial.build([once]).skipped.map(({ error }) => error.values)).toEqual([{ want: 1n, got: 0n }])
    trial.block([])
    expect(trial.build([once]).receipts.transactions).toHaveLength(0)
  })

  test('counts the refused ones too', () => {
    const trial = harbour()
    expect(trial.send(alice, call('desk', 'fill')).code).toBe('desk/FULL')
    expect(nonceOf(trial, alice)).toBe(1n)
    expect(trial.send(alice, note).code).toBeUndefined()
    expect(nonceOf(trial, alice)).toBe(2n)
  })

  test('puts the transactions of one sender in order, whatever else is between them', () => {
    const trial = harbour()
    const numbered = [0n, 1n, 2n].map((nonce) => trial.prepare(alice, [note], { nonce }))
    const other = trial.prepare(bob, [note])
    const [first, second, third] = numbered as [never, never, never]
    expect(trial.build([first, other, second, third]).receipts.transactions).toHaveLength(4)
    const wrong = trial.build([second, first, other, third])
    expect(wrong.receipts.transactions).toHaveLength(2)
    expect(wrong.skipped.map(({ error }) => error.values)).toEqual([
      { want: 0n, got: 1n },
      { want: 1n, got: 2n },
    ])
  })

  test('of an account that was never used is 0, and the account has no row', () => {
    const trial = harbour()
    expect(trial.read('kernel', 'account', { address: carol.address })).toEqual({
      nonce: 0n,
      authority: null,
    })
  })
})

describe('a refused transaction', () => {
  test('changes nothing in the whole state but nonce and fee', () => {
    const trial = harbour()
    for (const note of ['one', 'two', 'three']) trial.send(bob, call('desk', 'note', note))
    const before = trial.rows()
    const calls = [
      call('desk', 'note', 'four'),
      call('desk', 'clear'),
      call('desk', 'note', 'five'),
      call('desk', 'fill'),
    ]
    const { receipt } = trial.send(alice, calls, { fee: amount(33n) })
    expect(receipt).toMatchObject({ error: { code: 'desk/FULL', call: 3 }, fee: 33n, events: [] })

    const rowOf = (module: string, name: string, who?: { address: never }) =>
      tablePrefix(module, name) + (who ? toHex(addressToBytes(who.address)) : '')
    const changed = [...trial.rows()].filter(([key, value]) => before.get(key) !== value)
    expect(changed.map(([key]) => key).sort()).toEqual(
      [
        rowOf('kernel', 'accounts', alice as never),
        rowOf('purse', 'held', alice as never),
        rowOf('purse', 'pot'),
      ].sort(),
    )
    expect([...before.keys()].filter((key) => !trial.rows().has(key))).toEqual([])
    expect(nonceOf(trial, alice)).toBe(1n)
    expect(held(trial, alice)).toBe(67n)
    expect(trial.read('purse', 'pot', null)).toBe(15n + 33n)
    expect(trial.read('desk', 'count', null)).toBe(3)
  })

  test('leaves the state as a transaction that does nothing would', () => {
    const [refused, idle] = [harbour(), harbour()]
    refused.send(alice, [call('desk', 'clear'), call('desk', 'fill')], { fee: amount(10n) })
    idle.send(alice, call('purse', 'rest'), { fee: amount(10n) })
    expect(refused.rows()).toEqual(idle.rows())
    expect(refused.tip.header.stateRoot).toBe(idle.tip.header.stateRoot)
  })
})

describe('a transaction that pays nothing where commands cost something', () => {
  const guard = defineModule('guard', {
    state: { seen: cell(u32, 0) },
    events: { seen: u32 },
    errors: { NO: (_: object) => ({ message: 'No.', hint: 'Yes.' }) },
  })
    .command('pass', unit, { fee: amount(0n) }, (ctx) => ctx.emit.seen(1))
    .command('fail', unit, { fee: amount(0n) }, (ctx) => {
      ctx.state.seen.set(1)
      ctx.emit.seen(2)
      throw ctx.fail.NO({})
    })
  const free = start(chain.use(guard), { purse: [alice.address] })
  const [pass, fail] = [call('guard', 'pass'), call('guard', 'fail')]

  test('is in a block only when its calls go well, and otherwise leaves no trace', () => {
    const [good, bad] = [free.prepare(bob, [pass]), free.prepare(carol, [pass, fail])]
    const built = free.build([bad, good])
    expect(built.skipped.map(({ id, error }) => [id, error.code])).toEqual([[bad.id, 'guard/NO']])
    expect(built.block).toEqual(free.build([good]).block)
    expect(built.receipts).toEqual(free.build([good]).receipts)
    const forged = { ...built.block, transactions: [bad.transaction] }
    expect(refusalOf(() => free.execute(forged)).code).toBe('guard/NO')
  })

  test('is in a block like any other when it offers a fee all the same', () => {
    const paid = free.prepare(alice, [pass, fail], { fee: amount(1n) })
    expect(free.build([paid]).receipts.transactions).toMatchObject([
      { error: { code: 'guard/NO', call: 1 }, fee: 1n },
    ])
  })

  test('is nothing special where no command costs anything', () => {
    const gratis = start(defineChain({ id: 'harbour-1', consensus: solo() }).use(guard), {})
    expect(gratis.send(alice, fail)).toMatchObject({ code: 'guard/NO', receipt: { fee: 0n } })
  })
})

describe('a payer', () => {
  const note = call('desk', 'note', 'paid for')
  const paidBy = (trial: Trial, payer: typeof bob, change: Partial<TransactionBody> = {}) => {
    const body = trial.body(carol, [note], { payer: payer.address, weightMax: 150n, ...change })
    return trial.machine.prepare(sign(carol, body, { account: payer, feeMax: 50n }))
  }

  test('pays for a sender who has nothing, and keeps its own nonce', () => {
    const trial = harbour()
    const prepared = paidBy(trial, bob)
    expect(outcomeOf(trial.block([prepared]), prepared.id)).toMatchObject({
      code: undefined,
      receipt: { fee: 5n },
    })
    expect(held(trial, bob)).toBe(95n)
    expect(nonceOf(trial, bob)).toBe(0n)
    expect(nonceOf(trial, carol)).toBe(1n)
  })

  test('weighs as another signature', () => {
    const trial = harbour()
    const quoted = trial.body(carol, [note]).weightMax
    const prepared = paidBy(trial, bob, { weightMax: quoted })
    expect(trial.build([prepared]).skipped[0]?.error).toMatchObject({
      code: 'kernel/WEIGHT_TOO_LOW',
      values: { want: quoted + 50n, got: quoted },
    })
    expect(trial.build([paidBy(trial, bob, { weightMax: quoted + 50n })]).skipped).toEqual([])
  })

  test('may be the sender', () => {
    const trial = harbour()
    const body = trial.body(bob, [note], { payer: bob.address, weightMax: 200n })
    const prepared = trial.machine.prepare(sign(bob, body, { account: bob, feeMax: 5n }))
    expect(outcomeOf(trial.block([prepared]), prepared.id).code).toBeUndefined()
    expect(held(trial, bob)).toBe(95n)
  })

  test('that is poor keeps the transaction out, though the sender is rich', () => {
    const trial = harbour()
    const body = trial.body(alice, [note], { payer: carol.address, weightMax: 200n })
    const prepared = trial.machine.prepare(sign(alice, body, { account: carol, feeMax: 50n }))
    expect(trial.build([prepared]).skipped.map(({ error }) => error.code)).toEqual(['purse/TOO_POOR'])
  })

  test('signs with its rotated authority, and no more with the old one', () => {
    const trial = harbour()
    const next = { ...account('bob’s new key'), address: bob.address }
    trial.send(bob, call('kernel', 'rotate', { authority: next.authority }))
    expect(trial.build([paidBy(trial, bob)]).skipped.map(({ error }) => error.code)).toEqual([
      'kernel/WRONG_AUTHORITY',
    ])
    expect(trial.build([paidBy(trial, next)]).skipped).toEqual([])
  })

  test('pays for refused calls too', () => {
    const trial = harbour()
    const body = trial.body(carol, [call('desk', 'fill')], { payer: bob.address, weightMax: 200n })
    const prepared = trial.machine.prepare(sign(carol, body, { account: bob, feeMax: 50n }))
    expect(outcomeOf(trial.block([prepared]), prepared.id).code).toBe('desk/FULL')
    expect(held(trial, bob)).toBe(95n)
  })
})

describe('simulate', () => {
  test('tries unsigned calls on the state as it is, and changes nothing', () => {
    const trial = harbour()
    const before = trial.rows()
    const body = trial.body(alice, [call('desk', 'note', 'a'), call('desk', 'fill')])
    const unsigned = { body, signatures: [], payerConsent: null }
    const { receipt, refusal } = trial.machine.simulate(trial.store, trial.tip, unsigned)
    expect(receipt).toMatchObject({ error: { code: 'desk/FULL', call: 1 }, fee: 10n })
    expect(refusal?.message).toBe('The desk is full.')
    expect(trial.rows()).toEqual(before)
    const sent = trial.send(alice, [call('desk', 'note', 'a'), call('desk', 'fill')])
    expect(sent.receipt).toEqual(receipt)
  })

  test('throws what would keep the transaction out of a block', () => {
    const trial = harbour()
    const body = trial.body(alice, [call('desk', 'note', 'a')], { nonce: 4n })
    const unsigned = { body, signatures: [], payerConsent: null }
    expect(refusalOf(() => trial.machine.simulate(trial.store, trial.tip, unsigned)).code).toBe(
      'kernel/NONCE_MISMATCH',
    )
  })
})
