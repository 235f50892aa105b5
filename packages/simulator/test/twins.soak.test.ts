import { pbft } from '@mmtchain/consensus-pbft'
import {
  ATTACKS,
  addCoverage,
  createStage,
  drawnAttack,
  drawnTwins,
  NOTHING_COVERED,
  twinScenarios,
} from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { claims } from './liar.ts'

const scale = Number(process.env.MMT_SOAK_SCALE ?? 1)
const setup = { name: 'pbft', engine: () => pbft() }
const stage = createStage({ setup, validators: 4, altered: claims })

// Two rounds are enumerated whole in the long form. The short one plays every so-manieth scenario, so that all kinds are met.
test('four validators, one of them twins: every way to part them in two rounds', () => {
  const { scenarios, pruned } = twinScenarios({ rounds: 2 })
  const every = Math.max(1, Math.round(100 / scale))
  const played = scenarios.filter((_, i) => i % every === 0)
  for (const scenario of played) {
    const { violation } = stage.play(scenario)
    expect({ scenario, violation }).toEqual({ scenario, violation: undefined })
  }
  console.log(
    `twins of 4: ${played.length} of ${scenarios.length} scenarios played, ${pruned} alike left out`,
  )
})

test('seven validators, two of them twins, drawn', () => {
  const seven = createStage({ setup, validators: 7 })
  const count = 20 * scale
  for (let seed = 1; seed <= count; seed++) {
    const { violation } = seven.play(drawnTwins(seed))
    expect({ seed, violation }).toEqual({ seed, violation: undefined })
  }
  console.log(`twins of 7: seeds 1 to ${count}`)
})

test('attacks on the locks, drawn', () => {
  const covered = { ...NOTHING_COVERED }
  const count = 20 * scale
  for (const kind of ATTACKS) {
    for (let seed = 1; seed <= count; seed++) {
      const { violation, coverage } = stage.play(drawnAttack(seed, { kind }))
      expect({ kind, seed, violation }).toEqual({ kind, seed, violation: undefined })
      addCoverage(covered, coverage)
    }
  }
  console.log(`attacks: seeds 1 to ${count} of each of ${ATTACKS.join(', ')}: ${JSON.stringify(covered)}`)
  expect(covered.keptLocks).toBeGreaterThan(count)
})
