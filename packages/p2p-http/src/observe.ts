import type { PeerId } from '@mmtchain/kernel'
import { type ChainError, type Height, height } from '@mmtchain/primitives'
import { type NodeAddress, placeText } from './address.ts'
import type { Link } from './link.ts'
import type { BestNodes } from './reads.ts'
import type { Target } from './seeker.ts'
import type { Standing } from './standing.ts'

// What the node sees of its network, for operators and for whoever looks for a good node.

/** A node so many blocks behind the best is not healthy. */
const LAG_MAX = 5n
/** One that answers so slowly is not near, whatever the cause. */
const LATENCY_MS_MAX = 1_000

/** Another node as this one sees it. */
export interface PeerView {
  /** Its name, where that is known. */
  readonly node: PeerId | null
  /** `HOST:PORT` at which it can be dialled. */
  readonly address: string
  readonly url: string
  readonly version: string | null
  readonly height: Height | null
  /** Time there and back of the newest sign of life. */
  readonly latencyMs: number | null
  readonly clockOffsetMs: number | null
  readonly state: 'connected' | 'lagging' | 'unreachable' | 'banned'
  /** Why it is not connected or not healthy; empty when all is well. */
  readonly why: string
}

/** How the network is, for checks of health. */
export interface NetworkReport {
  readonly connected: number
  /** How many of `peers` there are, and which of them are not connected, and why. */
  readonly wanted: number
  readonly missing: readonly { readonly address: string; readonly error: ChainError | undefined }[]
  /** How far the clocks of the connected nodes are ahead of this one, in the median. */
  readonly clockOffsetMs: number | undefined
}

const urlOf = (address: Pick<NodeAddress, 'host' | 'port'>, secure: boolean) =>
  `${secure ? 'https' : 'http'}://${placeText(address)}`

/** All that is known of other nodes. */
export function viewPeers(args: {
  readonly links: readonly Link[]
  readonly targets: readonly Target[]
  readonly standing: Standing
  readonly secure: boolean
}): readonly PeerView[] {
  const { links, targets, standing, secure } = args
  const best = bestHeight(links)
  const connected = links.map((link): PeerView => {
    const { vitals, greeting, address, peer } = link
    const lag = best - (vitals.height ?? best)
    const { points, why } = standing.of(peer, Date.now())
    const isLagging = lag > LAG_MAX
    return {
      node: peer,
      address: placeText(address),
      url: urlOf(address, secure),
      version: greeting.version,
      height: vitals.height === undefined ? null : height(vitals.height),
      latencyMs: vitals.latencyMs === undefined ? null : Math.round(vitals.latencyMs),
      clockOffsetMs: vitals.clockOffsetMs === undefined ? null : Math.round(vitals.clockOffsetMs),
      state: isLagging ? 'lagging' : 'connected',
      why: isLagging
        ? `It is ${lag} blocks behind.`
        : points > 0
          ? `${Math.ceil(points)} points: ${why}`
          : '',
    }
  })
  const linked = new Set(links.map(({ peer }) => peer))
  const bans = standing.bans(Date.now())
  const absent = targets
    .filter(({ node }) => node === undefined || !(linked.has(node) || bans.some(({ peer }) => peer === node)))
    .map(
      ({ address, node, error }): PeerView => ({
        ...NOTHING,
        node: node ?? null,
        address: placeText(address),
        url: urlOf(address, secure),
        state: 'unreachable',
        why: error ? `${error.code}: ${error.message}` : 'It is being dialled.',
      }),
    )
  const banned = bans.map(({ peer, untilMs, why }): PeerView => {
    const address = targets.find(({ node }) => node === peer)?.address
    return {
      ...NOTHING,
      node: peer,
      address: address ? placeText(address) : '',
      url: address ? urlOf(address, secure) : '',
      state: 'banned',
      why: `until ${new Date(untilMs).toISOString()}: ${why}`,
    }
  })
  return [...connected, ...absent, ...banned]
}

const NOTHING = { version: null, height: null, latencyMs: null, clockOffsetMs: null } as const

/** This node and the healthy ones that it is connected with, the nearest and least loaded first. */
export function bestOf(args: {
  readonly links: readonly Link[]
  readonly self: {
    readonly node: PeerId
    readonly host: string
    readonly port: number
    readonly height: Height
  }
  readonly secure: boolean
}): BestNodes {
  const { links, self, secure } = args
  const most = bestHeight(links) > self.height ? bestHeight(links) : self.height
  const own = { node: self.node, url: urlOf(self, secure), height: self.height, latencyMs: 0, loadMs: 0 }
  const others = links
    .flatMap((link) => (link.vitals.height === undefined ? [] : [{ ...link, at: link.vitals.height }]))
    .filter(({ vitals, address }) => vitals.latencyMs !== undefined && address.port !== 0)
    .filter(({ vitals, at }) => most - at <= LAG_MAX && vitals.latencySmoothMs <= LATENCY_MS_MAX)
    .map(({ peer, address, vitals, at }) => ({
      node: peer,
      url: urlOf(address, secure),
      height: height(at),
      latencyMs: Math.round(vitals.latencyMinMs),
      loadMs: Math.round(Math.max(0, vitals.latencySmoothMs - vitals.latencyMinMs)),
    }))
    .sort((a, b) => a.latencyMs + a.loadMs - (b.latencyMs + b.loadMs))
  return { nodes: most - self.height <= LAG_MAX ? [own, ...others] : others }
}

/** How far the clocks of the others are ahead of this one, in the median; undefined while none is known. */
export function clockOffsetOf(links: readonly Pick<Link, 'vitals'>[]): number | undefined {
  const offsets = links.flatMap(({ vitals }) => vitals.clockOffsetMs ?? []).sort((a, b) => a - b)
  const middle = offsets.length / 2
  const [low, high] = [offsets[Math.ceil(middle) - 1], offsets[Math.floor(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** Whom this node is connected with and whom it misses, and how its clock stands among the others. */
export function reportOf(links: readonly Link[], targets: readonly Target[]): NetworkReport {
  const linked = new Set(links.map(({ peer }) => peer))
  const missing = targets.filter(({ node }) => node === undefined || !linked.has(node))
  return {
    connected: links.length,
    wanted: targets.length,
    missing: missing.map(({ address, error }) => ({ address: placeText(address), error })),
    clockOffsetMs: clockOffsetOf(links),
  }
}

function bestHeight(links: readonly Link[]): bigint {
  // The second highest, so that one node that boasts does not make all others laggards.
  const heights = links.flatMap(({ vitals }) => vitals.height ?? []).sort((a, b) => (a < b ? 1 : -1))
  return heights[1] ?? heights[0] ?? 0n
}
