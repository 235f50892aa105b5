// Runs a range of seeds, then prints what they broke, what their engines went through, processor time a seed, and the row for
// docs/simulation-ledger.md. Ends with 1 when a rule was broken.
// Run: node packages/simulator/bench/seeds.mjs FIRST LAST [crashes] [pbft|dpos] [minutes=0.5]
import { execFileSync } from 'node:child_process'
import { dpos } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { addCoverage, NOTHING_COVERED, planOf, runPlan } from '@mmtchain/simulator'

const ENGINES = { pbft, dpos }
const [first, last] = process.argv.slice(2, 4).map(Number)
const crashes = process.argv.includes('crashes')
const engine = process.argv.includes('dpos') ? 'dpos' : 'pbft'
const minutesText = process.argv.find((one) => one.startsWith('minutes='))?.slice('minutes='.length)
const minutes = minutesText === undefined ? undefined : Number(minutesText)
if (!Number.isInteger(first) || !Number.isInteger(last) || last < first)
  throw new Error(
    'which seeds? node packages/simulator/bench/seeds.mjs FIRST LAST [crashes] [pbft|dpos] [minutes=0.5]',
  )

const setup = { name: engine, engine: () => ENGINES[engine]() }
const coverage = { ...NOTHING_COVERED }
const broken = []
let lastedMs = 0
const begin = process.cpuUsage()
for (let seed = first; seed <= last; seed++) {
  const outcome = await runPlan({ plan: planOf(seed, { crashes, minutes }), setup })
  lastedMs += outcome.lastedMs
  addCoverage(coverage, outcome.coverage)
  if (!outcome.violation) continue
  broken.push(seed)
  console.log(`seed ${seed}: ${outcome.violation.rule}: ${outcome.violation.what}`)
}
const { user, system } = process.cpuUsage(begin)
const seeds = last - first + 1
const seconds = (user + system) / 1e6
const each = (seconds / seeds).toFixed(2)
const pace = (lastedMs / 1000 / seconds).toFixed(0)
console.log(`${seeds} seeds, ${each} s of processor time each, ${pace} simulated seconds in one`)
console.log(
  Object.entries(coverage)
    .map(([what, times]) => `${what} ${times}`)
    .join(', '),
)
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const options = [crashes ? '`crashes`' : 'none', ...(minutes ? [`${minutes} minutes`] : []), commit]
const result = broken.length === 0 ? 'no rule broken' : `broken by ${broken.join(', ')}`
const day = new Date().toISOString().slice(0, 10)
console.log(`| ${day} | ${engine} | ${first}-${last} | ${options.join(', ')} | ${result} |`)
process.exitCode = broken.length === 0 ? 0 : 1
