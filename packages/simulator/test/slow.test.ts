import { pbft } from '@mmtchain/consensus-pbft'
import type { Engine } from '@mmtchain/kernel'
import { type Plan, planOf, runPlan } from '@mmtchain/simulator'
import { expect, test } from 'vitest'

const CALM = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 } as const

/** The same engine, which does not say how long others wait for a block. */
function untold(engine: Engine): Engine {
  return {
    ...engine,
    step(state, input) {
      const { state: next, effects } = engine.step(state, input)
      const cut = effects.map((one) => (one.kind === 'buildBlock' ? { ...one, withinMs: undefined } : one))
      return { state: next, effects: cut }
    },
  }
}

for (const readMs of [1, 4, 12])
  for (const engine of [() => pbft(), () => untold(pbft())])
    test(
      'a network on which more waits than its machines can execute in time goes on, and its blocks find their size' +
        readMs,
      async () => {
        const setup = { name: 'slow', engine, readMs, burst: 40 }
        const plan: Plan = {
          ...planOf(1, { validators: 4 }),
          ...{ observers: 0, slotMs: 1_000, safetyMs: 60_000, loadMs: 250 },
          ...{ weather: CALM, liars: [], faults: [], suite: 'mac', syncMs: 0 },
        }
        const { violation, height, coverage, lastedMs } = await runPlan({ plan, setup, record: true })
        console.log(readMs, height, coverage, lastedMs, violation)
      },
    )
