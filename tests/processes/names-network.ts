// Four validators as processes with a registered name, and the gateways to it as one more.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commitmentOf } from '@mmtchain/named-router'
import { type Address, type Hash, parseAddress } from '@mmtchain/primitives'
import { expect } from 'vitest'
import { freePorts } from '../free-ports.ts'
import { mmt, mmtJson, type Place, startChain } from './chain-process.ts'

const CHAIN = 'examples/08-names/chain.ts'
/** Under load a machine makes blocks late. */
const LAG = '120'

/** Starts it, registers `lab.harbour`, which leads to a page of every node, and `report-17.lab.harbour`, and serves them. */
export async function namesNetwork(place: Place) {
  const dir = join(place.folder, 'net')
  const words = [
    '--validators',
    '4',
    '--dir',
    dir,
    '--base-port',
    String(await freePorts(4)),
    '--chain',
    CHAIN,
  ]
  const { nodes } = await mmtJson<{ nodes: readonly { home: string; rpc: string; p2p: string }[] }>(place, [
    ...['testnet', ...words, '--no-run'],
  ])
  const running = nodes.map(({ home }) =>
    startChain(place, ['apps/cli/dist/main.js', 'start', '--home', home]),
  )
  const home = ['--home', dir]
  const height = async () => {
    const { code, out } = await mmt(place, ['status', ...home, '--json'])
    return code === 0 ? Number((JSON.parse(out) as { height: string }).height) : 0
  }
  const reach = (wanted: number) =>
    expect.poll(height, { timeout: 240_000, interval: 500 }).toBeGreaterThanOrEqual(wanted)
  await reach(2)
  const { fingerprint } = JSON.parse(
    readFileSync(join((nodes[0] as { home: string }).home, 'genesis.json'), 'utf8'),
  ) as {
    fingerprint: Hash
  }
  const { address } = await mmtJson<{ address: string }>(place, ['keys', 'show', 'demo1', ...home])
  const owner: Address = parseAddress(address, { prefix: 'harbour' })
  const env = { ...place, env: { ...place.env } }
  delete env.env.MMT_PASSPHRASE_FILE
  const send = async (command: string, fields: readonly string[]) => {
    const all = ['tx', 'names', command, ...fields, '--from', 'demo1', '--wait', 'finalised', ...home]
    return mmtJson<{ height: string }>(env, all)
  }
  const secret = '07'.repeat(32)
  const commitment = commitmentOf({
    ...{ fingerprint, sender: owner, owner, label: 'lab', secret: new Uint8Array(32).fill(7) },
  })
  const committed = await send('commit', ['--commitment', commitment])
  await reach(Number(committed.height) + 1)
  await send('register', ['--label', 'lab', '--owner', address, '--terms', '1', '--secret', secret])
  const record = (value: object) => ['--record', JSON.stringify(value)]
  const url = { kind: 'url', value: { places: ['/p2p/v1/status'] } }
  await send('setRecord', ['--name', 'lab', ...record(url)])
  await send('createSubname', ['--name', 'report-17.lab', '--owner', address])
  const motd = { kind: 'text', value: { key: 'motd', value: 'hello from the lab' } }
  await send('setRecord', ['--name', 'report-17.lab', ...record(motd)])

  const keep = join(place.folder, 'names.json')
  const gateway = startChain(place, [
    ...[
      'apps/cli/dist/main.js',
      'names',
      'serve',
      '--dns-port',
      '0',
      '--http-port',
      '0',
      '--json',
      '--keep',
      keep,
    ],
    ...[...home, '--lag', LAG, '--private'],
  ])
  const [line] = await gateway.printed(/\{[\s\S]*"http":[\s\S]*\}/)
  const { dns, http } = JSON.parse(line) as { dns: string; http: string }
  return { nodes, running, fingerprint, owner, address, home, gateway, dns, http, keep, lag: LAG, url, motd }
}
