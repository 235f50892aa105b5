import type { NetworkMember, PeerId } from '@mmtchain/kernel'
import { type ChainError, type Height, isChainError } from '@mmtchain/primitives'
import type { RawData, WebSocket } from 'ws'
import type { NodeAddress } from './address.ts'
import { type Format, type Frame, type Frames, kindOf, PEERS_TOLD_MAX } from './frames.ts'
import type { Greeting } from './handshake.ts'
import { createInbox } from './inbox.ts'
import type { NetworkMetrics } from './metrics.ts'
import { createOutbox } from './outbox.ts'
import { boundedMap } from './pace.ts'
import { p2pFail } from './refusals.ts'
import type { NetworkLimits } from './settings.ts'
import type { Offence } from './standing.ts'

/** Why a stream ended, as WebSocket's closing code. */
export const CLOSE = {
  leaving: 1001,
  duplicate: 4001,
  banned: 4002,
  evicted: 4003,
  silent: 4004,
  refused: 4005,
} as const

/** An open stream to another node. */
export interface Link {
  readonly peer: PeerId
  readonly run: string
  readonly isDialled: boolean
  readonly greeting: Greeting
  /** Where it is connected from or to. */
  readonly remote: string
  /** Where it can be dialled. */
  readonly address: NodeAddress
  readonly sinceMs: number
  readonly vitals: LinkVitals
  /** Sends a message that `write` makes in the form of this stream. */
  send(kind: string, write: (format: Format) => Uint8Array): void
  /** Asks for addresses of other nodes. */
  askPeers(): void
  close(code: number, why: string): void
}

/** What was measured of the other node. */
export interface LinkVitals {
  /** What it said last; undefined before its first sign of life. */
  height: bigint | undefined
  /** The time there and back of a sign of life: the newest, the shortest, and smoothed. Undefined before the first. */
  latencyMs: number | undefined
  latencyMinMs: number
  latencySmoothMs: number
  /** How far its clock is ahead of ours. */
  clockOffsetMs: number | undefined
}

/** What a link calls for. */
export interface LinkOwner {
  readonly member: NetworkMember<unknown>
  readonly frames: Frames
  readonly limits: NetworkLimits
  readonly metrics: NetworkMetrics
  /** Where this node is, for signs of life. */
  status(): { readonly height: Height; readonly finalised: Height }
  onOffence(link: Link, offence: Offence, why: string): void
  onClosed(link: Link, error: ChainError): void
  /** Addresses for the other node. */
  tell(link: Link): readonly NodeAddress[]
  /** Addresses from it. */
  onTold(link: Link, frame: Extract<Frame, { kind: 'peers' }>['value']): void
}

/** Takes over a WebSocket whose handshake is done. */
export function openLink(
  owner: LinkOwner,
  args: Pick<Link, 'peer' | 'run' | 'isDialled' | 'greeting' | 'remote' | 'address'> & {
    readonly socket: WebSocket
    readonly format: Format
  },
): Link {
  const { member, frames, limits, metrics } = owner
  const { socket, format, peer } = args
  const bytesMax = limits.waitingMax * frames.bytesMax[format]
  const outbox = createOutbox({ socket, format, bytesMax, metrics })
  const vitals: LinkVitals = {
    height: undefined,
    latencyMs: undefined,
    latencyMinMs: Number.POSITIVE_INFINITY,
    latencySmoothMs: 0,
    clockOffsetMs: undefined,
  }
  let heardMs = performance.now()
  let beats = 0
  /** The newest signs of life that have no echo yet. */
  const beatsSent = boundedMap<{ readonly atMs: number; readonly wallMs: number }>(16)
  let isAsked = false
  let ending: ChainError | undefined
  let isOpen = true

  const inbox = createInbox({
    bytesMax,
    metrics,
    handle,
    replayed: (kind) => owner.onOffence(link, 'replayed', kind),
    pause: () => socket.pause(),
    resume() {
      heardMs = performance.now()
      socket.resume()
    },
  })

  async function handle(frame: Frame): Promise<void> {
    if (!isOpen) return
    switch (frame.kind) {
      case 'message':
        return member.onMessage(peer, frame.value)
      case 'beat': {
        vitals.height = frame.value.height
        return post({ kind: 'echo', value: { count: frame.value.count, sentMs: BigInt(Date.now()) } })
      }
      case 'echo':
        return echoed(frame.value)
      case 'getPeers': {
        const told = owner.tell(link).slice(0, PEERS_TOLD_MAX)
        return post({
          kind: 'peers',
          value: told.map(({ node, host, port }) => ({ node: node ?? null, host, port })),
        })
      }
      case 'peers': {
        if (!isAsked) return owner.onOffence(link, 'unsolicited', 'addresses that nobody asked for')
        isAsked = false
        return owner.onTold(link, frame.value)
      }
      default:
        return owner.onOffence(link, 'unsolicited', `${frame.kind} on an open stream`)
    }
  }

  function echoed({ count, sentMs }: { readonly count: number; readonly sentMs: bigint }): void {
    if (count >= beats) return void owner.onOffence(link, 'unsolicited', 'an echo of nothing')
    const beatSent = beatsSent.get(String(count))
    if (!beatSent) return
    beatsSent.delete(String(count))
    const tookMs = performance.now() - beatSent.atMs
    const isFirst = vitals.latencyMs === undefined
    vitals.latencyMs = tookMs
    vitals.latencyMinMs = Math.min(vitals.latencyMinMs, tookMs)
    vitals.latencySmoothMs = isFirst ? tookMs : vitals.latencySmoothMs * 0.8 + tookMs * 0.2
    // As in NTP: the echo was sent half of the time there and back after the beat.
    vitals.clockOffsetMs = Number(sentMs) - (beatSent.wallMs + tookMs / 2)
  }

  function post(frame: Frame): void {
    outbox.send(kindOf(frame), frames.write(frame, format))
  }

  function beat(): void {
    const silentMs = performance.now() - heardMs
    if (!inbox.isPaused && silentMs > limits.silentMs) {
      ending = p2pFail.SILENT({ ms: limits.silentMs })
      return void socket.terminate()
    }
    const { height, finalised } = owner.status()
    const wallMs = Date.now()
    beatsSent.set(String(beats), { atMs: performance.now(), wallMs })
    post({ kind: 'beat', value: { count: beats, sentMs: BigInt(wallMs), height, finalised } })
    beats += 1
  }

  function read(data: RawData, isBinary: boolean): void {
    if (!isOpen) return
    heardMs = performance.now()
    const bytes = bytesOf(data)
    const form = isBinary ? 'bcs' : 'json'
    if (bytes.length > frames.bytesMax[form])
      return void owner.onOffence(link, 'oversized', `${bytes.length} bytes`)
    let frame: Frame
    try {
      frame = frames.read(bytes, form)
    } catch (error) {
      if (!isChainError(error) && !(error instanceof SyntaxError) && !(error instanceof RangeError))
        throw error
      metrics.received('malformed', bytes.length)
      return void owner.onOffence(link, 'malformed', error.message)
    }
    metrics.received(kindOf(frame), bytes.length)
    inbox.add(frame, bytes)
  }

  const timer = setInterval(beat, limits.beatMs)
  timer.unref()
  socket.on('message', read)
  socket.on('error', (error) => {
    const { code = '' } = error as { code?: string }
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') owner.onOffence(link, 'oversized', error.message)
    else if (code.startsWith('WS_ERR_')) owner.onOffence(link, 'bad-stream', error.message)
    ending ??= p2pFail.LEFT({ why: error.message })
  })
  socket.once('close', (code, reason) => {
    isOpen = false
    clearInterval(timer)
    inbox.close()
    owner.onClosed(link, ending ?? p2pFail.LEFT({ why: reason.toString() || `code ${code}` }))
  })

  const link: Link = {
    peer,
    run: args.run,
    isDialled: args.isDialled,
    greeting: args.greeting,
    remote: args.remote,
    address: args.address,
    sinceMs: Date.now(),
    vitals,
    send(kind, write) {
      if (isOpen) outbox.send(kind, write(format))
    },
    askPeers() {
      isAsked = true
      post({ kind: 'getPeers', value: null })
    },
    close(code, why) {
      ending ??= p2pFail.LEFT({ why })
      socket.close(code, why.slice(0, 100))
      // Whoever does not answer the closing handshake is not waited for.
      setTimeout(() => socket.terminate(), 1_000).unref()
    },
  }
  beat()
  return link
}

/** The bytes of a message. */
export function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
