import type { Infer } from '@mmtchain/codec'
import type { Address } from '@mmtchain/primitives'
import type { ElectionContext, ElectionReader, tally } from './nouns.ts'

export type Tally = Infer<typeof tally>

const VOTES_TOP = (1n << 64n) - 1n

/** Keys ascend, so that counting down from the top puts most votes first; of equals the lowest address comes first. */
export function rankKey(votes: bigint, delegate: Address): readonly [bigint, Address] {
  return [VOTES_TOP - votes, delegate]
}

/** Changes what a delegate was given, and its place in the ranking with it. */
export function setTally(ctx: ElectionContext, delegate: Address, change: Partial<Tally>): void {
  const before = ctx.state.tallies.get(delegate)
  const after = { ...before, ...change }
  ctx.state.tallies.set(delegate, after)
  if (before.ranked === after.ranked && before.votes === after.votes) return
  if (before.ranked) ctx.state.ranking.delete(rankKey(before.votes, delegate))
  if (after.ranked) ctx.state.ranking.set(rankKey(after.votes, delegate), true)
}

/** The first candidates in order. It reads as many rows. */
export function ranked(ctx: Pick<ElectionReader, 'state'>, limit: number): Address[] {
  return [...ctx.state.ranking.entries({ limit })].map(([[, delegate]]) => delegate)
}
