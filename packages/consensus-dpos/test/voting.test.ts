import { describe, expect, test } from 'vitest'
import { ann, at, ben, cat, coins, epochs, FUNDS, field, ruling, said } from './harbour.ts'

const delegates = ['v1', 'v2', 'v3', 'v4'] as const
const start = (weight: 'split' | 'full' | 'one' = 'split') =>
  field({ options: { seats: 4, weight }, validators: delegates, candidates: ['c1'] })
type Harbour = ReturnType<typeof start>
const vote = (on: Harbour, who: typeof ann, name: string, amount: number) =>
  on.as(who).election.vote({ delegate: at(name), amount: coins(amount) })
const unvote = (on: Harbour, who: typeof ann, name: string, amount: number) =>
  on.as(who).election.unvote({ delegate: at(name), amount: coins(amount) })
const votesFor = (on: Harbour, ...names: string[]) => names.map((name) => on.read.patron.votes(at(name)))
const lockedOf = (on: Harbour, owner = ann) => on.read.election.voter({ voter: owner }).locked

describe('a vote', () => {
  test('locks its amount and moves the delegate in the ranking', () => {
    const on = start()
    const done = vote(on, ann, 'c1', 100)
    expect(said(on, done)).toEqual([
      ['token.locked', { owner: ann, purpose: 'election.votes', amount: 100n }],
      ['election.voted', { voter: ann, delegate: at('c1'), amount: 100n }],
    ])
    expect(done.receipt?.fee).toBe(5n)
    expect(on.read.token.balance({ owner: ann })).toBe(FUNDS - 105n)
    expect(on.read.election.ranking({ after: null, limit: 1 })).toEqual([{ delegate: at('c1'), votes: 100n }])
    vote(on, ben, 'v3', 99)
    vote(on, ben, 'v3', 10)
    expect(votesFor(on, 'v3', 'c1', 'v1')).toEqual([109n, 100n, 0n])
    expect(['v3', 'c1'].map((name) => on.read.election.rank({ delegate: at(name) }))).toEqual([1, 2])
    expect(on.read.election.delegate({ delegate: at('c1') })).toMatchObject({ votes: 100n, votesTotal: 209n })
  })

  test('is refused for these reasons, in this order', () => {
    const on = start()
    on.as(at('v1')).election.resign(null)
    for (const name of ['v2', 'v3', 'v4']) vote(on, ann, name, 10)
    expect(on.as(ann).election.vote({ delegate: ben, amount: coins(0) }).code).toBe('election/NOT_REGISTERED')
    expect(vote(on, ann, 'v1', 0).code).toBe('election/RESIGNED')
    expect(vote(on, ann, 'c1', 0).code).toBe('election/ZERO_AMOUNT')
    expect(vote(on, ann, 'c1', 9).code).toBe('election/VOTE_TOO_SMALL')
    expect(vote(on, ann, 'c1', 2_000_000).code).toBe('election/TOO_MANY_VOTES')
    expect(vote(on, ann, 'v2', 2_000_000).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(vote(on, ann, 'v2', 1).code).toBeUndefined()
  })

  test('taken back is refused for these reasons, in this order', () => {
    const on = start()
    vote(on, ann, 'v2', 30)
    expect(unvote(on, ann, 'v2', 0).code).toBe('election/ZERO_AMOUNT')
    expect(unvote(on, ann, 'v3', 1).code).toBe('election/INSUFFICIENT_VOTE')
    expect(unvote(on, ann, 'v2', 31).code).toBe('election/INSUFFICIENT_VOTE')
    expect(unvote(on, ann, 'v2', 21).code).toBe('election/VOTE_TOO_SMALL')
    expect(unvote(on, ann, 'v2', 20).code).toBeUndefined()
    expect(unvote(on, ann, 'v2', 10).code).toBeUndefined()
    expect(on.read.election.voter({ voter: ann }).votes).toEqual([])
  })

  test('can be taken back from a delegate who has resigned', () => {
    const on = start()
    vote(on, ann, 'v1', 50)
    on.as(at('v1')).election.resign(null)
    expect(unvote(on, ann, 'v1', 50).code).toBeUndefined()
  })
})

test('what is taken back is free after unbonding, each part from its own height on', () => {
  const on = start()
  vote(on, ann, 'v1', 100)
  unvote(on, ann, 'v1', 30)
  const first = on.height + 100n
  on.advance({ blocks: 4 })
  unvote(on, ann, 'v1', 20)
  const second = on.height + 100n
  expect(on.read.election.voter({ voter: ann }).unbonding).toEqual([
    { free: first, amount: 30n },
    { free: second, amount: 20n },
  ])
  expect(votesFor(on, 'v1')).toEqual([50n])
  expect(on.read.token.holdings({ owner: ann }).locks).toEqual([{ purpose: 'election.votes', amount: 100n }])
  expect(on.as(ann).election.withdraw(null).code).toBe('election/NOTHING_FREE')
  on.advance({ blocks: Number(first - on.height) - 1 })
  expect(said(on, on.as(ann).election.withdraw(null)).at(-1)).toEqual([
    'election.withdrawn',
    { owner: ann, amount: 30n },
  ])
  expect(on.as(ann).election.withdraw(null).refusal?.message).toContain(`height ${second}`)
  on.advance({ blocks: 10 })
  expect(on.as(ann).election.withdraw(null).events).toEqual(['token.unlocked', 'election.withdrawn'])
  expect(on.as(ben).election.withdraw(null).refusal?.message).not.toContain('height')
})

describe('a vote weighs', () => {
  test('split: its own amount, and each locks its own', () => {
    const on = start('split')
    vote(on, ann, 'v1', 30)
    vote(on, ann, 'v2', 50)
    expect([votesFor(on, 'v1', 'v2'), lockedOf(on)]).toEqual([[30n, 50n], 80n])
    unvote(on, ann, 'v2', 50)
    expect([votesFor(on, 'v1', 'v2'), lockedOf(on)]).toEqual([[30n, 0n], 30n])
  })

  test('full: its amount in full, while the largest is locked once', () => {
    const on = start('full')
    vote(on, ann, 'v1', 30)
    vote(on, ann, 'v2', 50)
    vote(on, ann, 'v3', 20)
    expect([votesFor(on, 'v1', 'v2', 'v3'), lockedOf(on)]).toEqual([[30n, 50n, 20n], 50n])
    unvote(on, ann, 'v2', 50)
    expect([votesFor(on, 'v1', 'v2', 'v3'), lockedOf(on)]).toEqual([[30n, 0n, 20n], 30n])
    unvote(on, ann, 'v3', 20)
    expect(on.read.election.voter({ voter: ann }).unbonding.map(({ amount }) => amount)).toEqual([20n])
    unvote(on, ann, 'v1', 30)
    expect(lockedOf(on)).toBe(0n)
  })

  test('one: one, whatever it locks', () => {
    const on = start('one')
    vote(on, ann, 'v1', 5_000)
    vote(on, ann, 'v1', 5_000)
    vote(on, ben, 'v2', 10)
    vote(on, cat, 'v2', 10)
    expect([votesFor(on, 'v1', 'v2'), lockedOf(on)]).toEqual([[1n, 2n], 10_000n])
    unvote(on, ann, 'v1', 9_000)
    expect([votesFor(on, 'v1'), lockedOf(on)]).toEqual([[1n], 1_000n])
    unvote(on, ann, 'v1', 1_000)
    expect(votesFor(on, 'v1')).toEqual([0n])
  })
})

describe('rewards of voters', () => {
  const give = (on: Harbour, name: string, amount: number) =>
    on.as(cat).patron.give({ delegate: at(name), amount: coins(amount) })
  const earned = (on: Harbour, voter: typeof ann) => on.read.election.voter({ voter }).votes[0]?.earned

  test('are shared by votes; what does not divide evenly is shared with the next', () => {
    const on = start()
    expect(give(on, 'v1', 100).code).toBe('election/NO_VOTES')
    vote(on, ann, 'v1', 10)
    vote(on, ben, 'v1', 20)
    give(on, 'v1', 100)
    expect([earned(on, ann), earned(on, ben)]).toEqual([33n, 66n])
    give(on, 'v1', 200)
    expect([earned(on, ann), earned(on, ben)]).toEqual([100n, 200n])
    const before = on.read.token.balance({ owner: ann })
    expect(said(on, on.as(ann).election.collect({ delegate: at('v1') })).at(-1)).toEqual([
      'election.collected',
      { voter: ann, delegate: at('v1'), amount: 100n },
    ])
    expect(on.read.token.balance({ owner: ann })).toBe(before + 95n)
    expect(on.as(ann).election.collect({ delegate: at('v1') }).code).toBe('election/NOTHING_TO_COLLECT')
    expect(on.as(cat).election.collect({ delegate: at('v1') }).code).toBe('election/NOTHING_TO_COLLECT')
  })

  test('go to those who vote when they come, and are paid whenever a vote changes', () => {
    const on = start()
    vote(on, ann, 'v1', 10)
    give(on, 'v1', 60)
    vote(on, ben, 'v1', 50)
    expect([earned(on, ann), earned(on, ben)]).toEqual([60n, 0n])
    give(on, 'v1', 60)
    expect([earned(on, ann), earned(on, ben)]).toEqual([70n, 50n])
    expect(vote(on, ann, 'v1', 10).events).toContain('election.collected')
    expect(unvote(on, ben, 'v1', 50).events).toContain('election.collected')
    expect([earned(on, ann), earned(on, ben)]).toEqual([0n, undefined])
  })

  test('that nobody has a claim on any more are shared with the next', () => {
    const on = start()
    vote(on, ann, 'v1', 30)
    give(on, 'v1', 31)
    vote(on, ben, 'v1', 11)
    give(on, 'v1', 1)
    for (const [who, amount] of [
      [ann, 30],
      [ben, 11],
    ] as const)
      unvote(on, who, 'v1', amount)
    // 31 to ann, and of the last unit nobody a whole one.
    expect(on.read.election.delegate({ delegate: at('v1') })?.pot).toBe(1n)
    vote(on, cat, 'v1', 10)
    give(on, 'v1', 9)
    expect(earned(on, cat)).toBe(10n)
  })
})

test('the list of candidates is read in pages, in order, equal votes by address', () => {
  const on = start()
  vote(on, ann, 'v3', 10)
  const all = on.read.election.ranking({ after: null, limit: 100 })
  expect(all[0]).toEqual({ delegate: at('v3'), votes: 10n })
  const others = ['v1', 'v2', 'v4', 'c1'].map(at).sort()
  expect(all.slice(1).map(({ delegate }) => delegate)).toEqual(others)
  const pages = [on.read.election.ranking({ after: null, limit: 2 })]
  for (let page = pages[0]; page && page.length > 0; pages.push(page))
    page = on.read.election.ranking({ after: page.at(-1) ?? null, limit: 2 })
  expect(pages.flat()).toEqual(all)
})

test('votes decide who rules', () => {
  const on = start()
  for (const name of ['v1', 'v2', 'v3']) vote(on, at(name), name, 10)
  vote(on, ann, 'c1', 11)
  vote(on, ben, 'v4', 9_000)
  unvote(on, ben, 'v4', 9_000)
  epochs(on, 3)
  expect(ruling(on)).toEqual(['c1', 'v1', 'v2', 'v3'])
})
