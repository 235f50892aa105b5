import { Worker } from 'node:worker_threads'
import type { Hash } from '@mmtchain/primitives'
import { packTransactions, unpackIds } from './check-messages.ts'
import type { CheckThreads, Log } from './host.ts'

// Measured by bench/checks.bench.mjs and bench/submit.bench.mjs (ADR 0024).

/** What a thread begins with. */
export interface ThreadData {
  readonly fingerprint: Hash
  readonly suiteCodes: readonly number[]
}

/** A message costs a tenth of a check, so a pair is worth one. */
const BATCH_MIN = 2
/** So many go to a thread at once, while the main thread reads what else has come. */
const BATCH_MAX = 32
/** What must come together before a thread is started: an idle node has none. */
const START_MIN = 8
/** What one thread may have before it; more is checked on the main thread meanwhile. */
const PER_THREAD_MAX = 4_096
/** The framework's suites have codes up to this; others a thread does not know. */
const FRAMEWORK_CODE_MAX = 127

/** Transactions that were given together, and their answers so far. */
interface Group {
  readonly ids: (Hash | undefined)[]
  open: number
  readonly resolve: (ids: readonly (Hash | undefined)[]) => void
}

/** One of a group, the one at `at`. */
interface Item {
  readonly bytes: Uint8Array
  readonly group: Group
  readonly at: number
}

interface Thread {
  readonly worker: Worker
  readonly batches: (readonly Item[])[]
  /** How many transactions it has before it. */
  waiting: number
}

/** Threads of this process, at most `max`, started when they are first needed. A failing one is given up, and work goes on without. */
export function workerThreads({ max, log }: { readonly max: number; readonly log: Log }): CheckThreads {
  const threads: Thread[] = []
  let data: ThreadData | undefined
  let queue: Item[] = []
  let canStart = max > 0

  function start(): void {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: data })
    const thread: Thread = { worker, batches: [], waiting: 0 }
    threads.push(thread)
    worker.unref()
    worker.on('message', (packed: Uint8Array) => {
      const batch = thread.batches.shift() ?? []
      thread.waiting -= batch.length
      const ids = unpackIds(packed)
      for (const [i, item] of batch.entries()) answer(item, ids[i])
    })
    worker.once('error', (error) => {
      log.warn(
        { error: String(error) },
        'a thread for signature checks failed; the main thread checks instead',
      )
      canStart = false
      giveUp(thread)
    })
    worker.once('exit', () => giveUp(thread))
  }

  function giveUp(thread: Thread): void {
    const at = threads.indexOf(thread)
    if (at >= 0) threads.splice(at, 1)
    for (const item of thread.batches.splice(0).flat()) answer(item)
  }

  /** Deals what has come together to the idlest thread. What is too little, or too much for it, is answered with nothing. */
  function deal(): void {
    const batch = queue
    queue = []
    if (batch.length >= START_MIN && canStart && threads.length < max && threads.every(isBusy)) start()
    const idlest = threads.reduce<Thread | undefined>(
      (best, one) => (best && best.waiting <= one.waiting ? best : one),
      undefined,
    )
    if (!idlest || batch.length < BATCH_MIN || idlest.waiting + batch.length > PER_THREAD_MAX) {
      for (const item of batch) answer(item)
      return
    }
    idlest.batches.push(batch)
    idlest.waiting += batch.length
    const packed = packTransactions(batch.map(({ bytes }) => bytes))
    idlest.worker.postMessage(packed, [packed.buffer])
  }

  function dealRest(): void {
    if (queue.length > 0) deal()
  }

  return {
    check({ fingerprint, suiteCodes }, transactions) {
      const ids: (Hash | undefined)[] = new Array(transactions.length).fill(undefined)
      if (max === 0 || suiteCodes.some((code) => code > FRAMEWORK_CODE_MAX)) return Promise.resolve(ids)
      data ??= { fingerprint, suiteCodes }
      return new Promise((resolve) => {
        const group: Group = { ids, open: transactions.length, resolve }
        for (const [at, bytes] of transactions.entries()) {
          if (queue.length === 0) setImmediate(dealRest)
          queue.push({ bytes, group, at })
          if (queue.length === BATCH_MAX) deal()
        }
      })
    },
    async close() {
      canStart = false
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}

function answer({ group, at }: Item, id?: Hash): void {
  group.ids[at] = id
  group.open -= 1
  if (group.open === 0) group.resolve(group.ids)
}

const isBusy = ({ waiting }: Thread) => waiting > 0
