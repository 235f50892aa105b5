import {
  cell,
  defineChain,
  defineModule,
  list,
  need,
  solo,
  stateRoot,
  table,
  text,
  tuple,
  u8,
  u32,
  unit,
} from '@mmtchain/kernel'
import { compareBytes, fromHex, utf8 } from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { account, start } from './trial.ts'

// The journal is seen as modules see it: tables, ranges, and capabilities that are all or nothing, in three levels below a
// transaction. A script of steps runs on the kernel and on plain maps, and both tell what they read.

type Key = readonly [number, string]
interface Range {
  readonly prefix?: readonly [number] | Key
  readonly from?: Key
  readonly limit?: number
  readonly reverse?: boolean
}
type Simple =
  | { readonly kind: 'set'; readonly key: Key; readonly value: number }
  | { readonly kind: 'delete'; readonly key: Key }
  | { readonly kind: 'get'; readonly key: Key }
  | { readonly kind: 'cell'; readonly value: number }
  | { readonly kind: 'range'; readonly range: Range }
/** Plays steps after each row that it visits. */
interface Sweep {
  readonly kind: 'sweep'
  readonly range: Range
  readonly steps: readonly Step[]
}
/** Plays a script one level below, which is taken back as a whole when it fails. */
interface Attempt {
  readonly kind: 'attempt'
  readonly script: readonly Step[]
  readonly fails: boolean
}
type Step = Simple | Sweep | Attempt
type Script = Pick<Attempt, 'script' | 'fails'>

/** What a script has read, in order. */
type Log = unknown[]
interface Runner {
  apply(step: Simple, log: Log): undefined
  range(range: Range): IterableIterator<readonly [Key, number]>
  run(script: Script, log: Log): undefined
}

// On the kernel.

const refusals = { NO: (_: object) => ({ message: 'No.', hint: 'Yes.' }) }
const name = text({ bytesMax: 6 })

/** Plays steps on what is below. The lowest level has nothing below that could run an attempt. */
function play(steps: readonly Step[], log: Log, below: Omit<Runner, 'run'> & Partial<Runner>): void {
  for (const step of steps) {
    if (step.kind === 'attempt') {
      try {
        below.run?.(step, log)
      } catch {
        log.push('taken back')
      }
    } else if (step.kind === 'sweep') {
      for (const row of below.range(step.range)) {
        log.push(row)
        play(step.steps, log, below)
      }
    } else below.apply(step, log)
  }
}

const ground = defineModule('ground', {
  state: { rows: table(tuple(u8, name), u32), count: cell(u32, 7) },
  errors: refusals,
})
  .provides({
    open: (ctx): Runner => {
      const { rows, count } = ctx.state
      const range = (given: Range) => rows.entries(given)
      const apply = (step: Simple, log: Log): undefined => {
        if (step.kind === 'set') rows.set(step.key, step.value)
        if (step.kind === 'delete') rows.delete(step.key)
        if (step.kind === 'get') log.push([rows.get(step.key), rows.has(step.key), count.get()])
        if (step.kind === 'cell') count.set(step.value)
        if (step.kind === 'range') log.push([...rows.entries(step.range)])
      }
      return {
        apply,
        range,
        run({ script, fails }, log) {
          play(script, log, { apply, range })
          if (fails) throw ctx.fail.NO({})
        },
      }
    },
  })
  .query('count', unit, u32, (ctx) => ctx.state.count.get())
  .query('rows', unit, list(tuple(tuple(u8, name), u32), { max: 99 }), (ctx) => [...ctx.state.rows.entries()])

const level = <const Name extends string>(of: Name) =>
  defineModule(of, { needs: { ground: need<Runner>() }, errors: refusals })
const run =
  (below: Runner, refusal: () => Error): Runner['run'] =>
  ({ script, fails }, log) => {
    play(script, log, below)
    if (fails) throw refusal()
  }
const one = level('one').provides({
  open: (ctx): Runner => {
    const { apply, range } = ctx.needs.ground
    return { apply, range, run: run(ctx.needs.ground, () => ctx.fail.NO({})) }
  },
})
const two = defineModule('two', { needs: { one: need<Runner>() }, errors: refusals }).provides({
  open: (ctx) => ({ run: run(ctx.needs.one, () => ctx.fail.NO({})) }),
})

let scripts: readonly Script[] = []
let kernelLog: Log = []
const player = defineModule('player', { needs: { two: need<Pick<Runner, 'run'>>() } }).command(
  'play',
  u32,
  (ctx, at) => ctx.needs.two.run(scripts[at] as Script, kernelLog),
)
const chain = defineChain({ id: 'harbour-1', consensus: solo() }).use(ground).use(one).use(two).use(player)

// On plain maps.

interface Model {
  rows: Map<string, readonly [Key, number]>
  count: number
}
const order = (a: Key, b: Key) => a[0] - b[0] || compareBytes(utf8(a[1]), utf8(b[1]))

function visited(model: Model, { prefix, from, limit, reverse }: Range) {
  return [...model.rows.values()]
    .sort(([a], [b]) => (reverse ? order(b, a) : order(a, b)))
    .filter(([key]) => prefix === undefined || prefix.every((member, i) => key[i] === member))
    .filter(([key]) => from === undefined || (reverse ? order(key, from) <= 0 : order(key, from) >= 0))
    .slice(0, limit)
}

function applyTo(model: Model, step: Simple, log: Log): void {
  if (step.kind === 'set') model.rows.set(String(step.key), [step.key, step.value])
  if (step.kind === 'delete') model.rows.delete(String(step.key))
  if (step.kind === 'get') {
    const row = model.rows.get(String(step.key))
    log.push([row?.[1], row !== undefined, model.count])
  }
  if (step.kind === 'cell') model.count = step.value
  if (step.kind === 'range') log.push(visited(model, step.range))
}

function playOn(model: Model, steps: readonly Step[], depth: number, log: Log): void {
  for (const step of steps) {
    if (step.kind === 'attempt') {
      if (depth > 0 && !attemptOn(model, step, depth - 1, log)) log.push('taken back')
    } else if (step.kind === 'sweep') {
      for (const row of visited(model, step.range)) {
        log.push(row)
        playOn(model, step.steps, depth, log)
      }
    } else applyTo(model, step, log)
  }
}

/** Plays a script and tells whether it stays; otherwise the model is as before. */
function attemptOn(model: Model, { script, fails }: Script, depth: number, log: Log): boolean {
  const [rows, count] = [new Map(model.rows), model.count]
  playOn(model, script, depth, log)
  if (fails) Object.assign(model, { rows, count })
  return !fails
}

// Few keys, so that steps meet: short texts with zero bytes and letters of more than one byte.

const first = fc.constantFrom(0, 1, 255)
const key = fc.tuple(first, fc.constantFrom('', 'a', 'aa', 'b', '\0', 'a\0', '\0\0', '\u0001', 'é', '漢'))
const range: fc.Arbitrary<Range> = fc.record(
  { prefix: fc.oneof(fc.tuple(first), key), from: key, limit: fc.nat(4), reverse: fc.boolean() },
  { requiredKeys: [] },
)
const simple: fc.Arbitrary<Simple> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), key, value: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  fc.record({ kind: fc.constant('get' as const), key }),
  fc.record({ kind: fc.constant('cell' as const), value: fc.nat(99) }),
  fc.record({ kind: fc.constant('range' as const), range }),
)
const scriptOf = (step: fc.Arbitrary<Step>, length: number) =>
  fc.record({ script: fc.array(step, { maxLength: length }), fails: fc.boolean() })
const stepAt = (depth: number): fc.Arbitrary<Step> => {
  if (depth === 0) return simple
  const inner = stepAt(depth - 1)
  const steps = fc.array(inner, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    { weight: 3, arbitrary: simple },
    fc.record({ kind: fc.constant('sweep' as const), range, steps }),
    scriptOf(inner, 4).map((one) => ({ kind: 'attempt' as const, ...one })),
  )
}
const blocks = fc.array(fc.array(scriptOf(stepAt(3), 8), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
const senders = [account('alice'), account('bob'), account('carol')] as const
const playing = (at: number) => [{ module: 'player', command: 'play', input: at }]

describe('state access through savepoints, transactions and blocks', () => {
  test('reads and writes as plain maps do', () => {
    fc.assert(
      fc.property(blocks, (given) => {
        const trial = start(chain, {})
        const model: Model = { rows: new Map(), count: 7 }
        for (const transactions of given) {
          const modelLog: Log = []
          scripts = transactions
          kernelLog = []
          const built = trial.block(
            transactions.map((_, at) => trial.prepare(senders[at] as (typeof senders)[0], playing(at))),
          )
          const refused = transactions.map((script) =>
            attemptOn(model, script, 2, modelLog) ? undefined : 'two/NO',
          )
          expect(built.receipts.transactions.map(({ error }) => error?.code)).toEqual(refused)
          // The block was built, then executed once more.
          expect(kernelLog).toEqual([...modelLog, ...modelLog])

          expect(trial.read('ground', 'rows', null)).toEqual(visited(model, {}))
          expect(trial.read('ground', 'count', null)).toBe(model.count)
          const whole = [...trial.rows()].map(([row, value]) => [row, fromHex(value)] as const)
          expect(trial.tip.header.stateRoot).toBe(stateRoot(whole))
        }
      }),
      { numRuns: 300 },
    )
  })

  /** What steps read in a transaction of their own, on rows `a` and `c` that are in the store. */
  function reads(...script: readonly Step[]): Log {
    const trial = start(chain, {})
    for (const steps of [[set('a', 1), set('c', 3)], script]) {
      scripts = [{ script: steps, fails: false }]
      kernelLog = []
      trial.send(senders[0], playing(0))
    }
    return kernelLog.slice(kernelLog.length / 2)
  }
  const set = (key: string, value: number): Simple => ({ kind: 'set', key: [1, key], value })
  const remove = (key: string): Simple => ({ kind: 'delete', key: [1, key] })
  const row = (key: string, value: number) => [[1, key], value]

  test('sees in an iteration the rows as they were at its first step', () => {
    const steps = [set('b', 2), remove('c'), set('c', 9), set('a', 8)]
    expect(reads({ kind: 'sweep', range: {}, steps })).toEqual([row('a', 1), row('c', 3)])
    expect(reads(...steps, { kind: 'range', range: { reverse: true } })).toEqual([
      [row('c', 9), row('b', 2), row('a', 8)],
    ])
  })

  test('sees them so also when changes are taken back meanwhile', () => {
    const attempt: Attempt = { kind: 'attempt', script: [set('c', 9), remove('d')], fails: true }
    const steps = [attempt, set('d', 5), remove('c')]
    expect(reads(set('d', 4), { kind: 'sweep', range: {}, steps })).toEqual([
      row('a', 1),
      'taken back',
      row('c', 3),
      'taken back',
      row('d', 4),
      'taken back',
    ])
  })

  test('sees them so even when what takes changes back goes on with the iteration', () => {
    const seen: unknown[] = []
    const shelf = defineModule('shelf', { state: { books: table(u8, u32) }, errors: refusals }).provides({
      open: (ctx) => ({
        set: (at: number, value: number): undefined => ctx.state.books.set(at, value),
        all: () => ctx.state.books.entries(),
        stepAndFail(rows: IterableIterator<unknown>): undefined {
          ctx.state.books.set(2, 99)
          seen.push(rows.next().value)
          throw ctx.fail.NO({})
        },
      }),
    })
    interface Shelf {
      set(at: number, value: number): undefined
      all(): IterableIterator<readonly [number, number]>
      stepAndFail(rows: IterableIterator<unknown>): undefined
    }
    const reader = defineModule('reader', { needs: { shelf: need<Shelf>() } }).command(
      'read',
      unit,
      (ctx) => {
        for (const at of [0, 1, 2, 3]) ctx.needs.shelf.set(at, at)
        const rows = ctx.needs.shelf.all()
        seen.push(rows.next().value)
        expect(() => ctx.needs.shelf.stepAndFail(rows)).toThrow('No.')
        ctx.needs.shelf.set(3, 77)
        seen.push(...rows)
      },
    )
    const trial = start(defineChain({ id: 'harbour-1', consensus: solo() }).use(shelf).use(reader), {})
    trial.build([trial.prepare(senders[0], [{ module: 'reader', command: 'read', input: null }])])
    expect(seen).toEqual([0, 1, 2, 3].map((at) => [at, at]))
  })

  test('visits nothing with a limit of 0', () => {
    expect(reads({ kind: 'range', range: { limit: 0 } })).toEqual([[]])
  })
})
