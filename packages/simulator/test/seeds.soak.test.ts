import { pbft } from '@mmtchain/consensus-pbft'
import { addCoverage, NOTHING_COVERED, planOf, runPlan } from '@mmtchain/simulator'
import { expect, test } from 'vitest'

// Seeds that nobody has run before, all faults on. The long form runs a thousand; the short one as many of them as a minute of processor time
// allows, at least ten. MMT_SEED is the first.
const isSoak = Number(process.env.MMT_SOAK_SCALE ?? '1') >= 100
const FIRST = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const SEEDS = 1_000
const SEEDS_MIN = 10
const BUDGET_MS = isSoak ? Number.POSITIVE_INFINITY : 60_000

test('no rule is broken in any seed', { timeout: 6 * 3_600_000 }, async () => {
  const coverage = { ...NOTHING_COVERED }
  const begin = process.cpuUsage()
  const spentMs = () => {
    const { user, system } = process.cpuUsage(begin)
    return (user + system) / 1_000
  }
  let count = 0
  for (; count < SEEDS && (count < SEEDS_MIN || spentMs() < BUDGET_MS); count++) {
    const seed = FIRST + count
    const outcome = await runPlan({
      plan: planOf(seed, { minutes: 0.5 }),
      setup: { name: 'pbft', engine: () => pbft() },
    })
    expect({ seed, violation: outcome.violation }).toEqual({ seed, violation: undefined })
    addCoverage(coverage, outcome.coverage)
  }
  const each = (spentMs() / 1_000 / count).toFixed(2)
  console.log(
    `${count} seeds from ${FIRST} on, ${each} s of processor time each: ${JSON.stringify(coverage)}`,
  )
  // Many runs in which nothing of this kind happens would show little.
  for (const what of ['laterRounds', 'locks', 'restarts'] as const)
    expect([what, coverage[what]]).toEqual([what, expect.toSatisfy((times: number) => times > 0)])
})
