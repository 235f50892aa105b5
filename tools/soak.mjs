// `pnpm soak [filter …]`: the long form of every `*.soak.test.ts`. `pnpm test` runs the same files at one percent.
import { createTally, steps } from './checks.mjs'

const tally = createTally()
if (tally.step(steps.build)) {
  tally.tests({
    title: 'soak tests (vitest)',
    config: 'vitest.config.ts',
    args: process.argv.slice(2),
    env: { MMT_SOAK: '1', MMT_SOAK_SCALE: process.env.MMT_SOAK_SCALE ?? '100' },
  })
}
tally.finish()
