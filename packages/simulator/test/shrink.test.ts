import { pbft } from '@mmtchain/consensus-pbft'
import type { Engine } from '@mmtchain/kernel'
import { type Plan, planOf, planText, runPlan, type Setup, shrink, timelineText } from '@mmtchain/simulator'
import { expect, test } from 'vitest'

/** An engine with a fault of its own: it does not survive a restart once there are blocks. */
function fragile(): Engine {
  const engine = pbft()
  return {
    ...engine,
    step(state, input) {
      const step = engine.step(state, input)
      if (input.kind !== 'started' || input.tip.header.height === 0n) return step
      return { ...step, effects: [{ kind: 'stop', why: 'it was started twice' }] }
    },
  }
}
const broken: Setup = { name: 'pbft', engine: fragile, reference: pbft() }

test('a failing run is shrunk to the one fault that matters, on as few nodes as that takes', {
  timeout: 300_000,
}, async () => {
  const plan: Plan = { ...planOf(21, { validators: 4, crashes: true }), observers: 1, loadMs: 500 }
  expect(plan.faults.length).toBeGreaterThan(5)
  const shrunk = await shrink({ plan, setup: broken })
  expect(shrunk?.outcome.violation?.rule).toBe('stopped')
  const small = shrunk?.plan as Plan
  expect(small.faults.map(({ kind }) => kind)).toEqual(['crash'])
  expect(small.liars).toEqual([])
  expect(small.suite).toBe('mac')
  expect([small.observers, small.loadMs, small.syncMs]).toEqual([0, 0, 0])
  expect(small.validators).toBeLessThan(4)
  expect(small.safetyMs).toBeLessThan(plan.safetyMs)
  // It is a run like any other: the same again, and without the crash nothing breaks.
  expect((await runPlan({ plan: small, setup: broken })).trace).toBe(shrunk?.outcome.trace)
  expect((await runPlan({ plan: { ...small, faults: [] }, setup: broken })).violation).toBeUndefined()
})

test('a run that breaks no rule is not shrunk', async () => {
  const plan = { ...planOf(3, { validators: 4 }), safetyMs: 5_000 }
  expect(await shrink({ plan, setup: { name: 'pbft', engine: () => pbft() } })).toBeUndefined()
})

test('the timeline of a failing run ends with what broke the rule', async () => {
  const plan = { ...planOf(21, { validators: 4, crashes: true }), loadMs: 0 }
  const { timeline, violation } = await runPlan({ plan, setup: broken, record: true })
  const lines = timelineText(timeline).split('\n')
  expect(lines[0]).toMatch(/^ +0\.000 v0 {3}starts$/)
  expect(lines.every((line) => /^ *\d+\.\d{3} [vo]\d+'? +\S/.test(line))).toBe(true)
  expect(lines.findLast((line) => line.includes('ends by itself'))).toContain('it was started twice')
  expect(violation?.atMs).toBe(timeline.findLast(({ what }) => what.startsWith('ends by itself'))?.atMs)
  const [title, ...faults] = planText(plan).split('\n')
  expect(title).toMatch(/^seed 21: 4 validators, \d+ observers, [\d.]+ s; liars: /)
  expect(faults).toHaveLength(plan.faults.length)
})
