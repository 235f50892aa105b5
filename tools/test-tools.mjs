// `pnpm test:tools [filter …]`: the tests that need foreign programs (Debian packages). Last line as in `pnpm test`.
import { createTally, steps } from './checks.mjs'

const tally = createTally()
if (tally.step(steps.build)) {
  tally.tests({
    title: 'tests against foreign programs (vitest)',
    config: 'vitest.tools.config.ts',
    args: process.argv.slice(2),
  })
}
tally.finish()
