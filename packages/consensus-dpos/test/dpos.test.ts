import { dpos, quorumOf } from '@mmtchain/consensus-dpos'
import { engineCompliance } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { network } from './network.ts'

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
