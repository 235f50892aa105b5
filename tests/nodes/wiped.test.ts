import { pbft } from '@mmtchain/consensus-pbft'
import { height } from '@mmtchain/kernel'
import type { Node } from '@mmtchain/node-runtime'
import { expect, test } from 'vitest'
import { alliance, expectOneMessageAPlace, names } from './alliance.ts'

const HEIGHTS = 80n

/** How many blocks a node has built since it started. */
async function builtBy(node: Node): Promise<number> {
  const text = await node.metrics.text()
  return Number(/^mmt_block_build_duration_seconds_count (\d+)/m.exec(text)?.[1])
}

test('a wiped validator builds no block at heights that the others have decided, and proposes again when it is level', {
  timeout: 120_000,
}, async () => {
  const chain = alliance(pbft())
  for (const name of names) await chain.start(name)
  for (let i = 0; (chain.nodes.get('v1') as Node).tip.header.height < HEIGHTS && i < 1_000; i++)
    await chain.clock.advance(1_000n)
  const first = await (chain.nodes.get('v1') as Node).store.block({ height: height(1n) })
  // Whoever has the first turn has it before it has heard of anybody.
  const name = names.find((one) => chain.addressOf(one) !== first?.block.header.proposer) as string
  await (chain.nodes.get(name) as Node).stop()
  chain.wipe(name)
  const wiped = await chain.start(name)
  const other = chain.nodes.get(names.find((one) => one !== name) as string) as Node
  for (let i = 0; wiped.tip.header.height < other.tip.header.height && i < 10_000; i++)
    await chain.clock.advance(10n)
  expect(wiped.tip.header.height).toBeGreaterThanOrEqual(HEIGHTS)
  expect(await builtBy(wiped)).toBeLessThanOrEqual(1)
  await chain.clock.advance(20_000n)
  expect(await builtBy(wiped)).toBeGreaterThanOrEqual(3)
  expectOneMessageAPlace(chain.signed)
  await chain.stop()
})
