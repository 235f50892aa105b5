import { afterEach, expect, test } from 'vitest'
import { closeAll, openNode, type TestNode, until } from './networks.ts'
import { meet, nameOf } from './stranger.ts'

afterEach(closeAll)

/** A place for saved peers in memory. */
function savedPeers(text?: string) {
  const saved = { text }
  return {
    saved,
    read: async () => saved.text,
    write: async (written: string) => {
      saved.text = written
    },
  }
}

const areJoined = (nodes: readonly TestNode[], least: number) => () =>
  nodes.every(({ membership }) => membership.peers().length >= least)

test('nodes that know one seed find each other', async () => {
  const seed = await openNode(1)
  const nodes = [seed]
  for (let number = 2; number <= 6; number++) nodes.push(await openNode(number, { seeds: [seed.address] }))
  await until('each knows three others', areJoined(nodes, 3))
  expect(seed.network.peers().length).toBeGreaterThanOrEqual(3)
})

test('nodes that were met before are met again without the seed', async () => {
  const [seed, other] = [await openNode(1), await openNode(2)]
  const kept = savedPeers()
  const first = await openNode(3, { seeds: [seed.address, other.address], savedPeers: kept })
  await until('it has met both', areJoined([first], 2))
  await first.leave()
  await seed.leave()
  expect(kept.saved.text).toContain(other.name)
  const again = await openNode(3, { savedPeers: kept })
  await until('it has met the other', () => again.membership.peers().includes(other.name))
})

test('damaged or foreign saved peers are as good as none', async () => {
  const other = await openNode(1)
  for (const text of ['', '{', '[]', '{"secret":"x","entries":[{}]}', 'x'.repeat(5_000_000)]) {
    const node = await openNode(2, { savedPeers: savedPeers(text), peers: [other.address] })
    await until('it has met the other', areJoined([node], 1))
    await node.leave()
  }
})

test('addresses that nobody could have, and this machine’s own from elsewhere, are not taken up', async () => {
  const node = await openNode(1, { tls: { kind: 'plain' } })
  const stranger = await meet(node, 2)
  await until('it was asked', () => stranger.frames.some(({ kind }) => kind === 'getPeers'))
  const told = (host: string, port: number, name: string | null = null) => ({ node: name, host, port })
  stranger.say({
    kind: 'peers',
    value: [
      told('0.0.0.0', 7000),
      told('127.0.0.1', 0),
      told('not a host', 7000),
      told('192.0.2.9', 7000, 'no name'),
      told('192.0.2.8', 7000, nameOf(1)),
      told('192.0.2.7', 7000, nameOf(7)),
    ],
  })
  const hosts = async () => {
    const answer = await fetch(`http://${node.address}/p2p/v1/peers`)
    return ((await answer.json()) as { peers: { host: string }[] }).peers.map(({ host }) => host)
  }
  await until('one is taken up', async () => (await hosts()).includes('192.0.2.7'))
  expect((await hosts()).sort()).toEqual(['192.0.2.7'])
})

test('who holds one network group fills few places, whatever it tells', async () => {
  const node = await openNode(1, { tls: { kind: 'plain' }, limits: { outboundMax: 0 } })
  const known = async () => {
    const answer = await fetch(`http://${node.address}/p2p/v1/peers`)
    return ((await answer.json()) as { peers: { host: string }[] }).peers.length
  }
  const stranger = await meet(node, 2)
  await until('it was asked', () => stranger.frames.some(({ kind }) => kind === 'getPeers'))
  const host = (i: number) => `${1 + (i % 200)}.${(i * 7) % 250}.${(i * 13) % 250}.9`
  const value = Array.from({ length: 64 }, (_, i) => ({ node: null, host: host(i), port: 7000 + i }))
  stranger.say({ kind: 'peers', value })
  await until('some are taken up', async () => (await known()) > 0)
  // Four buckets of sixteen places at most for all that one group tells.
  expect(await known()).toBeLessThanOrEqual(64)
})

test('a node that is plain because it is on loopback takes up no address elsewhere', async () => {
  const node = await openNode(1)
  const stranger = await meet(node, 2)
  await until('it was asked', () => stranger.frames.some(({ kind }) => kind === 'getPeers'))
  const told = (host: string) => ({ node: null, host, port: 7000 })
  stranger.say({ kind: 'peers', value: [told('192.0.2.7'), told('127.0.0.2')] })
  const hosts = async () => {
    const answer = await fetch(`http://${node.address}/p2p/v1/peers`)
    return ((await answer.json()) as { peers: { host: string }[] }).peers.map(({ host }) => host)
  }
  await until('one is taken up', async () => (await hosts()).length > 0)
  expect(await hosts()).toEqual(['127.0.0.2'])
})
