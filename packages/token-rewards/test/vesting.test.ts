import { signEthereumText } from '@mmtchain/crypto'
import type { Address } from '@mmtchain/kernel'
import { fromHex } from '@mmtchain/primitives'
import { testAddresses } from '@mmtchain/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { golden } from '../../../tests/golden.ts'
import {
  alice,
  bob,
  carol,
  coins,
  FEE,
  GENESIS_MS,
  type Harbour,
  harbour,
  keeper,
  SLOT_MS,
  said,
  type Waiting,
} from './harbour.ts'

const { vectors } = golden<{ vectors: { secret: string; holder: string }[] }>('claims.json')
const [eve, frank] = vectors.map(({ secret, holder }) => ({
  secret: fromHex(secret),
  holder: fromHex(holder),
})) as [{ secret: Uint8Array; holder: Uint8Array }, { secret: Uint8Array; holder: Uint8Array }]

const claim = (on: Harbour, of: typeof eve, to: Address) =>
  on.as(to).token.claim({
    to,
    signature: signEthereumText({ text: on.read.token.claimText({ to }), secret: of.secret }),
  })
const balance = (on: Harbour, owner: Address) => on.read.token.balance({ owner })
const holdings = (on: Harbour, owner: Address) => on.read.token.holdings({ owner })
/** Makes blocks until the chain is `slots` after block 0. */
const goTo = (on: Harbour, slots: bigint) => {
  while (on.timeMs < GENESIS_MS + slots * SLOT_MS) on.advance({ blocks: 1 })
}

describe('an amount that unlocks by time', () => {
  test('joins the balance evenly, rounded down, and is all there at the end', () => {
    const on = harbour({ vesting: [[alice, { amount: 100n, span: 7n }]] })
    const seen = [balance(on, alice)]
    for (let slot = 1; slot <= 8; slot++) {
      on.advance({ blocks: 1 })
      seen.push(balance(on, alice))
    }
    expect(seen).toEqual([0n, 14n, 28n, 42n, 57n, 71n, 85n, 100n, 100n])
    expect(on.read.token.supply(null)).toBe(100n)
  })

  test('waits for its start, which may be in the past as well', () => {
    const on = harbour({
      vesting: [
        [alice, { amount: 100n, start: 2n, span: 4n }],
        [bob, { amount: 100n, start: -2n, span: 4n }],
        [carol, { amount: 100n, start: -10n, span: 4n }],
      ],
    })
    expect([alice, bob, carol].map((owner) => balance(on, owner))).toEqual([0n, 50n, 100n])
    goTo(on, 3n)
    expect([alice, bob, carol].map((owner) => balance(on, owner))).toEqual([25n, 100n, 100n])
  })

  test('cannot be transferred, paid, burned, moved, locked or used for fees before', () => {
    const on = harbour({ vesting: [[alice, { amount: 500n, span: 100n }]] })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(1n) })).toMatchObject({
      code: 'token/CANNOT_PAY_FEE',
      receipt: undefined,
    })
    goTo(on, 2n)
    expect(balance(on, alice)).toBe(10n)
    const { till } = on.as(keeper)
    const much = coins(100n)
    for (const refused of [
      on.as(alice).till.pay({ to: bob, amount: much }),
      till.move({ from: alice, to: bob, amount: much }),
      till.burn({ from: alice, amount: much }),
      till.lock({ owner: alice, purpose: 'vote', amount: much }),
    ]) {
      expect(refused.code).toBe('token/INSUFFICIENT_BALANCE')
    }
    expect(holdings(on, alice)).toMatchObject({ total: 500n, balance: 30n, locks: [] })
  })

  test('is spent as any other, together with the balance, to the unit', () => {
    const on = harbour({
      balances: [[alice, 7n]],
      vesting: [[alice, { amount: 100n, span: 10n }]],
    })
    // In the block of slot 3, 30 have unlocked.
    goTo(on, 2n)
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(28n) }).code).toBe(
      'token/INSUFFICIENT_BALANCE',
    )
    // The fee of the refused one is gone; in slot 4 there are 10 more.
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(27n) }).code).toBeUndefined()
    expect(balance(on, alice)).toBe(0n)
    expect(holdings(on, alice)).toEqual({
      balance: 0n,
      locks: [],
      vesting: [{ amount: 100n, unlocked: 40n, startMs: GENESIS_MS, endMs: GENESIS_MS + 10n * SLOT_MS }],
      total: 60n,
    })
    goTo(on, 20n)
    expect(on.as(alice).till.pay({ to: carol, amount: coins(60n) }).code).toBeUndefined()
    expect(holdings(on, alice)).toEqual({ balance: 0n, locks: [], vesting: [], total: 0n })
  })

  test('leaves no row behind when all of it is spent, at once or bit by bit', () => {
    const on = harbour({ vesting: [[alice, { amount: 50n, start: -5n, span: 1n }]] })
    const spent = (...values: readonly bigint[]) => {
      const other = on.fork()
      for (const value of values) {
        const { till } = other.as(keeper)
        if (value === 0n) till.rest(null)
        else till.move({ from: alice, to: bob, amount: coins(value) })
      }
      expect(holdings(other, alice)).toEqual({ balance: 0n, locks: [], vesting: [], total: 0n })
      return other.stateRoot
    }
    expect(spent(20n, 30n)).toBe(spent(50n, 0n))
  })

  test('comes out the same however often something is spent on the way', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ amount: fc.bigInt(1n, 1_000n), span: fc.bigInt(1n, 12n), start: fc.bigInt(-4n, 6n) }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 14 }),
        (rows, takes) => {
          const distinct = rows.filter(
            (row, at) => rows.findIndex((one) => one.start === row.start && one.span === row.span) === at,
          )
          const on = harbour({ vesting: distinct.map((row) => [alice, row] as const) })
          const { till } = on.as(keeper)
          let taken = 0n
          for (const take of takes) {
            const value = take === 0 ? 0n : balance(on, alice) / BigInt(take)
            if (value === 0n) on.advance({ blocks: 1 })
            else {
              expect(till.move({ from: alice, to: bob, amount: coins(value) }).code).toBeUndefined()
              taken += value
            }
            const passed = (on.timeMs - GENESIS_MS) / SLOT_MS
            const unlocked = distinct.map(({ amount, span, start }) => {
              const gone = passed - start
              return gone <= 0n ? 0n : gone >= span ? amount : (amount * gone) / span
            })
            expect(balance(on, alice) + taken).toBe(unlocked.reduce((sum, one) => sum + one, 0n))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the genesis document', () => {
  const waiting = { amount: 5n, span: 3n }
  const sixteen = (more = 0) =>
    Array.from({ length: 16 + more }, (_, n) => ({ amount: 1n, span: BigInt(n + 1) }))
  // In order of precedence: each case also breaks all rules that follow, as far as one document can.
  test.each([
    ['a span of nothing', 'are no time to unlock', { vesting: [[alice, { amount: 0n, span: 0n }]] }],
    [
      'an end that no clock reaches',
      'are no time to unlock',
      { vesting: [[alice, { amount: 0n, start: 0n, span: 18_446_744_073_709_551n }]] },
    ],
    ['nothing that unlocks', 'The amount is 0', { vesting: [[alice, { amount: 0n, span: 1n }]] }],
    [
      'one start and span twice',
      'appears twice',
      { vesting: [...sixteen(), sixteen()[0] as Waiting].map((one) => [alice, one]) },
    ],
    [
      'seventeen spans for one owner',
      'more than 16 different spans',
      { vesting: sixteen(1).map((one) => [alice, { ...one, amount: 1n << 63n }]) },
    ],
    [
      'a holder with a span twice',
      '0x8f88876da3f1426ca8e6a5f97b1f5e31ddefe12a appears twice',
      {
        unclaimedVesting: [
          [eve.holder, waiting],
          [eve.holder, waiting],
        ],
      },
    ],
    [
      'a supply that is too large',
      'The supply would be',
      {
        vesting: [[alice, { amount: 1n << 63n, span: 1n }]],
        unclaimedVesting: [[eve.holder, { amount: 1n << 63n, span: 1n }]],
      },
    ],
  ] as readonly (readonly [string, string, Parameters<typeof harbour>[0]])[])(
    'with %s is refused',
    (_, why, rows) => {
      expect(() => harbour(rows)).toThrow(expect.objectContaining({ code: 'kernel/BAD_GENESIS' }))
      expect(() => harbour(rows)).toThrow(why)
    },
  )

  test('counts what waits in the supply, for at most 16 spans an owner', () => {
    const on = harbour({
      vesting: sixteen().map((one) => [alice, one] as const),
      unclaimedVesting: [[eve.holder, waiting]],
    })
    expect(on.read.token.supply(null)).toBe(21n)
    expect(holdings(on, alice).total).toBe(16n)
  })
})

describe('a claim of what unlocks by time', () => {
  const waiting = { amount: 100n, span: 10n }

  test('gives free and waiting amounts together', () => {
    const on = harbour({ unclaimed: [[eve.holder, 30n]], unclaimedVesting: [[eve.holder, waiting]] })
    expect(on.read.token.unclaimed(eve)).toBe(130n)
    expect(on.read.token.unclaimedVesting(eve)).toEqual([
      { amount: 100n, unlocked: 0n, startMs: GENESIS_MS, endMs: GENESIS_MS + 10n * SLOT_MS },
    ])
    goTo(on, 3n)
    const outcome = claim(on, eve, bob)
    expect(said(outcome)).toEqual([['token.claimed', { holder: eve.holder, to: bob, amount: 130n }]])
    expect(holdings(on, bob)).toMatchObject({ balance: 70n, total: 130n, vesting: [{ unlocked: 40n }] })
    expect(on.read.token.unclaimed(eve)).toBe(0n)
    expect(on.read.token.unclaimedVesting(eve)).toEqual([])
    expect(claim(on, eve, bob).code).toBe('token/NOTHING_TO_CLAIM')
    goTo(on, 10n)
    expect(balance(on, bob)).toBe(130n)
  })

  test('works for a row with nothing free, and late as well as early', () => {
    const on = harbour({ unclaimedVesting: [[eve.holder, waiting]] })
    goTo(on, 50n)
    expect(claim(on, eve, bob).code).toBeUndefined()
    expect(on.as(bob).token.transfer({ to: alice, amount: coins(100n - FEE) }).code).toBeUndefined()
    expect(holdings(on, bob)).toEqual({ balance: 0n, locks: [], vesting: [], total: 0n })
  })

  test('of a second row with the same span joins the first, and nothing unlocks twice', () => {
    const on = harbour({
      balances: [[keeper, 5n]],
      unclaimedVesting: [
        [eve.holder, { amount: 101n, span: 10n }],
        [frank.holder, { amount: 99n, span: 10n }],
      ],
    })
    goTo(on, 4n)
    claim(on, eve, bob)
    expect(balance(on, bob)).toBe(50n)
    on.as(keeper).till.move({ from: bob, to: alice, amount: coins(60n) })
    claim(on, frank, bob)
    expect(holdings(on, bob).vesting).toEqual([
      { amount: 200n, unlocked: 140n, startMs: GENESIS_MS, endMs: GENESIS_MS + 10n * SLOT_MS },
    ])
    expect(balance(on, bob)).toBe(80n)
    goTo(on, 10n)
    expect(balance(on, bob)).toBe(140n)
  })

  test('is kept out of blocks when the receiver waits for too much already', () => {
    const [busy] = testAddresses('busy')
    const on = harbour({
      vesting: Array.from({ length: 16 }, (_, n) => [busy, { amount: 1n, span: BigInt(n + 20) }] as const),
      unclaimedVesting: [[eve.holder, { amount: 5n, span: 100n }]],
    })
    expect(claim(on, eve, busy)).toMatchObject({ code: 'token/TOO_MANY_SCHEDULES', receipt: undefined })
    expect(claim(on, eve, bob).code).toBeUndefined()
    const later = harbour({
      vesting: Array.from({ length: 16 }, (_, n) => [busy, { amount: 1n, span: BigInt(n + 1) }] as const),
      unclaimedVesting: [[eve.holder, { amount: 5n, span: 100n }]],
    })
    // What is through makes room.
    expect(claim(later, eve, busy).code).toBeUndefined()
    expect(holdings(later, busy).vesting).toHaveLength(16)
  })
})

describe('an amount that a module has locked', () => {
  const lockOf = (on: Harbour, purpose: string, amount: bigint, owner = alice) =>
    on.as(keeper).till.lock({ owner, purpose, amount: coins(amount) })
  const unlockOf = (on: Harbour, purpose: string, amount: bigint) =>
    on.as(keeper).till.unlock({ owner: alice, purpose, amount: coins(amount) })

  test('stays its owner’s, but cannot be spent until the module unlocks it', () => {
    const on = harbour({ balances: [[alice, 100n]] })
    expect(said(lockOf(on, 'vote', 70n))).toEqual([
      ['token.locked', { owner: alice, purpose: 'vote', amount: 70n }],
    ])
    lockOf(on, 'deposit', 5n)
    lockOf(on, 'vote', 10n)
    expect(holdings(on, alice)).toEqual({
      balance: 15n,
      locks: [
        { purpose: 'deposit', amount: 5n },
        { purpose: 'vote', amount: 80n },
      ],
      vesting: [],
      total: 100n,
    })
    expect(on.as(alice).token.transfer({ to: bob, amount: coins(6n) }).code).toBe(
      'token/INSUFFICIENT_BALANCE',
    )
    expect(said(unlockOf(on, 'vote', 30n))).toEqual([
      ['token.unlocked', { owner: alice, purpose: 'vote', amount: 30n }],
    ])
    expect(on.as(keeper).till.unlockAll({ owner: alice, purpose: 'vote' }).code).toBeUndefined()
    expect(holdings(on, alice)).toMatchObject({ balance: 85n, locks: [{ purpose: 'deposit', amount: 5n }] })
    expect(on.read.token.supply(null)).toBe(100n)
  })

  test('may be one that has just unlocked by time', () => {
    const on = harbour({ vesting: [[alice, { amount: 100n, span: 10n }]] })
    goTo(on, 4n)
    expect(lockOf(on, 'vote', 50n).code).toBeUndefined()
    expect(holdings(on, alice)).toMatchObject({ balance: 0n, locks: [{ amount: 50n }], total: 100n })
    goTo(on, 10n)
    expect(balance(on, alice)).toBe(50n)
  })

  test('is refused in order: nothing, too many purposes, more than there is', () => {
    const on = harbour({ balances: [[alice, 20n]] })
    for (let n = 0; n < 16; n++) expect(lockOf(on, `deposit/${n}`, 1n).code).toBeUndefined()
    expect(lockOf(on, 'one too many', 0n).code).toBe('token/ZERO_AMOUNT')
    expect(lockOf(on, 'one too many', 99n).code).toBe('token/TOO_MANY_LOCKS')
    expect(lockOf(on, 'deposit/3', 99n).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(lockOf(on, 'deposit/3', 1n).code).toBeUndefined()
    expect(lockOf(on, 'vote', 1n, bob).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(unlockOf(on, 'deposit/3', 0n).code).toBe('token/ZERO_AMOUNT')
    expect(unlockOf(on, 'deposit/3', 3n)).toMatchObject({
      code: 'token/INSUFFICIENT_LOCK',
      refusal: {
        message: expect.stringContaining('has 0.02 HKT locked for deposit/3, but 0.03 are needed.'),
      },
    })
    expect(unlockOf(on, 'vote', 1n).code).toBe('token/INSUFFICIENT_LOCK')
    expect(unlockOf(on, 'deposit/3', 2n).code).toBeUndefined()
    expect(lockOf(on, 'one more', 1n).code).toBeUndefined()
    expect(lockOf(on, 'a purpose of more than 32 bytes', 1n).code).toBe('token/TOO_MANY_LOCKS')
  })

  test('leaves no row behind', () => {
    const on = harbour({ balances: [[alice, 20n]] })
    lockOf(on, 'vote', 20n)
    unlockOf(on, 'vote', 20n)
    const other = harbour({ balances: [[alice, 20n]] })
    lockOf(other, 'deposit', 20n)
    unlockOf(other, 'deposit', 20n)
    expect(on.stateRoot).toBe(other.stateRoot)
  })
})
