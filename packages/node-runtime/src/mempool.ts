import type { Block, Machine, Prepared, StateReader, Tip } from '@mmtchain/kernel'
import type { Address, Hash } from '@mmtchain/primitives'
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
  /** The nonce after the last waiting transaction of a sender whose queue begins at `nonce`. */
  nextNonce(sender: Address, nonce: bigint): bigint
  /** What the next block should hold, best fee per weight first, each sender's in order of nonce. */
  candidates(): readonly Prepared[]
  /** Drops a transaction that can no longer be in a block. */
  drop(id: Hash): void
  /** Forgets what a committed block holds or has made impossible. */
  committed(block: Block, ids: readonly Hash[]): void
}

/** A mempool over the state that `view` gives, which changes with every block. */
export function createMempool(args: {
  readonly machine: Machine
  readonly view: () => { readonly state: StateReader; readonly tip: Tip }
  readonly limits?: MempoolLimits
}): Mempool {
  const { machine, view, limits = MEMPOOL_LIMITS_DEFAULT } = args
  const queues = new Map<Address, Map<bigint, Prepared>>()
  const byId = new Map<Hash, Prepared>()
  let bytes = 0

  function remove(prepared: Prepared): void {
    const { sender, nonce } = prepared.transaction.body
    const queue = queues.get(sender)
    if (queue?.get(nonce) !== prepared) return
    queue.delete(nonce)
    if (queue.size === 0) queues.delete(sender)
    byId.delete(prepared.id)
    bytes -= prepared.bytes.length
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
    has: (id) => byId.has(id),
    add(prepared) {
      const { id, transaction, bytes: size } = prepared
      const { sender, nonce, fee } = transaction.body
      if (byId.has(id)) return id
      const { state, tip } = view()
      machine.admit(state, tip, prepared)
      const queue = queues.get(sender)
      const rival = queue?.get(nonce)
      if (rival) {
        const feeMin = rival.transaction.body.fee + rival.transaction.body.fee / 10n + 1n
        if (fee < feeMin) throw nodeFail.NONCE_TAKEN({ nonce, feeMin })
      } else {
        const nonceMax = nonceOf(sender) + BigInt(limits.perSenderMax) - 1n
        if (nonce > nonceMax) throw nodeFail.NONCE_TOO_FAR({ max: nonceMax, got: nonce })
        if ((queue?.size ?? 0) >= limits.perSenderMax)
          throw nodeFail.SENDER_QUEUE_FULL({ sender, max: limits.perSenderMax })
        if (byId.size >= limits.countMax || bytes + size.length > limits.bytesMax)
          throw nodeFail.POOL_FULL({ max: limits.countMax })
      }
      if (rival) remove(rival)
      queues.set(sender, (queues.get(sender) ?? new Map()).set(nonce, prepared))
      byId.set(id, prepared)
      bytes += size.length
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
          const { fee, weightMax } = next.transaction.body
          price = Math.min(price, Number(fee) / Number(weightMax + 1n))
          ranked.push({ prepared: next, price })
        }
      }
      return ranked.sort((a, b) => b.price - a.price).map(({ prepared }) => prepared)
    },
    drop(id) {
      const found = byId.get(id)
      if (found) remove(found)
    },
    committed(block, ids) {
      for (const id of ids) this.drop(id)
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
