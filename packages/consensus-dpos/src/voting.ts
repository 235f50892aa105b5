import { type Address, type Amount, amount as toAmount, height as toHeight } from '@mmtchain/primitives'
import { DEPOSIT, type ElectionContext, VOTES } from './nouns.ts'
import { setTally, type Tally } from './ranking.ts'

/** A voter, the delegate, and how much. */
export interface Ballot {
  readonly voter: Address
  readonly delegate: Address
  readonly amount: Amount
}
interface Vote {
  readonly amount: Amount
  readonly perVote: bigint
}

/** How many heights of unbonding one `withdraw` looks at. */
export const WITHDRAWN_MAX = 32
/** Rewards are counted in units of 2^-40, so that what one reward leaves over is small and goes with the next. */
const FRACTION_BITS = 40n
const ZERO = toAmount(0n)

/** Adds to a vote and locks what it needs. */
export function vote(ctx: ElectionContext, { voter, delegate, amount: more }: Ballot): undefined {
  const { params, state, fail } = ctx
  const stands = state.delegates.get(delegate)
  if (!stands) throw fail.NOT_REGISTERED({ delegate })
  if (stands.standing.kind === 'resigned') throw fail.RESIGNED({ delegate })
  if (more === 0n) throw fail.ZERO_AMOUNT({})
  const before = state.votes.get([voter, delegate])
  const value = (before?.amount ?? 0n) + more
  if (value < params.voteMin) throw fail.VOTE_TOO_SMALL({ have: toAmount(value), want: params.voteMin })
  const { locked, count } = state.voters.get(voter)
  if (!before && count >= params.votesMax) throw fail.TOO_MANY_VOTES({ max: params.votesMax })
  const needed = params.weight === 'split' ? locked + more : value > locked ? value : locked
  if (needed > locked)
    ctx.needs.token.lock({ owner: voter, purpose: VOTES, amount: toAmount(needed - locked) })
  state.voters.set(voter, { locked: toAmount(needed), count: before ? count : count + 1 })
  setVote(ctx, { voter, delegate, amount: toAmount(value) })
  ctx.emit.voted({ voter, delegate, amount: more })
}

/** Takes back a part of a vote, or all of it. What it locked alone is free after unbonding. */
export function unvote(ctx: ElectionContext, { voter, delegate, amount: less }: Ballot): undefined {
  const { params, state, fail } = ctx
  if (less === 0n) throw fail.ZERO_AMOUNT({})
  const have = state.votes.get([voter, delegate])?.amount ?? ZERO
  if (have < less) throw fail.INSUFFICIENT_VOTE({ have, want: less })
  const rest = toAmount(have - less)
  if (rest > 0n && rest < params.voteMin) throw fail.VOTE_TOO_SMALL({ have: rest, want: params.voteMin })
  const { locked, count } = state.voters.get(voter)
  setVote(ctx, { voter, delegate, amount: rest })
  const needed =
    params.weight === 'split' ? toAmount(locked - less) : have < locked ? locked : largestVote(ctx, voter)
  const left = rest === 0n ? count - 1 : count
  if (left === 0) state.voters.delete(voter)
  else state.voters.set(voter, { locked: needed, count: left })
  const free = toHeight(ctx.block.height + BigInt(params.unbondingHeights))
  const freed = locked - needed
  if (freed > 0n) state.unbonding.set([voter, free], toAmount(state.unbonding.get([voter, free]) + freed))
  ctx.emit.unvoted({ voter, delegate, amount: less, free })
}

function largestVote({ state }: ElectionContext, voter: Address): Amount {
  let largest = ZERO
  for (const [, { amount }] of state.votes.entries({ prefix: [voter] }))
    if (amount > largest) largest = amount
  return largest
}

/** Puts a vote in place of the one before, after its rewards so far are paid. */
function setVote(ctx: ElectionContext, { voter, delegate, amount }: Ballot): void {
  const { state, params } = ctx
  const before = state.votes.get([voter, delegate])
  if (before) payOut(ctx, voter, delegate, before)
  const tally = state.tallies.get(delegate)
  const change = weightOf(params.weight, amount) - (before ? weightOf(params.weight, before.amount) : 0n)
  if (amount === 0n) state.votes.delete([voter, delegate])
  else state.votes.set([voter, delegate], { amount, perVote: tally.perVote })
  const votes = tally.votes + change
  // Without a vote nobody has a claim on the pot, so that all of it is shared with the next reward.
  const remainder = votes === 0n ? tally.pot << FRACTION_BITS : tally.remainder
  setTally(ctx, delegate, { votes, remainder })
  state.votesTotal.set(state.votesTotal.get() + change)
}

/** What a vote counts. */
export function weightOf(weight: string, amount: Amount): bigint {
  if (weight === 'one') return amount > 0n ? 1n : 0n
  return amount
}

/** What a vote has earned since it was set, rounded down. */
export function earned(weight: string, { amount, perVote }: Vote, tally: Tally): Amount {
  return toAmount((weightOf(weight, amount) * (tally.perVote - perVote)) >> FRACTION_BITS)
}

/** Pays a voter what its vote has earned. */
function payOut(ctx: ElectionContext, voter: Address, delegate: Address, vote: Vote): Amount {
  const tally = ctx.state.tallies.get(delegate)
  const amount = earned(ctx.params.weight, vote, tally)
  if (amount === 0n) return amount
  setTally(ctx, delegate, { pot: toAmount(tally.pot - amount) })
  ctx.needs.token.move({ from: ctx.self, to: voter, amount })
  ctx.emit.collected({ voter, delegate, amount })
  return amount
}

export function collect(ctx: ElectionContext, voter: Address, delegate: Address): undefined {
  const vote = ctx.state.votes.get([voter, delegate])
  const amount = vote ? payOut(ctx, voter, delegate, vote) : ZERO
  if (!vote || amount === 0n) throw ctx.fail.NOTHING_TO_COLLECT({ delegate })
  ctx.state.votes.set([voter, delegate], { ...vote, perVote: ctx.state.tallies.get(delegate).perVote })
}

/** Shares an amount among all who vote for a delegate, by their votes, in a constant number of rows. */
export function share(
  ctx: ElectionContext,
  { from, delegate, amount }: { readonly from: Address; readonly delegate: Address; readonly amount: Amount },
): undefined {
  const { votes, perVote, remainder, pot } = ctx.state.tallies.get(delegate)
  if (votes === 0n) throw ctx.fail.NO_VOTES({ delegate })
  ctx.needs.token.move({ from, to: ctx.self, amount })
  const whole = (amount << FRACTION_BITS) + remainder
  setTally(ctx, delegate, {
    perVote: perVote + whole / votes,
    remainder: whole % votes,
    pot: toAmount(pot + amount),
  })
}

/** Gives an account back what has been unbonding for long enough: votes, and the deposit of a delegate who resigned. */
export function withdraw(ctx: ElectionContext, owner: Address): undefined {
  const { state, block, emit } = ctx
  let freed = 0n
  let next: bigint | undefined
  for (const [key, value] of state.unbonding.entries({ prefix: [owner], limit: WITHDRAWN_MAX })) {
    if (key[1] > block.height) {
      next = key[1]
      break
    }
    state.unbonding.delete(key)
    freed += value
  }
  if (freed > 0n) ctx.needs.token.unlock({ owner, purpose: VOTES, amount: toAmount(freed) })
  const deposit = withdrawDeposit(ctx, owner)
  if (deposit.free !== undefined && (next === undefined || deposit.free < next)) next = deposit.free
  if (freed + deposit.amount === 0n)
    throw ctx.fail.NOTHING_FREE({ from: next === undefined ? null : toHeight(next) })
  emit.withdrawn({ owner, amount: toAmount(freed + deposit.amount) })
}

/** Gives a delegate who resigned its deposit back, or tells from which height on it is free. */
function withdrawDeposit({ state, block, needs }: ElectionContext, owner: Address) {
  const found = state.delegates.get(owner)
  if (found?.standing.kind !== 'resigned' || found.deposit === 0n) return { amount: 0n, free: undefined }
  const { deposit: amount, standing } = found
  const { free } = standing.value
  if (free > block.height) return { amount: 0n, free }
  state.delegates.set(owner, { ...found, deposit: ZERO })
  needs.token.unlock({ owner, purpose: DEPOSIT, amount })
  return { amount, free: undefined }
}
