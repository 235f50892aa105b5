// What a source file may not contain. Each check answers with places and reasons; none is an empty list.
import { posix } from 'node:path'
import ts from 'typescript'
import { parse, place, type TextFile, walk } from './workspace.ts'

const LINES_MAX = 500
const vagueNames = /^(utils?|helpers?|types?|misc|common)\.[cm]?tsx?$/
// Put together here, so that a search for these words in the tree finds only real ones.
const unfinished = new RegExp(`\\b(${[`TO${'DO'}`, `FIX${'ME'}`, `X${'XX'}`].join('|')})\\b`)
const silenced = /@ts-(ignore|nocheck)/
const switches = new Set(['only', 'skip', 'todo', 'fails', 'skipIf', 'runIf'])
const testFunctions = new Set(['test', 'it', 'describe', 'suite', 'bench'])

/** Default exports, in every form that the language has. */
export function defaultExports(file: TextFile): string[] {
  const source = parse(file)
  return source.statements.flatMap((statement) => {
    const declared =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
    const listed =
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause) &&
      statement.exportClause.elements.some(({ name }) => name.text === 'default')
    const found = declared || listed || ts.isExportAssignment(statement)
    return found ? [`${place(source, statement.getStart(source))} has a default export`] : []
  })
}

/** In an index.ts: everything that is not a named re-export. */
export function beyondNamedExports(file: TextFile): string[] {
  const source = parse(file)
  return source.statements
    .filter((statement) => !(ts.isExportDeclaration(statement) && isNamedReexport(statement)))
    .map((statement) => `${place(source, statement.getStart(source))} is not a named re-export`)
}

function isNamedReexport({ exportClause, moduleSpecifier }: ts.ExportDeclaration): boolean {
  return moduleSpecifier !== undefined && exportClause !== undefined && ts.isNamedExports(exportClause)
}

/** File names that say nothing, and files too long to read at one sitting. */
export function shapelessFiles({ path, text }: TextFile): string[] {
  const lines = text.trimEnd().split('\n').length
  return [
    ...(vagueNames.test(posix.basename(path)) ? [`${path} has a name that says nothing`] : []),
    ...(lines > LINES_MAX ? [`${path} has ${lines} lines, more than ${LINES_MAX}`] : []),
  ]
}

/** Marks of unfinished work and of silenced type errors, in comments, names or texts. */
export function unfinishedWork({ path, text }: TextFile): string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = unfinished.exec(line) ?? silenced.exec(line)
    return found ? [`${path}:${index + 1} has ${found[0]}`] : []
  })
}

/** Tests that are switched off, or that switch off the others. */
export function switchedTests(file: TextFile): string[] {
  const source = parse(file)
  const found: string[] = []
  walk(source, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !switches.has(node.name.text)) return
    let object: ts.Expression = node.expression
    while (ts.isPropertyAccessExpression(object)) object = object.expression
    if (!ts.isIdentifier(object) || !testFunctions.has(object.text)) return
    found.push(`${place(source, node.getStart(source))} has ${node.getText(source)}`)
  })
  return found
}

/** The keyword `any`, where a published type has it. */
export function anyTypes(file: TextFile): string[] {
  const source = parse(file)
  const found: string[] = []
  walk(source, (node) => {
    if (node.kind !== ts.SyntaxKind.AnyKeyword) return
    const line = file.text.split('\n')[source.getLineAndCharacterOfPosition(node.pos).line] ?? ''
    found.push(`${place(source, node.getStart(source))} ${line.trim()}`)
  })
  return found
}
