import { planOf } from '@mmtchain/simulator'
import { test } from 'vitest'
import { dposFixed, dsft } from './elected.ts'
import { countOf, expectRules } from './seeds.ts'

test('no rule is broken in any seed of DPoS', { timeout: 6 * 3_600_000 }, async () => {
  await expectRules({
    name: 'dpos, all faults',
    count: countOf(100),
    planOf: (seed) => planOf(seed, { minutes: 0.5 }),
    setupOf: () => dposFixed,
  })
})

test('no rule is broken in any seed of DSFT', { timeout: 6 * 3_600_000 }, async () => {
  await expectRules({
    name: 'dsft, all faults',
    count: countOf(50),
    planOf: (seed) => ({ ...planOf(seed, { minutes: 0.5, validators: 4 }), observers: 2 }),
    setupOf: dsft,
  })
})
