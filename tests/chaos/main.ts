import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareCrypto } from '@mmtchain/crypto'
import { copyBuild, versionOf } from './builds.ts'
import { runChaos, table } from './run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    chain: { type: 'string', default: 'examples/04-alliance/chain.ts' },
    next: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
const minutes = Number(values.minutes)
if (!Number.isInteger(seed) || !(minutes > 0)) throw new Error('--minutes and --seed are numbers')
console.log(`pnpm chaos --minutes ${minutes} --seed ${seed}`)
await prepareCrypto()
const dir = mkdtempSync(join(tmpdir(), 'mmt-chaos-'))
// Copies of both, so that what is built meanwhile does not end a run.
const copy = (name: string, version: string) =>
  copyBuild({ root: resolve('.'), dir: join(dir, name), version })
const report = await runChaos({
  ...{ seed, ms: minutes * 60_000, chain: values.chain, tell: console.log, dir },
  programs: [
    copy('this', versionOf('apps/cli/dist/main.js')),
    values.next === undefined ? copy('next', '99.0.0-next') : resolve(values.next),
  ],
})
console.log(`\n${table(report)}\n`)
for (const problem of report.problems) console.log(problem)
process.exit(report.problems.length === 0 ? 0 : 1)
