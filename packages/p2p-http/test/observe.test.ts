import { hash, height } from '@mmtchain/primitives'
import { afterEach, expect, test } from 'vitest'
import { closeAll, openNode, type TestNode, until } from './networks.ts'
import { meet, nameOf } from './stranger.ts'

afterEach(closeAll)

/** A stranger with a height and a clock of its own, which answers signs of life. */
async function neighbour(
  node: TestNode,
  number: number,
  at: { readonly height: number; readonly clockMs?: number },
) {
  const met = await meet(node, number, { headers: { 'mmt-port': String(7_000 + number) } })
  const nowMs = () => String(Date.now() + (at.clockMs ?? 0))
  const answer = ({ kind, value }: { readonly kind: string; readonly value: unknown }) => {
    if (kind !== 'beat') return
    const { count } = value as { readonly count: number }
    met.say({ kind: 'echo', value: { count, sentMs: nowMs() } })
    met.say({
      kind: 'beat',
      value: { count, sentMs: nowMs(), height: String(at.height), finalised: String(at.height) },
    })
  }
  for (const frame of met.frames) answer(frame)
  met.socket.on('message', (data) => answer(JSON.parse(String(data))))
  return met
}

const best = async ({ address }: TestNode) => {
  const answer = await fetch(`http://${address}/p2p/v1/best`)
  return ((await answer.json()) as { nodes: { node: string; latencyMs: number }[] }).nodes
}

test('a node that lags is told by name and left out of the best, a dead one too', async () => {
  const node = await openNode(1, { limits: { beatMs: 100 } })
  node.network.serve({
    status: () => ({
      height: height(100n),
      id: hash('12'.repeat(32)),
      finalised: height(100n),
      catchingUp: false,
    }),
    block: async () => undefined,
  })
  const [near] = [await neighbour(node, 2, { height: 100 }), await neighbour(node, 3, { height: 99 })]
  await neighbour(node, 4, { height: 50 })
  const stateOf = (number: number) => node.network.peers().find((peer) => peer.node === nameOf(number))
  await until('the laggard is known', () => stateOf(4)?.state === 'lagging')
  expect(stateOf(4)?.why).toBe('It is 49 blocks behind.')
  await until('the others are measured', async () => (await best(node)).length === 3)
  const names = (await best(node)).map((one) => one.node)
  expect([names[0], names.slice(1).sort()]).toEqual([node.name, [nameOf(2), nameOf(3)].sort()])
  near.socket.terminate()
  await until('the dead one is left out', async () => (await best(node)).length === 2)
})

test('a node that boasts alone makes no laggards of the others', async () => {
  const node = await openNode(1, { limits: { beatMs: 100 } })
  await neighbour(node, 2, { height: 100 })
  await neighbour(node, 3, { height: 100 })
  await neighbour(node, 4, { height: 1_000_000 })
  await until('all are met', () => node.network.peers().length === 3)
  await until('all are measured', () => node.network.peers().every((peer) => peer.latencyMs !== null))
  await until('heights are known', () => node.network.peers().every((peer) => peer.height !== null))
  expect(node.network.peers().map(({ state }) => state)).toEqual(['connected', 'connected', 'connected'])
})

test('the offset of the clock is against the median of the others, so that one wrong clock does not count', async () => {
  const node = await openNode(1, { limits: { beatMs: 100 } })
  await neighbour(node, 2, { height: 1, clockMs: 5_000 })
  await neighbour(node, 3, { height: 1, clockMs: 5_000 })
  await neighbour(node, 4, { height: 1, clockMs: -86_400_000 })
  await until('all are met', () => node.network.peers().length === 3)
  await until('all are measured', () => node.network.peers().every((peer) => peer.clockOffsetMs !== null))
  const { clockOffsetMs = 0, connected } = node.network.report()
  expect(connected).toBe(3)
  // Half of the time there and back may be wrong in it, which is long on a busy machine.
  expect(clockOffsetMs).toBeGreaterThan(1_000)
  expect(clockOffsetMs).toBeLessThan(9_000)
})
