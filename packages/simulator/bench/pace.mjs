// How fast a calm network is simulated: four validators, slots of 1 s, the MAC suite, nothing goes wrong. Prints simulated days in a
// minute by the clock, in one of processor time of the thread that runs the simulation, and of all threads (the compiler and the collector of
// garbage work beside it), then time of a block on a node, and messages of a height. The first half an hour is compiled while it runs and takes twice as
// long, so what is asked for is the pace of hours.
// Run: node packages/simulator/bench/pace.mjs [minutes]   (240 by default; 1440 are a day, and some 2 GB)
import { readFileSync } from 'node:fs'
import { pbft } from '@mmtchain/consensus-pbft'
import { CALM, planOf, runPlan } from '@mmtchain/simulator'

const minutes = Number(process.argv[2] ?? 240)
const plan = {
  ...planOf(1, { validators: 4 }),
  ...{ observers: 0, safetyMs: minutes * 60_000, weather: CALM, liars: [], faults: [] },
  ...{ suite: 'mac', syncMs: 0, loadMs: 0, slotMs: 1_000 },
}
/** Processor time of the main thread, where the system tells it (Linux). */
function threadMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}
const [begin, beginMs, beginThreadMs] = [process.cpuUsage(), performance.now(), threadMs()]
const { violation, height, messages, lastedMs } = await runPlan({
  plan,
  setup: { name: 'pbft', engine: () => pbft() },
})
if (violation) throw new Error(`${violation.rule}: ${violation.what}`)
const { user, system } = process.cpuUsage(begin)
const spent = {
  'by the clock': performance.now() - beginMs,
  'of processor time of its thread': threadMs() - beginThreadMs,
  'of processor time of all threads': (user + system) / 1_000,
}
const blocks = Number(height)
for (const [what, ms] of Object.entries(spent)) {
  const days = lastedMs / 86_400_000 / (ms / 60_000)
  console.log(
    `${days.toFixed(2)} simulated days in a minute ${what}, ${(ms / blocks / 4).toFixed(3)} ms for a block on a node`,
  )
}
console.log(`${(messages / blocks).toFixed(1)} messages a height`)
