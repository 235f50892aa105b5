import type { Command } from 'commander'
import { type CommonOptions, remote, rpcUrl, transportOf } from './context.ts'
import { say } from './language.ts'
import { type ChainStatus, type Check, type Health, healthOf, optional } from './node-view.ts'
import { look, print, rows } from './output.ts'
import { timeText } from './show.ts'

/** `mmt status`: one screen of where the chain is and how its node is. */
export function addStatus(program: Command): void {
  remote(program.command('status').description(say('status.about')), 'mmt status').action(showStatus)
}

/** Whatever a node with peers says of them; only the number is shown. */
type Peers = readonly unknown[] | { readonly peers: readonly unknown[] }

async function showStatus(options: CommonOptions): Promise<void> {
  const request = transportOf(options)
  const status = (await request('chain_status')) as ChainStatus
  const [{ header }, info, health, pool, peers] = await Promise.all([
    request('chain_header', { height: status.height }) as Promise<{
      readonly header: { readonly round: number }
    }>,
    optional<{ readonly name: string; readonly version: string }>(request, 'node_info'),
    healthOf(request),
    optional<{ readonly count: number }>(request, 'tx_pool'),
    optional<Peers>(request, 'node_peers'),
  ])
  const lagMs = Math.max(0, Date.now() - Number(status.timeMs))
  const peerCount = peers === null ? null : 'peers' in peers ? peers.peers.length : peers.length
  const json = {
    ...status,
    round: header.round,
    lagMs,
    node: info && { name: info.name, version: info.version },
    pool: pool?.count ?? null,
    peers: peerCount,
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
      [say('row.lag'), lagText(lagMs, status.catchingUp)],
      [say('row.waiting'), String(pool?.count ?? '–')],
      [say('row.peers'), peerCount === null ? say('status.noPeers') : String(peerCount)],
      [say('row.fingerprint'), status.fingerprint],
      [say('row.health'), healthText(health, ill)],
      ...(health?.checks ?? []).map((check) => [`  ${check.name}`, checkText(check)] as const),
    ]),
    ...(ill.length > 0 ? ['', say('status.doctor')] : []),
  ])
}

function lagText(lagMs: number, catchingUp: boolean): string {
  const seconds = (lagMs / 1_000).toFixed(1)
  return say(catchingUp ? 'status.catchingUp' : 'status.lag', { seconds })
}

function healthText(health: Health | null, ill: readonly Check[]): string {
  if (!health) return '–'
  if (ill.length > 0) return look(say('status.ill', { count: ill.length }), 'bad')
  return health.ready ? look(say('status.well'), 'good') : look(say('status.notReady'), 'bad')
}

function checkText({ ok, found }: Check): string {
  return ok ? found : look(found, 'bad')
}
