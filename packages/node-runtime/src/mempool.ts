import type { Block, Machine, Prepared, StateReader, Tip } from '@mmtchain/kernel'
import type { Address, ChainError, Hash } from '@mmtchain/primitives'
import { nodeFail } from './refusals.ts'

/** What bounds the waiting transactions. */
export interface MempoolLimits {
  readonly countMax: number
  readonly bytesMax: number
  readonly perSenderMax: number
}

export const MEMPOOL_LIMITS_DEFAULT: MempoolLimits = {
  countMax: 10_000,
  bytesMax: 64 * 1024 * 1024,
  perSenderMax: 64,
}

/** Transactions that wait for a block. */
export interface Mempool {
  /** Takes a transaction that was checked. The same one twice is the same answer. Throws what keeps it out of blocks, or `node/…`. */
  add(prepared: Prepared): Hash
  has(id: Hash): boolean
  readonly count: number
  readonly bytes: number
  /** How many accounts have sent what waits. */
  readonly senders: number
  readonly limits: MempoolLimits
  /** The nonce after the last waiting transaction of a sender whose queue begins at `nonce`. */
  nextNonce(sender: Address, nonce: bigint): bigint
  /** What the next block should hold, best fee per weight first, each sender's in order of nonce. */
  candidates(): readonly Prepared[]
  /** Drops a transaction that can no longer be in a block, and remembers why for those who ask. */
  drop(id: Hash, reason: ChainError): void
  /** Why a transaction was dropped, if that was lately. */
  droppedFor(id: Hash): ChainError | undefined
  /** Forgets what a committed block holds or has made impossible. */
  committed(block: Block, ids: readonly Hash[]): void
}

/** How many dropped transactions are remembered. */
const DROPPED_MAX = 1_000

/** A mempool over the state that `view` gives, which changes with every block. */
export function createMempool(args: {
  readonly machine: Machine
  readonly view: () => { readonly state: StateReader; readonly tip: Tip }
  readonly limits?: MempoolLimits
}): Mempool {
  const { machine, view, limits = MEMPOOL_LIMITS_DEFAULT } = args
  const queues = new Map<Address, Map<bigint, Prepared>>()
  const byId = new Map<Hash, Prepared>()
  const byPayer = new Map<Address, Set<Prepared>>()
  const dropped = new Map<Hash, ChainError>()
  let bytes = 0

  function remove(prepared: Prepared): void {
    const { sender, nonce } = prepared.transaction.body
    const queue = queues.get(sender)
    if (queue?.get(nonce) !== prepared) return
    queue.delete(nonce)
    if (queue.size === 0) queues.delete(sender)
    byId.delete(prepared.id)
    bytes -= prepared.bytes.length
    const paid = byPayer.get(payerOf(prepared))
    paid?.delete(prepared)
    if (paid?.size === 0) byPayer.delete(payerOf(prepared))
  }

  function insert(prepared: Prepared): void {
    const { sender, nonce } = prepared.transaction.body
    queues.set(sender, (queues.get(sender) ?? new Map()).set(nonce, prepared))
    byId.set(prepared.id, prepared)
    byPayer.set(payerOf(prepared), (byPayer.get(payerOf(prepared)) ?? new Set()).add(prepared))
    bytes += prepared.bytes.length
  }

  /** Makes room for a transaction by evicting those that offer less. Throws `node/POOL_FULL`, with nothing evicted. */
  function makeRoom(prepared: Prepared): void {
    let [count, size] = [byId.size + 1, bytes + prepared.bytes.length]
    const fits = () => count <= limits.countMax && size <= limits.bytesMax
    if (fits()) return
    const price = priceOf(prepared)
    // The last of a sender's queue goes first, so that no gap arises before what stays.
    const tails = [...queues.values()]
      .map((queue) => [...queue.values()].reduce((a, b) => (nonceIn(a) > nonceIn(b) ? a : b)))
      .filter(
        (tail) => priceOf(tail) < price && tail.transaction.body.sender !== prepared.transaction.body.sender,
      )
      .sort((a, b) => priceOf(a) - priceOf(b))
    const evicted: Prepared[] = []
    for (const tail of tails) {
      if (fits()) break
      evicted.push(tail)
      count -= 1
      size -= tail.bytes.length
    }
    if (!fits()) throw nodeFail.POOL_FULL({ max: limits.countMax })
    for (const one of evicted) remove(one)
  }

  function nonceOf(sender: Address): bigint {
    const { state, tip } = view()
    return (
      machine.query(state, tip, { module: 'kernel', query: 'account', input: { address: sender } }) as {
        nonce: bigint
      }
    ).nonce
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
    limits,
    has: (id) => byId.has(id),
    add(prepared) {
      const { id, transaction } = prepared
      const { sender, nonce, fee } = transaction.body
      if (byId.has(id)) return id
      const { state, tip } = view()
      // What waits already is paid for first, so that one balance cannot back many transactions.
      const waiting = [...(byPayer.get(payerOf(prepared)) ?? [])].filter((one) => !isRival(one, prepared))
      if (waiting.length >= limits.perSenderMax)
        throw nodeFail.SENDER_QUEUE_FULL({ sender, max: limits.perSenderMax })
      machine.admit(state, tip, prepared, waiting)
      const queue = queues.get(sender)
      const rival = queue?.get(nonce)
      if (rival) {
        const feeMin = rival.transaction.body.fee + rival.transaction.body.fee / 10n + 1n
        if (fee < feeMin) throw nodeFail.NONCE_TAKEN({ nonce, feeMin })
      } else {
        const nonceMax = nonceOf(sender) + BigInt(limits.perSenderMax) - 1n
        if (nonce > nonceMax) throw nodeFail.NONCE_TOO_FAR({ max: nonceMax, got: nonce })
        // Whoever pays nothing may hold one place, not a queue of them.
        if (nonce !== nonceOf(sender) && machine.isFreeRide(state, tip, transaction))
          throw nodeFail.FREE_ONLY_NEXT({ want: nonceOf(sender), got: nonce })
      }
      if (rival) remove(rival)
      else makeRoom(prepared)
      insert(prepared)
      return id
    },
    nextNonce(sender, nonce) {
      const queue = queues.get(sender)
      let next = nonce
      while (queue?.has(next)) next += 1n
      return next
    },
    candidates() {
      const ranked: { readonly prepared: Prepared; readonly price: number }[] = []
      for (const [sender, queue] of queues) {
        // A transaction is worth no more than those before it that must go first, so sorting keeps each sender's order.
        let price = Number.POSITIVE_INFINITY
        for (let nonce = nonceOf(sender), next = queue.get(nonce); next; next = queue.get(++nonce)) {
          price = Math.min(price, priceOf(next))
          ranked.push({ prepared: next, price })
        }
      }
      return ranked.sort((a, b) => b.price - a.price).map(({ prepared }) => prepared)
    },
    drop(id, reason) {
      const found = byId.get(id)
      if (!found) return
      remove(found)
      dropped.set(id, reason)
      const [oldest] = dropped.keys()
      if (dropped.size > DROPPED_MAX && oldest !== undefined) dropped.delete(oldest)
    },
    droppedFor: (id) => dropped.get(id),
    committed(block, ids) {
      for (const id of ids) {
        const found = byId.get(id)
        if (found) remove(found)
      }
      for (const { body } of block.transactions) {
        const rival = queues.get(body.sender)?.get(body.nonce)
        if (rival) remove(rival)
      }
      for (const prepared of byId.values()) {
        if (prepared.transaction.body.validUntil <= block.header.height) remove(prepared)
      }
    },
  }
}

function payerOf({ transaction: { body } }: Prepared): Address {
  return body.payer ?? body.sender
}

function nonceIn({ transaction: { body } }: Prepared): bigint {
  return body.nonce
}

/** What a transaction offers for its place in a block. */
function priceOf({ transaction: { body } }: Prepared): number {
  return Number(body.fee) / Number(body.weightMax + 1n)
}

function isRival(a: Prepared, b: Prepared): boolean {
  return a.transaction.body.sender === b.transaction.body.sender && nonceIn(a) === nonceIn(b)
}
