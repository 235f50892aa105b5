import {
  address,
  amount,
  cell,
  defineChain,
  defineModule,
  need,
  struct,
  table,
  u64,
  unit,
} from '@mmtchain/kernel'
import type { Address, Amount } from '@mmtchain/primitives'
import { testAddresses, testChain, turns } from '@mmtchain/testkit'
import {
  type Curve,
  type RewardsOptions,
  rewardAt,
  rewards,
  rewardsUpTo,
  steps,
  type Treasury,
  token,
} from '@mmtchain/token-rewards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const [ann, ben, cat, fund, reserve] = testAddresses('ann', 'ben', 'cat', 'fund', 'reserve')
const coins = (value: number | bigint): Amount => amount(BigInt(value))
const EPOCH = 4n
const FUNDS = coins(100_000)

/** The smallest election that rewards can stand on: fixed seats, epochs of four heights, votes as they are set. */
const election = () =>
  defineModule('election', {
    needs: { token: need<{}, Pick<Treasury, 'move'>>() },
    state: { votes: table(address, u64, 0n), shared: cell(u64, 0n) },
  })
    .provides<
      {},
      { share(args: { from: Address; delegate: Address; amount: Amount }): undefined },
      { votes(delegate: Address): bigint }
    >({
      granted: (ctx) => ({
        share({ from, amount: value }) {
          ctx.needs.token.move({ from, to: ctx.self, amount: value })
          ctx.state.shared.set(ctx.state.shared.get() + value)
        },
      }),
      reads: (ctx) => ({ votes: (delegate) => ctx.state.votes.get(delegate) }),
    })
    .validatorSource(({ block }) => ({ ...block.validators, epoch: (block.height + 1n) / EPOCH }))
    .command('vote', struct({ delegate: address }), (ctx, { delegate }) => ctx.state.votes.set(delegate, 1n))
    .query('shared', unit, u64, (ctx) => ctx.state.shared.get())

const start = (options: Partial<RewardsOptions> = {}) =>
  testChain(
    defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: turns() })
      .use(token({ symbol: 'HKT', commandFee: coins(10) }))
      .use(election(), { grants: { token: ['move'] } })
      .use(rewards({ curve: steps({ every: 100n, amounts: [coins(50), coins(30)] }), ...options }), {
        grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
      }),
    { token: { balances: [ann, ben, cat, reserve].map((owner) => ({ owner, amount: FUNDS })) } },
    { validators: [ann, ben, cat] },
  )
type Harbour = ReturnType<typeof start>
const gained = (on: Harbour, owner = ann) => on.read.token.balance({ owner }) - (owner === fund ? 0n : FUNDS)
const books = (on: Harbour) => on.read.rewards.books(null)

describe('a reward', () => {
  test('is the producer’s where nothing else is said, and adds to the supply', () => {
    const on = start()
    on.advance({ blocks: 4 })
    expect([gained(on, ann), gained(on, ben), gained(on, cat)]).toEqual([100n, 50n, 50n])
    expect(on.read.token.supply(null)).toBe(4n * FUNDS + 200n)
    expect(books(on)).toMatchObject({ made: 200n, paid: 200n, pool: 0n, fees: 0n, room: null })
  })

  test('is shared with voters, participants and the foundation; what rounding leaves is the producer’s', () => {
    const on = start({
      curve: steps({ every: 100n, amounts: [coins(33)] }),
      reward: { voters: 4_000, participants: 2_500, foundation: 1_000 },
      foundation: fund,
    })
    // Of 33: voters 13, participants 8, foundation 3, producer 9. Nobody votes yet, so that voters' 13 are the producer's.
    on.advance({ blocks: 1 })
    expect([gained(on, ann), gained(on, fund), books(on).pool]).toEqual([22n, 3n, 8n])
    on.as(cat).election.vote({ delegate: cat })
    expect(on.read.election.shared(null)).toBe(0n)
    on.advance({ blocks: 1 })
    expect([on.read.election.shared(null), gained(on, cat)]).toEqual([13n, 9n - 10n])
    expect(books(on).pool).toBe(24n + 10n)
  })

  test('out of a pool ends when the pool is empty, and makes nothing', () => {
    const on = start({ curve: { kind: 'pool', value: { account: reserve, amount: coins(40_000) } } })
    on.advance({ blocks: 4 })
    expect([gained(on, ann), gained(on, ben), gained(on, cat)]).toEqual([40_000n, 40_000n, 20_000n])
    expect(on.read.token.supply(null)).toBe(4n * FUNDS)
    expect(books(on)).toMatchObject({ made: 0n, drawn: 100_000n, paid: 100_000n })
  })

  test('stops at the cap: the last one is what is left, and what is burned does not come back', () => {
    const supplyMax = amount(4n * FUNDS + 120n)
    const on = start({ supplyMax })
    on.advance({ blocks: 2 })
    expect(books(on)).toMatchObject({ made: 100n, room: 20n })
    on.advance({ blocks: 1 })
    expect([gained(on, cat), books(on).room, on.read.token.supply(null)]).toEqual([20n, 0n, supplyMax])
    on.advance({ blocks: 5 })
    expect(on.read.token.supply(null)).toBe(supplyMax)
    const none = start({ supplyMax: coins(5) })
    none.advance({ blocks: 2 })
    expect(books(none)).toMatchObject({ made: 0n, room: 0n })
  })
})

describe('fees', () => {
  test('are the participants’, by the blocks that they made in the epoch; the rest stays for the next', () => {
    const on = start({ curve: { kind: 'none', value: null } })
    // Height 4 begins epoch 1, as the set after height 3 says: ann, ben and cat have one block each.
    on.as(reserve).token.transfer({ to: fund, amount: coins(1) })
    on.advance({ blocks: 1 })
    expect([gained(on, ann), books(on).pool]).toEqual([0n, 10n])
    on.advance({ blocks: 2 })
    expect([gained(on, ann), gained(on, ben), gained(on, cat)]).toEqual([3n, 3n, 3n])
    expect(books(on)).toMatchObject({ fees: 10n, paid: 9n, pool: 1n })
    on.as(reserve).token.transfer({ to: fund, amount: coins(1) })
    on.advance({ blocks: 3 })
    // Of 11: ann made two of the four blocks of epoch 1.
    expect(on.read.rewards.produced({ delegate: ann })).toBe(0)
    expect([gained(on, ann) + gained(on, ben) + gained(on, cat), books(on).pool]).toEqual([9n + 9n, 2n])
  })

  test('may be the producer’s, who makes the block with them', () => {
    const on = start({ curve: { kind: 'none', value: null }, fees: {} })
    on.as(reserve).token.transfer({ to: fund, amount: coins(1) })
    expect([gained(on, ann), on.read.token.feePool(null)]).toEqual([10n, 0n])
  })
})

describe('a curve', () => {
  const summed = (curve: Curve, height: bigint) => {
    let sum = 0n
    for (let h = 1n; h <= height; h++) sum += rewardAt(curve, h)
    return sum
  }
  const units = fc.bigInt({ min: 0n, max: 1_000n }).map(coins)
  const anyCurve: fc.Arbitrary<Curve> = fc.oneof(
    fc.uniqueArray(fc.bigInt({ min: 1n, max: 400n }), { maxLength: 8 }).chain((heights) =>
      fc.array(units, { minLength: heights.length, maxLength: heights.length }).map((amounts) => ({
        kind: 'steps' as const,
        value: heights
          .sort((a, b) => (a < b ? -1 : 1))
          .map((from, i) => ({ from, amount: amounts[i] ?? coins(0) })),
      })),
    ),
    fc
      .record({ amount: units, every: fc.bigInt({ min: 1n, max: 90n }) })
      .map((value) => ({ kind: 'halving' as const, value })),
    units.map((value) => ({ kind: 'pool' as const, value: { account: fund, amount: value } })),
    fc.constant({ kind: 'none' as const, value: null }),
  )

  test('sums in closed form to what its blocks sum to', () => {
    fc.assert(
      fc.property(anyCurve, fc.bigInt({ min: 0n, max: 500n }), (curve, height) => {
        expect(rewardsUpTo(curve, height)).toBe(summed(curve, height))
      }),
      { numRuns: 300 },
    )
  })

  test('of steps pays 5, 4, 3, 2 and then 1 for ever, each for 333 days of 10 s', () => {
    const mmt = steps({ every: 2_877_120n, amounts: [5, 4, 3, 2, 1].map(coins) })
    const ends = [2_877_120n, 5_754_240n, 8_631_360n, 11_508_480n]
    expect(
      [1n, ...ends.flatMap((end) => [end, end + 1n]), 10n ** 12n].map((height) => rewardAt(mmt, height)),
    ).toEqual([5, 5, 4, 4, 3, 3, 2, 2, 1, 1].map(BigInt))
    expect(rewardsUpTo(mmt, ends[3] as bigint)).toBe(14n * 2_877_120n)
    expect(rewardsUpTo(mmt, 31_536_000n)).toBe(14n * 2_877_120n + (31_536_000n - 11_508_480n))
  })

  test('that halves ends', () => {
    const halving: Curve = { kind: 'halving', value: { amount: coins(50), every: 10n } }
    expect([1n, 10n, 11n, 21n, 61n, 10n ** 9n].map((height) => rewardAt(halving, height))).toEqual([
      50n,
      50n,
      25n,
      12n,
      0n,
      0n,
    ])
    expect(rewardsUpTo(halving, 10n ** 9n)).toBe(10n * (50n + 25n + 12n + 6n + 3n + 1n))
  })
})

test('options that no rewards can have are refused by name', () => {
  const curve: Curve = { kind: 'none', value: null }
  const wrong: readonly RewardsOptions[] = [
    { curve: { kind: 'steps', value: [{ from: 0n, amount: coins(1) }] } },
    { curve: { kind: 'steps', value: [2n, 2n].map((from) => ({ from, amount: coins(1) })) } },
    { curve: { kind: 'halving', value: { amount: coins(1), every: 0n } } },
    { curve, reward: { voters: 0.5 } },
    { curve, fees: { voters: -1 } },
    { curve, reward: { voters: 6_000, participants: 5_000 } },
    { curve, reward: { foundation: 1 } },
  ]
  for (const options of wrong) expect(() => rewards(options)).toThrow(/cannot be defined/)
})
