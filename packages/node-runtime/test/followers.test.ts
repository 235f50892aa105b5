import { expect, test } from 'vitest'
import { soloNodes } from './nodes.ts'

test('observers follow one validator, block by block', async () => {
  for (const json of [false, true]) {
    const nodes = soloNodes({ json })
    const leader = await nodes.start('validator')
    const observers = await Promise.all(['one', 'two', 'three'].map((name) => nodes.start(name)))
    await nodes.clock.advance(5_000n)
    expect(leader.tip.header.height).toBe(5n)
    for (const { tip, finalised } of observers) {
      expect(tip.id).toBe(leader.tip.id)
      expect(finalised).toBe(5n)
    }
    expect(nodes.network.blamed).toEqual([])
    await nodes.stop()
  }
})
