// What a block costs a network of many validators: `node packages/simulator/bench/validators.bench.mjs [VALIDATORS] [SECONDS]`. All nodes run in this
// process on simulated time, with engines, drivers, logs of inputs and messages as they are, and MACs instead of signatures; so the processor
// time is that of everything but signatures, disks and sockets.
import { pbft } from '@mmtchain/consensus-pbft'
import { planOf, runPlan } from '@mmtchain/simulator'

const [validators = 108, seconds = 20] = process.argv.slice(2).map(Number)
const calm = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 }
const plan = {
  ...planOf(1, { validators }),
  ...{ observers: 0, slotMs: 1_000, safetyMs: 1_000 * seconds, loadMs: 1_000 },
  ...{ weather: calm, liars: [], faults: [], suite: 'mac', syncMs: 0 },
}
const before = process.cpuUsage()
const { violation, height, messages, bytes, lastedMs, coverage } = await runPlan({
  plan,
  setup: { name: 'many', engine: () => pbft() },
})
const { user, system } = process.cpuUsage(before)
if (violation) throw new Error(`${violation.rule}: ${violation.what}`)
const each = Number(height) * validators
const f = Math.floor((validators - 1) / 3)
console.log(`${validators} validators (f ${f}), ${height} blocks in ${lastedMs / 1_000} simulated seconds`)
console.log(`rounds after the first: ${coverage.laterRounds}`)
console.log('for each block and node:')
console.table({
  'messages sent': (messages / each).toFixed(1),
  'bytes sent': Math.round(bytes / each).toLocaleString('en'),
  'processor time, ms': ((user + system) / 1_000 / each).toFixed(2),
})
