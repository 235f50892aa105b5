import { pbft } from '@mmtchain/consensus-pbft'
import { planOf } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { countOf, expectRules } from './seeds.ts'

// Half a minute of every kind of fault each, PBFT. With seeds-crashes and seeds-elected a thousand seeds in `pnpm test`.
test('no rule is broken in any seed of all faults', { timeout: 6 * 3_600_000 }, async () => {
  const coverage = await expectRules({
    name: 'pbft, all faults',
    count: countOf(600),
    planOf: (seed) => planOf(seed, { minutes: 0.5 }),
    setupOf: () => ({ name: 'pbft', engine: () => pbft() }),
  })
  // Many runs in which nothing of this kind happens would show little.
  for (const what of ['laterRounds', 'locks', 'restarts'] as const)
    expect([what, coverage[what]]).toEqual([what, expect.toSatisfy((times: number) => times > 0)])
})
