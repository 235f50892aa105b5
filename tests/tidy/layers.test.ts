import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import {
  isBuiltin,
  isRelative,
  layerOf,
  ownFolder,
  packageName,
  refuseDependency,
  refuseEntry,
  refuseImport,
  shippedDependencies,
} from './layers.ts'
import {
  filesBelow,
  isTypeScript,
  packagesOf,
  readFiles,
  readText,
  root,
  type TextFile,
} from './workspace.ts'

const packages = packagesOf('packages')
const layered = [...packages, ...packagesOf('apps')]
const everyone = [...layered, ...packagesOf('examples')]
const manifests = new Map(layered.map(({ manifest }) => [manifest.name, manifest]))
const sourcesOf = (dir: string) => readFiles(filesBelow(`${dir}/src`).filter(isTypeScript))

/** Static and dynamic imports, re-exports, import types and `require`, with their places. */
function importsOf({ path, text }: TextFile): { readonly specifier: string; readonly at: string }[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName, pos }) => ({
    specifier: fileName,
    at: `${path}:${text.slice(0, pos).split('\n').length}`,
  }))
}

test('every form of import is seen', () => {
  const forms = [
    "import { a } from '1'",
    "import '2'",
    "import type { A } from '3'",
    "export { b } from '4'",
    "export type * from '5'",
    "type B = import('6').B",
    "const c = await import('7')",
    "// import '8'",
    "const d = 'import x from 9'",
  ]
  const seen = importsOf({ path: 'a.ts', text: forms.join('\n') })
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7].map((line) => ({ specifier: `${line}`, at: `a.ts:${line}` })))
})

test('sources import only packages of the layers below', () => {
  const refused = layered.flatMap(({ dir, folder }) =>
    sourcesOf(dir)
      .flatMap(importsOf)
      .map(({ specifier, at }) => ({ at, why: refuseImport({ from: folder, specifier }) }))
      .filter(({ why }) => why !== undefined)
      .map(({ at, why }) => `${at} ${why}`),
  )
  expect(refused).toEqual([])
})

test('package.json names only dependencies of the layers below', () => {
  const refused = layered.flatMap(({ dir, folder, manifest }) =>
    Object.keys(shippedDependencies(manifest))
      .map((name) => refuseDependency({ from: folder, name }))
      .filter((why) => why !== undefined)
      .map((why) => `${dir}/package.json ${why}`),
  )
  expect(refused).toEqual([])
})

test.each([
  { from: 'primitives', specifier: '@mmtchain/codec', allowed: false },
  { from: 'codec', specifier: '@mmtchain/primitives', allowed: true },
  { from: 'codec', specifier: '@mmtchain/crypto', allowed: false },
  { from: 'tx', specifier: '@mmtchain/kernel', allowed: false },
  { from: 'kernel', specifier: '@mmtchain/tx', allowed: true },
  { from: 'kernel', specifier: '@mmtchain/testkit', allowed: false },
  { from: 'token-rewards', specifier: '@mmtchain/kernel', allowed: true },
  { from: 'token-rewards', specifier: '@mmtchain/storage-merkle', allowed: false },
  { from: 'kyc', specifier: '@mmtchain/token-rewards', allowed: false },
  { from: 'consensus-pbft', specifier: '@mmtchain/node-runtime', allowed: false },
  { from: 'rpc', specifier: '@mmtchain/node-runtime', allowed: true },
  { from: 'node-runtime', specifier: '@mmtchain/storage-merkle', allowed: false },
  { from: 'client', specifier: '@mmtchain/storage-merkle', allowed: false },
  { from: 'client', specifier: '@mmtchain/storage-merkle/verify', allowed: true },
  { from: 'client', specifier: '@mmtchain/consensus-pbft/light', allowed: true },
  { from: 'rpc', specifier: '@mmtchain/storage-merkle/verify', allowed: false },
  { from: 'rpc', specifier: '@mmtchain/node', allowed: false },
  { from: 'node', specifier: '@mmtchain/storage-merkle', allowed: true },
  { from: 'cli', specifier: '@mmtchain/node', allowed: true },
])('the table answers for $from importing $specifier', ({ from, specifier, allowed }) => {
  expect(refuseImport({ from, specifier }) === undefined).toBe(allowed)
})

test('docs/ARCHITECTURE.md, where it is in the tree, shows every package in the row of its layer', () => {
  const page = 'docs/ARCHITECTURE.md'
  const rows = existsSync(join(root, page)) ? readText(page).split('\n') : undefined
  const missing = packages.filter(
    ({ folder }) =>
      rows !== undefined &&
      !rows.some((row) => row.startsWith(`| ${layerOf(folder)}`) && row.includes(`\`${folder}\``)),
  )
  expect(missing.map(({ folder }) => `${page} has no ${folder} in a row of ${layerOf(folder)}`)).toEqual([])
})

test('sources import only what their package.json declares', () => {
  const undeclared = layered.flatMap(({ dir, manifest }) => {
    const declared = new Set([manifest.name, ...Object.keys(shippedDependencies(manifest))])
    return sourcesOf(dir)
      .flatMap(importsOf)
      .filter(({ specifier }) => !isRelative(specifier) && !isBuiltin(specifier))
      .filter(({ specifier }) => !declared.has(packageName(specifier)))
      .map(({ specifier, at }) => `${at} imports ${specifier}, which ${dir}/package.json does not declare`)
  })
  expect(undeclared).toEqual([])
})

test('a package is imported by the entries it exports, never by a path', () => {
  const code = readFiles(
    ['packages', 'apps', 'examples', 'tests', 'bench'].flatMap(filesBelow).filter(isTypeScript),
  )
  const deep = code.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, at }) => {
      const why = isRelative(specifier) ? leaves(file.path, specifier) : refuseEntry(specifier, manifests)
      return why === undefined ? [] : [`${at} ${why}`]
    }),
  )
  expect(deep).toEqual([])
  expect(refuseEntry('@mmtchain/kernel/dist/index.js', manifests)).toBeDefined()
  expect(refuseEntry('@mmtchain/absent', manifests)).toBeDefined()
  expect(leaves('packages/rpc/src/server.ts', '../../kernel/src/index.ts')).toBeDefined()
})

// Apps have no entry to import: their tests run the program, or take a piece of it.
test('tests, benches and examples take packages by name, never from src', () => {
  const folders = packages.flatMap(({ dir }) => [`${dir}/test`, `${dir}/bench`])
  const code = readFiles([...folders, 'examples', 'tests', 'bench'].flatMap(filesBelow).filter(isTypeScript))
  const fromSource = code.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => isRelative(specifier) && intoSource(file.path, specifier))
      .map(({ specifier, at }) => `${at} imports ${specifier}`),
  )
  expect(fromSource).toEqual([])
  expect(intoSource('packages/kernel/test/chain.test.ts', '../src/chain.ts')).toBe(true)
})

test('every dependency on our own packages is a workspace link', () => {
  const fixed = everyone.flatMap(({ dir, manifest }) =>
    Object.entries({ ...shippedDependencies(manifest), ...manifest.devDependencies })
      .filter(([name, range]) => ownFolder(name) !== undefined && !range.startsWith('workspace:'))
      .map(([name, range]) => `${dir}/package.json takes ${name} as ${range}`),
  )
  expect(fixed).toEqual([])
})

/** Why a relative import leaves the package (or folder of the root) that it is written in. */
function leaves(path: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const home = /^(packages|apps|examples)\/[^/]+\//.exec(path)?.[0] ?? /^[^/]+\//.exec(path)?.[0] ?? ''
  const into = /^(packages|apps)\//.test(target) && !target.startsWith(home)
  return into ? `reaches into ${target}` : undefined
}

function intoSource(path: string, specifier: string): boolean {
  return /^(packages|apps)\/[^/]+\/src\//.test(posix.join(posix.dirname(path), specifier))
}
