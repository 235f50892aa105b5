import { type Plan, planOf, runPlan, type Setup } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { dposElected, dposFixed, dsft } from './elected.ts'

const CALM = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 } as const
const calm = (seed: number): Plan => ({
  ...planOf(seed, { validators: 4 }),
  ...{
    safetyMs: 40_000,
    weather: CALM,
    liars: [],
    faults: [],
    suite: 'mac',
    syncMs: 0,
    observers: 2,
    loadMs: 500,
  },
})

test.each<readonly [string, Setup | ((plan: Plan) => Setup)]>([
  ['dpos', dposFixed],
  ['dpos elected', dposElected],
  ['dsft', dsft],
])('%s makes a block a slot while nothing goes wrong, and they become final', async (_, setup) => {
  const plan = calm(1)
  const { violation, height } = await runPlan({
    plan,
    setup: typeof setup === 'function' ? setup(plan) : setup,
  })
  expect(violation).toBeUndefined()
  expect(height).toBeGreaterThanOrEqual(37n)
})
