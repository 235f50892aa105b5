import type { Store } from '@mmtchain/kernel'
import { type Hash, isChainError } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import type { Checked, Checks, Look } from './checks.ts'
import type { Host } from './host.ts'
import type { Mempool } from './mempool.ts'
import type { Recorder } from './metrics.ts'
import { nodeFail } from './refusals.ts'

/** What became of a transaction that was submitted: it waits or stands in a block, or was refused. */
export type Submitted = { readonly id: Hash } | { readonly error: unknown }

/** How transactions come in. */
export interface Submissions {
  /**
   * Checks transactions, given as values or as their bytes, and queues them in their order. It never rejects. The same one twice
   * is the same answer, also after it is in a block. Bytes must not change afterwards.
   */
  submitAll(given: readonly (Transaction | Uint8Array)[]): Promise<readonly Submitted[]>
  /** The same for one. Throws what keeps it out of blocks. */
  submit(given: Transaction | Uint8Array): Promise<Hash>
}

export function createSubmissions(args: {
  readonly checks: Checks
  readonly mempool: Mempool
  readonly store: Pick<Store, 'transaction'>
  readonly metrics: Recorder
  readonly host: Pick<Host, 'monotonicMs'>
  readonly isRunning: () => boolean
}): Submissions {
  const { checks, mempool, store, metrics, host, isRunning } = args

  const look: Look = (one, bytes) => mempool.checkRoom('client', one, bytes)

  function queue(checked: Checked): Submitted | Promise<Submitted> {
    if ('error' in checked) return checked
    const { prepared } = checked
    try {
      if (!isRunning()) throw nodeFail.NOT_RUNNING({})
      return { id: mempool.add(prepared) }
    } catch (error) {
      return isRunning() ? committedOr(error, prepared.id) : { error }
    }
  }

  /** A sender that lost the answer asks again: what is in a block already is no error. */
  async function committedOr(error: unknown, id: Hash): Promise<Submitted> {
    // A used nonce has another code, so that a pool which is full costs no reads.
    if (isChainError(error) && error.code === 'node/POOL_FULL') return { error }
    try {
      return (await store.transaction(id)) ? { id } : { error }
    } catch (failure) {
      return { error: failure }
    }
  }

  function count(submitted: Submitted): void {
    if ('id' in submitted) metrics.submitted()
    else metrics.submitted(isChainError(submitted.error) ? submitted.error.code : 'fault')
  }

  async function submitAll(given: readonly (Transaction | Uint8Array)[]): Promise<readonly Submitted[]> {
    if (!isRunning()) return given.map(() => ({ error: nodeFail.NOT_RUNNING({}) }))
    const startMs = host.monotonicMs()
    const checked = await checks.check(given, look)
    metrics.took('check', host.monotonicMs() - startMs)
    const submitted: Submitted[] = []
    for (const one of checked.map(queue)) submitted.push('then' in one ? await one : one)
    for (const one of submitted) count(one)
    return submitted
  }

  return {
    submitAll,
    async submit(given) {
      const [submitted] = (await submitAll([given])) as [Submitted]
      if ('error' in submitted) throw submitted.error
      return submitted.id
    },
  }
}
