import { testAccountAt } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { field, type Harbour } from './harbour.ts'

// What delegates can do to the next order who rule the last turns of an epoch and agree with each other (README, "The seed").

const ten = Array.from({ length: 10 }, (_, i) => `v${i}`)
const start = () => {
  const on = field({ options: { seats: 10, missesToSuspend: 200 }, validators: ten })
  on.advance({ blocks: 10 })
  return on
}
const order = (on: Harbour) => on.validators.validators.map((one) => testAccountAt(one.address).name).join()

/** A block after turns that are passed over and charged. */
function proposeAfter(on: Harbour, round: number): void {
  const height = (on.height + 1n) as never
  const misses = Array.from({ length: round }, (_, r) => ({ height, round: r, proposer: on.proposer(r) }))
  on.advance({ blocks: 1, round, misses })
}

/** All orders that the owners of the last `count` turns can choose from, by withholding, and what it costs them. */
function choices(on: Harbour, count: number) {
  on.advance({ blocks: 10 - count })
  const last = on.read.election.forecast(null).turns.map(({ delegate }) => delegate)
  expect(last).toHaveLength(count)
  const found = []
  for (let plan = 0; plan < 2 ** count; plan++) {
    const fork = on.fork()
    const withholds = Array.from({ length: count }, (_, i) => (plan >> i) % 2 === 1)
    let round = 0
    // Where the last turns are withheld, the epoch ends with the block after them, whose reveal is not theirs to choose.
    for (const passes of [...withholds, ...(withholds.at(-1) ? [false] : [])]) {
      if (!passes) proposeAfter(fork, round)
      round = passes ? round + 1 : 0
    }
    const withheld = withholds.filter(Boolean).length
    const missed = last.reduce(
      (sum, who) => sum + Number(fork.read.election.delegate({ delegate: who })?.duty.missed),
      0,
    )
    found.push({ order: order(fork), withheld, missed })
  }
  return found
}

test('the owners of the last k turns choose among 2^k orders, and pay each withheld reveal with a miss', () => {
  for (const count of [1, 2, 3, 4]) {
    const found = choices(start(), count)
    expect(new Set(found.map((one) => one.order)).size).toBe(2 ** count)
    for (const { withheld, missed } of found) expect(missed).toBe(withheld)
    // The honest plan, in which nobody withholds, is one of them and costs nothing.
    expect(found.filter(({ missed }) => missed === 0)).toHaveLength(1)
  }
})

test('reveals that are withheld are counted for each delegate and for the epoch', () => {
  const on = start()
  const who = on.proposer()
  on.advance({
    blocks: 1,
    round: 1,
    misses: [{ height: (on.height + 1n) as never, round: 0, proposer: who }],
  })
  expect(on.read.election.delegate({ delegate: who })?.duty.missed).toBe(1n)
  expect(on.read.election.epoch(null).withheld).toBe(1n)
  on.advance({ blocks: 1, round: 2 })
  expect(on.read.election.epoch(null).withheld).toBe(3n)
})
