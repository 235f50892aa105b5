import { pbft } from '@mmtchain/consensus-pbft'
import type { Node } from '@mmtchain/node-runtime'
import { expect, test } from 'vitest'
import { alliance, expectOneMessageAPlace, names } from './alliance.ts'

// The power fails at each of the syncs of some heights, a validator having about ten a height. MMT_SOAK_SCALE is the percentage of
// 500 of them, but at least five.
const SYNCS = Math.max(5, Math.ceil(5 * Number(process.env.MMT_SOAK_SCALE ?? '1')))

test('wherever the power fails, a validator signs nothing twice, takes up its work and the chain goes on', async () => {
  for (const isAfter of [false, true]) {
    for (let sync = 1; sync <= SYNCS; sync++) {
      const all = alliance(pbft())
      for (const name of names) await all.start(name)
      await all.clock.advance(2_500n)
      const [disk, node] = [all.disks.get('v2'), all.nodes.get('v2') as Node]
      disk?.crash(sync, isAfter)
      for (let looks = 0; !disk?.isDead() && looks < 100; looks++) await all.clock.advance(100n)
      await expect(node.stopped).rejects.toThrow(/power has failed/)
      disk?.revive()
      const again = await all.start('v2')
      const before = again.tip.header.height
      await all.clock.advance(10_000n)
      expect(again.tip.header.height).toBeGreaterThanOrEqual(before + 4n)
      expectOneMessageAPlace(all.signed)
      expect(all.network.blamed).toEqual([])
      await all.stop()
    }
  }
})

test('after all of them lose power at once, the chain goes on where it was', async () => {
  for (let sync = 1; sync <= SYNCS; sync++) {
    const all = alliance(pbft())
    for (const name of names) await all.start(name)
    await all.clock.advance(2_500n)
    for (const [i, name] of names.entries()) all.disks.get(name)?.crash(sync + i, sync % 2 === 0)
    await all.clock.advance(10_000n)
    const before = Math.max(...Array.from(all.nodes.values(), ({ tip }) => Number(tip.header.height)))
    for (const name of names) {
      all.disks.get(name)?.revive()
      await (all.nodes.get(name) as Node).stop()
      await all.start(name)
    }
    await all.clock.advance(15_000n)
    for (const { tip } of all.nodes.values()) expect(Number(tip.header.height)).toBeGreaterThan(before + 3)
    expectOneMessageAPlace(all.signed)
    await all.stop()
  }
})
