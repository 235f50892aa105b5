import type { PeerId, Prepared } from '@mmtchain/kernel'
import { type Hash, isChainError } from '@mmtchain/primitives'
import { type Transaction, transactionBytes, transactionIdIn } from '@mmtchain/tx'
import type { Checked, Checks } from './checks.ts'
import type { Host } from './host.ts'
import type { Mempool } from './mempool.ts'
import { IDS_MAX, type NodeMessage } from './messages.ts'
import { type Recent, recentOf } from './recent.ts'

/** How long new transactions are gathered before they are announced. */
const GATHER_MS = 20n
/** Not before this long after the last announcement: a message to each peer costs more than the ids in it. */
const PAUSE_MS = 100n
/** How many transactions may be asked of one peer at a time. */
const ASKED_MAX = 1_024
/** How many announced transactions are remembered that are not here yet. */
const OFFERS_MAX = 16_384
/** How many peers are remembered that have the same one. */
const OFFERERS_MAX = 4
const ANSWER_TIMEOUT_MS = 3_000n
/** So many of one message are checked together, and then taken together. */
const TAKEN_TOGETHER = 32
const SEEN_MAX = 65_536
const KNOWN_MAX = 8_192
/** An answer holds no more than this, or one transaction. */
const ANSWER_BYTES_MAX = 512 * 1024

/** Spreads waiting transactions: their ids are announced, and each node asks one of those that have it. */
export interface Gossip {
  /** A transaction waits from now on. */
  added(prepared: Prepared): void
  /** These are in a block. */
  committed(ids: readonly Hash[]): void
  joined(peer: PeerId): void
  left(peer: PeerId): void
  announced(peer: PeerId, ids: readonly Hash[]): void
  asked(peer: PeerId, ids: readonly Hash[]): void
  /** Resolves when they have been checked. */
  received(peer: PeerId, transactions: readonly Transaction[]): Promise<void>
  /** Asks for what was announced while the node was catching up. */
  pull(): void
  stop(): void
}

interface Offer {
  /** Who is asked for it now. */
  asked: PeerId | undefined
  atMs: bigint
  readonly others: PeerId[]
}

interface Peer {
  /** What it has, as far as this node knows. */
  readonly known: Recent<Hash, true>
  asked: number
}

export function createGossip(args: {
  readonly mempool: Mempool
  readonly checks: Pick<Checks, 'check'>
  readonly host: Host
  /** False while the state here is too old to judge transactions. */
  readonly isReady: () => boolean
  readonly send: (peer: PeerId, message: NodeMessage) => void
  readonly blame: (peer: PeerId, why: string) => void
  /** What became of a transaction of a peer: a code when it was refused. */
  readonly taken: (code?: string) => void
}): Gossip {
  const { mempool, checks, host, send, blame } = args
  const peers = new Map<PeerId, Peer>()
  const offers = new Map<Hash, Offer>()
  /** The offers for which nobody is asked. */
  const idle = new Map<Hash, Offer>()
  /** What was handled: it is here, was refused, or is in a block. */
  const seen = recentOf<Hash, true>(SEEN_MAX)
  let fresh: Hash[] = []
  let announcedAtMs = 0n
  let cancelFlush: (() => void) | undefined
  let cancelSweep: (() => void) | undefined
  let isStopped = false

  function whenToAnnounce(): bigint {
    const nowMs = host.nowMs()
    const [soonest, rested] = [nowMs + GATHER_MS, announcedAtMs + PAUSE_MS]
    // The clock may have been set back.
    return rested > soonest && announcedAtMs <= nowMs ? rested : soonest
  }

  function flush(): void {
    cancelFlush = undefined
    announcedAtMs = host.nowMs()
    const ids = fresh.filter((id) => mempool.has(id))
    fresh = []
    for (const [name, peer] of peers) announce(name, peer, ids)
  }

  /** Tells a peer of those of the ids that it does not know. */
  function announce(name: PeerId, { known }: Peer, ids: readonly Hash[]): void {
    const news = ids.filter((id) => !known.get(id))
    for (let i = 0; i < news.length; i += IDS_MAX) {
      const part = news.slice(i, i + IDS_MAX)
      for (const id of part) known.set(id, true)
      send(name, { kind: 'announce', value: part })
    }
  }

  function offer(name: PeerId, id: Hash): void {
    if (seen.get(id) || mempool.has(id)) return
    const found = offers.get(id)
    if (!found && offers.size < OFFERS_MAX) {
      const one = { asked: undefined, atMs: 0n, others: [name] }
      offers.set(id, one)
      idle.set(id, one)
    } else if (found && found.others.length < OFFERERS_MAX && !found.others.includes(name))
      found.others.push(name)
  }

  /** Asks for what was offered and nobody is asked for. */
  function pull(): void {
    if (isStopped || !args.isReady()) return
    const wanted = new Map<PeerId, Hash[]>()
    const nowMs = host.nowMs()
    for (const [id, one] of idle) {
      const name = one.others.find((other) => (peers.get(other)?.asked ?? ASKED_MAX) < ASKED_MAX)
      const peer = name === undefined ? undefined : peers.get(name)
      if (name === undefined || !peer) continue
      idle.delete(id)
      one.asked = name
      one.atMs = nowMs
      one.others.splice(one.others.indexOf(name), 1)
      peer.asked += 1
      const ids = wanted.get(name) ?? []
      wanted.set(name, ids)
      ids.push(id)
    }
    for (const [name, ids] of wanted)
      for (let i = 0; i < ids.length; i += IDS_MAX)
        send(name, { kind: 'getTransactions', value: ids.slice(i, i + IDS_MAX) })
    if (offers.size > 0) cancelSweep ??= host.setTimer(host.nowMs() + ANSWER_TIMEOUT_MS, sweep)
  }

  /** Turns to others for what was not answered. */
  function sweep(): void {
    cancelSweep = undefined
    const lateMs = host.nowMs() - ANSWER_TIMEOUT_MS
    for (const [id, one] of offers) if (one.asked !== undefined && one.atMs <= lateMs) release(id, one)
    pull()
  }

  /** Nobody is asked for it any more. Without anybody else to ask it is forgotten. */
  function release(id: Hash, one: Offer): void {
    const { asked } = one
    const peer = asked === undefined ? undefined : peers.get(asked)
    if (peer) peer.asked -= 1
    one.asked = undefined
    if (one.others.length > 0) return void idle.set(id, one)
    offers.delete(id)
    if (asked === undefined) idle.delete(id)
  }

  function handled(id: Hash): void {
    seen.set(id, true)
    const one = offers.get(id)
    if (!one) return
    one.others.length = 0
    release(id, one)
  }

  const look = (one: Transaction, bytes: Uint8Array) => mempool.checkRoom('peer', one, bytes)

  async function takeAll(
    name: PeerId,
    ids: readonly Hash[],
    transactions: readonly Transaction[],
  ): Promise<void> {
    const all = await checks.check(transactions, look, ids)
    let fault: unknown
    for (let i = 0; i < all.length; i++) {
      try {
        take(name, ids[i] as Hash, all[i] as Checked)
      } catch (error) {
        // Whatever one of them does, the others are taken.
        fault ??= error
      }
    }
    if (fault !== undefined) throw fault
  }

  function take(name: PeerId, id: Hash, checked: Checked): void {
    if ('error' in checked) {
      const { error } = checked
      if (!isChainError(error)) throw error
      args.taken(error.code)
      // With good signatures it would find no place either.
      if (error.code === 'node/POOL_FULL') {
        handled(id)
        return
      }
      // The id covers no signatures, so that others may still have it with good ones.
      const one = offers.get(id)
      if (one?.asked === name) release(id, one)
      blame(name, `a transaction that no node takes: ${error.code}`)
      return
    }
    handled(id)
    if (isStopped) return
    try {
      mempool.add(checked.prepared)
      args.taken()
    } catch (error) {
      if (!isChainError(error)) throw error
      args.taken(error.code)
    }
  }

  return {
    added({ id }) {
      seen.set(id, true)
      if (peers.size === 0 || isStopped) return
      fresh.push(id)
      cancelFlush ??= host.setTimer(whenToAnnounce(), flush)
    },
    committed(ids) {
      for (const id of ids) handled(id)
    },
    joined(name) {
      const peer = { known: recentOf<Hash, true>(KNOWN_MAX), asked: 0 }
      peers.set(name, peer)
      announce(
        name,
        peer,
        Array.from(mempool.all(), ({ id }) => id),
      )
    },
    left(name) {
      peers.delete(name)
      for (const [id, one] of offers) {
        const at = one.others.indexOf(name)
        if (at >= 0) one.others.splice(at, 1)
        if (one.asked === name || (one.asked === undefined && one.others.length === 0)) release(id, one)
      }
      pull()
    },
    announced(name, ids) {
      const peer = peers.get(name)
      if (!peer) return
      for (const id of ids) {
        peer.known.set(id, true)
        offer(name, id)
      }
      pull()
    },
    asked(name, ids) {
      const peer = peers.get(name)
      let part: Transaction[] = []
      let bytes = 0
      const flushPart = () => {
        if (part.length > 0) send(name, { kind: 'transactions', value: part })
        part = []
        bytes = 0
      }
      for (const id of ids) {
        const prepared = mempool.get(id)
        if (!prepared) continue
        if (bytes + prepared.bytes.length > ANSWER_BYTES_MAX) flushPart()
        part.push(prepared.transaction)
        bytes += prepared.bytes.length
        peer?.known.set(id, true)
      }
      flushPart()
    },
    async received(name, transactions) {
      const wanted = new Map<Hash, Transaction>()
      for (const transaction of transactions) {
        const id = transactionIdIn(transaction, transactionBytes(transaction))
        // One that comes too late was asked of somebody else meanwhile, or has come before.
        if (offers.get(id)?.asked === name) wanted.set(id, transaction)
      }
      const [ids, all] = [[...wanted.keys()], [...wanted.values()]]
      const parts: Promise<void>[] = []
      for (let i = 0; i < all.length; i += TAKEN_TOGETHER)
        parts.push(takeAll(name, ids.slice(i, i + TAKEN_TOGETHER), all.slice(i, i + TAKEN_TOGETHER)))
      await Promise.all(parts)
      pull()
    },
    pull,
    stop() {
      isStopped = true
      cancelFlush?.()
      cancelSweep?.()
    },
  }
}
