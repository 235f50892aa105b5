// How fast a node gets blocks from another over a socket, against executing the same blocks that it has: `node
// packages/p2p-http/bench/sync.bench.mjs [BLOCKS] [TRANSFERS_EACH]`. Both nodes run in this process, so that what the other one does to give
// the blocks counts, too. Processor time, which hardly depends on what else the machine does; the best of three.
import { prepareCrypto, secp256k1 } from '@mmtchain/crypto'
import { createMachine, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { beginChain, createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { httpNetwork } from '@mmtchain/p2p-http'
import { amount } from '@mmtchain/primitives'
import { manualClock, testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

const [blocks = 1_000, each = 10] = process.argv.slice(2).map(Number)
const ROUNDS = 3
await prepareCrypto()

const senders = Array.from({ length: each }, (_, i) => testAccount(`sender ${i}`).address)
const balances = senders.map((owner) => ({ owner, amount: amount(1_000_000n) }))
const documents = { token: { balances, unclaimed: [] } }
const module = token({ symbol: 'BEN', decimals: 2 })
const chain = defineChain({ id: 'sync-bench', slotMs: 1_000, consensus: solo() }).use(module)
const model = testChain(chain, documents)
const { genesis } = model

/** The store of a validator that has made the blocks. */
async function madeBlocks() {
  const store = memoryStore()
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const host = { ...clock, monotonicMs: () => Number(clock.nowMs()), log: silentLog }
  const { address, secret } = testAccount('validator')
  const validator = memorySigner({ address, secret, suite: secp256k1 })
  const node = await createNode({ genesis, store, host, validator })
  for (let block = 0; block < blocks; block++) {
    for (const sender of senders) {
      const input = { to: senders[block % each], amount: amount(1n) }
      const body = model.body(sender, [{ module: 'token', command: 'transfer', input }])
      await node.submit(model.sign({ ...body, nonce: BigInt(block), validUntil: BigInt(block + 50) }))
    }
    await clock.advance(1_000n)
  }
  // The node closes its own.
  const kept = store.fork()
  await node.stop()
  return kept
}

async function local(full) {
  const store = memoryStore()
  const machine = createMachine(genesis)
  await beginChain(machine, store)
  const end = full.tip().header.height
  for (let height = 1n; height <= end; height++) {
    const { block, id, seal } = await full.block({ height })
    const parent = machine.tipOf(store)
    const { engine } = genesis.chain
    engine.checkSeal({
      chain: machine.engineChain,
      header: block.header,
      id,
      seal,
      validators: parent.validators,
    })
    const made = machine.execute(store, { parent, block })
    await store.commit({ ...made, seal, checkpoint: new Uint8Array() })
  }
  return store.tip().id
}

async function running(number, store, peers) {
  const network = httpNetwork({
    ...{ nodeSecret: new Uint8Array(32).fill(number), version: '1.0.0', log: silentLog },
    ...{ listen: { host: '127.0.0.1', port: 0 }, peers, isPrivate: true, allow: ['127.0.0.1'] },
  })
  const node = await createNode({ genesis, store, network, host: systemHost(silentLog) })
  return { node, address: network.address }
}

async function synced(source, full) {
  const end = full.tip().header.height
  const late = await running(2, memoryStore(), [source.address])
  await new Promise((resolve) => late.node.onBlock(({ block }) => block.header.height === end && resolve()))
  const { id } = late.node.tip
  await late.node.stop()
  return id
}

async function perSecond(work, id) {
  const before = process.cpuUsage()
  const beganMs = performance.now()
  if ((await work()) !== id) throw new Error('another chain came out')
  const wall = (blocks * 1_000) / (performance.now() - beganMs)
  const { user, system } = process.cpuUsage(before)
  return { cpu: (blocks * 1e6) / (user + system), wall }
}

const full = await madeBlocks()
const { id } = full.tip()
const source = await running(1, full.fork(), [])
const best = { local: { cpu: 0, wall: 0 }, sync: { cpu: 0, wall: 0 } }
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of [
    ['local', () => local(full)],
    ['sync', () => synced(source, full)],
  ]) {
    const { cpu, wall } = await perSecond(work, id)
    best[name] = { cpu: Math.max(best[name].cpu, cpu), wall: Math.max(best[name].wall, wall) }
  }
}
await source.node.stop()
console.log(
  `${blocks} blocks with ${each} transfers each; blocks a second of processor time, and of the clock:`,
)
for (const [name, { cpu, wall }] of Object.entries(best))
  console.log(`${name}\t${cpu.toFixed(0)}\t${wall.toFixed(0)}`)
console.log(
  `sync is ${((100 * best.sync.cpu) / best.local.cpu).toFixed(0)} % of local execution by processor time`,
)
process.exit(0)
