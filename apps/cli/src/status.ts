import type { Transport } from '@mmtchain/client'
import type { Command } from 'commander'
import { type CommonOptions, remote, rpcUrl, transportOf } from './context.ts'
import { say } from './language.ts'
import { type ChainStatus, type Check, type Health, healthOf, optional } from './node-view.ts'
import { look, print, rows } from './output.ts'
import { timeText, validatorsOf } from './show.ts'

/** `mmt status`: one screen of where the chain is and how its node is. */
export function addStatus(program: Command): void {
  remote(program.command('status').description(say('status.about')), 'mmt status').action(showStatus)
}

/** Other nodes, as `node_peers` tells of them. */
type Peers = readonly {
  readonly state: 'connected' | 'lagging' | 'unreachable' | 'banned'
  readonly height: string | null
}[]

/** How many turns of each validator are looked back on. */
const TURNS_BACK = 3
const BLOCKS_MAX = 100

interface Attendance {
  readonly validators: number
  /** How many of the newest blocks were looked at; null where the chain is too young to tell. */
  readonly blocks: number | null
  /** Validators of the next block who made none of them. */
  readonly missing: readonly string[]
}

/** Who has not made a block lately. */
async function attendanceOf(request: Transport, tip: bigint): Promise<Attendance> {
  const { validators } = await validatorsOf(request)
  const blocks = TURNS_BACK * validators.length
  if (tip < BigInt(blocks)) return { validators: validators.length, blocks: null, missing: [] }
  const seen = new Set<string>()
  for (let from = tip - BigInt(blocks) + 1n; from <= tip; from += BigInt(BLOCKS_MAX)) {
    const limit = Math.min(BLOCKS_MAX, Number(tip - from) + 1)
    const found = (await request('chain_blocks', { from: String(from), limit })) as {
      readonly blocks: readonly { readonly header: { readonly proposer: string } }[]
    }
    for (const { header } of found.blocks) seen.add(header.proposer)
  }
  const missing = validators.map(({ address }) => address).filter((address) => !seen.has(address))
  return { validators: validators.length, blocks, missing }
}

function attendanceText({ validators: count, blocks, missing }: Attendance): string {
  if (blocks === null) return say('status.tooEarly', { height: TURNS_BACK * count })
  if (missing.length === 0) return say('status.noneMissing', { count, blocks })
  const names = missing.join(', ')
  return look(say('status.missing', { missing: missing.length, count, blocks, names }), 'bad')
}

interface Certificate {
  readonly engine: string
  readonly seal: string
}

function sealText({ engine, seal }: Certificate): string {
  if (seal === '') return say('status.noSeal', { engine })
  return say('status.seal', { engine, bytes: seal.length / 2, start: seal.slice(0, 16) })
}

async function showStatus(options: CommonOptions): Promise<void> {
  const request = transportOf(options)
  const status = (await request('chain_status')) as ChainStatus
  const [{ header }, info, health, pool, peers, attendance, certificate] = await Promise.all([
    request('chain_header', { height: status.height }) as Promise<{
      readonly header: { readonly round: number }
    }>,
    optional<{ readonly name: string; readonly version: string }>(request, 'node_info'),
    healthOf(request),
    optional<{ readonly count: number }>(request, 'tx_pool'),
    optional<Peers>(request, 'node_peers'),
    attendanceOf(request, BigInt(status.height)),
    request('chain_certificate', { height: status.height }) as Promise<Certificate>,
  ])
  const lagMs = Math.max(0, Date.now() - Number(status.timeMs))
  const isConnected = ({ state }: Peers[number]) => state === 'connected' || state === 'lagging'
  const peerCount = peers?.filter(isConnected).length ?? null
  const target = targetOf(status, peers?.filter(isConnected) ?? [])
  const json = {
    ...status,
    target,
    round: header.round,
    lagMs,
    node: info && { name: info.name, version: info.version },
    pool: pool?.count ?? null,
    peers: peerCount,
    attendance,
    certificate: { engine: certificate.engine, seal: certificate.seal },
    health,
  }
  const ill = health?.checks.filter(({ ok }) => !ok) ?? []
  print(options, json, [
    look(status.chainId, 'title'),
    ...rows([
      [say('row.node'), [rpcUrl(options), info && `${info.name} ${info.version}`].filter(Boolean).join('  ')],
      [say('row.height'), say('status.height', { height: status.height, final: status.finalisedHeight })],
      [say('row.round'), String(header.round)],
      [say('row.block'), status.id],
      [say('row.time'), timeText(status.timeMs)],
      [say('row.lag'), lagText(lagMs, status, target)],
      [say('row.waiting'), String(pool?.count ?? '–')],
      [say('row.peers'), peerCount ? String(peerCount) : say('status.noPeers')],
      [say('row.missing'), attendanceText(attendance)],
      [say('row.seal'), sealText(certificate)],
      [say('row.fingerprint'), status.fingerprint],
      [say('row.health'), healthText(health, ill)],
      ...(health?.checks ?? []).map((check) => [`  ${check.name}`, checkText(check)] as const),
    ]),
    ...(ill.length > 0 ? ['', say('status.doctor')] : []),
  ])
}

/** The greatest height that a connected peer or the node itself has. */
function targetOf({ height }: ChainStatus, peers: Peers): string {
  const heights = peers.flatMap((peer) => (peer.height === null ? [] : [BigInt(peer.height)]))
  return heights.reduce((most, one) => (one > most ? one : most), BigInt(height)).toString()
}

function lagText(lagMs: number, { catchingUp, height }: ChainStatus, target: string): string {
  const seconds = (lagMs / 1_000).toFixed(1)
  if (!catchingUp) return say('status.lag', { seconds })
  const percent = ((100 * Number(height)) / Math.max(1, Number(target))).toFixed(1)
  return say('status.catchingUp', { seconds, height, target, percent })
}

function healthText(health: Health | null, ill: readonly Check[]): string {
  if (!health) return '–'
  if (ill.length > 0) return look(say('status.ill', { count: ill.length }), 'bad')
  return health.ready ? look(say('status.well'), 'good') : look(say('status.notReady'), 'bad')
}

function checkText({ ok, found }: Check): string {
  return ok ? found : look(found, 'bad')
}
