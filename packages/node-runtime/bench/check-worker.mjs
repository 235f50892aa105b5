// One worker of checks.bench.mjs: decodes transactions and checks them, a batch for each message.
import { parentPort, workerData } from 'node:worker_threads'
import { decode } from '@mmtchain/codec'
import { secp256k1, selectSecp256k1Backend } from '@mmtchain/crypto'
import { checkTransaction, transaction } from '@mmtchain/tx'

selectSecp256k1Backend(workerData.backend)
const context = { fingerprint: workerData.fingerprint, suites: new Map([[secp256k1.code, secp256k1]]) }
parentPort.on('message', ({ batch, items }) => {
  const ids = items.map((bytes) => checkTransaction(decode(transaction, bytes), context))
  parentPort.postMessage({ batch, ids })
})
