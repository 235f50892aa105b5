import { join } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { isBuiltin } from './layers.ts'
import { packagesOf, root } from './workspace.ts'

/** The packages that web pages import whole, and the single entries of others that they import. */
const browserPackages =
  'primitives codec crypto tx kernel client token-rewards storage-merkle named-router'.split(' ')
const browserEntries = [
  '@mmtchain/storage-merkle/verify',
  '@mmtchain/consensus-pbft/light',
  '@mmtchain/named-router/resolve',
]

/** Bundles code as written in a package and names what a browser does not have. */
async function hostNeeds({ code, from }: { code: string; from: string }): Promise<string[]> {
  try {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: join(root, from), sourcefile: 'page.js' },
      ...({ bundle: true, platform: 'browser', format: 'esm', target: 'es2022', write: false } as const),
      logLevel: 'silent',
    })
    const text = outputFiles[0]?.text ?? ''
    const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
    const required = [...text.matchAll(/\brequire\d*\(\s*["'`]([^"'`]+)["'`]\s*\)/g)].map(
      ([, name = '']) => name,
    )
    return [...imported, ...required.filter(isBuiltin)].map((name) => `${code} needs ${name}`)
  } catch (error) {
    const { errors = [] } = error as { errors?: { text: string; location: { file: string } | null }[] }
    if (errors.length === 0) throw error
    return errors.map(({ text, location }) => `${code} ${location?.file ?? ''} ${text}`)
  }
}

const everyExport = (specifier: string) => `export * from '${specifier}'`
const packages = packagesOf('packages')
const entries = packages.flatMap(({ dir, manifest }) =>
  Object.keys(manifest.exports ?? {})
    .map((entry) => manifest.name + entry.slice(1))
    .filter((entry) => browserEntries.includes(entry))
    .map((entry) => ({ entry, dir })),
)

test.each([
  ...packages
    .filter(({ folder }) => browserPackages.includes(folder))
    .map(({ dir, manifest }) => ({ entry: manifest.name, dir })),
  ...entries,
])('$entry bundles for a browser without anything of Node', async ({ entry, dir }) => {
  expect(await hostNeeds({ code: everyExport(entry), from: dir })).toEqual([])
})

test('a bundle that needs Node is seen', async () => {
  const from = 'tests'
  expect(await hostNeeds({ code: "export * from 'node:fs'", from })).not.toEqual([])
  expect(await hostNeeds({ code: "export * from 'fs'", from })).not.toEqual([])
  expect(await hostNeeds({ code: "export const a = require('path')", from })).not.toEqual([])
  expect(await hostNeeds({ code: "export const a = (require) => require('node:path')", from })).not.toEqual(
    [],
  )
  expect(await hostNeeds({ code: "export const a = 'node:path'", from })).toEqual([])
})
