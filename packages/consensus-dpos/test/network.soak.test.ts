import { describe, expect, test } from 'vitest'
import { CALM, type Network, network, numbers, SLOT_MS } from './network.ts'

// Random faults on networks of 4, 7 and 27. MMT_SOAK_SCALE is the percentage of 1,000 seeds of 4, 400 of 7, 40 of 27; MMT_SEED is the first seed.
const SCALE = Number(process.env.MMT_SOAK_SCALE ?? '1')
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)

/** No two nodes finalised different blocks. */
function agree(on: Network): void {
  for (const a of on.nodes)
    for (const b of on.nodes) {
      const common = Math.min(a.finals.length, b.finals.length)
      expect(a.finals.slice(0, common)).toEqual(b.finals.slice(0, common))
    }
}

/** Loss, delays of several slots, changing partitions, crashes between effects; then calm. */
function storm(count: number, seed: number): Network {
  const on = network({ nodes: count, seed })
  const random = numbers(seed ^ 0x5bd1e995)
  for (const node of on.nodes) node.start()
  for (let phase = 0; phase < 6; phase++) {
    const sides = on.nodes.map(() => (random.chance(50) ? 0 : random.below(3)))
    const isCut = random.chance(60)
    on.faults = {
      lossPercent: random.below(30),
      delayMsMax: 50 + random.below(3) * Number(SLOT_MS),
      side: (node) => (isCut ? (sides[node] ?? 0) : 0),
    }
    const crashes = random.chance(50) ? random.below(30) : 0
    for (const node of on.nodes) node.crashAt(crashes)
    for (let part = 0; part < 4; part++) {
      on.work(1 + random.below(count))
      for (const node of on.nodes) if (!node.up && random.chance(70)) node.start()
      agree(on)
    }
  }
  on.faults = CALM
  for (const node of on.nodes) {
    node.crashAt(0)
    if (!node.up) node.start()
  }
  return on
}

describe.each([
  [4, Math.ceil(10 * SCALE)],
  [7, Math.ceil(4 * SCALE)],
  [27, Math.ceil(SCALE / 2.5)],
])('a network of %d in %d storms', (count, runs) => {
  test('never finalises two blocks of a height, never blames the honest, and goes on when the storm is over', {
    timeout: 6 * 3_600_000,
  }, () => {
    for (let seed = SEED; seed < SEED + runs; seed++) {
      try {
        const on = storm(count, seed)
        const before = on.nodes.map(({ final }) => final)
        on.work(6 * count + 5)
        agree(on)
        const tips = new Set(on.nodes.map(({ tip }) => tip.id))
        expect(tips.size).toBe(1)
        for (const [i, { final, stats, tip }] of on.nodes.entries()) {
          expect(final).toBeGreaterThan(before[i] ?? 0n)
          expect(tip.header.height - final).toBeLessThanOrEqual(BigInt(2 * count))
          expect(stats.blames).toEqual([])
          expect(stats.notes.filter((note) => note.includes('no honest one signs'))).toEqual([])
          expect(stats.invalid).toBe(0)
        }
      } catch (error) {
        throw new Error(`with MMT_SEED=${seed}`, { cause: error })
      }
    }
  })
})
