import { dpos } from '@mmtchain/consensus-dpos'
import { type Fault, type Plan, planOf, runPlan, type Setup } from '@mmtchain/simulator'
import { expect, test } from 'vitest'
import { dposElected, dposFixed, dsft } from './elected.ts'

/** A busy machine runs these slowly. */
const SLOW = { timeout: 600_000 }
const CALM = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 } as const
const calm = (seed: number): Plan => ({
  ...planOf(seed, { validators: 4 }),
  ...{
    safetyMs: 40_000,
    weather: CALM,
    liars: [],
    faults: [],
    suite: 'mac',
    syncMs: 0,
    observers: 2,
    loadMs: 500,
  },
})

test.each<readonly [string, Setup | ((plan: Plan) => Setup)]>([
  ['dpos', dposFixed],
  ['dpos elected', dposElected],
  ['dsft', dsft],
])('%s makes a block a slot while nothing goes wrong, and they become final', SLOW, async (_, setup) => {
  const plan = calm(1)
  const { violation, height } = await runPlan({
    plan,
    setup: typeof setup === 'function' ? setup(plan) : setup,
  })
  expect(violation).toBeUndefined()
  expect(height).toBeGreaterThanOrEqual(37n)
})

const away: Fault = { kind: 'crash', atMs: 3_000, node: 1, reaches: 1, power: false, downMs: 25_000 }
const alone: Fault = {
  ...{ kind: 'partition', atMs: 3_000, forMs: 25_000, nodes: [0], oneWay: false, clogged: false },
}

test('dsft: who is away loses the seat, others are elected, and the chain goes on', SLOW, async () => {
  const plan = { ...calm(2), faults: [away] }
  const { violation, seen } = await runPlan({ plan, setup: dsft(plan) })
  expect(violation).toBeUndefined()
  for (const what of ['election.elected', 'election.missed', 'election.suspended', 'other validators'])
    expect([what, seen.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times > 0)])
  expect(seen.get('taken back')).toBeUndefined()
})

test.each([
  ['misses of the candidate who gets a seat that is taken count on', 96_289_100],
  ['who comes back from a suspension is not charged for what it missed before', 700_000_097],
])('dsft: %s (seed %i)', SLOW, async (_, seed) => {
  const plan = { ...planOf(seed, { validators: 4 }), observers: 2 }
  const { violation, seen } = await runPlan({ plan, setup: dsft(plan) })
  expect(violation).toBeUndefined()
  expect(seen.get('election.suspended') ?? 0).toBeGreaterThan(0)
})

test('dpos elected: a node that was alone takes its blocks back, never what is final', SLOW, async () => {
  const plan = { ...calm(3), faults: [alone] }
  const { violation, seen } = await runPlan({ plan, setup: dposElected(plan) })
  expect(violation).toBeUndefined()
  for (const what of ['election.elected', 'election.missed', 'taken back'])
    expect([what, seen.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times > 0)])
})

test('dsft: seats follow congestion, and the pace follows them', SLOW, async () => {
  const plan = { ...calm(4), validators: 7, loadMs: 200 }
  const { violation, seen, height } = await runPlan({ plan, setup: dsft(plan) })
  expect(violation).toBeUndefined()
  expect(seen.get('other seats') ?? 0).toBeGreaterThan(0)
  // Seven seats fill a slot of a second; fewer make more blocks than seconds passed.
  expect(height).toBeGreaterThan(40n)
})

test(
  'dpos: more liars than f make two blocks of a height final, and the simulator sees it',
  SLOW,
  async () => {
    const liars = [0, 1].map((node) => ({ node, lie: 'twins' }) as const)
    const halves: Fault = {
      ...{ kind: 'partition', atMs: 0, forMs: 60_000, nodes: [0, 1, 2], oneWay: false, clogged: false },
    }
    const plan = { ...calm(5), observers: 0, liars, faults: [halves], safetyMs: 60_000 }
    const { violation } = await runPlan({ plan, setup: dposFixed })
    expect(violation?.rule).toBe('agreement')
  },
)

test(
  'dpos: validators that lose their power at the moment when they have signed go on, since what they built is logged',
  SLOW,
  async () => {
    const unlogged: Setup = { name: 'dpos', engine: () => ({ ...dpos(), logged: undefined }) }
    const fate = async (reaches: number, setup: Setup) => {
      const faults = [0, 1].map(
        (node): Fault => ({ kind: 'crash', atMs: 5_500, node, reaches, power: true, downMs: 100 }),
      )
      const plan = { ...calm(4), validators: 2, observers: 1, loadMs: 0, safetyMs: 15_000, faults }
      return (await runPlan({ plan, setup })).violation?.rule
    }
    const fates = new Set<string | undefined>()
    for (let reaches = 1; reaches <= 12; reaches++) {
      expect([reaches, await fate(reaches, dposFixed)]).toEqual([reaches, undefined])
      fates.add(await fate(reaches, unlogged))
    }
    // Without the log both may have signed a block that nobody has, and neither may sign another one at that height.
    expect(fates).toContain('progress')
  },
)
