import type { Admission, Block, Machine, Prepared, StateReader, Tip } from '@mmtchain/kernel'
import { type Address, type ChainError, type Hash, isChainError } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import { compareRank, createPoolIndex, type Entry, GAPPED, priceOf, type Queue } from './pool-index.ts'
import { nodeFail } from './refusals.ts'

/** What bounds the waiting transactions. */
export interface MempoolLimits {
  readonly countMax: number
  readonly bytesMax: number
  readonly perSenderMax: number
  readonly perSenderBytesMax: number
  /** How many transactions one account may pay for, its own among them. */
  readonly perPayerMax: number
  /** How many waiting transactions are checked again after each block. */
  readonly recheckMax: number
}

export const MEMPOOL_LIMITS_DEFAULT: MempoolLimits = {
  countMax: 10_000,
  bytesMax: 64 * 1024 * 1024,
  perSenderMax: 64,
  perSenderBytesMax: 1024 * 1024,
  perPayerMax: 256,
  recheckMax: 500,
}

/** Transactions that wait for a block. */
export interface Mempool {
  /** Takes a transaction that was checked. The same one twice is the same answer. Throws what keeps it out of blocks, or `node/…`. */
  add(prepared: Prepared): Hash
  /**
   * Throws `node/POOL_FULL` for a transaction that surely finds no place, without a look at its signatures or at the state: what a full pool refuses
   * must cost the node little. Clients find the last tenth of the places taken: what other nodes have let in needs them, or the pools of
   * a busy network would no longer be the same, and blocks full of transactions that most nodes have yet to check.
   */
  checkRoom(from: 'client' | 'peer', transaction: Transaction, bytes: Uint8Array): void
  has(id: Hash): boolean
  get(id: Hash): Prepared | undefined
  readonly count: number
  readonly bytes: number
  /** How many accounts have sent what waits. */
  readonly senders: number
  readonly limits: MempoolLimits
  /** The nonce after the last waiting transaction of a sender whose queue begins at `nonce`. */
  nextNonce(sender: Address, nonce: bigint): bigint
  /** What the next block should hold, best first, each sender's in order of nonce. The pool must not change meanwhile. */
  candidates(): Iterable<Prepared>
  /** All that waits, what waits behind a gap too, best first. */
  all(): Iterable<Prepared>
  /** Drops a transaction that can no longer be in a block, and remembers why for those who ask. */
  drop(id: Hash, reason: ChainError): void
  /** Why a transaction was dropped, if that was lately. */
  droppedFor(id: Hash): ChainError | undefined
  /** Forgets what a committed block holds or has made impossible, and checks some of the others again. */
  committed(block: Block, ids: readonly Hash[]): void
  /** Judges anew by the state of an earlier tip: blocks were taken back. */
  reverted(): void
}

/** How full of the pool clients may make it. */
const CLIENT_SHARE = 0.9
/** How many dropped transactions are remembered. */
const DROPPED_MAX = 1_000
/** For how many payers the fees that wait are kept added up, and for how many in one admission. */
const RESERVED_MAX = 4_096
const PER_ADMISSION_MAX = 1_024

/** Where the fees that wait for one payer are reserved on the state of the tip. `stale` when one of them may wait no more. */
interface Reserved {
  readonly admission: Admission
  stale: boolean
}

/** A mempool over the state that `view` gives, which changes with every block. */
export function createMempool(args: {
  readonly machine: Machine
  readonly view: () => { readonly state: StateReader; readonly tip: Tip }
  /** What differs from `MEMPOOL_LIMITS_DEFAULT`. */
  readonly limits?: Partial<MempoolLimits> | undefined
  readonly onAdded?: (prepared: Prepared) => void
  readonly onDropped?: (id: Hash, reason: ChainError) => void
}): Mempool {
  const { machine, view } = args
  const limits = { ...MEMPOOL_LIMITS_DEFAULT, ...args.limits }
  const index = createPoolIndex()
  let reservedBy = new Map<Address, Reserved>()
  const dropped = new Map<Hash, ChainError>()
  /** The admission for payers that are new or begin anew; opening one is dear, so payers share it. */
  let current: { readonly admission: Admission; readonly payers: Set<Address> } | undefined

  /** An admission in which nothing is reserved for this payer. */
  function admissionFor(payer: Address): Admission {
    const count = current?.payers.size ?? PER_ADMISSION_MAX
    if (current && count < PER_ADMISSION_MAX && current.payers.add(payer).size > count)
      return current.admission
    const { state, tip } = view()
    current = { admission: machine.admission(state, tip), payers: new Set([payer]) }
    return current.admission
  }

  function remove(entry: Entry): void {
    index.remove(entry)
    const reserved = reservedBy.get(entry.payer)
    if (reserved) reserved.stale = true
  }

  function dropEntry(entry: Entry, reason: ChainError): void {
    const { id } = entry.prepared
    remove(entry)
    dropped.set(id, reason)
    if (dropped.size > DROPPED_MAX) dropped.delete(firstOf(dropped))
    args.onDropped?.(id, reason)
  }

  /** What a payer has waiting, best first: where the balance ends, the worst finds nothing. */
  function waitingOf(payer: Address): readonly Entry[] {
    const entries = index.paidBy(payer)
    if (entries.size < 2) return [...entries]
    return [...entries].sort(compareRank)
  }

  function keepReserved(payer: Address, reserved: Reserved): Admission {
    reservedBy.delete(payer)
    reservedBy.set(payer, reserved)
    if (reservedBy.size > RESERVED_MAX) reservedBy.delete(firstOf(reservedBy))
    return reserved.admission
  }

  /** Checks again what a payer has waiting, reserves its fees anew, and drops what can no longer be in a block. */
  function checkAgain(payer: Address, without?: Entry): Admission {
    const admission = admissionFor(payer)
    for (const entry of waitingOf(payer)) {
      if (entry === without) continue
      try {
        const { nonce, reservation } = admission.admit(entry.prepared)
        entry.reservation = reservation
        index.advance(entry.prepared.transaction.body.sender, nonce)
      } catch (error) {
        dropEntry(entry, asRefusal(error))
      }
    }
    return keepReserved(payer, { admission, stale: without !== undefined })
  }

  /**
   * The fees of what a payer has waiting, reserved on another tip. Each is checked in its turn (`recheckMax`), or when one of them stands in the
   * way; to check all for every newcomer would be most of what a busy pool does.
   */
  function reserveAgain(payer: Address): Admission {
    const admission = admissionFor(payer)
    try {
      // Where all find their fee, their order does not matter.
      for (const { reservation } of index.paidBy(payer)) admission.reserve(reservation)
    } catch {
      return checkAgain(payer)
    }
    return keepReserved(payer, { admission, stale: true })
  }

  /** Judges a newcomer on top of what its payer has waiting, but for the one that it replaces. Throws what keeps it out of blocks. */
  function admit(prepared: Prepared, rival: Entry | undefined): ReturnType<Admission['admit']> {
    const payer = payerOf(prepared)
    try {
      try {
        return (reservedBy.get(payer)?.admission ?? reserveAgain(payer)).admit(prepared)
      } catch (error) {
        // The fees of the one that it replaces, or of such that wait no more, may have stood in the way.
        if (!reservedBy.get(payer)?.stale && rival?.payer !== payer) throw error
        return checkAgain(payer, rival).admit(prepared)
      }
    } catch (error) {
      if (rival) reservedBy.delete(payer)
      throw asRefusal(error)
    }
  }

  /** Throws unless a replacement offers enough more than what it replaces. */
  function checkOffer({ transaction: { body } }: Prepared, rival: Entry | undefined): void {
    if (!rival) return
    const before = rival.prepared.transaction.body.fee
    const feeMin = before + before / 10n + 1n
    if (body.fee < feeMin) throw nodeFail.NONCE_TAKEN({ nonce: body.nonce, feeMin })
  }

  /** Throws unless the sender may have one more waiting, or this one in the place of `rival`. */
  function checkShare(prepared: Prepared, queue: Queue | undefined, rival: Entry | undefined): void {
    const { sender } = prepared.transaction.body
    if (!rival && queue && queue.byNonce.size >= limits.perSenderMax)
      throw nodeFail.SENDER_QUEUE_FULL({ sender, max: limits.perSenderMax })
    const size = (queue?.bytes ?? 0) - (rival?.prepared.bytes.length ?? 0) + prepared.bytes.length
    // A sender's only transaction may be as large as the chain allows.
    if (size > limits.perSenderBytesMax && size > prepared.bytes.length)
      throw nodeFail.SENDER_QUEUE_LARGE({ sender, max: limits.perSenderBytesMax })
    const payer = payerOf(prepared)
    const isPayersOwn = rival?.payer === payer
    if (!isPayersOwn && index.paidBy(payer).size >= limits.perPayerMax)
      throw nodeFail.PAYER_QUEUE_FULL({ payer, max: limits.perPayerMax })
  }

  /** Who has to go, from the worst up, so that `prepared` has a place. Throws `node/POOL_FULL`. */
  function toEvict(prepared: Prepared, next: bigint, rival: Entry | undefined): readonly Entry[] {
    let count = index.count + (rival ? 0 : 1)
    let size = index.bytes + prepared.bytes.length - (rival?.prepared.bytes.length ?? 0)
    const fits = () => count <= limits.countMax && size <= limits.bytesMax
    if (fits()) return []
    const evicted: Entry[] = []
    const worth = index.worthOf(prepared, next)
    for (const entry of index.worstFirst()) {
      if (entry.worth >= worth) break
      if (entry === rival) continue
      evicted.push(entry)
      count -= 1
      size -= entry.prepared.bytes.length
      if (fits()) return evicted
    }
    throw nodeFail.POOL_FULL({ countMax: limits.countMax, bytesMax: limits.bytesMax })
  }

  function checkRoom(from: 'client' | 'peer', transaction: Transaction, { length }: Uint8Array): void {
    const { countMax, bytesMax } = limits
    const share = from === 'client' ? CLIENT_SHARE : 1
    if (index.count < Math.ceil(share * countMax) && index.bytes + length <= share * bytesMax) return
    const { sender, nonce } = transaction.body
    const queue = index.queue(sender)
    // What waits already, replaces another one or is in a block has another answer.
    if (!queue || nonce < queue.next || queue.byNonce.has(nonce)) return
    const [worst] = index.worstFirst()
    if (worst && worst.worth >= priceOf(transaction)) throw nodeFail.POOL_FULL({ countMax, bytesMax })
  }

  function add(prepared: Prepared): Hash {
    const { id, transaction } = prepared
    const { sender, nonce } = transaction.body
    if (index.get(id)) return id
    const poison = dropped.get(id)
    if (poison?.code === 'node/EXHAUSTING') throw poison
    const queue = index.queue(sender)
    const waiting = queue?.byNonce.get(nonce)
    checkOffer(prepared, waiting)
    checkShare(prepared, queue, waiting)
    const { nonce: next, isFreeRide, reservation } = admit(prepared, waiting)
    index.advance(sender, next)
    try {
      const nonceMax = next + BigInt(limits.perSenderMax) - 1n
      if (nonce > nonceMax) throw nodeFail.NONCE_TOO_FAR({ max: nonceMax, got: nonce })
      // Whoever pays nothing may hold one place, not a queue of them.
      if (nonce !== next && isFreeRide) throw nodeFail.FREE_ONLY_NEXT({ want: next, got: nonce })
      // The admission may have dropped what waited.
      const rival = index.queue(sender)?.byNonce.get(nonce)
      const evicted = toEvict(prepared, next, rival)
      if (rival) dropEntry(rival, nodeFail.REPLACED({ by: id }))
      for (const entry of evicted) dropEntry(entry, nodeFail.EVICTED({}))
    } catch (error) {
      // Its fee is reserved, but it does not wait.
      const reserved = reservedBy.get(payerOf(prepared))
      if (reserved) reserved.stale = true
      throw error
    }
    index.insert(reservation, next)
    dropped.delete(id)
    args.onAdded?.(prepared)
    return id
  }

  function committed(block: Block, ids: readonly Hash[]): void {
    const { height } = block.header
    // The state has changed under all that was reserved.
    reservedBy = new Map()
    current = undefined
    const touched = new Set<Address>()
    for (const [i, { body }] of block.transactions.entries()) {
      if (body.payer !== null) touched.add(body.payer)
      touched.add(body.sender)
      const rival = index.queue(body.sender)?.byNonce.get(body.nonce)
      if (rival && rival.prepared.id !== ids[i])
        dropEntry(rival, nodeFail.NONCE_USED({ nonce: body.nonce, by: ids[i] as Hash }))
      index.used(body.sender, body.nonce)
    }
    for (const entry of index.expiredAt(height)) {
      const { validUntil } = entry.prepared.transaction.body
      dropEntry(entry, nodeFail.OUTDATED({ validUntil, height }))
    }
    recheck(touched)
  }

  /** Checks again what those of the block have waiting, then the payers that were not checked for longest. */
  function recheck(touched: ReadonlySet<Address>): void {
    let left = Math.min(limits.recheckMax, index.count)
    for (const payer of touched) {
      if (left <= 0) return
      left -= recheckPayer(payer)
    }
    while (left > 0) {
      const payer = index.nextPayer()
      if (payer === undefined) return
      left -= Math.max(1, recheckPayer(payer))
    }
  }

  /** Answers how many were checked. */
  function recheckPayer(payer: Address): number {
    const { size } = index.paidBy(payer)
    if (size > 0 && !reservedBy.has(payer)) checkAgain(payer)
    return size
  }

  return {
    get count() {
      return index.count
    },
    get bytes() {
      return index.bytes
    },
    get senders() {
      return index.senders
    },
    limits,
    checkRoom,
    has: (id) => index.get(id) !== undefined,
    get: (id) => index.get(id)?.prepared,
    add,
    nextNonce(sender, nonce) {
      const queue = index.queue(sender)
      let next = nonce
      while (queue?.byNonce.has(next)) next += 1n
      return next
    },
    *candidates() {
      for (const { prepared, worth } of index.bestFirst()) {
        if (worth === GAPPED) return
        yield prepared
      }
    },
    *all() {
      for (const { prepared } of index.bestFirst()) yield prepared
    },
    drop(id, reason) {
      const entry = index.get(id)
      if (entry) dropEntry(entry, reason)
    },
    droppedFor: (id) => dropped.get(id),
    committed,
    reverted() {
      reservedBy = new Map()
      current = undefined
      recheck(new Set())
    },
  }
}

function firstOf<K>(map: ReadonlyMap<K, unknown>): K {
  const [first] = map.keys()
  return first as K
}

function payerOf({ transaction: { body } }: Prepared): Address {
  return body.payer ?? body.sender
}

/** A transaction that makes a module exhaust the stack is no fault of the node: it is refused. Any other fault is thrown on. */
function asRefusal(error: unknown): ChainError {
  if (isChainError(error)) return error
  if (error instanceof RangeError) return nodeFail.EXHAUSTING({ why: String(error) })
  throw error
}
