import { once } from 'node:events'
import { dpos } from '@mmtchain/consensus-dpos'
import { type Node, silentLog } from '@mmtchain/node-runtime'
import { height } from '@mmtchain/primitives'
import { RPC_SETTINGS_DEFAULT, serveRpc } from '@mmtchain/rpc'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { alliance, names } from './alliance.ts'

interface Told {
  readonly height: string
  readonly result: { readonly id: string; readonly final?: boolean }
}

/** A node's RPC over a real socket, and what it tells of three topics. */
async function listenTo(node: Node, transaction: string) {
  const rpc = await serveRpc({
    node,
    info: { name: 'test', version: '0' },
    log: silentLog,
    host: '127.0.0.1',
    port: 0,
    settings: RPC_SETTINGS_DEFAULT,
  })
  const socket = new WebSocket(`${rpc.url.replace('http', 'ws')}/rpc`)
  await once(socket, 'open')
  const topics = ['heads', 'finalisedHeads', 'transaction'] as const
  const told = { heads: [] as Told[], finalisedHeads: [] as Told[], transaction: [] as Told[] }
  const nameOf = new Map<string, (typeof topics)[number]>()
  socket.on('message', (data) => {
    const message = JSON.parse(String(data))
    const topic = topics[message.id]
    if (topic) nameOf.set(message.result.subscription, topic)
    else told[nameOf.get(message.params.subscription) as 'heads'].push(message.params)
  })
  for (const [id, topic] of topics.entries()) {
    const params = { topic, ...(topic === 'transaction' && { id: transaction }) }
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'chain_subscribe', params }))
  }
  await expect.poll(() => nameOf.size).toBe(topics.length)
  return {
    told,
    async close() {
      socket.terminate()
      await rpc.close()
    },
  }
}

test('when blocks are taken back, heads tell what came in their place, and what is called final stays', async () => {
  const all = alliance(dpos())
  for (const name of names) await all.start(name)
  await all.clock.advance(10_000n)
  const halves = [all.nodes.get('v1') as Node, all.nodes.get('v3') as Node]
  const cut = (isConnected: boolean) => {
    for (const a of ['v1', 'v2']) for (const b of ['v3', 'v4']) all.network.connect(a, b, isConnected)
  }
  cut(false)
  const ids = [
    await (halves[0] as Node).submit(await all.transfer('alice')),
    await (halves[1] as Node).submit(await all.transfer('bob')),
  ]
  const readers = await Promise.all(halves.map((node, i) => listenTo(node, ids[i] as string)))
  await all.clock.advance(12_000n)
  cut(true)
  await all.clock.advance(40_500n)
  let again = 0
  for (const [i, { told }] of readers.entries()) {
    const { tip, finalised, store } = halves[i] as Node
    await expect.poll(() => told.heads.at(-1)?.result.id).toBe(tip.id)
    // What was told last of each height is what the chain has.
    const heads = new Map(told.heads.map((one) => [one.height, one.result.id]))
    for (const [at, id] of heads) expect((await store.block({ height: height(BigInt(at)) }))?.id).toBe(id)
    again += told.heads.length - heads.size
    const final = told.finalisedHeads.map((one) => BigInt(one.height))
    expect(final.length).toBeGreaterThan(10)
    expect(final).toEqual(final.map((_, n) => (final[0] as bigint) + BigInt(n)))
    expect(final.at(-1)).toBeLessThanOrEqual(finalised)
    for (const one of told.finalisedHeads) expect(heads.get(one.height) ?? one.result.id).toBe(one.result.id)
    const finality = told.transaction.map(({ result }) => result.final)
    expect(finality[0]).toBe(false)
    expect(finality.at(-1)).toBe(true)
    expect(finality.filter(Boolean).length).toBe(1)
  }
  expect(again).toBeGreaterThan(0)
  for (const { close } of readers) await close()
  await all.stop()
})
