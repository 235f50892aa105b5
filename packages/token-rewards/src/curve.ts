// What a block earns, as data: whole numbers only, and closed forms for sums over any number of blocks.
import { address, amount, type Infer, list, struct, u64, union, unit } from '@mmtchain/codec'
import { type Amount, amount as toAmount } from '@mmtchain/primitives'

/** The most steps of a curve. */
export const STEPS_MAX = 64

/** What each block earns, from block 1 on. */
export const curve = union({
  /** From each height on, the amount; nothing before the first. Heights ascend. */
  steps: list(struct({ from: u64, amount }), { max: STEPS_MAX }),
  /** The amount, half of it (rounded down) after every so many blocks. */
  halving: struct({ amount, every: u64 }),
  /** The amount out of an account that was filled before, until that is empty. Nothing is made. */
  pool: struct({ account: address, amount }),
  none: unit,
})
export type Curve = Infer<typeof curve>

/** Steps of equal length from block 1 on: `steps({ every: 2_877_120n, amounts })`; the last one lasts for ever. */
export function steps({
  every,
  amounts,
}: {
  readonly every: bigint
  readonly amounts: readonly Amount[]
}): Curve {
  return { kind: 'steps', value: amounts.map((one, i) => ({ from: BigInt(i) * every + 1n, amount: one })) }
}

/** What the block of this height earns by the curve. */
export function rewardAt(given: Curve, height: bigint): Amount {
  switch (given.kind) {
    case 'steps':
      return given.value.findLast(({ from }) => from <= height)?.amount ?? toAmount(0n)
    case 'halving':
      return toAmount(given.value.amount >> ((height - 1n) / given.value.every))
    case 'pool':
      return given.value.amount
    case 'none':
      return toAmount(0n)
  }
}

/** What blocks 1 to `height` earn together by the curve. It costs a step for each change of the reward, not for each block. */
export function rewardsUpTo(given: Curve, height: bigint): bigint {
  switch (given.kind) {
    case 'steps':
      return given.value.reduce((sum, { from, amount: one }, i) => {
        const end = given.value[i + 1]?.from ?? height + 1n
        const until = end < height + 1n ? end : height + 1n
        return until > from ? sum + one * (until - from) : sum
      }, 0n)
    case 'halving': {
      const { amount: first, every } = given.value
      let sum = 0n
      for (let period = 0n; period * every < height && first >> period > 0n; period++) {
        const left = height - period * every
        sum += (first >> period) * (left < every ? left : every)
      }
      return sum
    }
    case 'pool':
      return given.value.amount * height
    case 'none':
      return 0n
  }
}
