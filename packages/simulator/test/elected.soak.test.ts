import { type Plan, planOf, runPlan, type Setup, timelineText } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { dposElected, dposFixed, dsft } from './elected.ts'

// All faults on chains of other kinds. MMT_SOAK_SCALE is the percentage of 100 seeds of each; MMT_SEED is the first.
const SCALE = Number(process.env.MMT_SOAK_SCALE ?? '1')
const SEEDS = Math.ceil(SCALE)
const FIRST = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)

const SIZES = [4, 4, 5, 7] as const
const standing = (seed: number): Plan => ({
  ...planOf(seed, { validators: SIZES[seed % SIZES.length] as number }),
  observers: 2,
})
/** Where sets change and finality takes epochs, some of the third that may lie is used up by the change itself. */
const withoutLiars = (plan: Plan): Plan => ({ ...plan, liars: [] })

const TURNOVER = ['other validators', 'election.missed', 'election.suspended', 'election.returned']
test.each<readonly [string, (seed: number) => Plan, (plan: Plan) => Setup, readonly string[]]>([
  ['dpos', (seed) => planOf(seed), () => dposFixed, ['taken back']],
  ['dpos elected', (seed) => withoutLiars(standing(seed)), dposElected, ['taken back', ...TURNOVER]],
  ['dsft', standing, dsft, ['election.punished', 'election.jailed', 'other seats', ...TURNOVER]],
])(
  `%s keeps all rules in ${SEEDS} seeds`,
  { timeout: 6 * 3_600_000 },
  async (_, planFor, setupFor, wanted) => {
    const seen = new Map<string, number>()
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const plan = planFor(seed)
      const { violation, timeline, ...outcome } = await runPlan({
        ...{ plan, setup: setupFor(plan), record: process.env.MMT_TIMELINE === '1' },
      })
      if (violation && timeline.length > 0) console.log(timelineText(timeline))
      expect({ seed, violation }).toEqual({ seed, violation: undefined })
      for (const [what, times] of outcome.seen) seen.set(what, (seen.get(what) ?? 0) + times)
    }
    // Many runs in which nothing of this kind happens would show little.
    if (SEEDS >= 20) for (const what of wanted) expect([what, seen.has(what)]).toEqual([what, true])
  },
)
