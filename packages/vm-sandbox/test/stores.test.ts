import binaryen from 'binaryen'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instrument } from '../engine/instrument.mjs'

// Programs of stores at good and bad places, in all kinds of branches and loops, as an engine would have them. Each is rewritten by the script
// that rewrites the engine, and must do what a plain reading of the rule says: a look at the place of every store.

const { i32, i64, none } = binaryen
const PAGE = 65_536
const STACK_TOP = 5_333_088
const [DATA_END, WINDOW_START, SLACK] = [STACK_TOP - 5 * 1024 * 1024, STACK_TOP - 256 * 1024, 4096]
const PAGES = 84
const MEMORY_PAGES = 96
const LOCALS = 4
const FUEL = LOCALS

type Place =
  | { readonly is: 'const'; readonly at: number }
  | { readonly is: 'get'; readonly local: number; readonly plus: number }
  | { readonly is: 'tee'; readonly local: number; readonly of: Place }
type Statement =
  | { readonly is: 'set'; readonly local: number; readonly to: Place }
  | {
      readonly is: 'store'
      readonly bytes: 1 | 2 | 4 | 8
      readonly offset: number
      readonly at: Place
      readonly value: Place
    }
  | { readonly is: 'if'; readonly when: Place; readonly yes: Statement[]; readonly no: Statement[] }
  | { readonly is: 'block' | 'loop'; readonly body: Statement[] }
  | { readonly is: 'leave'; readonly levels: number; readonly when: Place | undefined }
  | { readonly is: 'choose'; readonly levels: readonly number[]; readonly by: Place }
  | { readonly is: 'return' }
  | { readonly is: 'fill'; readonly at: Place; readonly size: number }

const good = fc.oneof(
  fc.constantFrom(8, DATA_END - 1, WINDOW_START, STACK_TOP - 100, PAGES * PAGE - 1),
  fc.integer({ min: STACK_TOP, max: STACK_TOP + 100_000 }),
)
const bad = fc.constantFrom(
  ...[DATA_END, DATA_END + SLACK, 1_000_000, WINDOW_START - 1, PAGES * PAGE, PAGES * PAGE + SLACK],
  ...[MEMORY_PAGES * PAGE - 4, MEMORY_PAGES * PAGE, 2 ** 31, -8, -1],
)
const at = fc.oneof({ weight: 3, arbitrary: good }, { weight: 2, arbitrary: bad })
const local = fc.nat(LOCALS - 1)
// Mostly locals, so that what was found of one before is what decides.
const { place } = fc.letrec<{ place: Place }>((tie) => ({
  place: fc.oneof(
    { maxDepth: 2 },
    {
      weight: 8,
      arbitrary: fc.record({
        ...{ is: fc.constant('get' as const), local },
        plus: fc.constantFrom(0, 0, 0, 0, 4, 4000, 5000, -4),
      }),
    },
    { weight: 1, arbitrary: at.map((at) => ({ is: 'const' as const, at })) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('tee' as const), local, of: tie('place') }) },
  ),
}))
const set = fc.record({
  is: fc.constant('set' as const),
  local,
  to: at.map((at) => ({ is: 'const' as const, at })),
})
/** Mostly 0 or a local, which is not. */
const when = fc.oneof(fc.constant({ is: 'const' as const, at: 0 }), place)
const { body } = fc.letrec<{ statement: Statement; body: Statement[] }>((tie) => ({
  body: fc.array(tie('statement'), { minLength: 1, maxLength: 6, depthIdentifier: 'body' }),
  statement: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'body' },
    {
      weight: 4,
      arbitrary: fc.record({
        ...{ is: fc.constant('store' as const), bytes: fc.constantFrom(1, 2, 4, 8), at: place, value: place },
        offset: fc.constantFrom(0, 0, 0, 4, 12, SLACK - 8, SLACK - 4, SLACK, 90_000, STACK_TOP),
      }),
    },
    { weight: 2, arbitrary: set },
    {
      weight: 2,
      arbitrary: fc.record({ is: fc.constant('if' as const), when, yes: tie('body'), no: tie('body') }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ is: fc.constantFrom('block' as const, 'loop' as const), body: tie('body') }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ...{ is: fc.constant('leave' as const), levels: fc.nat(2) },
        when: fc.option(when, { nil: undefined, freq: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        ...{ is: fc.constant('choose' as const), by: when },
        levels: fc.array(fc.nat(2), { minLength: 2, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        ...{ is: fc.constant('fill' as const), at: place },
        size: fc.constantFrom(0, 1, 9, 5000, 70_000),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ is: 'return' as const }) },
  ),
}))

/** A module like the engine's, with the program as its function `main`. */
function compile(program: readonly Statement[]): Uint8Array {
  const m = new binaryen.Module()
  m.setFeatures(
    binaryen.Features.MutableGlobals | binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt,
  )
  m.addMemoryImport('memory', 'a', 'a')
  m.addGlobal('sp', i32, true, m.i32.const(STACK_TOP))
  m.addFunctionImport('grow', 'a', 'k', i32, i32)
  const get = (index: number) => m.local.get(index, i32)
  const placed = (place: Place): number => {
    switch (place.is) {
      case 'const':
        return m.i32.const(place.at)
      case 'get':
        return place.plus === 0 ? get(place.local) : m.i32.add(get(place.local), m.i32.const(place.plus))
      case 'tee':
        return m.local.tee(place.local, placed(place.of), i32)
    }
  }
  let labels = 0
  const label = (levels: number, open: readonly string[]) => open[Math.min(levels, open.length - 1)] as string
  const all = (statements: readonly Statement[], open: readonly string[]) =>
    m.block(
      null,
      statements.map((statement) => made(statement, open)),
    )
  const made = (statement: Statement, open: readonly string[]): number => {
    switch (statement.is) {
      case 'set':
        return m.local.set(statement.local, placed(statement.to))
      case 'store': {
        const { bytes, offset } = statement
        const [to, value] = [placed(statement.at), placed(statement.value)]
        if (bytes === 8) return m.i64.store(offset, 1, to, m.i64.extend_u(value))
        if (bytes === 4) return m.i32.store(offset, 1, to, value)
        return bytes === 2 ? m.i32.store16(offset, 1, to, value) : m.i32.store8(offset, 1, to, value)
      }
      case 'if':
        return m.if(placed(statement.when), all(statement.yes, open), all(statement.no, open))
      case 'block': {
        const name = `b${labels++}`
        return m.block(name, [all(statement.body, [name, ...open])])
      }
      case 'loop': {
        const name = `l${labels++}`
        const fuel = m.block(null, [
          m.local.set(FUEL, m.i32.sub(get(FUEL), m.i32.const(1))),
          m.if(m.i32.lt_s(get(FUEL), m.i32.const(0)), m.return()),
        ])
        return m.loop(name, m.block(null, [fuel, all(statement.body, [name, ...open])]))
      }
      case 'leave':
        return m.br(label(statement.levels, open), statement.when && placed(statement.when))
      case 'choose': {
        const names = statement.levels.map((levels) => label(levels, open))
        return m.switch(names.slice(1), names[0] as string, placed(statement.by))
      }
      case 'fill':
        return m.memory.fill(placed(statement.at), m.i32.const(7), m.i32.const(statement.size))
      case 'return':
        return m.return()
    }
  }
  const main = m.block('whole', [all(program, ['whole'])])
  m.addFunction('main', binaryen.createType(Array(LOCALS + 1).fill(i32)), none, [i64], main)
  m.addFunctionExport('main', 'main')
  const binary = m.emitBinary()
  m.dispose()
  return binary
}

class Fault extends Error {}
const OUT = Symbol()
const RETURN = Symbol()

/** What the program does, by the rule alone. */
function interpret(program: readonly Statement[], memory: Uint8Array, locals: Int32Array): void {
  const view = new DataView(memory.buffer)
  const isOwn = (from: number) => from < DATA_END || (from >= WINDOW_START && from < PAGES * PAGE)
  const placed = (place: Place): number => {
    if (place.is === 'const') return place.at | 0
    if (place.is === 'get') return ((locals[place.local] as number) + place.plus) | 0
    locals[place.local] = placed(place.of)
    return locals[place.local] as number
  }
  /** How many levels of blocks and loops are left, or OUT when the next statement follows. */
  const all = (statements: readonly Statement[], depth: number): number | typeof OUT | typeof RETURN => {
    for (const statement of statements) {
      const end = done(statement, depth)
      if (end !== OUT) return end
    }
    return OUT
  }
  const level = (levels: number, depth: number) => (levels >= depth ? RETURN : levels)
  const done = (statement: Statement, depth: number): number | typeof OUT | typeof RETURN => {
    switch (statement.is) {
      case 'set':
        locals[statement.local] = placed(statement.to)
        return OUT
      case 'store': {
        const { bytes, offset } = statement
        const base = placed(statement.at) >>> 0
        const looked = offset + bytes <= SLACK ? base : (base + offset) >>> 0
        if (!isOwn(looked)) throw new Fault()
        const value = placed(statement.value)
        if (base + offset + bytes > memory.length) throw new Fault()
        if (bytes === 8) view.setBigUint64(base + offset, BigInt(value >>> 0), true)
        else if (bytes === 4) view.setInt32(base + offset, value, true)
        else if (bytes === 2) view.setInt16(base + offset, value, true)
        else view.setInt8(base + offset, value)
        return OUT
      }
      case 'if':
        return all(placed(statement.when) === 0 ? statement.no : statement.yes, depth)
      case 'block': {
        const end = all(statement.body, depth + 1)
        return typeof end !== 'number' ? end : end === 0 ? OUT : end - 1
      }
      case 'loop':
        for (;;) {
          locals[FUEL] = (locals[FUEL] as number) - 1
          if ((locals[FUEL] as number) < 0) return RETURN
          const end = all(statement.body, depth + 1)
          if (typeof end !== 'number') return end
          if (end !== 0) return end - 1
        }
      case 'leave':
        return statement.when === undefined || placed(statement.when) !== 0
          ? level(statement.levels, depth)
          : OUT
      case 'choose': {
        const [other, ...rest] = statement.levels as [number, ...number[]]
        return level(rest[placed(statement.by) >>> 0] ?? other, depth)
      }
      case 'fill': {
        const [from, { size }] = [placed(statement.at) >>> 0, statement]
        const [first, last] = [from, (from + size - 1) >>> 0]
        const inWindow = [first, last].every((at) => at >= WINDOW_START && at < PAGES * PAGE)
        if (size > 0 && !inWindow && !(last < DATA_END && first <= last)) throw new Fault()
        if (from + size > memory.length) throw new Fault()
        memory.fill(7, from, from + size)
        return OUT
      }
      case 'return':
        return RETURN
    }
  }
  all(program, 0)
}

/** The memory afterwards, and whether all went well. */
function outcome(memory: Uint8Array, work: () => void) {
  try {
    work()
    return { ended: true, memory }
  } catch (error) {
    if (!(error instanceof Fault || error instanceof WebAssembly.RuntimeError)) throw error
    return { ended: false, memory }
  }
}

const HOLE = 1_000_000
const store = { is: 'store', bytes: 4, offset: 0, at: { is: 'get', local: 0, plus: 0 } } as const
const stores: Statement = { ...store, value: { is: 'const', at: 165 } }
const turns: Statement = { is: 'set', local: 0, to: { is: 'const', at: HOLE } }
const yes: Place = { is: 'const', at: 1 }
const leaves = (when?: Place): Statement => ({ is: 'leave', levels: 0, when })
const fills = (at: number, size: number): readonly [Statement[], number] => [
  [{ is: 'fill', at: { is: 'const', at }, size }],
  STACK_TOP,
]
/** Each writes to a bad place at last, where an earlier look at the same local was of another value, or on another way. */
const traps: readonly (readonly [program: Statement[], first: number])[] = [
  [[stores, turns, stores], STACK_TOP],
  [[stores, { is: 'if', when: yes, yes: [turns], no: [] }, stores], STACK_TOP],
  [[stores, { is: 'if', when: { is: 'const', at: 0 }, yes: [], no: [turns] }, stores], STACK_TOP],
  [[{ is: 'if', when: { is: 'const', at: 0 }, yes: [stores], no: [] }, stores], HOLE],
  [[{ is: 'if', when: yes, yes: [], no: [stores] }, stores], HOLE],
  [[{ is: 'block', body: [leaves(yes), stores] }, stores], HOLE],
  [[{ is: 'block', body: [leaves(yes), stores, leaves()] }, stores], HOLE],
  [[{ is: 'block', body: [{ is: 'choose', levels: [0, 0], by: yes }, stores] }, stores], HOLE],
  [
    [{ is: 'block', body: [stores, { is: 'if', when: yes, yes: [turns, leaves()], no: [] }] }, stores],
    STACK_TOP,
  ],
  [[stores, { is: 'loop', body: [stores, turns, leaves(yes)] }], STACK_TOP],
  [[stores, { is: 'loop', body: [{ is: 'block', body: [turns] }, stores] }], STACK_TOP],
  ...[fills(PAGES * PAGE - 10, 70_000), fills(WINDOW_START - 5, 9), fills(DATA_END - 1, 9), fills(-1, 9)],
  [[stores, { ...store, value: { is: 'tee', local: 0, of: { is: 'const', at: HOLE } } }, stores], STACK_TOP],
]

test('stores go where the rule lets them, and nowhere else', () => {
  const seed = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
  const runs = 1_000 * Math.max(1, Number(process.env.MMT_SOAK_SCALE ?? '1'))
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES })
  const [written, wanted] = [new Uint8Array(memory.buffer), new Uint8Array(memory.buffer.byteLength)]
  const ends = { ended: 0, faulted: 0 }
  console.info(`stores: seed ${seed}`)
  fc.assert(
    fc.property(body, fc.array(at, { minLength: LOCALS, maxLength: LOCALS }), (program, given) => {
      for (const bytes of [written, wanted]) bytes.fill(0)
      const rewritten = instrument(compile(program), {
        importNames: { k: 'growMemory' },
        exportNames: { main: 'main' },
      })
      const module = new WebAssembly.Module(rewritten.bytes as Uint8Array<ArrayBuffer>)
      const exported = new WebAssembly.Instance(module, { a: { a: memory } }).exports as {
        main(...locals: number[]): void
        window: WebAssembly.Global<'i32'>
      }
      exported.window.value = PAGES * PAGE - WINDOW_START
      const locals = [...given, 20]
      const found = outcome(written, () => exported.main(...locals))
      const right = outcome(wanted, () => interpret(program, wanted, Int32Array.from(locals)))
      expect(found.ended).toBe(right.ended)
      expect(Buffer.compare(found.memory, right.memory)).toBe(0)
      ends[found.ended ? 'ended' : 'faulted']++
    }),
    {
      ...{ seed, numRuns: runs },
      examples: traps.map(([program, first]) => [program, [first, 0, 0, 0]]),
    },
  )
  for (const count of Object.values(ends)) expect(count).toBeGreaterThan(runs / 10)
})
