import { copyFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from '../free-ports.ts'
import { inPlace, mmt, mmtJson, type Place, type RunningChain, startChain } from './chain-process.ts'

let place: Place
const running = new Map<number, RunningChain>()

inPlace((made) => {
  place = made
})
// What still runs ends with its place.
afterEach(() => running.clear())

interface TestnetNode {
  readonly home: string
  readonly validator: string | null
  readonly rpc: string
  readonly p2p: string
}

async function makeNetwork(chain: string, count: number): Promise<readonly TestnetNode[]> {
  const base = await freePorts(count)
  const words = ['--validators', String(count), '--dir', join(place.folder, 'net'), '--base-port', `${base}`]
  const { nodes } = await mmtJson<{ nodes: readonly TestnetNode[] }>(place, [
    'testnet',
    ...words,
    '--chain',
    chain,
    '--no-run',
  ])
  // As INTERFACE.md has it, from the port that was asked for.
  expect(nodes.map(({ p2p, rpc }) => [p2p, rpc].map((url) => Number(new URL(url).port)))).toEqual(
    nodes.map((_, i) => [base + i, base + 200 + i]),
  )
  return nodes
}

function start(nodes: readonly TestnetNode[], i: number): void {
  running.set(
    i,
    startChain(place, ['apps/cli/dist/main.js', 'start', '--home', (nodes[i] as TestnetNode).home]),
  )
}

async function call<T>({ rpc }: TestnetNode, method: string, params: object = {}): Promise<T> {
  const response = await fetch(rpc, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    headers: { 'content-type': 'application/json' },
  })
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
  if (error) throw new Error(error.message)
  return result
}

const finalOf = async (node: TestnetNode): Promise<number> => {
  try {
    return Number((await call<{ finalisedHeight: string }>(node, 'chain_status')).finalisedHeight)
  } catch {
    return -1
  }
}

/** Waits until these nodes have all finalised a height. */
async function reach(nodes: readonly TestnetNode[], height: number): Promise<void> {
  await expect
    .poll(async () => Math.min(...(await Promise.all(nodes.map(finalOf)))), {
      timeout: 240_000,
      interval: 200,
    })
    .toBeGreaterThanOrEqual(height)
}

/** All nodes have the same blocks up to a height. */
async function expectSameBlocks(nodes: readonly TestnetNode[], height: number): Promise<void> {
  for (let at = 0; at <= height; at++) {
    const ids = await Promise.all(
      nodes.map(
        async (node) => (await call<{ id: string }>(node, 'chain_header', { height: String(at) })).id,
      ),
    )
    expect(new Set(ids).size, `ids at height ${at}: ${ids}`).toBe(1)
  }
}

/** Each of these sees three others, and the last node in this state; its metrics count those that are connected. */
async function expectPeers(nodes: readonly TestnetNode[], last: string): Promise<void> {
  for (const node of nodes) {
    await expect
      .poll(
        async () => (await call<{ state: string }[]>(node, 'node_peers')).map(({ state }) => state).sort(),
        {
          timeout: 60_000,
        },
      )
      .toEqual(['connected', 'connected', last])
    const connected = last === 'connected' ? 3 : 2
    const metrics = await (await fetch(node.rpc.replace(/rpc$/, 'metrics'))).text()
    expect(metrics).toContain(`\nmmt_peers ${connected}\n`)
    expect(metrics).toContain('mmt_p2p_messages_total{direction="in",kind="beat"}')
    const { nodes: best } = (await (await fetch(`${node.p2p}/p2p/v1/best`)).json()) as { nodes: object[] }
    expect(best.length).toBeGreaterThan(0)
  }
}

for (const [name, chain] of [
  ['one validator and three followers', 'examples/01-token/chain.ts'],
  ['four elected validators', 'examples/04-alliance/chain.ts'],
] as const) {
  test(`${name}, each a process: one is killed, the others go on, it comes back to the same blocks`, {
    timeout: 600_000,
  }, async () => {
    const nodes = await makeNetwork(chain, 4)
    for (const i of nodes.keys()) start(nodes, i)
    await reach(nodes, 3)
    await expectPeers(nodes, 'connected')
    await running.get(3)?.end('SIGKILL')
    const others = nodes.slice(0, 3)
    const before = Math.max(...(await Promise.all(others.map(finalOf))))
    await reach(others, before + 4)
    await expectPeers(others, 'unreachable')
    start(nodes, 3)
    const now = Math.max(...(await Promise.all(others.map(finalOf))))
    await reach(nodes, now + 3)
    await expectSameBlocks(nodes, now + 3)
    for (const [i, node] of running) expect(await node.end('SIGTERM'), `node ${i}`).toBe(0)
  })
}

test('validators whose reveals are missing or wrong lose their turns, vote on, and say so', {
  timeout: 600_000,
}, async () => {
  const nodes = await makeNetwork('examples/04-alliance/chain.ts', 4)
  const onionOf = (i: number) => join(nodes[i]?.home as string, 'keys', `validator${i}.onion`)
  for (const i of nodes.keys()) expect(statSync(onionOf(i)).mode & 0o777).toBe(0o600)
  rmSync(onionOf(2))
  copyFileSync(onionOf(0), onionOf(3))
  for (const i of nodes.keys()) start(nodes, i)
  await reach(nodes, 8)
  await expectSameBlocks(nodes, 8)
  const proposers = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const height = String(i + 1)
      const { header } = await call<{ header: { proposer: string } }>(
        nodes[0] as TestnetNode,
        'chain_header',
        {
          height,
        },
      )
      return header.proposer
    }),
  )
  expect(new Set(proposers).size).toBe(2)
  for (const [i, node] of nodes.entries()) {
    const { checks } = await call<{ checks: { name: string; code: string }[] }>(node, 'node_health')
    const found = checks.find(({ name }) => name === 'reveals')?.code
    expect(found, `node ${i}`).toBe(i < 2 ? 'REVEALS_LEFT' : 'REVEALS_NONE')
  }
  for (const [i, node] of running) expect(await node.end('SIGTERM'), `node ${i}`).toBe(0)
})

test('mmt testnet runs the nodes, prints final heights, stops them cleanly, and goes on the next time', {
  timeout: 300_000,
}, async () => {
  const dir = join(place.folder, 'net')
  const base = String(await freePorts(2))
  const words = [
    '--validators',
    '2',
    '--dir',
    dir,
    '--chain',
    'examples/01-token/chain.ts',
    '--base-port',
    base,
  ]
  const network = () => startChain(place, ['apps/cli/dist/main.js', 'testnet', ...words])
  const first = network()
  running.set(0, first)
  await first.printed(/^height [1-9]\d* is final on 2 of 2 nodes$/m)
  expect(await first.end('SIGINT')).toBe(0)
  const heights = [...first.out().matchAll(/^height (\d+) /gm)].map(([, height]) => Number(height))
  const second = network()
  running.set(0, second)
  await second.printed(new RegExp(`^height ${(heights.at(-1) as number) + 2} `, 'm'))
  expect(await second.end('SIGTERM')).toBe(0)
  expect(statSync(join(dir, 'node0/keys/node.key')).mode & 0o777).toBe(0o600)
  expect(existsSync(join(dir, 'node1/peers.json'))).toBe(true)
  expect(readFileSync(join(dir, 'node1/config.json'), 'utf8')).toContain('"private": true')
  const other = await mmt(place, ['testnet', ...words.with(1, '3')])
  expect([other.code, other.err.includes('cli/TESTNET_EXISTS')]).toEqual([1, true])
})

test('ports begin at 7000 unless told', async () => {
  const { out } = await mmt(place, ['testnet', '--help'])
  expect(out).toMatch(/--base-port <port> .*7000/s)
})

test('a port that another program has is refused by name before anything is written', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  const dir = join(place.folder, 'net')
  const words = ['--validators', '1', '--dir', dir, '--chain', 'examples/01-token/chain.ts']
  const { code, err } = await mmt(place, ['testnet', ...words, '--base-port', String(port)])
  taken.close()
  expect([code, err.includes('home/PORT_IN_USE')], err).toEqual([1, true])
  expect(existsSync(dir)).toBe(false)
})
