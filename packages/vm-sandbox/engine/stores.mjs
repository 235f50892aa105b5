// Keeps what the engine writes within its own memory, whatever is wrong with the engine: see docs/spec/sandbox.md, P6.
import binaryen from 'binaryen'

const { i32 } = binaryen

/**
 * Which locals hold places that were found to be the engine's own on every way that leads to where a walk stands. A walk goes in the
 * order of evaluation; places that it cannot come to are as good as any, and have `undefined`.
 */
export function foundPlaces() {
  let found = new Set()
  const exits = new Map()
  const both = (a, b) => {
    if (a === undefined || b === undefined) return a ?? b
    return new Set([...a].filter((local) => b.has(local)))
  }
  return {
    has: (local) => found === undefined || found.has(local),
    add: (local) => found?.add(local),
    forget: (local) => found?.delete(local),
    /** Control goes on elsewhere, and here too if `stays`. */
    leave(labels, stays) {
      for (const label of labels)
        exits.set(label, exits.has(label) ? both(exits.get(label), found) : found && new Set(found))
      if (!stays) found = undefined
    },
    /** The end of the block of this label, where all that left it comes. */
    join(label) {
      if (!exits.has(label)) return
      found = both(found, exits.get(label))
      exits.delete(label)
    },
    /** Walks two ways of which one is taken. */
    either(one, other) {
      const before = found && new Set(found)
      one()
      const after = found
      found = before
      other()
      found = both(found, after)
    },
  }
}

/**
 * What guards the stores of a module. The engine's own memory is the window, from `windowStart` on for as many bytes as the global `window` says,
 * and the data below `dataEnd`; behind each of them `slackBytes` more may be written.
 */
export function storeGuard(m, { windowStart, dataEnd, slackBytes, kindOf, counts }) {
  const outside = (place) =>
    m.i32.ge_u(m.i32.sub(place, m.i32.const(windowStart)), m.global.get('window', i32))
  const beyondData = (place) => m.i32.ge_u(place, m.i32.const(dataEnd))
  // Two branches and no call: one is what nearly every store takes, and a call, even one that is never made, costs registers around it.
  const look = (place) => m.if(outside(place()), m.if(beyondData(place()), m.unreachable()))

  return {
    /** The pointer of a store, looked at unless that was done. `scratch` is a local of the function that nothing else uses. */
    pointer(pointer, { offset, bytes, places, scratch }) {
      counts.stores++
      const { api, name } = kindOf(pointer)
      const reach = offset + bytes
      if (name === 'const' && (binaryen.getExpressionInfo(pointer).value >>> 0) + reach <= dataEnd)
        return pointer
      counts.looks++
      const looked = (local, first = []) =>
        m.block(null, [...first, look(() => m.local.get(local, i32)), m.local.get(local, i32)], i32)
      if (reach <= slackBytes) {
        if (name === 'local.get' || (name === 'local.set' && api.isTee(pointer))) {
          const local = api.getIndex(pointer)
          if (name === 'local.get' && places.has(local)) {
            counts.looks--
            return pointer
          }
          places.add(local)
          return looked(local, name === 'local.get' ? [] : [m.local.set(local, api.getValue(pointer))])
        }
        return looked(scratch, [m.local.set(scratch, pointer)])
      }
      // The place itself, since the pointer may lie anywhere below it.
      const place = () => m.i32.add(m.local.get(scratch, i32), m.i32.const(offset))
      return m.block(null, [m.local.set(scratch, pointer), look(place), m.local.get(scratch, i32)], i32)
    },
    /** What a function that writes `size` bytes from `to` on looks at first. */
    range(to, size) {
      const last = () => m.i32.sub(m.i32.add(to(), size()), m.i32.const(1))
      return m.if(
        m.i32.and(m.i32.ne(size(), m.i32.const(0)), m.i32.or(outside(to()), outside(last()))),
        // A range that ends among the data begins there.
        m.if(m.i32.or(beyondData(last()), m.i32.gt_u(to(), last())), m.unreachable()),
      )
    },
  }
}
