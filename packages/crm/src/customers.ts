// Organisations, their staff and pipelines, and what they keep of customers.
import type { Infer } from '@mmtchain/codec'
import type { Address, Hash } from '@mmtchain/primitives'
import type { CrmCommand, CrmContext, outcome } from './nouns.ts'

/** How many tasks a block tells of that are overdue; the others wait for the next. */
export const DUE_MAX = 64

interface Of {
  readonly organisation: string
  readonly customer: bigint
}

export function found(ctx: CrmCommand, { organisation }: { readonly organisation: string }): undefined {
  const { state, fail, sender: owner } = ctx
  checkId(ctx, organisation)
  if (state.organisations.has(organisation)) throw fail.ORGANISATION_EXISTS({ organisation })
  state.organisations.set(organisation, { owner, stages: ['new'], next: 1n, nextTask: 1n })
  ctx.emit.founded({ organisation, owner })
}

export function setStaff(
  ctx: CrmCommand,
  given: { readonly organisation: string; readonly who: Address; readonly works: boolean },
): undefined {
  const { organisation, who, works } = given
  owned(ctx, organisation)
  if (ctx.state.staff.has([organisation, who]) === works) throw ctx.fail.NOTHING_TO_CHANGE()
  if (works) ctx.state.staff.set([organisation, who], null)
  else ctx.state.staff.delete([organisation, who])
  ctx.emit.staffSet(given)
}

/** Sets the stages, in their order. New customers are in the first. */
export function setPipeline(
  ctx: CrmCommand,
  { organisation, stages }: { readonly organisation: string; readonly stages: readonly string[] },
): undefined {
  const { state, fail } = ctx
  const own = owned(ctx, organisation)
  if (stages.length === 0) throw fail.BAD_STAGES({ why: 'it has none' })
  if (new Set(stages).size < stages.length) throw fail.BAD_STAGES({ why: 'it names one twice' })
  for (const stage of stages) checkId(ctx, stage)
  const left = own.stages.find(
    (stage) => !stages.includes(stage) && state.stages.get([organisation, stage]) > 0n,
  )
  if (left !== undefined) throw fail.BAD_STAGES({ why: `customers are in the stage ${left}` })
  state.organisations.set(organisation, { ...own, stages })
  ctx.emit.pipelineSet({ organisation })
}

interface Record {
  readonly organisation: string
  readonly digest: Hash
  readonly account: Address | null
  readonly indexes: readonly Hash[]
}

export function addCustomer(ctx: CrmCommand, { organisation, digest, account, indexes }: Record): undefined {
  const own = staffed(ctx, organisation)
  const { state, block } = ctx
  const customer = own.next
  const stage = own.stages[0] ?? 'new'
  state.organisations.set(organisation, { ...own, next: customer + 1n })
  const counts = { interactions: 0, contacts: 0, openTasks: 0 }
  const sorted = distinct(indexes)
  state.customers.set([organisation, customer], {
    digest,
    stage,
    account,
    indexes: sorted,
    sinceMs: block.timeMs,
    ...counts,
  })
  for (const index of sorted) state.index.set([organisation, index, customer], null)
  count(ctx, organisation, stage, 1n)
  ctx.emit.customerAdded({ organisation, customer })
}

/** The record has changed: its hash, its account, and what it is found by. */
export function changeCustomer(ctx: CrmCommand, given: Record & Of): undefined {
  const { organisation, customer, digest, account } = given
  staffed(ctx, organisation)
  const { state } = ctx
  const row = known(ctx, given)
  // Once a customer decides for itself, the organisation does not take that back.
  if (row.account !== null && row.account !== account)
    throw ctx.fail.NOT_THE_CUSTOMER({ who: ctx.sender, customer })
  const indexes = distinct(given.indexes)
  for (const index of row.indexes) state.index.delete([organisation, index, customer])
  for (const index of indexes) state.index.set([organisation, index, customer], null)
  state.customers.set([organisation, customer], { ...row, digest, account, indexes })
  ctx.emit.customerChanged({ organisation, customer })
}

/** The record is destroyed: what the chain has of it goes, but for notes that mean nothing without it. */
export function forgetCustomer(ctx: CrmCommand, given: Of): undefined {
  const { organisation, customer } = given
  staffed(ctx, organisation)
  const { state } = ctx
  const row = known(ctx, given)
  if (row.openTasks > 0) throw ctx.fail.STILL_NEEDED({ customer, why: `${row.openTasks} tasks are open` })
  for (const index of row.indexes) state.index.delete([organisation, index, customer])
  state.customers.delete([organisation, customer])
  count(ctx, organisation, row.stage, -1n)
  ctx.emit.customerForgotten({ organisation, customer })
}

export function moveTo(ctx: CrmCommand, given: Of & { readonly stage: string }): undefined {
  const { organisation, customer, stage } = given
  const { stages } = staffed(ctx, organisation)
  const row = known(ctx, given)
  if (!stages.includes(stage)) throw ctx.fail.UNKNOWN_STAGE({ stage, stages })
  if (row.stage === stage) throw ctx.fail.NOTHING_TO_CHANGE()
  ctx.state.customers.set([organisation, customer], { ...row, stage })
  count(ctx, organisation, row.stage, -1n)
  count(ctx, organisation, stage, 1n)
  ctx.emit.stageEntered({ organisation, customer, from: row.stage, to: stage })
}

export function addContact(ctx: CrmCommand, given: Of & { readonly digest: Hash }): undefined {
  const { organisation, customer, digest } = given
  staffed(ctx, organisation)
  const row = known(ctx, given)
  const contacts = row.contacts + 1
  ctx.state.contacts.set([organisation, customer, contacts], { digest, sinceMs: ctx.block.timeMs })
  ctx.state.customers.set([organisation, customer], { ...row, contacts })
  ctx.emit.contactAdded({ organisation, customer })
}

export function addInteraction(
  ctx: CrmCommand,
  given: Of & { readonly kind: string; readonly digest: Hash },
): undefined {
  const { organisation, customer, kind, digest } = given
  staffed(ctx, organisation)
  const row = known(ctx, given)
  checkId(ctx, kind)
  const interactions = row.interactions + 1
  const { sender: by, block } = ctx
  ctx.state.interactions.set([organisation, customer, interactions], {
    kind,
    digest,
    by,
    timeMs: block.timeMs,
  })
  ctx.state.customers.set([organisation, customer], { ...row, interactions })
  ctx.emit.interactionAdded({ organisation, customer, kind })
}

export function addTask(
  ctx: CrmCommand,
  given: Of & { readonly assignee: Address; readonly digest: Hash; readonly dueMs: bigint },
): undefined {
  const { organisation, customer, assignee, digest, dueMs } = given
  const { state, fail, block } = ctx
  const own = staffed(ctx, organisation)
  const row = known(ctx, given)
  if (!works(ctx, organisation, assignee)) throw fail.NOT_STAFF({ who: assignee, organisation })
  if (dueMs <= block.timeMs) throw fail.BAD_TIME({ timeMs: dueMs, nowMs: block.timeMs })
  const task = own.nextTask
  state.organisations.set(organisation, { ...own, nextTask: task + 1n })
  state.tasks.set([organisation, task], { customer, assignee, digest, dueMs, overdue: false })
  state.dueTasks.set([dueMs, organisation, task], null)
  state.customers.set([organisation, customer], { ...row, openTasks: row.openTasks + 1 })
  ctx.emit.taskAdded({ organisation, task, assignee })
}

export function closeTask(
  ctx: CrmCommand,
  given: { readonly organisation: string; readonly task: bigint; readonly outcome: Infer<typeof outcome> },
): undefined {
  const { organisation, task } = given
  const { state, fail } = ctx
  staffed(ctx, organisation)
  const row = state.tasks.get([organisation, task])
  if (!row) throw fail.UNKNOWN_TASK({ organisation, task })
  const { customer, dueMs } = row
  const own = known(ctx, { organisation, customer })
  state.tasks.delete([organisation, task])
  state.dueTasks.delete([dueMs, organisation, task])
  state.customers.set([organisation, customer], { ...own, openTasks: own.openTasks - 1 })
  ctx.emit.taskClosed(given)
}

/** Tells once of each task that is overdue. */
export function tellOverdue({ state, emit, block }: CrmContext): undefined {
  for (const [key] of [...state.dueTasks.entries({ limit: DUE_MAX })]) {
    const [dueMs, organisation, task] = key
    if (dueMs > block.timeMs) return
    state.dueTasks.delete(key)
    const row = state.tasks.get([organisation, task])
    if (!row) continue
    state.tasks.set([organisation, task], { ...row, overdue: true })
    emit.taskOverdue({ organisation, task })
  }
}

/** Nothing on the chain is free text, which could tell who a customer is. Throws `crm/BAD_ID`. */
export function checkId({ fail }: CrmContext, given: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(given)) throw fail.BAD_ID({ id: given })
}

/** The sender works for the organisation, or owns it. */
export function staffed(ctx: CrmCommand, organisation: string) {
  const own = ctx.state.organisations.get(organisation)
  if (!own) throw ctx.fail.UNKNOWN_ORGANISATION({ organisation })
  if (!works(ctx, organisation, ctx.sender)) throw ctx.fail.NOT_STAFF({ who: ctx.sender, organisation })
  return own
}

function works({ state }: CrmContext, organisation: string, who: Address): boolean {
  return state.organisations.get(organisation)?.owner === who || state.staff.has([organisation, who])
}

export function owned(ctx: CrmCommand, organisation: string) {
  const own = ctx.state.organisations.get(organisation)
  if (!own) throw ctx.fail.UNKNOWN_ORGANISATION({ organisation })
  if (own.owner !== ctx.sender) throw ctx.fail.NOT_THE_OWNER({ who: ctx.sender, organisation })
  return own
}

export function known({ state, fail }: CrmContext, { organisation, customer }: Of) {
  const row = state.customers.get([organisation, customer])
  if (!row) throw fail.UNKNOWN_CUSTOMER({ organisation, customer })
  return row
}

const distinct = (indexes: readonly Hash[]): readonly Hash[] => [...new Set(indexes)].sort()

function count({ state }: CrmContext, organisation: string, stage: string, by: bigint): void {
  const next = state.stages.get([organisation, stage]) + by
  if (next === 0n) state.stages.delete([organisation, stage])
  else state.stages.set([organisation, stage], next)
}
