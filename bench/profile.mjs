// Where the time of building a block goes: samples the stack with V8's profiler, and classes each sample by the source
// files and functions on it. No code of the kernel takes part, so that what is measured is what runs in production.
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

const SAMPLE_MICROSECONDS = 100
/** The call whose time is shared out, in transfers.mjs. */
const MEASURED = { file: /bench\/transfers\.mjs$/, names: ['build'] }
const GARBAGE = 'garbage collection'

const TRANSACTION = /kernel\/src\/execution\/transaction\.ts$/
/** A sample belongs to the first phase that has a function on the stack. */
const PHASES = {
  'checks: size, nonce, price, calls': {
    file: TRANSACTION,
    names: ['checkEnvelope', 'checkAccounts', 'readCall', 'checkPrice'],
  },
  'fee: reserve and settle': { file: TRANSACTION, names: ['reserveFee', 'settleFee'] },
  'calls of the modules': { file: TRANSACTION, names: ['runCalls'] },
  'account row and receipt': { file: TRANSACTION, names: ['executeTransaction'] },
  'roots of transactions and receipts': {
    file: /kernel\/src\/block\.ts$/,
    names: ['listRoot', 'receiptsRoot'],
  },
  'changes of the journal, sorted': { file: /journal\.ts$/, names: ['changesOf'] },
  'state root': { file: /storage-merkle\/src\/merkle-store\.ts$/, names: ['stage'] },
  'hooks, header and the rest': MEASURED,
}
/** A sample belongs to the kind of work of the innermost function that has one. */
const WORK = {
  'codec: rows, inputs, events, receipts': { file: /packages\/codec\/src\// },
  hashing: { file: /packages\/crypto\/src\/|^node:internal\/crypto|noble\/hashes/ },
  'rows: journal and store': { file: /journal\.ts$|storage-merkle\/src\// },
  'kernel and modules': MEASURED,
}

/** Runs `work` and returns the share of each phase and of each kind of work in the time of `MEASURED`. */
export async function profile(work) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS })
  await session.post('Profiler.start')
  await work()
  const { profile: found } = await session.post('Profiler.stop')
  session.disconnect()
  return { phases: shares(found, outermost), work: shares(found, innermost) }
}

/** Of the classes, the one that appears first in the list, anywhere on the stack. */
function outermost(stack) {
  return Object.keys(PHASES).find((name) => stack.some((frame) => matches(frame, PHASES[name])))
}

/** Of the classes, the one of the innermost frame that has any. */
function innermost(stack) {
  for (const frame of stack) for (const name of Object.keys(WORK)) if (matches(frame, WORK[name])) return name
  return undefined
}

function matches({ file, name }, { file: wanted, names }) {
  return wanted.test(file) && (names === undefined || names.includes(name))
}

/** The share of each class in the time of all samples within the measured call. */
function shares({ nodes, samples, timeDeltas }, classOf) {
  const classes = classNodes(nodes, classOf)
  const times = new Map(Object.keys(classOf === outermost ? PHASES : WORK).map((name) => [name, 0]))
  times.set(GARBAGE, 0)
  let total = 0
  let within = false
  for (const [i, node] of samples.entries()) {
    const found = classes.get(node)
    // The collector has no stack: it runs on behalf of whatever ran before it.
    if (found !== GARBAGE) within = found !== undefined
    if (!within) continue
    times.set(found, times.get(found) + timeDeltas[i])
    total += timeDeltas[i]
  }
  for (const [name, time] of times) {
    // A function that was renamed would silently count as something else.
    if (time === 0 && !MAY_BE_ABSENT.has(name))
      throw new Error(`no sample of "${name}": correct the table in profile.mjs`)
  }
  return Object.fromEntries([...times].map(([name, time]) => [name, time / total]))
}

const MAY_BE_ABSENT = new Set(['state root', GARBAGE])

/** The class of each node of the profile's tree; undefined outside the measured call. */
function classNodes(nodes, classOf) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const classes = new Map()
  for (const { id, callFrame } of nodes) {
    if (callFrame.functionName === '(garbage collector)') classes.set(id, GARBAGE)
    const stack = []
    for (let at = id; at !== undefined; at = parents.get(at)) stack.push(sourceOf(byId.get(at).callFrame))
    if (stack.some((frame) => matches(frame, MEASURED))) classes.set(id, classOf(stack))
  }
  return classes
}

const maps = new Map()
const sources = new Map()

/** The source file and the name of a function, by the map beside the built file. */
function sourceOf({ url, lineNumber, columnNumber, functionName }) {
  const place = `${url}:${lineNumber}:${columnNumber}`
  const known = sources.get(place)
  if (known) return known
  // The bundler numbers functions of the same name in different files.
  const name = functionName.replace(/\d+$/, '')
  const found = { file: mapOf(url)?.findEntry(lineNumber, columnNumber).originalSource ?? url, name }
  sources.set(place, found)
  return found
}

function mapOf(url) {
  if (!url.startsWith('file:') || !url.includes('/dist/')) return undefined
  if (!maps.has(url)) {
    const payload = JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8'))
    const base = url.replace(/dist\/[^/]*$/, 'dist/')
    const absolute = payload.sources.map((path) => new URL(path, base).href)
    maps.set(url, new SourceMap({ ...payload, sources: absolute }))
  }
  return maps.get(url)
}
