// How fast a calm network is simulated: four validators, slots of 1 s, the MAC suite, nothing goes wrong. A simulation runs on one thread, and many
// seeds on as many processes as there are cores; so it is measured twice: one network alone, then one on each core at the same time. Prints simulated
// days in a minute by the clock, then of the one alone the same in processor time of its thread and of all threads (the compiler and the collector of
// garbage work beside it), time of a block on a node, and messages of a height. The first half an hour is compiled while it runs and takes twice
// as long, so what is asked for is the pace of hours.
// Run: node packages/simulator/bench/pace.mjs [minutes]   (240 by default; 1440 are a day, and some 2 GB for each network)
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const minutes = Number(process.argv[2] ?? 240)

/** Processor time of the main thread, where the system tells it (Linux). */
function threadMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

/** What one network took. */
async function simulate() {
  const { pbft } = await import('@mmtchain/consensus-pbft')
  const { CALM, planOf, runPlan } = await import('@mmtchain/simulator')
  const plan = {
    ...planOf(1, { validators: 4 }),
    ...{ observers: 0, safetyMs: minutes * 60_000, weather: CALM, liars: [], faults: [] },
    ...{ suite: 'mac', syncMs: 0, loadMs: 0, slotMs: 1_000 },
  }
  const [begin, beginMs, beginThreadMs] = [process.cpuUsage(), performance.now(), threadMs()]
  const { violation, height, messages, lastedMs } = await runPlan({
    plan,
    setup: { name: 'pbft', engine: () => pbft() },
  })
  if (violation) throw new Error(`${violation.rule}: ${violation.what}`)
  const { user, system } = process.cpuUsage(begin)
  return {
    ...{ blocks: Number(height), messages, lastedMs },
    clockMs: performance.now() - beginMs,
    threadMs: threadMs() - beginThreadMs,
    allMs: (user + system) / 1_000,
  }
}

function simulateApart() {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [`${minutes}`, 'child'])
    child.once('message', resolve)
    child.once('exit', (code) => code !== 0 && reject(new Error(`a simulation ended with ${code}`)))
  })
}

const days = (lastedMs, ms) => lastedMs / 86_400_000 / (ms / 60_000)

async function measure() {
  const alone = await simulateApart()
  const { lastedMs, blocks, messages } = alone
  for (const [what, ms] of [
    ['by the clock', alone.clockMs],
    ['of processor time of its thread', alone.threadMs],
    ['of processor time of all threads', alone.allMs],
  ])
    console.log(
      `one network: ${days(lastedMs, ms).toFixed(2)} simulated days in a minute ${what}, ${(ms / blocks / 4).toFixed(3)} ms for a block on a node`,
    )
  console.log(`${(messages / blocks).toFixed(1)} messages a height`)
  const cores = availableParallelism()
  const together = await Promise.all(Array.from({ length: cores }, simulateApart))
  const sum = together.reduce((so, one) => so + days(one.lastedMs, one.clockMs), 0)
  console.log(
    `a network on each of ${cores} cores: ${sum.toFixed(2)} simulated days in a minute by the clock`,
  )
}

if (process.argv[3] === 'child') {
  process.send(await simulate())
  process.disconnect()
} else await measure()
