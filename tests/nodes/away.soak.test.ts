import { pbft } from '@mmtchain/consensus-pbft'
import { height } from '@mmtchain/kernel'
import type { Node } from '@mmtchain/node-runtime'
import { expect, test } from 'vitest'
import { alliance, expectOneMessageAPlace, names } from './alliance.ts'

// MMT_SOAK_SCALE is the percentage of 10,000 blocks.
const HEIGHTS = BigInt(Math.ceil(100 * Number(process.env.MMT_SOAK_SCALE ?? '1')))

test(`a validator that was away for ${HEIGHTS} blocks is back, and the others go on as they did`, {
  timeout: 3_600_000,
}, async () => {
  const chain = alliance(pbft())
  for (const name of names) await chain.start(name)
  const { clock } = chain
  const first = chain.nodes.get('v1') as Node
  const heightOf = (node: Node) => node.tip.header.height
  await clock.advance(5_000n)
  await (chain.nodes.get('v4') as Node).stop()
  const left = heightOf(first)
  const leftAt = clock.nowMs()
  while (heightOf(first) < left + HEIGHTS) await clock.advance(1_000n)
  const pace = Number(heightOf(first) - left) / Number(clock.nowMs() - leftAt)

  const back = await chain.start('v4')
  expect(heightOf(back)).toBeLessThanOrEqual(left)
  const before = heightOf(first)
  const beforeAt = clock.nowMs()
  const waiting = () => heightOf(back) < heightOf(first) - 1n || back.catchingUp
  for (let steps = 0; waiting() && steps < 10_000; steps++) await clock.advance(100n)
  // To be sure that there is something to compare.
  await clock.advance(20_000n)
  const paceThen = Number(heightOf(first) - before) / Number(clock.nowMs() - beforeAt)
  // Its own turns are no longer missed, so it is faster with it than without.
  expect(paceThen).toBeGreaterThanOrEqual(pace)
  expect(heightOf(back)).toBeGreaterThanOrEqual(heightOf(first) - 1n)

  const from = heightOf(back)
  await clock.advance(20_000n)
  const proposers = new Set<string>()
  for (let at = from + 1n; at <= heightOf(back); at++) {
    const { header } = (await back.store.block({ height: height(at) }))?.block ?? {}
    expect(header?.round).toBe(0)
    expect((await first.store.block({ height: height(at) }))?.id).toBe(
      (await back.store.block({ height: height(at) }))?.id,
    )
    proposers.add(`${header?.proposer}`)
  }
  expect(proposers).toContain(`${chain.addressOf('v4')}`)
  expectOneMessageAPlace(chain.signed)
  await chain.stop()
})
