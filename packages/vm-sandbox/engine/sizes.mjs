// Finds the products that become sizes of memory, which the engine computes within 32 bits: see docs/spec/sandbox.md, section 6.
import binaryen from 'binaryen'
import { below, kindOf } from './expressions.mjs'

/** No machine has so much memory (`SandboxLimits.memoryBytesMax`), and a sum of three such sizes is still one of 32 bits. */
const SIZE_MAX = 2n ** 30n
const PRODUCTS = new Set([binaryen.MulInt32, binaryen.ShlInt32])
const SUMS = new Set([binaryen.AddInt32, binaryen.SubInt32])

/**
 * The multiplications and shifts whose result, perhaps with something added, is asked for as memory. A size is what is handed to `malloc`; a
 * parameter of a function that is handed on as a size is one too, also where the function is called by a pointer of its signature.
 */
export function sizeProducts(functions, { malloc, tableNames }) {
  const byName = new Map(functions.map((f) => [f.name, { ...f, ...callsAndSets(f.body) }]))
  const sizeOf = new Map([[malloc, 0]])
  const bySignature = new Map()
  const pointed = new Set(tableNames)
  const products = new Set()
  let grown = true
  const isSize = (name, parameter) => {
    if (sizeOf.has(name)) return
    grown = true
    sizeOf.set(name, parameter)
    if (pointed.has(name)) bySignature.set(byName.get(name).signature, parameter)
  }
  /** What a size is made of: products are kept, parameters make the function one that takes a size. */
  const visit = (f, size, depth = 0) => {
    const { api, name } = kindOf(size)
    if (name === 'binary' && PRODUCTS.has(api.getOp(size))) products.add(size)
    if (name === 'binary' && SUMS.has(api.getOp(size)))
      for (const term of [api.getLeft(size), api.getRight(size)]) visit(f, term, depth)
    if (name === 'local.set') visit(f, api.getValue(size), depth)
    if (name === 'select') for (const one of [api.getIfTrue(size), api.getIfFalse(size)]) visit(f, one, depth)
    if (name !== 'local.get') return
    const local = api.getIndex(size)
    if (local < binaryen.expandType(f.params).length) return isSize(f.name, local)
    const sets = f.sets.get(local) ?? []
    if (sets.length === 1 && depth < 4) visit(f, sets[0], depth + 1)
  }
  while (grown) {
    grown = false
    for (const f of byName.values())
      for (const { api, call, target, signature } of f.calls) {
        const parameter = target === undefined ? bySignature.get(signature) : sizeOf.get(target)
        if (parameter !== undefined) visit(f, api.getOperandAt(call, parameter))
      }
  }
  return { products, takers: sizeOf.size }
}

function callsAndSets(body) {
  const calls = []
  const sets = new Map()
  for (const expression of below(body)) {
    const { api, name } = kindOf(expression)
    if (name === 'call') calls.push({ api, call: expression, target: api.getTarget(expression) })
    if (name === 'call_indirect') {
      const signature = `${api.getParams(expression)}:${api.getResults(expression)}`
      calls.push({ api, call: expression, signature })
    }
    if (name === 'local.set') {
      const local = api.getIndex(expression)
      sets.set(local, [...(sets.get(local) ?? []), api.getValue(expression)])
    }
  }
  return { calls, sets }
}

/** What a factor may be made of when the first one waits in the scratch local: nothing that uses that local. */
const PLAIN = new Set(['local.get', 'local.set', 'const', 'load', 'unary', 'binary', 'select'])

/** A product as it was, behind a look at what it is without the bound of 32 bits. Uses two locals that nothing else does. */
export function checkedProduct(m, { product, scratch, stop }) {
  const { getLeft, getRight, getOp } = binaryen.Binary
  const [first, second] = scratch.map((local) => () => m.local.get(local, binaryen.i32))
  for (const one of below(getRight(product)))
    if (!PLAIN.has(kindOf(one).name))
      throw new Error(`A factor that this script does not know: ${binaryen.Expression.toText(one)}`)
  const isShift = getOp(product) === binaryen.ShlInt32
  const wide = (value) => m.i64.extend_u(value)
  const whole = isShift
    ? m.i64.shl(wide(first()), wide(m.i32.and(second(), m.i32.const(31))))
    : m.i64.mul(wide(first()), wide(second()))
  return m.block(
    null,
    [
      m.local.set(scratch[0], getLeft(product)),
      m.local.set(scratch[1], getRight(product)),
      m.if(m.i64.gt_u(whole, m.i64.const(SIZE_MAX)), stop),
      isShift ? m.i32.shl(first(), second()) : m.i32.mul(first(), second()),
    ],
    binaryen.i32,
  )
}
