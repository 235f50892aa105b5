import { pbft } from '@mmtchain/consensus-pbft'
import { planOf } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { countOf, expectRules } from './seeds.ts'

test('no rule is broken in any seed of crashes', { timeout: 6 * 3_600_000 }, async () => {
  const { restarts } = await expectRules({
    name: 'pbft, crashes',
    count: countOf(250),
    planOf: (seed) => planOf(seed, { crashes: true }),
    setupOf: () => ({ name: 'pbft', engine: () => pbft() }),
  })
  expect(restarts).toBeGreaterThan(1_000)
})
