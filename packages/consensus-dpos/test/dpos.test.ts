import { dpos } from '@mmtchain/consensus-dpos'
import { engineCompliance } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { network } from './network.ts'

describe('an engine', () => {
  for (const { name, run } of engineCompliance({ name: 'dpos', make: () => dpos() })) test(name, run)
})

describe('a calm network', () => {
  test.each([1, 4, 7, 27])('of %d makes a block a slot and finalises', (count) => {
    const on = network({ nodes: count, seed: 1 })
    for (const node of on.nodes) node.start()
    on.work(5 * count)
    for (const { tip, final, stats } of on.nodes) {
      expect(tip.header.height).toBe(BigInt(5 * count))
      // Two quorums of distinct delegates on top of a block make it final.
      expect(final).toBeGreaterThanOrEqual(BigInt(3 * count))
      expect(stats).toEqual({ reverts: 0, invalid: 0, notes: [], blames: [] })
    }
  })
})
