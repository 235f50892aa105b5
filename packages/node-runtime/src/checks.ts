import { decode } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import type { Machine, Prepared } from '@mmtchain/kernel'
import { type Hash, hash } from '@mmtchain/primitives'
import {
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
 * Checks the same transaction once: what passed is remembered by the hash of its full bytes, signatures included, for the
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
  /** The hash of `bytes`. */
  readonly key: Hash
  /** Where it is known. */
  readonly id: Hash | undefined
}

export function createChecks(args: {
  readonly machine: Machine
  readonly max: number
  readonly threads: CheckThreads | undefined
  readonly turns: Turns
}): Checks {
  const { machine, max, threads, turns } = args
  const passed = recentOf<Hash, Hash>(max)
  const chain = {
    fingerprint: machine.engineChain.fingerprint,
    suiteCodes: [...machine.engineChain.suites.keys()],
  }

  function candidate(transaction: Transaction, bytes: Uint8Array, id?: Hash): Candidate {
    return { transaction, bytes, key: hash(sha256(bytes)), id }
  }

  /** Finishes with the id of one that was checked elsewhere or before, or with a check on this thread. */
  function prepare({ transaction, bytes, key, id: given }: Candidate, checked?: Hash): Prepared {
    const known = passed.get(key)
    const id =
      checked ?? known ?? machine.prepare(transaction, given ?? transactionIdIn(transaction, bytes)).id
    if (known === undefined) passed.set(key, id)
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

  function finish(one: Candidate | { readonly error: unknown }, checked?: Hash): Checked {
    if ('error' in one) return one
    try {
      return { prepared: prepare(one, checked) }
    } catch (error) {
      return { error }
    }
  }

  return {
    prepare: (transaction) => prepare(candidate(transaction, transactionBytes(transaction))),
    async check(given, look, knownIds) {
      const all = given.map((one, i) => read(one, look, knownIds?.[i]))
      if (!threads) return all.map((one) => finish(one))
      const unknown: Uint8Array[] = []
      for (const one of all) if ('key' in one && passed.get(one.key) === undefined) unknown.push(one.bytes)
      const ids = unknown.length > 0 ? await threads.check(chain, unknown) : []
      // What the threads have left undone is done here, and comes from all peers at once.
      if (ids.length > 1 && ids.includes(undefined)) await turns.next()
      let next = 0
      return all.map((one) =>
        finish(one, 'key' in one && one.bytes === unknown[next] ? ids[next++] : undefined),
      )
    },
  }
}
