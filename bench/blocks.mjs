// Builds blocks of 1,000 transfers in memory, signatures already checked, and prints transactions per second with and
// without the state root, then the share of each phase. From the root: node bench/blocks.mjs [blocks]
import { merkleStore } from '@mmtchain/storage-merkle'
import { MemoryLevel } from 'memory-level'
import { profile } from './profile.mjs'
import { beginOn, build, commitTo, flatStore, KINDS, median, PER_BLOCK, transfers } from './transfers.mjs'

const BLOCKS = Number(process.argv[2] ?? 30)
const ROUNDS = 5
const SCENARIOS = KINDS.flatMap((kind) => [false, true].map((withRoot) => ({ kind, withRoot })))

/**
 * Milliseconds to build `BLOCKS` blocks on a new chain: by the clock, and of processor time, in which the collector's helper
 * threads count and other processes do not. What lies between the blocks is not measured.
 */
async function run({ kind, withRoot }) {
  const store = withRoot ? await treeStore() : flatStore()
  let tip = await beginOn(store)
  const spent = { clock: 0, processor: 0 }
  for (let nonce = 0; nonce < BLOCKS; nonce++) {
    const candidates = transfers(nonce, kind)
    const start = { clock: performance.now(), processor: processorMs() }
    const built = build(store, tip, candidates)
    spent.processor += processorMs() - start.processor
    spent.clock += performance.now() - start.clock
    await commitTo(store, built)
    tip = built.tip
  }
  await store.close()
  return spent
}

/** The store of a node, in memory. */
function treeStore() {
  const encodings = { keyEncoding: 'view', valueEncoding: 'view', storeEncoding: 'view' }
  return merkleStore({ level: new MemoryLevel(encodings) })
}

function processorMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const perSecond = (ms) => Math.round((BLOCKS * PER_BLOCK * 1_000) / ms).toLocaleString('en')
const titleOf = ({ kind, withRoot }) => `${kind}${withRoot ? ' + root' : ''}`
const row = (title, cells) =>
  console.log(title.padEnd(42) + cells.map((cell) => String(cell).padStart(23)).join(''))

for (const scenario of SCENARIOS) await run(scenario) // Warm up.
const found = SCENARIOS.map(() => [])
for (let round = 0; round < ROUNDS; round++)
  for (const [i, scenario] of SCENARIOS.entries()) found[i].push(await run(scenario))

console.log(`Blocks of ${PER_BLOCK} transfers; medians of ${ROUNDS} rounds of ${BLOCKS} blocks.`)
row('', SCENARIOS.map(titleOf))
for (const [title, which] of [
  ['transactions per second', 'clock'],
  ['  per second of processor time', 'processor'],
])
  row(
    title,
    found.map((spent) => perSecond(median(spent.map((one) => one[which])))),
  )

// Profiling slows the code down a little, so it has runs of its own.
const profiles = []
for (const scenario of SCENARIOS) profiles.push(await profile(() => run(scenario)))
console.log('\nShares of the time to build a block, from a sampling profiler in runs of their own.')
for (const part of ['phases', 'work']) {
  console.log(part === 'phases' ? '\nBy phase' : '\nThe same time by kind of work')
  for (const name of Object.keys(profiles[0][part]))
    row(
      `  ${name}`,
      profiles.map((one) => `${(100 * one[part][name]).toFixed(1)} %`),
    )
}
