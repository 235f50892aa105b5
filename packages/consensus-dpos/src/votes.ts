// Finality by header votes: Lisk-BFT after LIP 0056 and LIP 0058 (weights of 1), which are Definition 4.1 of Hackfeld, "A lightweight
// BFT consensus protocol for blockchains" (2019). A block votes by two heights in its header; nobody sends a vote.
import type { Address } from '@mmtchain/primitives'

/** What a header says about votes. */
export interface VoteHeader {
  readonly height: bigint
  readonly proposer: Address
  /** The largest height at which the proposer made a block before, on any branch; 0 when it never did. */
  readonly maxHeightGenerated: bigint
  /** The largest height with a quorum of prevotes among the block's ancestors. */
  readonly maxHeightPrevoted: bigint
}

/** A block of the branch with the validators that voted for it so far. */
export interface Counted extends VoteHeader {
  readonly quorum: number
  readonly prevotes: number
  readonly precommits: number
}

/** What is known of a validator of the set in force. */
interface Member {
  /** The height since which it has been a validator without a break: it votes for no block below. */
  readonly activeFrom: bigint
  /** The largest height that it precommitted. */
  readonly precommitted: bigint
}

/** The votes of a branch after its newest block. */
export interface Votes {
  /** The newest blocks, ascending without a gap: as many as three epochs of the set in force have turns. */
  readonly blocks: readonly Counted[]
  readonly members: ReadonlyMap<Address, Member>
  readonly maxHeightPrevoted: bigint
  readonly maxHeightPrecommitted: bigint
  /** True when all blocks that can vote were counted, so that the heights are those that headers must name. */
  readonly whole: boolean
}

/** Before block 1. At a later block its ancestors are not known: there the header's `maxHeightPrevoted` is taken, and votes are not whole. */
export function noVotes(maxHeightPrevoted?: bigint): Votes {
  const whole = maxHeightPrevoted === undefined
  return {
    blocks: [],
    members: new Map(),
    maxHeightPrevoted: maxHeightPrevoted ?? 0n,
    maxHeightPrecommitted: 0n,
    whole,
  }
}

/** How many of n validators must vote: more than two thirds. */
export function quorumOf(n: number): number {
  return Math.floor((2 * n) / 3) + 1
}

/** How many blocks back a block votes (LIP 0058: three batches; a batch is an epoch of the set in force). */
export function voteRange(n: number): number {
  return 3 * n
}

/** The votes after one more block. `roster` rules the block's height. */
export function withBlock(votes: Votes, header: VoteHeader, roster: readonly Address[]): Votes {
  const quorum = quorumOf(roster.length)
  const members = membersOf(votes, header.height, roster)
  const all = [...votes.blocks, { ...header, quorum, prevotes: 0, precommits: 0 }]
  const blocks: Counted[] = all.slice(-voteRange(roster.length))
  const precommitted = castVotes(blocks, header, members.get(header.proposer))
  const member = members.get(header.proposer)
  if (member && precommitted !== undefined) members.set(header.proposer, { ...member, precommitted })
  const prevoted = blocks.findLast((one) => one.prevotes >= one.quorum)?.height
  const final = blocks.findLast((one) => one.precommits >= one.quorum)?.height
  return {
    blocks,
    members,
    // A header has the largest height before itself, for when none of the blocks that are counted has a quorum.
    maxHeightPrevoted: larger(prevoted ?? 0n, header.maxHeightPrevoted),
    maxHeightPrecommitted: larger(final ?? 0n, votes.maxHeightPrecommitted),
    whole: votes.whole || blocks.length === voteRange(roster.length),
  }
}

/** Who may vote from this height on: whoever was there keeps what is known of it (LIP 0058, setBFTParameters). */
function membersOf(votes: Votes, height: bigint, roster: readonly Address[]): Map<Address, Member> {
  const fresh = { activeFrom: height, precommitted: height - 1n }
  return new Map(roster.map((one) => [one, votes.members.get(one) ?? fresh]))
}

/** Adds the votes of the newest block to `blocks`; tells the largest height that it precommits (LIP 0056, updatePrevotesPrecommits). */
function castVotes(blocks: Counted[], header: VoteHeader, member: Member | undefined): bigint | undefined {
  // A block that is not above all that its proposer made before, or whose proposer has no seat, votes for nothing.
  if (header.maxHeightGenerated >= header.height || !member) return undefined
  const precommitFrom = larger(
    larger(member.activeFrom, heightNotPrevoted(blocks, header) + 1n),
    member.precommitted + 1n,
  )
  let precommitted: bigint | undefined
  for (let i = blocks.length - 1; i >= 0; i--) {
    const one = blocks[i] as Counted
    if (one.height < precommitFrom) break
    if (one.prevotes < one.quorum) continue
    blocks[i] = { ...one, precommits: one.precommits + 1 }
    precommitted ??= one.height
  }
  const prevoteFrom = larger(member.activeFrom, header.maxHeightGenerated + 1n)
  for (let i = blocks.length - 1; i >= 0; i--) {
    const one = blocks[i] as Counted
    if (one.height < prevoteFrom) break
    blocks[i] = { ...one, prevotes: one.prevotes + 1 }
  }
  return precommitted
}

/** The largest height for which the branch has no prevote by the proposer of the newest block (LIP 0056, getHeightNotPrevoted). */
function heightNotPrevoted(blocks: readonly Counted[], header: VoteHeader): bigint {
  const first = (blocks[0] as Counted).height
  let height = header.maxHeightGenerated
  while (height >= first) {
    const one = blocks[Number(height - first)] as Counted
    // Made on another branch, or by a block that votes for nothing.
    if (one.proposer !== header.proposer || one.maxHeightGenerated >= height) return height
    height = one.maxHeightGenerated
  }
  return first - 1n
}

/** True when no honest validator signs both of these different headers (LIP 0058, areDistinctHeadersContradicting). */
export function contradict(a: VoteHeader, b: VoteHeader): boolean {
  if (a.proposer !== b.proposer) return false
  const [first, second] = isLater(a, b) ? [b, a] : [a, b]
  return (
    // It went to another branch for nothing better, or made two blocks of one height.
    (first.maxHeightPrevoted === second.maxHeightPrevoted && first.height >= second.height) ||
    // It hid what it had made before.
    first.height > second.maxHeightGenerated ||
    // It went to a branch with fewer prevotes.
    first.maxHeightPrevoted > second.maxHeightPrevoted
  )
}

/** True when a was made after b, if both were made honestly. */
function isLater(a: VoteHeader, b: VoteHeader): boolean {
  if (a.maxHeightGenerated !== b.maxHeightGenerated) return a.maxHeightGenerated > b.maxHeightGenerated
  if (a.maxHeightPrevoted !== b.maxHeightPrevoted) return a.maxHeightPrevoted > b.maxHeightPrevoted
  return a.height > b.height
}

/** True when the header contradicts a block of its own branch: the newest by the same proposer (LIP 0058, isHeaderContradictingChain). */
export function contradictsBranch(votes: Votes, header: VoteHeader): boolean {
  const before = votes.blocks.findLast(({ proposer }) => proposer === header.proposer)
  return before !== undefined && contradict(before, header)
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
