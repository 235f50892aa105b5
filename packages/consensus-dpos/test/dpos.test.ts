import { bytes, decode, encode, option, struct, u64 } from '@mmtchain/codec'
import { dpos, quorumOf } from '@mmtchain/consensus-dpos'
import { type Header, height, type ValidatorSet } from '@mmtchain/kernel'
import { engineCompliance } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { CALM, type Network, network } from './network.ts'

/** The engine's part of a header, as formats.md has it. */
const consensusFields = struct({
  turn: u64,
  reveal: option(bytes({ bytesMax: 64 })),
  maxHeightPrevoted: u64,
  maxHeightGenerated: u64,
})

describe('an engine', () => {
  for (const { name, run } of engineCompliance({ name: 'dpos', make: () => dpos() })) test(name, run)
})

describe('a calm network', () => {
  test.each([
    [1, 20],
    [4, 20],
    [7, 35],
    [27, 81],
  ])('of %d makes a block a slot and finalises in %d slots', (count, slots) => {
    const on = network({ nodes: count, seed: 1 })
    for (const node of on.nodes) node.start()
    on.work(slots)
    for (const { tip, final, stats } of on.nodes) {
      expect(tip.header.height).toBe(BigInt(slots))
      // Two quorums of distinct delegates make a block final: itself, and the blocks on top of it.
      expect(final).toBe(BigInt(slots - 2 * quorumOf(count) + 1))
      expect(stats).toEqual({ reverts: 0, invalid: 0, notes: [], blames: [], accused: [], blamed: [] })
    }
  })
})

test('slots are shorter while fewer rule than the slot is meant for, and as long again when all do', async () => {
  const on = network({ nodes: 5, observers: 2, elected: true, fullSeats: 7, seed: 2 })
  for (const node of on.nodes) node.start()
  on.work(60)
  const [first] = on.nodes
  const passed: [number, bigint][] = []
  let before = 1_700_000_000_000n
  const { store, first: genesis } = on.emptyStore()
  let parent = genesis
  for (let at = 1n; at <= (first?.tip.header.height ?? 0n); at++) {
    const stored = await first?.store.block({ height: height(at) })
    if (!stored) throw new Error(`block ${at} is missing`)
    const { header } = stored.block
    passed.push([parent.validators.validators.length, header.timeMs - before])
    before = header.timeMs
    const again = on.machine.execute(store, { parent, block: stored.block })
    store.commitNow({ ...again, seal: stored.seal, checkpoint: new Uint8Array() })
    parent = again.tip
  }
  // The genesis rules two epochs of five; then all seven are elected. Nobody misses a slot, nor is blamed.
  expect(passed.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => [5, 715n]))
  expect(passed.length).toBeGreaterThan(55)
  expect(passed.slice(10).every(([seats, ms]) => seats === 7 && ms === 1_000n)).toBe(true)
  for (const { final, tip, stats } of on.nodes) {
    expect(tip.header.height - final).toBeLessThanOrEqual(21n)
    expect(stats).toEqual({ reverts: 0, invalid: 0, notes: [], blames: [], accused: [], blamed: [] })
  }
})

describe('whoever reads a whole chain', () => {
  /** The headers of a node's chain with the set of each, from executing it again. */
  async function chainOf(on: Network) {
    const { store, first } = on.emptyStore()
    const [node] = on.nodes
    let parent = first
    const read: { readonly header: Header; readonly validators: ValidatorSet }[] = []
    for (let at = 1n; at <= (node?.tip.header.height ?? 0n); at++) {
      const stored = await node?.store.block({ height: height(at) })
      if (!stored) throw new Error(`block ${at} is missing`)
      const { block, seal } = stored
      read.push({ header: block.header, validators: parent.validators })
      const again = on.machine.execute(store, { parent, block })
      store.commitNow({ ...again, seal, checkpoint: new Uint8Array() })
      parent = again.tip
    }
    return read
  }

  test('finds every height of votes that is not true, and nothing else', async () => {
    const on = network({ nodes: 4, observers: 2, elected: true, seed: 3 })
    for (const node of on.nodes) node.start()
    on.work(8)
    // One delegate is away for a while, and comes back to other heights.
    on.faults = { ...CALM, side: (node) => (node === 1 ? 1 : 0) }
    on.work(9)
    on.faults = CALM
    on.work(23)
    const read = await chainOf(on)
    expect(read.length).toBeGreaterThan(30)
    const all = dpos().audit?.()
    for (const { header, validators } of read) all?.(header, validators)
    for (const [i, { header, validators }] of read.entries())
      for (const change of [1n, -1n]) {
        const fields = decode(consensusFields, header.consensus)
        const maxHeightPrevoted = fields.maxHeightPrevoted + change
        if (maxHeightPrevoted < 0n) continue
        const consensus = encode(consensusFields, { ...fields, maxHeightPrevoted })
        const audit = dpos().audit?.()
        for (const before of read.slice(0, i)) audit?.(before.header, before.validators)
        expect(() => audit?.({ ...header, consensus }, validators)).toThrow('its maxHeightPrevoted is')
      }
    const [{ header: one, validators } = expect.fail(), ...rest] = read
    const twice = dpos().audit?.()
    twice?.(one, validators)
    // The same delegate hides in a later block that it made the first one.
    const later = rest.findIndex(({ header }) => header.proposer === one.proposer)
    for (const before of rest.slice(0, later)) twice?.(before.header, before.validators)
    const { header } = rest[later] as (typeof rest)[number]
    const hidden = { ...decode(consensusFields, header.consensus), maxHeightGenerated: 0n }
    expect(() => twice?.({ ...header, consensus: encode(consensusFields, hidden) }, validators)).toThrow(
      'it contradicts the block before it by the same delegate',
    )
  })
})
