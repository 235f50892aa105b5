import { faultsMax, seatsAfter } from '@mmtchain/consensus-dpos'
import { defineModule, slotMsOf, unit } from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { ann, chainOf, coins, epochs, field, ruling } from './harbour.ts'

const rule = { seatsMin: 72, seatsMax: 108, fullPercent: 75, idlePercent: 25 }
const epoch = (percent: bigint, { blocks, turns } = { blocks: 100n, turns: 100n }) => ({
  weight: percent,
  capacity: 100n,
  blocks,
  turns,
})
const full = epoch(75n)
const idle = epoch(25n)
const calm = epoch(50n)
const after = (seats: number, loads: readonly ReturnType<typeof epoch>[], own = rule) =>
  loads.reduce((state, load) => seatsAfter(own, state, load), { seats, fullEpochs: 0, idleEpochs: 0 }).seats

describe('seats follow congestion', () => {
  test('after two epochs in a row that say the same, and not before', () => {
    expect(after(100, [full])).toBe(100)
    expect(after(100, [full, full])).toBe(97)
    expect(after(100, [full, full, full])).toBe(97)
    expect(after(100, [full, calm, full])).toBe(100)
    expect(after(100, [full, idle, full, idle])).toBe(100)
    expect(after(100, [idle, idle])).toBe(103)
    expect(after(100, [epoch(74n), epoch(74n)])).toBe(100)
    expect(after(100, [epoch(26n), epoch(26n)])).toBe(100)
  })

  test('to a number n with n mod 3 = 1 where three seats reach one', () => {
    expect(after(108, [full, full])).toBe(106)
    expect(after(106, [full, full])).toBe(103)
    expect(after(106, [idle, idle])).toBe(108)
    expect(after(90, [idle, idle])).toBe(91)
  })

  test('between the fewest and the most', () => {
    const long = Array.from({ length: 60 }, () => full)
    const sizes = long.map((_, i) => after(108, long.slice(0, i)))
    expect(Math.min(...sizes)).toBe(72)
    for (const [i, size] of sizes.entries()) expect((sizes[i - 2] ?? 108) - size).toBeLessThanOrEqual(3)
    expect(after(72, [...long.map(() => idle)])).toBe(108)
    expect(after(72, [full, full])).toBe(72)
  })

  test('and do not grow while more than a tenth of the turns bring no block', () => {
    const slow = epoch(0n, { blocks: 89n, turns: 100n })
    expect(after(100, [slow, slow])).toBe(100)
    const fast = epoch(0n, { blocks: 90n, turns: 100n })
    expect(after(100, [fast, fast])).toBe(103)
  })
})

test('f is a third of the others, rounded down', () => {
  expect([0, 1, 3, 4, 27, 101, 108].map(faultsMax)).toEqual([0, 0, 0, 1, 8, 33, 35])
})

test('a chain that is idle again gets its seats back, three in two epochs', () => {
  const validators = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7']
  const busy = () =>
    defineModule('busy').command('work', unit, { weight: 400_000n, fee: coins(0) }, () => undefined)
  const options = { seats: 7, dec: { seatsMin: 4, fullPercent: 50, idlePercent: 5 } }
  const on = field({ options, validators, chain: (own) => chainOf(own).use(busy()) as never })
  const work = { sender: ann, module: 'busy', command: 'work', input: null }
  for (let i = 0; i < 14; i++) on.block([work])
  expect(on.read.election.epoch(null)).toMatchObject({ epoch: 2n, seats: 4 })
  expect(ruling(on)).toHaveLength(7)
  epochs(on, 1) // What epoch 1 was like decides about epoch 3.
  expect(ruling(on)).toHaveLength(4)
  epochs(on, 4)
  expect(ruling(on)).toHaveLength(7)
})

describe('pace follows seats', () => {
  const slotOf = (seats: number, fullSeats?: number) =>
    slotMsOf({ slotMs: 10_000n }, { validators: new Array(seats) }, fullSeats)

  test('in proportion, rounded up, never below two thirds nor above the slot of the chain file', () => {
    expect([108, 106, 103, 73, 72].map((n) => slotOf(n, 108))).toEqual([
      10_000n,
      9_815n,
      9_538n,
      6_760n,
      6_667n,
    ])
    expect([71, 27, 1].map((n) => slotOf(n, 108))).toEqual([6_667n, 6_667n, 6_667n])
    expect([109, 1_024].map((n) => slotOf(n, 108))).toEqual([10_000n, 10_000n])
    expect([1, 27, 108].map((n) => slotOf(n))).toEqual([10_000n, 10_000n, 10_000n])
  })

  test('with their hysteresis and floor: long congestion, then long calm', () => {
    const loads = [...Array.from({ length: 40 }, () => full), ...Array.from({ length: 40 }, () => idle)]
    let state = { seats: 108, fullEpochs: 0, idleEpochs: 0 }
    const paces = loads.map((load) => {
      state = seatsAfter(rule, state, load)
      return slotOf(state.seats, 108)
    })
    expect(paces.slice(0, 3)).toEqual([10_000n, 9_815n, 9_815n])
    expect(paces[39]).toBe(6_667n)
    expect(paces.slice(0, 40).every((pace, i) => i === 0 || pace <= (paces[i - 1] as bigint))).toBe(true)
    expect(paces.at(-1)).toBe(10_000n)
    expect(new Set(paces).size).toBeGreaterThan(10)
  })
})
