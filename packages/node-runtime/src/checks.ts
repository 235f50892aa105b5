import { decode } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { type Machine, type Prepared, transactionBytes } from '@mmtchain/kernel'
import { type Hash, hash } from '@mmtchain/primitives'
import { type Transaction, transaction as transactionCodec } from '@mmtchain/tx'
import type { CheckThreads } from './host.ts'
import { recentOf } from './recent.ts'

/**
 * Checks the same transaction once: what passed is remembered by the hash of its full bytes, signatures included, for the
 * last `max / 2` transactions at least and `max` at most, some 200 bytes each.
 */
export interface Checks {
  /** `machine.prepare`, on this thread. */
  prepare(transaction: Transaction): Prepared
  /** The same, also from the transaction's bytes, on another thread when more than one come together. */
  check(given: Transaction | Uint8Array): Promise<Prepared>
}

export function createChecks(args: {
  readonly machine: Machine
  readonly max: number
  readonly threads: CheckThreads | undefined
}): Checks {
  const { machine, max, threads } = args
  const passed = recentOf<Hash, Hash>(max)
  const chain = {
    fingerprint: machine.engineChain.fingerprint,
    suiteCodes: [...machine.engineChain.suites.keys()],
  }

  function prepare(transaction: Transaction, bytes = transactionBytes(transaction)): Prepared {
    const key = hash(sha256(bytes))
    const known = passed.get(key)
    if (known !== undefined) return { transaction, id: known, bytes }
    const { id } = machine.prepare(transaction)
    passed.set(key, id)
    return { transaction, id, bytes }
  }

  return {
    prepare: (transaction) => prepare(transaction),
    async check(given) {
      const [transaction, bytes] =
        given instanceof Uint8Array
          ? [decode(transactionCodec, given), given]
          : [given, transactionBytes(given)]
      if (!threads) return prepare(transaction, bytes)
      const key = hash(sha256(bytes))
      const id = passed.get(key) ?? (await threads.check(chain, bytes))
      if (id === undefined) return prepare(transaction, bytes)
      passed.set(key, id)
      return { transaction, id, bytes }
    },
  }
}
