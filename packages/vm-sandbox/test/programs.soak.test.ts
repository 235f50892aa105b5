import { createSandbox, GAS_PER_MS } from '@mmtchain/vm-sandbox'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { program } from './programs.ts'
import { host, kept, main, newWorld, sandbox } from './run.ts'

// MMT_SOAK_SCALE is the percentage of a million programs, but 2,000 at one percent, which would take minutes; MMT_SEED repeats a run.
const SCALE = Number(process.env.MMT_SOAK_SCALE ?? '1')
const PROGRAMS = Math.ceil((SCALE > 1 ? 10_000 : 2_000) * SCALE)
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
/** Some programs end for want of gas wherever they are; with the most, four of five come to their own end. */
const gasMax = fc.constantFrom(600_000n, 2_000_000n, 3_000_000n, 12_000_000n)
/** A run that takes half of its time or more is tried again so often: other work on the machine slows one run, a bad program each. */
const TRIES = 10

// A fault of the engine is an end like others, as long as both runs of it are alike and what comes next does not feel it.
const sound = 'OUT_OF_GAS OUT_OF_MEMORY OUT_OF_STACK ENGINE_FAULT BAD_CODE THREW NEVER_SETTLED BAD_RESULT'
  .split(' ')
  .map((key) => `sandbox/${key}`)
/** It keeps no program, so that each is loaded anew. */
const other = createSandbox({ host, limits: { imagesBytesMax: 0 } })

const honest = main(
  'const a = []; for (let i = 0; i < 999; i++) a.push({ i }); return JSON.stringify(a).length',
)

/** One run on a sandbox: all that a chain would keep of it, and the processor time that it took. */
function runOn(on: typeof sandbox, code: string, gas: bigint) {
  const world = newWorld()
  const begin = process.cpuUsage()
  const outcome = on.call({
    ...{ program: on.program(code), method: 'main', args: [1, 'b', 3n], gasMax: gas },
    ...{ timeMs: 1_700_000_000_000n, seed: new Uint8Array(32), context: world },
  })
  const { user, system } = process.cpuUsage(begin)
  return { result: { ...kept(outcome), world }, ms: (user + system) / 1_000 }
}

test(`${PROGRAMS} generated programs of seed ${SEED} end within their gas and its time, twice the same, and touch no host`, () => {
  const before = runOn(sandbox, honest, 10_000_000n).result
  const ends = new Map<string, number>()
  let [worst, took, allowed] = [0, 0, 0]
  const slow: string[] = []
  fc.assert(
    fc.property(program, gasMax, (code, gas) => {
      const [one, two] = [runOn(sandbox, code, gas), runOn(other, code, gas)]
      const { gasUsed } = one.result
      expect(gasUsed).toBeLessThanOrEqual(gas)
      expect(two.result).toEqual(one.result)
      const msMax = Number(gasUsed) / GAS_PER_MS
      let ms = Math.min(one.ms, two.ms)
      for (let i = 0; ms > msMax / 2 && i < TRIES; i++) ms = Math.min(ms, runOn(other, code, gas).ms)
      if (ms > msMax) slow.push(code)
      worst = Math.max(worst, ms / msMax)
      took += ms
      allowed += msMax
      const end = 'code' in one.result ? one.result.code : 'ok'
      expect(['ok', ...sound]).toContain(end)
      if (end === 'sandbox/ENGINE_FAULT') {
        console.info(`the engine faults:\n${code}`)
        expect(gasUsed).toBe(gas)
        for (const on of [sandbox, other]) expect(runOn(on, honest, 10_000_000n).result).toEqual(before)
      }
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }),
    { seed: SEED, numRuns: PROGRAMS, verbose: 0 },
  )
  // A busy machine may slow all tries of one run: single programs are told, and all of them together are held to the bound.
  if (slow.length > 0) console.info(`longer than their gas:\n${slow.join('\n\n')}`)
  expect(took).toBeLessThan(allowed)
  console.info(`worst ${worst.toFixed(2)} of a millisecond for ${GAS_PER_MS} gas`, Object.fromEntries(ends))
  // Many programs run to their end, else they would show little.
  const came = ['ok', 'sandbox/THREW', 'sandbox/BAD_RESULT'].reduce(
    (sum, end) => sum + (ends.get(end) ?? 0),
    0,
  )
  expect(came).toBeGreaterThan(PROGRAMS / 4)
  expect(ends.get('ok') ?? 0).toBeGreaterThan(PROGRAMS / 20)
  expect(ends.get('sandbox/BAD_CODE') ?? 0).toBeLessThan(PROGRAMS / 2)
})
