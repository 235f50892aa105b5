// What a chain of headers must say of itself: the two heights by which each block votes follow from those before it.
import type { Header, ValidatorSet } from '@mmtchain/kernel'
import { rosterOf } from './branch.ts'
import { voteHeader } from './offence.ts'
import { consensusFail } from './slots.ts'
import { contradictsBranch, noVotes, type VoteHeader, type Votes, withBlock } from './votes.ts'

/** The rule of votes that a header breaks, whose ancestors cast `votes`; undefined for one that keeps them all. */
export function brokenVote(votes: Votes, header: VoteHeader): string | undefined {
  const { maxHeightPrevoted: want } = votes
  const got = header.maxHeightPrevoted
  if (votes.whole ? got !== want : got < want) return `its maxHeightPrevoted is ${got}, not ${want}`
  if (contradictsBranch(votes, header)) return 'it contradicts the block before it by the same delegate'
  return undefined
}

/** Reads headers from block 1 on, each with the set of its height. Throws `consensus/BAD_CONSENSUS_FIELDS`. */
export function auditor(): (header: Header, validators: ValidatorSet) => void {
  let votes = noVotes()
  return (header, validators) => {
    const one = voteHeader(header)
    const why = brokenVote(votes, one)
    if (why !== undefined) throw consensusFail.BAD_CONSENSUS_FIELDS({ why })
    votes = withBlock(votes, one, rosterOf(validators))
  }
}
