import { decode, encode } from '@mmtchain/codec'
import type { Membership, Network, NetworkMember, PeerId } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import type { Chance, Digest } from './chance.ts'
import type { Schedule } from './schedule.ts'

/** How the messages of a network fare; shares are of a thousand. */
export interface Weather {
  readonly delayMs: readonly [least: number, most: number]
  readonly lost: number
  readonly doubled: number
  /** Late by up to `lateMs` more. */
  readonly late: number
  readonly lateMs: number
  /** An earlier message of the same two nodes comes once more. */
  readonly replayed: number
}

/** A message under way. */
export interface Passage {
  readonly from: PeerId
  readonly to: PeerId
  readonly message: unknown
}

/** The network of a simulated world. Messages are neither altered nor forged: that is for its members to try. */
export interface Wire {
  at(name: PeerId): Network
  setWeather(weather: Weather): void
  /** Ends or begins a way, in this direction alone. */
  setCut(from: PeerId, to: PeerId, isCut: boolean): void
  /** Holds back what is sent this way; it all comes when the way is free again. */
  setClogged(from: PeerId, to: PeerId, isClogged: boolean): void
  /** The node is gone without a word. */
  vanish(name: PeerId): void
  /** Sends what passed between two nodes before once more. */
  replay(from: PeerId, to: PeerId): void
  readonly counts: { readonly messages: number; readonly bytes: number }
}

export interface WireOptions {
  readonly schedule: Schedule
  readonly chance: Chance
  readonly digest: Digest
  readonly weather: Weather
  /** What a node really sends instead of a message: adversaries change it. All of it goes the same way. */
  readonly altered?: ((passage: Passage) => readonly unknown[]) | undefined
  /** False for a message that a scenario holds back. */
  readonly passes?: ((passage: Passage) => boolean) | undefined
  readonly onBlame: (by: PeerId, peer: PeerId, why: string) => void
  readonly onSent?: ((passage: Passage) => void) | undefined
}

/** How many messages of one node may wait at another. */
const WAITING_MAX = 4_096
const KEPT_MAX = 64

interface Member {
  readonly node: NetworkMember<unknown>
  readonly boxes: Map<PeerId, Box>
}
/** What of one sender waits while a message of its is handled. */
interface Box {
  isBusy: boolean
  readonly waiting: unknown[]
}
interface Way {
  readonly name: string
  isCut: boolean
  clogged: Passage[] | undefined
  /** The newest messages, each in the place of the oldest one. */
  readonly kept: unknown[]
  keptAt: number
}

export function wire(options: WireOptions): Wire {
  const { schedule, chance, digest, onBlame } = options
  let { weather } = options
  const members = new Map<PeerId, Member>()
  const ways = new Map<PeerId, Map<PeerId, Way>>()
  const counts = { messages: 0, bytes: 0 }

  function wayOf(from: PeerId, to: PeerId): Way {
    const found = ways.get(from)?.get(to)
    if (found) return found
    const made: Way = { name: `${from}>${to}`, isCut: false, clogged: undefined, kept: [], keptAt: 0 }
    ways.set(from, (ways.get(from) ?? new Map<PeerId, Way>()).set(to, made))
    return made
  }
  /** Made anew whenever somebody comes or goes. */
  const peers = new Map<PeerId, readonly PeerId[]>()
  function peersOf(name: PeerId): readonly PeerId[] {
    const known = peers.get(name)
    if (known) return known
    const others = [...members.keys()].filter((peer) => peer !== name)
    peers.set(name, others)
    return others
  }

  /** As the receiver reads it: what it cannot read is an offence. Receivers alter no messages, so one copy serves all. */
  function readBack(
    node: NetworkMember<unknown>,
    message: unknown,
  ): { readonly read: unknown; readonly length: number } | undefined {
    try {
      const bytes = encode(node.message, message)
      digest.addBytes(bytes)
      const { length } = bytes
      return length > node.messageBytesMax ? undefined : { read: decode(node.message, bytes), length }
    } catch (error) {
      if (!isChainError(error)) throw error
      return undefined
    }
  }

  function send(from: PeerId, node: NetworkMember<unknown>, tos: readonly PeerId[], message: unknown): void {
    let plain: ReturnType<typeof readBack>
    const handOn = (to: PeerId, copy: ReturnType<typeof readBack>) => {
      if (copy) pass({ from, to, message: copy.read }, copy.length)
      else onBlame(to, from, 'a message that cannot be read')
    }
    for (const to of tos) {
      const sent = options.altered?.({ from, to, message })
      if (sent) for (const one of sent) handOn(to, one === message ? readPlain() : readBack(node, one))
      else handOn(to, readPlain())
    }

    function readPlain() {
      plain ??= readBack(node, message)
      return plain
    }
  }

  function pass(passage: Passage, length: number): void {
    const { from, to } = passage
    const way = wayOf(from, to)
    counts.messages += 1
    counts.bytes += length
    options.onSent?.(passage)
    way.kept[way.keptAt] = passage.message
    way.keptAt = (way.keptAt + 1) % KEPT_MAX
    if (options.passes && !options.passes(passage)) return
    if (chance.perMille(weather.lost)) return
    carry(passage, way)
    if (chance.perMille(weather.doubled)) carry(passage, way)
    if (chance.perMille(weather.replayed)) replay(from, to)
  }

  function replay(from: PeerId, to: PeerId): void {
    const way = wayOf(from, to)
    const message = chance.pick(way.kept)
    if (message !== undefined) carry({ from, to, message }, way)
  }

  function carry(passage: Passage, way: Way): void {
    if (way.isCut) return
    if (way.clogged) {
      if (way.clogged.length < WAITING_MAX) way.clogged.push(passage)
      return
    }
    const [least, most] = weather.delayMs
    const lateMs = chance.perMille(weather.late) ? chance.below(weather.lateMs) : 0
    schedule.after(chance.between(least, most) + lateMs, () => arrive(passage, way))
  }

  function arrive({ from, to, message }: Passage, way: Way): void {
    const there = members.get(to)
    if (!there || !members.has(from) || way.isCut) return
    digest.add(way.name)
    digest.addNumber(schedule.nowMs)
    const box = there.boxes.get(from)
    if (box?.isBusy) {
      if (box.waiting.length < WAITING_MAX) box.waiting.push(message)
      return
    }
    const handled = there.node.onMessage(from, message)
    if (!handled) return
    const busy = box ?? { isBusy: true, waiting: [] }
    busy.isBusy = true
    there.boxes.set(from, busy)
    void handOver(from, to, there, handled, busy)
  }

  /** The messages of one sender, one after the other. */
  async function handOver(
    from: PeerId,
    to: PeerId,
    there: Member,
    first: Promise<void>,
    box: Box,
  ): Promise<void> {
    await first
    for (const message of box.waiting) {
      if (members.get(to) !== there) return
      await there.node.onMessage(from, message)
    }
    box.waiting.length = 0
    box.isBusy = false
  }

  function join(name: PeerId, node: NetworkMember<unknown>): Membership<unknown> {
    const member = { node, boxes: new Map() }
    for (const peer of peersOf(name)) {
      schedule.after(chance.below(20), () => {
        const other = members.get(peer)
        if (members.get(name) !== member || !other) return
        node.onJoined(peer)
        other.node.onJoined(name)
      })
    }
    members.set(name, member)
    peers.clear()
    const isHere = () => members.get(name) === member
    return {
      peers: () => (isHere() ? peersOf(name) : []),
      send: (to, message) => isHere() && members.has(to) && send(name, node, [to], message),
      broadcast: (message) => isHere() && send(name, node, peersOf(name), message),
      blame: (peer, why) => isHere() && onBlame(name, peer, why),
      async leave() {
        if (isHere()) vanish(name)
      },
    }
  }

  function vanish(name: PeerId): void {
    if (!members.delete(name)) return
    peers.clear()
    for (const peer of peersOf(name)) {
      members.get(peer)?.boxes.delete(name)
      members.get(peer)?.node.onLeft(name)
    }
  }

  return {
    counts,
    at: (name) => ({
      join: async <Message>(node: NetworkMember<Message>) =>
        join(name, node as NetworkMember<unknown>) as Membership<Message>,
    }),
    setWeather(next) {
      weather = next
    },
    setCut(from, to, isCut) {
      wayOf(from, to).isCut = isCut
    },
    setClogged(from, to, isClogged) {
      const way = wayOf(from, to)
      const held = way.clogged ?? []
      way.clogged = isClogged ? held : undefined
      if (!isClogged) for (const passage of held) carry(passage, way)
    },
    vanish,
    replay,
  }
}
