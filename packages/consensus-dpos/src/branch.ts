// The branch on which a node is: its blocks from the newest that nothing can take back up to the tip.
import type { Block, Header, Tip, ValidatorSet } from '@mmtchain/kernel'
import type { Address, Hash } from '@mmtchain/primitives'
import { voteHeader } from './offence.ts'
import { type Before, beforeOf } from './slots.ts'
import { noVotes, type VoteHeader, type Votes, withBlock } from './votes.ts'

/** A block that came, with what came with it. */
export interface Sealed {
  readonly block: Block
  readonly id: Hash
  readonly seal: Uint8Array
  /** It came before the end of its slot. */
  readonly inTime: boolean
}

/** A committed block. */
export interface Link extends Before {
  readonly id: Hash
  readonly votes: VoteHeader
  /** Who ruled its height. */
  readonly roster: readonly Address[]
  /** Who rules the next height, and the hash of that set; unknown only of a block that is not on disk yet. */
  readonly next: { readonly set: ValidatorSet; readonly hash: Hash } | undefined
  /** Kept of the newest blocks, to come back to them. */
  readonly sealed: Sealed | undefined
}

export interface Branch {
  /** Ascending without a gap. The first one is never taken back, the last one is the tip. */
  readonly links: readonly Link[]
  readonly baseVotes: Votes
  readonly tipVotes: Votes
  /** The newest height that is final. */
  readonly final: bigint
}

/** How many of the newest blocks are kept whole. */
const SEALED_MAX = 64
/** How many blocks may be taken back, at least; more where sets are large. */
const DEPTH_MIN = 512

/** A branch that begins at the tip: at genesis, or where nothing is known of what was before. */
export function branchFrom(tip: Tip): Branch {
  const votes = tip.header.height === 0n ? noVotes() : noVotes(beforeOf(tip.header).maxHeightPrevoted)
  const link = linkOf(tip.header, tip.id, rosterOf(tip.validators))
  return {
    links: [{ ...link, next: nextOf(tip) }],
    ...{ baseVotes: votes, tipVotes: votes, final: tip.header.height },
  }
}

export function linkOf(header: Header, id: Hash, roster: readonly Address[], sealed?: Sealed): Link {
  return { ...beforeOf(header), id, votes: voteHeader(header), roster, next: undefined, sealed }
}

export function rosterOf({ validators }: ValidatorSet): readonly Address[] {
  return validators.map(({ address }) => address)
}

/** Who rules after the tip: the same list as before where it is equal, so that a checkpoint finds it again. */
export function rosterAfter(branch: Branch, validators: ValidatorSet): readonly Address[] {
  const { roster } = tipOf(branch)
  const next = rosterOf(validators)
  return next.length === roster.length && next.every((who, i) => who === roster[i]) ? roster : next
}

export function nextOf({ header, validators }: Tip): Link['next'] {
  return { set: validators, hash: header.nextValidatorsHash }
}

export function tipOf({ links }: Branch): Link {
  return links.at(-1) as Link
}

export function baseOf({ links }: Branch): Link {
  return links[0] as Link
}

/** The place of a block on the branch. */
export function indexOf({ links }: Branch, id: Hash): number {
  return links.findLastIndex((link) => link.id === id)
}

/** The votes after the block at this place. */
export function votesAt(branch: Branch, index: number): Votes {
  if (index === branch.links.length - 1) return branch.tipVotes
  let votes = branch.baseVotes
  for (const { votes: header, roster } of branch.links.slice(1, index + 1))
    votes = withBlock(votes, header, roster)
  return votes
}

/** The branch with one more block. Its base moves up to what is final by it, and to what is too deep to be taken back. */
export function extended(branch: Branch, link: Link): Branch {
  const tipVotes = withBlock(branch.tipVotes, link.votes, link.roster)
  const final = tipVotes.maxHeightPrecommitted > branch.final ? tipVotes.maxHeightPrecommitted : branch.final
  const links = [...branch.links, link]
  const first = baseOf(branch).height
  const depthMax = BigInt(Math.max(DEPTH_MIN, 6 * link.roster.length))
  const deepest = link.height > depthMax ? link.height - depthMax : 0n
  const base = final > deepest ? final : deepest
  const gone = base > first ? Number(base - first) : 0
  const trimmed = links.slice(gone)
  const old = trimmed.at(-1 - SEALED_MAX)
  const bare = old?.sealed
    ? trimmed.map((one) => (one === old ? { ...one, sealed: undefined } : one))
    : trimmed
  return { links: bare, baseVotes: votesAt(branch, gone), tipVotes, final }
}

/** The branch without the blocks above a height, as the node now finds its tip. */
export function shortened(branch: Branch, tip: Tip): Branch {
  const index = indexOf(branch, tip.id)
  const links = branch.links.slice(0, index + 1)
  return {
    ...branch,
    links: links.map((link, i) => (i === index ? { ...link, next: nextOf(tip) } : link)),
    tipVotes: votesAt(branch, index),
  }
}

/** The set with this hash, if a block of the branch is known to hand over to it. */
export function knownSet({ links }: Branch, hash: Hash): ValidatorSet | undefined {
  return links.findLast(({ next }) => next?.hash === hash)?.next?.set
}

/** The branch with the set that rules after its tip, when that is known. */
export function withTip(branch: Branch, tip: Tip): Branch {
  const links = branch.links.map((link) => (link.id === tip.id ? { ...link, next: nextOf(tip) } : link))
  return { ...branch, links }
}
