import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  anyTypes,
  beyondNamedExports,
  defaultExports,
  shapelessFiles,
  switchedTests,
  unfinishedWork,
} from './source.ts'
import { filesBelow, isTypeScript, packagesOf, readFiles, root, sourceFiles } from './workspace.ts'

const sources = sourceFiles()
const everything = readFiles(
  ['packages', 'apps', 'examples', 'tests', 'bench', 'tools']
    .flatMap(filesBelow)
    .filter((path) => isTypeScript(path) || path.endsWith('.mjs')),
)
const file = (path: string, text: string) => ({ path, text })

test('nothing is exported as default', () => {
  expect(sources.flatMap(defaultExports)).toEqual([])
  expect(defaultExports(file('a.ts', 'export default 1'))).toHaveLength(1)
  expect(defaultExports(file('a.ts', 'export default function f() {}'))).toHaveLength(1)
  expect(defaultExports(file('a.ts', 'const a = 1\nexport { a as default }'))).toHaveLength(1)
  expect(defaultExports(file('a.ts', "export { default } from './b.ts'"))).toHaveLength(1)
})

test('an index.ts lists its exports by name and has nothing else', () => {
  const indexes = sources.filter(({ path }) => /^packages\/[^/]+\/src\/index\.ts$/.test(path))
  expect(indexes.flatMap(beyondNamedExports)).toEqual([])
  expect(beyondNamedExports(file('index.ts', "export { a, type B } from './a.ts'"))).toEqual([])
  expect(beyondNamedExports(file('index.ts', "export * from './a.ts'"))).toHaveLength(1)
  expect(beyondNamedExports(file('index.ts', 'export const a = 1'))).toHaveLength(1)
  expect(beyondNamedExports(file('index.ts', "import './a.ts'"))).toHaveLength(1)
})

test('a source file has a telling name and at most 500 lines', () => {
  expect(sources.flatMap(shapelessFiles)).toEqual([])
  expect(shapelessFiles(file('packages/a/src/utils.ts', ''))).toHaveLength(1)
  expect(shapelessFiles(file('packages/a/src/types.ts', ''))).toHaveLength(1)
  expect(shapelessFiles(file('packages/a/src/a.ts', 'a\n'.repeat(500)))).toEqual([])
  expect(shapelessFiles(file('packages/a/src/a.ts', 'a\n'.repeat(501)))).toHaveLength(1)
})

test('what decides a block can be read in one sitting', () => {
  const deciding = sources.filter(({ path }) =>
    /^packages\/kernel\/src\/(execution\/|kernel-module|parameters)/.test(path),
  )
  expect(deciding.map(({ path }) => path)).toContain('packages/kernel/src/execution/machine.ts')
  const lines = deciding.reduce((total, { text }) => total + text.split('\n').length - 1, 0)
  expect(lines).toBeLessThan(1_500)
})

test('no file has a mark of unfinished work or a silenced type error', () => {
  expect(everything.flatMap(unfinishedWork)).toEqual([])
  const marks = [`TO${'DO'}`, `FIX${'ME'}`, `X${'XX'}`, `@ts-${'ignore'}`, `@ts-${'nocheck'}`]
  for (const mark of marks) expect(unfinishedWork(file('a.ts', `// ${mark}`))).toHaveLength(1)
})

test('no test is switched off and none switches off the others', () => {
  expect(everything.flatMap(switchedTests)).toEqual([])
  for (const name of ['only', 'skip', 'todo', 'skipIf']) {
    expect(switchedTests(file('a.test.ts', `test.${name}('a', () => {})`))).toHaveLength(1)
    expect(switchedTests(file('a.test.ts', `describe.concurrent.${name}('a', () => {})`))).toHaveLength(1)
  }
  expect(switchedTests(file('a.ts', 'reader.skip(4)'))).toEqual([])
})

test('published types have no `any`', () => {
  const published = packagesOf('packages').flatMap(({ dir }) => declarationsOf(dir))
  expect(published.filter(({ text }) => text === '').map(({ path }) => `${path} is not built`)).toEqual([])
  expect(published.flatMap(anyTypes)).toEqual([])
  expect(anyTypes(file('a.d.ts', 'declare const a: Map<string, any>'))).toHaveLength(1)
  expect(anyTypes(file('a.d.ts', '/** any */ declare const any: "any"'))).toEqual([])
})

function declarationsOf(dir: string) {
  const dist = join(root, dir, 'dist')
  const names = existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: 'utf8' }) : []
  const found = names.filter((name) => name.endsWith('.d.ts'))
  return found.length > 0 ? readFiles(found.map((name) => `${dir}/dist/${name}`)) : [file(`${dir}/dist`, '')]
}
