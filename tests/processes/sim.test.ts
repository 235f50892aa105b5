import { dpos } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { planOf, runPlan } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtJson, type Place } from './chain-process.ts'

const SLOW = { timeout: 400_000 }

let place: Place
inPlace((made) => {
  place = made
})

test('mmt sim: a seed is the same run in every process, whatever the engine', SLOW, async () => {
  for (const [engine, make] of [
    ['pbft', pbft],
    ['dpos', dpos],
  ] as const) {
    const args = ['sim', '--seed', '17', '--minutes', '1', '--nodes', '4', '--engine', engine]
    const [first, again] = [await mmtJson(place, args), await mmtJson(place, args)]
    expect(again).toEqual(first)
    const plan = planOf(17, { minutes: 1, validators: 4 })
    const { trace, height, steps } = await runPlan({ plan, setup: { name: engine, engine: () => make() } })
    expect(first).toMatchObject({
      seed: 17,
      validators: 4,
      trace,
      height: String(height),
      steps,
      violation: null,
    })
  }
})

test('mmt sim refuses what is no seed, no count and no engine', SLOW, async () => {
  const wrong = [
    ['--seed', 'x'],
    ['--seed', '1', '--minutes', '9999'],
    ['--seed', '1', '--engine', 'raft'],
    ['--nodes', '4'],
  ]
  for (const args of wrong) expect([args, (await mmt(place, ['sim', ...args])).code]).toEqual([args, 2])
})
