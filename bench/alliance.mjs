// What a final transfer costs four validators in processor time, beside what checking its signature on each of them costs: `node bench/alliance.mjs
// [TRANSFERS_A_WAVE] [WAVES]`. Four nodes with their stores, logs and sockets run in this process, so that other programs on the machine hardly
// count; the RPC server and its clients are left out. While no core rests, the share at the end is what such a network takes of what signature
// checks alone allow.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { pbft } from '@mmtchain/consensus-pbft'
import { prepareCrypto, secp256k1, secp256k1Backend } from '@mmtchain/crypto'
import { defineChain } from '@mmtchain/kernel'
import {
  createNode,
  fileJournal,
  localSigner,
  openSignState,
  silentLog,
  systemFile,
  systemHost,
  writeSignState,
} from '@mmtchain/node-runtime'
import { httpNetwork } from '@mmtchain/p2p-http'
import { amount } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { checkTransaction, secretSigner, signTransaction, transaction } from '@mmtchain/tx'

const [each = 2_000, waves = 6] = process.argv.slice(2, 4).map(Number)
const ACCOUNTS = 500
const VALIDATORS = 4
const BATCH = 100
/** Long, so that a busy machine costs no rounds: they are not what is measured. */
const TIMEOUT_MS = 30_000
await prepareCrypto()

const accounts = Array.from({ length: ACCOUNTS }, (_, i) => testAccount(`sender ${i}`).address)
const balances = accounts.map((owner) => ({ owner, amount: amount(1_000_000n) }))
const documents = { token: { balances, unclaimed: [] } }
const limits = { blockBytesMax: 4_000_000, blockWeightMax: 10n ** 12n }
const chain = defineChain({
  id: 'alliance-bench',
  slotMs: 1_000,
  consensus: pbft({ timeoutMs: TIMEOUT_MS }),
  limits,
}).use(token({ symbol: 'BEN', decimals: 2 }))
const validators = Array.from({ length: VALIDATORS }, (_, i) => testAccount(`validator ${i}`))
const genesis = chain.genesis({
  timeMs: BigInt(Date.now()),
  validators: validators.map(({ address, authority }) => ({ address, key: authority.keys[0] })),
  documents,
})
const model = testChain(chain, documents)
/** A transfer with its fee and weight; all others cost the same. */
const like = model.body(accounts[0], [
  { module: 'token', command: 'transfer', input: { to: accounts[1], amount: amount(1n) } },
])
const transferInput = chain.modules
  .find(({ spec }) => spec.name === 'token')
  .spec.commands.get('transfer').input
const signers = accounts.map((_, i) =>
  secretSigner({ suite: secp256k1, secret: testAccount(`sender ${i}`).secret }),
)

/** So many transfers of each account, the first of all accounts before the second of any. */
async function signed(count, from) {
  const made = []
  for (let i = 0; i < count; i++) {
    const sender = accounts[i % ACCOUNTS]
    const to = accounts[(i * 7 + 1) % ACCOUNTS]
    const calls = [{ ...like.calls[0], input: encode(transferInput, { to, amount: amount(1n) }) }]
    const { authority } = signers[i % ACCOUNTS]
    const nonce = BigInt(from + Math.floor(i / ACCOUNTS))
    const signer = signers[i % ACCOUNTS]
    const bound = {
      ...like,
      sender,
      authority,
      calls,
      fingerprint: genesis.fingerprint,
      nonce,
      validUntil: 9_000n,
    }
    made.push((await signTransaction({ body: bound, signer })).transaction)
  }
  return made
}

function processorMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function startNode(dir, i, peers) {
  const { address, secret } = validators[i]
  const path = (name) => join(dir, `${name}${i}`)
  const owner = {
    ...{ fingerprint: genesis.fingerprint, address },
    publicKey: { suite: secp256k1.code, key: secp256k1.publicKey(secret) },
  }
  const file = await systemFile(path('sign'), 'new')
  await writeSignState(file, { fingerprint: genesis.fingerprint, owner })
  const state = await openSignState({ file, owner, log: silentLog })
  const network = httpNetwork({
    ...{ nodeSecret: new Uint8Array(32).fill(i + 1), version: '1.0.0', log: silentLog },
    ...{ listen: { host: '127.0.0.1', port: 0 }, peers, isPrivate: true, allow: ['127.0.0.1'] },
  })
  const journal = await fileJournal({ path: path('pool'), log: silentLog })
  const node = await createNode({
    ...{ genesis, network, store: await merkleStore({ path: path('store') }) },
    host: { ...systemHost(silentLog), journal },
    validator: localSigner({ key: { address, suite: secp256k1, secret }, state }),
    inputLog: await systemFile(path('inputs'), 'create'),
  })
  return { node, network }
}

const dir = await mkdtemp(join(tmpdir(), 'mmt-alliance-'))
const running = []
for (let i = 0; i < VALIDATORS; i++)
  running.push(
    await startNode(
      dir,
      i,
      running.map(({ network }) => network.address),
    ),
  )
const nodes = running.map(({ node }) => node)
/** How many transfers each node has in blocks. */
const final = nodes.map(() => 0)
for (const [i, node] of nodes.entries())
  node.onBlock(({ transactionIds }) => {
    final[i] += transactionIds.length
  })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function wave(transfers, target) {
  const bytes = transfers.map((one) => encode(transaction, one))
  const queues = nodes.map((_, i) => bytes.filter((_, at) => at % VALIDATORS === i))
  const start = processorMs()
  await Promise.all(
    nodes.map(async (node, i) => {
      for (let at = 0; at < queues[i].length; at += BATCH) {
        const answers = await node.submitAll(queues[i].slice(at, at + BATCH))
        for (const one of answers) if ('error' in one) throw one.error
        await pause(1)
      }
    }),
  )
  while (final.some((count) => count < target)) await pause(20)
  return processorMs() - start
}

function checkMs(transfers) {
  const rules = { fingerprint: genesis.fingerprint, suites: nodes[0].machine.engineChain.suites }
  const start = processorMs()
  for (const one of transfers) checkTransaction(one, rules)
  return processorMs() - start
}

const perNode = each / ACCOUNTS
let session
const spent = []
const checks = []
const heights = () => Number(nodes[0].tip.header.height)
let began = 0
for (let i = 0; i <= waves; i++) {
  const transfers = await signed(each, i * perNode)
  if (i === 1) {
    began = heights()
    if (process.env.PROFILE) {
      session = new Session()
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 500 })
      await session.post('Profiler.start')
    }
  }
  const ms = await wave(transfers, (i + 1) * each)
  // The first is a warm-up.
  if (i === 0) continue
  spent.push(ms)
  checks.push(checkMs(transfers.slice(0, 500)) * (each / 500))
}
if (session)
  await writeFile(process.env.PROFILE, JSON.stringify((await session.post('Profiler.stop')).profile))
const best = (all) => Math.min(...all) / each
const micros = (ms) => Math.round(1_000 * ms)
const [cost, check] = [best(spent), best(checks)]
console.log(
  `signature checks: ${secp256k1Backend()}; ${waves} waves of ${each} transfers in ${heights() - began} blocks`,
)
console.log(`one check                             ${micros(check)} µs`)
console.log(
  `one final transfer, all four nodes    ${micros(cost)} µs, of which the four checks are ${((100 * VALIDATORS * check) / cost).toFixed(0)} %`,
)
await Promise.all(nodes.map((node) => node.stop()))
await rm(dir, { recursive: true, force: true })
process.exit(0)
