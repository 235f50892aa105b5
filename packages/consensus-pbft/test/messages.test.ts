import { decode, encode } from '@mmtchain/codec'
import { type Certificate, evidence, missProof, type Statement } from '@mmtchain/consensus-pbft'
import { secp256k1 } from '@mmtchain/crypto'
import { type Block, type EngineEffect, type EngineInput, evidenceRoot, hash } from '@mmtchain/kernel'
import { compareBytes, fromHex, toHex } from '@mmtchain/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import { HEIGHT, type Made, trial } from './trial.ts'

let on: ReturnType<typeof trial>
let a: Made
let b: Made
beforeEach(() => {
  on = trial()
  a = on.block(0)
  b = on.block(0, { extraMs: 1n })
})
const prepare = (made: Made | null, round = 0): Statement => on.voteOf(['prepare', round, made])

describe('what does not count', () => {
  test.each([
    [
      'of a stranger',
      () => ({
        ...on.sign(0, prepare(a)),
        signature: secp256k1.sign(new Uint8Array(1), new Uint8Array(32).fill(3)),
      }),
    ],
    ['under another set', () => on.sign(0, prepare(a), hash('1'.repeat(64)))],
    ['of another chain', () => on.sign(0, prepare(a), on.setHash, hash('2'.repeat(64)))],
    ['for another seat', () => ({ ...on.sign(0, prepare(a)), seat: 1 })],
    ['of no seat', () => ({ ...on.sign(0, prepare(a)), seat: 4 })],
  ] as const)('a vote %s, and its sender is blamed', (_, vote) => {
    on.start()
    const before = on.state
    expect(on.message({ kind: 'votes', value: [vote()] })).toEqual(['blame'])
    expect(on.state).toBe(before)
  })

  test('one bad vote among good ones: none of them', () => {
    on.start()
    const good = [1, 2].map((seat) => on.sign(seat, prepare(a)))
    const bad = on.sign(0, prepare(a), hash('1'.repeat(64)))
    expect(on.message({ kind: 'votes', value: [...good, bad] })).toEqual(['blame'])
    expect(on.votes(['prepare', 0, a], [1, 2, 3])).toContain('send getBlock to one')
  })

  test('votes of heights that are over or far ahead, and of rounds long past', () => {
    on.start()
    const before = on.state
    for (const height of [0n, 3n]) {
      const said: Statement = { kind: 'prepare', value: { height: height as never, round: 0, blockId: a.id } }
      expect(on.message({ kind: 'votes', value: [on.sign(0, said)] })).toEqual([])
    }
    expect(on.state).toBe(before)
  })

  test('the same vote many times, in one message or in several', () => {
    on.start()
    on.propose(0, a)
    on.asked()
    const vote = on.sign(0, prepare(a))
    on.message({ kind: 'votes', value: [vote, vote, vote, vote] })
    for (let i = 0; i < 4; i++) expect(on.message({ kind: 'votes', value: [vote] })).toEqual([])
    expect(on.asked()).toEqual([])
  })

  test('a certificate with a stranger’s signature, of f + 1, with seats that are not there, of another block', () => {
    on.start()
    on.skipTo(1)
    const good = on.cert('prepare', 0, a, [0, 1, 2])
    const swapped = { ...good, signatures: [...good.signatures.slice(0, 2), new Uint8Array(64)] }
    const bad: Certificate[] = [
      swapped,
      on.cert('prepare', 0, a, [0, 1]),
      { ...good, bitmap: Uint8Array.of(0x17) },
      { ...good, bitmap: Uint8Array.of(7, 0) },
      { ...good, blockId: b.id },
      { ...good, round: 1 },
      on.cert('commit', 0, a, [0, 1, 2]),
    ]
    for (const value of bad) expect(on.message({ kind: 'prepareCert', value })).toEqual([])
    on.propose(1, a, { validRound: 0 })
    expect(on.asked()).toEqual([])
    on.message({ kind: 'prepareCert', value: good })
    expect(on.asked()).toEqual(['prepare block 0'])
  })

  test('more bad certificates than a round’s share are not even looked at, and a new round begins anew', () => {
    on.start()
    on.skipTo(1)
    const good = on.cert('prepare', 0, a, [0, 1, 2])
    for (let i = 0; i < 9; i++) on.message({ kind: 'prepareCert', value: { ...good, blockId: b.id } })
    on.propose(1, a, { validRound: 0, prepareCert: good })
    expect(on.asked()).toEqual([])
    on.skipTo(2)
    on.propose(2, a, { validRound: 0, prepareCert: good })
    expect(on.asked()).toEqual(['prepare block 0'])
  })
})

describe('what is kept is bounded', () => {
  test('of the next height, eight messages of a peer', () => {
    on.start()
    const said: Statement = { kind: 'prepare', value: { height: 2n as never, round: 0, blockId: a.id } }
    for (let i = 0; i < 40; i++) on.message({ kind: 'votes', value: [on.sign(i % 4, said)] }, 'one')
    expect((on.state as { early: unknown[] }).early.length).toBe(8)
    for (let i = 0; i < 1_000; i++) on.message({ kind: 'votes', value: [on.sign(i % 4, said)] }, `peer ${i}`)
    expect((on.state as { early: unknown[] }).early.length).toBe(160)
  })
  test('of rounds far ahead, only the number', () => {
    on.start()
    for (let round = 1; round < 500; round++) on.votes(['prepare', round, a], [0])
    const { rounds, highest } = on.state as { rounds: Map<number, unknown>; highest: number[] }
    expect(rounds.size).toBeLessThanOrEqual(8)
    expect(highest[0]).toBe(499)
  })
  test('of rounds that are over, the last 64 and the blocks that still matter', () => {
    on.start()
    for (let round = 1; round < 200; round++) {
      on.skipTo(round)
      on.propose(round, on.block(round))
    }
    const { rounds, blocks } = on.state as { rounds: Map<number, unknown>; blocks: Map<string, unknown> }
    expect(rounds.size).toBeLessThanOrEqual(66)
    expect(blocks.size).toBeLessThanOrEqual(3)
  })
})

test('what came early is heard again as inputs of the height, so that a log of the height has it', () => {
  on.start()
  const said: Statement = { kind: 'prepare', value: { height: 2n as never, round: 0, blockId: null } }
  for (const seat of [0, 1, 2]) on.message({ kind: 'votes', value: [on.sign(seat, said)] }, `peer ${seat}`)
  on.pass(1_500)
  const tip = { header: a.block.header, id: a.id, validators: on.tip.validators }
  on.feed({ kind: 'tip', nowMs: on.nowMs, tip })
  const again = on.raw().flatMap((effect) => (effect.kind === 'again' ? [effect.input] : []))
  expect(again.map((input) => input.kind === 'message' && input.from)).toEqual(['peer 0', 'peer 1', 'peer 2'])
  const { rounds } = on.state as { rounds: Map<number, { prepares: object }> }
  const before = text(rounds)
  for (const input of again) on.feed(input)
  expect(text((on.state as { rounds: object }).rounds)).not.toBe(before)
})

describe('STATUS', () => {
  const status = (change: object = {}) => ({
    kind: 'status',
    value: {
      ...{ height: 1n, round: 0, step: 1, proposal: false, validRound: null },
      ...{ prepares: Uint8Array.of(0), commits: Uint8Array.of(0), ...change },
    },
  })
  test('from the same height is answered with what the asker lacks', () => {
    on.start()
    on.propose(0, a)
    on.votes(['prepare', 0, a], [0, 1])
    expect(on.message(status())).toEqual(['send votes to one', 'send prePrepare to one'])
    const [votes] = on.raw().flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    expect((votes as { value: { seat: number }[] }).value.map(({ seat }) => seat)).toEqual([0, 1])
    expect(on.message(status({ prepares: Uint8Array.of(3), proposal: true }), 'other')).toEqual([])
  })
  test('is answered once in a while, whatever is asked again', () => {
    on.start()
    on.votes(['prepare', 0, a], [0, 1])
    expect(on.message(status())).toEqual(['send votes to one'])
    expect(on.message(status())).toEqual([])
    on.pass(250)
    expect(on.message(status())).toEqual(['send votes to one'])
  })
  test('from the height just below gets no block while its node has hardly left that height', () => {
    on.start()
    on.pass(249)
    expect(on.message(status({ height: 0n }))).toEqual([])
  })
  test('from a higher height is answered with a question', () => {
    on.start()
    on.pass(250)
    expect(on.message(status({ height: 7n }))).toEqual(['send status to one'])
    expect(on.message(status({ height: 7n }), 'other')).toEqual([])
  })
  test('every half of T0 goes out with the latest own votes', () => {
    on.start()
    on.propose(0, a)
    on.signed()
    on.pass(500)
    expect(on.timer('resend')).toEqual(['timer resend 500', 'send status', 'send votes'])
  })
})

describe('evidence', () => {
  test('is made of two votes, sent to all, and put into the next own block once', () => {
    on.start()
    on.votes(['prepare', 0, a], [0])
    expect(on.votes(['prepare', 0, b], [0])).toEqual(
      ['send evidence', 'note', 'send getBlock to one'].slice(0, 2),
    )
    const [found] = on.raw().flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    const bytes = (found as { value: Uint8Array }).value
    const proof = decode(evidence, bytes)
    expect(proof.culprit).toBe(on.accounts[0]?.address)
    expect(on.votes(['prepare', 0, null], [0])).toEqual([])
    expect(on.skipTo(3)).toContain('buildBlock')
    const [request] = on.raw().flatMap((effect) => (effect.kind === 'buildBlock' ? [effect.request] : []))
    expect(request?.evidence).toEqual([bytes])
  })
  test('that another node found is sent on by whom it is new to; what proves nothing is not', () => {
    on.start()
    on.votes(['prepare', 0, a], [0])
    on.votes(['prepare', 0, b], [0])
    const [found] = on.raw().flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    const bytes = (found as { value: Uint8Array }).value
    const other = trial()
    other.start()
    const proof = decode(evidence, bytes)
    const forged = [
      { ...proof, second: proof.first },
      { ...proof, first: proof.second, second: proof.first },
      { ...proof, culprit: other.accounts[1]?.address as never },
      { ...proof, epoch: 9n },
      { ...proof, second: { ...proof.second, signature: proof.first.signature } },
    ]
    for (const one of forged)
      expect(other.message({ kind: 'evidence', value: encode(evidence, one) })).toEqual([])
    expect(other.message({ kind: 'evidence', value: Uint8Array.of(1, 2, 3) })).toEqual([])
    expect(other.message({ kind: 'evidence', value: bytes })).toEqual(['send evidence', 'note'])
    expect(other.message({ kind: 'evidence', value: bytes })).toEqual([])
  })
})

describe('evidence of a liar against itself', () => {
  test('waits once, and takes no room from that against others', () => {
    on.start()
    on.votes(['prepare', 0, a], [0, 1])
    on.votes(['prepare', 0, b], [0])
    expect(on.votes(['commit', 0, a], [0])).not.toContain('send evidence')
    expect(on.votes(['commit', 0, b], [0])).not.toContain('send evidence')
    expect(on.votes(['prepare', 0, b], [1])).toContain('send evidence')
    expect((on.state as { pool: { evidence: unknown[] } }).pool.evidence.length).toBe(2)
  })
})

describe('a block’s context', () => {
  const half = (seat: number, said: Statement) => {
    const { signature } = on.sign(seat, said)
    return { statement: said, validatorsHash: on.setHash, signature }
  }
  function proofOf(seat: number, said: readonly [Statement, Statement]) {
    const halves = said.map((one) => half(seat, one))
    const [first, second] = halves.sort((x, y) => compareBytes(encodeHalf(x), encodeHalf(y)))
    return encode(evidence, {
      epoch: 0n,
      culprit: on.accounts[seat]?.address as never,
      first: first as never,
      second: second as never,
    })
  }
  const encodeHalf = ({ statement }: { statement: Statement }) =>
    statement.kind === 'prePrepare' ? new Uint8Array() : fromHex(statement.value.blockId ?? '')
  const nil = (round: number, seats: readonly number[]) => {
    let bits = 0
    for (const seat of seats) bits |= 1 << seat
    const signatures = seats.map((seat) => on.sign(seat, prepare(null, round)).signature)
    return encode(missProof, { height: HEIGHT, round, bitmap: Uint8Array.of(bits), signatures })
  }
  function contextOf(change: Partial<Block>, round = 2) {
    const made = on.block(round).block
    const block = { ...made, ...change }
    return on.engine.context({
      chain: on.machine.engineChain,
      block: { ...block, header: { ...block.header, evidenceRoot: evidenceRoot(block) } },
      parent: on.tip,
      past: { validators: () => undefined },
    })
  }

  test('names offences and misses', () => {
    const offence = proofOf(1, [prepare(a), prepare(b)])
    const context = contextOf({ evidence: [offence], missProofs: [nil(0, [1, 2, 3]), nil(1, [0, 2, 3])] })
    expect(context.evidence).toEqual([{ culprit: on.accounts[1]?.address, height: 1n, kind: 'prepare' }])
    expect(context.misses).toEqual([
      { height: 1n, round: 0, proposer: on.accounts[0]?.address },
      { height: 1n, round: 1, proposer: on.accounts[1]?.address },
    ])
    expect(context).toMatchObject({ turn: 3n, epoch: 0n, reveal: new Uint8Array() })
  })

  test.each([
    [
      'evidence of one vote twice',
      () => ({
        evidence: [
          encode(evidence, {
            epoch: 0n,
            culprit: on.accounts[1]?.address as never,
            first: half(1, prepare(a)),
            second: half(1, prepare(a)),
          }),
        ],
      }),
    ],
    ['evidence of two rounds', () => ({ evidence: [proofOf(1, [prepare(a), prepare(b, 1)])] })],
    ['evidence of two kinds', () => ({ evidence: [proofOf(1, [prepare(a), on.voteOf(['commit', 0, b])])] })],
    [
      'an offence twice',
      () => ({
        evidence: [proofOf(1, [prepare(a), prepare(b)]), proofOf(1, [prepare(a, 1), prepare(b, 1)])],
      }),
    ],
    ['bytes that are no evidence', () => ({ evidence: [Uint8Array.of(7)] })],
    ['a miss without a quorum', () => ({ missProofs: [nil(0, [1, 2])] })],
    ['a miss of the round that built it', () => ({ missProofs: [nil(2, [0, 1, 2])] })],
    ['a miss twice', () => ({ missProofs: [nil(0, [0, 1, 2]), nil(0, [1, 2, 3])] })],
    ['bytes that are no proof of a miss', () => ({ missProofs: [Uint8Array.of(7)] })],
  ] as const)('refuses %s', (_, change) => {
    expect(() => contextOf(change())).toThrow(/does not keep the engine's rules/)
  })
})

describe('after a restart', () => {
  test('the log leads to the same state and asks for the same', () => {
    on.start()
    on.propose(0, a)
    on.signed()
    on.votes(['prepare', 0, a], [0, 1])
    on.signed()
    on.skipTo(2)
    const again = trial()
    const first = on.inputs[0] as EngineInput
    again.feed({
      ...first,
      signed: { at: { height: 1n, round: 0, step: 2 }, message: messageOf(on.inputs) },
    } as EngineInput)
    for (const input of on.inputs.slice(1)) again.feed(input)
    expect(text(again.state)).toBe(text(on.state))
  })

  test('without the log, what the signer remembers counts as a lock of that round', () => {
    on.start({ signed: { at: { height: 1n, round: 2, step: 2 }, message: Uint8Array.of(1) } })
    on.skipTo(3)
    const asked: string[] = []
    on.skipTo(4)
    on.asked()
    on.propose(4, on.block(4))
    asked.push(...on.asked())
    on.skipTo(5)
    on.propose(5, a, { validRound: 1, prepareCert: on.cert('prepare', 1, a, [0, 1, 2]) })
    asked.push(...on.asked())
    on.skipTo(6)
    on.propose(6, a, { validRound: 2, prepareCert: on.cert('prepare', 2, a, [0, 1, 2]) })
    asked.push(...on.asked())
    expect(asked).toEqual(['prepare nil', 'prepare nil', 'prepare block 0'])
  })

  test('without the log and with a PREPARE as the last signature, only earlier rounds can have left a lock', () => {
    on.start({ signed: { at: { height: 1n, round: 0, step: 1 }, message: Uint8Array.of(1) } })
    on.skipTo(1)
    on.asked()
    on.propose(1, on.block(1))
    expect(on.asked()).toEqual(['prepare block 2'])
  })

  test('a signature by another key than the set’s is not sent, and is noted', () => {
    on.start()
    on.propose(0, a)
    on.feed({
      kind: 'signed',
      at: { height: 1n, round: 0, step: 1 },
      signature: new Uint8Array(64),
      nowMs: on.nowMs,
    })
    expect(on.effects()).toEqual(['note'])
  })

  test('a damaged checkpoint stops the node', () => {
    expect(on.start({ checkpoint: Uint8Array.of(9, 9) })).toEqual(['stop'])
  })

  /** The bytes of the COMMIT that was asked for last. */
  function messageOf(inputs: readonly EngineInput[]): Uint8Array {
    let state = on.engine.start({ chain: on.machine.engineChain, self: on.accounts[3]?.address })
    let found = new Uint8Array()
    for (const input of inputs) {
      const step = on.engine.step(state, input)
      state = step.state
      for (const effect of step.effects)
        if (effect.kind === 'sign' && effect.at.step === 2) found = Uint8Array.from(effect.message)
    }
    return found
  }
})

test('a trace is plain data: written as JSON and read again it gives the same effects, step by step', () => {
  on.start()
  on.propose(0, a)
  on.signed()
  on.votes(['prepare', 0, a], [0, 1])
  on.signed()
  on.votes(['commit', 0, a], [0, 1])
  const trace = text(on.inputs)
  const run = (inputs: readonly EngineInput[]): readonly (readonly EngineEffect[])[] => {
    let state = on.engine.start({ chain: on.machine.engineChain, self: on.accounts[3]?.address })
    return inputs.map((input) => {
      const step = on.engine.step(state, input)
      state = step.state
      return step.effects
    })
  }
  expect(text(run(read(trace)))).toBe(text(run(on.inputs)))
  expect(text(run(read(trace)))).toContain('commitBlock')
})

/** Plain data as JSON. */
function text(value: unknown): string {
  return JSON.stringify(value, (name, inner) => {
    if (name === 'suites') return 'suites'
    if (typeof inner === 'bigint') return { bigint: `${inner}` }
    if (inner instanceof Uint8Array) return { hex: toHex(inner) }
    return inner instanceof Map ? [...inner] : inner
  })
}
function read(json: string) {
  return JSON.parse(json, (_, inner) => {
    if (typeof inner?.bigint === 'string') return BigInt(inner.bigint)
    return typeof inner?.hex === 'string' ? fromHex(inner.hex) : inner
  })
}
