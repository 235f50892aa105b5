// Rewrites a WebAssembly build of QuickJS so that it counts what it does. See ../README.md, "The machine".
import binaryen from 'binaryen'
import { assigned, kindOf, operandsOf } from './expressions.mjs'
import { recursive } from './recursion.mjs'
import { checkedProduct, sizeProducts } from './sizes.mjs'
import { foundPlaces, storeGuard } from './stores.mjs'

const { i32, i64, f32, f64, none } = binaryen

/**
 * Below so many bytes under its start, the engine's own stack (in linear memory) ends. The engine refuses by itself long before,
 * at 160 KiB, where it looks; a recursion that never looks is stopped here.
 */
export const STACK_BYTES = 208 * 1024
/** So far below its start the engine's own stack may be written: a function that cannot come back to itself goes on where its caller stood. */
const STACK_WRITTEN_BYTES = 256 * 1024
/** The engine's own stack has so many bytes; below them, from 0 on, lie its data. */
const STACK_RESERVED_BYTES = 5 * 1024 * 1024
/**
 * Behind a place that was found to be the engine's own, so many bytes more may be written: one look at a pointer is enough for all
 * fields of what it points to. Whoever restores the memory clears so much behind each part of it.
 */
const SLACK_BYTES = 4096
/** For so many bytes of the host's stack, estimated from above, the engine's own stack is taken down by one. */
const HOST_BYTES_PER_BYTE = 4

/** What an instruction costs. What is not here costs 1. */
const WEIGHTS = {
  ...{ block: 0, loop: 0, nop: 0, 'local.get': 0, const: 0, unreachable: 0 },
  ...{ call: 6, call_indirect: 22, load: 2, store: 2, switch: 3 },
  ...{ 'i32.div': 6, 'i64.div': 20, 'f64.div': 6, 'f64.sqrt': 8 },
}
/**
 * What a region costs at least: counting is itself a load, a subtraction and a store, each of which waits for that of the region before. A native
 * of many tiny regions else takes the most time for its gas.
 */
const REGION_GAS_MIN = 6
/**
 * What bulk instructions cost beside 8 for each of them: a fill one gas for 4 bytes, a copy two gas for each byte. Where source and target
 * lie alike in their pages of 4 KiB, processors copy thirty times slower than else.
 */
const FILL_BYTES_PER_GAS_LOG2 = 2
const COPY_GAS_PER_BYTE = 2
/** For each page of 64 KiB that the memory grows, which the host must find, and clear afterwards. */
const PAGE_GAS = 40_000

const DIVISIONS = new Map(
  [
    ['i32.div', ['DivSInt32', 'DivUInt32', 'RemSInt32', 'RemUInt32']],
    ['i64.div', ['DivSInt64', 'DivUInt64', 'RemSInt64', 'RemUInt64']],
    ['f64.div', ['DivFloat64', 'DivFloat32']],
    ['f64.sqrt', ['SqrtFloat64', 'SqrtFloat32']],
  ].flatMap(([name, operations]) => operations.map((operation) => [binaryen[operation], name])),
)

function weightOf(expression, { api, name }) {
  if (name !== 'unary' && name !== 'binary') return WEIGHTS[name] ?? 1
  return WEIGHTS[DIVISIONS.get(api.getOp(expression))] ?? 1
}

const storeOf = (expression) => ({
  offset: binaryen.Store.getOffset(expression),
  bytes: binaryen.Store.getBytes(expression),
})

/**
 * Adds to a module:
 * - `gas`: an i64 that goes down; below zero the module stops at the next function or loop;
 * - `pages` and `pagesMax`: the memory that it believes to have, of a memory that never really grows;
 * - `window`: the bytes from `windowStart` on that it may write beside its data, to the end of those pages. A store elsewhere is a fault;
 * - `stop`: why it stopped: 1 gas, 2 memory, 3 stack;
 * - on the engine's own stack, room for what each call takes of the host's, so that the engine's own bound holds for both;
 * - a look at each product that is asked for as memory, which stops the module when it is more than any memory;
 * - one NaN wherever the bits of a number can be seen.
 * And it tells what lies where, in constants: `dataEnd`, `windowStart`, `stackTop`, `slackBytes`.
 */
export function instrument(bytes, { importNames, exportNames }) {
  const m = binaryen.readBinary(bytes)
  m.setFeatures(
    binaryen.Features.MutableGlobals |
      binaryen.Features.BulkMemory |
      binaryen.Features.BulkMemoryOpt |
      binaryen.Features.SignExt |
      binaryen.Features.NontrappingFPToInt,
  )
  const counts = {
    functions: 0,
    recursive: 0,
    regions: 0,
    loops: 0,
    bulk: 0,
    numbers: 0,
    stores: 0,
    looks: 0,
  }
  const stackPointer = binaryen.getGlobalInfo(m.getGlobalByIndex(0)).name
  if (m.getNumGlobals() !== 1) throw new Error('A module with more state than its stack pointer.')
  const stackTop = binaryen.getExpressionInfo(binaryen.getGlobalInfo(m.getGlobalByIndex(0)).init).value
  const stackEnd = stackTop - STACK_BYTES
  const layout = {
    ...{ dataEnd: stackTop - STACK_RESERVED_BYTES, windowStart: stackTop - STACK_WRITTEN_BYTES, stackTop },
    slackBytes: SLACK_BYTES,
  }

  const exported = Array.from({ length: m.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(m.getExportByIndex(index)),
  )

  const state = { gas: i64, pages: i32, pagesMax: i32, window: i32, stop: i32 }
  for (const [name, type] of Object.entries(state)) {
    // Gas enough for what runs when the module starts.
    m.addGlobal(name, type, true, type === i64 ? m.i64.const(1n << 60n) : m.i32.const(0))
    m.addGlobalExport(name, name)
  }
  m.addGlobalExport(stackPointer, 'stackPointer')
  for (const [name, value] of Object.entries(layout)) {
    m.addGlobal(name, i32, false, m.i32.const(value))
    m.addGlobalExport(name, name)
  }
  const get = (name) => m.global.get(name, state[name])
  const stop = (why) => m.block(null, [m.global.set('stop', m.i32.const(why)), m.unreachable()])
  const deduct = (gas) => {
    counts.regions++
    return m.global.set('gas', m.i64.sub(get('gas'), m.i64.const(BigInt(Math.max(gas, REGION_GAS_MIN)))))
  }
  const checkGas = () => m.if(m.i64.lt_s(get('gas'), m.i64.const(0n)), stop(1))

  const all = Array.from({ length: m.getNumFunctions() }, (_, index) => {
    const { name, module, base, params, results, vars, body } = binaryen.getFunctionInfo(
      m.getFunctionByIndex(index),
    )
    return { name, module, base, params, results, vars, body, signature: `${params}:${results}` }
  })
  const imported = new Map(
    all.filter(({ module }) => module !== '').map((f) => [importNames[f.base], f.name]),
  )
  const functions = all.filter(({ module }) => module === '')
  const tableNames = tableFunctions(m)
  const cyclic = recursive(functions, {
    tableNames,
    exportNames: exported.map(({ value }) => value).filter((name) => functions.some((f) => f.name === name)),
    reentrant: new Set([imported.get('callHost')]),
  })

  const { products, takers } = sizeProducts(functions, {
    malloc: exported.find(({ name }) => exportNames[name] === 'malloc')?.value,
    tableNames,
  })
  Object.assign(counts, { sizeTakers: takers, sizeProducts: products.size })
  const guard = storeGuard(m, { ...layout, kindOf, counts })
  for (const f of functions) {
    counts.functions++
    const locals = [...binaryen.expandType(f.params), ...f.vars]
    const number64 = locals.length
    const number32 = locals.length + 1
    const scratch = locals.length + 2
    const factor = locals.length + 3
    const result = locals.length + 4
    const rewrite = rewriterOf({ number64, number32, scratch, factor })
    const isCyclic = cyclic.has(f.name)
    if (isCyclic) counts.recursive++
    const { cost, expression, depth } = rewrite(f.body, isCyclic ? f.results : undefined)
    const room = Math.ceil((96 + 8 * (locals.length + depth)) / HOST_BYTES_PER_BYTE / 16) * 16
    const begin = [deduct(cost), checkGas()]
    const sp = () => m.global.get(stackPointer, i32)
    const body = isCyclic
      ? [
          m.global.set(stackPointer, m.i32.sub(sp(), m.i32.const(room))),
          // Also where a spoilt engine has put it above its start.
          m.if(m.i32.gt_u(m.i32.sub(sp(), m.i32.const(stackEnd)), m.i32.const(STACK_BYTES)), stop(3)),
          ...(f.results === none
            ? [m.block('exit', [expression], none)]
            : [m.local.set(result, m.block('exit', [expression], f.results))]),
          m.global.set(stackPointer, m.i32.add(sp(), m.i32.const(room))),
          ...(f.results === none ? [] : [m.local.get(result, f.results)]),
        ]
      : [expression]
    m.removeFunction(f.name)
    m.addFunction(
      f.name,
      f.params,
      f.results,
      [...f.vars, f64, f32, i32, i32, ...(f.results === none ? [] : [f.results])],
      m.block(null, [...begin, ...body], f.results),
    )
  }
  addBulk('copyBytes', {
    bytesCost: (size) => m.i64.mul(m.i64.extend_u(size), m.i64.const(BigInt(COPY_GAS_PER_BYTE))),
    instruction: (to, from, size) => m.memory.copy(to, from, size),
  })
  addBulk('fillBytes', {
    bytesCost: (size) => m.i64.extend_u(m.i32.shr_u(size, m.i32.const(FILL_BYTES_PER_GAS_LOG2))),
    instruction: (to, value, size) => m.memory.fill(to, value, size),
  })
  addGrowth(imported.get('growMemory'))

  rename()
  m.runPasses(['remove-unused-module-elements'])
  if (!m.validate()) throw new Error('The instrumented module is not valid.')
  const binary = m.emitBinary()
  m.dispose()
  return { bytes: binary, counts, stackTop }

  /**
   * Rewrites one expression. `cost` is what its surroundings must charge before it begins; `joins` says that control may come
   * to its end from elsewhere than through all of it, so that what follows is charged anew; `depth` is the operands it stacks.
   */
  function rewriterOf({ number64, number32, scratch, factor }) {
    const places = foundPlaces()
    const walk = (expression, exitType) => {
      const kind = kindOf(expression)
      const weight = weightOf(expression, kind)
      switch (kind.name) {
        case 'block':
          return walkBlock(expression, kind, exitType)
        case 'loop': {
          counts.loops++
          for (const local of assigned(kind.api.getBody(expression))) places.forget(local)
          const body = walk(kind.api.getBody(expression), exitType)
          const type = binaryen.Expression.getType(expression)
          kind.api.setBody(expression, m.block(null, [deduct(body.cost), checkGas(), body.expression], type))
          return { cost: 0, expression, joins: false, depth: body.depth }
        }
      }
      let [cost, joins, depth] = [weight, false, 0]
      operandsOf(expression, kind).forEach(({ operand, replace }, place) => {
        const walked = walk(operand, exitType)
        cost += walked.cost
        joins ||= walked.joins
        depth = Math.max(depth, place + walked.depth)
        const by =
          kind.name === 'store' && place === 0
            ? guard.pointer(walked.expression, { ...storeOf(expression), places, scratch })
            : walked.expression
        if (by !== operand) replace(by)
      })
      if (kind.name === 'if') {
        const arms = [
          [kind.api.getIfTrue(expression), (by) => kind.api.setIfTrue(expression, by)],
          [kind.api.getIfFalse(expression), (by) => kind.api.setIfFalse(expression, by)],
        ]
        const [one, other] = arms.map(([arm, replace]) => () => {
          if (!arm) return
          const walked = walk(arm, exitType)
          depth = Math.max(depth, walked.depth)
          const type = binaryen.Expression.getType(arm)
          if (walked.cost > 0) replace(m.block(null, [deduct(walked.cost), walked.expression], type))
          else if (walked.expression !== arm) replace(walked.expression)
        })
        places.either(one, other)
      } else follow(expression, kind)
      return { cost, expression: replaced(expression, kind, exitType), joins, depth: depth + 1 }
    }

    /** What becomes of the places that are known when this has been done. */
    const follow = (expression, { api, name }) => {
      switch (name) {
        case 'local.set':
          return places.forget(api.getIndex(expression))
        case 'break':
          return places.leave([api.getName(expression)], Boolean(api.getCondition(expression)))
        case 'switch':
          return places.leave([...api.getNames(expression), api.getDefaultName(expression)], false)
        case 'return':
        case 'unreachable':
          return places.leave([], false)
      }
    }

    const walkBlock = (expression, { api }, exitType) => {
      const children = Array.from({ length: api.getNumChildren(expression) }, (_, i) =>
        api.getChildAt(expression, i),
      )
      const list = []
      // The first region is charged by the surroundings, every later one where it begins.
      let [first, cost, begin, depth] = [0, 0, -1, 0]
      const close = () => {
        if (begin < 0) first = cost
        else if (cost > 0) list.splice(begin, 0, deduct(cost))
        cost = 0
      }
      for (const child of children) {
        const walked = walk(child, exitType)
        cost += walked.cost
        depth = Math.max(depth, walked.depth)
        list.push(walked.expression)
        if (walked.joins) {
          close()
          begin = list.length
        }
      }
      close()
      const name = api.getName(expression)
      if (name) places.join(name)
      const made = m.block(name || null, list, binaryen.Expression.getType(expression))
      return { cost: first, expression: made, joins: Boolean(name) || begin >= 0, depth }
    }

    // Of a select the condition comes last.
    const oneNaN64 = (value) => {
      counts.numbers++
      return m.select(
        m.f64.eq(m.local.get(number64, f64), m.local.get(number64, f64)),
        m.local.tee(number64, value, f64),
        m.f64.reinterpret(m.i64.const(0x7ff8000000000000n)),
      )
    }
    const oneNaN32 = (value) => {
      counts.numbers++
      return m.select(
        m.f32.eq(m.local.get(number32, f32), m.local.get(number32, f32)),
        m.local.tee(number32, value, f32),
        m.f32.reinterpret(m.i32.const(0x7fc00000)),
      )
    }
    const oneNaN = (value) => (binaryen.Expression.getType(value) === f64 ? oneNaN64(value) : oneNaN32(value))
    const isConst = (value) => kindOf(value).name === 'const'

    /** The expression with its operands as they are now, or what stands for it. */
    const replaced = (expression, { api, name }, exitType) => {
      switch (name) {
        case 'return':
          return exitType === undefined
            ? expression
            : m.break('exit', undefined, api.getValue(expression) || undefined)
        case 'memory.size':
          return get('pages')
        case 'memory.copy':
        case 'memory.fill': {
          counts.bulk++
          const [to, second, size] = [
            api.getDest(expression),
            name === 'memory.copy' ? api.getSource(expression) : api.getValue(expression),
            api.getSize(expression),
          ]
          return m.call(name === 'memory.copy' ? 'copyBytes' : 'fillBytes', [to, second, size], none)
        }
        case 'store': {
          const value = api.getValue(expression)
          const type = binaryen.Expression.getType(value)
          if ((type === f64 || type === f32) && !isConst(value)) api.setValue(expression, oneNaN(value))
          return expression
        }
        case 'unary': {
          const op = api.getOp(expression)
          const value = api.getValue(expression)
          if (op === binaryen.ReinterpretFloat64 || op === binaryen.ReinterpretFloat32)
            api.setValue(expression, oneNaN(value))
          return expression
        }
        case 'binary': {
          const op = api.getOp(expression)
          if (products.has(expression))
            return checkedProduct(m, { product: expression, scratch: [scratch, factor], stop: stop(2) })
          if (op === binaryen.CopySignFloat64 || op === binaryen.CopySignFloat32)
            api.setRight(expression, oneNaN(api.getRight(expression)))
          return expression
        }
        default:
          return expression
      }
    }
    return walk
  }

  /** Bulk instructions by a function that charges by size first. */
  function addBulk(name, { bytesCost, instruction }) {
    const [a, b, size] = [0, 1, 2].map((index) => () => m.local.get(index, i32))
    const cost = m.i64.add(m.i64.const(8n), bytesCost(size()))
    m.addFunction(
      name,
      binaryen.createType([i32, i32, i32]),
      none,
      [],
      m.block(null, [
        m.global.set('gas', m.i64.sub(get('gas'), cost)),
        checkGas(),
        guard.range(a, size),
        instruction(a(), b(), size()),
      ]),
    )
  }

  /** The host's function that grew the memory, now inside: it charges, moves `pages`, or stops at `pagesMax`. */
  function addGrowth(name) {
    const wanted = () => m.local.get(1, i32)
    m.removeFunction(name)
    m.addFunction(
      name,
      i32,
      i32,
      [i32],
      m.block(
        null,
        [
          // ceil(bytes / 64 KiB), without overflow.
          m.local.set(
            1,
            m.i32.add(
              m.i32.shr_u(m.local.get(0, i32), m.i32.const(16)),
              m.i32.ne(m.i32.and(m.local.get(0, i32), m.i32.const(0xffff)), m.i32.const(0)),
            ),
          ),
          m.if(m.i32.gt_u(wanted(), get('pagesMax')), stop(2)),
          m.if(
            m.i32.gt_u(wanted(), get('pages')),
            m.block(null, [
              m.global.set(
                'gas',
                m.i64.sub(
                  get('gas'),
                  m.i64.mul(m.i64.extend_u(m.i32.sub(wanted(), get('pages'))), m.i64.const(BigInt(PAGE_GAS))),
                ),
              ),
              checkGas(),
              m.global.set('pages', wanted()),
              m.global.set(
                'window',
                m.i32.sub(m.i32.shl(wanted(), m.i32.const(16)), m.i32.const(layout.windowStart)),
              ),
            ]),
          ),
          m.i32.const(1),
        ],
        i32,
      ),
    )
  }

  /** Gives imports and exports names that can be read. Imports that nothing needs are gone. */
  function rename() {
    for (const { name, value } of exported) {
      m.removeExport(name)
      if (exportNames[name]) m.addFunctionExport(value, exportNames[name])
    }
    for (const { name, module, base, params, results } of all) {
      if (module === '' || importNames[base] === 'growMemory') continue
      m.removeFunction(name)
      m.addFunctionImport(name, 'host', importNames[base], params, results)
    }
  }
}

function tableFunctions(m) {
  const names = []
  for (let index = 0; index < m.getNumElementSegments(); index++) {
    const { data } = binaryen.getElementSegmentInfo(m.getElementSegmentByIndex(index))
    names.push(...data)
  }
  return names
}
