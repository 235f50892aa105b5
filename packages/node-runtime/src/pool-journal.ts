import { decode } from '@mmtchain/codec'
import type { Prepared } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { type Transaction, transaction as transactionCodec } from '@mmtchain/tx'
import type { Journal, Log } from './host.ts'
import type { Mempool } from './mempool.ts'

/** The journal is written anew when it is so many times as large as what waits, beyond what is never worth the work. */
const JOURNAL_FACTOR = 2
const JOURNAL_BYTES_MIN = 1024 * 1024
const RESTORE_AT_ONCE = 32

/** Keeps what waits in a journal, so that it outlasts the process. */
export interface PoolJournal {
  /** Notes a transaction that waits from now on. */
  added(prepared: Prepared): void
  /** Gives what waited when the last process ended to `accept`, some at a time, then writes the journal anew. */
  restore(accept: (transaction: Transaction) => void): Promise<void>
  close(): Promise<void>
}

export function keepInJournal(args: {
  readonly journal: Journal | undefined
  readonly pool: () => Mempool
  readonly log: Log
  /** Lets other work run. */
  readonly breathe: () => Promise<void>
}): PoolJournal {
  const { journal, pool, log, breathe } = args
  if (!journal)
    return { added: () => undefined, restore: async () => undefined, close: async () => undefined }
  const kept = journal
  let isOpen = true
  /** Until all was read, the file must stay, and what is read must not be noted again. */
  let isRead = false
  let isAccepting = false
  let rewriting: Promise<void> | undefined
  let restoring: Promise<void> = Promise.resolve()

  function rewrite(): Promise<void> {
    rewriting ??= kept.replace([...pool().all()].map(({ bytes }) => bytes)).finally(() => {
      rewriting = undefined
    })
    return rewriting
  }

  /** Answers the code of the refusal, if the record is of no use any more. */
  function takeBack(record: Uint8Array, accept: (transaction: Transaction) => void): string | undefined {
    isAccepting = true
    try {
      accept(decode(transactionCodec, record))
      return undefined
    } catch (error) {
      if (!isChainError(error)) throw error
      return error.code
    } finally {
      isAccepting = false
    }
  }

  async function readBack(accept: (transaction: Transaction) => void): Promise<void> {
    let restored = 0
    const dropped: Record<string, number> = {}
    for await (const record of kept.read()) {
      if (!isOpen) return
      const code = takeBack(record, accept)
      if (code === undefined) restored++
      else dropped[code] = (dropped[code] ?? 0) + 1
      if (restored % RESTORE_AT_ONCE === 0) await breathe()
    }
    if (restored > 0 || Object.keys(dropped).length > 0)
      log.info({ restored, dropped }, 'transactions that waited when the node stopped')
    isRead = true
    await rewrite()
  }

  return {
    added(prepared) {
      if (isAccepting) return
      kept.append(prepared.bytes)
      if (isRead && isOpen && kept.bytes > JOURNAL_BYTES_MIN + JOURNAL_FACTOR * pool().bytes) void rewrite()
    },
    restore(accept) {
      restoring = readBack(accept).catch((error) =>
        log.warn(
          { error: String(error) },
          'transactions that waited when the node stopped could not be read',
        ),
      )
      return restoring
    },
    async close() {
      isOpen = false
      await restoring
      if (isRead) await rewrite()
      await kept.close()
    },
  }
}
