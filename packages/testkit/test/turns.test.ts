import { address, cell, defineChain, defineModule, list, type Miss, tuple, u64, unit } from '@mmtchain/kernel'
import { testAddresses, testChain, turns } from '@mmtchain/testkit'
import { expect, test } from 'vitest'

const [alice, bob, carol] = testAddresses('alice', 'bob', 'carol')
const saw = tuple(u64, address, u64, list(address, { max: 8 }))
const none = { turn: 0n, proposer: alice }

/** Keeps what the block before said: turn and proposer, what was revealed, and who is told to have missed or offended. */
const witness = defineModule('witness', {
  state: { seen: cell(saw, [none.turn, none.proposer, 0n, []]) },
})
  .beginBlock(({ block, state }) => {
    const named = [
      ...block.misses.map(({ proposer }) => proposer),
      ...block.evidence.map((one) => one.culprit),
    ]
    state.seen.set([block.turn, block.proposer, BigInt(block.reveal?.[0] ?? 99), named])
  })
  .query('seen', unit, saw, (ctx) => ctx.state.seen.get())

const start = () =>
  testChain(
    defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: turns() }).use(witness),
    {},
    {
      validators: [alice, bob, carol],
      reveal: (proposer, read) => Uint8Array.of(proposer === bob ? 7 : Number(read.witness.seen(null)[0])),
    },
  )

test('validators propose in turn, and a round passes over one of them', () => {
  const on = start()
  expect([on.proposer(), on.proposer(1), on.proposer(3)]).toEqual([alice, bob, alice])
  on.advance({ blocks: 2 })
  expect(on.read.witness.seen(null).slice(0, 2)).toEqual([2n, bob])
  const { timeMs } = on
  on.advance({ blocks: 1, round: 1 })
  expect(on.read.witness.seen(null).slice(0, 2)).toEqual([4n, alice])
  expect(on.timeMs).toBe(timeMs + 2_000n)
  expect(on.validators.validators.map((one) => one.address)).toEqual([alice, bob, carol])
})

test('reveals, misses and evidence are what the test says', () => {
  const on = start()
  on.advance({ blocks: 2 })
  expect(on.read.witness.seen(null)[2]).toBe(7n)
  on.advance({ blocks: 1 })
  expect(on.read.witness.seen(null)[2]).toBe(2n)
  const missed: Miss = { height: on.height, round: 0, proposer: alice }
  const offence = { culprit: bob, height: on.height, kind: 'PREPARE' }
  on.fork().advance({ blocks: 1, misses: [missed], evidence: [offence] })
  on.advance({ blocks: 1, reveal: Uint8Array.of(5), misses: [missed], evidence: [offence] })
  expect(on.read.witness.seen(null)).toEqual([4n, alice, 5n, [alice, bob]])
})
