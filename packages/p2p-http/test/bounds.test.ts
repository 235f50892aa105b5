import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { closeAll, counted, MESSAGE_BYTES_MAX, openNode, say, until } from './networks.ts'
import { ask, meet, nameOf, type Stranger } from './stranger.ts'

afterEach(closeAll)

const message = (value: object) => ({ kind: 'message', value })
const isWelcome = (frames: readonly { readonly kind: string }[]) =>
  frames.some(({ kind }) => kind === 'welcome')

test('a stranger that keeps to the README is met, and heard', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  stranger.say(message({ kind: 'consensus', value: 'hello' }))
  await until('it is heard', () => node.received.length === 1)
  expect(node.received).toEqual([{ from: nameOf(2), message: say('hello') }])
  await until('it is answered', () => stranger.frames.length >= 2)
  expect(stranger.frames.map(({ kind }) => kind).slice(0, 2)).toEqual(['welcome', 'beat'])
})

test('malformed: bytes that are no frame are an offence, the second a ban, and bans end', async () => {
  const node = await openNode(1, { limits: { banMs: 1_500 } })
  const stranger = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  stranger.socket.send('{"kind":"message"')
  stranger.socket.send(Uint8Array.of(0, 255, 1))
  expect(await stranger.closed).toBe(4002)
  expect(await counted(node, 'mmt_p2p_offences_total', 'malformed')).toBe(2)
  expect([await counted(node, 'mmt_p2p_bans_total'), await counted(node, 'mmt_p2p_banned_nodes')]).toEqual([
    1, 1,
  ])
  await expect(meet(node, 2)).rejects.toThrow(/403 .*p2p\/BANNED.*malformed/)
  expect(node.network.peers()).toMatchObject([{ node: nameOf(2), state: 'banned' }])
  const other = await meet(node, 3)
  await until('others are met', () => isWelcome(other.frames))
  await until('the ban has ended', async () => {
    try {
      return isWelcome((await meet(node, 2)).frames) || node.membership.peers().includes(nameOf(2))
    } catch {
      return false
    }
  })
})

test('oversized: a longer message than any node sends is a ban', async () => {
  for (const [number, length] of [
    [2, MESSAGE_BYTES_MAX + 17],
    [3, 8 * MESSAGE_BYTES_MAX],
  ] as const) {
    const node = await openNode(1)
    const stranger = await meet(node, number)
    await until('it is met', () => node.events.length === 1)
    stranger.socket.send(new Uint8Array(length))
    await stranger.closed
    expect(await counted(node, 'mmt_p2p_offences_total', 'oversized')).toBe(1)
    await expect(meet(node, number)).rejects.toThrow('p2p/BANNED')
    await node.leave()
  }
})

test('unsolicited: answers that nobody asked for, proofs and welcomes are offences', async () => {
  const node = await openNode(1, { isPrivate: true, allow: [nameOf(2)] })
  const stranger = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  stranger.say({ kind: 'peers', value: [] })
  stranger.say({ kind: 'welcome', value: null })
  stranger.say({ kind: 'echo', value: { count: 7, sentMs: '0' } })
  stranger.say({ kind: 'proof', value: stranger.proof })
  expect(await stranger.closed).toBe(4002)
  expect(await counted(node, 'mmt_p2p_offences_total', 'unsolicited')).toBe(4)
})

test('replayed: what is sent once is handled once, what engines send again on purpose each time', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  for (let i = 0; i < 3; i++) {
    stranger.say(message({ kind: 'announce', value: { number: 7 } }))
    stranger.say(message({ kind: 'consensus', value: 'vote' }))
  }
  await until('all came', () => node.received.length === 4)
  await until(
    'two were replays',
    async () => (await counted(node, 'mmt_p2p_offences_total', 'replayed')) === 2,
  )
  expect(node.received.map(({ message: { kind } }) => kind).sort()).toEqual([
    'announce',
    'consensus',
    'consensus',
    'consensus',
  ])
})

test('a proof holds for one connection: replayed, or of another key, it is refused', async () => {
  const node = await openNode(1)
  const first = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  const again = await meet(node, 2, { proof: first.proof })
  expect(await again.closed).toBe(4005)
  const other = await meet(node, 3, { headers: { 'mmt-node': nameOf(2) } })
  expect(await other.closed).toBe(4005)
  expect(await counted(node, 'mmt_p2p_refused_total', 'p2p/BAD_PROOF')).toBe(2)
  expect(node.events).toEqual([`joined ${nameOf(2)}`])
})

test('wrong fingerprint, wrong headers and the node’s own name are refused before a stream opens', async () => {
  const node = await openNode(1)
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ 'mmt-fingerprint': '00'.repeat(32) }, '409 .*p2p/WRONG_CHAIN'],
    [{ 'mmt-fingerprint': 'zz' }, '400 .*p2p/BAD_HEADERS'],
    [{ 'mmt-version': '' }, '400 .*p2p/BAD_HEADERS'],
    [{ 'mmt-address': 'no host' }, '400 .*p2p/BAD_HEADERS'],
    [{ 'mmt-port': '65536' }, '400 .*p2p/BAD_HEADERS'],
    [{ 'mmt-nonce': '00' }, '400 .*p2p/BAD_HEADERS'],
    [{ 'mmt-node': node.name }, '409 .*p2p/SELF'],
  ]
  for (const [headers, want] of cases)
    await expect(meet(node, 2, { headers }), JSON.stringify(headers)).rejects.toThrow(new RegExp(want))
  expect(await counted(node, 'mmt_p2p_refused_total', 'p2p/WRONG_CHAIN')).toBe(1)
  expect(await counted(node, 'mmt_p2p_refused_total', 'p2p/BAD_HEADERS')).toBe(5)
})

test('slow-loris: headers that do not end, and a handshake that does not go on, are dropped', async () => {
  const node = await openNode(1, { limits: { handshakeMs: 300 } })
  const [host, port] = node.address.split(':') as [string, string]
  const socket = connect(Number(port), host)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write('GET /p2p/v1/status HTTP/1.1\r\nhost: x\r\n')
  const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 100)
  await once(socket, 'close')
  clearInterval(drip)
  const dumb = await meet(node, 2, { proof: '' })
  expect(await dumb.closed).toBe(4005)
  expect(await counted(node, 'mmt_p2p_refused_total', 'p2p/TOO_SLOW')).toBe(2)
  const honest = await meet(node, 3)
  await until('others are met', () => isWelcome(honest.frames))
})

test('compression bomb: nothing that is compressed is taken', async () => {
  const node = await openNode(1)
  const bomb = gzipSync(new Uint8Array(10_000_000))
  const { status, text } = await ask(node, '/p2p/v1/status', {
    method: 'POST',
    headers: { 'content-encoding': 'gzip', 'content-length': String(bomb.length) },
    body: bomb,
  }).catch(() => ({ status: 415, text: 'p2p/COMPRESSED' }))
  expect([status, text.includes('p2p/COMPRESSED')]).toEqual([415, true])
  expect(await counted(node, 'mmt_p2p_refused_total', 'p2p/COMPRESSED')).toBe(1)
  const stranger = await meet(node, 2, { compress: true })
  await until('it is met', () => node.events.length === 1)
  expect(stranger.socket.extensions).toBe('')
  // A frame that says that it is compressed (RSV1), masked with zeros.
  const raw = (stranger.socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket
  raw.write(Uint8Array.of(0xc2, 0x81, 0, 0, 0, 0, 1))
  await stranger.closed
  expect(await counted(node, 'mmt_p2p_offences_total', 'bad-stream')).toBe(1)
})

test('back-pressure: of a node that says more than is handled no more is read, and others are heard', async () => {
  let release = () => undefined as void
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const flooder = nameOf(2)
  const node = await openNode(1, { onMessage: (from) => (from === flooder ? gate : undefined) })
  const [stranger, honest] = [await meet(node, 2), await meet(node, 3)]
  const bytes = '07'.repeat(MESSAGE_BYTES_MAX / 2)
  for (let i = 0; i < 100; i++) stranger.say(message({ kind: 'block', value: bytes }))
  await until(
    'it is read no further',
    async () => (await counted(node, 'mmt_p2p_paused_total', 'backlog')) === 1,
  )
  honest.say(message({ kind: 'consensus', value: 'vote' }))
  await until('the other is heard', () => node.received.some(({ from }) => from === nameOf(3)))
  expect(node.received.filter(({ from }) => from === flooder)).toHaveLength(1)
  expect(stranger.socket.bufferedAmount).toBeGreaterThan(0)
  release()
  await until('all came', () => node.received.filter(({ from }) => from === flooder).length === 100)
})

test('rates: of each kind so much is read and no more, without harm to who sent it', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  // Ten seconds' worth of blocks may come at once: 200.
  for (let i = 0; i < 260; i++) stranger.say(message({ kind: 'block', value: '01' }))
  await until('it is read no further', async () => (await counted(node, 'mmt_p2p_paused_total', 'rate')) > 0)
  await until('all came in time', () => node.received.length === 260)
  expect(node.membership.peers()).toEqual([nameOf(2)])
  expect(await counted(node, 'mmt_p2p_offences_total')).toBe(0)
})

test('what a node does not read is bounded: the rest is dropped and counted', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  stranger.socket.pause()
  for (let i = 0; i < 300; i++)
    node.membership.send(nameOf(2), { kind: 'block', value: new Uint8Array(MESSAGE_BYTES_MAX - 100) })
  expect(await counted(node, 'mmt_p2p_dropped_total', 'block')).toBeGreaterThan(100)
})

test('silent: a node that gives no sign of life is dropped', async () => {
  const node = await openNode(1, { limits: { beatMs: 100, silentMs: 500 } })
  const stranger = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  stranger.socket.pause()
  await until('it is dropped', () => node.events.length === 2)
  expect(await counted(node, 'mmt_p2p_ended_total', 'p2p/SILENT')).toBe(1)
})

test('what the member can prove of a node is a ban at once', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  await until('it is met', () => node.events.length === 1)
  node.membership.blame(nameOf(2), 'it signed two blocks')
  expect(await stranger.closed).toBe(4002)
  await expect(meet(node, 2)).rejects.toThrow('p2p/BANNED')
  expect(node.network.peers()[0]?.why).toMatch(/it signed two blocks/)
})

test('connections are bounded, of one address and of one network group too', async () => {
  const few = await openNode(1, { limits: { inboundMax: 2 } })
  const met = [await meet(few, 2), await meet(few, 3)]
  await until('they are met', () => met.every(({ frames }) => isWelcome(frames)))
  await expect(meet(few, 4)).rejects.toThrow(/503 .*p2p\/FULL/)
  // One that is here already may come again.
  await until('it comes again', async () => isWelcome((await meet(few, 3)).frames) || few.events.length >= 2)
  const narrow = await openNode(5, { limits: { inboundPerAddressMax: 2, limitLoopback: true } })
  await meet(narrow, 2)
  await meet(narrow, 3)
  await expect(ask(narrow, '/p2p/v1/status')).rejects.toThrow()
  expect(await counted(narrow, 'mmt_p2p_refused_total', 'p2p/FULL')).toBe(1)
})

test('where there is no room, the newest of the network group with most makes it for one of a group with fewer', async () => {
  const far = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  const node = await openNode(1, {
    ...{ listen: { host: '0.0.0.0', port: 0 }, tls: { kind: 'plain' }, limits: { inboundMax: 3 } },
  })
  const port = node.address.split(':').at(-1)
  const near = { ...node, address: `127.0.0.1:${port}` }
  const met: Stranger[] = []
  for (const number of [2, 3, 4]) {
    met.push(await meet(near, number))
    await until('it is met', () => node.membership.peers().includes(nameOf(number)))
  }
  await expect(meet(near, 5)).rejects.toThrow(/503 .*p2p\/FULL/)
  // A machine without any network has one group alone.
  if (far === undefined) return
  await meet({ ...node, address: `${far}:${port}` }, 6)
  expect(await met[2]?.closed).toBe(4003)
  const wanted = [nameOf(2), nameOf(3), nameOf(6)].sort()
  await until('the other has its place', () => `${[...node.membership.peers()].sort()}` === `${wanted}`)
  await expect(meet(near, 7)).rejects.toThrow(/503 .*p2p\/FULL/)
})

test('requests of one address are bounded', async () => {
  const node = await openNode(1, {
    limits: { requestsPerSecond: 2, limitLoopback: true, inboundPerAddressMax: 50 },
  })
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(node, '/p2p/v1/peers')))
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(4)
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4)
})

test('a private node meets those that it names, and tells nobody of them', async () => {
  const friend = await openNode(2)
  const node = await openNode(1, {
    isPrivate: true,
    peers: [`${friend.name}@${friend.address}`],
    allow: [nameOf(3)],
  })
  await until('the friend is met', () => friend.events.length === 1)
  const allowed = await meet(node, 3)
  await until('who is allowed is met', () => isWelcome(allowed.frames))
  await expect(meet(node, 4)).rejects.toThrow(/403 .*p2p\/NOT_ALLOWED/)
  expect(await ask(node, '/p2p/v1/peers')).toMatchObject({ status: 403 })
  allowed.say({ kind: 'getPeers', value: null })
  await until('an answer came', () => allowed.frames.some(({ kind }) => kind === 'peers'))
  expect(allowed.frames.find(({ kind }) => kind === 'peers')?.value).toEqual([])
})

test('nodes and networks of deny are not met', async () => {
  const byName = await openNode(1, { deny: [nameOf(2)] })
  await expect(meet(byName, 2)).rejects.toThrow('p2p/NOT_ALLOWED')
  const other = await meet(byName, 3)
  await until('others are met', () => isWelcome(other.frames))
  const byNetwork = await openNode(4, { deny: ['127.0.0.0/8'] })
  await expect(meet(byNetwork, 3)).rejects.toThrow('p2p/NOT_ALLOWED')
  for (const deny of ['10.0.0.0/33', 'nobody', '::1/129', '1.2.3.4/8/8'])
    await expect(openNode(5, { deny: [deny] })).rejects.toThrow('names neither')
})
