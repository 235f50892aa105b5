// Coins that vote, and the council that is elected every term.
import { type Address, type Amount, amount, height } from '@mmtchain/primitives'
import { record, shown } from './audit.ts'
import { type AdminCommand, type AdminContext, nextNumber } from './nouns.ts'
import { isFrozen } from './organisations.ts'
import { SEATS_MAX } from './rules.ts'

/** What coins that vote, and deposits, are locked for. */
export const STAKE = 'admin'
export const DEPOSIT = 'admin.deposit'
const NONE = { amount: amount(0n), until: height(0n) }

export function stake(ctx: AdminCommand, { amount: value }: { readonly amount: Amount }): undefined {
  const { state, sender: who, emit } = ctx
  checkStake(ctx, value)
  ctx.needs.token.lock({ owner: who, purpose: STAKE, amount: value })
  const before = state.stakes.get(who) ?? NONE
  const next = amount(before.amount + value)
  state.stakes.set(who, { ...before, amount: next })
  reweigh(ctx, who, next)
  emit.staked({ who, amount: value })
}

export function unstake(ctx: AdminCommand, { amount: value }: { readonly amount: Amount }): undefined {
  const { state, sender: who, fail, emit } = ctx
  checkStake(ctx, value)
  const before = state.stakes.get(who) ?? NONE
  if (before.amount < value) throw fail.INSUFFICIENT_STAKE({ who, have: before.amount, want: value })
  if (before.until >= ctx.block.height) throw fail.STAKE_VOTES({ until: before.until })
  const next = amount(before.amount - value)
  if (next === 0n) state.stakes.delete(who)
  else state.stakes.set(who, { ...before, amount: next })
  reweigh(ctx, who, next)
  ctx.needs.token.unlock({ owner: who, purpose: STAKE, amount: value })
  emit.unstaked({ who, amount: value })
}

function checkStake({ params, fail }: AdminContext, value: Amount): void {
  if (!params.stake) throw fail.NOT_ON_THIS_CHAIN({ what: 'votes by coins' })
  if (value === 0n) throw fail.ZERO_AMOUNT()
}

/** An elector's backings weigh what it has. One that has nothing backs nobody. */
function reweigh(ctx: AdminContext, elector: Address, weight: Amount): void {
  for (const [[, candidate], { candidacy, weight: was }] of [
    ...ctx.state.backings.entries({ prefix: [elector] }),
  ]) {
    addVotes(ctx, candidate, candidacy, weight - was)
    if (weight === 0n) ctx.state.backings.delete([elector, candidate])
    else ctx.state.backings.set([elector, candidate], { candidacy, weight })
  }
}

/** Changes the votes of a candidate, unless it has stood down since. */
function addVotes({ state }: AdminContext, candidate: Address, candidacy: bigint, by: bigint): void {
  const row = state.candidates.get(candidate)
  if (row?.candidacy !== candidacy) return
  const votes = amount(row.votes + by)
  if (row.votes > 0n) state.ranking.delete([row.votes, candidate])
  if (votes > 0n) state.ranking.set([votes, candidate], null)
  state.candidates.set(candidate, { candidacy, votes })
}

/** The sender stands for the council. */
export function stand(ctx: AdminCommand): undefined {
  const { state, sender: who, fail } = ctx
  checkCouncil(ctx)
  if (state.candidates.has(who)) throw fail.ALREADY_A_CANDIDATE({ who })
  state.candidates.set(who, { candidacy: nextNumber(ctx, 'identity'), votes: NONE.amount })
  ctx.emit.stood({ candidate: who })
}

/** The sender stands down. A seat that it has stays its own until the term ends. */
export function standDown(ctx: AdminCommand): undefined {
  const { state, sender: who, fail } = ctx
  checkCouncil(ctx)
  const row = state.candidates.get(who)
  if (!row) throw fail.NOT_A_CANDIDATE({ who })
  if (row.votes > 0n) state.ranking.delete([row.votes, who])
  state.candidates.delete(who)
  ctx.emit.withdrew({ candidate: who })
}

function checkCouncil({ params, fail }: AdminContext) {
  if (!params.council) throw fail.NOT_ON_THIS_CHAIN({ what: 'council' })
  return params.council
}

/** Who elects: an organisation, or an account by its stake. */
export interface Elector {
  readonly address: Address
  readonly by: 'organisations' | 'stake'
}

/** What an elector's vote weighs. Throws where it has none. */
function weightOf(ctx: AdminContext, { address: who, by }: Elector): Amount {
  const council = checkCouncil(ctx)
  const weight = by === 'organisations' ? amount(1n) : (ctx.state.stakes.get(who)?.amount ?? NONE.amount)
  if (council.electors.kind !== by || weight === 0n)
    throw ctx.fail.NO_ELECTOR({ who, electors: council.electors.kind })
  return weight
}

export function back(ctx: AdminContext, elector: Elector, candidate: Address): void {
  const { state, fail } = ctx
  const weight = weightOf(ctx, elector)
  const row = state.candidates.get(candidate)
  if (!row) throw fail.NOT_A_CANDIDATE({ who: candidate })
  const key = [elector.address, candidate] as const
  const before = state.backings.get(key)
  if (before?.candidacy === row.candidacy) throw fail.ALREADY_BACKED({ candidate })
  const max = checkCouncil(ctx).seats
  if (!before && [...state.backings.entries({ prefix: [elector.address], limit: max })].length >= max)
    throw fail.TOO_MANY_BACKED({ max })
  state.backings.set(key, { candidacy: row.candidacy, weight })
  addVotes(ctx, candidate, row.candidacy, weight)
  ctx.emit.backed({ elector: elector.address, candidate, weight })
}

export function unback(ctx: AdminContext, elector: Elector, candidate: Address): void {
  const { state, fail } = ctx
  checkCouncil(ctx)
  const key = [elector.address, candidate] as const
  const row = state.backings.get(key)
  if (!row) throw fail.NOT_BACKED({ candidate })
  state.backings.delete(key)
  addVotes(ctx, candidate, row.candidacy, -row.weight)
  ctx.emit.unbacked({ elector: elector.address, candidate })
}

/** Takes back all that an elector backs, when it is an elector no more. */
export function unbackAll(ctx: AdminContext, elector: Address): void {
  reweigh(ctx, elector, NONE.amount)
}

/**
 * Seats the candidates with most votes once the term is over. While fewer than half of the seats could be filled the old
 * council stays, so that a few votes do not make a council of a few.
 */
export function electCouncil(ctx: AdminContext): undefined {
  const { council } = ctx.params
  if (!council || ctx.block.timeMs < ctx.state.councilUntilMs.get()) return
  const ranked = [...ctx.state.ranking.entries({ reverse: true, limit: 2 * SEATS_MAX })].map(
    ([[, who]]) => who,
  )
  const winners = ranked.filter((who) => !isFrozen(ctx, who)).slice(0, council.seats)
  if (2 * winners.length <= council.seats) return
  ctx.state.council.set(winners)
  ctx.state.councilUntilMs.set(ctx.block.timeMs + council.termMs)
  ctx.emit.elected({ council: winners })
  const subject = `${winners.length} of ${council.seats} seats, first ${shown(ctx, winners[0] as Address)}`
  record(ctx, { who: ctx.self, what: 'admin.elect', subject, right: `votes of ${council.electors.kind}` })
}

/** Seats the first council, for one term. */
export function seatFirst(ctx: AdminContext, first: readonly Address[]): void {
  const { council } = ctx.params
  if (!council) {
    if (first.length > 0) throw ctx.fail.NOT_ON_THIS_CHAIN({ what: 'council' })
    return
  }
  if (first.length > council.seats)
    throw ctx.fail.TOO_MANY_COUNCILLORS({ got: first.length, max: council.seats })
  ctx.state.council.set(first)
  ctx.state.councilUntilMs.set(ctx.block.timeMs + council.termMs)
}
