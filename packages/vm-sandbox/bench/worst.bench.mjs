// The natives with the most time for their gas: `node bench/worst.bench.mjs [part of a name]`. Prints nanoseconds per gas, each the best
// of several, cold (each program in a sandbox of its own process-wide code, as the engine first runs it) and warm.
import { ChainError } from '@mmtchain/primitives'
import { createSandbox, hostFunction } from '@mmtchain/vm-sandbox'
import { processorNs } from './clock.mjs'
import { natives } from './natives.mjs'

const host = {
  nothing: hostFunction({ takes: [], gas: 0, run: () => undefined }),
  text: hostFunction({ takes: ['text'], gas: 0, run: () => undefined }),
  bytes: hostFunction({ takes: ['bytes'], gas: 0, run: () => undefined }),
  integer: hostFunction({ takes: ['integer'], gas: 0, run: () => undefined }),
  refuse: hostFunction({
    takes: [],
    gas: 0,
    run() {
      throw new ChainError({ code: 'a/B', message: '', hint: '' })
    },
  }),
}
const sandbox = createSandbox({ host, limits: { hostCallsMax: 1_000_000 } })
const gasMax = BigInt(process.env.GAS ?? 60_000_000)
const only = process.argv[2] ?? ''

const codeOf = ([setup, repeated]) => `export function main() { ${setup} for (;;) { ${repeated} } }`
const measure = (program) => {
  const begin = processorNs()
  const outcome = sandbox.call({
    ...{ program, method: 'main', args: [], gasMax, timeMs: 0n, seed: new Uint8Array(32), context: null },
  })
  const ns = processorNs() - begin
  return {
    perGas: ns / Number(outcome.gasUsed),
    ended: outcome.ok ? 'ended' : outcome.error.code.slice(8),
    why: outcome.error?.message ?? '',
  }
}

// The engine is compiled at the first use, and once more while it is warm.
const [, , ...begun] = [0, 1, 2, 3].map(() => measure(sandbox.program(codeOf(['', '']))))
if (begun.some(({ ended }) => ended !== 'OUT_OF_GAS')) throw new Error('the engine does not run')

const rows = Object.entries(natives)
  .filter(([name]) => name.includes(only))
  .map(([name, native]) => {
    const program = sandbox.program(codeOf(native))
    const runs = Array.from({ length: Number(process.env.RUNS ?? 4) }, () => measure(program))
    return { name, first: runs[0].perGas, best: Math.min(...runs.map(({ perGas }) => perGas)), ...runs[0] }
  })
  .sort((a, b) => b.best - a.best)
for (const { name, first, best, ended, why } of rows)
  console.log(
    `${best.toFixed(3)} ns/gas  first ${first.toFixed(3)}  ${name}${ended === 'OUT_OF_GAS' ? '' : `  (${ended}: ${why.slice(0, 90).replaceAll('\n', ' ')})`}`,
  )
const middle = rows[Math.floor(rows.length / 2)]
console.log(
  `median ${middle?.best.toFixed(3)} ns/gas, worst ${(rows[0].best / middle.best).toFixed(1)} times that`,
)
