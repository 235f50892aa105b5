import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { isRelative, ownFolder } from './layers.ts'
import { type Block, blocksOf } from './readme.ts'
import { compilerOptions, foldersOf, hostWith, readFiles, root } from './workspace.ts'

const readmes = readFiles(
  [
    'README.md',
    'README.zh-CN.md',
    ...(['packages', 'apps', 'examples'] as const).flatMap((parent) =>
      foldersOf(parent).map((folder) => `${parent}/${folder}/README.md`),
    ),
  ].filter((path) => existsSync(join(root, path))),
)

const planted = {
  path: 'packages/kernel/PLANTED.md',
  text: [
    '# planted',
    '```ts',
    '// @filename: chain.ts',
    'export const height: number = 1',
    '```',
    '```ts',
    "import { height } from './chain.ts'",
    "import { defineChain } from '@mmtchain/kernel'",
    'const text: string = height',
    'defineChain.absent()',
    '```',
    '```ts',
    "import { height } from './absent.ts'",
    '```',
    '```ts ignore',
    'whatever',
    '```',
    '```js',
    'whatever',
    '```',
  ].join('\n'),
}

/** Checks all blocks in one program and answers with errors at the lines of their READMEs, by README. */
function typeErrors(blocks: readonly Block[]): ReadonlyMap<string, string[]> {
  // An example may leave a value unused; everything else is as strict as the packages.
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    moduleDetection: ts.ModuleDetectionKind.Force,
  }
  const byPath = new Map(blocks.map((block) => [join(root, block.path), block]))
  const host = hostWith(new Map([...byPath].map(([path, { text }]) => [path, text])), options)
  const program = ts.createProgram({
    rootNames: [...byPath.keys()],
    options,
    host: {
      ...host,
      resolveModuleNameLiterals: (names, from, _, settings) =>
        names.map((name) => resolve(name, from, settings)),
    },
  })

  function resolve(literal: ts.StringLiteralLike, from: string, settings: ts.CompilerOptions) {
    const own = ownFolder(literal.text)
    // Our packages resolve from themselves, all others from the README, or else from this package.
    const places = own !== undefined ? [join(root, 'packages', own, 'index.ts')] : [from]
    if (own === undefined && !isRelative(literal.text)) places.push(join(root, 'tests/tidy/readme.test.ts'))
    const mode = ts.ModuleKind.ESNext
    const found = places.map((place) =>
      ts.resolveModuleName(literal.text, place, settings, host, cache, undefined, mode),
    )
    return found.find(({ resolvedModule }) => resolvedModule !== undefined) ?? { resolvedModule: undefined }
  }

  const errors = new Map<string, string[]>()
  for (const [path, block] of byPath) {
    const source = program.getSourceFile(path)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    const lines = found.map(({ start = 0, messageText }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1 + block.lineBefore
      return `${block.readme}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    errors.set(block.readme, [...(errors.get(block.readme) ?? []), ...lines])
  }
  return errors
}

const cache = ts.createModuleResolutionCache(root, (path) => path)
const extracted = [...readmes, planted].map((readme) => ({ ...blocksOf(readme), path: readme.path }))
const errors = typeErrors(extracted.flatMap(({ blocks }) => blocks))

test('every TypeScript block of every README compiles against the built packages', () => {
  expect(readmes.flatMap(({ path }) => errors.get(path) ?? [])).toEqual([])
})

test('no TypeScript block of a README is left out of that', () => {
  expect(extracted.filter(({ path }) => path !== planted.path).flatMap(({ problems }) => problems)).toEqual(
    [],
  )
})

test('a wrong block is seen, at its line', () => {
  expect(errors.get(planted.path)).toEqual(
    [
      "packages/kernel/PLANTED.md:9 Type 'number' is not assignable to type 'string'",
      "packages/kernel/PLANTED.md:10 Property 'absent' does not exist on type",
      "packages/kernel/PLANTED.md:13 Cannot find module './absent.ts'",
    ].map((start) => expect.stringContaining(start)),
  )
  expect(extracted.find(({ path }) => path === planted.path)?.problems).toEqual([
    'packages/kernel/PLANTED.md:15 opens a block with "ts ignore", not with "ts"',
  ])
})
