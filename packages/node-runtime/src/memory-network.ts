import { type Codec, decode, encode, fromJson, toJson } from '@mmtchain/codec'
import type { Membership, Network, NetworkMember, PeerId } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import type { Host } from './host.ts'

/** How many messages of one node may wait at another. */
const WAITING_MAX = 4_096

/** A message under way, as a `link` sees it. */
export interface Passage {
  readonly from: PeerId
  readonly to: PeerId
  readonly bytes: Uint8Array
}

/** Nodes of one process, each under a name of its own, joined all to all until `connect` says otherwise. */
export interface MemoryNetwork {
  /** The network as the node of this name sees it. */
  at(name: PeerId): Network
  /** Whom members blamed, in order. */
  readonly blamed: readonly Blame[]
  /** Ends or begins the connection of two nodes. */
  connect(a: PeerId, b: PeerId, isConnected: boolean): void
}

export interface Blame {
  readonly by: PeerId
  readonly peer: PeerId
  readonly why: string
}

interface Member {
  readonly node: NetworkMember<unknown>
  readonly boxes: Map<PeerId, Inbox>
}
type Inbox = (bytes: Uint8Array) => void

/**
 * A network in memory, for tests and simulators. `link` says how each message fares: after how many milliseconds it arrives, several
 * times when there are several, never when there are none; at once without it. Messages travel as BCS or, with `json`, as JSON.
 */
export function memoryNetwork({
  clock,
  link = () => [0],
  json = false,
}: {
  readonly clock: Pick<Host, 'nowMs' | 'setTimer'>
  readonly link?: (passage: Passage) => readonly number[]
  readonly json?: boolean
}): MemoryNetwork {
  const members = new Map<PeerId, Member>()
  const apart = new Set<string>()
  const blamed: Blame[] = []
  const later = (delayMs: number, fire: () => void) =>
    void clock.setTimer(clock.nowMs() + BigInt(delayMs), fire)

  function areJoined(a: PeerId, b: PeerId): boolean {
    const [one, other] = [members.get(a)?.node, members.get(b)?.node]
    return a !== b && one !== undefined && one.fingerprint === other?.fingerprint && !apart.has(pairOf(a, b))
  }
  const peersOf = (name: PeerId) => [...members.keys()].filter((peer) => areJoined(name, peer))

  /** What a message says; undefined, and its sender blamed, when nobody could have meant it. */
  function understand(bytes: Uint8Array, from: PeerId, by: PeerId, node: NetworkMember<unknown>): unknown {
    try {
      const message = json ? fromJson(node.message, jsonOf(bytes), node) : decode(node.message, bytes)
      const { length } = json ? encode(node.message, message) : bytes
      if (length > node.messageBytesMax) throw new SyntaxError('a message is too long')
      return message
    } catch (error) {
      if (!isChainError(error) && !(error instanceof SyntaxError)) throw error
      blamed.push({ by, peer: from, why: error.message })
      return undefined
    }
  }

  /** Hands over the messages of one sender, one after the other. */
  function inbox(from: PeerId, to: PeerId, { node, boxes }: Member): Inbox {
    const waiting: Uint8Array[] = []
    let isBusy = false
    async function work(): Promise<void> {
      isBusy = true
      for (let bytes = waiting.shift(); bytes && boxes.get(from) === box; bytes = waiting.shift()) {
        const message = understand(bytes, from, to, node)
        if (message !== undefined) await node.onMessage(from, message)
      }
      isBusy = false
    }
    const box = (bytes: Uint8Array) => {
      if (waiting.length >= WAITING_MAX) return
      waiting.push(bytes)
      if (!isBusy) void work()
    }
    return box
  }

  /** Nothing arrives from or at a node that has left meanwhile, also when another one has its name now. */
  function arrive({ from, to, bytes }: Passage, here: Member, there: Member): void {
    if (members.get(from) !== here || members.get(to) !== there || !areJoined(from, to)) return
    const box = there.boxes.get(from) ?? inbox(from, to, there)
    there.boxes.set(from, box)
    box(bytes)
  }

  function pass(passage: Passage): void {
    const [here, there] = [members.get(passage.from), members.get(passage.to)]
    if (!here || !there || !areJoined(passage.from, passage.to)) return
    for (const delayMs of link(passage)) later(delayMs, () => arrive(passage, here, there))
  }

  function meet(a: PeerId, b: PeerId): void {
    if (!areJoined(a, b)) return
    members.get(a)?.node.onJoined(b)
    members.get(b)?.node.onJoined(a)
  }

  function part(a: PeerId, b: PeerId): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      members.get(one)?.boxes.delete(other)
      members.get(one)?.node.onLeft(other)
    }
  }

  function join(name: PeerId, node: NetworkMember<unknown>): Membership<unknown> {
    if (members.has(name)) throw new Error(`${name} is in the network already`)
    const member = { node, boxes: new Map() }
    members.set(name, member)
    for (const peer of peersOf(name)) later(0, () => members.get(name) === member && meet(name, peer))
    const bytesOf = (message: unknown) => (json ? bytesOfJson(node, message) : encode(node.message, message))
    return {
      peers: () => peersOf(name),
      send: (to, message) => pass({ from: name, to, bytes: bytesOf(message) }),
      broadcast(message) {
        const bytes = bytesOf(message)
        for (const to of peersOf(name)) pass({ from: name, to, bytes })
      },
      blame: (peer, why) => void blamed.push({ by: name, peer, why }),
      async leave() {
        if (members.get(name) !== member) return
        const peers = peersOf(name)
        members.delete(name)
        member.boxes.clear()
        for (const peer of peers) part(name, peer)
      },
    }
  }

  return {
    blamed,
    at: (name) => ({
      join: async <Message>(node: NetworkMember<Message>) =>
        join(name, node as NetworkMember<unknown>) as Membership<Message>,
    }),
    connect(a, b, isConnected) {
      const were = areJoined(a, b)
      if (isConnected) apart.delete(pairOf(a, b))
      else apart.add(pairOf(a, b))
      if (isConnected && !were) meet(a, b)
      if (!isConnected && were) part(a, b)
    },
  }
}

function pairOf(a: PeerId, b: PeerId): string {
  return JSON.stringify(a < b ? [a, b] : [b, a])
}

function bytesOfJson(
  node: { readonly message: Codec<unknown>; readonly addressPrefix: string },
  message: unknown,
) {
  return new TextEncoder().encode(JSON.stringify(toJson(node.message, message, node)))
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes))
}
