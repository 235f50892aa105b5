import { sha256 } from '@mmtchain/crypto'
import { type Machine, type Prepared, transactionBytes } from '@mmtchain/kernel'
import { type Hash, hash } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import type { CheckThreads } from './host.ts'

/**
 * Checks the same transaction once: what passed is remembered by the hash of its full bytes, signatures included, for the
 * last `max` transactions, some 200 bytes each.
 */
export interface Checks {
  /** `machine.prepare`, on this thread. */
  prepare(transaction: Transaction): Prepared
  /** The same, on another thread when many come together. */
  check(transaction: Transaction): Promise<Prepared>
}

export function createChecks(args: {
  readonly machine: Machine
  readonly max: number
  readonly threads: CheckThreads | undefined
}): Checks {
  const { machine, max, threads } = args
  const passed = new Map<Hash, Hash>()
  const chain = {
    fingerprint: machine.engineChain.fingerprint,
    suiteCodes: [...machine.engineChain.suites.keys()],
  }

  function remember(key: Hash, id: Hash): void {
    passed.set(key, id)
    const [oldest] = passed.keys()
    if (passed.size > max && oldest !== undefined) passed.delete(oldest)
  }

  function prepare(transaction: Transaction): Prepared {
    const bytes = transactionBytes(transaction)
    const key = hash(sha256(bytes))
    const known = passed.get(key)
    if (known !== undefined) return { transaction, id: known, bytes }
    const prepared = machine.prepare(transaction)
    remember(key, prepared.id)
    return prepared
  }

  return {
    prepare,
    async check(transaction) {
      if (!threads) return prepare(transaction)
      const bytes = transactionBytes(transaction)
      const key = hash(sha256(bytes))
      const id = passed.get(key) ?? (await threads.check(chain, bytes))
      if (id === undefined) return prepare(transaction)
      remember(key, id)
      return { transaction, id, bytes }
    },
  }
}
