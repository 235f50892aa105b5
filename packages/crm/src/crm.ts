import { address, bool, hash, list, option, struct, u16, u32, u64 } from '@mmtchain/codec'
import type { Module, TypesOf } from '@mmtchain/kernel'
import {
  addContact,
  addCustomer,
  addInteraction,
  addTask,
  changeCustomer,
  closeTask,
  forgetCustomer,
  found,
  moveTo,
  setPipeline,
  setStaff,
  tellOverdue,
} from './customers.ts'
import {
  consentRow,
  customerFields,
  INDEXES_MAX,
  id,
  interaction,
  nouns,
  outcome,
  PAGE_MAX,
  page,
  pageOf,
  programme,
  STAGES_MAX,
  share,
  TIERS_MAX,
  task,
  tier,
} from './nouns.ts'
import { earn, expire, membershipOf, openProgramme, spend } from './programmes.ts'
import { consent, endShare, mayRead, shareCustomer } from './sharing.ts'

/** What every later module may ask. */
export interface CrmReads {
  /** The purpose for which an organisation may read another's record now, if any. */
  mayRead(args: {
    readonly organisation: string
    readonly customer: bigint
    readonly reader: string
  }): { readonly purpose: string; readonly untilMs: bigint } | null
}

const of = { organisation: id, customer: u64 }
const record = { digest: hash, account: option(address), indexes: list(hash, { max: INDEXES_MAX }) }
const points = struct({ organisation: id, programme: id, customer: u64, points: u64 })
const member = struct({ organisation: id, programme: id, customer: u64 })
/** A member's lots are as many as days. */
const SPEND_WEIGHT = 1_000n

function declare() {
  return nouns()
    .provides<{}, {}, CrmReads>({ reads: (ctx) => ({ mayRead: (args) => mayRead(ctx, args) }) })
    .beginBlock(tellOverdue)
    .beginBlock(expire)
    .command('found', struct({ organisation: id }), found)
    .command('setStaff', struct({ organisation: id, who: address, works: bool }), setStaff)
    .command('setPipeline', struct({ organisation: id, stages: list(id, { max: STAGES_MAX }) }), setPipeline)
    .command('addCustomer', struct({ organisation: id, ...record }), { weight: 150n }, addCustomer)
    .command('changeCustomer', struct({ ...of, ...record }), { weight: 150n }, changeCustomer)
    .command('forgetCustomer', struct(of), forgetCustomer)
    .command('moveTo', struct({ ...of, stage: id }), moveTo)
    .command('addContact', struct({ ...of, digest: hash }), addContact)
    .command('addInteraction', struct({ ...of, kind: id, digest: hash }), addInteraction)
    .command('addTask', struct({ ...of, assignee: address, digest: hash, dueMs: u64 }), addTask)
    .command('closeTask', struct({ organisation: id, task: u64, outcome }), closeTask)
    .command('consent', struct({ ...of, purpose: id, given: bool, untilMs: u64, evidence: hash }), consent)
    .command('share', struct({ ...of, reader: id, purpose: id, untilMs: u64 }), shareCustomer)
    .command('endShare', struct({ ...of, reader: id }), endShare)
    .command(
      'openProgramme',
      struct({
        organisation: id,
        programme: id,
        tiers: list(tier, { min: 1, max: TIERS_MAX }),
        validDays: u16,
      }),
      (ctx, input) => openProgramme(ctx, input),
    )
    .command('earn', points, earn)
    .command('spend', points, { weight: SPEND_WEIGHT }, spend)
    .query(
      'customer',
      struct(of),
      option(struct(customerFields)),
      ({ state }, { organisation, customer }) => {
        return state.customers.get([organisation, customer]) ?? null
      },
    )
    .query(
      'find',
      struct(pageOf({ organisation: id, index: hash, from: u64 })),
      list(u64, { max: PAGE_MAX }),
      ({ state }, { organisation, index, from, limit }) =>
        [
          ...state.index.entries({
            prefix: [organisation, index],
            from: [organisation, index, from],
            limit: page(limit),
          }),
        ].map(([[, , customer]]) => customer),
    )
    .query(
      'pipeline',
      struct({ organisation: id }),
      list(struct({ stage: id, customers: u64 }), { max: STAGES_MAX }),
      ({ state }, input) =>
        (state.organisations.get(input.organisation)?.stages ?? []).map((stage) => ({
          stage,
          customers: state.stages.get([input.organisation, stage]),
        })),
    )
    .query(
      'interactions',
      struct(pageOf({ ...of, from: u32 })),
      list(interaction, { max: PAGE_MAX }),
      ({ state }, { organisation, customer, from, limit }) =>
        [
          ...state.interactions.entries({
            prefix: [organisation, customer],
            from: [organisation, customer, from],
            limit: page(limit),
          }),
        ].map(([, row]) => row),
    )
    .query(
      'tasks',
      struct(pageOf({ organisation: id, from: u64 })),
      list(struct({ number: u64, task }), { max: PAGE_MAX }),
      ({ state }, { organisation, from, limit }) =>
        [
          ...state.tasks.entries({ prefix: [organisation], from: [organisation, from], limit: page(limit) }),
        ].map(([[, number], row]) => ({
          number,
          task: row,
        })),
    )
    .query(
      'consent',
      struct({ ...of, purpose: id }),
      option(consentRow),
      ({ state }, { organisation, customer, purpose }) => {
        return state.consents.get([organisation, customer, purpose]) ?? null
      },
    )
    .query('mayRead', struct({ ...of, reader: id }), option(share), mayRead)
    .query(
      'programme',
      struct({ organisation: id, programme: id }),
      option(programme),
      ({ state }, input) => {
        return state.programmes.get([input.organisation, input.programme]) ?? null
      },
    )
    .query('member', member, struct({ tier: id, earned: u64, points: u64 }), membershipOf)
    .invariant('a customer is found by its blind indexes and by no others', ({ state }) => {
      const wanted = [...state.customers.entries()].flatMap(([[organisation, customer], { indexes }]) =>
        indexes.map((index) => [organisation, index, customer] as const),
      )
      return (
        wanted.every((key) => state.index.has(key)) && [...state.index.entries()].length === wanted.length
      )
    })
    .invariant('stages count the customers that are in them', ({ state }) => {
      const counts = new Map<string, bigint>()
      for (const [[organisation], { stage }] of state.customers.entries())
        counts.set(`${organisation} ${stage}`, (counts.get(`${organisation} ${stage}`) ?? 0n) + 1n)
      const rows = [...state.stages.entries()]
      return (
        rows.length === counts.size &&
        rows.every(([[organisation, stage], n]) => counts.get(`${organisation} ${stage}`) === n)
      )
    })
    .invariant('points that are there were earned, and each lot is due once', ({ state }) => {
      const sums = new Map<string, bigint>()
      const lots = [...state.lots.entries()]
      for (const [[organisation, programme, customer], points] of lots) {
        const key = `${organisation} ${programme} ${customer}`
        sums.set(key, (sums.get(key) ?? 0n) + points)
      }
      return (
        lots.every(
          ([[organisation, programme, customer, day], points]) =>
            points > 0n &&
            state.dueLots.has([day, organisation, programme, customer]) &&
            (sums.get(`${organisation} ${programme} ${customer}`) ?? 0n) <=
              state.earned.get([organisation, programme, customer]),
        ) && [...state.dueLots.entries()].length === lots.length
      )
    })
    .invariant('a customer has as many open tasks as it says', ({ state }) => {
      const counts = new Map<string, number>()
      for (const [[organisation], { customer }] of state.tasks.entries())
        counts.set(`${organisation} ${customer}`, (counts.get(`${organisation} ${customer}`) ?? 0) + 1)
      return [...state.customers.entries()].every(
        ([[organisation, customer], { openTasks }]) =>
          (counts.get(`${organisation} ${customer}`) ?? 0) === openTasks,
      )
    })
}

/**
 * Customers of organisations: on the chain are salted hashes of records, stages, blind indexes for exact search, tasks, consent, grants to read, and membership
 * programmes with points; what says who a customer is stays in each organisation's record store.
 */
export function crm(): Module<TypesOf<ReturnType<typeof declare>>> {
  return declare()
}
