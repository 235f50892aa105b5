import { pbft } from '@mmtchain/consensus-pbft'
import { type MemoryStore, memoryStore, type Store } from '@mmtchain/kernel'
import { createNode, type Node, silentLog, systemHost } from '@mmtchain/node-runtime'
import { type HttpNetwork, httpNetwork } from '@mmtchain/p2p-http'
import { expect, test } from 'vitest'
import { alliance, names } from './alliance.ts'

const HEIGHTS = 400

/** A node that follows over real sockets. */
async function follower(
  genesis: ReturnType<typeof alliance>['genesis'],
  { number, store, peers }: { number: number; store: Store; peers: readonly string[] },
) {
  const told: { readonly fields: object; readonly what: string }[] = []
  const note = (fields: object, what: string) => void told.push({ fields, what })
  const log = { ...silentLog, info: note, warn: note }
  const network: HttpNetwork = httpNetwork({
    ...{ nodeSecret: new Uint8Array(32).fill(number), version: '1.0.0', log: silentLog },
    ...{ listen: { host: '127.0.0.1', port: 0 }, peers, isPrivate: true, allow: ['127.0.0.1'] },
  })
  const node = await createNode({ genesis, store, network, host: systemHost(log) })
  return { node, network, told, address: network.address as string }
}

test('blocks come with their certificates from several nodes at once; one that forges them is found and banned', {
  timeout: 300_000,
}, async () => {
  const chain = alliance(pbft())
  for (const name of names) await chain.start(name)
  await chain.clock.advance(BigInt(HEIGHTS) * 1_100n)
  const { store, tip } = chain.nodes.get('v1') as Node & { readonly store: MemoryStore }
  const full = store.fork()
  const served = new Map<string, number>()
  /** The same blocks, counted as they are read, with other certificates where the node lies. */
  const storeOf = (name: string, isLiar: boolean): Store => {
    const own = full.fork()
    return {
      ...own,
      async block(at) {
        const stored = await own.block(at)
        served.set(name, (served.get(name) ?? 0) + 1)
        return stored && isLiar ? { ...stored, seal: stored.seal.map((byte) => byte ^ 1) } : stored
      },
    }
  }
  const { genesis } = chain
  const sources = [
    await follower(genesis, { number: 1, store: storeOf('one', false), peers: [] }),
    await follower(genesis, { number: 2, store: storeOf('two', false), peers: [] }),
    await follower(genesis, { number: 3, store: storeOf('liar', true), peers: [] }),
  ]
  const peers = sources.map(({ address }) => address)
  const late = await follower(genesis, { number: 4, store: memoryStore(), peers })
  try {
    await expect.poll(() => late.node.tip.id, { timeout: 240_000, interval: 100 }).toBe(tip.id)
    for (const name of ['one', 'two', 'liar']) expect(served.get(name), name).toBeGreaterThan(0)
    const liar = sources[2]?.network.name
    const seen = late.network.peers().find(({ node }) => node === liar)
    expect([seen?.state, seen?.why]).toEqual(['banned', expect.stringMatching(/a block with a bad seal/)])
    const others = late.network.peers().filter(({ node }) => node !== liar)
    expect(others.map(({ state }) => state)).toEqual(['connected', 'connected'])
    expect(late.told.some(({ what }) => what === 'catching up')).toBe(true)
    expect(late.node.catchingUp).toBe(false)
  } finally {
    for (const { node } of [late, ...sources]) await node.stop()
    await chain.stop()
  }
})
