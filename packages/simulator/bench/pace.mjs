// How fast a calm network is simulated: four validators, slots of 1 s, the MAC suite, nothing goes wrong. Prints simulated days in a
// minute of processor time, processor time of a block on a node, and messages of a height.
// Run: node packages/simulator/bench/pace.mjs [minutes]   (30 by default)
import { pbft } from '@mmtchain/consensus-pbft'
import { CALM, planOf, runPlan } from '@mmtchain/simulator'

const minutes = Number(process.argv[2] ?? 30)
const plan = {
  ...planOf(1, { validators: 4 }),
  ...{ observers: 0, safetyMs: minutes * 60_000, weather: CALM, liars: [], faults: [] },
  ...{ suite: 'mac', syncMs: 0, loadMs: 0, slotMs: 1_000 },
}
const begin = process.cpuUsage()
const { violation, height, messages, lastedMs } = await runPlan({
  plan,
  setup: { name: 'pbft', engine: () => pbft() },
})
if (violation) throw new Error(`${violation.rule}: ${violation.what}`)
const { user, system } = process.cpuUsage(begin)
const spentMs = (user + system) / 1_000
const blocks = Number(height)
console.log(
  `${(lastedMs / 86_400_000 / (spentMs / 60_000)).toFixed(2)} simulated days in a minute of processor time`,
)
console.log(
  `${(spentMs / blocks / 4).toFixed(3)} ms for a block on a node, ${(messages / blocks).toFixed(1)} messages a height`,
)
