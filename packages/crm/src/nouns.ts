import {
  address,
  bool,
  hash,
  list,
  option,
  struct,
  text,
  tuple,
  u16,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import {
  type CommandContext,
  defineModule,
  type Read,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import { crmRefusals } from './refusals.ts'

export const PAGE_MAX = 256
export const STAGES_MAX = 16
export const TIERS_MAX = 8
export const INDEXES_MAX = 8
export const id = text({ bytesMax: 32 })
const sum = u64

/** What an organisation keeps of a customer on the chain; whatever says who that is stays in its record store. */
export const customerFields = {
  /** The salted hash of the record. */
  digest: hash,
  stage: id,
  /** The customer's own account, which then decides on its consent. */
  account: option(address),
  /** Blind indexes of fields that it is searched by. */
  indexes: list(hash, { max: INDEXES_MAX }),
  sinceMs: u64,
  interactions: u32,
  contacts: u32,
  openTasks: u32,
}
export const interaction = struct({ kind: id, digest: hash, by: address, timeMs: u64 })
export const contact = struct({ digest: hash, sinceMs: u64 })
export const task = struct({ customer: u64, assignee: address, digest: hash, dueMs: u64, overdue: bool })
/** `round` counts how often consent was given anew, after it was withdrawn or had run out. */
export const consentRow = struct({
  given: bool,
  untilMs: u64,
  evidence: hash,
  by: address,
  timeMs: u64,
  round: u32,
})
export const share = struct({ purpose: id, untilMs: u64 })
/** A grant stands on the consent of one round, and does not come back with that of a later one. */
export const shareRow = struct({ purpose: id, untilMs: u64, round: u32 })
export const tier = struct({ id, from: sum })
export const programme = struct({ tiers: list(tier, { min: 1, max: TIERS_MAX }), validDays: u16 })
export const outcome = union({ done: unit, cancelled: unit })
const one = { organisation: id, customer: u64 }
const points = { organisation: id, programme: id, customer: u64, points: sum }

/** What crm owns, says and refuses. */
export function nouns() {
  return defineModule('crm', {
    state: {
      organisations: table(
        id,
        struct({ owner: address, stages: list(id, { max: STAGES_MAX }), next: u64, nextTask: u64 }),
      ),
      staff: table(tuple(id, address), unit),
      customers: table(tuple(id, u64), struct(customerFields)),
      /** How many customers are in a stage. */
      stages: table(tuple(id, id), u64, 0n),
      /** Who has a blind index. */
      index: table(tuple(id, hash, u64), unit),
      contacts: table(tuple(id, u64, u32), contact),
      interactions: table(tuple(id, u64, u32), interaction),
      tasks: table(tuple(id, u64), task),
      dueTasks: table(tuple(u64, id, u64), unit),
      consents: table(tuple(id, u64, id), consentRow),
      /** By owner, customer and the organisation that may read it. */
      shares: table(tuple(id, u64, id), shareRow),
      programmes: table(tuple(id, id), programme),
      /** All that a member ever earned, which decides on its tier. */
      earned: table(tuple(id, id, u64), sum, 0n),
      /** Points by the day after which they are worth nothing. */
      lots: table(tuple(id, id, u64, u32), sum),
      dueLots: table(tuple(u32, id, id, u64), unit),
    },
    events: {
      founded: struct({ organisation: id, owner: address }),
      staffSet: struct({ organisation: id, who: address, works: bool }),
      pipelineSet: struct({ organisation: id }),
      customerAdded: struct(one),
      customerChanged: struct(one),
      customerForgotten: struct(one),
      stageEntered: struct({ ...one, from: id, to: id }),
      contactAdded: struct(one),
      interactionAdded: struct({ ...one, kind: id }),
      taskAdded: struct({ organisation: id, task: u64, assignee: address }),
      taskClosed: struct({ organisation: id, task: u64, outcome }),
      taskOverdue: struct({ organisation: id, task: u64 }),
      consented: struct({ ...one, purpose: id, given: bool }),
      shared: struct({ ...one, reader: id, purpose: id, untilMs: u64 }),
      shareEnded: struct({ ...one, reader: id }),
      programmeOpened: struct({ organisation: id, programme: id }),
      earned: struct(points),
      spent: struct(points),
      expired: struct(points),
    },
    errors: crmRefusals,
  })
}

export const pageOf = <F extends object>(from: F) => ({ ...from, limit: u16 })
export const page = (limit: number): number => Math.min(limit, PAGE_MAX)

type Nouns = ReturnType<typeof nouns>
export type CrmContext = WriteOf<Nouns>
export type CrmReader = Read<TypesOf<Nouns>>
export type CrmCommand = CommandContext<TypesOf<Nouns>>
