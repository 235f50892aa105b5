import { pbft } from '@mmtchain/consensus-pbft'
import type { Violation } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { planted } from './planted.ts'
import { type Variant, variantOf } from './variant.ts'

const SEEDS = 24

/** The first seed that shows something wrong. */
async function firstSeed(
  { planOf, runPlan, pbft: engine }: Variant,
  seeds: number,
): Promise<{ readonly seed: number; readonly violation: Violation } | undefined> {
  const setup = { name: 'pbft', engine: () => engine(), reference: pbft() }
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation } = await runPlan({ plan: planOf(seed, { validators: 4 }), setup })
    if (violation) return { seed, violation }
  }
  return undefined
}

test('the line of every planted bug is there, once', async () => {
  await variantOf(planted)
})

test.for(planted.filter(({ found }) => found))('$name', async (change) => {
  const variant = await variantOf([change])
  const begin = performance.now()
  const found = await firstSeed(variant, SEEDS)
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1)
  console.log(
    `${change.name} | seed ${found?.seed ?? 'none'} | ${seconds} s | ${found?.violation.rule ?? ''}`,
  )
  expect(found).toBeDefined()
})
