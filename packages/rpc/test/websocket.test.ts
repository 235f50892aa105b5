import { createHash } from 'node:crypto'
import { type Codec, u8 } from '@mmtchain/codec'
import { defineChain, defineModule, solo } from '@mmtchain/kernel'
import { hash } from '@mmtchain/primitives'
import { RPC_SETTINGS_DEFAULT } from '@mmtchain/rpc'
import { expect, test } from 'vitest'
import { connect, limited, type Notification, payment, post, start, startChain, until } from './running.ts'

const heights = (notices: readonly Notification[]) => notices.map(({ height }) => Number(height))
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const idOf = (answer: { result?: unknown }) => (answer.result as { subscription: string }).subscription

test('a WebSocket answers as POST does: batches, notifications, errors, broken JSON', async () => {
  const { rpc, stop } = await start()
  const { socket, received, call } = await connect(rpc.url)
  const overHttp = await (await post(rpc.url, { jsonrpc: '2.0', id: 'c1', method: 'chain_status' })).json()
  expect(await call('chain_status')).toEqual(overHttp)
  expect((await call('nope')).error?.code).toBe(-32601)
  const before = received.length
  socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'chain_status' }))
  socket.send('[{"jsonrpc":"2.0","id":7,"method":"chain_status"},1]')
  socket.send('{')
  await until(() => received.length === before + 2)
  // The messages of a connection are answered as they come to an end.
  const answers = received.slice(before)
  expect(answers.find((one) => Array.isArray(one))).toMatchObject([{ id: 7 }, { id: null }])
  expect(answers.find((one) => !Array.isArray(one))).toMatchObject({ id: null, error: { code: -32700 } })
  await stop()
})

test('heads come from a height on, each once and in order, while blocks are committed during the replay', async () => {
  const { rpc, node, makeBlock, makeBlocks, stop } = await start()
  await makeBlocks(30)
  const { call, notices } = await connect(rpc.url)
  const subscribing = Promise.all(
    ['1', '10', '31', '33'].flatMap((fromHeight) =>
      ['heads', 'finalisedHeads'].map((topic) => call('chain_subscribe', { topic, fromHeight })),
    ),
  )
  const live = call('chain_subscribe', ['heads'])
  for (let i = 0; i < 40; i++) {
    await makeBlock()
    // Now and then the replay gets ahead, now and then the chain.
    if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const ids = (await subscribing).map(idOf)
  await until(() => ids.every((id) => notices(id).at(-1)?.height === '70'))
  const firsts = [1, 1, 10, 10, 31, 31, 33, 33]
  for (const [i, id] of ids.entries()) expect(heights(notices(id))).toEqual(upTo(firsts[i] as number, 70))
  const newest = notices(ids[0]).at(-1)?.result as { id: string; header: { height: string } }
  expect([newest.id, newest.header.height]).toEqual([node.tip.id, '70'])
  // Without a height it begins with the block after the tip, and says which one that is.
  const begun = (await live).result as { subscription: string; fromHeight: string }
  expect(heights(notices(begun.subscription))).toEqual(upTo(Number(begun.fromHeight), 70))
  await stop()
})

test('who connects again resumes where it was, without gap or duplicate', async () => {
  const { rpc, makeBlocks, stop } = await start()
  const seen: number[] = []
  for (let round = 0; round < 5; round++) {
    const { socket, call, notices } = await connect(rpc.url)
    const id = idOf(
      await call('chain_subscribe', { topic: 'heads', fromHeight: String((seen.at(-1) ?? 0) + 1) }),
    )
    const want = 4 * (round + 1)
    const making = makeBlocks(5)
    await until(() => Number(notices(id).at(-1)?.height) >= want)
    seen.push(...heights(notices(id)))
    socket.terminate()
    await making
  }
  expect(seen).toEqual(upTo(1, seen.at(-1) as number))
  await stop()
})

test('events come by module and name with their transaction, in the order of the block', async () => {
  const { rpc, node, makeBlock, makeBlocks, stop } = await start()
  const [first, second] = [await payment(node), await payment(node, { after: 1n })]
  await makeBlock()
  for (const { transaction } of [first, second]) await node.submit(transaction)
  await makeBlock()
  const { call, notices } = await connect(rpc.url)
  const filters = [
    { module: 'token', event: 'transferred' },
    { module: 'token' },
    {},
    { module: 'kernel', event: 'rotated' },
  ]
  const ids: string[] = []
  for (const filter of filters)
    ids.push(idOf(await call('chain_subscribe', { topic: 'events', fromHeight: '0', ...filter })))
  await makeBlocks(98)
  await until(() => ids.every((id) => notices(id).at(-1)?.height === '100'))
  const transferred = notices(ids[0])
  expect(transferred.find(({ height }) => height === '2')?.result).toMatchObject({
    blockId: (await node.store.block({ height: 2n as never }))?.id,
    events: [
      { module: 'token', name: 'transferred', transaction: first.id, data: { amount: '1' } },
      { module: 'token', name: 'transferred', transaction: second.id },
    ],
  })
  // Where nothing matches a mark comes every hundred heights, so that a reader resumes near the tip.
  expect(notices(ids[3])).toMatchObject([
    { height: '0', result: { events: [] } },
    { height: '100', result: { events: [] } },
  ])
  await stop()
})

test('a transaction is told from waiting to final', async () => {
  const { rpc, node, makeBlocks, stop } = await start()
  const { call, notices } = await connect(rpc.url)
  const { id, transaction } = await payment(node, { after: 1n })
  const subscription = idOf(await call('chain_subscribe', { topic: 'transaction', id }))
  await makeBlocks(2)
  await node.submit(transaction)
  await makeBlocks(2)
  await until(() => notices(subscription).length === 1)
  expect(notices(subscription)[0]).toMatchObject({ height: '3', result: { id, pending: true, final: false } })
  await node.submit((await payment(node)).transaction)
  await makeBlocks(3)
  await until(() => notices(subscription).length === 2)
  expect(notices(subscription)[1]?.result).toMatchObject({
    pending: false,
    final: true,
    height: '5',
    receipt: { error: null },
  })
  await stop()
})

test('a subscription ends when it is told to, and what cannot be subscribed to is refused by name', async () => {
  const { rpc, makeBlocks, stop } = await start({
    settings: limited({ subscriptionsMax: 2, limitLoopback: false }),
  })
  const { call, notices } = await connect(rpc.url)
  const codeOf = async (params: object) => (await call('chain_subscribe', params)).error?.data.code
  const id = '00'.repeat(32)
  for (const params of [
    { topic: 'blocks' },
    { topic: 'heads', module: 'token' },
    { topic: 'heads', id },
    { topic: 'events', event: 'transferred' },
    { topic: 'events', module: 'nope' },
    { topic: 'events', module: 'token', event: 'nope' },
    { topic: 'transaction' },
    { topic: 'transaction', id, fromHeight: '1' },
  ])
    expect([params, await codeOf(params)]).toEqual([params, 'rpc/BAD_TOPIC'])
  const first = idOf(await call('chain_subscribe', { topic: 'heads' }))
  const second = idOf(await call('chain_subscribe', { topic: 'heads' }))
  expect(await codeOf({ topic: 'heads' })).toBe('rpc/TOO_MANY_SUBSCRIPTIONS')
  await makeBlocks(1)
  await until(() => notices(first).length === 1)
  expect((await call('chain_unsubscribe', { subscription: first })).result).toBe(true)
  expect((await call('chain_unsubscribe', { subscription: first })).result).toBe(false)
  await makeBlocks(2)
  await until(() => notices(second).length === 3)
  expect(notices(first).length).toBe(1)
  const overHttp = await post(rpc.url, {
    jsonrpc: '2.0',
    id: 1,
    method: 'chain_subscribe',
    params: ['heads'],
  })
  expect(await overHttp.json()).toMatchObject({ error: { data: { code: 'rpc/NEEDS_WEBSOCKET' } } })
  await stop()
})

test('a reader that takes nothing is dropped, with what it was sent bounded, and others go on', async () => {
  const warned: { code?: string; unreadBytes?: number }[] = []
  const { rpc, node, makeBlocks, stop } = await start({
    settings: limited({ stallTimeoutMs: 500, limitLoopback: false }),
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields) => void warned.push(fields),
      error: () => undefined,
    },
  })
  await makeBlocks(20)
  const [slow, quick] = [await connect(rpc.url), await connect(rpc.url)]
  const id = idOf(await quick.call('chain_subscribe', { topic: 'heads', fromHeight: '1' }))
  await slow.call('chain_subscribe', { topic: 'heads', fromHeight: '1' })
  await until(() => slow.received.length > 20)
  slow.socket.pause()
  // Far more in answers than the sockets of the operating system hold.
  const ask = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_metadata' })
  for (let i = 0; i < 5_000; i++) slow.socket.send(ask)
  let sent = 20
  while (warned.length === 0) {
    await makeBlocks(1)
    sent += 1
    await until(() => quick.notices(id).length === sent)
  }
  expect(warned).toMatchObject([{ code: 'rpc/SLOW_READER' }])
  // The answers of the requests under way and one notification; all of them would be a hundred megabytes.
  expect(warned[0]?.unreadBytes).toBeLessThan(2 * 1024 * 1024)
  expect(node.running).toBe(true)
  expect(heights(quick.notices(id))).toEqual(upTo(1, sent))
  await stop()
})

test('a WebSocket of a page of another origin, or by a name that was pointed here, is refused; also on a wrong path', async () => {
  const listed = 'https://explorer.example'
  const { rpc, stop } = await start({ settings: { ...RPC_SETTINGS_DEFAULT, origins: [listed] } })
  const refusal = async (headers: Record<string, string>) =>
    connect(rpc.url, { headers }).then(
      () => undefined,
      (error: Error & { status?: number }) => [error.status, JSON.parse(error.message).error.data.code],
    )
  expect(await refusal({ origin: 'https://evil.example' })).toEqual([403, 'rpc/ORIGIN_NOT_ALLOWED'])
  expect(await refusal({ host: 'evil.example', origin: 'http://evil.example' })).toEqual([
    403,
    'rpc/HOST_NOT_ALLOWED',
  ])
  expect(await refusal({ origin: listed })).toBeUndefined()
  await expect(connect(`${rpc.url}/x`)).rejects.toMatchObject({ status: 404 })
  await stop()
})

test('a WebSocket takes its token from a subprotocol, as pages must send it', async () => {
  const sha256 = hash(createHash('sha256').update('tell-me').digest('hex'))
  const settings = {
    ...RPC_SETTINGS_DEFAULT,
    anonymous: [],
    tokens: [{ name: 'page', sha256, roles: ['read'] }],
  }
  const { rpc, stop } = await start({ settings })
  const known = await connect(rpc.url, { protocols: ['mmt-rpc', 'bearer.tell-me'] })
  expect(known.socket.protocol).toBe('mmt-rpc')
  expect((await known.call('chain_status')).result).toBeDefined()
  expect((await known.call('tx_submit', { bytes: '00' })).error?.data.code).toBe('rpc/ROLE_NEEDED')
  const stranger = connect(rpc.url, { protocols: ['mmt-rpc', 'bearer.tell-m'] })
  await expect(stranger).rejects.toMatchObject({ status: 401 })
  const header = await connect(rpc.url, { headers: { authorization: 'Bearer tell-me' } })
  expect((await header.call('chain_status')).result).toBeDefined()
  const nobody = await connect(rpc.url)
  expect((await nobody.call('chain_status')).error?.data.code).toBe('rpc/ROLE_NEEDED')
  await stop()
})

test('a message that is too long closes the connection; requests beyond the rate are refused by name', async () => {
  const { rpc, stop } = await start({
    settings: limited({ bodyBytesMax: 10_000, connectionRate: 4, addressRate: 1_000 }),
  })
  const long = await connect(rpc.url)
  long.socket.send('x'.repeat(10_001))
  await until(() => long.closed !== undefined)
  expect(long.closed).toBe(1009)
  const eager = await connect(rpc.url)
  for (let i = 0; i < 20; i++)
    eager.socket.send(JSON.stringify({ jsonrpc: '2.0', id: i, method: 'chain_status' }))
  await until(() => eager.received.length === 20)
  const codes = eager.received.map(({ error }) => error?.data.code)
  expect(codes.filter((code) => code === undefined).length).toBeGreaterThanOrEqual(7)
  expect(codes.at(-1)).toBe('rpc/RATE_LIMITED')
  await stop()
})

test('a replay takes its blocks from the rate of its connection', async () => {
  const { rpc, makeBlocks, stop } = await start({
    settings: limited({ connectionRate: 20, addressRate: 1_000 }),
  })
  await makeBlocks(60)
  const { call, notices } = await connect(rpc.url)
  const id = idOf(await call('chain_subscribe', { topic: 'heads', fromHeight: '1' }))
  await until(() => notices(id).length >= 35)
  // The burst is used up by then: of more requests than it holds, some find nothing left.
  const answers = await Promise.all(Array.from({ length: 200 }, () => call('chain_status')))
  expect(answers.some(({ error }) => error?.data.code === 'rpc/RATE_LIMITED')).toBe(true)
  await until(() => notices(id).length === 60)
  expect(heights(notices(id))).toEqual(upTo(1, 60))
  await stop()
})

test('when the node stops its WebSockets are closed as going away', async () => {
  const { rpc, stop } = await start()
  const { call, ...connection } = await connect(rpc.url)
  await call('chain_subscribe', { topic: 'heads' })
  const { socket } = connection
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await stop()
  expect([1001, 1006]).toContain(await closed)
})

test('a subscription of a batch begins after the answer of the batch, also when other messages are answered before', async () => {
  const { rpc, makeBlocks, stop } = await start()
  await makeBlocks(5)
  const { socket, received } = await connect(rpc.url)
  const subscribe = {
    jsonrpc: '2.0',
    id: 1,
    method: 'chain_subscribe',
    params: ['heads', null, null, null, '1'],
  }
  const others = Array.from({ length: 20 }, () => ({ jsonrpc: '2.0', id: 2, method: 'rpc.discover' }))
  socket.send(JSON.stringify([subscribe, ...others]))
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'node_info' }))
  await until(() => received.length >= 7)
  const kinds = received.map((one) => (Array.isArray(one) ? 'batch' : 'id' in one ? 'answer' : 'notice'))
  expect(kinds.slice(0, 2).sort()).toEqual(['answer', 'batch'])
  expect(kinds.slice(2)).toEqual(Array(5).fill('notice'))
  await stop()
})

test('messages that do not come to their end are bounded for all callers together, whatever control frames stand between', async () => {
  const warned: { code?: string }[] = []
  const nothing = () => undefined
  const log = {
    debug: nothing,
    info: nothing,
    warn: (fields: object) => void warned.push(fields),
    error: nothing,
  }
  // 16,000 bytes may wait.
  const { rpc, stop } = await start({ settings: limited({ answerBytesMax: 2_000 }), log })
  const [most, least] = [await connect(rpc.url), await connect(rpc.url)]
  least.socket.send(' '.repeat(6_000), { fin: false })
  most.socket.send(' '.repeat(7_000), { fin: false })
  // Each is answered, so that it has been read.
  let pongs = 0
  most.socket.on('pong', () => {
    pongs += 1
  })
  for (let i = 1; i <= 100; i++) {
    most.socket.ping('x'.repeat(100))
    await until(() => pongs === i)
  }
  expect([most.closed, least.closed]).toEqual([undefined, undefined])
  most.socket.send(' '.repeat(4_000), { fin: false })
  await until(() => most.closed !== undefined)
  expect(warned).toMatchObject([{ code: 'rpc/BACKLOG_FULL' }])
  // Messages that have come to their end count no more.
  const { call } = await connect(rpc.url)
  for (let i = 0; i < 30; i++) expect((await call('node_info')).result).toBeDefined()
  expect(least.closed).toBe(undefined)
  least.socket.terminate()
  await stop()
})

test('an event is put into JSON once, however many hear of it', async () => {
  let presented = 0
  const counted: Codec<number> = {
    ...u8,
    toJson(value, context) {
      presented++
      return u8.toJson(value, context)
    },
  }
  const beats = defineModule('beats', { events: { beat: counted } }).endBlock((ctx) => ctx.emit.beat(7))
  const chain = defineChain({ id: 'rpc-beats', consensus: solo() }).use(beats)
  const { rpc, makeBlocks, stop } = await startChain(chain, {})
  const readers = await Promise.all(Array.from({ length: 3 }, () => connect(rpc.url)))
  const ids = await Promise.all(
    readers.map(async ({ call }) =>
      idOf(await call('chain_subscribe', { topic: 'events', module: 'beats' })),
    ),
  )
  await makeBlocks(3)
  for (const [i, { notices }] of readers.entries())
    await until(() => notices(ids[i] as string).at(-1)?.height === '3')
  expect(presented).toBe(3)
  await stop()
})
