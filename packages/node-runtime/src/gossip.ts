import type { PeerId, Prepared } from '@mmtchain/kernel'
import { type Hash, isChainError } from '@mmtchain/primitives'
import { type Transaction, transactionBytes, transactionIdIn } from '@mmtchain/tx'
import type { Checked, Checks } from './checks.ts'
import type { Host } from './host.ts'
import type { Mempool } from './mempool.ts'
import { IDS_MAX, type NodeMessage } from './messages.ts'
import { recentOf } from './recent.ts'
import type { Turns } from './turns.ts'

/** How long new transactions are gathered before they are announced. */
const GATHER_MS = 20n
/** Not before this long after the last announcement: a message to each peer costs more than the ids in it. */
const PAUSE_MS = 100n
/** How many transactions may be asked of one peer at a time. */
const ASKED_MAX = 1_024
/** How many announced transactions are remembered that are not here yet. */
const OFFERS_MAX = 16_384
/** How many peers are remembered that have the same one. */
const HOLDERS_MAX = 16
const ANSWER_TIMEOUT_MS = 3_000n
/** So many of one message are checked together, and then taken together. */
const TAKEN_TOGETHER = 32
const SEEN_MAX = 65_536
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

/** What was announced and is not here yet. */
interface Offer {
  /** Who has it; those who were asked come first. */
  readonly holders: PeerId[]
  /** How many were asked. */
  tried: number
  /** Who is asked for it now. */
  asked: PeerId | undefined
  atMs: bigint
}

export function createGossip(args: {
  readonly mempool: Mempool
  readonly checks: Pick<Checks, 'check'>
  readonly host: Host
  readonly turns: Turns
  /** False while the state here is too old to judge transactions. */
  readonly isReady: () => boolean
  readonly send: (peer: PeerId, message: NodeMessage) => void
  readonly blame: (peer: PeerId, why: string) => void
  /** What became of a transaction of a peer: a code when it was refused. */
  readonly taken: (code?: string) => void
}): Gossip {
  const { mempool, checks, host, turns, send, blame } = args
  /** How many transactions are asked of each peer. */
  const peers = new Map<PeerId, number>()
  const offers = new Map<Hash, Offer>()
  /** The offers for which nobody is asked. */
  const idle = new Map<Hash, Offer>()
  /** What was handled: it is here, was refused, or is in a block. */
  const seen = recentOf<Hash, true>(SEEN_MAX)
  /** What is to be announced next, with the peers that have it already. */
  let fresh = new Map<Hash, PeerId[]>()
  let announcedAtMs = 0n
  let cancelFlush: (() => void) | undefined
  let cancelSweep: (() => void) | undefined
  let isStopped = false
  /** How many messages with transactions are being worked off. */
  let working = 0

  function whenToAnnounce(): bigint {
    const nowMs = host.nowMs()
    const [soonest, rested] = [nowMs + GATHER_MS, announcedAtMs + PAUSE_MS]
    // The clock may have been set back.
    return rested > soonest && announcedAtMs <= nowMs ? rested : soonest
  }

  function flush(): void {
    cancelFlush = undefined
    announcedAtMs = host.nowMs()
    const waiting = [...fresh].filter(([id]) => mempool.has(id))
    fresh = new Map()
    for (const name of peers.keys()) {
      const news: Hash[] = []
      for (const [id, holders] of waiting) if (!holders.includes(name)) news.push(id)
      inParts(news, (value) => send(name, { kind: 'announce', value }))
    }
  }

  function offer(name: PeerId, id: Hash): void {
    if (seen.get(id) || mempool.has(id) || offers.size >= OFFERS_MAX) return
    const one = { holders: [name], tried: 0, asked: undefined, atMs: 0n }
    offers.set(id, one)
    idle.set(id, one)
  }

  /** Notes one more holder. Who was asked in vain makes room for it, so that silent peers cannot keep others out. */
  function hold(name: PeerId, holders: PeerId[], one: Offer | undefined): void {
    if (holders.length >= HOLDERS_MAX) {
      if (!one || one.tried < 2) return
      // The one that is asked now was tried last.
      holders.shift()
      one.tried -= 1
    }
    holders.push(name)
  }

  const isBusy = (name: PeerId) => (peers.get(name) ?? ASKED_MAX) >= ASKED_MAX

  /** Asks for what was offered and nobody is asked for. */
  function pull(): void {
    if (isStopped || !args.isReady()) return
    const wanted = new Map<PeerId, Hash[]>()
    const nowMs = host.nowMs()
    for (const [id, one] of idle) {
      const { holders, tried } = one
      let at = tried
      while (at < holders.length && isBusy(holders[at] as PeerId)) at++
      const name = holders[at]
      if (name === undefined) continue
      holders[at] = holders[tried] as PeerId
      holders[tried] = name
      idle.delete(id)
      one.tried += 1
      one.asked = name
      one.atMs = nowMs
      peers.set(name, (peers.get(name) ?? 0) + 1)
      const ids = wanted.get(name) ?? []
      wanted.set(name, ids)
      ids.push(id)
    }
    for (const [name, ids] of wanted) inParts(ids, (value) => send(name, { kind: 'getTransactions', value }))
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
    const count = asked === undefined ? undefined : peers.get(asked)
    if (asked !== undefined && count !== undefined) peers.set(asked, count - 1)
    one.asked = undefined
    if (one.tried < one.holders.length) return void idle.set(id, one)
    offers.delete(id)
    if (asked === undefined) idle.delete(id)
  }

  /** Answers the peers that have it. */
  function handled(id: Hash): PeerId[] {
    seen.set(id, true)
    const one = offers.get(id)
    if (!one) return []
    one.tried = one.holders.length
    release(id, one)
    return one.holders
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
    if (isStopped) return
    try {
      mempool.add(checked.prepared)
    } catch (error) {
      handled(id)
      if (!isChainError(error)) throw error
      args.taken(error.code)
      return
    }
    args.taken()
    // `added` has not heard of one that waited already.
    if (offers.has(id)) handled(id)
  }

  return {
    added({ id }) {
      const holders = handled(id)
      if (peers.size === 0 || isStopped) return
      fresh.set(id, holders)
      cancelFlush ??= host.setTimer(whenToAnnounce(), flush)
    },
    committed(ids) {
      for (const id of ids) handled(id)
    },
    joined(name) {
      peers.set(name, 0)
      const ids: Hash[] = []
      for (const { id } of mempool.all()) if (!fresh.has(id)) ids.push(id)
      inParts(ids, (value) => send(name, { kind: 'announce', value }))
    },
    left(name) {
      peers.delete(name)
      for (const [id, one] of offers) {
        const at = remove(one.holders, name)
        if (at < 0) continue
        if (at < one.tried) one.tried -= 1
        if (one.asked === name || (one.asked === undefined && one.tried === one.holders.length))
          release(id, one)
      }
      for (const holders of fresh.values()) remove(holders, name)
      pull()
    },
    announced(name, ids) {
      if (!peers.has(name)) return
      for (const id of ids) {
        const one = offers.get(id)
        const holders = one?.holders ?? fresh.get(id)
        if (!holders) offer(name, id)
        else if (!holders.includes(name)) hold(name, holders, one)
      }
      pull()
    },
    asked(name, ids) {
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
      }
      flushPart()
    },
    async received(name, transactions) {
      const wanted = new Map<Hash, Transaction>()
      for (const transaction of transactions) {
        const id = transactionIdIn(transaction, transactionBytes(transaction))
        const one = offers.get(id)
        // One that comes too late was asked of somebody else meanwhile, or has come before.
        if (one?.asked !== name) continue
        // It is here: nobody else is asked while its turn comes.
        one.atMs = host.nowMs()
        wanted.set(id, transaction)
      }
      const [ids, all] = [[...wanted.keys()], [...wanted.values()]]
      const parts: Promise<void>[] = []
      let fault: unknown
      if (working++ === 0) turns.restart()
      for (let i = 0; i < all.length; i += TAKEN_TOGETHER) {
        while (!turns.hasTime()) await turns.next()
        if (isStopped) break
        const part = takeAll(name, ids.slice(i, i + TAKEN_TOGETHER), all.slice(i, i + TAKEN_TOGETHER))
        parts.push(
          part.catch((error) => {
            fault ??= error
          }),
        )
      }
      await Promise.all(parts)
      working -= 1
      if (fault !== undefined) throw fault
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

/** Sends ids in as many messages as they need. */
function inParts(ids: readonly Hash[], sendPart: (part: readonly Hash[]) => void): void {
  for (let i = 0; i < ids.length; i += IDS_MAX) sendPart(ids.slice(i, i + IDS_MAX))
}

/** Takes a peer out of a list. Answers where it was, or -1. */
function remove(holders: PeerId[], name: PeerId): number {
  const at = holders.indexOf(name)
  if (at >= 0) holders.splice(at, 1)
  return at
}
