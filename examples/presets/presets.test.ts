import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { amount as amountOf, solo } from '@mmtchain/kernel'
import { testChain, turns } from '@mmtchain/testkit'
import { parts, rewardAt, rewardsUpTo } from '@mmtchain/token-rewards'
import { describe, expect, test } from 'vitest'
import { coins, tokenDocument, total, YEAR_MS } from './allocation.ts'
import { at, firstDelegates, onionOf, purses, validators } from './first-delegates.ts'
import { JMT_MINING, jmt, jmtAllocation } from './jmt.ts'
import { MES_TERMS, mes } from './mes.ts'
import { MMT_SUPPLY, mmt, mmtAllocation, mmtCurve } from './mmt.ts'
import { ZZM_CIRCULATING, ZZM_SUPPLY, zzm, zzmAllocation, zzmPools } from './zzm.ts'

// Every number that docs/SPEC.md names for these chains. Seats, votes and blocks themselves are tested with their modules.

const paramsOf = (
  chain: {
    readonly modules: readonly {
      readonly spec: { readonly name: string; readonly params: { readonly value: unknown } | undefined }
    }[]
  },
  name: string,
) => chain.modules.find(({ spec }) => spec.name === name)?.spec.params?.value
const feeOf = (chain: ReturnType<typeof mmt>, module: string, command: string) =>
  chain.modules.find(({ spec }) => spec.name === module)?.spec.commands.get(command)?.fee

describe('mmt', () => {
  const chain = mmt(solo())

  test('has 108 seats, slots of 10 s, epochs of 18 minutes', () => {
    expect(paramsOf(chain, 'election')).toMatchObject({ seats: 108, missesToSuspend: 3, dec: null })
    expect([chain.slotMs, (108 * chain.slotMs) / 60_000]).toEqual([10_000, 18])
  })

  test('costs 0.5 to transfer and to vote, 200 to register', () => {
    expect(paramsOf(chain, 'token')).toMatchObject({ symbol: 'MMT', decimals: 8, commandFee: 50_000_000n })
    expect([feeOf(chain, 'token', 'transfer'), feeOf(chain, 'election', 'vote')]).toEqual([
      undefined,
      undefined,
    ])
    expect(feeOf(chain, 'election', 'register')).toBe(coins(200n))
  })

  test('pays 5 a block, one less every 333 days, and 1 for ever, on top of 100,000,000', () => {
    expect(paramsOf(chain, 'rewards')).toMatchObject({ curve: mmtCurve(), supplyMax: null })
    expect(2_877_120n * 10n).toBe(333n * 86_400n)
    const days = [0n, 332n, 333n, 666n, 999n, 1_332n, 100_000n].map((day) =>
      rewardAt(mmtCurve(), day * 8_640n + 1n),
    )
    expect(days).toEqual([5n, 5n, 4n, 3n, 2n, 1n, 1n].map(coins))
    expect(MMT_SUPPLY).toBe(coins(100_000_000n))
    expect(rewardsUpTo(mmtCurve(), 4n * 2_877_120n)).toBe(coins(14n * 2_877_120n))
  })

  test('shares the fees among the nodes of the epoch', () => {
    expect(paramsOf(chain, 'rewards')).toMatchObject({
      ...{ fees: { participants: 10_000 }, reward: { voters: 0, participants: 0, foundation: 0 } },
    })
  })

  test('takes over 92,500,000 from the old holders, half of the team’s over 5 years', () => {
    const parts = Object.fromEntries(mmtAllocation.map(({ name, amount }) => [name, amount]))
    expect(parts).toEqual({
      ...{ community: coins(25_000_000n), ecosystem: coins(40_000_000n), foundation: coins(15_000_000n) },
      ...{ team: coins(7_500_000n), angels: coins(5_000_000n) },
    })
    expect(mmtAllocation.filter(({ years }) => years)).toMatchObject([{ name: 'team', years: 5n }])
    expect(total(mmtAllocation)).toBeLessThanOrEqual(MMT_SUPPLY)
    const on = testChain(
      mmt(turns()),
      {
        token: {
          ...tokenDocument(mmtAllocation, at),
          balances: [...tokenDocument(mmtAllocation, at).balances, ...purses],
        },
        election: { delegates: firstDelegates() },
      },
      {
        validators,
        reveal: (who, read) =>
          onionOf(who).reveal(read.election.delegate({ delegate: who })?.duty.onion.left ?? 0),
      },
    )
    expect(on.read.token.supply(null)).toBe(total(mmtAllocation) + coins(4_000n))
    expect(on.read.token.holdings({ owner: at('team') }).vesting[0]).toMatchObject({
      amount: coins(7_500_000n),
    })
  })
})

test('jmt has 50,000,000,000: 15 mining, 15 ecosystem, 15 foundation, 5 founders at 10 % a year', () => {
  const billions = Object.fromEntries(
    jmtAllocation.map(({ name, amount }) => [name, amount / coins(1_000_000_000n)]),
  )
  expect(billions).toEqual({ mining: 15n, ecosystem: 15n, foundation: 15n, founders: 5n })
  expect(total(jmtAllocation)).toBe(coins(50_000_000_000n))
  expect(tokenDocument(jmtAllocation, at).vesting).toEqual([
    { owner: at('founders'), amount: coins(5_000_000_000n), startMs: null, spanMs: 10n * YEAR_MS },
  ])
  const { perDay, days, lastDay } = JMT_MINING
  expect([perDay, days, lastDay]).toEqual([coins(4_100_000n), 3_658n, coins(2_200_000n)])
  expect(perDay * days + lastDay).toBe(coins(15_000_000_000n))
  const chain = jmt(solo(), {
    mining: at('mining'),
    reserves: ['ecosystem', 'foundation', 'founders'].map(at),
  })
  expect(paramsOf(chain, 'rewards')).toMatchObject({ curve: { kind: 'none' } })
  // Days of 4,100,000 until the account is empty: 3,658 of them, and a last one with what is left.
  expect(paramsOf(chain, 'mining')).toMatchObject({ account: at('mining'), perDay, dayMs: 86_400_000 })
  expect([jmtAllocation[0]?.amount, days]).toEqual([
    perDay * days + lastDay,
    (jmtAllocation[0]?.amount ?? 0n) / perDay,
  ])
})

test('zzm has 200,000,000 of 10^-8, never more: 50 % expansion, 25 % private sale, 20 % team, 5 % rewards', () => {
  const chain = zzm(turns(), { rewardsAccount: at('rewards') })
  const percents = Object.fromEntries(
    zzmAllocation.map(({ name, amount }) => [name, (amount * 100n) / ZZM_SUPPLY]),
  )
  expect(percents).toEqual({ expansion: 50n, privateSale: 25n, team: 20n, rewards: 5n })
  expect([total(zzmAllocation), ZZM_SUPPLY, ZZM_CIRCULATING]).toEqual([
    ...[coins(200_000_000n), coins(200_000_000n), coins(30_000_000n)],
  ])
  expect(paramsOf(chain, 'token')).toMatchObject({ decimals: 8 })
  const sale = { owner: at('privateSale'), amount: coins(50_000_000n) }
  const rest = zzmAllocation.filter(({ name }) => name !== 'privateSale')
  const on = testChain(
    chain,
    {
      token: {
        balances: [
          ...tokenDocument(rest, at).balances,
          ...[...purses, { ...sale, amount: coins(50_000_000n - 4_000n) }],
        ],
      },
      election: { delegates: firstDelegates() },
      pools: zzmPools(at('expansion')),
    },
    {
      validators,
      reveal: (who, read) =>
        onionOf(who).reveal(read.election.delegate({ delegate: who })?.duty.onion.left ?? 0),
    },
  )
  expect(on.read.pools.pool({ pool: 'expansion' })).toBe(coins(100_000_000n))
  expect(on.read.token.balance({ owner: at('expansion') })).toBe(0n)
  on.advance({ blocks: 20 })
  expect(on.read.token.supply(null)).toBe(ZZM_SUPPLY)
  expect(on.read.token.balance({ owner: at('rewards') })).toBe(coins(10_000_000n - 20n))
})

test('mes takes the seat after one miss, lets seats follow congestion, and shares with supporters', () => {
  const chain = mes(solo())
  expect(paramsOf(chain, 'election')).toMatchObject({ seats: 108, missesToSuspend: 1, dec: { seatsMin: 72 } })
  expect(paramsOf(chain, 'rewards')).toMatchObject({ reward: { voters: 5_000 } })
})

test('mes lets its witnesses set reward and fee together, inside bounds', () => {
  expect(paramsOf(mes(solo()), 'terms')).toEqual({
    ...{ rewardPercent: { min: 50, max: 100 }, commandFee: { min: 10_000_000n, max: coins(1n) } },
  })
  const funds = purses.map(({ owner, amount }) => ({ owner, amount: amountOf(amount + coins(1_000n)) }))
  const on = testChain(
    mes(turns()),
    { token: { balances: funds }, election: { delegates: firstDelegates() }, terms: null },
    {
      validators,
      reveal: (who, read) =>
        onionOf(who).reveal(read.election.delegate({ delegate: who })?.duty.onion.left ?? 0),
    },
  )
  const started = on.validators.epoch
  const [first, second, third] = validators.map((who) => on.as(who))
  const least = { rewardPercent: MES_TERMS.rewardPercent.min, commandFee: MES_TERMS.commandFee.min }
  for (const one of [first, second]) one?.terms.choose({ ...least })
  expect(on.read.terms.terms(null).next).toEqual({ rewardPercent: 100, commandFee: coins(1n) / 2n })
  third?.terms.choose({ ...least, rewardPercent: 75 })
  expect(on.validators.epoch).toBe(started)
  on.advance({ blocks: 1 })
  expect(on.validators.epoch).toBe(started + 1n)
  // Of 50, 50, 75 and the absent one's 100: 75 is nearer to 100, which is in force, than the other middle one.
  expect(on.read.terms.terms(null).inForce).toEqual({
    ...{ rewardPercent: 75, commandFee: MES_TERMS.commandFee.min },
  })
  const before = on.read.rewards.books(null).made
  on.advance({ blocks: 1 })
  const curve = on.read.rewards.reward({ height: on.height })
  expect(on.read.rewards.books(null).made - before).toBe((curve * 75n) / 100n)
})

test('the chart of supply and reward is what its script draws', () => {
  const script = fileURLToPath(new URL('./supply-chart.mjs', import.meta.url))
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toContain(
    '160.3072 million',
  )
})

test('founders of JMT may as well unlock a tenth a year, and the team of MMT a fifth', () => {
  const grant = { owner: at('founders'), amount: coins(5_000_000_000n), startMs: 0n }
  const rows = parts(grant, { count: 10, everyMs: YEAR_MS })
  expect(rows.map(({ amount }) => amount)).toEqual(Array.from({ length: 10 }, () => coins(500_000_000n)))
  expect(parts({ ...grant, amount: coins(7_500_000n) }, { count: 5, everyMs: YEAR_MS }).length).toBe(5)
})
