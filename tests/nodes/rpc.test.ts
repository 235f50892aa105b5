import { once } from 'node:events'
import { subscribe, type Topic, type Update } from '@mmtchain/client'
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

/** The RPC of a node at a port that stays the same, so that it can go away and come back. */
async function rpcAt(node: Node, port = 0) {
  const settings = RPC_SETTINGS_DEFAULT
  const rpc = await serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port, settings })
  return { ...rpc, port: Number(new URL(rpc.url).port) }
}

test('a reader whose connection was lost while blocks were taken back is told what came in their place', {
  timeout: 180_000,
}, async () => {
  const all = alliance(dpos())
  for (const name of names) await all.start(name)
  await all.clock.advance(10_000n)
  const halves = [all.nodes.get('v1') as Node, all.nodes.get('v3') as Node] as const
  const cut = (isConnected: boolean) => {
    for (const a of ['v1', 'v2']) for (const b of ['v3', 'v4']) all.network.connect(a, b, isConnected)
  }
  cut(false)
  await halves[0].submit(await all.transfer('alice'))
  await halves[1].submit(await all.transfer('bob'))
  const stop = new AbortController()
  const readers = await Promise.all(
    halves.map(async (node) => {
      const server = await rpcAt(node)
      const heads: { height: bigint; id: string; parent: string }[] = []
      const events: { height: bigint; blockId: string; final: boolean }[] = []
      const follow = async (topic: Topic, take: (update: Update) => void) => {
        const options = { fromHeight: 1n, signal: stop.signal }
        for await (const update of subscribe({ url: server.url }, topic, options)) take(update)
      }
      const ends = [
        follow({ topic: 'heads' }, ({ height: at, result }) => {
          const { id, header } = result as { id: string; header: { parent: string } }
          heads.push({ height: at, id, parent: header.parent })
        }),
        ...[false, true].map((final) =>
          follow({ topic: 'events', module: 'token', finalised: final }, ({ height: at, result }) => {
            const { blockId, events: said } = result as { blockId: string; events: unknown[] }
            if (said.length > 0) events.push({ height: at, blockId, final })
          }),
        ),
      ].map((reading) => reading.catch((error) => error))
      return { node, server, heads, events, ends }
    }),
  )
  await all.clock.advance(12_000n)
  for (const { node, heads, server } of readers) {
    await expect.poll(() => heads.at(-1)?.id, { timeout: 30_000 }).toBe(node.tip.id)
    await server.close()
  }
  cut(true)
  await all.clock.advance(40_500n)
  const back = await Promise.all(readers.map(({ node, server }) => rpcAt(node, server.port)))
  let again = 0
  for (const { node, heads, events } of readers) {
    await expect.poll(() => heads.at(-1)?.id, { timeout: 30_000 }).toBe(node.tip.id)
    // Every head follows the one that was told last of the height before it, and no block comes twice.
    const told = new Map<bigint, string>()
    for (const { height: at, id, parent } of heads) {
      if (at > 1n) expect(told.get(at - 1n)).toBe(parent)
      expect(told.get(at)).not.toBe(id)
      if (told.has(at)) again += 1
      told.set(at, id)
    }
    expect(told.size).toBe(Number(node.tip.header.height))
    const isThere = async ({ height: at, blockId }: { height: bigint; blockId: string }) =>
      (await node.store.block({ height: height(at) }))?.id === blockId
    const finalOnes = () => events.filter((one) => one.final)
    await expect.poll(() => finalOnes().length, { timeout: 30_000 }).toBe(2)
    const final = finalOnes()
    for (const one of final) expect(await isThere(one)).toBe(true)
    const newest = () => new Map(events.filter((one) => !one.final).map((one) => [one.height, one.blockId]))
    for (const one of final)
      await expect.poll(() => newest().get(one.height), { timeout: 30_000 }).toBe(one.blockId)
  }
  expect(again).toBeGreaterThan(0)
  stop.abort(new Error('enough'))
  for (const { ends } of readers)
    for (const end of ends) expect(await end).toMatchObject({ message: 'enough' })
  for (const server of back) await server.close()
  await all.stop()
})

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

test('a transaction is pending, then confirmed, pending again when its block is taken back, and then final', {
  timeout: 180_000,
}, async () => {
  const all = alliance(dpos({ confirmations: 6 }))
  for (const name of names) await all.start(name)
  await all.clock.advance(10_000n)
  const apart = (isConnected: boolean) => {
    for (const other of names.slice(1)) all.network.connect('v1', other, isConnected)
  }
  apart(false)
  const one = all.nodes.get('v1') as Node
  const id = await one.submit(await all.transfer('alice'))
  const rpc = await rpcAt(one)
  type State = { readonly confirmation: string; readonly confirmations: number; readonly final: boolean }
  async function state(): Promise<State> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_transaction', params: { id } })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${rpc.url}/rpc`, { method: 'POST', headers, body })
    return ((await answer.json()) as { result: State }).result
  }
  const seen: State[] = []
  async function until(confirmation: string) {
    for (let tries = 0; seen.at(-1)?.confirmation !== confirmation && tries < 400; tries++) {
      await all.clock.advance(250n)
      seen.push(await state())
    }
  }
  expect(await state()).toMatchObject({ confirmation: 'pending', confirmations: 0, final: false })
  await until('confirmed')
  apart(true)
  await until('final')
  const labels = seen.map(({ confirmation }) => confirmation)
  expect(labels.filter((label, i) => label !== labels[i - 1])).toEqual([
    ...['pending', 'confirmed', 'pending', 'final'],
  ])
  for (const { confirmation, confirmations, final } of seen) {
    expect(final).toBe(confirmation === 'final')
    // Six blocks on top of its own make seven.
    if (confirmation === 'confirmed') expect(confirmations).toBeGreaterThanOrEqual(7)
  }
  await rpc.close()
  await all.stop()
})
