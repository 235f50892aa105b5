import { Counter, Gauge, Registry } from 'prom-client'
import type { Offence } from './standing.ts'

/** What the network measures, and what writes to it. */
export interface NetworkMetrics {
  /** The text format of Prometheus. */
  text(): Promise<string>
  received(kind: string, bytes: number): void
  sent(kind: string, bytes: number): void
  /** A message was not sent, because too many waited. */
  dropped(kind: string): void
  /** Reading from a node paused: it had sent more than is read at once. */
  paused(why: 'rate' | 'backlog'): void
  offended(offence: Offence): void
  banned(): void
  /** A connection or request was refused, by either side. */
  refused(code: string): void
  left(code: string): void
}

/** One connection as the gauges show it. */
export interface MeasuredLink {
  readonly isDialled: boolean
}

export function createNetworkMetrics(
  read: () => {
    readonly links: readonly MeasuredLink[]
    readonly known: number
    readonly bans: number
    readonly clockOffsetMs: number | undefined
  },
): NetworkMetrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  const messages = counter(
    'mmt_p2p_messages_total',
    'Messages between this node and others, by direction and kind.',
    'direction',
    'kind',
  )
  const bytes = counter('mmt_p2p_bytes_total', 'Bytes of those messages, before TLS.', 'direction')
  const dropped = counter('mmt_p2p_dropped_total', 'Messages not sent because too many waited.', 'kind')
  const paused = counter('mmt_p2p_paused_total', 'How often a node was read no further for a while.', 'why')
  const offences = counter('mmt_p2p_offences_total', 'Offences of other nodes, by what they did.', 'offence')
  const bans = counter('mmt_p2p_bans_total', 'Bans that were begun.')
  const refused = counter(
    'mmt_p2p_refused_total',
    'Connections and requests that were refused, here or there.',
    'code',
  )
  const ended = counter('mmt_p2p_ended_total', 'Connections that ended, by the reason.', 'code')
  for (const [direction, isDialled] of [
    ['in', false],
    ['out', true],
  ] as const) {
    gauge(
      `mmt_p2p_connections_${direction}`,
      isDialled ? 'Connections that this node opened.' : 'Connections that other nodes opened.',
      () => read().links.filter((link) => link.isDialled === isDialled).length,
    )
  }
  gauge('mmt_p2p_known_nodes', 'Addresses of nodes that this node remembers.', () => read().known)
  gauge('mmt_p2p_banned_nodes', 'Nodes that are banned now.', () => read().bans)
  gauge(
    'mmt_p2p_clock_offset_seconds',
    'How far the clocks of the connected nodes are ahead of this one, in the median.',
    () => (read().clockOffsetMs ?? 0) / 1_000,
  )
  return {
    text: () => registry.metrics(),
    received(kind, count) {
      messages.inc({ direction: 'in', kind })
      bytes.inc({ direction: 'in' }, count)
    },
    sent(kind, count) {
      messages.inc({ direction: 'out', kind })
      bytes.inc({ direction: 'out' }, count)
    },
    dropped: (kind) => dropped.inc({ kind }),
    paused: (why) => paused.inc({ why }),
    offended: (offence) => offences.inc({ offence }),
    banned: () => bans.inc(),
    refused: (code) => refused.inc({ code }),
    left: (code) => ended.inc({ code }),
  }
}
