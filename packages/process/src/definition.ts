// A workflow as data.
import {
  address,
  bool,
  encode,
  hash,
  type Infer,
  list,
  option,
  struct,
  text,
  u8,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'

export const STATES_MAX = 32
export const TRANSITIONS_MAX = 64
export const FIELDS_MAX = 32
export const ROLES_MAX = 16
export const ATTACHMENTS_MAX = 8
export const GUARDS_MAX = 8
/** How many approvals a transition takes at most. */
export const APPROVALS_MAX = 16
/** Every step of an instance reads its definition, and weighs the same for all. */
export const DEFINITION_BYTES_MAX = 16_384
/** How deep processes nest. */
export const DEPTH_MAX = 4
/** A deadline is at least a second and at most ten years. */
export const DEADLINE_MS_MIN = 1_000n
export const DEADLINE_MS_MAX = 10n * 365n * 86_400_000n

/** Lower-case letters, digits and hyphens, a letter or digit first. */
export const id = text({ bytesMax: 32 })
export const title = text({ bytesMax: 128 })

const kind = union({ text: unit, number: unit, flag: unit, hash: unit, account: unit })
/** Numbers are whole; a measured value is one in its smallest unit. */
export const value = union({
  text: text({ bytesMax: 256 }),
  number: u64,
  flag: bool,
  hash,
  account: address,
})
/** Who may act: a role's holders, the account in a field, who started the instance, or anybody. */
const actor = union({ role: id, field: id, starter: unit, anyone: unit })
const comparison = union({
  equals: unit,
  differs: unit,
  below: unit,
  atMost: unit,
  above: unit,
  atLeast: unit,
})
const guard = struct({ field: id, comparison, value })

const state = struct({
  id,
  /** Nothing more happens from here. */
  final: bool,
  /** What happens by itself when nothing else has. */
  deadline: option(struct({ afterMs: u64, to: id })),
  /** A process that is started on entry; where it ends says where this one goes. */
  sub: option(
    struct({ process: id, version: u32, outcomes: list(struct({ ends: id, to: id }), { max: STATES_MAX }) }),
  ),
})
const transition = struct({
  id,
  title,
  from: list(id, { min: 1, max: STATES_MAX }),
  to: id,
  by: actor,
  /** How many different accounts do it, each with the same input. */
  approvals: u8,
  /** Whoever did one of these transitions of the instance may not do this one. */
  otherThan: list(id, { max: 8 }),
  /** The fields that it may set. */
  sets: list(id, { max: FIELDS_MAX }),
  /** Those that must have a value afterwards. */
  needs: list(id, { max: FIELDS_MAX }),
  guards: list(guard, { max: GUARDS_MAX }),
  attachments: list(id, { max: ATTACHMENTS_MAX }),
  /** What the chain file lets it do in other modules. */
  effect: option(id),
})
export const definition = struct({
  id,
  title,
  starters: actor,
  /** The fields that whoever starts it may set, and that a process which waits for this one hands in. */
  sets: list(id, { max: FIELDS_MAX }),
  start: id,
  roles: list(struct({ id, title }), { max: ROLES_MAX }),
  fields: list(struct({ id, kind }), { max: FIELDS_MAX }),
  states: list(state, { min: 1, max: STATES_MAX }),
  transitions: list(transition, { max: TRANSITIONS_MAX }),
})

export type Definition = Infer<typeof definition>
export type State = Infer<typeof state>
export type Transition = Infer<typeof transition>
export type Actor = Infer<typeof actor>
export type Value = Infer<typeof value>
export type Guard = Infer<typeof guard>

/** What the checks know of processes that are there. */
export interface Published {
  readonly finals: readonly string[]
  readonly depth: number
  /** Whether who publishes may have it started: it is its own, or anybody may start it. */
  readonly mayStart: boolean
}

/**
 * What is wrong with a definition, all of it; nothing when it can be published. A definition is sound when every name is declared once, every state can be
 * reached from the start and reaches a final one, and what happens by itself always comes to rest.
 */
export function faultsOf(
  given: Definition,
  around: {
    /** The names of the effects that the chain file offers. */
    readonly effects: readonly string[]
    readonly sub: (process: string, version: number) => Published | undefined
  },
): readonly string[] {
  const { length } = encode(definition, given)
  if (length > DEFINITION_BYTES_MAX)
    return [`it has ${length} bytes, more than the maximum of ${DEFINITION_BYTES_MAX}`]
  const states = new Map(given.states.map((one) => [one.id, one]))
  return [
    ...namesOf(given),
    ...given.states.flatMap((one) => stateFaults(given, one, states, around.sub)),
    ...given.transitions.flatMap((one) => transitionFaults(given, one, states, around.effects)),
    ...(states.has(given.start) ? [] : [`it starts in a state ${given.start} that is not there`]),
    // So entering a state starts at most one process a level, whatever nests.
    ...(states.get(given.start)?.final ? ['it starts in its end'] : []),
    ...actorFaults(given, given.starters, 'who may start it'),
    ...given.sets
      .filter((name) => !given.fields.some((field) => field.id === name))
      .map((name) => `its start sets a field ${name} that is not there`),
    ...(given.starters.kind === 'field' || given.starters.kind === 'starter'
      ? ['who may start it is told by the instance, which is not there yet']
      : []),
    ...wayFaults(given, states),
  ]
}

/** How deep a definition nests: 1 without sub-processes. */
export function depthOf(
  given: Definition,
  sub: (process: string, version: number) => Published | undefined,
): number {
  const depths = given.states.map((one) =>
    one.sub ? (sub(one.sub.process, one.sub.version)?.depth ?? 0) : 0,
  )
  return 1 + Math.max(0, ...depths)
}

export const finalsOf = (given: Definition): readonly string[] =>
  given.states.filter(({ final }) => final).map(({ id: name }) => name)

function namesOf(given: Definition): readonly string[] {
  const lists = { role: given.roles, field: given.fields, state: given.states, transition: given.transitions }
  const bad = [given, ...Object.values(lists).flat()].filter(
    (one) => !/^[a-z0-9][a-zA-Z0-9-]{0,31}$/.test(one.id),
  )
  return [
    ...bad.map((one) => `"${one.id}" is no id`),
    ...Object.entries(lists).flatMap(([what, all]) => {
      const ids: readonly string[] = all.map((one) => one.id)
      return ids.filter((one, at) => ids.indexOf(one) < at).map((one) => `two ${what}s are called ${one}`)
    }),
  ]
}

function stateFaults(
  given: Definition,
  { id: name, final, deadline, sub }: State,
  states: ReadonlyMap<string, State>,
  published: (process: string, version: number) => Published | undefined,
): readonly string[] {
  const faults: string[] = []
  const leaves = given.transitions.some(({ from }) => from.includes(name))
  if (final && (leaves || deadline || sub)) faults.push(`${name} is final, but something happens from it`)
  if (!final && !leaves && !deadline && !sub) faults.push(`${name} is a dead end: nothing leads out of it`)
  if (sub && (leaves || deadline)) faults.push(`${name} waits for a process, so nothing else leads out of it`)
  if (deadline) {
    if (!states.has(deadline.to))
      faults.push(`the deadline of ${name} leads to a state ${deadline.to} that is not there`)
    if (deadline.afterMs < DEADLINE_MS_MIN || deadline.afterMs > DEADLINE_MS_MAX)
      faults.push(
        `the deadline of ${name} is ${deadline.afterMs} ms, not ${DEADLINE_MS_MIN} to ${DEADLINE_MS_MAX}`,
      )
  }
  if (!sub) return faults
  const found = published(sub.process, sub.version)
  if (!found)
    return [...faults, `${name} waits for a process ${sub.process} ${sub.version} that is not there`]
  if (!found.mayStart)
    faults.push(`${name} starts ${sub.process}, which is somebody else's and not for everybody to start`)
  if (found.depth >= DEPTH_MAX) faults.push(`${name} nests processes more than ${DEPTH_MAX} deep`)
  const ends = sub.outcomes.map((one) => one.ends)
  for (const end of found.finals)
    if (ends.filter((one) => one === end).length !== 1)
      faults.push(`${name} does not say once where ${sub.process} leads that ends in ${end}`)
  for (const end of ends)
    if (!found.finals.includes(end)) faults.push(`${sub.process} does not end in ${end}`)
  for (const { to } of sub.outcomes)
    if (!states.has(to)) faults.push(`${name} leads to a state ${to} that is not there`)
  return faults
}

function actorFaults(given: Definition, by: Actor, where: string): readonly string[] {
  if (by.kind === 'role' && !given.roles.some(({ id: one }) => one === by.value))
    return [`${where} takes a role ${by.value} that is not there`]
  if (by.kind !== 'field') return []
  const found = given.fields.find(({ id: one }) => one === by.value)
  return found?.kind.kind === 'account'
    ? []
    : [`${where} takes the account in a field ${by.value}, which holds none`]
}

function transitionFaults(
  given: Definition,
  one: Transition,
  states: ReadonlyMap<string, State>,
  effects: readonly string[],
): readonly string[] {
  const { id: name, from, to, by, approvals, otherThan, sets, needs, guards, attachments, effect } = one
  const faults = [...actorFaults(given, by, name)]
  const fields = new Map(given.fields.map((field) => [field.id, field.kind.kind]))
  for (const end of [...from, to])
    if (!states.has(end)) faults.push(`${name} names a state ${end} that is not there`)
  if (new Set(from).size < from.length) faults.push(`${name} names a state twice`)
  if (approvals < 1 || approvals > APPROVALS_MAX)
    faults.push(`${name} takes ${approvals} approvals, not 1 to ${APPROVALS_MAX}`)
  if (approvals > 1 && by.kind !== 'role' && by.kind !== 'anyone')
    faults.push(`${name} takes ${approvals} approvals of one account`)
  for (const other of otherThan)
    if (!given.transitions.some((found) => found.id === other))
      faults.push(`${name} names a transition ${other} that is not there`)
  for (const field of [...sets, ...needs])
    if (!fields.has(field)) faults.push(`${name} names a field ${field} that is not there`)
  for (const { field, comparison: by, value: against } of guards) {
    if (fields.get(field) !== against.kind)
      faults.push(`${name} compares the field ${field} with a value of another kind`)
    if (against.kind !== 'number' && by.kind !== 'equals' && by.kind !== 'differs')
      faults.push(`${name} asks which is the greater of what has no order`)
  }
  if (new Set(attachments).size < attachments.length) faults.push(`${name} names an attachment twice`)
  if (effect !== null && !effects.includes(effect))
    faults.push(`${name} has an effect ${effect} that this chain does not offer`)
  return faults
}

/** Every state is reached, every state reaches an end, and what happens by itself comes to rest. */
function wayFaults(given: Definition, states: ReadonlyMap<string, State>): readonly string[] {
  const byItself = (one: State) => [
    ...(one.deadline ? [one.deadline.to] : []),
    ...(one.sub?.outcomes.map(({ to }) => to) ?? []),
  ]
  const next = (name: string) => [
    ...given.transitions.filter(({ from }) => from.includes(name)).map(({ to }) => to),
    ...(states.has(name) ? byItself(states.get(name) as State) : []),
  ]
  const reached = closure([given.start], next)
  const reachesEnd = (name: string) => [...closure([name], next)].some((one) => states.get(one)?.final)
  return given.states.flatMap((one) => {
    const { id: name } = one
    const alone = closure(byItself(one), (other) =>
      states.has(other) ? byItself(states.get(other) as State) : [],
    )
    return [
      ...(reached.has(name) ? [] : [`${name} cannot be reached`]),
      ...(reachesEnd(name) ? [] : [`no end can be reached from ${name}`]),
      ...(alone.has(name) ? [`${name} leads back to itself without anybody acting`] : []),
    ]
  })
}

function closure(from: readonly string[], next: (name: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...from]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (found.has(one)) continue
    found.add(one)
    open.push(...next(one))
  }
  return found
}
