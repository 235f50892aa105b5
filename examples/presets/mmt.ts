import { election } from '@mmtchain/consensus-dpos'
import { defineChain, type Engine } from '@mmtchain/kernel'
import { amount } from '@mmtchain/primitives'
import { rewards, steps, token } from '@mmtchain/token-rewards'
import { type Allocation, coins } from './allocation.ts'

/** Blocks of a step of the reward: 333 days of 10 s. */
export const MMT_STEP = 2_877_120n

/** 5 tokens a block, one less after each step, and 1 for ever. */
export const mmtCurve = (step = MMT_STEP) => steps({ every: step, amounts: [5n, 4n, 3n, 2n, 1n].map(coins) })

/** MMT: 108 delegates by votes of stake, a block every 10 s. Simulations give a shorter step. */
export const mmt = (consensus: Engine, { step = MMT_STEP }: { readonly step?: bigint } = {}) =>
  defineChain({ id: 'mmt-1', addressPrefix: 'mmt', slotMs: 10_000, consensus })
    .use(token({ symbol: 'MMT', decimals: 8, commandFee: amount(coins(1n) / 2n) }))
    .use(election({ seats: 108, registerFee: coins(200n) }), {
      grants: { token: ['lock', 'unlock', 'burn', 'move'] },
    })
    .use(rewards({ curve: mmtCurve(step) }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
    })

/** The supply at genesis that the paper names: the most that moves from the old token, at 20 old to 1 new. */
export const MMT_SUPPLY = coins(100_000_000n)
const OLD_ISSUED = 2_000_000_000n
const OLD_FOR_ONE = 20n

/** What moves: the share of the class in per cent of what was issued, and how much of the class moves, in per cent. */
const classes = [
  { name: 'community', percent: 25n, moves: 100n },
  { name: 'ecosystem', percent: 40n, moves: 100n },
  { name: 'foundation', percent: 15n, moves: 100n },
  { name: 'team', percent: 15n, moves: 50n, years: 5n },
  { name: 'angels', percent: 5n, moves: 100n },
] as const

/** The holders of the old token by class. What does not move is not issued. */
export const mmtAllocation: readonly Allocation[] = classes.map(({ name, percent, moves, ...unlocks }) => ({
  ...{ name, amount: coins((OLD_ISSUED * percent * moves) / (100n * 100n * OLD_FOR_ONE)) },
  ...unlocks,
}))
