import { encode } from '@mmtchain/codec'
import {
  amount,
  createMachine,
  defineChain,
  defineModule,
  type KernelGranted,
  memoryStore,
  need,
  solo,
} from '@mmtchain/kernel'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { signTransaction } from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { alice, bob, books, carol, chain, coins, FEE, harbour, keeper, said } from './harbour.ts'

const U64_MAX = (1n << 64n) - 1n

describe('a transfer', () => {
  test('moves the amount, says so, and its sender pays the fee into the pool', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const outcome = on.as(alice).token.transfer({ to: bob, amount: coins(30n) })
    expect(outcome).toMatchObject({ code: undefined, receipt: { fee: FEE, weight: 100n } })
    expect(said(outcome)).toEqual([['token.transferred', { from: alice, to: bob, amount: 30n }]])
    expect(books(on)).toEqual({ balances: [60n, 30n, 0n, 0n], feePool: FEE, supply: 100n })
  })

  test('of everything but the fee leaves nothing, not even a row', () => {
    const emptied = (through: typeof bob) => {
      const on = harbour({ balances: [[alice, 100n]] })
      on.as(keeper).till.move({ from: alice, to: through, amount: coins(100n) })
      on.as(keeper).till.move({ from: through, to: carol, amount: coins(100n) })
      return on.stateRoot
    }
    expect(emptied(bob)).toBe(emptied(keeper))
    const on = harbour({ balances: [[alice, 100n]] })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(90n) }).code).toBeUndefined()
    expect(books(on).balances).toEqual([0n, 90n, 0n, 0n])
  })

  test('to oneself changes nothing but the fee', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    expect(on.as(alice).token.transfer({ to: alice, amount: coins(90n) }).code).toBeUndefined()
    expect(on.as(alice).token.transfer({ to: alice, amount: coins(81n) }).code).toBe(
      'token/INSUFFICIENT_BALANCE',
    )
    expect(books(on).balances[0]).toBe(80n)
  })

  test('with a memo says the memo beside it', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const outcome = on
      .as(alice)
      .token.transferWithMemo({ to: bob, amount: coins(5n), memo: 'für den Kaffee' })
    expect(said(outcome)).toEqual([
      ['token.transferred', { from: alice, to: bob, amount: 5n }],
      ['token.memo', { from: alice, to: bob, text: 'für den Kaffee' }],
    ])
  })

  // In order of precedence: each case also breaks all rules that follow.
  test.each([
    { code: 'token/CANNOT_PAY_FEE', have: FEE - 1n, send: 0n },
    { code: 'token/ZERO_AMOUNT', have: FEE, send: 0n },
    { code: 'token/INSUFFICIENT_BALANCE', have: FEE, send: 1n },
    { code: undefined, have: FEE + 1n, send: 1n },
  ])('of $send with $have is refused with $code', ({ code, have, send }) => {
    const on = harbour({ balances: [[alice, have]] })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(send) }).code).toBe(code)
    const other = harbour({ balances: [[alice, have]] })
    expect(other.as(alice).token.transferWithMemo({ to: bob, amount: coins(send), memo: '' }).code).toBe(code)
  })

  test('that is refused says who has what, in tokens and with addresses of this chain', () => {
    const on = harbour({ balances: [[alice, 1_234n]] })
    const { refusal } = on.as(alice).token.transfer({ to: bob, amount: coins(200_005n) })
    expect(refusal?.message).toMatch(/^hbr1[a-z0-9]{58} has 12\.24 HKT, but 2000\.05 are needed\.$/)
    expect(refusal?.hint).toBe(
      'Lower the amount or fund the account; what is locked cannot be spent (query holdings).',
    )
  })

  test('with a memo of 256 bytes is the longest', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const send = (memo: string) => on.as(alice).token.transferWithMemo({ to: bob, amount: coins(1n), memo })
    expect(send('é'.repeat(128)).code).toBeUndefined()
    expect(() => send(`${'é'.repeat(128)}e`)).toThrow(expect.objectContaining({ code: 'codec/TOO_LONG' }))
  })
})

describe('the fee', () => {
  test('is taken as offered, and kept when the transfer is refused', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const offer = (fee: bigint, value: bigint) => {
      const input = { to: bob, amount: coins(value) }
      const body = on.body(alice, [{ module: 'token', command: 'transfer', input }])
      return on.submit(on.sign({ ...body, fee: coins(fee) }))
    }
    expect(offer(25n, 1n).receipt?.fee).toBe(25n)
    expect(offer(25n, 99n).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(offer(9n, 1n)).toMatchObject({ code: 'kernel/FEE_TOO_LOW', receipt: undefined })
    expect(offer(50n, 1n)).toMatchObject({ code: 'token/CANNOT_PAY_FEE', receipt: undefined })
    expect(books(on)).toEqual({ balances: [49n, 1n, 0n, 0n], feePool: 50n, supply: 100n })
  })

  test('of several calls is their sum, taken before any of them runs', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const send = (value: bigint) => ({
      module: 'token',
      command: 'transfer',
      input: { to: bob, amount: coins(value) },
    })
    expect(on.transaction(alice, [send(40n), send(40n)])).toMatchObject({
      code: undefined,
      receipt: { fee: 20n },
    })
    expect(books(on)).toEqual({ balances: [0n, 80n, 0n, 0n], feePool: 20n, supply: 100n })
    expect(on.transaction(bob, [send(60n), send(1n)]).code).toBeUndefined()
    expect(on.transaction(bob, [send(60n), send(1n)]).code).toBe('token/INSUFFICIENT_BALANCE')
  })

  test('is paid by the payer, who need not be the sender and spends no more than the maximum', async () => {
    const on = harbour({
      balances: [
        [alice, 5n],
        [carol, 50n],
      ],
    })
    const sent = async (feeMax: bigint, change = {}) => {
      const input = { to: bob, amount: coins(1n) }
      const quoted = on.body(alice, [{ module: 'token', command: 'transfer', input }])
      const body = { ...quoted, payer: carol, weightMax: quoted.weightMax + 50n, ...change }
      const payer = { signer: testAccount('carol').signer, feeMax: coins(feeMax) }
      const { transaction } = await signTransaction({ body, signer: testAccount('alice').signer, payer })
      return on.submit(transaction)
    }
    expect(await sent(FEE - 1n)).toMatchObject({ code: 'tx/PAYER_FEE_TOO_HIGH', receipt: undefined })
    expect(await sent(FEE)).toMatchObject({ code: undefined, receipt: { fee: FEE } })
    expect(await sent(99n, { fee: coins(41n) })).toMatchObject({
      code: 'token/CANNOT_PAY_FEE',
      receipt: undefined,
    })
    expect(books(on).balances).toEqual([4n, 1n, 40n, 0n])
    expect(on.read.kernel.account({ address: carol }).nonce).toBe(0n)
  })

  test('of all others’ commands is the command fee as well, unless they declare one', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const { authority } = testAccount('alice')
    expect(on.as(alice).kernel.rotate({ authority }).receipt?.fee).toBe(FEE)
    expect(on.as(alice).till.rest(null).receipt?.fee).toBe(0n)
    expect(on.as(bob).till.rest(null).code).toBeUndefined()
    expect(on.as(bob).kernel.rotate({ authority: testAccount('bob').authority }).code).toBe(
      'token/CANNOT_PAY_FEE',
    )
  })

  test.each([
    [{ symbol: 'A' }, 50_000_000n],
    [{ symbol: 'A', decimals: 0 }, 1n],
    [{ symbol: 'A', decimals: 1 }, 5n],
    [{ symbol: 'A', decimals: 8, commandFee: coins(3n) }, 3n],
    [{ symbol: 'A', commandFee: coins(0n) }, 0n],
  ])('is half a token unless the chain file says otherwise: %o', (options, fee) => {
    const other = defineChain({ id: 'a', consensus: solo() }).use(token(options))
    const on = testChain(other, {
      token: { balances: [{ owner: alice, amount: coins(10n ** 9n) }], unclaimed: [] },
    })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(1n) }).receipt?.fee).toBe(fee)
    expect(on.read.token.feePool(null)).toBe(fee)
  })

  test('of commands that declare none may be changed by governance, where the chain file says so', () => {
    const council = defineModule('council', {
      needs: { kernel: need<{}, Pick<KernelGranted, 'setParameter'>>() },
    }).command('price', amount, { fee: coins(0n) }, (ctx, fee) => {
      const value = encode(amount, fee)
      ctx.needs.kernel.setParameter({ module: 'token', name: 'commandFee', value })
    })
    const other = defineChain({ id: 'a', consensus: solo() })
      .use(token({ symbol: 'A', commandFee: coins(3n) }), { governable: ['commandFee'] })
      .use(council, { grants: { kernel: ['setParameter'] } })
    const on = testChain(other, {
      token: { balances: [{ owner: alice, amount: coins(100n) }], unclaimed: [] },
    })
    expect(on.as(bob).council.price(coins(8n)).code).toBeUndefined()
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(1n) }).receipt?.fee).toBe(8n)
    const claim = { module: 'token', command: 'claim', input: { to: bob, signature: new Uint8Array(65) } }
    const body = on.body(alice, [claim, claim])
    expect(on.submit(on.sign({ ...body, fee: coins(7n) })).code).toBe('token/CLAIM_NOT_ALONE')
    expect(on.submit(on.sign({ ...body, fee: coins(8n) })).code).toBe('token/BAD_CLAIM_SIGNATURE')
  })

  test('may be set for each command in the chain file, the claim too', () => {
    const fees = { transfer: coins(1n), claim: coins(7n) }
    const other = defineChain({ id: 'a', consensus: solo() }).use(token({ symbol: 'A' }), { fees })
    const on = testChain(other, {
      token: { balances: [{ owner: alice, amount: coins(100n) }], unclaimed: [] },
    })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(1n) }).receipt?.fee).toBe(1n)
    const claim = { module: 'token', command: 'claim', input: { to: bob, signature: new Uint8Array(65) } }
    expect(on.body(alice, [claim]).fee).toBe(7n)
  })
})

describe('other modules', () => {
  test('pay for their sender, and for nobody else', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const outcome = on.as(alice).till.pay({ to: bob, amount: coins(30n) })
    expect(said(outcome)).toEqual([['token.transferred', { from: alice, to: bob, amount: 30n }]])
    expect(on.as(bob).till.pay({ to: carol, amount: coins(31n) }).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(on.as(carol).till.pay({ to: bob, amount: coins(0n) }).code).toBe('token/ZERO_AMOUNT')
    expect(books(on).balances).toEqual([70n, 30n, 0n, 0n])
  })

  test('move, mint and burn when the chain file grants it', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    expect(said(on.as(keeper).till.move({ from: alice, to: bob, amount: coins(40n) }))).toEqual([
      ['token.transferred', { from: alice, to: bob, amount: 40n }],
    ])
    expect(said(on.as(keeper).till.mint({ to: carol, amount: coins(5n) }))).toEqual([
      ['token.minted', { to: carol, amount: 5n }],
    ])
    expect(said(on.as(keeper).till.burn({ from: alice, amount: coins(60n) }))).toEqual([
      ['token.burned', { from: alice, amount: 60n }],
    ])
    expect(books(on)).toEqual({ balances: [0n, 40n, 5n, 0n], feePool: 0n, supply: 45n })
  })

  test('are refused what the accounts do not have', () => {
    const on = harbour({ balances: [[alice, 10n]] })
    const { till } = on.as(keeper)
    expect(till.move({ from: alice, to: bob, amount: coins(0n) }).code).toBe('token/ZERO_AMOUNT')
    expect(till.move({ from: alice, to: bob, amount: coins(11n) }).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(till.burn({ from: alice, amount: coins(11n) }).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(books(on)).toEqual({ balances: [10n, 0n, 0n, 0n], feePool: 0n, supply: 10n })
  })

  test('is asked for balances and the supply, in queries too', () => {
    const on = harbour({ balances: [[alice, 60n]] })
    on.as(alice).till.mint({ to: bob, amount: amount(40n) })
    expect(on.read.till.share({ owner: bob })).toEqual({ balance: 40n, supply: 100n })
  })

  test('cannot make the supply larger than 2^64 − 1 units, to the unit', () => {
    const on = harbour({ balances: [[alice, U64_MAX - 5n]] })
    const { till } = on.as(keeper)
    expect(till.mint({ to: bob, amount: coins(6n) }).code).toBe('token/SUPPLY_TOO_LARGE')
    expect(till.mint({ to: bob, amount: coins(U64_MAX) }).code).toBe('token/SUPPLY_TOO_LARGE')
    expect(till.mint({ to: bob, amount: coins(5n) }).code).toBeUndefined()
    expect(till.mint({ to: alice, amount: coins(1n) }).code).toBe('token/SUPPLY_TOO_LARGE')
    expect(till.move({ from: alice, to: bob, amount: coins(U64_MAX - 5n) }).code).toBeUndefined()
    expect(books(on)).toEqual({ balances: [0n, U64_MAX, 0n, 0n], feePool: 0n, supply: U64_MAX })
  })

  test('that regret leave no trace', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    const outcome = on.as(alice).till.payAndRegret({ to: bob, amount: coins(30n) })
    expect(outcome).toMatchObject({ code: 'till/REGRET', events: [] })
    expect(books(on)).toEqual({ balances: [100n, 0n, 0n, 0n], feePool: 0n, supply: 100n })
  })

  test('see balances as they are at that moment', () => {
    const on = harbour({ balances: [[alice, 5n]] })
    const { till } = on.as(keeper)
    expect(till.doubleIfPoor({ to: alice, amount: coins(6n) }).events).toEqual(['token.minted'])
    expect(till.doubleIfPoor({ to: alice, amount: coins(6n) }).events).toEqual([])
    expect(on.read.token.balance({ owner: alice })).toBe(11n)
  })
})

describe('the genesis document', () => {
  const holder = (first: number) => new Uint8Array(20).fill(first)
  type Rows = Parameters<typeof harbour>[0]
  // In order of precedence: each case also breaks all rules that follow, as far as one document can.
  const cases: readonly (readonly [string, string, Rows])[] = [
    [
      'an owner twice',
      'appears twice',
      {
        balances: [
          [alice, U64_MAX],
          [alice, 0n],
        ],
      },
    ],
    [
      'a balance of nothing',
      'The amount is 0',
      { balances: [[alice, 0n]], unclaimed: [[holder(1), U64_MAX]] },
    ],
    [
      'a holder twice',
      '0x0101010101010101010101010101010101010101 appears twice',
      {
        unclaimed: [
          [holder(1), U64_MAX],
          [holder(1), 0n],
        ],
      },
    ],
    ['a claim to nothing', 'The amount is 0', { unclaimed: [[holder(1), 0n]] }],
    [
      'a supply that is too large',
      `The supply would be ${U64_MAX + 1n} units`,
      { balances: [[alice, U64_MAX]], unclaimed: [[holder(1), 1n]] },
    ],
  ]
  test.each(cases)('with %s is refused', (_, why, rows) => {
    expect(() => harbour(rows)).toThrow(expect.objectContaining({ code: 'kernel/BAD_GENESIS' }))
    expect(() => harbour(rows)).toThrow(why)
  })

  test('may hold the whole supply, in balances and unclaimed rows', () => {
    const on = harbour({ balances: [[alice, U64_MAX - 1n]], unclaimed: [[holder(1), 1n]] })
    expect(on.read.token.supply(null)).toBe(U64_MAX)
    expect(on.read.token.unclaimed({ holder: holder(1) })).toBe(1n)
    expect(on.read.token.unclaimed({ holder: holder(2) })).toBe(0n)
  })

  test('may be empty', () => {
    expect(books(harbour())).toEqual({ balances: [0n, 0n, 0n, 0n], feePool: 0n, supply: 0n })
  })
})

test('the parameters of the token are part of the fingerprint', () => {
  const fingerprint = (options: Parameters<typeof token>[0]) => {
    const { value, validators } = harbour().genesis
    const documents = { token: { balances: [], unclaimed: [] } }
    const other = defineChain({ id: 'a', consensus: solo() }).use(token(options))
    return other.genesis({ timeMs: value.timeMs, validators: validators.validators, documents }).fingerprint
  }
  const made = [
    { symbol: 'A' },
    { symbol: 'B' },
    { symbol: 'A', decimals: 7 },
    { symbol: 'A', commandFee: coins(1n) },
  ].map(fingerprint)
  expect(new Set(made).size).toBe(4)
  expect(fingerprint({ symbol: 'A', decimals: 8, commandFee: coins(50_000_000n) })).toBe(made[0])
})

test('the chain begins alike on every node', () => {
  const { genesis } = harbour({ balances: [[alice, 1n]] })
  expect(createMachine(genesis).begin(memoryStore()).id).toBe(createMachine(genesis).begin(memoryStore()).id)
  expect(chain.modules.map(({ spec }) => spec.name)).toEqual(['kernel', 'token', 'till'])
})
