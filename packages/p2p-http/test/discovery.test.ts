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

test('a peer whose place among the tried addresses another one has is not forgotten by a new start', async () => {
  const node = nameOf(9)
  // With this secret two of them have the same place.
  const entries = [1, 2, 3, 4, 5, 6, 7, 8].map((port) => ({
    address: { node, host: '127.0.0.1', port },
    source: 'loopback',
    reachedMs: '1',
    failures: 0,
  }))
  const kept = savedPeers(JSON.stringify({ secret: 'b', entries, bans: [] }))
  const opened = await openNode(1, { savedPeers: kept })
  await opened.leave()
  const ports = JSON.parse(kept.saved.text as string).entries.map(
    (one: (typeof entries)[0]) => one.address.port,
  )
  expect(ports.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('a ban outlasts the node that said it, even one that was killed before it could leave', async () => {
  const kept = savedPeers()
  const first = await openNode(1, { savedPeers: kept })
  const stranger = await meet(first, 2)
  await until('it is met', () => first.membership.peers().length === 1)
  first.membership.blame(nameOf(2), 'it signed two blocks')
  expect(await stranger.closed).toBe(4002)
  await until('the ban is saved', () => kept.saved.text?.includes(nameOf(2)) === true)
  const left = kept.saved.text
  await first.leave()
  const again = await openNode(1, { savedPeers: savedPeers(left) })
  await expect(meet(again, 2)).rejects.toThrow('p2p/BANNED')
  expect(again.network.peers().map(({ state, why }) => [state, /it signed two blocks/.test(why)])).toEqual([
    ['banned', true],
  ])
  // A file that bans for a century does so for a day.
  const forged = left?.replace(/"untilMs":"\d+"/, '"untilMs":"99999999999999"')
  const third = await openNode(3, { savedPeers: savedPeers(forged) })
  const [, until_] = /until (\S+):/.exec(third.network.peers()[0]?.why ?? '') ?? []
  expect(Date.parse(until_ ?? '')).toBeLessThanOrEqual(Date.now() + 86_400_000)
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
