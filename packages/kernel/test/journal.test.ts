import {
  cell,
  defineChain,
  defineModule,
  list,
  need,
  solo,
  stateRoot,
  struct,
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

// The journal is seen as modules see it: tables, ranges, and capabilities that are all or nothing, four levels deep. A script
// of operations runs on the kernel and on plain maps, and both tell what they read.

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
  /** Changes rows after each row that it visits. */
  | { readonly kind: 'sweep'; readonly range: Range; readonly changes: readonly Simple[] }
interface Attempt {
  readonly kind: 'attempt'
  readonly script: readonly Step[]
  readonly fails: boolean
}
type Step = Simple | Attempt

/** What a script has read, in order. */
type Log = unknown[]
interface Runner {
  apply(step: Simple, log: Log): undefined
  run(attempt: Omit<Attempt, 'kind'>, log: Log): undefined
}

const refusals = { NO: (_: object) => ({ message: 'No.', hint: 'Yes.' }) }

const ground = defineModule('ground', {
  state: { rows: table(tuple(u8, text({ bytesMax: 6 })), u32), count: cell(u32, 7) },
  errors: refusals,
})
  .provides({
    open: (ctx): Runner => {
      const { rows, count } = ctx.state
      const apply = (step: Simple, log: Log): undefined => {
        if (step.kind === 'set') rows.set(step.key, step.value)
        if (step.kind === 'delete') rows.delete(step.key)
        if (step.kind === 'get') log.push([rows.get(step.key), rows.has(step.key), count.get()])
        if (step.kind === 'cell') count.set(step.value)
        if (step.kind === 'range') log.push([...rows.entries(step.range)])
        if (step.kind !== 'sweep') return
        for (const row of rows.entries(step.range)) {
          log.push(row)
          for (const change of step.changes) apply(change, log)
        }
      }
      return {
        apply,
        run({ script, fails }, log) {
          for (const step of script) if (step.kind !== 'attempt') apply(step, log)
          if (fails) throw ctx.fail.NO({})
        },
      }
    },
  })
  .query(
    'all',
    unit,
    struct({ rows: list(tuple(u8, text({ bytesMax: 6 }), u32), { max: 9_999 }), count: u32 }),
    (ctx) => ({
      rows: [...ctx.state.rows.entries()].map(([[a, b], value]) => [a, b, value] as const),
      count: ctx.state.count.get(),
    }),
  )

/** A level above another: its attempts run on the level below, which takes back what fails. */
const level = <const Name extends string, const Below extends string>(name: Name, below: Below) =>
  defineModule(name, {
    needs: { [below]: need<Runner>() } as Record<Below, ReturnType<typeof need<Runner>>>,
    errors: refusals,
  }).provides({
    open: (ctx): Runner => {
      const { apply, run } = (ctx.needs as Record<Below, Runner>)[below]
      return {
        apply,
        run({ script, fails }, log) {
          for (const step of script) {
            if (step.kind !== 'attempt') apply(step, log)
            else {
              try {
                run(step, log)
              } catch {
                log.push('taken back')
              }
            }
          }
          if (fails) throw ctx.fail.NO({})
        },
      }
    },
  })

let scripts: readonly Omit<Attempt, 'kind'>[] = []
let kernelLog: Log = []
const player = defineModule('player', { needs: { two: need<Runner>() } }).command('play', u32, (ctx, at) => {
  const script = scripts[at]
  if (script) ctx.needs.two.run(script, kernelLog)
})

const chain = defineChain({ id: 'harbour-1', consensus: solo() })
  .use(ground)
  .use(level('one', 'ground'))
  .use(level('two', 'one'))
  .use(player)

// The model.

interface Model {
  readonly rows: Map<string, readonly [Key, number]>
  count: number
}
const nameOf = (key: Key) => JSON.stringify(key)
const order = (a: Key, b: Key) => a[0] - b[0] || compareBytes(utf8(a[1]), utf8(b[1]))

function visited(model: Model, { prefix, from, limit, reverse }: Range) {
  const sorted = [...model.rows.values()].sort(([a], [b]) => (reverse ? order(b, a) : order(a, b)))
  return sorted
    .filter(([key]) => prefix === undefined || prefix.every((member, i) => key[i] === member))
    .filter(([key]) => from === undefined || (reverse ? order(key, from) <= 0 : order(key, from) >= 0))
    .slice(0, limit)
}

function applyTo(model: Model, step: Simple, log: Log): void {
  if (step.kind === 'set') model.rows.set(nameOf(step.key), [step.key, step.value])
  if (step.kind === 'delete') model.rows.delete(nameOf(step.key))
  if (step.kind === 'get') {
    const row = model.rows.get(nameOf(step.key))
    log.push([row?.[1], row !== undefined, model.count])
  }
  if (step.kind === 'cell') model.count = step.value
  if (step.kind === 'range') log.push(visited(model, step.range))
  if (step.kind !== 'sweep') return
  for (const row of visited(model, step.range)) {
    log.push(row)
    for (const change of step.changes) applyTo(model, change, log)
  }
}

/** Runs a script on a copy and gives the copy, or throws. */
function runOn(model: Model, { script, fails }: Omit<Attempt, 'kind'>, depth: number, log: Log): Model {
  let now: Model = { rows: new Map(model.rows), count: model.count }
  for (const step of script) {
    if (step.kind !== 'attempt') applyTo(now, step, log)
    else if (depth > 0) {
      try {
        now = runOn(now, step, depth - 1, log)
      } catch {
        log.push('taken back')
      }
    }
  }
  if (fails) throw new Error('no')
  return now
}

// Few keys, so that steps meet: short texts with zero bytes and letters of more than one byte.
const first = fc.constantFrom(0, 1, 255)
const second = fc.constantFrom('', 'a', 'aa', 'b', '\0', 'a\0', '\0\0', '\u0001', 'é', '漢')
const key = fc.tuple(first, second)
const range: fc.Arbitrary<Range> = fc.record(
  {
    prefix: fc.oneof(fc.tuple(first), key),
    from: key,
    limit: fc.nat(4),
    reverse: fc.boolean(),
  },
  { requiredKeys: [] },
)
const change: fc.Arbitrary<Simple> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value: fc.nat(99) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
)
const simple: fc.Arbitrary<Simple> = fc.oneof(
  { weight: 5, arbitrary: change },
  fc.record({ kind: fc.constant('get' as const), key }),
  fc.record({ kind: fc.constant('cell' as const), value: fc.nat(99) }),
  fc.record({ kind: fc.constant('range' as const), range }),
  fc.record({
    kind: fc.constant('sweep' as const),
    range,
    changes: fc.array(change, { minLength: 1, maxLength: 2 }),
  }),
)
const attempt = (depth: number): fc.Arbitrary<Omit<Attempt, 'kind'>> => {
  const inner: fc.Arbitrary<Step> =
    depth === 0 ? simple : attempt(depth - 1).map((one) => ({ kind: 'attempt', ...one }))
  return fc.record({
    script: fc.array(fc.oneof({ weight: 3, arbitrary: simple }, inner), { maxLength: 8 }),
    fails: fc.boolean(),
  })
}
const blocks = fc.array(fc.array(attempt(2), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
const senders = [account('alice'), account('bob'), account('carol')] as const

describe('state access through savepoints, transactions and blocks', () => {
  test('reads and writes as plain maps do', () => {
    fc.assert(
      fc.property(blocks, (given) => {
        const trial = start(chain, {})
        let model: Model = { rows: new Map(), count: 7 }
        for (const transactions of given) {
          scripts = transactions
          kernelLog = []
          const modelLog: Log = []
          const candidates = transactions.map((_, at) =>
            trial.prepare(senders[at] as (typeof senders)[0], [
              { module: 'player', command: 'play', input: at },
            ]),
          )
          const built = trial.block(candidates)
          const refused = transactions.map((script) => {
            try {
              model = runOn(model, script, 2, modelLog)
              return undefined
            } catch {
              return 'two/NO'
            }
          })
          expect(built.receipts.transactions.map(({ error }) => error?.code)).toEqual(refused)
          // The block was built, then executed once more.
          expect(kernelLog).toEqual([...modelLog, ...modelLog])

          const rows = visited(model, {}).map(([[a, b], value]) => [a, b, value])
          expect(trial.read('ground', 'all', null)).toEqual({ rows, count: model.count })
          const whole = [...trial.rows()].map(([name, value]) => [name, fromHex(value)] as const)
          expect(trial.tip.header.stateRoot).toBe(stateRoot(whole))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('sees in an iteration the rows as they were at its first step', () => {
    const trial = start(chain, {})
    const keys = ['a', 'b', 'c'].map((name): Key => [1, name])
    const set = (at: number, value: number): Simple => ({ kind: 'set', key: keys[at] as Key, value })
    const seen = (log: Log) => log.slice(0, log.length / 2)
    const play = (...script: readonly Step[]) => {
      scripts = [{ script, fails: false }]
      kernelLog = []
      trial.send(senders[0], { module: 'player', command: 'play', input: 0 })
      return seen(kernelLog)
    }
    play(set(0, 1), set(2, 3))
    const changes: readonly Simple[] = [set(1, 2), { kind: 'delete', key: keys[2] as Key }, set(2, 9)]
    expect(play({ kind: 'sweep', range: {}, changes })).toEqual([
      [[1, 'a'], 1],
      [[1, 'c'], 3],
    ])
    expect(play({ kind: 'range', range: { reverse: true, limit: 2 } })).toEqual([
      [
        [[1, 'c'], 9],
        [[1, 'b'], 2],
      ],
    ])
  })
})
