import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareCrypto } from '@mmtchain/crypto'
import { runChaos, table } from './run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    chain: { type: 'string', default: 'examples/04-alliance/chain.ts' },
    next: { type: 'string', default: 'apps/cli/dist/main.js' },
  },
})
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
const minutes = Number(values.minutes)
if (!Number.isInteger(seed) || !(minutes > 0)) throw new Error('--minutes and --seed are numbers')
console.log(`pnpm chaos --minutes ${minutes} --seed ${seed}`)
await prepareCrypto()
const report = await runChaos({
  ...{ seed, ms: minutes * 60_000, chain: values.chain, tell: console.log },
  dir: mkdtempSync(join(tmpdir(), 'mmt-chaos-')),
  programs: [resolve('apps/cli/dist/main.js'), resolve(values.next)],
})
console.log(`\n${table(report)}\n`)
for (const problem of report.problems) console.log(problem)
process.exit(report.problems.length === 0 ? 0 : 1)
