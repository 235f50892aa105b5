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

/** Four validators at slots of a second, on machines for which the transactions of four accounts that wait are many seconds of work. */
async function overloaded(engine: () => Engine) {
  const plan: Plan = {
    ...planOf(1, { validators: 4 }),
    ...{ observers: 0, slotMs: 1_000, safetyMs: 20_000, loadMs: 500 },
    ...{ weather: CALM, liars: [], faults: [], suite: 'mac', syncMs: 0 },
  }
  const setup = { name: 'slow', engine, transferMs: 20, burst: 64 }
  const { violation, height } = await runPlan({ plan, setup })
  return { violation, height }
}

test('a network on which more waits than its machines can execute in time makes smaller blocks, and nearly one a slot', async () => {
  const { violation, height } = await overloaded(() => pbft())
  expect(violation).toBeUndefined()
  expect(height).toBeGreaterThanOrEqual(18n)
})

test('without knowing how long others wait for a block, it goes through many rounds for each', async () => {
  const { violation, height } = await overloaded(() => untold(pbft()))
  expect(violation).toBeUndefined()
  expect(height).toBeLessThan(6n)
})
