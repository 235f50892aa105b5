import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { readSecretPem, secretPem } from '@mmtchain/p2p-http'
import { afterEach, expect, test } from 'vitest'
import { makeAuthority } from './authority.ts'
import { closeAll, counted, openNode, say, secretOf, type TestNode, until } from './networks.ts'

afterEach(closeAll)

const pinned = { kind: 'pinned' } as const

async function refusedWith(node: TestNode, code: string): Promise<void> {
  await until(`it is refused with ${code}`, () =>
    node.warned.some(({ fields }) => `${fields.code} ${fields.why}`.includes(code)),
  )
}

test('pinned: nodes show certificates of their own keys, and speak TLS alone', async () => {
  const one = await openNode(1, { tls: pinned })
  const two = await openNode(2, { tls: pinned, peers: [`${one.name}@${one.address}`] })
  await until('they are joined', () => one.events.length === 1 && two.events.length === 1)
  two.membership.broadcast(say('in private'))
  await until('it is heard', () => one.received.length === 1)
  expect(one.received[0]).toEqual({ from: two.name, message: say('in private') })
  const [host, port] = one.address.split(':') as [string, string]
  const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  expect(socket.getProtocol()).toBe('TLSv1.3')
  const shown = socket.getPeerX509Certificate()
  expect(shown?.subject).toBe(`CN=${one.name}`)
  expect(shown?.verify(shown.publicKey)).toBe(true)
  socket.destroy()
  await expect(fetch(`http://${one.address}/p2p/v1/peers`)).rejects.toThrow()
})

test('pinned: another key than that of the node that is meant is refused by name', async () => {
  const one = await openNode(1, { tls: pinned })
  const three = await openNode(3, { tls: pinned })
  const two = await openNode(2, { tls: pinned, peers: [`${three.name}@${one.address}`] })
  await refusedWith(two, 'p2p/WRONG_KEY')
  expect(await counted(two, 'mmt_p2p_refused_total', 'p2p/WRONG_KEY')).toBeGreaterThan(0)
  expect([one.events, two.events]).toEqual([[], []])
})

test('a node that stands between two others gets nowhere: proofs hold for one TLS connection', async () => {
  const one = await openNode(1, { tls: pinned })
  const [host, port] = one.address.split(':') as [string, string]
  // It ends TLS on both sides with a key of its own and passes on what it reads.
  const { cert, key } = await (await makeAuthority('nobody')).issue('between')
  const between = createTlsServer({ cert, key }, (near) => {
    const far = connectTls({ host, port: Number(port), cert, key, rejectUnauthorized: false })
    near.pipe(far).pipe(near)
    for (const end of [near, far]) end.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  const there = `127.0.0.1:${(between.address() as { port: number }).port}`
  const two = await openNode(2, { tls: pinned, peers: [`${one.name}@${there}`] })
  await until('it is refused', () => two.warned.length > 0)
  expect(JSON.stringify(two.warned)).toMatch(/p2p\/WRONG_KEY|p2p\/BAD_PROOF/)
  // Even with a node whose authority would let the other in.
  const alliance = await makeAuthority('alliance')
  const tlsOf = async (name: string) =>
    ({ kind: 'authority', authority: alliance.authority, ...(await alliance.issue(name)) }) as const
  const inner = await openNode(3, { tls: await tlsOf('inner') })
  const member = await alliance.issue('traitor')
  const [innerHost, innerPort] = inner.address.split(':') as [string, string]
  const traitor = createTlsServer({ ...member, requestCert: true, rejectUnauthorized: false }, (near) => {
    const far = connectTls({ host: innerHost, port: Number(innerPort), ...member, rejectUnauthorized: false })
    near.pipe(far).pipe(near)
    for (const end of [near, far]) end.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(traitor, 'listening')
  const through = `127.0.0.1:${(traitor.address() as { port: number }).port}`
  const outer = await openNode(4, { tls: await tlsOf('outer'), peers: [`${inner.name}@${through}`] })
  await refusedWith(outer, 'p2p/BAD_PROOF')
  expect([one.events, two.events, inner.events, outer.events]).toEqual([[], [], [], []])
  between.close()
  traitor.close()
})

test('authority: nodes with certificates of the alliance meet; without, expired or of another authority they are refused by name', async () => {
  const [alliance, others] = [await makeAuthority('alliance'), await makeAuthority('others')]
  const { authority } = alliance
  const tls = async (credentials: Promise<{ cert: string; key: string }>, by = authority) =>
    ({ kind: 'authority', authority: by, ...(await credentials) }) as const
  const one = await openNode(1, { tls: await tls(alliance.issue('one')) })
  const two = await openNode(2, { tls: await tls(alliance.issue('two')), peers: [one.address] })
  await until('they are joined', () => one.events.length === 1 && two.events.length === 1)
  const cases = [
    [await tls(alliance.issue('old', { from: -9, to: -1 })), 'p2p/CERTIFICATE_EXPIRED'],
    [await tls(alliance.issue('early', { from: 1, to: 9 })), 'p2p/CERTIFICATE_EXPIRED'],
    [await tls(others.issue('stranger')), 'p2p/WRONG_AUTHORITY'],
    [pinned, 'p2p/WRONG_AUTHORITY'],
  ] as const
  for (const [i, [own, code]] of cases.entries()) {
    const node = await openNode(10 + i, { tls: own, peers: [one.address] })
    await refusedWith(node, code)
    expect(await counted(one, 'mmt_p2p_refused_total', code)).toBeGreaterThan(0)
    await node.leave()
  }
  // The one that dials looks at the other's certificate, too.
  const old = await openNode(20, { tls: await tls(alliance.issue('old', { from: -9, to: -1 })) })
  const dialler = await openNode(21, { tls: await tls(alliance.issue('new')), peers: [old.address] })
  await until('it is refused', () => dialler.warned.length > 0)
  expect(dialler.warned[0]?.fields.code).toBe('p2p/CERTIFICATE_EXPIRED')
  // Who shows no certificate reads nothing either.
  const asked = get(`https://${one.address}/p2p/v1/peers`, { rejectUnauthorized: false })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const piece of answer) text += String(piece)
  expect([answer.statusCode, text.includes('p2p/NO_CERTIFICATE')]).toEqual([403, true])
  expect(one.events).toEqual([`joined ${two.name}`])
})

test('off loopback nothing goes in the open unless the operator says so', async () => {
  await expect(openNode(1, { peers: ['192.0.2.1:7000'] })).rejects.toMatchObject({
    code: 'p2p/PLAIN_OFF_LOOPBACK',
  })
  await openNode(2, { peers: ['192.0.2.1:7000'], tls: { kind: 'plain' } })
  const open = await openNode(3, { listen: { host: '0.0.0.0', port: 0 } })
  const port = open.address.split(':')[1]
  await expect(fetch(`http://127.0.0.1:${port}/p2p/v1/peers`)).rejects.toThrow()
  const { authority } = await makeAuthority('alliance')
  const [own, other] = [
    await (await makeAuthority('a')).issue('x'),
    await (await makeAuthority('b')).issue('y'),
  ]
  for (const tls of [
    { kind: 'authority', authority, cert: own.cert, key: other.key },
    { kind: 'authority', authority: 'no PEM', ...own },
  ] as const)
    await expect(openNode(4, { tls })).rejects.toMatchObject({ code: 'p2p/BAD_CERTIFICATE_FILE' })
})

test('a TLS handshake that does not end is dropped', async () => {
  const node = await openNode(1, { tls: pinned, limits: { handshakeMs: 300 } })
  const [host, port] = node.address.split(':') as [string, string]
  const socket = connect(Number(port), host)
  socket.on('error', () => undefined)
  await once(socket, 'close')
  expect(node.events).toEqual([])
})

test('a node that is cut off between two others is found missing, and met again', async () => {
  const one = await openNode(1, { tls: pinned, limits: { beatMs: 100, silentMs: 600 } })
  const [host, port] = one.address.split(':') as [string, string]
  const sockets = new Set<Socket>()
  let isCut = false
  const proxy = createServer((near) => {
    const far = connect(Number(port), host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
      from.on('data', (data) => isCut || to.write(data))
    }
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const there = `127.0.0.1:${(proxy.address() as { port: number }).port}`
  const limits = { beatMs: 100, silentMs: 600, handshakeMs: 500 }
  const two = await openNode(2, { tls: pinned, peers: [`${one.name}@${there}`], limits })
  await until('they are joined', () => one.events.length === 1 && two.events.length === 1)
  isCut = true
  await until('they miss each other', () => one.events.length === 2 && two.events.length === 2)
  expect(two.network.peers()).toMatchObject([{ node: one.name, state: 'unreachable' }])
  isCut = false
  await until('they are joined again', () => one.events.length === 3 && two.events.length === 3)
  for (const socket of sockets) socket.destroy()
  proxy.close()
})

test('the key of a node is PKCS #8 in PEM, as OpenSSL writes it', () => {
  const secret = secretOf(7)
  expect(readSecretPem(secretPem(secret))).toEqual(secret)
  for (const text of ['', 'x', secretPem(secret).replace('PRIVATE', 'PUBLIC'), secretPem(new Uint8Array(31))])
    expect(readSecretPem(text)).toBe(undefined)
})
