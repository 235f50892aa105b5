import { sha256 } from '@mmtchain/crypto'
import { type Machine, type Prepared, transactionBytes } from '@mmtchain/kernel'
import { type Hash, hash } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'

/**
 * `machine.prepare` that checks the same transaction once: what passed is remembered by the hash of its full bytes, signatures
 * included, for the last `max` transactions, some 200 bytes each.
 */
export function rememberChecks(
  machine: Machine,
  { max }: { readonly max: number },
): (transaction: Transaction) => Prepared {
  const passed = new Map<Hash, Hash>()
  return (transaction) => {
    const bytes = transactionBytes(transaction)
    const key = hash(sha256(bytes))
    const known = passed.get(key)
    if (known !== undefined) return { transaction, id: known, bytes }
    const prepared = machine.prepare(transaction)
    passed.set(key, prepared.id)
    const [oldest] = passed.keys()
    if (passed.size > max && oldest !== undefined) passed.delete(oldest)
    return prepared
  }
}
