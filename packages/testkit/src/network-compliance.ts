import { bytes, list, struct, u32, u64 } from '@mmtchain/codec'
import type { Membership, Network, PeerId } from '@mmtchain/kernel'
import { type Hash, hash as toHash } from '@mmtchain/primitives'
import { check, equal } from './checks.ts'
import type { ComplianceCase } from './store-compliance.ts'

/** Networks in which each node has one place of its own, all of them able to reach each other. */
export interface NetworksUnderTest {
  /** The network as another node sees it. */
  next(): Promise<Network>
  destroy(): Promise<void>
}

const message = struct({ number: u32, big: u64, load: list(bytes({ bytesMax: 50_000 }), { max: 16 }) })
interface Message {
  readonly number: number
  readonly big: bigint
  readonly load: readonly Uint8Array[]
}
const MESSAGE_BYTES_MAX = 100_000
const CHAIN = toHash('c1'.repeat(32))
const OTHER_CHAIN = toHash('c2'.repeat(32))
/** For a machine that is very busy. */
const LIMIT_MS = 60_000

interface Node {
  readonly membership: Membership<Message>
  readonly received: { readonly from: PeerId; readonly message: Message }[]
  readonly peers: Set<PeerId>
  /** How many of its handlers run at the same time, at most. */
  readonly busiest: () => number
}

interface Bench {
  join(options?: { readonly fingerprint?: Hash; readonly handle?: () => Promise<void> }): Promise<Node>
}

/**
 * What every network must do, whoever wrote it: `for (const { name, run } of networkCompliance(…)) test(name, run)`. Messages may be lost,
 * doubled and out of order, so that cases say a thing again until it is heard.
 */
export function networkCompliance(options: {
  readonly name: string
  open(): Promise<NetworksUnderTest>
}): readonly ComplianceCase[] {
  return Object.entries(cases).map(([name, run]) => ({
    name,
    async run() {
      const networks = await options.open()
      const joined: Node[] = []
      const bench: Bench = {
        async join(how = {}) {
          const node = await joinOne(await networks.next(), how)
          joined.push(node)
          return node
        },
      }
      try {
        await run(bench)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new Error(`${options.name}: ${name}: ${why}`, { cause: error })
      } finally {
        for (const { membership } of joined) await membership.leave()
        await networks.destroy()
      }
    },
  }))
}

async function joinOne(
  network: Network,
  { fingerprint = CHAIN, handle }: { readonly fingerprint?: Hash; readonly handle?: () => Promise<void> },
): Promise<Node> {
  const received: Node['received'] = []
  const peers = new Set<PeerId>()
  let busy = 0
  let busiest = 0
  const membership = await network.join<Message>({
    ...{ fingerprint, addressPrefix: 'mmt', message, messageBytesMax: MESSAGE_BYTES_MAX },
    async onMessage(from, one) {
      received.push({ from, message: one })
      busy += 1
      busiest = Math.max(busiest, busy)
      await handle?.()
      busy -= 1
    },
    onJoined: (peer) => void peers.add(peer),
    onLeft: (peer) => void peers.delete(peer),
  })
  return { membership, received, peers, busiest: () => busiest }
}

/** Waits until something holds, and does `again` meanwhile. */
async function until(what: string, holds: () => boolean, again: () => void = () => undefined): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 20) {
    if (waitedMs > LIMIT_MS) throw new Error(`it did not come to this: ${what}`)
    again()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const numbered = (number: number): Message => ({ number, big: 2n ** 63n, load: [] })
const has = ({ received }: Node, number: number) =>
  received.some(({ message: { number: got } }) => got === number)

/** The only peer of a node. */
function peerOf({ peers }: Node): PeerId {
  const [peer, ...others] = peers
  check(peer !== undefined && others.length === 0, `it has ${peers.size} peers, not one`)
  return peer as PeerId
}

async function pair(bench: Bench): Promise<readonly [Node, Node]> {
  const nodes = [await bench.join(), await bench.join()] as const
  await until('both have met', () => nodes.every(({ peers }) => peers.size === 1))
  return nodes
}

const cases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async 'nodes of one chain meet, and are told so'(bench) {
    const nodes = [await bench.join(), await bench.join(), await bench.join()]
    await until('each has met both others', () => nodes.every(({ peers }) => peers.size === 2))
    for (const { membership, peers } of nodes)
      equal([...membership.peers()].sort(), [...peers].sort(), 'its peers')
  },

  async 'nodes of other chains are not met'(bench) {
    const [one, other] = await pair(bench)
    const stranger = await bench.join({ fingerprint: OTHER_CHAIN })
    for (let number = 0; !has(other, 20); number = Math.min(20, number + 1)) {
      one.membership.broadcast(numbered(number))
      stranger.membership.broadcast(numbered(1_000))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    equal(stranger.peers.size, 0, 'the peers of the stranger')
    check(!has(other, 1_000) && !has(one, 1_000), 'a message of another chain was heard')
  },

  async 'a message arrives as it was sent, from whom it was sent'(bench) {
    const [one, other] = await pair(bench)
    const load = [new Uint8Array(50_000).fill(7), Uint8Array.of(1, 2, 3)]
    const sent = { number: 4_294_967_295, big: 2n ** 64n - 1n, load }
    const name = peerOf(other)
    await until(
      'it has arrived',
      () => other.received.length > 0,
      () => one.membership.send(peerOf(one), sent),
    )
    for (const { from, message: got } of other.received) {
      equal(from, name, 'the sender')
      equal(got, sent, 'the message')
    }
    equal(one.received, [], 'what the sender has received')
  },

  async 'a broadcast reaches every peer, and not the sender'(bench) {
    const nodes = [await bench.join(), await bench.join(), await bench.join()] as const
    await until('each has met both others', () => nodes.every(({ peers }) => peers.size === 2))
    const [first, ...others] = nodes
    await until(
      'all others have it',
      () => others.every((node) => has(node, 5)),
      () => first.membership.broadcast(numbered(5)),
    )
    equal(first.received, [], 'what the sender has received')
  },

  async 'what is sent to a node that is not there is dropped'(bench) {
    const [one, other] = await pair(bench)
    one.membership.send('nobody' as PeerId, numbered(1))
    await until(
      'the other is heard',
      () => has(other, 2),
      () => one.membership.send(peerOf(one), numbered(2)),
    )
    check(!has(other, 1), 'another node got it')
  },

  async 'messages of a peer wait for the one before'(bench) {
    const slow = await bench.join({ handle: () => new Promise((resolve) => setTimeout(resolve, 10)) })
    const quick = await bench.join()
    await until('both have met', () => slow.peers.size + quick.peers.size === 2)
    await until(
      'ten are handled',
      () => slow.received.length >= 10,
      () => quick.membership.broadcast(numbered(slow.received.length)),
    )
    equal(slow.busiest(), 1, 'handlers at the same time')
  },

  async 'a node that leaves is told to the others, and hears nothing more'(bench) {
    const [one, other] = await pair(bench)
    await other.membership.leave()
    await until('the other is gone', () => one.peers.size === 0)
    equal(one.membership.peers(), [], 'the peers that are left')
    const before = other.received.length
    one.membership.broadcast(numbered(9))
    equal(other.received.length, before, 'messages after it left')
  },

  async 'a message far over the limit is not taken, and does no harm'(bench) {
    const [one, other] = await pair(bench)
    const whole = new Uint8Array(50_000)
    one.membership.broadcast({ number: 1, big: 0n, load: Array(16).fill(whole) })
    await until(
      'the other is heard',
      () => has(other, 2),
      () => one.membership.broadcast(numbered(2)),
    )
    check(!has(other, 1), 'a message over the limit was taken')
  },
}
