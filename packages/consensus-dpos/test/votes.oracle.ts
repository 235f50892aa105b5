import type { VoteHeader } from '@mmtchain/consensus-dpos'
import type { Address } from '@mmtchain/primitives'

// Prevotes and precommits a second time, slowly and straight from the definition (Hackfeld 2019, Definition 4.1): who voted for what is a set
// of names for every height, found anew from the whole branch each time.

export interface Ruled {
  readonly header: VoteHeader
  readonly roster: readonly Address[]
}

/** The heights that follow from a branch from height 1 on. */
export function heightsOf(branch: readonly Ruled[]) {
  const prevotes = new Map<bigint, Set<Address>>()
  const precommits = new Map<bigint, Set<Address>>()
  const seats = new Map<bigint, number>()
  let prevoted = 0n
  let precommitted = 0n
  for (const [i, { header, roster }] of branch.entries()) {
    seats.set(header.height, roster.length)
    const before = branch.slice(0, i + 1)
    const lowest = header.height - BigInt(3 * roster.length) + 1n
    const inRange = (height: bigint) => height >= lowest && height >= 1n && height <= header.height
    if (header.maxHeightGenerated < header.height && roster.includes(header.proposer)) {
      const active = activeSince(before, header.proposer)
      for (let height = 1n; height <= header.height; height++) {
        if (!inRange(height) || height < active) continue
        const hasQuorum = (prevotes.get(height)?.size ?? 0) >= quorum(seats.get(height) ?? 0)
        const isOpen =
          height > notPrevoted(before, lowest) && isNewest(precommits, header.proposer, height, active)
        if (hasQuorum && isOpen) add(precommits, height, header.proposer)
      }
      for (let height = 1n; height <= header.height; height++)
        if (inRange(height) && height >= active && height > header.maxHeightGenerated)
          add(prevotes, height, header.proposer)
    }
    const reached = (votes: Map<bigint, Set<Address>>) =>
      [...votes]
        .filter(([height, who]) => inRange(height) && who.size >= quorum(seats.get(height) ?? 0))
        .map(([height]) => height)
    prevoted = [header.maxHeightPrevoted, ...reached(prevotes)].reduce((a, b) => (a > b ? a : b))
    precommitted = [precommitted, ...reached(precommits)].reduce((a, b) => (a > b ? a : b))
  }
  return { prevoted, precommitted }
}

function add(votes: Map<bigint, Set<Address>>, height: bigint, who: Address): void {
  votes.set(height, new Set([...(votes.get(height) ?? []), who]))
}

const quorum = (n: number) => Math.floor((2 * n) / 3) + 1

/** The first height of the unbroken row of heights, up to the newest, at which it has a seat. */
function activeSince(branch: readonly Ruled[], who: Address): bigint {
  const last = branch.findLastIndex(({ roster }) => !roster.includes(who))
  return branch[last + 1]?.header.height ?? 0n
}

/** The newest height below which the branch shows a gap in the prevotes of the newest block's proposer. */
function notPrevoted(branch: readonly Ruled[], lowest: bigint): bigint {
  const newest = branch.at(-1)?.header as VoteHeader
  for (let height = newest.maxHeightGenerated; height >= lowest && height >= 1n; ) {
    const found = branch[Number(height - 1n)]?.header as VoteHeader
    if (found.proposer !== newest.proposer || found.maxHeightGenerated >= height) return height
    height = found.maxHeightGenerated
  }
  return 0n
}

/** True when all that it has precommitted since it is active lies below. */
function isNewest(
  precommits: Map<bigint, Set<Address>>,
  who: Address,
  height: bigint,
  active: bigint,
): boolean {
  return ![...precommits].some(([other, votes]) => other >= height && other >= active && votes.has(who))
}
