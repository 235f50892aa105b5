// Sentences about the whole state. They read all of it: tests and `mmt verify` ask, blocks never do.
import type { Address } from '@mmtchain/primitives'
import type { ElectionReader } from './nouns.ts'
import { rankKey } from './ranking.ts'
import { faultsMax } from './seats.ts'
import { earned, weightOf } from './voting.ts'

type Reader = Pick<ElectionReader, 'state' | 'params'>

/** The ranking holds every candidate at its votes, and nobody else. */
export function rankingIsExact({ state }: Reader): boolean {
  let candidates = 0
  for (const [who, { standing }] of state.delegates.entries()) {
    const { ranked, votes } = state.tallies.get(who)
    if (ranked !== (standing.kind === 'candidate')) return false
    if (ranked !== state.ranking.has(rankKey(votes, who))) return false
    if (ranked) candidates += 1
  }
  return [...state.ranking.entries()].length === candidates
}

/** A delegate's votes are what its voters' votes weigh, and their total is that of all. */
export function votesAddUp({ state, params }: Reader): boolean {
  const given = new Map<Address, bigint>()
  for (const [[, delegate], { amount }] of state.votes.entries())
    given.set(delegate, (given.get(delegate) ?? 0n) + weightOf(params.weight, amount))
  let total = 0n
  for (const [delegate, { votes }] of state.tallies.entries()) {
    if (votes !== (given.get(delegate) ?? 0n)) return false
    total += votes
    given.delete(delegate)
  }
  return given.size === 0 && total === state.votesTotal.get()
}

/** What a voter has locked is the sum of its votes, or the largest of them where each counts in full. */
export function locksFitVotes({ state, params }: Reader): boolean {
  const wanted = new Map<Address, { locked: bigint; count: number }>()
  for (const [[voter], { amount }] of state.votes.entries()) {
    const { locked, count } = wanted.get(voter) ?? { locked: 0n, count: 0 }
    const together = params.weight === 'split' ? locked + amount : amount > locked ? amount : locked
    wanted.set(voter, { locked: together, count: count + 1 })
  }
  for (const [voter, { locked, count }] of state.voters.entries()) {
    const want = wanted.get(voter)
    if (want?.locked !== locked || want.count !== count || count > params.votesMax) return false
    wanted.delete(voter)
  }
  return wanted.size === 0
}

/** No delegate's pot owes its voters more than it holds. */
export function potsCover({ state, params }: Reader): boolean {
  const owed = new Map<Address, bigint>()
  for (const [[, delegate], vote] of state.votes.entries())
    owed.set(delegate, (owed.get(delegate) ?? 0n) + earned(params.weight, vote, state.tallies.get(delegate)))
  for (const [delegate, amount] of owed) if (state.tallies.get(delegate).pot < amount) return false
  return true
}

/** Suspended and jailed seats are never more than a set of this chain can lose. */
export function fewAreAway({ state, params }: Reader): boolean {
  return [...state.away.entries()].length <= faultsMax(params.seats)
}
