import { createSandbox } from '@mmtchain/vm-sandbox'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { program } from './programs.ts'
import { host, kept, newWorld, sandbox } from './run.ts'

// MMT_SOAK_SCALE is the percentage of a million programs, but 2,000 at one percent, which would take minutes; MMT_SEED repeats a run.
const SCALE = Number(process.env.MMT_SOAK_SCALE ?? '1')
const PROGRAMS = Math.ceil((SCALE > 1 ? 10_000 : 2_000) * SCALE)
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const GAS_MAX = 2_000_000n

const sound = 'OUT_OF_GAS OUT_OF_MEMORY OUT_OF_STACK BAD_CODE THREW NEVER_SETTLED BAD_RESULT'
  .split(' ')
  .map((key) => `sandbox/${key}`)
/** It keeps no program, so that each is loaded anew. */
const other = createSandbox({ host, limits: { imagesBytesMax: 0 } })

test(`${PROGRAMS} generated programs of seed ${SEED} end within their gas, twice the same, and touch no host`, () => {
  const ends = new Map<string, number>()
  fc.assert(
    fc.property(program, (code) => {
      const [one, two] = [sandbox, other].map((on) => {
        const world = newWorld()
        const outcome = on.call({
          ...{ program: on.program(code), method: 'main', args: [1, 'b', 3n], gasMax: GAS_MAX },
          ...{ timeMs: 1_700_000_000_000n, seed: new Uint8Array(32), context: world },
        })
        return { ...kept(outcome), world }
      })
      expect(one?.gasUsed).toBeLessThanOrEqual(GAS_MAX)
      expect(two).toEqual(one)
      const end = one !== undefined && 'code' in one ? one.code : 'ok'
      expect(['ok', ...sound]).toContain(end)
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }),
    { seed: SEED, numRuns: PROGRAMS, verbose: 0 },
  )
  // Many programs run to their end, else they would show little.
  expect(ends.get('ok') ?? 0).toBeGreaterThan(PROGRAMS / 20)
  expect(ends.get('sandbox/BAD_CODE') ?? 0).toBeLessThan(PROGRAMS / 2)
})
