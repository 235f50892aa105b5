// Votes as they are kept: at most one for each seat, round and kind, so that every count is of distinct validators.
import type { Hash } from '@mmtchain/primitives'
import type { CastVotes } from './certificates.ts'
import type { Signed, Statement } from './messages.ts'

type Votes = readonly (Signed | undefined)[]

/** What a vote is for: a block, or null for nil. */
export function votedFor({ value }: Statement): Hash | null {
  return value.blockId
}

/** How many votes there are, for whatever. */
export function countAll(votes: Votes): number {
  let count = 0
  for (const vote of votes) if (vote) count += 1
  return count
}

/** How many votes there are for a block, or for nil. */
export function countFor(votes: Votes, blockId: Hash | null): number {
  let count = 0
  for (const vote of votes) if (vote && votedFor(vote.statement) === blockId) count += 1
  return count
}

/** The block that has at least `least` votes, if one has. With q at most one has. */
export function blockWith(votes: Votes, least: number): Hash | undefined {
  // Honest validators vote alike, so mostly the first vote tells; whoever votes otherwise costs a count.
  let tried: Hash | null = null
  for (const vote of votes) {
    const id: Hash | null = vote ? votedFor(vote.statement) : null
    if (id === null || id === tried) continue
    if (countFor(votes, id) >= least) return id
    tried = id
  }
  return undefined
}

/** Every block that has at least `least` votes. */
export function blocksWith(votes: Votes, least: number): readonly Hash[] {
  const counts = new Map<Hash, number>()
  for (const vote of votes) {
    const id = vote ? votedFor(vote.statement) : null
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count >= least).map(([id]) => id)
}

/** The votes for a block, or for nil, by ascending seat. */
export function votesFor(votes: Votes, blockId: Hash | null): CastVotes['votes'] {
  const found: { seat: number; signature: Uint8Array }[] = []
  for (const vote of votes)
    if (vote && votedFor(vote.statement) === blockId)
      found.push({ seat: vote.seat, signature: vote.signature })
  return found
}
