import { join, posix } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { type Finding, nondeterminism } from './determinism.ts'
import { isChainModule } from './layers.ts'
import {
  compilerOptions,
  filesBelow,
  hostWith,
  isTypeScript,
  packagesOf,
  readText,
  root,
} from './workspace.ts'

/** Whose code decides a block: the layers up to the kernel, without crypto's backends, every chain module, and pure engines. */
const deciding = packagesOf('packages').filter(
  ({ folder }) =>
    ['primitives', 'codec', 'tx', 'kernel', 'consensus-dpos', 'consensus-pbft'].includes(folder) ||
    isChainModule(folder),
)

/** Entries of chain modules that run beside the chain, on the machine of who uses them; nothing that decides a block imports them. */
const besideChain =
  /^packages\/(kyc\/src\/credentials|crm\/src\/records|named-router\/src\/(resolver?|gateways?))(\.ts$|\/)/

/** The places that are asynchronous by contract and outside state transitions. */
const storeMembers = 'commit block transaction history prove proveIcs23 revertTo close'.split(' ')
const exceptions = [
  // The store port commits a finished block and serves readers; execution reads it synchronously.
  {
    file: 'packages/kernel/src/ports.ts',
    within: storeMembers,
    what: ['Promise'],
  },
  // The network port is beside state transitions.
  {
    file: 'packages/kernel/src/ports.ts',
    within: 'onMessage leave join'.split(' '),
    what: ['Promise'],
  },
  {
    file: 'packages/kernel/src/ports/memory-store.ts',
    within: storeMembers,
    what: ['async'],
  },
  // A wallet may sign over a network.
  {
    file: 'packages/tx/src/signer.ts',
    within: ['Signer', 'jointSigner', 'signTransaction'],
    what: ['async', 'await', 'Promise'],
  },
  // A log is exported from a node, beside state transitions.
  {
    file: 'packages/admin/src/export.ts',
    within: ['Asked', 'auditAsJsonLines', 'auditAsCsv', 'lines'],
    what: ['async', 'await', 'Promise', 'AsyncGenerator'],
  },
  // A light client asks nodes for headers.
  {
    file: 'packages/consensus-pbft/src/light.ts',
    within: ['follow'],
    what: ['async', 'await', 'Promise'],
  },
]

const planted = join(root, 'packages/kernel/src/planted.ts')
const plantedText = `
import { readFileSync } from 'node:fs' //! node:fs
export { createHash } from 'crypto' //! crypto
export const clock = () => Date.now() //! Date
export const dice = () => Math.random() //! Math.random
export const { sqrt } = Math //! Math
export const timer = () => performance.now() //! performance
export const wait = () => setTimeout(() => undefined, 1) //! setTimeout
export const tick = () => queueMicrotask(() => undefined) //! queueMicrotask
export const late = async () => undefined //! async
export const type = (value: Promise<void>): void => void value //! Promise
export const host = () => process.env //! process
export const hidden = () => globalThis.Date //! globalThis
export const half = 0.5 //! a float
export const ratio = (a: number, b: number) => a / b //! a division of numbers outside Math.floor, ceil or trunc
export const money = (a: number) => a.toFixed(2) //! .toFixed
export const parsed = (a: string) => parseFloat(a) //! parseFloat
export const parsedToo = (a: string) => Number.parseFloat(a) //! .parseFloat
export const order = (a: string, b: string) => a.localeCompare(b) //! .localeCompare
export const shown = (a: number) => a.toLocaleString() //! .toLocaleString
export const names = new Intl.NumberFormat() //! Intl
export const bag = { performance } //! performance
export const loaded = () => import('./ports.ts') //! import()
export const letters = /\\p{L}/u //! Unicode tables
export const random = () => crypto.getRandomValues(new Uint8Array(1)) //! crypto
export const table = new Float64Array(1) //! Float64Array
export const fine = (a: number, b: bigint) => Math.floor(a / 2) + Number(b / 2n) + Math.max(a, 1)
export const local = (process: { readonly Date: number }) => process.Date // Date.now() and Math.random()
export const text = 'Date.now()'
export const read = readFileSync
`

/** What a simulator stands in for. Everything else of a node may only ask the host. */
const hostFiles = [
  'system-host.ts',
  'system-file.ts',
  'file-journal.ts',
  'check-threads.ts',
  'worker.ts',
].map((name) => `packages/node-runtime/src/${name}`)
/** The turn of the event loop that ends a simulated step. */
const loopFile = 'packages/simulator/src/schedule.ts'
const outside =
  /^(node:.*|Date|Math\.random|crypto|fetch|globalThis|import\(\)|performance|process|queueMicrotask|set(Timeout|Interval|Immediate))$/
/** A given time as text is no clock. */
const timeAsText = { file: 'packages/node-runtime/src/health.ts', within: 'timeText' }
const runtime = ['node-runtime', 'simulator'].flatMap((name) =>
  filesBelow(`packages/${name}/src`).filter(isTypeScript),
)

const sources = deciding.flatMap(({ dir }) => filesBelow(`${dir}/src`).filter(isTypeScript))
const files = sources.filter((file) => !besideChain.test(file))
const options = compilerOptions()
const program = ts.createProgram({
  rootNames: [...[...files, ...runtime].map((file) => join(root, file)), planted],
  options,
  host: hostWith(new Map([[planted, plantedText]]), options),
})

function findingsIn(path: string): (Finding & { file: string })[] {
  const source = program.getSourceFile(join(root, path))
  if (source === undefined) throw new Error(`The program has no ${path}.`)
  return nondeterminism(source, program).map((finding) => ({
    ...finding,
    at: finding.at.replace(root, ''),
    file: path,
  }))
}

const findings = files.flatMap(findingsIn).map((finding) => ({
  ...finding,
  exception: exceptions.find(
    ({ file, within, what }) =>
      file === finding.file &&
      what.includes(finding.what) &&
      within.some((name) => finding.within.includes(name)),
  ),
}))

test('code that decides a block has no clock, chance, promise, float, locale or host', () => {
  const refused = findings.filter(({ exception }) => exception === undefined)
  expect(refused.map(({ at, what }) => `${at} ${what}`)).toEqual([])
})

test('what runs beside the chain is imported by nothing that decides a block', () => {
  const imports = files.flatMap((file) =>
    ts
      .preProcessFile(readText(file), true, true)
      .importedFiles.map(({ fileName }) => ({ file, to: posix.join(posix.dirname(file), fileName) })),
  )
  expect(imports.filter(({ to }) => besideChain.test(to))).toEqual([])
  expect(imports.length).toBeGreaterThan(100)
  expect(sources.filter((file) => besideChain.test(file))).not.toEqual([])
})

test('a node takes clock, timers, chance and files from its host alone', () => {
  const found = runtime
    .flatMap(findingsIn)
    .filter(({ what }) => outside.test(what))
    .filter(({ file, within }) => !(file === timeAsText.file && within.includes(timeAsText.within)))
  expect(
    found
      .filter(({ file, what }) => !(file === loopFile && what === 'process'))
      .filter(({ file }) => !hostFiles.includes(file))
      .map(({ at, what }) => `${at} ${what}`),
  ).toEqual([])
  // The same look finds what the host's own files use.
  for (const file of hostFiles) expect(found.some((one) => one.file === file)).toBe(true)
})

test('no file that decides a block imports what is beside it', () => {
  const own = files.filter((file) => file.startsWith('packages/named-router/'))
  const into = own.filter((file) => /from '\.\/(resolve|resolver|gateway|gateways)[/.]/.test(readText(file)))
  expect([own.length > 5, into]).toEqual([true, []])
})

test('every exception from that is still needed', () => {
  const used = new Set(findings.map(({ exception }) => exception))
  expect(exceptions.filter((exception) => !used.has(exception))).toEqual([])
})

test('each of these is seen, and nothing beside them', () => {
  const expected = plantedText.split('\n').flatMap((line, index) =>
    line
      .split(' //! ')
      .slice(1)
      .map((what) => `packages/kernel/src/planted.ts:${index + 1} ${what}`),
  )
  expect(findingsIn('packages/kernel/src/planted.ts').map(({ at, what }) => `${at} ${what}`)).toEqual(
    expected,
  )
})
