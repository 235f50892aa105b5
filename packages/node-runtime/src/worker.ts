// What a thread of check-threads.ts runs: it decodes transactions and checks them, a batch for each message.
import { parentPort, workerData } from 'node:worker_threads'
import { decode } from '@mmtchain/codec'
import { defaultSuites, prepareCrypto } from '@mmtchain/crypto'
import { hashToBytes } from '@mmtchain/primitives'
import { checkTransaction, transaction } from '@mmtchain/tx'
import { packIds, unpackTransactions } from './check-messages.ts'
import type { ThreadData } from './check-threads.ts'

const { fingerprint, suiteCodes } = workerData as ThreadData
const accepted = defaultSuites.filter(({ code }) => suiteCodes.includes(code))
const suites = new Map(accepted.map((suite) => [suite.code, suite]))

/** The id of a valid transaction. What is wrong with another one, the main thread finds out for itself. */
function idIfValid(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return hashToBytes(checkTransaction(decode(transaction, bytes), { fingerprint, suites }))
  } catch {
    return undefined
  }
}

await prepareCrypto()
parentPort?.on('message', (packed: Uint8Array) => {
  const ids = packIds(unpackTransactions(packed).map(idIfValid))
  parentPort?.postMessage(ids, [ids.buffer])
})
