// Instances: started, moved by who may, by their deadlines, and by the processes that they wait for.
import { encode, type Infer, struct } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { type Address, hash } from '@mmtchain/primitives'
import type { Definition, Guard, Transition, Value } from './definition.ts'
import { actorShown, isActor } from './definitions.ts'
import {
  type attachment,
  attachments,
  type Effect,
  type instance,
  type ProcessCommand,
  type ProcessContext,
  type setting,
  settings,
} from './nouns.ts'

export type Instance = Infer<typeof instance>
type Setting = Infer<typeof setting>
type Attachment = Infer<typeof attachment>

/** How many deadlines a block fires; the others wait for the next one, and no transition passes them. */
export const DUE_MAX = 64
const input = struct({ set: settings, attachments })

/** The sender starts an instance of the newest version, and says what its fields are at first. */
export function start(
  ctx: ProcessCommand,
  { process, set }: { readonly process: string; readonly set: readonly Setting[] },
): undefined {
  const { state, fail, sender } = ctx
  const found = state.processes.get(process)
  if (!found) throw fail.UNKNOWN_PROCESS({ process })
  if (found.retired) throw fail.RETIRED({ process })
  const definition = definitionOf(ctx, process, found.newest)
  const by = definition.starters
  const nothing = { process, starter: sender, field: () => undefined }
  if (!isActor(ctx, sender, by, nothing))
    throw fail.NOT_PERMITTED({ who: sender, transition: 'start', by: actorShown(by) })
  const fields = withSet(ctx, definition, { name: 'start', sets: definition.sets }, [], set)
  begin(ctx, definition, { version: found.newest, starter: sender, parent: null, fields, actors: [sender] })
}

function begin(
  ctx: ProcessContext,
  definition: Definition,
  given: Pick<Instance, 'version' | 'starter' | 'parent' | 'fields'> & {
    readonly actors: readonly Address[]
  },
): void {
  const { actors, ...rest } = given
  const { id: process, start: state } = definition
  const number = ctx.state.nextInstance.get()
  ctx.state.nextInstance.set(number + 1n)
  ctx.state.ofProcess.set([process, number], null)
  ctx.emit.started({ instance: number, process, version: given.version, starter: given.starter })
  const row = { ...rest, process, state, steps: 0n, dueMs: null }
  enter(ctx, number, row, { what: 'start', to: state, actors, set: given.fields, attachments: [] })
}

interface Acting {
  readonly instance: bigint
  readonly transition: string
  readonly set: readonly Setting[]
  readonly attachments: readonly Attachment[]
}

/** The sender does a transition, or approves it where it takes several; the last approval does it. */
export function act(
  ctx: ProcessCommand,
  given: Acting,
  effects: { readonly [name: string]: Effect<never> },
): undefined {
  const { state, fail, sender, emit, block } = ctx
  const { instance: number, transition: name } = given
  if (!state.instances.has(number)) throw fail.UNKNOWN_INSTANCE({ instance: number })
  // Deadlines beyond those that a block fires are due all the same.
  const dueMs = state.instances.get(number)?.dueMs ?? null
  if (dueMs !== null && dueMs <= block.timeMs) fireDeadline(ctx, number)
  const row = state.instances.get(number) as Instance
  const definition = definitionOf(ctx, row.process, row.version)
  const found = definition.transitions.find(({ id, from }) => id === name && from.includes(row.state))
  if (!found) throw fail.NO_SUCH_TRANSITION({ transition: name, state: row.state })
  if (!isActor(ctx, sender, found.by, viewOf(row)))
    throw fail.NOT_PERMITTED({ who: sender, transition: name, by: actorShown(found.by) })
  const other = found.otherThan.find((one) => state.did.has([number, one, sender]))
  if (other !== undefined) throw fail.SAME_PERSON({ who: sender, transition: name, other })
  const fields = checkInput(ctx, definition, found, row, given)

  const key = [
    number,
    name,
    hash(sha256(encode(input, { set: given.set, attachments: given.attachments }))),
  ] as const
  const waiting = state.approvals.get(key)
  // An approval counts while who gave it could still give it.
  const before = (waiting?.step === row.steps ? waiting.approvers : []).filter(
    (one) =>
      isActor(ctx, one, found.by, viewOf(row)) &&
      !found.otherThan.some((done) => state.did.has([number, done, one])),
  )
  const needed = found.approvals
  if (before.includes(sender)) throw fail.ALREADY_APPROVED({ who: sender, approvals: before.length, needed })
  const actors = [...before, sender]
  if (actors.length < needed) {
    state.approvals.set(key, { step: row.steps, approvers: actors })
    emit.approved({ instance: number, transition: name, who: sender, approvals: actors.length, needed })
    return
  }
  state.approvals.delete(key)
  for (const actor of actors) state.did.set([number, name, actor], null)
  if (found.effect !== null) {
    const moved = viewOf({ ...row, fields })
    // The chain file declares the needs and the effects together, so each effect gets what it asks for.
    const effect = effects[found.effect] as Effect<{}>
    const { process, starter, field } = moved
    effect({
      ...{ process, starter, field, instance: number },
      transition: name,
      actor: sender,
      self: ctx.self,
      needs: ctx.needs,
    })
  }
  const { set, attachments: documents } = given
  enter(ctx, number, { ...row, fields }, { what: name, to: found.to, actors, set, attachments: documents })
}

/** Fires what is due, oldest first. */
export function fireDeadlines(ctx: ProcessContext): undefined {
  const due = [...ctx.state.due.entries({ limit: DUE_MAX })]
  for (const [[dueMs, number]] of due) {
    if (dueMs > ctx.block.timeMs) return
    // One that an earlier one of this block ended is not due any more.
    if (ctx.state.due.has([dueMs, number])) fireDeadline(ctx, number)
  }
}

function fireDeadline(ctx: ProcessContext, number: bigint): void {
  const row = ctx.state.instances.get(number) as Instance
  const { deadline } = stateOf(definitionOf(ctx, row.process, row.version), row.state)
  if (!deadline) throw new Error(`instance ${number} is due without a deadline`)
  enter(ctx, number, row, { what: 'deadline', to: deadline.to, actors: [], set: [], attachments: [] })
}

interface Move {
  readonly what: string
  readonly to: string
  readonly actors: readonly Address[]
  readonly set: readonly Setting[]
  readonly attachments: readonly Attachment[]
}

/** Moves an instance to a state, writes the line of its history, and does what the state does by itself. */
function enter(ctx: ProcessContext, number: bigint, row: Instance, move: Move): void {
  const { state, block, emit } = ctx
  const { what, to } = move
  const { process, version, starter } = row
  const definition = definitionOf(ctx, process, version)
  const { final, deadline, sub } = stateOf(definition, to)
  if (row.dueMs !== null) state.due.delete([row.dueMs, number])
  const dueMs = deadline ? block.timeMs + deadline.afterMs : null
  if (dueMs !== null) state.due.set([dueMs, number], null)
  const steps = row.steps + 1n
  const from = row.state
  state.instances.set(number, { ...row, state: to, steps, dueMs })
  state.history.set([number, steps], { ...move, from, at: block.height, timeMs: block.timeMs })
  emit.moved({ instance: number, process, what, from, to })
  if (sub) {
    const inner = definitionOf(ctx, sub.process, sub.version)
    const fields = handed(inner, row.fields).filter(({ field }) => inner.sets.includes(field))
    begin(ctx, inner, { version: sub.version, starter, parent: number, fields, actors: [] })
  }
  if (!final) return
  emit.ended({ instance: number, process, state: to })
  if (row.parent !== null) resume(ctx, row.parent, { state: to, fields: row.fields })
}

/** A process that an instance waited for has ended; what it found goes into the fields that both have. */
function resume(
  ctx: ProcessContext,
  number: bigint,
  ended: { readonly state: string; readonly fields: readonly Setting[] },
): void {
  const row = ctx.state.instances.get(number) as Instance
  const definition = definitionOf(ctx, row.process, row.version)
  const outcome = stateOf(definition, row.state).sub?.outcomes.find(({ ends }) => ends === ended.state)
  if (!outcome) throw new Error(`instance ${number} does not wait for ${ended.state}`)
  const set = handed(definition, ended.fields)
  const fields = merged(row.fields, set)
  enter(ctx, number, { ...row, fields }, { what: 'sub', to: outcome.to, actors: [], set, attachments: [] })
}

/** Of some fields those that a definition has too, of the same kind. */
function handed({ fields }: Definition, given: readonly Setting[]): readonly Setting[] {
  return given.filter(({ field, value }) =>
    fields.some(({ id, kind }) => id === field && kind.kind === value.kind),
  )
}

function merged(before: readonly Setting[], set: readonly Setting[]): readonly Setting[] {
  return [...before.filter(({ field }) => !set.some((one) => one.field === field)), ...set]
}

function viewOf({ process, starter, fields }: Pick<Instance, 'process' | 'starter' | 'fields'>) {
  const field = (name: string): Value | undefined => fields.find((one) => one.field === name)?.value
  return { process, starter, field }
}

/** The fields after a transition. Throws what is wrong with its input, in the order of the README. */
function checkInput(
  ctx: ProcessContext,
  definition: Definition,
  found: Transition,
  row: Instance,
  { set, attachments: given }: Acting,
): readonly Setting[] {
  const { fail } = ctx
  const { id: transition, sets, needs, guards, attachments: wanted } = found
  const fields = withSet(ctx, definition, { name: transition, sets }, row.fields, set)
  const { field } = viewOf({ ...row, fields })
  for (const name of needs) if (!field(name)) throw fail.FIELD_MISSING({ field: name, transition })
  const failed = guards.find((one) => !holds(one, field(one.field)))
  if (failed) throw fail.GUARD_FAILED({ transition, guard: guardShown(failed) })
  const names = given.map(({ name }) => name)
  for (const [at, attachment] of names.entries())
    if (!wanted.includes(attachment) || names.indexOf(attachment) < at)
      throw fail.UNKNOWN_ATTACHMENT({ attachment, transition })
  for (const attachment of wanted)
    if (!names.includes(attachment)) throw fail.ATTACHMENT_MISSING({ attachment, transition })
  return fields
}

function withSet(
  { fail }: ProcessContext,
  definition: Definition,
  { name: transition, sets }: { readonly name: string; readonly sets: readonly string[] },
  before: readonly Setting[],
  set: readonly Setting[],
): readonly Setting[] {
  for (const [at, { field, value }] of set.entries()) {
    if (!sets.includes(field) || set.findIndex((one) => one.field === field) < at)
      throw fail.UNKNOWN_FIELD({ field, transition })
    const want = definition.fields.find(({ id }) => id === field)?.kind.kind ?? 'nothing'
    if (value.kind !== want) throw fail.WRONG_KIND({ field, want, got: value.kind })
  }
  return merged(before, set)
}

/** A field without a value meets no guard. */
function holds({ comparison, value: against }: Guard, value: Value | undefined): boolean {
  if (value?.kind !== against.kind) return false
  const [left, right] = [value.value, against.value]
  switch (comparison.kind) {
    case 'equals':
      return left === right
    case 'differs':
      return left !== right
    case 'below':
      return left < right
    case 'atMost':
      return left <= right
    case 'above':
      return left > right
    case 'atLeast':
      return left >= right
  }
}

const WORDS = {
  equals: 'is',
  differs: 'is not',
  below: 'is below',
  atMost: 'is at most',
  above: 'is above',
  atLeast: 'is at least',
} as const
const guardShown = ({ field, comparison, value }: Guard) =>
  `${field} ${WORDS[comparison.kind]} ${value.value}`

function definitionOf({ state }: ProcessContext, process: string, version: number): Definition {
  const found = state.definitions.get([process, version])
  if (!found) throw new Error(`there is no version ${version} of ${process}`)
  return found.definition
}

function stateOf({ states }: Definition, name: string) {
  const found = states.find(({ id }) => id === name)
  if (!found) throw new Error(`there is no state ${name}`)
  return found
}
