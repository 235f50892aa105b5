// Proposals: opened, voted on, and decided and executed at the ends of blocks.
import type { Infer } from '@mmtchain/codec'
import { type Address, type Amount, amount, type Height, height, isChainError } from '@mmtchain/primitives'
import { record } from './audit.ts'
import { isWon, type Proposal, tallyOf } from './bodies.ts'
import { type Change, kindOf } from './change.ts'
import { applyChange, checkChange } from './changes.ts'
import { DEPOSIT } from './council.ts'
import { diffOf } from './diff.ts'
import { type AdminCommand, type AdminContext, type choice, nextNumber, OPEN_MAX } from './nouns.ts'
import { type Membership, organisationAddress } from './organisations.ts'
import { type Body, VOTING_HEIGHTS_MAX } from './rules.ts'

export type Choice = Infer<typeof choice>

/** How many proposals a block looks at; the others wait for the next one. */
export const DUE_MAX = 8
const NONE = amount(0n)

interface Proposing {
  readonly title: string
  readonly change: Change
  readonly executeAt: Height | null
}

/** The sender proposes: a councillor, or anybody for a deposit where coins vote. */
export function propose(ctx: AdminCommand, given: Proposing): undefined {
  const { sender: proposer, state, params } = ctx
  const isCouncillor = state.council.get().includes(proposer)
  if (!isCouncillor && !params.stake) throw ctx.fail.NO_RIGHT_TO_PROPOSE({ who: proposer })
  const deposit = isCouncillor ? NONE : (params.stake?.deposit ?? NONE)
  const number = open(ctx, { proposer, organisation: '', deposit }, given)
  const right = isCouncillor ? 'seat in the council' : 'deposit'
  record(ctx, { who: proposer, what: 'admin.propose', subject: subjectOf(number, given.title), right })
}

/** An organisation proposes. */
export function proposeFor(ctx: AdminContext, { id, organisation }: Membership, given: Proposing): bigint {
  const proposer = organisationAddress(organisation.number)
  return open(ctx, { proposer, organisation: id, deposit: NONE }, given)
}

export function subjectOf(number: bigint, title: string): string {
  return `proposal ${number}: ${title}`
}

function open(
  ctx: AdminContext,
  by: { readonly proposer: Address; readonly organisation: string; readonly deposit: Amount },
  { title, change, executeAt }: Proposing,
): bigint {
  const { state, fail, block, params, emit } = ctx
  const { proposer, deposit } = by
  const waiting = state.open.get(proposer)
  if (waiting >= OPEN_MAX) throw fail.TOO_MANY_PROPOSALS({ max: OPEN_MAX })
  const rule = params.rules[kindOf(change)]
  const voteUntil = height(block.height + BigInt(rule.votingHeights))
  const max = voteUntil + BigInt(VOTING_HEIGHTS_MAX)
  const at = executeAt ?? voteUntil
  if (at < voteUntil || at > max) throw fail.BAD_EXECUTION_HEIGHT({ height: at, min: voteUntil, max })
  checkChange(ctx, change, at)
  if (deposit > 0n) ctx.needs.token.lock({ owner: proposer, purpose: DEPOSIT, amount: deposit })
  const number = nextNumber(ctx, 'proposal')
  state.proposals.set(number, {
    ...{ ...by, title, change, rule, opened: block.height, voteUntil, executeAt: at },
    status: { kind: 'open', value: null },
  })
  state.due.set([voteUntil, number], null)
  state.open.set(proposer, waiting + 1)
  emit.opened({ proposal: number, proposer, title })
  return number
}

/** The sender votes, as a councillor or with its stake. */
export function vote(
  ctx: AdminCommand,
  given: { readonly proposal: bigint; readonly choice: Choice },
): undefined {
  const { sender: who, state } = ctx
  const found = openProposal(ctx, given.proposal)
  const body = found.rule.body.kind
  const weight =
    body === 'stake' ? state.stakes.get(who)?.amount : amount(state.council.get().includes(who) ? 1n : 0n)
  if (body === 'organisations' || !weight) throw ctx.fail.NO_VOTE({ who, body })
  cast(ctx, { voter: who, weight, body }, given)
  if (body === 'stake') {
    const own = state.stakes.get(who)
    if (own && own.until < found.voteUntil) state.stakes.set(who, { ...own, until: found.voteUntil })
  }
  const right = body === 'stake' ? `stake of ${weight} units` : 'seat in the council'
  record(ctx, { who, what: 'admin.vote', subject: voteSubject(given), right })
}

/** An organisation votes. */
export function voteFor(
  ctx: AdminContext,
  { organisation }: Membership,
  given: { readonly proposal: bigint; readonly choice: Choice },
): void {
  const voter = organisationAddress(organisation.number)
  const body = openProposal(ctx, given.proposal).rule.body.kind
  if (body !== 'organisations') throw ctx.fail.NO_VOTE({ who: voter, body })
  cast(ctx, { voter, weight: amount(1n), body }, given)
}

export function voteSubject({
  proposal,
  choice,
}: {
  readonly proposal: bigint
  readonly choice: Choice
}): string {
  return `proposal ${proposal}: ${choice.kind}`
}

/** Throws unless votes on a proposal are still taken. */
function openProposal({ state, fail, block }: AdminContext, number: bigint): Proposal {
  const found = state.proposals.get(number)
  if (!found) throw fail.UNKNOWN_PROPOSAL({ proposal: number })
  if (found.status.kind !== 'open' || block.height > found.voteUntil)
    throw fail.VOTE_OVER({ proposal: number, until: found.voteUntil })
  return found
}

/** A vote takes the place of the voter's earlier one. */
function cast(
  { state, emit }: AdminContext,
  { voter, weight, body }: { readonly voter: Address; readonly weight: Amount; readonly body: Body },
  { proposal: number, choice: chosen }: { readonly proposal: bigint; readonly choice: Choice },
): void {
  const before = state.votes.get([number, voter])
  state.votes.set([number, voter], { choice: chosen, weight })
  if (body === 'stake') {
    const sums = { ...state.tallies.get(number) }
    if (before) sums[before.choice.kind] -= before.weight
    sums[chosen.kind] += weight
    state.tallies.set(number, sums)
  }
  emit.voted({ proposal: number, voter, choice: chosen, weight })
}

/** Ends the votes whose last block this is, and executes what has won and whose height has come. */
export function settleDue(ctx: AdminContext): undefined {
  const { state, block } = ctx
  const due = [...state.due.entries({ limit: DUE_MAX })].filter(([[at]]) => at <= block.height)
  for (const [key] of due) {
    const [, number] = key
    const found = state.proposals.get(number)
    state.due.delete(key)
    if (!found) continue
    if (found.status.kind === 'open' && !isWon(found.rule, tallyOf(ctx, number, found))) {
      close(ctx, number, found, { kind: 'rejected', value: null })
    } else if (found.executeAt > block.height) {
      state.proposals.set(number, { ...found, status: { kind: 'accepted', value: null } })
      state.due.set([found.executeAt, number], null)
      ctx.emit.decided({ proposal: number, status: { kind: 'accepted', value: null } })
    } else execute(ctx, number, found)
  }
}

function execute(ctx: AdminContext, number: bigint, found: Proposal): undefined {
  const { change, title, rule } = found
  const diff = diffOf(ctx, change)
  try {
    applyChange(ctx, change)
  } catch (error) {
    if (!isChainError(error)) throw error
    return close(ctx, number, found, { kind: 'failed', value: error.code })
  }
  const { yes, no, abstain } = tallyOf(ctx, number, found)
  const right = `vote of ${rule.body.kind}: ${yes} yes, ${no} no, ${abstain} abstained`
  record(ctx, { who: ctx.self, what: `admin.${change.kind}`, subject: subjectOf(number, title), right })
  close(ctx, number, found, { kind: 'executed', value: ctx.block.height }, diff)
}

/** A proposal that is over: its diff stays as it was, its deposit goes back. */
function close(
  ctx: AdminContext,
  number: bigint,
  found: Proposal,
  status: Proposal['status'],
  diff = diffOf(ctx, found.change),
): undefined {
  const { state, emit } = ctx
  state.proposals.set(number, { ...found, status })
  state.diffs.set(number, diff)
  const left = state.open.get(found.proposer) - 1
  if (left > 0) state.open.set(found.proposer, left)
  else state.open.delete(found.proposer)
  if (found.deposit > 0n)
    ctx.needs.token.unlock({ owner: found.proposer, purpose: DEPOSIT, amount: found.deposit })
  emit.decided({ proposal: number, status })
}
