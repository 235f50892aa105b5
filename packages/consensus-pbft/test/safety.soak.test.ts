import { expect, test } from 'vitest'
import { chance, network } from './network.ts'

const scale = Number(process.env.MMT_SOAK_SCALE ?? 1)
const first = Number(process.env.MMT_TEST_SEED ?? 1)
const runs = Math.max(4, Math.round(2 * scale))

/** One run: faults drawn by the seed, then all but f validators are healed and must get on. */
function trial(seed: number): void {
  const random = chance(seed)
  const validators = random(2) === 0 ? 4 : 7
  const faults = validators === 4 ? 1 : 2
  const twins = Array.from({ length: random(faults + 1) }, (_, i) => i)
  const lossPercent = random(30)
  const net = network({ validators, twins, seed, lossPercent, delayMs: [1, 20 + random(600)] })
  for (let phase = 0; phase < 8; phase++) {
    const side = net.nodes.map(() => random(3))
    const isSplit = random(3) === 0
    net.filter((from, to) => !isSplit || side[from] === side[to] || random(20) === 0)
    net.run(500 + random(4_000))
    const victim = random(net.nodes.length)
    if (random(2) === 0) {
      net.crash(victim)
      net.run(random(3_000))
      net.restart(victim, { log: random(8) > 0 })
    }
  }
  net.filter(() => true)
  // The twins are f validators, which never come to reason.
  const honest = net.nodes.filter(({ index }) => index < validators && !twins.includes(index))
  const top = honest.reduce((max, { tip }) => (tip.header.height > max ? tip.header.height : max), 0n)
  net.until(() => honest.every(({ tip }) => tip.header.height >= top + 2n), 240_000)
  expect(net.nodes.filter(({ stopped }) => stopped !== undefined)).toEqual([])
}

test(`no two blocks are decided at a height, and all go on once healed (seeds ${first} to ${first + runs - 1})`, {
  timeout: 90_000 + 60_000 * scale,
}, () => {
  for (let seed = first; seed < first + runs; seed++) trial(seed)
})
