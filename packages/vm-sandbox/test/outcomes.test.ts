import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Outcome, Value } from '@mmtchain/vm-sandbox'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attacks } from './attacks.ts'
import { program } from './programs.ts'
import { kept, main, newWorld, run, sandbox } from './run.ts'

// Gas and results of the corpus and of some generated programs, frozen: another processor, system or version of Node.js must come to the
// same. MMT_WRITE_VECTORS=1 writes them anew, for another engine or another fast-check.
const file = new URL('./vectors/outcomes.json', import.meta.url)
const GENERATED = 300

/** A result in a line of JSON, which keeps what JSON by itself does not tell apart. */
const told = (outcome: Outcome<Value>, world: ReturnType<typeof newWorld>) =>
  JSON.stringify({ ...kept(outcome), rows: [...world.table], events: world.events }, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
    return typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value
  })
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function outcomeOf(code: string, gasMax: bigint) {
  const world = newWorld()
  const outcome = run(code, { gasMax, world })
  return { gas: String(outcome.gasUsed), sha256: sha256(told(outcome, world)) }
}

test('gas and results are those of every other machine', () => {
  const found = {
    sandbox: sandbox.hash,
    attacks: Object.fromEntries(attacks.map(([name, body]) => [name, outcomeOf(main(body), 30_000_000n)])),
    generated: fc
      .sample(program, { seed: 20_26, numRuns: GENERATED })
      .map((code) => outcomeOf(code, 2_000_000n)),
  }
  if (process.env.MMT_WRITE_VECTORS === '1') writeFileSync(file, `${JSON.stringify(found, undefined, 2)}\n`)
  expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')))
})
