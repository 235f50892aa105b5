import { type Codec, decode } from '@mmtchain/codec'
import {
  address,
  amount,
  cell,
  defineChain,
  defineModule,
  list,
  need,
  type ValidatorSet,
  validator,
} from '@mmtchain/kernel'
import type { Address, Amount } from '@mmtchain/primitives'
import { testAccount, testAccountAt, testChain, turns } from '@mmtchain/testkit'
import { jointValue, rewards, steps, type TermsOptions, terms, token } from '@mmtchain/token-rewards'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const coins = (value: number | bigint): Amount => amount(BigInt(value))
const EPOCH = 8n
const names = ['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'] as const
const at = (name: string): Address => testAccount(name).address
const seat = (who: Address) => {
  const [key] = testAccountAt(who).authority.keys
  if (!key) throw new Error('an authority has a key')
  return { address: who, key }
}

/** The smallest election that terms can stand on: epochs of eight heights, and whoever was named last rules the next. */
const election = () => {
  const over = (height: bigint) => (height + 1n) % EPOCH === 0n
  return defineModule('election', {
    needs: { token: need<{}, {}, { supply(): bigint }>() },
    state: { roster: cell(list(validator, { max: 16 }), []) },
  })
    .provides<
      {},
      { share(args: { from: Address; delegate: Address; amount: Amount }): undefined },
      { votes(delegate: Address): bigint; epochOver(): boolean }
    >({
      granted: () => ({ share: () => undefined }),
      reads: (ctx) => ({ votes: () => 0n, epochOver: () => over(ctx.block.height) }),
    })
    .validatorSource(({ block, state }): ValidatorSet => {
      if (!over(block.height)) return block.validators
      const validators = state.roster.get().length > 0 ? state.roster.get() : block.validators.validators
      const next = { epoch: block.epoch + 1n, epochStartTurn: block.turn + 1n }
      return { ...block.validators, ...next, validators }
    })
    .command('elect', list(address, { max: 16 }), (ctx, who) => ctx.state.roster.set(who.map(seat)))
}

const BOUNDS: TermsOptions = {
  rewardPercent: { min: 50, max: 100 },
  commandFee: { min: coins(5), max: coins(20) },
}
const chainOf = ({ commandFee = 10n, rewardPercent = 80, bounds = BOUNDS } = {}) =>
  defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: turns() })
    .use(token({ symbol: 'HKT', commandFee: coins(commandFee) }), { governable: ['commandFee'] })
    .use(election())
    .use(rewards({ curve: steps({ every: 100n, amounts: [coins(1_001)] }), rewardPercent }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
      governable: ['rewardPercent'],
    })
    .use(terms(bounds), { grants: { kernel: ['setParameter'] } })

const documents = {
  token: { balances: [...names, 'ann'].map((name) => ({ owner: at(name), amount: coins(1_000_000) })) },
  terms: null,
}
const start = (seats: number, chain = chainOf()) =>
  testChain(chain, documents, { validators: names.slice(0, seats).map(at) })
type Harbour = ReturnType<typeof start>

const choose = (on: Harbour, name: string, rewardPercent: number | null, commandFee: number | null = null) =>
  on.as(at(name)).terms.choose({ rewardPercent, commandFee: commandFee === null ? null : coins(commandFee) })
const endEpoch = (on: Harbour) => {
  for (const { epoch } = on.validators; on.validators.epoch === epoch; ) on.advance({ blocks: 1 })
}
const shown = (on: Harbour) => on.read.terms.terms(null)
const inForce = (on: Harbour) => {
  const { rewardPercent, commandFee } = shown(on).inForce
  return [rewardPercent, Number(commandFee)]
}
const made = (on: Harbour) => on.read.rewards.books(null).made

describe('reward and fee', () => {
  test('are as the chain file says until most choose otherwise, then the median from the next epoch on', () => {
    const on = start(5)
    expect(inForce(on)).toEqual([80, 10])
    choose(on, 'v0', 60, 8)
    choose(on, 'v1', 70, 15)
    choose(on, 'v2', 90, 20)
    expect(shown(on)).toMatchObject({
      ...{ inForce: { rewardPercent: 80, commandFee: 10n }, next: { rewardPercent: 80, commandFee: 10n } },
      ...{ fromEpoch: 1n, seats: 5 },
    })
    choose(on, 'v3', 65, 16)
    // 60, 65, 70, 80 (v4 is absent), 90; and 8, 10, 15, 16, 20.
    expect(shown(on).next).toEqual({ rewardPercent: 70, commandFee: 15n })
    // The block that ends the epoch still pays and charges as before; 80 % of 1,001 is 800, rounded down.
    endEpoch(on)
    expect(made(on)).toBe(800n * on.height)
    expect(on.hookEvents).toContain('terms.settled')
    expect(inForce(on)).toEqual([70, 15])
    const after = made(on)
    const paid = on.as(at('ann')).token.transfer({ to: at('v0'), amount: coins(1) })
    expect([paid.receipt?.fee, made(on) - after]).toEqual([15n, 700n])
    // Nobody changes a choice, so nothing moves again.
    endEpoch(on)
    expect([inForce(on), on.hookEvents.includes('terms.settled')]).toEqual([[70, 15], false])
  })

  test('stay with four seats until three would move them', () => {
    const on = start(4)
    choose(on, 'v0', 60)
    choose(on, 'v1', 60)
    endEpoch(on)
    expect(inForce(on)).toEqual([80, 10])
    choose(on, 'v2', 75)
    endEpoch(on)
    expect(inForce(on)).toEqual([75, 10])
  })

  test('count who rules when the epoch ends, and those again who come back', () => {
    const on = start(4)
    for (const name of ['v0', 'v1', 'v2']) choose(on, name, 60)
    endEpoch(on)
    expect(inForce(on)).toEqual([60, 10])
    on.as(at('ann')).election.elect(['v3', 'v4', 'v5'].map(at))
    endEpoch(on)
    expect(choose(on, 'v0', 50).code).toBe('terms/NOT_SEATED')
    for (const name of ['v3', 'v4']) choose(on, name, 90)
    expect(shown(on)).toMatchObject({
      seats: 3,
      choices: ['v3', 'v4'].map((name) => ({ delegate: at(name), rewardPercent: 90, commandFee: null })),
    })
    endEpoch(on)
    expect(inForce(on)).toEqual([90, 10])
    on.as(at('ann')).election.elect(['v0', 'v1', 'v3'].map(at))
    endEpoch(on)
    expect(on.read.terms.choice({ delegate: at('v0') })).toEqual({ rewardPercent: 60, commandFee: null })
    endEpoch(on)
    expect(inForce(on)).toEqual([60, 10])
  })

  test('follow a choice that is taken back to what is in force', () => {
    const on = start(1)
    choose(on, 'v0', 60, 20)
    choose(on, 'v0', null, null)
    expect(on.read.terms.choice({ delegate: at('v0') })).toEqual({ rewardPercent: null, commandFee: null })
    endEpoch(on)
    expect(inForce(on)).toEqual([80, 10])
    choose(on, 'v0', null, 20)
    endEpoch(on)
    expect(inForce(on)).toEqual([80, 20])
  })

  test('say from which epoch on they hold, at its very end too', () => {
    const on = start(1)
    choose(on, 'v0', 60)
    expect(shown(on).fromEpoch).toBe(1n)
    endEpoch(on)
    expect([shown(on).inForce.rewardPercent, shown(on).fromEpoch]).toEqual([60, 2n])
    on.advance({ blocks: 1 })
    expect(shown(on).fromEpoch).toBe(2n)
  })
})

describe('a choice', () => {
  test('is told in an event', () => {
    const on = start(4)
    const { receipt } = choose(on, 'v1', 70, 12)
    const [event] = receipt?.events ?? []
    const spec = on.genesis.chain.modules.find((used) => used.spec.name === 'terms')?.spec
    expect(decode(spec?.events.chosen as Codec<unknown>, event?.data ?? new Uint8Array())).toEqual({
      ...{ delegate: at('v1'), rewardPercent: 70, commandFee: 12n },
    })
  })

  test('is refused to others than validators first, then outside the bounds, the reward before the fee', () => {
    const on = start(4)
    expect(choose(on, 'ann', 49, 4).code).toBe('terms/NOT_SEATED')
    expect(choose(on, 'v4', 70).code).toBe('terms/NOT_SEATED')
    for (const percent of [49, 101]) {
      const { code, refusal } = choose(on, 'v0', percent, 4)
      expect([code, refusal?.message]).toEqual([
        'terms/OUT_OF_BOUNDS',
        `rewardPercent is ${percent}, not 50 to 100.`,
      ])
    }
    for (const fee of [4, 21])
      expect(choose(on, 'v0', 50, fee).refusal?.message).toBe(`commandFee is ${fee}, not 5 to 20.`)
    expect(shown(on).choices).toEqual([])
    for (const [percent, fee] of [
      [50, 5],
      [100, 20],
    ] as const)
      expect(choose(on, 'v0', percent, fee).code).toBeUndefined()
  })
})

describe('a chain file is refused', () => {
  test('where it does not let reward or fee change, or begins outside the bounds', () => {
    const fixed = defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: turns() })
      .use(token({ symbol: 'HKT', commandFee: coins(10) }), { governable: ['commandFee'] })
      .use(election())
      .use(rewards({ curve: { kind: 'none', value: null } }), {
        grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
      })
      .use(terms(BOUNDS), { grants: { kernel: ['setParameter'] } })
    expect(() => testChain(fixed, documents)).toThrow(/does not let rewards.rewardPercent change/)
    expect(() => start(1, chainOf({ commandFee: 21n }))).toThrow(/commandFee is 21, not 5 to 20/)
    expect(() => start(1, chainOf({ rewardPercent: 49 }))).toThrow(/rewardPercent is 49, not 50 to 100/)
  })

  test('by name where no terms can be as it says', () => {
    const { rewardPercent, commandFee } = BOUNDS
    const wrong: readonly TermsOptions[] = [
      { rewardPercent: { min: 0.5, max: 100 }, commandFee },
      { rewardPercent: { min: -1, max: 100 }, commandFee },
      { rewardPercent: { min: 0, max: 101 }, commandFee },
      { rewardPercent: { min: 60, max: 50 }, commandFee },
      { rewardPercent, commandFee: { min: coins(6), max: coins(5) } },
      { rewardPercent, commandFee: { min: coins(0), max: coins(5) } },
    ]
    for (const options of wrong) expect(() => terms(options)).toThrow(/cannot be defined/)
    expect(() => rewards({ curve: { kind: 'none', value: null }, rewardPercent: 101 })).toThrow(
      /cannot be defined/,
    )
  })
})

describe('the joint value', () => {
  const value = fc.bigInt({ min: 0n, max: 30n })
  const seats = fc.array(value, { minLength: 1, maxLength: 13 })
  const least = (of: readonly bigint[]) => of.reduce((a, b) => (b < a ? b : a))
  const most = (of: readonly bigint[]) => of.reduce((a, b) => (b > a ? b : a))
  /** By its meaning: not more than half chose less and not more than half more, and nothing of that kind is nearer. */
  const byCounting = (chosen: readonly bigint[], now: bigint) => {
    const isMiddle = (v: bigint) =>
      2 * chosen.filter((one) => one < v).length <= chosen.length &&
      2 * chosen.filter((one) => one > v).length <= chosen.length
    const distance = (v: bigint) => (v < now ? now - v : v - now)
    const middle = Array.from({ length: 31 }, (_, i) => BigInt(i)).filter(isMiddle)
    return middle.reduce((a, b) => (distance(b) < distance(a) ? b : a))
  }

  test('is the middle one, and of two the one in force or nearer to it', () => {
    expect(jointValue([9n, 1n, 5n], 0n)).toBe(5n)
    expect([0n, 3n, 9n].map((now) => jointValue([8n, 2n, 1n, 9n], now))).toEqual([2n, 3n, 8n])
    fc.assert(
      fc.property(seats, value, (chosen, now) => {
        expect(jointValue(chosen, now)).toBe(byCounting(chosen, now))
      }),
      { numRuns: 2_000 },
    )
  })

  test('cannot be moved by a third beyond what the others choose, absent ones among them', () => {
    const field = fc
      .record({ honest: fc.array(fc.option(value), { minLength: 1, maxLength: 27 }), now: value })
      .chain(({ honest, now }) =>
        fc.record({
          ...{ honest: fc.constant(honest.map((one) => one ?? now)), now: fc.constant(now) },
          // n = honest + f with f ≤ (n − 1) / 3, hence f ≤ (honest − 1) / 2.
          byzantine: fc.array(fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }), {
            maxLength: Math.floor((honest.length - 1) / 2),
          }),
        }),
      )
    fc.assert(
      fc.property(field, ({ honest, byzantine, now }) => {
        const joint = jointValue([...byzantine, ...honest], now)
        expect(joint >= least(honest) && joint <= most(honest)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('does not move again while all stay with their choices, however many are absent', () => {
    fc.assert(
      fc.property(fc.array(fc.option(value), { minLength: 1, maxLength: 13 }), value, (chosen, now) => {
        const settled = jointValue(
          chosen.map((one) => one ?? now),
          now,
        )
        expect(
          jointValue(
            chosen.map((one) => one ?? settled),
            settled,
          ),
        ).toBe(settled)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is what a chain of seven settles on, with two who choose whatever they like', () => {
    const percent = fc.option(fc.integer({ min: 60, max: 90 }))
    const epoch = fc.record({
      honest: fc.array(percent, { minLength: 5, maxLength: 5 }),
      byzantine: fc.array(fc.integer({ min: 50, max: 100 }), { minLength: 2, maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 1, maxLength: 3 }), (epochs) => {
        const on = start(7)
        for (const { honest, byzantine } of epochs) {
          const [now = 0] = inForce(on)
          on.block(
            [...honest, ...byzantine].map((rewardPercent, i) => ({
              ...{ sender: at(names[i] as string), module: 'terms', command: 'choose' },
              input: { rewardPercent, commandFee: null },
            })),
          )
          endEpoch(on)
          const others = honest.map((one) => BigInt(one ?? now))
          const [settled = 0] = inForce(on)
          expect(settled >= least(others) && settled <= most(others)).toBe(true)
          expect(BigInt(settled)).toBe(jointValue([...others, ...byzantine.map(BigInt)], BigInt(now)))
        }
      }),
      { numRuns: 15 },
    )
  })
})
