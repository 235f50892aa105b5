import { join } from 'node:path'
import {
  CREATE_ENGINES,
  CREATE_MODULES,
  isModuleName,
  isProjectName,
  type ProjectPlan,
  projectFiles,
} from '@mmtchain/cli'
import * as kernel from '@mmtchain/kernel'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { compilerOptions, hostWith, parse, root, walk } from './workspace.ts'

/** Every set of modules in which rewards have the token that they need. */
const moduleSets = Array.from({ length: 2 ** CREATE_MODULES.length }, (_, bits) =>
  CREATE_MODULES.filter((_, i) => bits & (1 << i)),
).filter((set) => !set.includes('rewards') || set.includes('token'))

const planOf = (plan: Partial<ProjectPlan>): ProjectPlan => ({
  ...{ name: 'harbour-trade', engine: 'solo', modules: [], rangeOf: () => '^1.0.0' },
  ...plan,
})
const plans = [
  ...moduleSets.map((modules) => planOf({ modules })),
  ...CREATE_ENGINES.map((engine) => planOf({ engine, own: 'guestbook' })),
  planOf({ engine: 'pbft', modules: CREATE_MODULES, own: 'guestbook' }),
]

/** The files of projects by absolute path, each project in a folder of its own below this one, which exists for the compiler only. */
const written = (some: readonly ProjectPlan[]) =>
  new Map(
    some.flatMap((plan, i) =>
      Object.entries(projectFiles(plan)).map(
        ([path, text]) => [join(root, 'tests/tidy/.projects', String(i), path), text] as const,
      ),
    ),
  )

function typeErrors(files: ReadonlyMap<string, string>): readonly string[] {
  const config = [...files].find(([path]) => path.endsWith('/tsconfig.json'))?.[1] ?? '{}'
  const own = ts.convertCompilerOptionsFromJson(JSON.parse(config).compilerOptions, root).options
  const options = { ...compilerOptions(), ...own, types: [] }
  const program = ts.createProgram({
    rootNames: [...files.keys()].filter((path) => path.endsWith('.ts')),
    options,
    host: hostWith(files, options),
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName.slice(root.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    )
}

test('what mmt create writes compiles, whatever is chosen', { timeout: 300_000 }, () => {
  expect(plans).toHaveLength(9)
  expect(typeErrors(written(plans))).toEqual([])
  const files = written(plans.slice(-1))
  const broken = new Map([...files].map(([path, text]) => [path, text.replace("note: 'first'", 'note: 1')]))
  expect(typeErrors(broken)).not.toEqual([])
})

test('a project asks for the packages that its files import, and no others', () => {
  for (const plan of plans) {
    const files = projectFiles(plan)
    const { dependencies, devDependencies } = JSON.parse(files['package.json'] ?? '') as Record<
      string,
      Record<string, string>
    >
    const imported = Object.entries(files)
      .filter(([path]) => path.endsWith('.ts'))
      .flatMap(([, text]) => [...text.matchAll(/ from '([^.'][^']*)'/g)].map(([, from]) => from as string))
    // The command line and the compiler are run, not imported.
    const asked = new Set([...Object.keys({ ...dependencies, ...devDependencies })])
    const wanted = new Set([...imported, '@mmtchain/cli', '@mmtchain/kernel', 'typescript'])
    expect([...asked].sort()).toEqual([...wanted].sort())
  }
})

test('names that a project or a module cannot have', () => {
  for (const name of ['', 'Harbour', '1st', 'a/b', '@a/b', '..', 'a b', 'é', 'x'.repeat(63)])
    expect(isProjectName(name), name).toBe(false)
  for (const name of ['a', 'harbour-trade', 'x'.repeat(62)]) expect(isProjectName(name), name).toBe(true)

  for (const name of ['', 'Invoice', '1st', 'a-b', 'a.b', '../a', 'class', 'await', 'chain', 'x'.repeat(33)])
    expect(isModuleName(name), name).toBe(false)
  for (const name of Object.keys(kernel)) expect(isModuleName(name), name).toBe(false)
  for (const name of ['a', 'invoices', 'billOfLading2']) expect(isModuleName(name), name).toBe(true)
})

test('no module can have a name that its files or the chain file give to something else', () => {
  const own = 'guestbook'
  const names = new Set<string>()
  for (const engine of CREATE_ENGINES) {
    const plan = planOf({ modules: CREATE_MODULES, own, engine })
    for (const [path, text] of Object.entries(projectFiles(plan)).filter(([path]) => path.endsWith('.ts')))
      walk(parse({ path, text }), (node) => {
        const isNamed =
          ts.isVariableDeclaration(node) || ts.isImportSpecifier(node) || ts.isBindingElement(node)
        if (isNamed && ts.isIdentifier(node.name)) names.add(node.name.text)
      })
  }
  expect(names.size).toBeGreaterThan(25)
  expect([...names].filter(isModuleName)).toEqual([own])
})
