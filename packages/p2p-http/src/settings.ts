import { bool, type Infer, struct, u32 } from '@mmtchain/codec'
import { p2pFail } from './refusals.ts'

/** What bounds other nodes. */
export const networkLimits = struct({
  /** The most connections that others opened, and the most that this node opens to nodes which it found by itself. */
  inboundMax: u32,
  outboundMax: u32,
  /** The most of the first from one address. */
  inboundPerAddressMax: u32,
  /** Requests a second of one address; twice as many may come at once. */
  requestsPerSecond: u32,
  /** Whether the limits per address hold for callers on this machine, too. */
  limitLoopback: bool,
  /** How long a handshake or a request may take. */
  handshakeMs: u32,
  /** How often a node gives a sign of life, and how long it may give none. */
  beatMs: u32,
  silentMs: u32,
  /** What of one node may wait to be handled or sent, counted in messages of the greatest length; more is not read, or not sent. */
  waitingMax: u32,
  /** How long the first ban of a node lasts; each next one is twice as long, a day at most. */
  banMs: u32,
})
export type NetworkLimits = Infer<typeof networkLimits>

export const NETWORK_LIMITS_DEFAULT: NetworkLimits = {
  inboundMax: 64,
  outboundMax: 8,
  inboundPerAddressMax: 8,
  requestsPerSecond: 50,
  limitLoopback: false,
  handshakeMs: 5_000,
  beatMs: 2_000,
  silentMs: 20_000,
  waitingMax: 2,
  banMs: 600_000,
}

/** Timers of Node.js fire at once when they are set to more. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Throws `p2p/BAD_SETTING` for a limit under which no node could be met, or that no timer can keep. */
export function checkNetworkLimits(limits: NetworkLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value !== 'number') continue
    const least = name === 'inboundMax' || name === 'outboundMax' ? 0 : 1
    const most = name.endsWith('Ms') ? TIMER_MS_MAX : Number.MAX_SAFE_INTEGER
    if (value < least || value > most)
      throw p2pFail.BAD_SETTING({ name: `limits.${name}`, why: `${value} is not from ${least} to ${most}` })
  }
  if (limits.silentMs <= limits.beatMs)
    throw p2pFail.BAD_SETTING({ name: 'limits.silentMs', why: 'it is not longer than beatMs' })
}

/** How a kind of message is treated. Kinds are those of the members' tagged union and of the frames; `other` is any else. */
export interface KindRule {
  /** As many a second are read; ten seconds' worth may come at once. */
  readonly perSecond: number
  /** Goes before what is not urgent. */
  readonly isUrgent: boolean
  /** Nobody sends the same twice: the same bytes again from one node are dropped, and an offence when they come often. */
  readonly isOnce: boolean
}

const rule = (perSecond: number, { isUrgent = false, isOnce = false } = {}): KindRule => ({
  perSecond,
  isUrgent,
  isOnce,
})

export const KIND_RULES: Readonly<Record<string, KindRule>> = {
  beat: rule(5, { isUrgent: true }),
  echo: rule(5, { isUrgent: true }),
  getPeers: rule(0.2),
  peers: rule(0.2),
  status: rule(20, { isUrgent: true }),
  // Engines of 108 validators send each other some hundred votes a round; they send theirs again on purpose.
  consensus: rule(2_000, { isUrgent: true }),
  block: rule(20, { isUrgent: true }),
  getBlocks: rule(20),
  blocks: rule(20),
  announce: rule(200, { isOnce: true }),
  getTransactions: rule(200),
  transactions: rule(200, { isOnce: true }),
  other: rule(100),
}

export function ruleOf(kind: string): KindRule {
  return (Object.hasOwn(KIND_RULES, kind) ? KIND_RULES[kind] : KIND_RULES.other) as KindRule
}
