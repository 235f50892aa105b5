import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, Package } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, test } from 'vitest'
import { type Manifest, packagesOf, root, type WorkspacePackage } from './workspace.ts'

/** The files npm would pack, by their path in the package: `files` is ["dist"], which packages.test.ts checks. */
type Packed = ReadonlyMap<string, Buffer>

function packed({ dir }: WorkspacePackage): Packed {
  const dist = readdirSync(join(root, dir, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const beside = readdirSync(join(root, dir))
    .filter((name) => /^(package\.json|readme|licen[cs]e)/i.test(name))
    .map((name) => join(root, dir, name))
  return new Map(
    [...beside, ...dist].map((path) => [path.slice(root.length + dir.length + 1), readFileSync(path)]),
  )
}

async function publintMessages(files: Packed): Promise<string[]> {
  const manifest = JSON.parse(files.get('package.json')?.toString() ?? '{}') as Manifest
  const { messages } = await publint({
    pkgDir: 'package',
    strict: true,
    pack: { files: [...files].map(([name, data]) => ({ name: `package/${name}`, data })) },
  })
  return messages.map((message) => `${manifest.name}: ${formatMessage(message, manifest)}`)
}

/** Are the types wrong, as `attw --profile esm-only` asks: for `import` in Node and in bundlers. */
async function attwProblems(files: Packed): Promise<string[]> {
  const { name, version = '' } = JSON.parse(files.get('package.json')?.toString() ?? '{}') as Manifest
  const contents = [...files].map(([path, data]) => [`/node_modules/${name}/${path}`, data.toString()])
  const result = await checkPackage(new Package(Object.fromEntries(contents), name, version))
  if (!result.types) return [`${name}: no types`]
  return result.problems
    .filter(
      (problem) =>
        !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind),
    )
    .map((problem) => `${name}: ${problem.kind} ${'entrypoint' in problem ? problem.entrypoint : ''}`)
}

const packages = packagesOf('packages')
const broken = (manifest: object, files: Readonly<Record<string, string>>): Packed =>
  new Map(
    Object.entries({
      'package.json': JSON.stringify({ name: 'broken', version: '1.0.0', type: 'module', ...manifest }),
      ...files,
    }).map(([path, text]) => [path, Buffer.from(text)]),
  )

test('publint finds nothing in any package', async () => {
  expect((await Promise.all(packages.map(packed).map(publintMessages))).flat()).toEqual([])
})

test('attw finds no wrong types in any package, for users of ES modules', async () => {
  const problems = []
  for (const candidate of packages) problems.push(...(await attwProblems(packed(candidate))))
  expect(problems).toEqual([])
})

test('publint and attw are really asked', async () => {
  const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } }
  expect(await publintMessages(broken({ exports }, {}))).not.toEqual([])
  expect(await publintMessages(broken({ exports }, { 'dist/index.js': 'module.exports = 1' }))).not.toEqual(
    [],
  )
  expect(await attwProblems(broken({ exports }, { 'dist/index.js': 'export const a = 1' }))).not.toEqual([])
  const reexport = { 'dist/index.js': 'export {}', 'dist/index.d.ts': "export { a } from './absent'" }
  expect(await attwProblems(broken({ exports }, reexport))).not.toEqual([])
})
