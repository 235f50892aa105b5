// The instructions that the engine has, by their names, with what lies below each.
import binaryen from 'binaryen'

const KINDS = Object.fromEntries(
  [
    ['Block', 'block'],
    ['If', 'if', 'Condition'],
    ['Loop', 'loop'],
    ['Break', 'break', 'Value', 'Condition'],
    ['Switch', 'switch', 'Value', 'Condition'],
    ['Call', 'call', 'operands'],
    ['CallIndirect', 'call_indirect', 'operands', 'Target'],
    ['LocalGet', 'local.get'],
    ['LocalSet', 'local.set', 'Value'],
    ['GlobalGet', 'global.get'],
    ['GlobalSet', 'global.set', 'Value'],
    ['Load', 'load', 'Ptr'],
    ['Store', 'store', 'Ptr', 'Value'],
    ['Const', 'const'],
    ['Unary', 'unary', 'Value'],
    ['Binary', 'binary', 'Left', 'Right'],
    ['Select', 'select', 'IfTrue', 'IfFalse', 'Condition'],
    ['Drop', 'drop', 'Value'],
    ['Return', 'return', 'Value'],
    ['MemorySize', 'memory.size'],
    ['Nop', 'nop'],
    ['Unreachable', 'unreachable'],
    ['MemoryCopy', 'memory.copy', 'Dest', 'Source', 'Size'],
    ['MemoryFill', 'memory.fill', 'Dest', 'Value', 'Size'],
  ].map(([api, name, ...children]) => [binaryen[`${api}Id`], { api: binaryen[api], name, children }]),
)

/** Throws for an instruction that these scripts do not know. */
export function kindOf(expression) {
  const kind = KINDS[binaryen.Expression.getId(expression)]
  if (kind === undefined)
    throw new Error(
      `An instruction that this script does not know: ${binaryen.Expression.toText(expression)}`,
    )
  return kind
}

/** The operands of an expression with what puts another in their place. Those of blocks, ifs and loops are not among them. */
export function operandsOf(expression, { api, children }) {
  return children.flatMap((child) => {
    if (child === 'operands') {
      return Array.from({ length: api.getNumOperands(expression) }, (_, index) => ({
        operand: api.getOperandAt(expression, index),
        replace: (by) => api.setOperandAt(expression, index, by),
      }))
    }
    const operand = api[`get${child}`](expression)
    return operand ? [{ operand, replace: (by) => api[`set${child}`](expression, by) }] : []
  })
}

/** Every expression below one, with itself. */
export function* below(expression) {
  yield expression
  const kind = kindOf(expression)
  for (const { operand } of operandsOf(expression, kind)) yield* below(operand)
  if (kind.name === 'loop') yield* below(kind.api.getBody(expression))
  if (kind.name === 'if')
    for (const arm of [kind.api.getIfTrue(expression), kind.api.getIfFalse(expression)])
      if (arm) yield* below(arm)
  if (kind.name === 'block')
    for (let i = 0; i < kind.api.getNumChildren(expression); i++)
      yield* below(kind.api.getChildAt(expression, i))
}

/** The locals that an expression, or one below it, sets. */
export function assigned(expression) {
  const locals = new Set()
  for (const one of below(expression)) {
    const { api, name } = kindOf(one)
    if (name === 'local.set') locals.add(api.getIndex(one))
  }
  return locals
}
