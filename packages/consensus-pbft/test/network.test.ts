import { decode } from '@mmtchain/codec'
import { hash } from '@mmtchain/kernel'
import { testAccount } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { nameOf, network } from './network.ts'

const seed = Number(process.env.MMT_TEST_SEED ?? 7)
const heights = (net: ReturnType<typeof network>) => net.nodes.map((_, i) => net.height(i))

describe('a network of engines', () => {
  test.each([1, 4, 7])('of %i validators decides a block a slot, and observers follow', (validators) => {
    const net = network({ validators, observers: 1, seed })
    net.run(10_500)
    expect(heights(net).every((height) => height >= 9n)).toBe(true)
    const rounds = [...(net.history.get(0)?.values() ?? [])].map(({ block }) => block.header.round)
    expect(rounds.every((round) => round === 0)).toBe(true)
  })

  test('goes on while f validators are down, and counts each turn that they miss', () => {
    const net = network({ validators: 4, seed })
    net.crash(3)
    net.until(() => net.height(0) >= 8n, 60_000)
    const blocks = [...(net.history.get(0)?.values() ?? [])].map(({ block }) => block)
    const passed = blocks.filter(({ header }) => header.round > 0)
    expect(passed.length).toBeGreaterThan(0)
    // A proof of each miss stands in the block that passed over the turn.
    for (const { header, missProofs } of passed) expect(missProofs.length).toBe(header.round)
    expect(blocks.every(({ header }) => header.proposer !== net.nodes[3]?.self)).toBe(true)
  })

  test('stands still without a quorum and goes on when it is back', () => {
    const net = network({ validators: 4, seed })
    net.until(() => net.height(0) >= 2n, 10_000)
    net.crash(2)
    net.crash(3)
    const before = net.height(0)
    net.run(30_000)
    expect(net.height(0) - before <= 1n).toBe(true)
    net.restart(2)
    net.until(() => net.height(0) >= before + 4n && net.height(2) >= before + 4n, 60_000)
  })

  test('brings back a node that missed many blocks, block by block with their certificates', () => {
    const net = network({ validators: 4, seed })
    net.crash(3)
    net.until(() => net.height(0) >= 12n, 120_000)
    net.restart(3)
    net.until(() => net.height(3) === net.height(0), 20_000)
  })

  test('decides nothing in two halves without a quorum, and goes on when they meet again', () => {
    const net = network({ validators: 4, seed })
    net.until(() => net.height(0) >= 2n, 10_000)
    net.filter((from, to) => from < 2 === to < 2)
    net.run(20_000)
    net.filter(() => true)
    const before = net.height(0)
    net.until(() => heights(net).every((height) => height >= before + 3n), 60_000)
  })

  test('puts the evidence of twins into blocks, and nothing against others', () => {
    const net = network({ validators: 4, twins: [1], seed })
    // The second copy gets no block in time, so that it prepares nil where the first prepares the block.
    net.filter((_, to, message) => to !== 4 || (message as { kind: string }).kind === 'votes')
    net.until(() => {
      const blocks = [...(net.history.get(0)?.values() ?? [])]
      return blocks.some(({ block }) => block.evidence.length > 0)
    }, 60_000)
    const culprit = net.nodes[1]?.self
    for (const { block } of net.history.get(0)?.values() ?? []) {
      const parent = net.history.get(0)?.get(block.header.height - 1n)
      if (block.evidence.length === 0 || !parent) continue
      const { evidence } = net.engine.context({
        chain: net.machine.engineChain,
        block,
        parent: { header: parent.block.header, id: parent.id, validators: net.machine.genesis.validators },
        past: { validators: () => net.machine.genesis.validators },
      })
      expect(evidence.map((one) => one.culprit)).toEqual(block.evidence.map(() => culprit))
    }
  })

  test('a node that is killed at any time and started again with its log never signs two things, and goes on', () => {
    const net = network({ validators: 4, seed })
    for (let i = 0; i < 40; i++) {
      net.run(90 + 37 * (i % 7))
      net.crash(i % 4)
      net.restart(i % 4)
    }
    const before = net.height(0)
    net.until(() => heights(net).every((height) => height >= before + 2n), 30_000)
  })

  test('a node that is killed after any one effect asks, started again, for the same signatures', () => {
    const proposers = new Set<unknown>()
    for (let killAfter = 1; killAfter <= 70; killAfter++) {
      const net = network({ validators: 4, seed })
      let seen = 0
      let isDown = false
      net.watch((node) => {
        if (node !== 1) return
        seen += 1
        if (seen !== killAfter) return
        isDown = true
        net.crash(1)
      })
      net.run(1_000 + 30)
      while (!isDown) net.run(30)
      if (isDown) net.restart(1)
      net.until(() => net.height(1) >= 4n && net.height(1) + 1n >= net.height(0), 30_000)
      expect(net.counts.refusedToSign).toBe(0)
      for (const { block } of net.history.get(1)?.values() ?? []) proposers.add(block.header.proposer)
    }
    expect(proposers).toContain(testAccount(nameOf(1)).address)
  })

  test('a peer that sends nonsense changes nothing and is blamed', () => {
    const net = network({ validators: 4, seed })
    net.run(1_100)
    const node = net.nodes[0]
    if (!node) throw new Error('a network has nodes')
    const status = {
      ...{ height: net.height(0) + 1n, round: 0, step: 1, proposal: false },
      ...{ prepares: Uint8Array.of(0), commits: Uint8Array.of(0), validRound: null },
    }
    const vote = (change: object) => ({
      kind: 'votes',
      value: [
        {
          statement: {
            kind: 'prepare',
            value: { height: status.height, round: 0, blockId: hash('1'.repeat(64)), ...change },
          },
          seat: 1,
          signature: new Uint8Array(64),
        },
      ],
    })
    for (const message of [vote({}), { kind: 'votes', value: [{ ...vote({}).value[0], seat: 9 }] }]) {
      const step = net.engine.step(node.state, { kind: 'message', from: 'x', message, nowMs: net.now() })
      expect(step.effects.map(({ kind }) => kind)).toEqual(['blame'])
      expect(step.state).toBe(node.state)
    }
    expect(() => decode(net.engine.message as never, Uint8Array.of(9))).toThrow()
  })
})
