import type { Coverage } from './coverage.ts'
import { CALM, type Plan } from './plan.ts'
import type { Setup } from './setup.ts'
import type { Violation } from './violation.ts'
import {
  createWorld,
  happen,
  type Moment,
  sendSome,
  spoilDisks,
  type World,
  type WorldOptions,
} from './world.ts'

/** What came of a run. */
export interface Outcome {
  readonly plan: Plan
  /** The rule that was broken, if one was. */
  readonly violation: Violation | undefined
  /** The same for the same plan, in every process. */
  readonly trace: string
  /** The greatest height of an honest node. */
  readonly height: bigint
  readonly steps: number
  /** What was sent from one node to another, and how long that is in all. */
  readonly messages: number
  readonly bytes: number
  readonly coverage: Coverage
  /** How long the simulated world lasted. */
  readonly lastedMs: number
  /** How often things happened by which chains differ; see `Watch`. */
  readonly seen: ReadonlyMap<string, number>
  /** Empty unless it was asked for. */
  readonly timeline: readonly Moment[]
}

/** After the healing, each node of the quorum gets so many blocks further, within so long. */
const PROGRESS = 3n
const PROGRESS_MS = 300_000
const SPOIL_EVERY_MS = 7_000
/** Objects of an engine's state; each block that it keeps has some dozens. */
const STATE_SIZE_MAX = 40_000
const MEMPOOL_MAX = 10_000

/** Lets the world of a plan go: faults first, then a healed quorum that has to make progress. */
export async function runPlan(
  args: { readonly plan: Plan; readonly setup: Setup } & Pick<WorldOptions, 'record' | 'passes' | 'onSent'>,
): Promise<Outcome> {
  const world = createWorld(args)
  const { plan, schedule, watch, machines } = world
  const isOver = () => watch.violation !== undefined
  const load = world.chance.fork('load')
  const spoil = world.chance.fork('spoil')
  for (const machine of machines) machine.start()
  for (const fault of plan.faults) schedule.at(fault.atMs, () => happen(world, fault))
  repeat(world, plan.loadMs, () => sendSome(world, load))
  repeat(world, SPOIL_EVERY_MS, () => spoilDisks(world, spoil))
  await schedule.runUntil(plan.safetyMs, isOver)
  if (!isOver()) await demandProgress(world, isOver)
  checkMemory(world)
  return {
    plan,
    violation: watch.violation,
    trace: world.digest.hex(),
    height: world.honest.reduce((most, node) => {
      const { height } = machines[node] as (typeof machines)[number]
      return height > most ? height : most
    }, 0n),
    steps: schedule.steps,
    ...world.wire.counts,
    coverage: world.coverage,
    lastedMs: schedule.nowMs,
    seen: watch.seen,
    timeline: world.timeline,
  }
}

/** Does something again and again until the quorum is healed. */
function repeat({ schedule, plan }: World, everyMs: number, what: () => void): void {
  if (everyMs === 0) return
  schedule.after(everyMs, () => {
    if (schedule.nowMs >= plan.safetyMs) return
    what()
    repeat({ schedule, plan } as World, everyMs, what)
  })
}

/** The liveness phase: a quorum of honest validators is well again; liars and whoever is apart stay as they are. */
async function demandProgress(world: World, isOver: () => boolean): Promise<void> {
  const { plan, setup, schedule, watch, machines, wire, chance } = world
  const lot = chance.fork('healing')
  const size = Math.floor((2 * plan.validators) / 3) + 1
  const quorum = lot
    .shuffle(world.honest.map((node) => machines[node] as (typeof machines)[number]))
    .filter(({ ended }) => ended === undefined)
    // Who is elected, nobody knows beforehand: then all who can be are healed.
    .slice(0, setup.isElected ? undefined : size)
  if (quorum.length < size) return
  wire.setWeather(CALM)
  for (const a of quorum) {
    a.calm()
    a.clock.set({ offMs: lot.between(-50, 50), driftPpm: 0 })
    for (const b of quorum) {
      wire.setCut(a.name, b.name, false)
      wire.setClogged(a.name, b.name, false)
    }
    a.start()
  }
  const heightsNow = () => quorum.map(({ name }) => watch.finalOf(name))
  const goal = heightsNow().reduce((most, height) => (height > most ? height : most), 0n) + PROGRESS
  const isDone = () => heightsNow().every((height) => height >= goal)
  await schedule.runUntil(schedule.nowMs + PROGRESS_MS, () => isOver() || isDone())
  if (isOver() || isDone()) return
  const heights = quorum.map(({ name, height }) => `${name} ${watch.finalOf(name)} of ${height}`).join(', ')
  watch.broken(
    'progress',
    `a healed quorum does not make final height ${goal} in ${PROGRESS_MS / 1_000} s: ${heights}`,
  )
}

function checkMemory(world: World): void {
  for (const node of world.honest) {
    const { name, node: running } = world.machines[node] as (typeof world.machines)[number]
    const size = world.stateSize(node)
    if (size > STATE_SIZE_MAX) world.watch.broken('memory', `the engine of ${name} holds ${size} objects`)
    const count = running?.mempool.count ?? 0
    if (count > MEMPOOL_MAX) world.watch.broken('memory', `${count} transactions wait at ${name}`)
  }
}
