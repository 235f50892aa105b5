// Calls a second of a counter and a token, beside the same code in plain Node.js: `node bench/calls.bench.mjs`. Processor time of this
// thread, best of several. Warm: the program is loaded. Cold: it is not, because more programs are called than are kept.
import { createSandbox, hostFunction } from '@mmtchain/vm-sandbox'
import { processorNs } from './clock.mjs'

const host = {
  get: hostFunction({ takes: ['text'], gas: 5_000, run: (rows, key) => rows.get(key) }),
  put: hostFunction({
    takes: ['text', 'bytes'],
    gas: 5_000,
    run: (rows, key, value) => void rows.set(key, value),
  }),
}
const counter = `
  export function main() {
    const row = host.get('n') ?? new Uint8Array(4)
    const view = new DataView(row.buffer)
    view.setUint32(0, view.getUint32(0) + 1)
    host.put('n', row)
    return view.getUint32(0)
  }`
const token = `
  const read = (name) => {
    const row = host.get(name)
    return row === undefined ? 1000000n : new DataView(row.buffer).getBigUint64(0)
  }
  const write = (name, amount) => {
    const row = new Uint8Array(8)
    new DataView(row.buffer).setBigUint64(0, amount)
    host.put(name, row)
  }
  export function main(from, to, amount) {
    const balance = read(from)
    if (balance < amount) throw new Error('poor')
    write(from, balance - amount)
    write(to, read(to) + amount)
  }`

// What costs most to load, to keep and to begin from: a program that leaves the memory full.
const full = 'const big = new Uint8Array(24 * 1024 * 1024).fill(1); export const main = () => big[1]'

const request = (program, args) => ({
  ...{ program, method: 'main', args, gasMax: 100_000_000n, timeMs: 0n, seed: new Uint8Array(32) },
})
const perCall = (calls, work) => {
  work(Math.min(calls, 10_000))
  const runs = Array.from({ length: 5 }, () => {
    const begin = processorNs()
    work(calls)
    return (processorNs() - begin) / calls
  })
  return Math.min(...runs)
}

for (const [name, code, args, calls = 2_000] of [
  ['counter', counter, []],
  ['token', token, ['ann', 'ben', 0n]],
  ['a full memory', full, [], 50],
]) {
  const rows = new Map()
  globalThis.host = { get: (key) => rows.get(key), put: (key, value) => void rows.set(key, value) }
  const plain = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const nodeNs = perCall(100 * calls, (calls) => {
    for (let i = 0; i < calls; i++) plain.main(...args)
  })
  const sandbox = createSandbox({ host })
  const program = sandbox.program(code)
  let gas = 0n
  const warmNs = perCall(calls, (calls) => {
    for (let i = 0; i < calls; i++) gas = sandbox.call({ ...request(program, args), context: rows }).gasUsed
  })
  const small = createSandbox({ host, limits: { imagesBytesMax: 0 } })
  const coldNs = perCall(calls / 4, (calls) => {
    for (let i = 0; i < calls; i++) small.call({ ...request(program, args), context: rows })
  })
  const perSecond = (ns) =>
    Math.round(1e9 / ns)
      .toLocaleString('en')
      .padStart(10)
  console.log(
    `${name}: plain Node.js ${perSecond(nodeNs)}/s   warm ${perSecond(warmNs)}/s   cold ${perSecond(coldNs)}/s   ${gas} gas, ${(warmNs / Number(gas)).toFixed(3)} ns/gas warm, ${(coldNs / Number(gas)).toFixed(3)} cold`,
  )
}
