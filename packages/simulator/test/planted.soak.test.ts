import { election } from '@mmtchain/consensus-dpos'
import * as pbftPackage from '@mmtchain/consensus-pbft'
import { pbft } from '@mmtchain/consensus-pbft'
import type { Setup, Violation } from '@mmtchain/simulator'
import * as simulator from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { dsft, electedPlan } from './elected.ts'
import { claims } from './liar.ts'
import { type Hunt, planted } from './planted.ts'
import { type Variant, variantOf } from './variant.ts'

const isSoak = Number(process.env.MMT_SOAK_SCALE ?? 1) >= 100
const SEEDS_MAX: Record<Hunt, number> = {
  ...{ lost: 1_000, twins: 1_000, liar: 1_000, down: 1_000, forget: 4_000 },
  ...{ crashes: 60, faults: 60, governed: 60, elected: 60 },
}

/** Where the seed that is named shows nothing any more, so many are tried from the first one on. */
const NEARBY = { crashes: 24, faults: 8, governed: 8, elected: 12, forget: 600 }

/** What a seed of a hunt breaks. */
function hunter(variant: Variant): (by: Hunt, seed: number) => Promise<Violation | undefined> {
  const { createStage, drawnAttack, planOf, runPlan } = variant
  const setup: Setup = { name: 'pbft', engine: () => variant.pbft(), reference: pbft() }
  const governed: Setup = {
    ...setup,
    genesis: ({ base, ...args }) => base.use(variant.validators()).genesis(args as never),
  }
  const stage = createStage({ setup, validators: 4, altered: claims })
  return async (by, seed) => {
    if (by === 'crashes') return (await runPlan({ plan: planOf(seed, { crashes: true }), setup })).violation
    if (by === 'elected') {
      const away = electedPlan(seed)
      return (await runPlan({ plan: away, setup: dsft(away, variant) })).violation
    }
    const plan = planOf(seed, { validators: 4, minutes: 0.5 })
    if (by === 'faults') return (await runPlan({ plan, setup })).violation
    if (by === 'governed') return (await runPlan({ plan, setup: governed })).violation
    return stage.play(drawnAttack(seed, { kind: by })).violation
  }
}

const right = hunter({ ...simulator, ...pbftPackage, election })

test('there are enough planted bugs, each of a name of its own', () => {
  expect(planted.length).toBeGreaterThanOrEqual(25)
  expect(new Set(planted.map(({ name }) => name)).size).toBe(planted.length)
})

test.for(planted)('$name: $by shows it, and the right code passes there', async (change) => {
  const { name, by, seed } = change
  const hunt = hunter(await variantOf([change]))
  const more = Array.from({ length: NEARBY[by as keyof typeof NEARBY] ?? 100 }, (_, i) => i + 1)
  for (const at of [seed, ...more]) {
    const found = await hunt(by, at)
    if (!found) continue
    if (at !== seed) console.log(`${name}: no longer seed ${seed} of ${by}, but ${at}`)
    expect(await right(by, at)).toBeUndefined()
    return
  }
  expect.unreachable(`${name} is not found`)
})

// The long form finds each without being told the seed, and prints the table; the short one does so for some.
test('each is found by its hunt, from the first seed on', async () => {
  for (const { name, by, ...change } of isSoak
    ? planted
    : planted.filter(({ seed }) => seed === 1).slice(0, 3)) {
    const hunt = hunter(await variantOf([change]))
    const begin = process.cpuUsage()
    let found: Violation | undefined
    let seed = 0
    while (!found && seed < SEEDS_MAX[by]) found = await hunt(by, ++seed)
    const { user, system } = process.cpuUsage(begin)
    console.log(
      `${name} | ${by} | seed ${seed} | ${((user + system) / 1e6).toFixed(1)} s | ${found?.rule ?? '-'}`,
    )
    expect({ name, found: found !== undefined }).toEqual({ name, found: true })
  }
})
