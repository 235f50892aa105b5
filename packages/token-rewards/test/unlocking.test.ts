import { amount } from '@mmtchain/kernel'
import { testChain } from '@mmtchain/testkit'
import { cliff, linear, parts } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { alice, chain, GENESIS_MS, SLOT_MS } from './harbour.ts'

const grant = { owner: alice, amount: amount(1_003n), startMs: GENESIS_MS + 10n * SLOT_MS }

/** What is unlocked after so many slots. */
function unlocked(vesting: ReturnType<typeof linear>, slots: readonly number[]): readonly bigint[] {
  const on = testChain(chain, { token: { vesting } })
  return slots.map((slot) => {
    on.advance({ blocks: slot - Number(on.height) })
    return on.read.token.balance({ owner: alice })
  })
}

test('linear unlocks evenly from the start on', () => {
  expect(unlocked(linear(grant, 10n * SLOT_MS), [5, 10, 11, 15, 20, 30])).toEqual([
    0n,
    0n,
    100n,
    501n,
    1_003n,
    1_003n,
  ])
})

test('a cliff gives nothing, then what would have unlocked by then, then the rest evenly', () => {
  const rows = cliff(grant, { cliffMs: 4n * SLOT_MS, spanMs: 10n * SLOT_MS })
  expect(unlocked(rows, [10, 13, 14, 15, 17, 20, 30])).toEqual([0n, 0n, 401n, 501n, 702n, 1_003n, 1_003n])
})

test('ten yearly parts are a tenth a year, the last one with what does not divide', () => {
  const rows = parts(grant, { count: 10, everyMs: 2n * SLOT_MS })
  expect(unlocked(rows, [11, 12, 13, 14, 28, 29, 30])).toEqual([0n, 100n, 100n, 200n, 900n, 900n, 1_003n])
  expect(rows.reduce((sum, one) => sum + one.amount, 0n)).toBe(1_003n)
})

test('half over five years: what does not move is not issued, the rest unlocks in five parts', () => {
  const half = { ...grant, amount: amount(grant.amount / 2n) }
  expect(unlocked(parts(half, { count: 5, everyMs: SLOT_MS }), [10, 11, 15])).toEqual([0n, 100n, 501n])
})

test('more parts than an account can have are refused', () => {
  expect(() => parts(grant, { count: 17, everyMs: 1n })).toThrow(/not 1 to 16/)
})
