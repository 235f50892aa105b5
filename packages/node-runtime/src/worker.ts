// What a thread of check-threads.ts runs: it decodes transactions and checks them, a batch for each message.
import { parentPort, workerData } from 'node:worker_threads'
import { decode } from '@mmtchain/codec'
import { defaultSuites, prepareCrypto } from '@mmtchain/crypto'
import type { Hash } from '@mmtchain/primitives'
import { checkTransaction, transaction } from '@mmtchain/tx'
import type { ThreadData } from './check-threads.ts'

const { fingerprint, suiteCodes } = workerData as ThreadData
const accepted = defaultSuites.filter(({ code }) => suiteCodes.includes(code))
const suites = new Map(accepted.map((suite) => [suite.code, suite]))

/** The id of a valid transaction. What is wrong with another one, the main thread finds out for itself. */
function idIfValid(bytes: Uint8Array): Hash | null {
  try {
    return checkTransaction(decode(transaction, bytes), { fingerprint, suites })
  } catch {
    return null
  }
}

await prepareCrypto()
parentPort?.on('message', (batch: readonly Uint8Array[]) => parentPort?.postMessage(batch.map(idIfValid)))
