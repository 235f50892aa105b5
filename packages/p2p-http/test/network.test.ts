import { hash, height } from '@mmtchain/primitives'
import { afterEach, expect, test } from 'vitest'
import {
  closeAll,
  counted,
  FINGERPRINT,
  type Message,
  openNode,
  say,
  type TestNode,
  until,
} from './networks.ts'

afterEach(closeAll)

const textsOf = (node: TestNode) => node.received.map(({ message }) => message.value)

test('nodes say what they like to each other, in BCS, or in JSON where one has no BCS', async () => {
  for (const isJsonOnly of [false, true]) {
    const one = await openNode(1)
    const two = await openNode(2, { peers: [`${one.name}@${one.address}`], isJsonOnly })
    const three = await openNode(3, { peers: [one.address, two.address] })
    const all = [one, two, three]
    await until('all are joined', () => all.every(({ membership }) => membership.peers().length === 2))
    one.membership.broadcast(say('to all'))
    three.membership.send(one.name, say('to one'))
    three.membership.send(one.name, { kind: 'block', value: new Uint8Array(90_000).fill(7) } as Message)
    await until(
      'all arrived',
      () => one.received.length === 2 && two.received.length + three.received.length === 2,
    )
    expect(textsOf(two)).toEqual(['to all'])
    expect(textsOf(three)).toEqual(['to all'])
    expect(one.received[0]).toEqual({ from: three.name, message: say('to one') })
    expect(one.received[1]?.message.value).toEqual(new Uint8Array(90_000).fill(7))
    await closeAll()
    expect(one.events.filter((event) => event.startsWith('left')).length).toBe(0)
  }
})

test('two nodes that dial each other keep one stream, and lose nothing once it is open', async () => {
  const first = await openNode(1)
  const port = Number(first.address.split(':')[1])
  await first.leave()
  const two = await openNode(2, { peers: [`127.0.0.1:${port}`] })
  const one = await openNode(1, { listen: { host: '127.0.0.1', port }, peers: [two.address] })
  await until('they are joined', () => one.events.length > 0 && two.events.length > 0)
  await until('one stream is left', async () => {
    const open = await Promise.all([one, two].map((node) => counted(node, 'mmt_p2p_connections_')))
    return open.every((count) => count === 1)
  })
  for (let i = 0; i < 100; i++) two.membership.send(one.name, say(`${i}`))
  await until('all arrived', () => one.received.length === 100)
  expect(textsOf(one)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`))
  expect([one.events, two.events]).toEqual([[`joined ${two.name}`], [`joined ${one.name}`]])
})

test('a node that is back is met again', async () => {
  const one = await openNode(1)
  const two = await openNode(2, { peers: [one.address] })
  await until('they are joined', () => one.events.length === 1 && two.events.length === 1)
  await one.leave()
  await until('it is gone', () => two.events.length === 2)
  const port = Number(one.address.split(':')[1])
  const again = await openNode(1, { listen: { host: '127.0.0.1', port } })
  await until('it is back', () => two.events.length === 3 && again.events.length === 1)
  expect(two.events).toEqual([`joined ${one.name}`, `left ${one.name}`, `joined ${one.name}`])
})

test('nodes of another chain are not met', async () => {
  const one = await openNode(1)
  const other = await openNode(2, { peers: [one.address], fingerprint: hash('cd'.repeat(32)) })
  await until('it is refused', () => other.warned.length > 0)
  expect(other.warned[0]?.fields).toMatchObject({ code: 'p2p/REFUSED' })
  expect(other.warned[0]?.fields.why).toContain('p2p/WRONG_CHAIN')
  expect(await counted(one, 'mmt_p2p_refused_total', 'p2p/WRONG_CHAIN')).toBeGreaterThan(0)
  expect(one.events).toEqual([])
})

test('a node does not meet itself', async () => {
  const one = await openNode(1)
  const port = Number(one.address.split(':')[1])
  await one.leave()
  const again = await openNode(1, { listen: { host: '127.0.0.1', port }, peers: [one.address] })
  await until('it is refused', () => again.warned.length > 0)
  expect(JSON.stringify(again.warned[0])).toContain('p2p/SELF')
  expect(again.events).toEqual([])
})

test('anybody can read a node with HTTP', async () => {
  const one = await openNode(1)
  const two = await openNode(2, { peers: [one.address] })
  const read = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://${one.address}/p2p/v1/${path}`, { headers })
    return { status: answer.status, headers: answer.headers, json: (await answer.json()) as never }
  }
  expect(await read('status')).toMatchObject({ status: 503, json: { error: { code: 'p2p/STARTING' } } })
  const id = hash('12'.repeat(32))
  for (const node of [one, two])
    node.network.serve({
      status: () => ({ height: height(7n), id, finalised: height(6n), catchingUp: false }),
      block: async () => undefined,
    })
  await until('a sign of life came', () => one.network.peers()[0]?.latencyMs != null)
  const status = await read('status')
  expect(status.json).toMatchObject({
    node: one.name,
    version: '1.2.3',
    height: '7',
    finalised: '6',
    peers: 1,
  })
  const [host, port] = one.address.split(':')
  expect(
    ['version', 'address', 'port', 'fingerprint'].map((name) => status.headers.get(`mmt-${name}`)),
  ).toEqual(['1.2.3', host, port, FINGERPRINT])
  expect((await read('blocks?from=1&limit=10')).json).toEqual({ from: '1', blocks: [] })
  expect((await read('peers')).json).toMatchObject({ peers: [{ node: two.name, host: '127.0.0.1' }] })
  const best = (await read('best')).json as { nodes: { node: string }[] }
  expect(best.nodes.map(({ node }) => node)).toEqual([one.name, two.name])
  expect(await read('blocks?from=x')).toMatchObject({
    status: 400,
    json: { error: { code: 'p2p/BAD_QUERY' } },
  })
  expect(await read('blocks?limit=129')).toMatchObject({ status: 400 })
  expect(await read('nothing')).toMatchObject({ status: 404, json: { error: { code: 'p2p/NOT_FOUND' } } })
  const wrong = {
    'mmt-version': '1',
    'mmt-address': 'a',
    'mmt-port': '1',
    'mmt-fingerprint': '00'.repeat(32),
  }
  expect(await read('status', wrong)).toMatchObject({
    status: 409,
    json: { error: { code: 'p2p/WRONG_CHAIN' } },
  })
  const bcs = await fetch(`http://${one.address}/p2p/v1/blocks?from=5`, {
    headers: { accept: 'application/octet-stream' },
  })
  expect(bcs.headers.get('content-type')).toBe('application/octet-stream')
  expect(new Uint8Array(await bcs.arrayBuffer())).toEqual(Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0))
})

test('a node that leaves is gone, however fast others dial it again', async () => {
  const one = await openNode(1, {
    savedPeers: {
      read: async () => undefined,
      // Long enough for others to come back.
      write: () => new Promise((resolve) => setTimeout(resolve, 1_500)),
    },
  })
  const others = await Promise.all(
    [2, 3, 4].map((number) => openNode(number, { isPrivate: true, peers: [`${one.name}@${one.address}`] })),
  )
  await until(
    'all are joined',
    () => one.events.length === 3 && others.every(({ events }) => events.length === 1),
  )
  await one.leave()
  await expect(fetch(`http://${one.address}/p2p/v1/peers`)).rejects.toThrow()
  await until('it is gone', () => others.every(({ events }) => events.length === 2))
  expect(one.membership.peers()).toEqual([])
  expect(one.events).toHaveLength(3)
})
