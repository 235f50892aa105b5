import { pbft } from '@mmtchain/consensus-pbft'
import {
  ATTACKS,
  addCoverage,
  createStage,
  drawnAttack,
  drawnTwins,
  NOTHING_COVERED,
  type Scenario,
  twinScenarios,
} from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { claims } from './liar.ts'

const setup = { name: 'pbft', engine: () => pbft() }
const stage = createStage({ setup, validators: 4, altered: claims })

test('attacks on the locks break no rule, and they do what they are for', () => {
  const covered = { ...NOTHING_COVERED }
  for (const kind of ATTACKS) {
    for (let seed = 1; seed <= 60; seed++) {
      const { violation, coverage } = stage.play(drawnAttack(seed, { kind }))
      expect({ kind, seed, violation }).toEqual({ kind, seed, violation: undefined })
      addCoverage(covered, coverage)
    }
  }
  // Rounds after the second, locks that were held into a later round, blocks that are valid here and locked by others.
  expect(covered.thirdRounds).toBeGreaterThan(100)
  expect(covered.keptLocks).toBeGreaterThan(50)
  expect(covered.relocks).toBeGreaterThan(0)
  expect(covered.validWithoutLock).toBeGreaterThan(0)
})

test('the same scenario has the same trace, another one another', () => {
  const [one, again, other] = [1, 1, 2].map((seed) => stage.play(drawnAttack(seed)))
  expect(again?.trace).toBe(one?.trace)
  expect(other?.trace).not.toBe(one?.trace)
})

test('twins of four validators: every way to part them in one round, each once', () => {
  const { scenarios, pruned } = twinScenarios({ rounds: 1 })
  // 41 ways to part five nodes into at most three groups, for each of four seats; twins that change places are one.
  expect(scenarios.length + pruned).toBe(4 * 41)
  for (const scenario of scenarios) expect(stage.play(scenario).violation).toBeUndefined()
})

test('twins of seven validators, drawn', () => {
  const seven = createStage({ setup, validators: 7 })
  for (let seed = 1; seed <= 10; seed++) expect(seven.play(drawnTwins(seed)).violation).toBeUndefined()
})

test('one more twin than f forks the chain, and a scenario shows it', () => {
  const everybody = [0, 1, 2, 3, 4, 5]
  // Two honest nodes, each with one of both twins: two quorums of three.
  const sides = everybody.map((node) => ([0, 2, 3].includes(node) ? 0b001101 : 0b110010))
  const script = { proposal: sides, prepare: sides, commit: sides }
  const scenario: Scenario = {
    ...{ validators: 4, twins: [2, 3], liars: [], down: [] },
    rounds: [script, script, script, script, script],
  }
  expect(stage.play(scenario).violation?.rule).toBe('agreement')
})
