import {
  type Amount,
  amount,
  type ChainError,
  defineChain,
  defineModule,
  solo,
  u32,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { account, start } from './trial.ts'

const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const alice = account('alice')
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

describe('fees and weights', () => {
  const priced = defineModule('priced')
    .command('plain', unit, () => undefined)
    .command('fixed', unit, { fee: amount(7n) }, () => undefined)
    .command('free', unit, { fee: amount(0n), weight: 9n }, () => undefined)
    .command('byInput', u32, { fee: (n) => amount(BigInt(n) * 2n), weight: 1_000n }, () => undefined)
    .command('broken', unit, { fee: () => 5 as unknown as Amount }, () => undefined)
    .command('negative', unit, { fee: () => -1n as Amount }, () => undefined)
    .command('failing', unit, { fee: (input) => (input as unknown as { x: Amount }).x }, () => undefined)
  const quote = (trial: ReturnType<typeof start>, calls: Parameters<typeof trial.body>[1]) => {
    const body = trial.body(alice, calls)
    return trial.machine.quote({ body, signatures: [], payerConsent: null })
  }
  const harbour = (fees = {}) => start(chain().use(purse()).use(priced, { fees }), { purse: [alice.address] })

  test.each([
    ['plain', null, 5n, 50n],
    ['fixed', null, 7n, 50n],
    ['free', null, 0n, 9n],
    ['byInput', 21, 42n, 1_000n],
  ] as const)('%s costs what it declares, or what the fee policy says', (command, input, fee, weight) => {
    expect(quote(harbour(), [call('priced', command, input)])).toEqual({ fee, weight: weight + 50n })
  })

  test('of several calls add up, with one weight for the signatures', () => {
    const calls = [call('priced', 'plain'), call('priced', 'fixed'), call('priced', 'byInput', 4)]
    expect(quote(harbour(), calls)).toEqual({ fee: 20n, weight: 50n + 50n + 50n + 1_000n })
  })

  test('are what the chain file says where it says something, zero included', () => {
    const trial = harbour({ plain: amount(1n), fixed: amount(0n), byInput: amount(3n) })
    const costs = ['plain', 'fixed', 'free'].map((name) => quote(trial, [call('priced', name)]).fee)
    expect(costs).toEqual([1n, 0n, 0n])
    expect(quote(trial, [call('priced', 'byInput', 21)]).fee).toBe(3n)
  })

  test.each(['broken', 'negative', 'failing'])(
    'that cannot be computed keep the transaction out: %s',
    (command) => {
      const trial = harbour()
      const fixed = trial.prepare(alice, [call('priced', 'fixed')])
      const body = {
        ...fixed.transaction.body,
        calls: [{ ...call('priced', command), input: new Uint8Array() }],
      }
      const prepared = { ...fixed, transaction: { ...fixed.transaction, body } }
      const built = trial.build([prepared, fixed])
      expect(built.receipts.transactions).toHaveLength(1)
      const error = built.skipped[0]?.error
      expect(error?.code).toMatch(command === 'failing' ? /MODULE_FAULT/ : /AMOUNT_OUT_OF_RANGE/)
    },
  )

  test('are taken as offered: the sender may offer more, and the receipt says so', () => {
    const trial = harbour()
    const { receipt } = trial.send(alice, call('priced', 'plain'), { fee: amount(30n), weightMax: 9_999n })
    expect(receipt).toMatchObject({ fee: 30n, weight: 100n })
    expect(trial.read('purse', 'held', alice.address)).toBe(70n)
  })

  test('without a fee policy are nothing', () => {
    const trial = start(chain().use(priced), {})
    expect(trial.send(alice, call('priced', 'fixed')).receipt?.fee).toBe(0n)
    expect(trial.send(alice, call('priced', 'fixed'), { fee: amount(7n) }).code).toBe('kernel/FEE_NOT_TAKEN')
  })

  test('a fee policy that fails in reserve keeps the transaction out, and changes nothing', () => {
    const trial = start(
      chain()
        .use(purse({ fails: 'reserve' }))
        .use(priced),
      { purse: [alice.address] },
    )
    const before = trial.rows()
    const { code, refusal } = trial.send(alice, call('priced', 'plain'))
    expect(code).toBe('kernel/MODULE_FAULT')
    expect((refusal as ChainError).cause).toBeInstanceOf(TypeError)
    expect(trial.rows()).toEqual(before)
  })

  test('a fee policy that fails to settle stops the node', () => {
    const trial = start(
      chain()
        .use(purse({ fails: 'settle' }))
        .use(priced),
      { purse: [alice.address] },
    )
    expect(() => trial.build([trial.prepare(alice, [call('priced', 'plain')])])).toThrow(
      'must not refuse to settle',
    )
  })

  test('settle learns whether the calls went well and what they weighed, refused ones too', () => {
    const trial = start(
      chain()
        .use(purse({ rebate: true }))
        .use(priced),
      { purse: [alice.address] },
    )
    trial.send(alice, call('priced', 'plain'), { weightMax: 400n })
    expect(trial.read('purse', 'last', null)).toEqual([true, 100n])
  })

  test('what a fee policy emits is dropped', () => {
    const trial = start(
      chain()
        .use(purse({ rebate: true }))
        .use(priced),
      { purse: [alice.address] },
    )
    const { begin, transactions, end } = trial.build([
      trial.prepare(alice, [call('priced', 'plain')]),
    ]).receipts
    expect([begin, transactions[0]?.events, end]).toEqual([[], [], []])
  })
})
