import { contradict, noVotes, quorumOf, type VoteHeader, withBlock } from '@mmtchain/consensus-dpos'
import type { Address } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heightsOf, type Ruled } from './votes.oracle.ts'

// The rules of LIP 0014, 0056 and 0058, one by one; then random branches against the definition written a second time.

const names = Array.from({ length: 101 }, (_, i) => testAccount(`voter ${i}`).address)
const at = (i: number) => names[i] as Address
const roster = (n: number) => names.slice(0, n)

/** The votes after blocks by these proposers, each honest on this one branch unless `generated` says otherwise. */
function branch(n: number, proposers: readonly number[], generated: ReadonlyMap<number, bigint> = new Map()) {
  let votes = noVotes()
  const made = new Map<number, bigint>()
  for (const [i, proposer] of proposers.entries()) {
    const height = BigInt(i + 1)
    const maxHeightGenerated = generated.get(i + 1) ?? made.get(proposer) ?? 0n
    const { maxHeightPrevoted } = votes
    votes = withBlock(
      votes,
      { height, proposer: at(proposer), maxHeightGenerated, maxHeightPrevoted },
      roster(n),
    )
    made.set(proposer, height)
  }
  return votes
}
const inTurn = (n: number, blocks: number) => Array.from({ length: blocks }, (_, i) => i % n)
const counted = (votes: ReturnType<typeof branch>, height: number) => {
  const found = votes.blocks.find((one) => one.height === BigInt(height))
  return [found?.prevotes, found?.precommits]
}

describe('prevotes and precommits (LIP 0056)', () => {
  test('a quorum is more than two thirds: 68 of 101, 73 of 108, 3 of 4, 1 of 1', () => {
    expect([101, 108, 27, 7, 4, 3, 1].map(quorumOf)).toEqual([68, 73, 19, 5, 3, 3, 1])
  })

  test('a block prevotes itself and all blocks above the last one of its proposer', () => {
    const votes = branch(4, [0, 1, 2])
    expect([1, 2, 3].map((height) => counted(votes, height)[0])).toEqual([3, 2, 1])
    expect(votes.maxHeightPrevoted).toBe(1n)
  })

  test('a delegate prevotes a block once: what it builds later adds nothing', () => {
    const votes = branch(4, [0, 1, 0, 1, 0, 1])
    expect([1, 2].map((height) => counted(votes, height)[0])).toEqual([2, 2])
    expect(votes.maxHeightPrevoted).toBe(0n)
  })

  test('a block precommits what had a quorum of prevotes before it, and what its proposer prevoted', () => {
    const votes = branch(4, [0, 1, 2, 3])
    expect(counted(votes, 1)).toEqual([4, 1])
    expect(votes.maxHeightPrecommitted).toBe(0n)
  })

  test('two quorums of distinct delegates make a block final', () => {
    const votes = branch(4, [0, 1, 2, 3, 0, 1])
    expect(counted(votes, 1)).toEqual([4, 3])
    expect(votes.maxHeightPrecommitted).toBe(1n)
  })

  test('of 101 delegates in turn a block is final when 67 and then 68 more have built on it (LIP 0014, key properties)', () => {
    expect(branch(101, inTurn(101, 135)).maxHeightPrecommitted).toBe(0n)
    expect(branch(101, inTurn(101, 136)).maxHeightPrecommitted).toBe(1n)
    expect(branch(101, inTurn(101, 67)).maxHeightPrevoted).toBe(0n)
    expect(branch(101, inTurn(101, 68)).maxHeightPrevoted).toBe(1n)
  })

  test('a block whose maxHeightGenerated is not below its height votes for nothing', () => {
    const votes = branch(4, [0, 1, 2], new Map([[3, 3n]]))
    expect([1, 2, 3].map((height) => counted(votes, height)[0])).toEqual([2, 1, 0])
  })

  test('a delegate that made its last block on another branch precommits nothing at or below that height', () => {
    // Delegate 3 made a block of height 2 elsewhere; here that height is delegate 1's.
    const votes = branch(4, [0, 1, 2, 3, 3], new Map([[4, 2n]]))
    expect(counted(votes, 1)).toEqual([3, 0])
    expect(counted(votes, 3)[0]).toBe(2)
  })

  test('a delegate votes for no block below the height since which it has a seat', () => {
    let votes = branch(3, [0, 1, 2])
    const next = { maxHeightGenerated: 0n, maxHeightPrevoted: votes.maxHeightPrevoted }
    votes = withBlock(votes, { ...next, height: 4n, proposer: at(3) }, roster(4))
    expect([1, 2, 3, 4].map((height) => counted(votes, height)[0])).toEqual([3, 2, 1, 1])
  })

  test('each height is judged by the quorum of its own set', () => {
    let votes = branch(7, [0, 1, 2])
    for (const [height, proposer] of [
      [4, 0],
      [5, 1],
      [6, 2],
    ] as const) {
      const header = {
        height: BigInt(height),
        proposer: at(proposer),
        maxHeightGenerated: BigInt(height - 3),
      }
      votes = withBlock(votes, { ...header, maxHeightPrevoted: votes.maxHeightPrevoted }, roster(4))
    }
    // Three prevotes are a quorum of four, for height 4, but not of seven, for heights 1 to 3.
    expect(votes.blocks.map(({ quorum }) => quorum)).toEqual([5, 5, 5, 3, 3, 3])
    expect(votes.maxHeightPrevoted).toBe(4n)
  })

  test('votes reach back three epochs of turns and no further (LIP 0058, MAX_LENGTH_BLOCK_BFT_INFOS)', () => {
    const votes = branch(4, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2])
    expect(votes.blocks.length).toBe(12)
    expect(votes.blocks[0]?.height).toBe(2n)
    expect(counted(votes, 2)[0]).toBe(3)
    expect(votes.maxHeightPrevoted).toBe(12n - 1n)
  })
})

describe('contradicting headers (LIP 0014, checkHeadersContradicting)', () => {
  const header = (height: number, generated: number, prevoted: number, proposer = 0): VoteHeader => ({
    ...{ height: BigInt(height), proposer: at(proposer) },
    ...{ maxHeightGenerated: BigInt(generated), maxHeightPrevoted: BigInt(prevoted) },
  })
  const both = (a: VoteHeader, b: VoteHeader) => [contradict(a, b), contradict(b, a)]

  test('of two delegates never', () => {
    expect(both(header(5, 0, 0), header(5, 0, 0, 1))).toEqual([false, false])
  })
  test('two blocks of one height with the same prevotes', () => {
    expect(both(header(5, 0, 2), header(5, 0, 2))).toEqual([true, true])
  })
  test('going to a lower block without more prevotes', () => {
    expect(both(header(8, 0, 2), header(5, 8, 2))).toEqual([true, true])
  })
  test('going to a lower block with more prevotes is what the fork choice asks for', () => {
    expect(both(header(8, 0, 2), header(5, 8, 3))).toEqual([false, false])
  })
  test('hiding a block that was made before', () => {
    expect(both(header(5, 0, 2), header(9, 3, 4))).toEqual([true, true])
  })
  test('going to a branch with fewer prevotes', () => {
    expect(both(header(5, 0, 4), header(9, 5, 3))).toEqual([true, true])
  })
  test('building on is none', () => {
    expect(both(header(5, 0, 2), header(9, 5, 4))).toEqual([false, false])
  })
})

test('random branches have the heights of the definition', () => {
  const block = fc.record({
    proposer: fc.nat(6),
    ago: fc.option(fc.nat(9), { nil: undefined }),
    leaves: fc.nat(19),
  })
  fc.assert(
    fc.property(fc.array(block, { maxLength: 60 }), (blocks) => {
      let votes = noVotes()
      let members = roster(7)
      const ruled: Ruled[] = []
      for (const [i, { proposer, ago, leaves }] of blocks.entries()) {
        const height = BigInt(i + 1)
        // Now and then another delegate takes a seat.
        if (leaves < 7)
          members = members.map((one, j) => (j === leaves ? at((names.indexOf(one) + 7) % 21) : one))
        const who = members[proposer] as Address
        const last = ruled.findLast(({ header }) => header.proposer === who)?.header
        const honest = last ? [last.height, last.maxHeightGenerated].reduce((a, b) => (a > b ? a : b)) : 0n
        const said = { height, proposer: who, maxHeightPrevoted: votes.maxHeightPrevoted }
        // Honest, or as one that was on other branches, or that lies as far as its blocks on this branch do not show it.
        const other = { ...said, maxHeightGenerated: BigInt(Math.max(0, i + 2 - (ago ?? 0))) }
        const isOther = ago !== undefined && !(last && contradict(last, other))
        const header = isOther ? other : { ...said, maxHeightGenerated: honest }
        votes = withBlock(votes, header, members)
        ruled.push({ header, roster: members })
        const { prevoted, precommitted } = heightsOf(ruled)
        expect([votes.maxHeightPrevoted, votes.maxHeightPrecommitted]).toEqual([prevoted, precommitted])
      }
    }),
    { numRuns: 100 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1')) },
  )
})
