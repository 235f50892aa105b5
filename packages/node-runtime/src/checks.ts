import { decode } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import type { Machine, Prepared } from '@mmtchain/kernel'
import { type Hash, toHex } from '@mmtchain/primitives'
import {
  bodyLengthIn,
  type Transaction,
  transactionBytes,
  transaction as transactionCodec,
  transactionIdIn,
} from '@mmtchain/tx'
import type { CheckThreads } from './host.ts'
import { recentOf } from './recent.ts'
import type { Turns } from './turns.ts'

/** A transaction that passed, or what is wrong with it. */
export type Checked = { readonly prepared: Prepared } | { readonly error: unknown }

/**
 * Checks the same transaction once: what passed is remembered by its id with the signatures that it had, for the
 * last `max / 2` transactions at least and `max` at most, some 200 bytes each.
 */
export interface Checks {
  /** `machine.prepare`, on this thread. */
  prepare(transaction: Transaction): Prepared
  /**
   * The same for many, given as values or as their bytes, on another thread when more than one come together. It never rejects. `look` throws
   * for those whose signatures need not be checked. `ids` are theirs, where they are known.
   */
  check(
    given: readonly (Transaction | Uint8Array)[],
    look?: Look,
    ids?: readonly Hash[],
  ): Promise<readonly Checked[]>
}

/** A first look at a transaction and its bytes. */
export type Look = (transaction: Transaction, bytes: Uint8Array) => void

/** A transaction on its way through the checks. */
interface Candidate {
  readonly transaction: Transaction
  readonly bytes: Uint8Array
  readonly id: Hash
  /** What stands for its signatures. */
  readonly signatures: string
}

/** The bytes of one signature are kept as they are, in less time than their hash takes. */
const SHORT_BYTES = 128

/** Stands for the signatures of a transaction: other ones of the same id have another text. */
function signaturesIn(transaction: Transaction, bytes: Uint8Array): string {
  const part = bytes.subarray(bodyLengthIn(transaction, bytes))
  if (part.length <= SHORT_BYTES) return String.fromCharCode(...part)
  // Longer than any of those.
  return toHex(sha256(part)).padEnd(SHORT_BYTES + 1)
}

export function createChecks(args: {
  readonly machine: Machine
  readonly max: number
  readonly threads: CheckThreads | undefined
  readonly turns: Turns
}): Checks {
  const { machine, max, threads, turns } = args
  const passed = recentOf<Hash, string>(max)
  const chain = {
    fingerprint: machine.engineChain.fingerprint,
    suiteCodes: [...machine.engineChain.suites.keys()],
  }

  function candidate(transaction: Transaction, bytes: Uint8Array, id?: Hash): Candidate {
    const signatures = signaturesIn(transaction, bytes)
    return { transaction, bytes, id: id ?? transactionIdIn(transaction, bytes), signatures }
  }

  const hasPassed = ({ id, signatures }: Candidate) => passed.get(id) === signatures

  /** Finishes one that was checked elsewhere or before, or checks it on this thread. */
  function prepare(one: Candidate, isChecked: boolean): Prepared {
    const { transaction, id, bytes, signatures } = one
    if (!hasPassed(one)) {
      if (!isChecked) machine.prepare(transaction, id)
      passed.set(id, signatures)
    }
    return { transaction, id, bytes }
  }

  function read(
    given: Transaction | Uint8Array,
    look: Look | undefined,
    id: Hash | undefined,
  ): Candidate | { readonly error: unknown } {
    try {
      const transaction = given instanceof Uint8Array ? decode(transactionCodec, given) : given
      const bytes = transactionBytes(transaction)
      look?.(transaction, bytes)
      return candidate(transaction, bytes, id)
    } catch (error) {
      return { error }
    }
  }

  function finish(one: Candidate | { readonly error: unknown }, isChecked: boolean): Checked {
    if ('error' in one) return one
    try {
      return { prepared: prepare(one, isChecked) }
    } catch (error) {
      return { error }
    }
  }

  return {
    prepare: (transaction) => prepare(candidate(transaction, transactionBytes(transaction)), false),
    async check(given, look, knownIds) {
      const all: (Candidate | { readonly error: unknown })[] = []
      for (const [i, one] of given.entries()) all.push(read(one, look, knownIds?.[i]))
      const unknown: Uint8Array[] = []
      for (const one of all) if ('id' in one && !hasPassed(one)) unknown.push(one.bytes)
      const ids = threads && unknown.length > 0 ? await threads.check(chain, unknown) : []
      // What the threads have left undone is done here, and comes from all peers at once.
      if (ids.length > 1 && ids.includes(undefined)) while (!turns.hasTime()) await turns.next()
      const checked: Checked[] = []
      let next = 0
      for (const one of all) {
        const isChecked = 'id' in one && one.bytes === unknown[next] && ids[next++] === one.id
        checked.push(finish(one, isChecked))
      }
      return checked
    },
  }
}
