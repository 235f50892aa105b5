import type { Plan } from './plan.ts'
import { type Outcome, runPlan } from './run.ts'
import type { Setup } from './setup.ts'
import type { Moment } from './world.ts'

/** A run that breaks a rule with less: fewer faults and liars, a calmer network, a shorter time. */
export interface Shrunk {
  readonly plan: Plan
  readonly outcome: Outcome
  /** How many plans were tried. */
  readonly tried: number
}

const TRIES_MAX = 200
const CALMER: readonly ((plan: Plan) => Plan)[] = [
  (plan) => ({ ...plan, liars: [] }),
  (plan) => ({ ...plan, observers: 0 }),
  (plan) => ({ ...plan, loadMs: 0 }),
  (plan) => ({ ...plan, syncMs: 0 }),
  (plan) => ({ ...plan, suite: 'mac' }),
  (plan) => ({ ...plan, weather: { ...plan.weather, lost: 0, doubled: 0, replayed: 0, late: 0 } }),
  (plan) => ({ ...plan, validators: Math.max(1, plan.validators - 1) }),
]

/** Looks for the least that still breaks the rule that `plan` breaks. Undefined when `plan` breaks none. */
export async function shrink(args: {
  readonly plan: Plan
  readonly setup: Setup
}): Promise<Shrunk | undefined> {
  const { setup } = args
  const first = await runPlan(args)
  if (!first.violation) return undefined
  const { rule } = first.violation
  let best = { plan: args.plan, outcome: first }
  let tried = 1

  async function tryIt(plan: Plan): Promise<boolean> {
    if (tried >= TRIES_MAX || !isSound(plan) || JSON.stringify(plan) === JSON.stringify(best.plan))
      return false
    tried += 1
    const outcome = await runPlan({ plan, setup })
    if (outcome.violation?.rule !== rule) return false
    best = { plan, outcome }
    return true
  }

  if (rule !== 'progress') await tryIt({ ...best.plan, safetyMs: first.violation.atMs + 1 })
  // With fewer faults fewer nodes may do, and with fewer nodes fewer faults.
  for (let before: Plan | undefined; before !== best.plan; ) {
    before = best.plan
    for (const calmer of CALMER) while (await tryIt(calmer(best.plan)));
    for (const size of halves(best.plan.faults.length))
      for (let at = 0; at < best.plan.faults.length; )
        if (!(await tryIt(without(best.plan, at, size)))) at += size
  }
  return { ...best, tried }
}

/** Half of a number, half of that, and so on, down to 1. */
function halves(count: number): readonly number[] {
  const half = Math.ceil(count / 2)
  return count <= 1 ? [1] : [half, ...(half > 1 ? halves(half) : [])]
}

function without(plan: Plan, at: number, size: number): Plan {
  return { ...plan, faults: plan.faults.filter((_, i) => i < at || i >= at + size) }
}

/** Whether faults and liars name nodes that the plan has, and no more than f lie. */
function isSound({ validators, observers, liars, faults }: Plan): boolean {
  const isThere = (node: number) => node < validators + observers
  return (
    liars.length <= Math.floor((validators - 1) / 3) &&
    liars.every(({ node }) => node < validators) &&
    faults.every((fault) =>
      'node' in fault ? isThere(fault.node) : fault.kind !== 'partition' || fault.nodes.every(isThere),
    )
  )
}

const NODE_WIDTH = 4
const TIME_WIDTH = 10

/** What happened, for people: one line each, with the time in seconds. */
export function timelineText(moments: readonly Moment[]): string {
  return moments
    .map(
      ({ atMs, node, what }) =>
        `${(atMs / 1_000).toFixed(3).padStart(TIME_WIDTH)} ${node.padEnd(NODE_WIDTH)} ${what.replaceAll(/\s*\n\s*/g, ' ')}`,
    )
    .join('\n')
}

/** The plan of a failing run in a few lines. */
export function planText({ seed, validators, observers, safetyMs, liars, faults }: Plan): string {
  const lies = liars.map(({ node, lie }) => `v${node} ${lie}`).join(', ') || 'none'
  return [
    `seed ${seed}: ${validators} validators, ${observers} observers, ${safetyMs / 1_000} s; liars: ${lies}`,
    ...faults.map(
      ({ atMs, kind, ...rest }) =>
        `${(atMs / 1_000).toFixed(3).padStart(TIME_WIDTH)} ${kind} ${JSON.stringify(rest)}`,
    ),
  ].join('\n')
}
