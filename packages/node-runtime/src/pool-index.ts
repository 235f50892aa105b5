import type { Prepared, Reservation } from '@mmtchain/kernel'
import type { Address, Hash } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import sortedBtree from 'sorted-btree'

/** A transaction that waits, and its rank. `worth` and `since` change with what waits before it. */
export interface Entry {
  readonly prepared: Prepared
  readonly payer: Address
  /** As it was when it was checked last. */
  reservation: Reservation
  /** Fee per weight, in units. */
  readonly price: number
  /** When it came, as a count. */
  readonly arrival: number
  /** The least price among it and those of its sender that must go first; `GAPPED` when one of those is missing. */
  worth: number
  /** The latest arrival among the same. */
  since: number
  /** False until it has got its first rank. */
  isRanked: boolean
}

/** What one account has sent. */
export interface Queue {
  /** The nonce of its next transaction by the state. */
  next: bigint
  readonly byNonce: ReadonlyMap<bigint, Entry>
  readonly bytes: number
}

/** The worth of what waits behind a gap: nothing, less than what pays nothing. */
export const GAPPED = -1

/**
 * Waiting transactions in the order of their rank: worth, best first, then who waits longer. No transaction ranks before one
 * of its sender that must go first, so the best are good to build with from the top, and the worst to evict from the bottom
 * without leaving a gap. Each change costs O(q log n), where q is the length of one sender's queue.
 */
export interface PoolIndex {
  readonly count: number
  readonly bytes: number
  readonly senders: number
  get(id: Hash): Entry | undefined
  queue(sender: Address): Queue | undefined
  /** Those whose fees one account pays. */
  paidBy(payer: Address): ReadonlySet<Entry>
  /** All payers in turn. */
  nextPayer(): Address | undefined
  /** What a transaction would be worth in its sender's queue. */
  worthOf(prepared: Prepared, next: bigint): number
  /** Adds one, whose nonce must be free. `next` is the sender's next nonce by the state. */
  insert(reservation: Reservation, next: bigint): void
  remove(entry: Entry): void
  /** Notes the next nonce of a sender. Transactions before it must have been removed. */
  advance(sender: Address, next: bigint): void
  /** Notes that a block has used a nonce of a sender, and removes the transaction that waits with it, if one does. */
  used(sender: Address, nonce: bigint): void
  /** All, best first. It must not be changed meanwhile. */
  bestFirst(): IterableIterator<Entry>
  worstFirst(): IterableIterator<Entry>
  /** Those valid until `height` at the latest. */
  expiredAt(height: bigint): readonly Entry[]
}

interface OwnQueue extends Queue {
  readonly byNonce: Map<bigint, Entry>
  bytes: number
}

const NONE: ReadonlySet<Entry> = new Set()

export function createPoolIndex(): PoolIndex {
  const ranked = new sortedBtree.default<Entry, undefined>(undefined, compareRank)
  const byId = new Map<Hash, Entry>()
  const queues = new Map<Address, OwnQueue>()
  const byPayer = new Map<Address, Set<Entry>>()
  const byExpiry = new Map<bigint, Set<Entry>>()
  let bytes = 0
  let arrivals = 0
  /** Goes on behind the last payer that was looked at, also when payers come and go. */
  let line = byPayer.keys()

  /** Ranks the sender's transactions anew from `nonce` on, until one has the rank that it had. */
  function rerank(queue: OwnQueue, nonce: bigint): void {
    let before = nonce === queue.next ? FIRST : (queue.byNonce.get(nonce - 1n) ?? MISSING)
    for (let at = nonce, entry = queue.byNonce.get(at); entry; entry = queue.byNonce.get(++at)) {
      const worth = worthAfter(before, entry.price)
      const since = Math.max(before.since, entry.arrival)
      if (entry.isRanked) {
        if (entry.worth === worth && entry.since === since) return
        ranked.delete(entry)
      }
      entry.worth = worth
      entry.since = since
      entry.isRanked = true
      ranked.set(entry, undefined)
      before = entry
    }
  }

  /** Removes an entry of its sender's queue. False when nothing is left of that. */
  function takeOut(queue: OwnQueue, entry: Entry): boolean {
    const { prepared, payer } = entry
    const { sender, nonce, validUntil } = prepared.transaction.body
    ranked.delete(entry)
    queue.byNonce.delete(nonce)
    queue.bytes -= prepared.bytes.length
    byId.delete(prepared.id)
    bytes -= prepared.bytes.length
    removeFrom(byPayer, payer, entry)
    removeFrom(byExpiry, validUntil, entry)
    if (queue.byNonce.size > 0) return true
    queues.delete(sender)
    return false
  }

  function advance(queue: OwnQueue, next: bigint): void {
    if (queue.next === next) return
    queue.next = next
    rerank(queue, next)
  }

  return {
    get count() {
      return byId.size
    },
    get bytes() {
      return bytes
    },
    get senders() {
      return queues.size
    },
    get: (id) => byId.get(id),
    queue: (sender) => queues.get(sender),
    paidBy: (payer) => byPayer.get(payer) ?? NONE,
    nextPayer() {
      const next = line.next()
      if (!next.done) return next.value
      line = byPayer.keys()
      return line.next().value
    },
    worthOf(prepared, next) {
      const { sender, nonce } = prepared.transaction.body
      const before = nonce === next ? FIRST : (queues.get(sender)?.byNonce.get(nonce - 1n) ?? MISSING)
      return worthAfter(before, priceOf(prepared.transaction))
    },
    insert(reservation, next) {
      const { prepared } = reservation
      const { sender, nonce, payer, validUntil } = prepared.transaction.body
      const queue = getOrMake(queues, sender, () => ({ next, byNonce: new Map(), bytes: 0 }))
      if (queue.byNonce.has(nonce)) throw new Error(`nonce ${nonce} of ${sender} waits already`)
      const price = priceOf(prepared.transaction)
      const arrival = arrivals++
      const entry: Entry = {
        prepared,
        payer: payer ?? sender,
        reservation,
        price,
        arrival,
        worth: GAPPED,
        since: arrival,
        isRanked: false,
      }
      queue.byNonce.set(nonce, entry)
      queue.bytes += prepared.bytes.length
      byId.set(prepared.id, entry)
      getOrMake(byPayer, entry.payer, () => new Set()).add(entry)
      getOrMake(byExpiry, validUntil, () => new Set()).add(entry)
      bytes += prepared.bytes.length
      rerank(queue, nonce)
    },
    remove(entry) {
      const { sender, nonce } = entry.prepared.transaction.body
      const queue = queues.get(sender)
      if (queue?.byNonce.get(nonce) === entry && takeOut(queue, entry)) rerank(queue, nonce + 1n)
    },
    advance(sender, next) {
      const queue = queues.get(sender)
      if (queue) advance(queue, next)
    },
    used(sender, nonce) {
      const queue = queues.get(sender)
      if (!queue) return
      const entry = queue.byNonce.get(nonce)
      if (!entry || takeOut(queue, entry)) advance(queue, nonce + 1n)
    },
    bestFirst: () => ranked.keys(),
    *worstFirst() {
      for (const [entry] of ranked.entriesReversed()) yield entry
    },
    expiredAt(height) {
      const gone: Entry[] = []
      for (const [last, entries] of byExpiry) if (last <= height) gone.push(...entries)
      return gone
    },
  }
}

/** What stands for those before a sender's first transaction, and for one that is missing. */
const FIRST = { worth: Number.POSITIVE_INFINITY, since: 0 }
const MISSING = { worth: GAPPED, since: 0 }

function worthAfter(before: { readonly worth: number }, price: number): number {
  return Math.min(before.worth, price)
}

/** What a transaction offers for its place in a block. */
export function priceOf({ body }: Transaction): number {
  return Number(body.fee) / Number(body.weightMax + 1n)
}

/** The order of the rank. Only entries of one sender have an equal `since`. */
export function compareRank(a: Entry, b: Entry): number {
  if (a.worth !== b.worth) return b.worth - a.worth
  if (a.since !== b.since) return a.since - b.since
  const [one, other] = [a.prepared.transaction.body.nonce, b.prepared.transaction.body.nonce]
  if (one !== other) return one < other ? -1 : 1
  return a.arrival - b.arrival
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

function removeFrom<K>(map: Map<K, Set<Entry>>, key: K, entry: Entry): void {
  const entries = map.get(key)
  entries?.delete(entry)
  if (entries?.size === 0) map.delete(key)
}
