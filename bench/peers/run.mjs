// Blocks of 1,000 token transfers, signatures not checked: our kernel beside lisk-sdk 5.2.2, each in processes of its own
// that take turns. Installs lisk-sdk into bench/peers/lisk/node_modules, which is ignored, the first time.
// From the root: node bench/peers/run.mjs [blocks]
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { KINDS, median } from '../transfers.mjs'

const BLOCKS = process.argv[2] ?? '20'
const ROUNDS = 3
const lisk = fileURLToPath(new URL('lisk/', import.meta.url))

if (!existsSync(`${lisk}node_modules`)) {
  console.error('Installing lisk-sdk into bench/peers/lisk …')
  // Its native parts come prebuilt and are found when they are loaded, so no script of any package has to run.
  const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel', 'error']
  execFileSync('npm', ['install', ...flags], { cwd: lisk, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Transactions per second of each thing that a worker measures, in each round. */
const rates = {}
for (let round = 0; round < ROUNDS; round++) {
  for (const worker of ['ours.mjs', 'lisk/blocks.cjs']) {
    const file = fileURLToPath(new URL(worker, import.meta.url))
    const found = JSON.parse(execFileSync(process.execPath, [file, BLOCKS], { encoding: 'utf8' }))
    for (const [what, rate] of Object.entries(found)) rates[what] = [...(rates[what] ?? []), rate]
  }
}

const show = (what) => Math.round(median(rates[what])).toLocaleString('en').padStart(9)
console.log(`Transfers per second; medians of ${ROUNDS} rounds of ${BLOCKS} blocks of 1,000.`)
for (const kind of KINDS) {
  console.log(`\n${kind}`)
  for (const title of ['without root', 'with root'])
    console.log(`  ours, ${title}`.padEnd(48), show(`${kind}, ${title}`))
  for (const method of ['process', 'processValidated']) {
    const ratio = median(rates[`${kind}, without root`]) / median(rates[`${kind}, ${method}`])
    const what = `  lisk-sdk 5.2.2, ${method}`.padEnd(48)
    console.log(what, show(`${kind}, ${method}`), `  ours without root: ${ratio.toFixed(1)} ×`)
  }
}
