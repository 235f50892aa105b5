// Starts a node process on a fresh home again and again and prints how long it takes to its first block, how long it takes to
// stop, and the memory it holds when idle, beside the memory and start of an empty Node.js process. With accounts, so many hold a
// balance from the genesis on. `node bench/node-start.mjs [runs] [accounts]`
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1Backend, sha256 } from '@mmtchain/crypto'
import { buildGenesis, CONFIG_DEFAULT, createHome, homeAt, loadChainFile, makeDemoKeys } from '@mmtchain/node'
import { addressFromBytes, formatAddress, utf8 } from '@mmtchain/primitives'

const RUNS = Number(process.argv[2] ?? 5)
const ACCOUNTS = Number(process.argv[3] ?? 0)
const IDLE_MS = 10_000
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'mmt-bench-'))

async function makeHome(name) {
  const home = homeAt(join(folder, name))
  const { bundle, chain } = await loadChainFile(join(root, 'examples/01-token/chain.ts'))
  const validators = await makeDemoKeys(home.keys, {
    names: ['validator'],
    addressPrefix: chain.addressPrefix,
  })
  const balances = Array.from({ length: ACCOUNTS }, (_, i) => ({
    owner: formatAddress(addressFromBytes(sha256(utf8(`account ${i}`))), { prefix: chain.addressPrefix }),
    amount: '1000000',
  }))
  const parts = [{ module: 'token', document: { balances, unclaimed: [] } }]
  // Long enough ago that the first block is due at once: the start is measured, not the wait for a slot.
  const genesis = buildGenesis({ chain, timeMs: BigInt(Date.now() - 60_000), validators, parts })
  const config = { ...CONFIG_DEFAULT, rpc: { ...CONFIG_DEFAULT.rpc, port: 0 }, validator: 'validator' }
  await createHome(home, { config, genesis, chain: bundle })
  return home
}

/** Resident memory of a process in MB, from Linux; `undefined` elsewhere. */
function residentMb(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1_000
  } catch {
    return undefined
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

async function timedStart(args, env, until) {
  const startMs = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}: ${text}`)))
    child.stdout.on('data', (piece) => {
      text += piece
      if (until.test(text)) resolve()
    })
  })
  return { child, ms: performance.now() - startMs }
}

async function stop(child) {
  const startMs = performance.now()
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  return performance.now() - startMs
}

const empty = []
const first = []
const again = []
const stops = []
let idleMb
let emptyMb
for (let run = 0; run < RUNS; run++) {
  const bare = await timedStart(['-e', 'console.log("up"); setInterval(() => 0, 1e6)'], {}, /up/)
  empty.push(bare.ms)
  emptyMb = residentMb(bare.child.pid)
  bare.child.kill('SIGKILL')
  const home = await makeHome(`run-${run}`)
  const node = ['apps/node/dist/main.js'].map((file) => join(root, file))
  for (const times of [first, again]) {
    const { child, ms } = await timedStart(node, { MMT_HOME: home.path }, /"msg":"block committed"/)
    times.push(ms)
    if (run === RUNS - 1 && times === again) {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      idleMb = residentMb(child.pid)
    }
    stops.push(await stop(child))
  }
}
rmSync(folder, { recursive: true, force: true })

const ms = (values) =>
  `${median(values).toFixed(0).padStart(6)} ms   at most ${Math.max(...values).toFixed(0)} ms`
console.log(`median of ${RUNS} runs, ${ACCOUNTS} accounts, secp256k1 by ${secp256k1Backend()}`)
console.log(`an empty Node.js process            ${ms(empty)}`)
console.log(
  `start to first block, new home      ${ms(first)}   ${(median(first) / median(empty)).toFixed(1)} times that`,
)
console.log(`start to first block, second start  ${ms(again)}`)
console.log(`SIGTERM to exit                     ${ms(stops)}`)
if (idleMb !== undefined)
  console.log(
    `resident after ${IDLE_MS / 1_000} s idle          ${idleMb.toFixed(0)} MB (an empty Node.js process: ${emptyMb.toFixed(0)} MB)`,
  )
