// Looks for cheap gas in every function that the engine has: `node bench/search.bench.mjs [part of a name]`. Each is called for ever on great
// receivers with great arguments, whatever it makes of them. Prints those with the most processor time for their gas.
import { existsSync, readFileSync } from 'node:fs'
import { createSandbox } from '@mmtchain/vm-sandbox'

const schedule = '/proc/self/schedstat'
const nowNs = existsSync(schedule)
  ? () => Number(readFileSync(schedule, 'utf8').split(' ')[0])
  : () => process.cpuUsage().user * 1_000

const sandbox = createSandbox({ host: {} })
const call = (code, gasMax) => {
  const program = sandbox.program(code)
  const begin = nowNs()
  const outcome = sandbox.call({
    ...{ program, method: 'main', args: [], gasMax, timeMs: 0n, seed: new Uint8Array(32), context: null },
  })
  return { outcome, ns: nowNs() - begin }
}

const listing = call(
  `export function main() {
    const found = new Map()
    const walk = (at, path, depth) => {
      for (const key of Reflect.ownKeys(at)) {
        const step = typeof key === 'string' ? '[' + JSON.stringify(key) + ']' : '[' + String(key).slice(7, -1) + ']'
        const { value, get } = Object.getOwnPropertyDescriptor(at, key)
        const next = get === undefined ? path + step : 'Object.getOwnPropertyDescriptor(' + path + ', ' + step.slice(1, -1) + ').get'
        const one = value ?? get
        if ((typeof one !== 'object' && typeof one !== 'function') || one === null || found.has(one)) continue
        found.set(one, next)
        if (depth > 0) walk(one, next, depth - 1)
      }
    }
    walk(globalThis, 'globalThis', 3)
    walk(Object.getPrototypeOf(Uint8Array.prototype), 'Object.getPrototypeOf(Uint8Array.prototype)', 1)
    return [...found].filter(([one]) => typeof one === 'function').map(([, path]) => path).join('\\n')
  }`,
  10_000_000_000n,
).outcome
if (!listing.ok) throw listing.error
const functions = listing.value.split('\n').filter((path) => path.includes(process.argv[2] ?? ''))

const receivers = {
  text: '"abc".repeat(50000)',
  'wide text': '"船é".repeat(20000)',
  list: 'Array.from({ length: 20000 }, (_, i) => i * 7919 % 20011)',
  bytes: 'new Uint8Array(1 << 18).fill(7)',
  floats: 'new Float64Array(1 << 15).map((_, i) => i * 7919 % 20011)',
  object: 'Object.fromEntries(Array.from({ length: 5000 }, (_, i) => ["k" + i, i]))',
  map: 'new Map(Array.from({ length: 5000 }, (_, i) => [i, i]))',
  set: 'new Set(Array.from({ length: 5000 }, (_, i) => i))',
  bigint: '7n ** 20000n',
  number: '1e308',
  date: 'new Date(1e12)',
  expression: '/(?:a|b|c)+z/g',
  buffer: 'new ArrayBuffer(1 << 18)',
  view: 'new DataView(new ArrayBuffer(64))',
  function: '(...x) => x.length',
}
const given = ['', 'r', '"abc".repeat(1000), "x"', '7n ** 300n', '(a, b) => a - b', '5, r']
const GAS = 20_000_000n
/** The most promising are measured again, for so long that the clock's coarseness does not show. */
const [AGAIN, GAS_AGAIN] = [60, 300_000_000n]

const codeOf = ({ path, receiver, args }) =>
  `export function main() { const r = ${receiver}; const f = ${path}; for (;;) { try { f.call(r, ${args}) } catch {} } }`
const measure = (way, gasMax) => {
  const { outcome, ns } = call(codeOf(way), gasMax)
  return { ...way, perGas: ns / Number(outcome.gasUsed), end: outcome.ok ? 'ok' : outcome.error.code }
}
const byTime = (a, b) => b.perGas - a.perGas

const rows = functions.flatMap((path) =>
  Object.entries(receivers).flatMap(([name, receiver]) => {
    // Where each of the arguments throws at once there is nothing to see.
    const tries = given.map((args) => `() => f.call(r, ${args})`).join()
    const { outcome } = call(
      `export function main() { const r = ${receiver}; const f = ${path}; let n = 0; for (const g of [${tries}]) { try { g(); n += 1 } catch {} } return n }`,
      GAS,
    )
    if (outcome.ok && outcome.value === 0) return []
    return given.map((args) => measure({ path, name, receiver, args }, GAS))
  }),
)
const worst = rows
  .sort(byTime)
  .slice(0, AGAIN)
  .map((way) => [measure(way, GAS_AGAIN), measure(way, GAS_AGAIN)].sort(byTime)[1])
  .sort(byTime)
console.log(`${functions.length} functions, ${rows.length} ways to call them; the worst:`)
for (const { perGas, path, name, args, end } of worst.slice(0, 15))
  console.log(
    `${perGas.toFixed(3)} ns/gas  ${path.replaceAll('globalThis', '').slice(0, 80)} of ${name} (${args})${end === 'sandbox/OUT_OF_GAS' ? '' : `  ${end}`}`,
  )
