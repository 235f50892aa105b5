// Which functions of a module may come back to themselves.
import { below, kindOf } from './expressions.mjs'

/** The functions that may come back to themselves: directly, through a pointer, or through the host. */
export function recursive(functions, { tableNames, exportNames, reentrant }) {
  const byName = new Map(functions.map((f) => [f.name, f]))
  const pointed = new Map()
  for (const name of tableNames) {
    const f = byName.get(name)
    if (f) pointed.set(f.signature, [...(pointed.get(f.signature) ?? []), name])
  }
  const edges = new Map(
    functions.map((f) => {
      const to = new Set()
      for (const expression of below(f.body)) {
        const { api, name } = kindOf(expression)
        if (name === 'call') {
          const target = api.getTarget(expression)
          if (byName.has(target)) to.add(target)
          else if (reentrant.has(target)) for (const exported of exportNames) to.add(exported)
        }
        if (name === 'call_indirect') {
          const signature = `${api.getParams(expression)}:${api.getResults(expression)}`
          for (const target of pointed.get(signature) ?? []) to.add(target)
        }
      }
      return [f.name, to]
    }),
  )
  return inCycles(edges)
}

/** Tarjan's strongly connected components; the nodes of those that have a cycle. */
function inCycles(edges) {
  const found = new Set()
  const index = new Map()
  const low = new Map()
  const stack = []
  const onStack = new Set()
  const visit = (node) => {
    index.set(node, index.size)
    low.set(node, index.get(node))
    stack.push(node)
    onStack.add(node)
    for (const next of edges.get(node)) {
      if (!index.has(next)) visit(next)
      if (onStack.has(next)) low.set(node, Math.min(low.get(node), low.get(next)))
    }
    if (low.get(node) !== index.get(node)) return
    const component = stack.splice(stack.indexOf(node))
    for (const member of component) onStack.delete(member)
    if (component.length > 1 || edges.get(node).has(node)) for (const member of component) found.add(member)
  }
  for (const node of edges.keys()) if (!index.has(node)) visit(node)
  return found
}
