import { createHash } from 'node:crypto'
import { election, foldSeed } from '@mmtchain/consensus-dpos'
import { defineChain, solo } from '@mmtchain/kernel'
import { testAccountAt, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { describe, expect, test } from 'vitest'
import {
  accountKey,
  ann,
  application,
  at,
  ben,
  coins,
  DEPOSIT,
  epochs,
  FUNDS,
  field,
  type Harbour,
  LAYERS,
  onionOf,
  ruling,
  small,
} from './harbour.ts'

const names = (on: Harbour) => on.validators.validators.map((one) => testAccountAt(one.address).name)
const seven = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'] as const
const start = () => field({ options: { seats: 7 }, validators: seven })

describe('an epoch', () => {
  test('gives each seat one turn, and ends when all have had theirs, with a block or without', () => {
    const on = start()
    const proposers: string[] = []
    for (let i = 0; i < 7; i++) {
      proposers.push(testAccountAt(on.proposer()).name)
      on.advance({ blocks: 1 })
    }
    expect(proposers).toEqual([...seven])
    expect([on.validators.epoch, on.validators.epochStartTurn, on.height]).toEqual([1n, 8n, 7n])
    on.advance({ blocks: 2, round: 2 })
    expect(on.validators.epoch).toBe(1n)
    on.advance({ blocks: 1 })
    expect([on.validators.epoch, on.validators.epochStartTurn, on.height]).toEqual([2n, 15n, 10n])
    // A block that comes later than the end still ends one epoch only.
    on.advance({ blocks: 1, round: 40 })
    expect([on.validators.epoch, on.validators.epochStartTurn]).toEqual([3n, 56n])
    expect(on.read.election.epoch(null)).toMatchObject({
      epoch: 3n,
      turn: 55n,
      epochStartTurn: 56n,
      withheld: 0n,
    })
  })

  test('is ruled by who had most votes at the end of the one before the last', () => {
    const on = field({
      ...{ options: { seats: 4 }, validators: ['v1', 'v2', 'v3', 'v4'] },
      votes: ['v1', 'v2', 'v3', 'v4'].map((name, i) => [name, name, 50 - 10 * i] as const),
    })
    epochs(on, 1)
    on.as(ann).election.register(application(on, ann))
    on.as(ben).election.vote({ delegate: ann, amount: coins(30) })
    expect(on.validators.epoch).toBe(1n)
    epochs(on, 1) // The end of epoch 1 chooses for epoch 3.
    expect([on.validators.epoch, ruling(on)]).toEqual([2n, ['v1', 'v2', 'v3', 'v4']])
    on.as(ben).election.unvote({ delegate: ann, amount: coins(30) }) // Too late for epoch 3.
    epochs(on, 1)
    expect([on.validators.epoch, ruling(on)]).toEqual([3n, ['ann', 'v1', 'v2', 'v3']])
    epochs(on, 1)
    expect(ruling(on)).toEqual(['v1', 'v2', 'v3', 'v4'])
  })

  test('0 and 1 are ruled by the validators of the genesis, whoever has more votes', () => {
    const on = field({
      options: { seats: 1 },
      validators: ['v1'],
      candidates: ['c1'],
      votes: [['c1', 'c1', 10]],
    })
    expect(names(on)).toEqual(['v1'])
    on.advance({ blocks: 1 })
    expect([on.validators.epoch, names(on)]).toEqual([1n, ['v1']])
    on.advance({ blocks: 1 })
    expect([on.validators.epoch, names(on)]).toEqual([2n, ['c1']])
  })

  test('goes on with the last set when nobody stands any more', () => {
    const on = field({ options: { seats: 2 }, validators: ['v1', 'v2'] })
    for (const name of ['v1', 'v2']) on.as(at(name)).election.resign(null)
    epochs(on, 4)
    expect(ruling(on)).toEqual(['v1', 'v2'])
  })

  test('has fewer seats while there are fewer candidates', () => {
    const on = field({ options: { seats: 7 }, validators: ['v1', 'v2', 'v3'] })
    on.as(at('v3')).election.resign(null)
    epochs(on, 2)
    expect(ruling(on)).toEqual(['v1', 'v2'])
  })
})

describe('the order of an epoch', () => {
  const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')
  const place = (seed: string, name: string) =>
    sha(Buffer.from(seed, 'hex'), Buffer.from(at(name).slice(2), 'hex'))

  test('is that of SHA-256(seed ‖ address), the seed all reveals up to the end of the epoch before', () => {
    const on = start()
    const produced = new Map<string, number>()
    let { seed } = on.genesis.validators
    const orders: string[] = []
    for (let epoch = 0; epoch < 5; epoch++) {
      for (let i = 0; i < 7; i++) {
        const who = on.proposer()
        const done = produced.get(who) ?? 0
        produced.set(who, done + 1)
        seed = foldSeed(seed, onionOf(who).reveal(LAYERS - done))
        on.advance({ blocks: 1 })
      }
      const wanted = [...seven].sort((a, b) => (place(seed, a) < place(seed, b) ? -1 : 1))
      expect(names(on)).toEqual(wanted)
      expect(on.validators.seed).toBe(seed)
      orders.push(names(on).join())
    }
    expect(new Set(orders).size).toBe(5)
  })

  test('is known for this epoch, and not before its last reveal for the next', () => {
    const on = start()
    on.advance({ blocks: 9 })
    const { turns, thereafter } = on.read.election.forecast(null)
    expect(turns.map(({ turn }) => turn)).toEqual([10n, 11n, 12n, 13n, 14n])
    for (const { delegate } of turns) {
      expect(on.proposer()).toBe(delegate)
      on.advance({ blocks: 1 })
    }
    expect([...thereafter].sort()).toEqual(seven.map(at).sort())
    const orders = new Set<string>()
    for (const round of [0, 1, 2, 3]) {
      const fork = on.fork()
      fork.advance({ blocks: 1, round })
      epochs(fork, 1)
      orders.add(names(fork).join())
    }
    expect(orders.size).toBe(4)
  })

  test('follows the randomness of the engine where it carries no reveals', () => {
    const on = field({ options: { seats: 7 }, validators: seven, reveals: 'none' })
    const { seed } = on.validators
    on.advance({ blocks: 1 })
    expect(on.read.election.epoch(null).seed).toBe(foldSeed(seed, Buffer.from(seed, 'hex')))
    expect(on.read.election.delegate({ delegate: at('v1') })?.duty.onion.left).toBe(LAYERS)
  })
})

test('a development chain of one seat runs on solo', () => {
  const chain = defineChain({ id: 'dev-1', consensus: solo() })
    .use(token({ symbol: 'DEV' }))
    .use(election({ seats: 1, ...small }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
  const v1 = at('v1')
  const on = testChain(
    chain,
    {
      token: { balances: [{ owner: v1, amount: FUNDS }] },
      election: {
        delegates: [
          {
            ...{ delegate: v1, name: 'v1', url: '', key: accountKey(v1), deposit: DEPOSIT },
            ...{ commitment: onionOf(v1).commitment, layers: LAYERS },
          },
        ],
      },
    },
    { validators: [v1] },
  )
  on.advance({ blocks: 5 })
  expect([on.height, on.validators.epoch]).toEqual([5n, 5n])
  expect(on.read.election.delegate({ delegate: v1 })?.duty.produced).toBe(5n)
})
