// `pnpm test [filter …]`: builds, checks types, lints, runs every test. The last line is `N passed, N failed`.
import { createTally, steps } from './checks.mjs'

const tally = createTally()
if (tally.step(steps.build)) {
  tally.step(steps.types)
  tally.step(steps.lint)
  tally.tests({ title: 'tests (vitest)', config: 'vitest.config.ts', args: process.argv.slice(2) })
}
tally.finish()
