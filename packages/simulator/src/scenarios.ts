import { type Chance, chance } from './chance.ts'
import type { Hearing, RoundScript, Scenario } from './scenario.ts'

// Bano, Sonnino, Chursin, Perelman, Li, Ching, Malkhi, "Twins: BFT Systems Made Robust" (OPODIS 2021): a Byzantine validator is two
// honest nodes with one key, and a scenario says for each round who hears whom. Who leads follows from the roster here, so instead of
// leaders the scenarios go through the seats of the twins.

/** Scenarios, and how many were left out because they are like one that is there. */
export interface Scenarios {
  readonly scenarios: readonly Scenario[]
  readonly pruned: number
}

/**
 * Every way to part four validators, one of them twins, in each of `rounds` rounds into two or three groups. Twins have one key and
 * behave alike, so what only changes their names is left out.
 */
export function twinScenarios({ rounds }: { readonly rounds: number }): Scenarios {
  const validators = 4
  const parts = partitions(validators + 1, 3)
  const scenarios: Scenario[] = []
  const seen = new Set<string>()
  let pruned = 0
  for (let twin = 0; twin < validators; twin++) {
    for (const choice of choices(parts.length, rounds)) {
      const groups = choice.map((at) => parts[at] as Groups)
      const names = [groups, groups.map((one) => swapped(one, twin, validators))].map((all) => all.join('|'))
      const [name] = names.sort()
      const key = `${twin} ${name}`
      if (seen.has(key)) pruned += 1
      else {
        seen.add(key)
        scenarios.push({ validators, twins: [twin], liars: [], down: [], rounds: groups.map(scriptOf) })
      }
    }
  }
  return { scenarios, pruned }
}

/** A scenario of twins that a seed draws: f of the validators, each round parted into one to three groups, the first in most of them a quorum. */
export function drawnTwins(seed: number, { validators = 7, rounds = 4 } = {}): Scenario {
  const lot = chance(`twins/${seed}`)
  const faults = Math.floor((validators - 1) / 3)
  const twins = lot
    .shuffle(Array.from({ length: validators }, (_, i) => i))
    .slice(0, faults)
    .sort((a, b) => a - b)
  const nodes = validators + faults
  const groupsOf = (): Groups => {
    const count = lot.pick([1, 2, 2, 2, 3])
    return Array.from({ length: nodes }, () => lot.below(count))
  }
  return {
    ...{ validators, twins, liars: [], down: [] },
    rounds: Array.from({ length: rounds }, () => scriptOf(groupsOf())),
  }
}

/** What f of the validators of an attack do: keep to the rules, run twice, lie, or nothing; with `forget` they run twice, and others lose their logs. */
export const ATTACKS = ['lost', 'twins', 'liar', 'down', 'forget'] as const
export type AttackKind = (typeof ATTACKS)[number]

/**
 * A scenario that a seed draws against the locks: somebody misses the proposal and so prepares nil, and somebody's votes are not heard by
 * some, so that a few learn of a quorum and the others go on without it.
 */
export function drawnAttack(
  seed: number,
  { validators = 4, rounds = 3, kind = 'lost' as AttackKind } = {},
): Scenario {
  const lot = chance(`attack/${kind}/${seed}`)
  const faults = Math.floor((validators - 1) / 3)
  const chosen = lot.shuffle(Array.from({ length: validators }, (_, i) => i)).slice(0, faults)
  const twins = kind === 'twins' || kind === 'forget' ? chosen : []
  const nodes = validators + twins.length
  const liars = kind === 'liar' ? chosen : []
  const down = kind === 'down' ? chosen : []
  const script = Array.from({ length: rounds }, () => drawnRound(lot, nodes))
  if (kind !== 'forget') return { validators, twins, liars, down, rounds: script }
  const forgets = script.map((_, round) =>
    [...Array(nodes).keys()].filter(() => round > 0 && lot.perMille(500)),
  )
  return { validators, twins, liars, down, rounds: script, forgets }
}

function drawnRound(lot: Chance, nodes: number): RoundScript {
  const all = everybody(nodes)
  const unheard = lot.below(nodes)
  return {
    proposal: lot.perMille(250) ? all : lot.perMille(700) ? deaf(all, lot) : drawnWays(lot, nodes),
    prepare: lot.perMille(150) ? all : lot.perMille(700) ? muted(all, unheard, lot) : drawnWays(lot, nodes),
    commit: lot.perMille(150) ? all : lot.perMille(700) ? muted(all, unheard, lot) : drawnWays(lot, nodes),
  }
}

function everybody(nodes: number): Hearing {
  return new Array<number>(nodes).fill((1 << nodes) - 1)
}

/** One node hears nothing, and another one seldom. */
function deaf(hearing: Hearing, lot: Chance): Hearing {
  const victims = [lot.below(hearing.length), lot.perMille(300) ? lot.below(hearing.length) : -1]
  return hearing.map((heard, node) => (victims.includes(node) ? 1 << node : heard))
}

/** One node is not heard by any others, or by some. */
function muted(hearing: Hearing, unheard: number, lot: Chance): Hearing {
  const by = lot.pick([1_000, 700, 400])
  return hearing.map((heard) => (lot.perMille(by) ? heard & ~(1 << unheard) : heard))
}

/** Each way is free by chance. */
function drawnWays(lot: Chance, nodes: number): Hearing {
  const free = lot.pick([300, 500, 700])
  const bits = () =>
    Array.from({ length: nodes }, (_, from) => (lot.perMille(free) ? 1 << from : 0)).reduce(
      (a, b) => a | b,
      0,
    )
  return Array.from({ length: nodes }, bits)
}

/** For each node the number of its group. */
type Groups = readonly number[]

/** Every way to part so many nodes into at most `groupsMax` groups, each once. */
function partitions(nodes: number, groupsMax: number): readonly Groups[] {
  const found: Groups[] = []
  function extend(groups: Groups, used: number): void {
    if (groups.length === nodes) return void found.push(groups)
    for (let group = 0; group < Math.min(used + 1, groupsMax); group++)
      extend([...groups, group], Math.max(used, group + 1))
  }
  extend([], 0)
  return found
}

/** Every list of `length` numbers below `count`. */
function* choices(count: number, length: number): Generator<readonly number[]> {
  if (length === 0) return yield []
  for (const first of choices(count, length - 1)) for (let at = 0; at < count; at++) yield [...first, at]
}

/** The same groups, numbered in the order of their first nodes, when two nodes change places. */
function swapped(groups: Groups, a: number, b: number): Groups {
  const next = groups.map((group, i) => (i === a ? groups[b] : i === b ? groups[a] : group) as number)
  const numbers = new Map<number, number>()
  return next.map((group) => {
    const found = numbers.get(group) ?? numbers.size
    numbers.set(group, found)
    return found
  })
}

function scriptOf(groups: Groups): RoundScript {
  const hearing = groups.map((group) =>
    groups.reduce((bits, other, from) => (other === group ? bits | (1 << from) : bits), 0),
  )
  return { proposal: hearing, prepare: hearing, commit: hearing }
}
