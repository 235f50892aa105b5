// Transactions a node takes in a second, submitted in batches of 100 that run together, without and with a thread for signature
// checks, and by a pool that is full and refuses them, in turn; and the CPU time of all threads for each.   node packages/node-runtime/bench/submit.bench.mjs
import { encode } from '@mmtchain/codec'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import { amount, defineChain, height, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, silentLog, systemHost, workerThreads } from '@mmtchain/node-runtime'
import { utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, secretSigner, signTransaction, singleKey } from '@mmtchain/tx'

const SENDERS = 200
const EACH = 40
const BATCH = 100
const LANES = 3
const ROUNDS = 5

const signers = Array.from({ length: SENDERS }, (_, i) =>
  secretSigner({ suite: secp256k1, secret: sha256(utf8(`bench ${i}`)) }),
)
const [key] = signers[0].authority.keys
const chain = defineChain({ id: 'submit', slotMs: 3_600_000, consensus: solo() }).use(
  token({ symbol: 'BEN', decimals: 2 }),
)
const balances = signers.map(({ address: owner }) => ({ owner, amount: amount(1_000_000n) }))
const genesis = chain.genesis({
  timeMs: BigInt(Date.now()),
  validators: [{ address: authorityAddress(singleKey(key)), key }],
  documents: { token: { balances, unclaimed: [] } },
})
const transfer = chain.modules.find(({ spec }) => spec.name === 'token').spec.commands.get('transfer')
const transactions = []
for (let i = 0; i < SENDERS * EACH; i++) {
  const signer = signers[i % SENDERS]
  const input = encode(transfer.input, { to: signer.address, amount: amount(1n) })
  const { transaction } = await signTransaction({
    signer,
    body: {
      fingerprint: genesis.fingerprint,
      sender: signer.address,
      authority: signer.authority,
      nonce: BigInt(Math.floor(i / SENDERS)),
      validUntil: height(100n),
      fee: amount(50n),
      weightMax: 200n,
      payer: null,
      calls: [{ module: 'token', command: 'transfer', input }],
    },
  })
  transactions.push(transaction)
}

async function run({ threads, isFull }) {
  const checkThreads = workerThreads({ max: threads, log: silentLog })
  const node = await createNode({
    genesis,
    store: memoryStore(),
    ...(isFull && { mempool: { countMax: SENDERS } }),
    host: systemHost(silentLog, threads > 0 ? { checkThreads } : {}),
  })
  // The thread starts with the first batch.
  await node.submitAll(transactions.slice(0, SENDERS))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  let at = SENDERS
  const lane = async () => {
    while (at < transactions.length) {
      const some = transactions.slice(at, at + BATCH)
      at += BATCH
      await node.submitAll(some)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const seconds = (performance.now() - startMs) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  await node.stop()
  const count = transactions.length - SENDERS
  return { perSecond: count / seconds, cpuUs: (user + system) / count }
}

const rows = new Map([
  ['0 threads', { threads: 0, results: [] }],
  ['1 threads', { threads: 1, results: [] }],
  ['full pool', { threads: 0, isFull: true, results: [] }],
])
for (let round = 0; round <= ROUNDS; round++)
  for (const row of rows.values()) {
    const result = await run(row)
    // The first round warms up.
    if (round > 0) row.results.push(result)
  }
const median = (results, field) => results.map((row) => row[field]).sort((a, b) => a - b)[results.length >> 1]
const base = median(rows.get('0 threads').results, 'perSecond')
for (const [name, { results }] of rows) {
  const perSecond = median(results, 'perSecond')
  console.log(
    `${name}  ${perSecond.toFixed(0).padStart(6)} tx/s  ${(perSecond / base).toFixed(2)}×  ${median(results, 'cpuUs').toFixed(0).padStart(4)} µs of CPU each`,
  )
}
