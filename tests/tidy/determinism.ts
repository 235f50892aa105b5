// What may not stand in code that decides a block: another host, another clock or another run would answer otherwise.
// Names are resolved by the compiler, so comments, strings and a local variable called `process` are no matches.
import ts from 'typescript'
import { isBuiltin } from './layers.ts'
import { place } from './workspace.ts'

/** One forbidden thing, where it stands, and the declarations that enclose it (`memoryStore`, `commit`). */
export interface Finding {
  readonly at: string
  readonly what: string
  readonly within: readonly string[]
}

/** The globals that answer alike on every host. A name that is not here is refused. */
const allowedValues = new Set(
  [
    'Array ArrayBuffer BigInt Boolean DataView Error JSON Map Math Number Object Proxy RangeError Reflect RegExp',
    'Set String Symbol SyntaxError TextDecoder TextEncoder TypeError WeakMap WeakSet Int8Array Int16Array',
    'Int32Array BigInt64Array Uint8Array Uint16Array Uint32Array BigUint64Array Infinity NaN undefined',
  ].flatMap((names) => names.split(' ')),
)

/** Of `Math`, what stays exact on whole numbers. `ceil`, `floor` and `trunc` are also what makes a division whole. */
const allowedMath = new Set(['abs', 'ceil', 'clz32', 'floor', 'imul', 'max', 'min', 'sign', 'trunc'])
const rounding = new Set(['ceil', 'floor', 'trunc'])

/** Global types that only asynchronous or clock-reading code needs. */
const forbiddenTypes = /^(Date|(Async|Promise).*|Float\d+Array|Intl|Temporal)$/

/** Members of built-in objects: locales, Unicode tables that grow, floats, stack texts, promises. */
const forbiddenMembers = new Set(
  [
    'localeCompare normalize toLocaleString toLocaleLowerCase toLocaleUpperCase toFixed toPrecision toExponential',
    'parseFloat EPSILON getFloat32 getFloat64 setFloat32 setFloat64 stack then finally',
  ].flatMap((names) => names.split(' ')),
)

export function nondeterminism(file: ts.SourceFile, program: ts.Program): Finding[] {
  const checker = program.getTypeChecker()
  const findings: Finding[] = []
  const report = (node: ts.Node, what: string) =>
    findings.push({ at: place(file, node.getStart(file)), what, within: enclosingNames(node) })

  const isBuiltInDeclaration = (declaration: ts.Declaration): boolean => {
    const source = declaration.getSourceFile()
    return program.isSourceFileDefaultLibrary(source) || source.fileName.includes('/node_modules/@types/')
  }
  const isOurs = (symbol: ts.Symbol | undefined): boolean =>
    symbol?.declarations?.some((declaration) => !isBuiltInDeclaration(declaration)) ?? false

  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) identifier(node)
    else if (node.kind === ts.SyntaxKind.AsyncKeyword) report(node, 'async')
    else if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier))
      report(node, 'await')
    else if (ts.isNumericLiteral(node) && !Number.isInteger(Number(node.text))) report(node, 'a float')
    else if (ts.isRegularExpressionLiteral(node) && node.text.includes('\\p{')) report(node, 'Unicode tables')
    else if (ts.isBinaryExpression(node)) division(node)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      report(node, 'import()')
    else if (ts.isStringLiteral(node) && isImported(node) && isBuiltin(node.text)) report(node, node.text)
    ts.forEachChild(node, visit)
  }

  const identifier = (node: ts.Identifier): void => {
    const parent = node.parent
    if (isDeclaredName(node)) return
    const symbol = ts.isShorthandPropertyAssignment(parent)
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : checker.getSymbolAtLocation(node)
    if (isMember(node)) {
      if (forbiddenMembers.has(node.text) && symbol !== undefined && !isOurs(symbol))
        report(node, `.${node.text}`)
      return
    }
    if (isOurs(symbol)) return
    if (ts.isPartOfTypeNode(node) || ts.isTypeQueryNode(parent)) {
      if (forbiddenTypes.test(node.text)) report(node, node.text)
    } else if (!allowedValues.has(node.text)) report(node, node.text)
    else if (
      node.text === 'Math' &&
      !(ts.isPropertyAccessExpression(parent) && allowedMath.has(parent.name.text))
    ) {
      report(node, ts.isPropertyAccessExpression(parent) ? `Math.${parent.name.text}` : 'Math')
    }
  }

  const division = (node: ts.BinaryExpression): void => {
    const operator = node.operatorToken.kind
    if (operator !== ts.SyntaxKind.SlashToken && operator !== ts.SyntaxKind.SlashEqualsToken) return
    const isNumber = (checker.getTypeAtLocation(node.left).flags & ts.TypeFlags.NumberLike) !== 0
    if (isNumber && !isRounded(node)) report(node, 'a division of numbers outside Math.floor, ceil or trunc')
  }

  visit(file)
  return findings
}

/** Whether the name is being declared or labels something, so that it refers to nothing built in. */
function isDeclaredName(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent)) {
    // `{ floor: x } = Math` reads Math, which is looked at by itself.
    return parent.name === node || (ts.isBindingElement(parent) && parent.propertyName === node)
  }
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return true
  if (ts.isNamespaceImport(parent) || ts.isMetaProperty(parent) || ts.isJsxAttribute(parent)) return true
  return (
    'name' in parent && parent.name === node && !isMember(node) && !ts.isShorthandPropertyAssignment(parent)
  )
}

function isMember(node: ts.Identifier): boolean {
  const parent = node.parent
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isQualifiedName(parent) && parent.right === node)
  )
}

function isImported(node: ts.StringLiteral): boolean {
  return ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent)
}

function isRounded(node: ts.Node): boolean {
  let outer = node.parent
  while (ts.isParenthesizedExpression(outer)) outer = outer.parent
  // The length of a typed array is made whole by the language.
  if (ts.isNewExpression(outer))
    return ts.isIdentifier(outer.expression) && /^U?[Ii]nt\d+Array$/.test(outer.expression.text)
  if (!ts.isCallExpression(outer) || !ts.isPropertyAccessExpression(outer.expression)) return false
  const { expression, name } = outer.expression
  return ts.isIdentifier(expression) && expression.text === 'Math' && rounding.has(name.text)
}

function enclosingNames(node: ts.Node): string[] {
  const names: string[] = []
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) {
    const name = 'name' in outer ? (outer.name as ts.Node | undefined) : undefined
    if (name !== undefined && ts.isIdentifier(name)) names.push(name.text)
  }
  return names
}
