// Runs seeds, in the long form those that nobody has run before, and tells how long they took.
import { addCoverage, NOTHING_COVERED, type Plan, runPlan, type Setup } from '@mmtchain/simulator'
import { expect } from 'vitest'

const isSoak = Number(process.env.MMT_SOAK_SCALE ?? '1') >= 100

/** Where runs begin. The short form runs the same ones everywhere: what fails is what was changed. MMT_SEED is another beginning. */
export const FIRST = Number(process.env.MMT_SEED ?? (isSoak ? Date.now() % 2 ** 31 : 1))

/** Together the short forms of all files run a thousand seeds; the long form of each runs as many alone. */
export const countOf = (share: number) => (isSoak ? 1_000 : share)

/** Runs so many seeds from `FIRST` on. No rule may be broken in any. */
export async function expectRules(args: {
  readonly name: string
  readonly count: number
  readonly planOf: (seed: number) => Plan
  readonly setupOf: (plan: Plan) => Setup
}) {
  const { name, count, planOf, setupOf } = args
  const coverage = { ...NOTHING_COVERED }
  const [beginMs, begin] = [performance.now(), process.cpuUsage()]
  for (let seed = FIRST; seed < FIRST + count; seed++) {
    const plan = planOf(seed)
    const outcome = await runPlan({ plan, setup: setupOf(plan) })
    expect({ name, seed, violation: outcome.violation }).toEqual({ name, seed, violation: undefined })
    addCoverage(coverage, outcome.coverage)
  }
  const { user, system } = process.cpuUsage(begin)
  const [wall, processor] = [(performance.now() - beginMs) / 1_000, (user + system) / 1e6]
  console.log(
    `${name}: ${count} seeds from ${FIRST} on in ${wall.toFixed(0)} s, ${processor.toFixed(0)} s of processor time: ${JSON.stringify(coverage)}`,
  )
  return coverage
}
