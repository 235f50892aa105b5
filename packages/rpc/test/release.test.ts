import type { ChainMetadata } from '@mmtchain/kernel'
import {
  defineChain,
  defineModule,
  hash,
  height,
  type KernelGranted,
  need,
  releaseHash,
  solo,
  struct,
  u8,
  unit,
} from '@mmtchain/kernel'
import { expect, test } from 'vitest'
import { connect, post, sign, startChain, until } from './running.ts'

const governor = defineModule('governor', { needs: { kernel: need<{}, KernelGranted>() } }).command(
  'upgrade',
  struct({ height, release: hash }),
  (ctx, input) => {
    ctx.needs.kernel.scheduleUpgrade(input)
  },
)
const counterV1 = defineModule('counter', { events: { counted: u8 } })
  .command('count', unit, (ctx) => ctx.emit.counted(1))
  .query('step', unit, u8, () => 1)
const counterV2 = defineModule('counter', {
  version: 2,
  events: { counted: struct({ by: u8 }) },
})
  .migrate(1, () => undefined)
  .command('count', unit, (ctx) => ctx.emit.counted({ by: 2 }))
  .query('step', unit, u8, () => 2)
  .query('next', unit, u8, () => 3)

const grants = { grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] } } as const
const base = () => defineChain({ id: 'release-test', consensus: solo(), limits: { upgradeNoticeHeights: 2 } })
const second = base().use(counterV2).use(governor, grants)
const first = base().use(counterV1).use(governor, grants).upgrade(second)

test('metadata, methods and the reading of events follow the release in force, without a restart', async () => {
  const running = await startChain(first, {})
  const { rpc, node, call, makeBlock, stop } = running
  const metadata = async () => (await call('chain_metadata')).result as ChainMetadata
  const count = async () => {
    await node.submit(await sign(node, { module: 'counter', command: 'count', input: null }))
    await makeBlock()
  }
  await count()
  const before = await metadata()
  expect(before.modules.find(({ name }) => name === 'counter')).toMatchObject({
    version: 1,
    queries: [{ name: 'step' }],
  })
  expect((await call('counter_next')).error?.code).toBe(-32601)

  const release = releaseHash(node.genesis.fingerprint, second)
  const input = { height: height(5n), release }
  await node.submit(await sign(node, { module: 'governor', command: 'upgrade', input }))
  while (node.tip.header.height < 5n) await makeBlock()
  await count()
  const after = await metadata()
  expect(after.modules.find(({ name }) => name === 'counter')).toMatchObject({
    version: 2,
    queries: [{ name: 'step' }, { name: 'next' }],
  })
  expect((await call('counter_next')).result).toBe(3)
  const { methods } = (await call('rpc.discover')).result as { methods: { name: string }[] }
  expect(methods.map(({ name }) => name)).toContain('counter_next')

  // What happened under the first release is read with it, also by who subscribed before.
  const socket = await connect(rpc.url)
  const params = { topic: 'events', module: 'counter', fromHeight: '1' }
  const { subscription } = (await socket.call('chain_subscribe', params)).result as { subscription: string }
  await until(() => socket.notices(subscription).length === 2)
  expect(socket.notices(subscription)).toMatchObject([
    { height: '1', result: { events: [{ data: 1 }] } },
    { height: '6', result: { events: [{ data: { by: 2 } }] } },
  ])
  const blocks = await post(rpc.url, {
    jsonrpc: '2.0',
    id: 1,
    method: 'chain_block',
    params: { height: '1' },
  })
  expect(await blocks.json()).toMatchObject({
    result: { transactions: [{ receipt: { events: [{ data: 1 }] } }] },
  })
  await stop()
})
