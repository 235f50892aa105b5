import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ed25519 } from '@mmtchain/crypto'
import { type HealthCheck, healthChecksOf, type Log, type Node } from '@mmtchain/node-runtime'
import {
  type HttpNetwork,
  httpNetwork,
  nodeKey,
  readSecretPem,
  secretPem,
  type Tls,
} from '@mmtchain/p2p-http'
import { makeFolder, writeAtomic } from './atomic-file.ts'
import type { Config } from './config.ts'
import type { Home } from './home.ts'
import { homeFail } from './refusals.ts'
import type { SharedSnapshots } from './snapshots.ts'
import { VERSION } from './version.ts'

/** A clock this far from the median of the others is worth a warning: rules on the time of blocks leave 200 to 500 ms. */
const CLOCK_MS_MAX = 200
/** With more than this share of the wanted nodes missing something is wrong here rather than there. */
const MISSING_SHARE_MAX = 1 / 3

/** The network of a home, where its configuration has a port for it. Throws `p2p/…` and `home/BAD_FILE`. */
export async function openNetwork(
  home: Home,
  { p2p }: Pick<Config, 'p2p'>,
  log: Log,
): Promise<HttpNetwork | undefined> {
  const { port, host, announce, peers, seeds, allow, deny, limits } = p2p
  if (port === null) return undefined
  return httpNetwork({
    nodeSecret: await makeNodeKey(home),
    version: VERSION,
    listen: { host, port },
    announce: announce ?? undefined,
    peers,
    seeds,
    isPrivate: p2p.private,
    allow,
    deny,
    tls: tlsOf(home, p2p),
    limits,
    savedPeers: {
      read: async () => (existsSync(home.peers) ? readFile(home.peers, 'utf8') : undefined),
      write: (text) => writeAtomic(home.peers, text, { mode: 0o600 }),
    },
    log,
  })
}

/** Lets others read what the node has. */
export function serveNode(network: HttpNetwork, node: Node, snapshots: SharedSnapshots): void {
  network.serve({
    snapshots,
    status: () => ({
      height: node.tip.header.height,
      id: node.tip.id,
      finalised: node.finalised,
      catchingUp: node.catchingUp,
    }),
    block: (height) => node.store.block({ height }),
  })
}

/** The secret of the key by which other nodes know this one, made when there is none. Throws `home/BAD_FILE`. */
export async function makeNodeKey(home: Home): Promise<Uint8Array> {
  const file = home.nodeKey
  if (!existsSync(file)) {
    await makeFolder(dirname(file), { mode: 0o700 })
    await writeAtomic(file, secretPem(ed25519.generateSecret()), { mode: 0o600, isNew: true })
  }
  const secret = readSecretPem(readFileSync(file, 'utf8'))
  if (!secret) throw homeFail.BAD_FILE({ file, why: 'it is no Ed25519 key in PEM (PKCS #8).' })
  return secret
}

/** The name by which other nodes know the one of a home. */
export async function nodeName(home: Home): Promise<string> {
  return nodeKey(await makeNodeKey(home)).name
}

function tlsOf(home: Home, { tls, authority, certificate, certificateKey }: Config['p2p']): Tls | undefined {
  const read = (path: string) => {
    const file = resolve(home.path, path)
    if (!existsSync(file)) throw homeFail.BAD_FILE({ file, why: 'it is missing.' })
    return readFileSync(file, 'utf8')
  }
  if (tls === 'plain' || tls === 'pinned') return { kind: tls }
  if (tls !== 'authority') return undefined
  return { kind: 'authority', authority: read(authority), cert: read(certificate), key: read(certificateKey) }
}

/** What a node finds about other nodes. */
export const networkHealthTexts = {
  PEERS_MET: { found: '{connected} nodes are connected.' },
  PEERS_NONE: {
    found: 'No other node is connected.',
    cure: 'Name some in peers or seeds of p2p in config.json, and check that others can reach its port.',
  },
  PEERS_MISSED: {
    found: '{missing} of {wanted} wanted nodes are not connected; {address}: {why}',
    cure: 'Check that the nodes run and that their ports can be reached from here; node_peers tells of each why.',
  },
  PEER_CLOCKS: { found: 'The clock is {ms} ms from the median of {connected} nodes.' },
  PEER_CLOCKS_APART: {
    found: 'The clock is {ms} ms from the median of {connected} nodes.',
    cure: 'Let a time service (chrony, systemd-timesyncd, w32time) keep the clock of this machine.',
  },
} as const

const check = healthChecksOf(networkHealthTexts)

/** Looks at the network: who is missed, and how the clock stands among those of others. */
export function networkChecks(network: HttpNetwork): readonly HealthCheck[] {
  const { connected, wanted, missing, clockOffsetMs } = network.report()
  const [first] = missing
  const isMissing = first !== undefined && (connected === 0 || missing.length > wanted * MISSING_SHARE_MAX)
  const peers = isMissing
    ? check('peers', 'PEERS_MISSED', {
        missing: missing.length,
        wanted,
        address: first.address,
        why: first.error ? `${first.error.code}: ${first.error.message}` : 'it is being dialled.',
      })
    : check('peers', connected === 0 ? 'PEERS_NONE' : 'PEERS_MET', { connected })
  if (clockOffsetMs === undefined) return [peers]
  const ms = Math.round(Math.abs(clockOffsetMs))
  const code = ms > CLOCK_MS_MAX ? 'PEER_CLOCKS_APART' : 'PEER_CLOCKS'
  return [peers, check('peer-clocks', code, { ms, connected })]
}
