// Transactions checked a second, from bytes to a checked transaction on the main thread: there itself, and with the signatures
// checked by worker threads in batches. Prints ratios to the main thread with the native backend, and how busy the main thread was.
//   node packages/node-runtime/bench/checks.bench.mjs [transactions]
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { decode, encode } from '@mmtchain/codec'
import { secp256k1, secp256k1Backends, selectSecp256k1Backend, sha256 } from '@mmtchain/crypto'
import { amount, createMachine, defineChain, height, solo } from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, secretSigner, signTransaction, singleKey, transaction } from '@mmtchain/tx'

const COUNT = Number(process.argv[2] ?? 2_000)
const ROUNDS = 5

const chain = defineChain({ id: 'checks', consensus: solo() }).use(token({ symbol: 'BEN', decimals: 2 }))
const secrets = Array.from({ length: 64 }, (_, i) => sha256(utf8(`bench ${i}`)))
const key = { suite: secp256k1.code, key: secp256k1.publicKey(secrets[0]) }
const genesis = chain.genesis({
  timeMs: 1_700_000_000_000n,
  validators: [{ address: authorityAddress(singleKey(key)), key }],
  documents: { token: { balances: [], unclaimed: [] } },
})
const machine = createMachine(genesis)
const { fingerprint } = genesis
const transfer = chain.modules.find(({ spec }) => spec.name === 'token').spec.commands.get('transfer')
const signers = secrets.map((secret) => secretSigner({ suite: secp256k1, secret }))
const signed = await Promise.all(
  Array.from({ length: COUNT }, async (_, i) => {
    const signer = signers[i % signers.length]
    const input = encode(transfer.input, { to: signer.address, amount: amount(1n) })
    const { transaction: made } = await signTransaction({
      signer,
      body: {
        fingerprint,
        sender: signer.address,
        authority: signer.authority,
        nonce: BigInt(i),
        validUntil: height(100n),
        fee: amount(50n),
        weightMax: 200n,
        payer: null,
        calls: [{ module: 'token', command: 'transfer', input }],
      },
    })
    return encode(transaction, made)
  }),
)

function mainThread(backend) {
  return {
    name: `main thread, ${backend}`,
    async run() {
      selectSecp256k1Backend(backend)
      for (const bytes of signed) machine.prepare(decode(transaction, bytes))
    },
    async close() {},
  }
}

async function workers(backend, count, size) {
  const threads = Array.from(
    { length: count },
    () => new Worker(new URL('check-worker.mjs', import.meta.url), { workerData: { backend, fingerprint } }),
  )
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('online', resolve))))
  return {
    name: `${count} worker${count === 1 ? '' : 's'}, ${backend}, batches of ${size}`,
    run: () =>
      new Promise((resolve, reject) => {
        let next = 0
        let done = 0
        const send = (thread) => {
          if (next >= signed.length) return
          const items = signed.slice(next, next + size)
          thread.postMessage({ batch: next, items })
          next += size
        }
        for (const thread of threads) {
          thread.removeAllListeners('message').once('error', reject)
          thread.on('message', ({ batch, ids }) => {
            // The node needs the transaction itself as well as the verdict.
            for (let i = 0; i < ids.length; i++) decode(transaction, signed[batch + i])
            done += ids.length
            send(thread)
            if (done >= signed.length) resolve()
          })
          // Two batches each, so that a worker does not wait for this thread.
          send(thread)
          send(thread)
        }
      }),
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  }
}

const backends = secp256k1Backends().filter((name) => name !== 'noble' || process.argv.includes('--noble'))
const fast = backends[0]
const cores = availableParallelism()
const subjects = [
  ...backends.map(mainThread),
  await workers(fast, 1, 1),
  await workers(fast, 1, 100),
  ...(cores > 1 ? [await workers(fast, 2, 16), await workers(fast, 2, 100)] : []),
]
const results = subjects.map(() => [])
for (let round = 0; round <= ROUNDS; round++) {
  for (const [i, subject] of subjects.entries()) {
    const busyBefore = performance.eventLoopUtilization()
    const cpuBefore = process.cpuUsage()
    const startMs = performance.now()
    await subject.run()
    const ms = performance.now() - startMs
    const cpu = process.cpuUsage(cpuBefore)
    // The first round warms up.
    if (round > 0)
      results[i].push({
        perSecond: (COUNT / ms) * 1_000,
        busy: performance.eventLoopUtilization(busyBefore).utilization,
        cpuUs: (cpu.user + cpu.system) / COUNT,
      })
  }
}
await Promise.all(subjects.map((subject) => subject.close()))

const median = (rows, field) => rows.map((row) => row[field]).sort((a, b) => a - b)[rows.length >> 1]
const base = median(results[0], 'perSecond')
console.log(`${COUNT} transfers, ${cores} cores, median of ${ROUNDS} rounds in turn`)
for (const [i, { name }] of subjects.entries()) {
  const perSecond = median(results[i], 'perSecond')
  console.log(
    `${name.padEnd(34)} ${perSecond.toFixed(0).padStart(7)} tx/s  ${(perSecond / base).toFixed(2)}×   main thread busy ${(100 * median(results[i], 'busy')).toFixed(0).padStart(3)} %   ${median(results[i], 'cpuUs').toFixed(0).padStart(4)} µs of CPU each`,
  )
}
