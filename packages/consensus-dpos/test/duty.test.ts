import { tablePrefix } from '@mmtchain/kernel'
import { hashToBytes } from '@mmtchain/primitives'
import { testAccountAt } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  ann,
  at,
  coins,
  DEPOSIT,
  epochs,
  FUNDS,
  field,
  type Harbour,
  LAYERS,
  onionOf,
  ruling,
  standing,
} from './harbour.ts'

const seven = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'] as const
const votes = seven.map((name, i) => [name, name, 100 - 10 * i] as const)
/** Seven seats, so that two of them may be empty; v7 has fewest votes. */
const start = (change: object = {}, candidates: readonly string[] = ['c1', 'c2', 'c3']) =>
  field({ options: { seats: 7, missesToSuspend: 2, ...change }, validators: seven, candidates, votes })
const dutyOf = (on: Harbour, name: string) => on.read.election.delegate({ delegate: at(name) })?.duty
const supplyOf = (on: Harbour) => on.read.token.supply(null)

type Offence = ReturnType<typeof offence>

/** Passes over these seats for so many epochs, and charges them, and in the first block an offence. */
function missing(
  on: Harbour,
  names: readonly string[],
  count: number,
  charged: readonly Offence[] = [],
): void {
  let evidence = charged
  for (const end = on.validators.epoch + BigInt(count); on.validators.epoch < end; ) {
    const misses = []
    for (let round = 0; names.includes(testAccountAt(on.proposer(round)).name) && round < 20; round++)
      misses.push({ height: (on.height + 1n) as never, round, proposer: on.proposer(round) })
    on.advance({ blocks: 1, round: misses.length, misses, evidence })
    evidence = []
  }
}
const offence = (on: Harbour, name: string, ago = 1) => ({
  ...{ culprit: at(name), height: (on.height + 1n - BigInt(ago)) as never, kind: 'PREPARE' },
})

describe('a reveal', () => {
  const invalid = /did not reveal the next layer/

  test('is the next layer of the onion, once for each block', () => {
    const on = start()
    const other = onionOf(ann)
    const mine = onionOf(on.proposer())
    for (const reveal of [
      mine.reveal(LAYERS - 1),
      other.reveal(LAYERS),
      new Uint8Array(),
      new Uint8Array(33),
    ])
      expect(() => on.advance({ blocks: 1, reveal })).toThrow(invalid)
    expect(() => on.advance({ blocks: 1, reveal: hashToBytes(mine.commitment) })).toThrow(invalid)
    on.advance({ blocks: 1, reveal: mine.reveal(LAYERS) })
    expect(dutyOf(on, 'v1')).toMatchObject({ produced: 1n, lastProduced: 1n, onion: { left: LAYERS - 1 } })
  })

  test('is not possible any more when the onion is used up', () => {
    const on = field({ options: { seats: 1 }, validators: ['v1'], layers: 5 })
    on.advance({ blocks: 5 })
    expect(dutyOf(on, 'v1')?.onion.left).toBe(0)
    expect(() => on.advance({ blocks: 1, reveal: onionOf(at('v1')).reveal(LAYERS - 5) })).toThrow(invalid)
  })
})

describe('a miss', () => {
  test('counts once, in its block or in one of the next as many as there are seats', () => {
    const on = start()
    const miss = { height: (on.height + 2n) as never, round: 0, proposer: at('v2') }
    on.advance({ blocks: 1 })
    const charged = (change: object, blocks: number, round = 0) => {
      const fork = on.fork()
      fork.advance({ blocks: 1, round: 1 })
      if (blocks > 0) fork.advance({ blocks })
      fork.advance({ blocks: 1, round, misses: [{ ...miss, ...change }] })
      return dutyOf(fork, 'v2')
    }
    expect(charged({}, 0)).toMatchObject({ missed: 1n, missedInRow: 1n })
    expect(charged({}, 6)).toMatchObject({ missed: 1n })
    expect(() => charged({}, 7)).toThrow(/not among those that still count/)
    expect(() => charged({ height: 9n }, 0)).toThrow(/not among those that still count/)
    expect(() => charged({ round: 1 }, 0)).toThrow(/was not passed over/)
    expect(() => charged({ height: 1n }, 0)).toThrow(/was not passed over/)
    expect(() => charged({ proposer: ann }, 0)).toThrow(/is no delegate/)
    on.advance({ blocks: 1, round: 1, misses: [miss] })
    expect(() => on.advance({ blocks: 1, misses: [miss] })).toThrow(/was charged before/)
  })

  test('in a row counts the owner’s own turns, and a block begins anew', () => {
    const on = start({ missesToSuspend: 9 })
    missing(on, ['v2'], 3)
    expect(dutyOf(on, 'v2')).toMatchObject({ missed: 3n, missedInRow: 3n, produced: 0n })
    epochs(on, 1)
    expect(dutyOf(on, 'v2')).toMatchObject({ missed: 3n, missedInRow: 0n, produced: 1n })
  })

  test('that comes to light after the next block of its owner does not begin a row', () => {
    const on = start({ missesToSuspend: 9 })
    on.advance({ blocks: 1 })
    const miss = { height: (on.height + 1n) as never, round: 0, proposer: at('v2') }
    // All others are passed over too, until v2 has its next turn.
    on.advance({ blocks: 1, round: 1 })
    let round = 0
    while (on.proposer(round) !== at('v2')) round++
    on.advance({ blocks: 1, round })
    // A block of its own would begin anew in any case.
    on.advance({ blocks: 1, round: on.proposer() === at('v2') ? 1 : 0, misses: [miss] })
    expect(dutyOf(on, 'v2')).toMatchObject({ missed: 1n, missedInRow: 0n, produced: 1n })
  })

  test('of many turns at once is one entry where misses follow from headers', () => {
    const on = start({ missesToSuspend: 200 })
    const height = (on.height + 1n) as never
    on.advance({ blocks: 1, round: 700, misses: [{ height, round: 1, proposer: at('v2'), times: 100n }] })
    expect(dutyOf(on, 'v2')).toMatchObject({ missed: 100n, missedInRow: 100n })
  })
})

describe('a suspension', () => {
  test('takes the seat from the next election on, for two epochs, and ends by itself', () => {
    const on = start()
    missing(on, ['v3'], 2) // The end of epoch 1 chooses for epoch 3.
    expect(standing(on, 'v3')).toBe('suspended')
    expect(on.read.election.rank({ delegate: at('v3') })).toBeNull()
    expect(on.read.election.epoch(null).away).toEqual([{ delegate: at('v3'), until: 5n }])
    expect([on.validators.epoch, ruling(on)]).toEqual([2n, [...seven]])
    epochs(on, 1)
    const without = ruling(on)
    expect(without).toHaveLength(7)
    expect(without).not.toContain('v3')
    expect(standing(on, 'v3')).toBe('suspended')
    epochs(on, 1)
    expect([standing(on, 'v3'), ruling(on)]).toEqual(['candidate', without])
    expect(dutyOf(on, 'v3')).toMatchObject({ missedInRow: 0n, missed: 2n })
    epochs(on, 1)
    expect([on.validators.epoch, ruling(on)]).toEqual([5n, [...seven]])
  })

  test('never empties more seats than may be faulty, lowest votes first; the others stay charged', () => {
    const on = start()
    missing(on, ['v1', 'v3', 'v5', 'v6'], 2)
    expect(['v1', 'v3', 'v5', 'v6'].map((name) => standing(on, name))).toEqual([
      ...['candidate', 'candidate', 'suspended', 'suspended'],
    ])
    missing(on, ['v1', 'v3', 'v5', 'v6'], 1)
    expect(standing(on, 'v1')).toBe('candidate')
    missing(on, ['v1', 'v3'], 1)
    // Two came back with this election, so two others go.
    expect(['v1', 'v3', 'v5', 'v6'].map((name) => standing(on, name))).toEqual([
      ...['suspended', 'suspended', 'candidate', 'candidate'],
    ])
  })

  test('needs somebody who takes the seat', () => {
    const none = start({}, [])
    missing(none, ['v7'], 4)
    expect([standing(none, 'v7'), ruling(none)]).toEqual(['candidate', [...seven]])
    const one = start({}, ['c1'])
    missing(one, ['v6', 'v7'], 2)
    expect(['v6', 'v7'].map((name) => standing(one, name))).toEqual(['candidate', 'suspended'])
  })

  test('passes by whoever makes a block in time, or has lost the seat anyway', () => {
    const on = start()
    missing(on, ['v3'], 1)
    epochs(on, 1)
    missing(on, ['v3'], 1)
    expect(standing(on, 'v3')).toBe('candidate')
    const voted = start()
    const vote = { sender: ann, module: 'election', command: 'vote' }
    voted.block(['c1', 'c2'].map((name) => ({ ...vote, input: { delegate: at(name), amount: coins(500) } })))
    missing(voted, ['v7'], 2)
    expect([standing(voted, 'v7'), dutyOf(voted, 'v7')]).toMatchObject([
      'candidate',
      { missed: 2n, missedInRow: 0n },
    ])
  })
})

describe('who comes back', () => {
  test('begins anew, also with misses of the epoch before, which were charged already', () => {
    const on = start({ awayEpochs: 1, missesToSuspend: 1 })
    missing(on, ['v3'], 1)
    expect(standing(on, 'v3')).toBe('suspended')
    // It rules one more epoch, and misses its turn in that as well.
    missing(on, ['v3'], 1)
    expect([standing(on, 'v3'), dutyOf(on, 'v3')]).toMatchObject([
      'candidate',
      { missed: 2n, missedInRow: 0n },
    ])
    epochs(on, 1)
    expect(standing(on, 'v3')).toBe('candidate')
  })

  test('is not charged for a miss of before that comes to light only then', () => {
    const on = start({ awayEpochs: 1, missesToSuspend: 1 })
    missing(on, ['v3'], 1)
    const late = []
    while (on.validators.epoch < 2n) {
      let round = 0
      for (; on.proposer(round) === at('v3'); round++)
        late.push({ height: (on.height + 1n) as never, round, proposer: at('v3') })
      on.advance({ blocks: 1, round })
    }
    expect(standing(on, 'v3')).toBe('candidate')
    on.advance({ blocks: 1, misses: late })
    expect(dutyOf(on, 'v3')).toMatchObject({ missed: 2n, missedInRow: 0n })
    epochs(on, 1)
    expect(standing(on, 'v3')).toBe('candidate')
  })
})

describe('a seat that is taken', () => {
  /** Two candidates outvote all: v6 and v7 are the next ones without a seat. These names miss all their turns of two epochs. */
  const outvoted = (names: readonly string[]) => {
    const on = start()
    const vote = { sender: ann, module: 'election', command: 'vote' }
    on.block(['c1', 'c2'].map((name) => ({ ...vote, input: { delegate: at(name), amount: coins(500) } })))
    missing(on, names, 2)
    return names.map((name) => [standing(on, name), dutyOf(on, name)?.missedInRow])
  }

  test('does not go to a candidate whose misses were just forgiven', () => {
    // Seats go to c1, c2 and v1 to v5. v5 loses its one, v6 would get it and loses it as well; then there is no room.
    expect(outvoted(['v5', 'v6'])).toEqual([
      ['suspended', 0n],
      ['suspended', 0n],
    ])
    expect(outvoted(['v4', 'v5', 'v6', 'v7'])).toEqual([
      ['candidate', 2n],
      ['suspended', 0n],
      ['suspended', 0n],
      ['candidate', 2n],
    ])
  })

  test('leaves those without one to begin anew', () => {
    expect(outvoted(['v5', 'v7'])).toEqual([
      ['suspended', 0n],
      ['candidate', 0n],
    ])
  })
})

describe('a double signature', () => {
  test('cuts half the deposit at once, rewards who brought it, and jails from the next election on', () => {
    const on = start()
    on.advance({ blocks: 3 })
    const reporter = on.proposer()
    const before = { supply: supplyOf(on), balance: on.read.token.balance({ owner: reporter }) }
    on.advance({ blocks: 1, evidence: [offence(on, 'v2', 2)] })
    expect(on.read.election.delegate({ delegate: at('v2') })?.profile).toMatchObject({
      ...{ deposit: DEPOSIT / 2n, standing: { kind: 'candidate' } },
    })
    expect(on.read.token.balance({ owner: reporter })).toBe(before.balance + 25n)
    expect(supplyOf(on)).toBe(before.supply - 475n)
    epochs(on, 1)
    expect([standing(on, 'v2'), ruling(on)]).toEqual(['jailed', [...seven]])
    epochs(on, 1)
    expect(ruling(on)).not.toContain('v2')
  })

  test('counts once: repeated, expired and future evidence makes the block invalid', () => {
    const on = start()
    on.advance({ blocks: 60 })
    const one = offence(on, 'v2', 10)
    on.advance({ blocks: 1, evidence: [one] })
    expect(on.read.election.offences({ height: one.height })).toEqual([
      { culprit: one.culprit, kind: one.kind },
    ])
    expect(() => on.advance({ blocks: 1, evidence: [one] })).toThrow(/charged before/)
    expect(() => on.advance({ blocks: 1, evidence: [offence(on, 'v2', 51)] })).toThrow(/still counts/)
    expect(() => on.advance({ blocks: 1, evidence: [offence(on, 'v2', -1)] })).toThrow(/heights to come/)
    on.advance({ blocks: 1, evidence: [offence(on, 'v3', 50)] })
    expect(on.read.election.delegate({ delegate: at('v3') })?.profile.deposit).toBe(DEPOSIT / 2n)
    expect(() => on.advance({ blocks: 1, evidence: [one, one] })).toThrow(/charged before/)
  })

  test('that is one of many is punished with them, up to the end of the epoch', () => {
    const on = start()
    on.advance({ blocks: 3 })
    const many = [0, 1, 2].map((ago) => offence(on, 'v2', ago))
    on.advance({ blocks: 1, evidence: [...many, { ...(many[0] as (typeof many)[0]), kind: 'COMMIT' }] })
    on.advance({ blocks: 1, evidence: [offence(on, 'v2', 0)] })
    const deposit = () => on.read.election.delegate({ delegate: at('v2') })?.profile.deposit
    expect(deposit()).toBe(500n)
    epochs(on, 1)
    on.advance({ blocks: 1, evidence: [{ ...offence(on, 'v2', 3), kind: 'PRE_PREPARE' }] })
    expect(deposit()).toBe(500n)
    // It still rules this epoch; what it does now is another offence.
    on.advance({ blocks: 1, evidence: [offence(on, 'v2', 0)] })
    expect(deposit()).toBe(250n)
  })

  test('gives nothing to a culprit who brings the evidence itself', () => {
    const on = start()
    const supply = supplyOf(on)
    on.advance({ blocks: 1, evidence: [offence(on, 'v1', 0)] })
    expect(supplyOf(on)).toBe(supply - 500n)
    expect(on.read.token.balance({ owner: at('v1') })).toBe(FUNDS - DEPOSIT - 100n)
  })

  test('reaches the deposit of one who has resigned, until it is free', () => {
    const on = start()
    on.as(at('v2')).election.resign(null)
    on.advance({ blocks: 40 })
    on.advance({ blocks: 1, evidence: [offence(on, 'v2', 30)] })
    expect(on.read.election.delegate({ delegate: at('v2') })?.profile.deposit).toBe(500n)
    epochs(on, 1)
    expect(standing(on, 'v2')).toBe('resigned')
    on.advance({ blocks: 60 })
    on.as(at('v2')).election.withdraw(null)
    expect(on.read.token.balance({ owner: at('v2') })).toBe(FUNDS - 90n - 500n - 10n)
  })

  test('is forgiven by the delegate’s own request, after its time, with the deposit whole again', () => {
    const on = start({ jailEpochs: 3 })
    const { election } = on.as(at('v2'))
    on.advance({ blocks: 1, evidence: [offence(on, 'v2', 0)] })
    expect(election.unjail(null).code).toBe('election/NOT_JAILED')
    epochs(on, 1)
    expect(election.unjail(null).code).toBe('election/STILL_JAILED')
    epochs(on, 4)
    expect(on.validators.epoch).toBe(5n)
    expect(election.unjail(null).code).toBe('election/DEPOSIT_TOO_SMALL')
    election.addDeposit({ amount: coins(500) })
    expect(election.unjail(null).events).toEqual(['election.returned'])
    expect(standing(on, 'v2')).toBe('candidate')
    expect(on.as(ann).election.unjail(null).code).toBe('election/NOT_REGISTERED')
  })

  test('goes before misses when seats are short', () => {
    const on = start()
    missing(on, ['v5', 'v6'], 1)
    missing(on, ['v5', 'v6'], 1, [offence(on, 'v1', 0)])
    expect(['v1', 'v5', 'v6'].map((name) => standing(on, name))).toEqual(['jailed', 'candidate', 'suspended'])
  })
})

test('charges that no longer count leave no rows behind', () => {
  const on = start({ missesToSuspend: 200 })
  missing(on, ['v2'], 10)
  on.advance({ blocks: 1, evidence: [offence(on, 'v3', 0)] })
  const rows = () =>
    ['rounds', 'misses', 'offences'].map(
      (name) => [...on.state.entries({ prefix: tablePrefix('election', name) })].length,
    )
  for (const count of rows()) expect(count).toBeGreaterThan(0)
  on.advance({ blocks: 60 })
  expect(rows()).toEqual([0, 0, 0])
})
