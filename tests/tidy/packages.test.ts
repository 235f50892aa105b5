import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, foldersOf, type Manifest, packagesOf, readText, root } from './workspace.ts'

const packages = packagesOf('packages')

/** What STYLE.md, "Shape of a package", asks of the manifest of packages/<folder>. */
function manifestGaps(folder: string, manifest: Manifest): string[] {
  const { name, version, description, license, type, exports = {}, files, sideEffects, engines } = manifest
  const repository = manifest.repository as { url?: string; directory?: string } | undefined
  const entries = Object.entries(exports).filter(([entry]) => entry !== './package.json')
  const wanted: readonly (readonly [field: string, ok: boolean])[] = [
    ['name', name === `@mmtchain/${folder}`],
    ['version', /^\d+\.\d+\.\d+/.test(version ?? '')],
    ['description, one sentence', typeof description === 'string' && /^\S.*\.$/.test(description)],
    ['license Apache-2.0', license === 'Apache-2.0'],
    ['type module', type === 'module'],
    ['exports .', '.' in exports],
    ['exports ./package.json', exports['./package.json'] === './package.json'],
    ['exports with types first', entries.every(([, target]) => Object.keys(target as object)[0] === 'types')],
    ['files dist', Array.isArray(files) && files.includes('dist')],
    ['sideEffects false', sideEffects === false],
    ['engines node >=20.19', (engines as { node?: string } | undefined)?.node === '>=20.19'],
    ['repository', repository?.url !== undefined && repository.directory === `packages/${folder}`],
  ]
  return wanted.filter(([, ok]) => !ok).map(([field]) => `packages/${folder}/package.json: ${field}`)
}

/** What a README has at least: a title, a sentence, an example (which readme.test.ts compiles). */
function readmeGaps(path: string, text: string): string[] {
  const [title = '', sentence = ''] = text.split(/\n\s*\n/)
  return [
    ...(/^# \S/.test(title) ? [] : [`${path}: a title`]),
    ...(/^[^#`|<!-].*[.:]$/s.test(sentence.trim()) ? [] : [`${path}: a first sentence`]),
    ...(/^```ts\n/m.test(text) ? [] : [`${path}: an example`]),
  ]
}

test('every package has a manifest with all fields', () => {
  const gaps = foldersOf('packages').flatMap((folder) => {
    const found = packages.find((candidate) => candidate.folder === folder)
    return found ? manifestGaps(folder, found.manifest) : [`packages/${folder}: package.json`]
  })
  expect(gaps).toEqual([])
  expect(manifestGaps('a', { name: '@mmtchain/a' }).length).toBeGreaterThan(8)
  const [sound] = packages
  if (sound === undefined) throw new Error('There are no packages.')
  for (const field of Object.keys(sound.manifest).filter((key) => !/scripts|dependencies/i.test(key))) {
    const without = Object.fromEntries(Object.entries(sound.manifest).filter(([key]) => key !== field))
    expect(manifestGaps(sound.folder, without as Manifest)).not.toEqual([])
  }
})

test('every package has an index.ts and a test', () => {
  const gaps = foldersOf('packages').flatMap((folder) => [
    ...(existsSync(join(root, `packages/${folder}/src/index.ts`)) ? [] : [`packages/${folder}/src/index.ts`]),
    ...(filesBelow(`packages/${folder}/test`).some((path) => path.endsWith('.test.ts'))
      ? []
      : [`packages/${folder}/test/*.test.ts`]),
  ])
  expect(gaps).toEqual([])
})

test('every package has a README with a sentence and an example', () => {
  const gaps = foldersOf('packages').flatMap((folder) => {
    const path = `packages/${folder}/README.md`
    return existsSync(join(root, path)) ? readmeGaps(path, readText(path)) : [path]
  })
  expect(gaps).toEqual([])
  expect(readmeGaps('a', '# a\n\nDoes one thing.\n\n```ts\na()\n```\n')).toEqual([])
  expect(readmeGaps('a', '# a\n\n```ts\na()\n```\n')).toEqual(['a: a first sentence'])
  expect(readmeGaps('a', '# a\n\nDoes one thing.\n')).toEqual(['a: an example'])
})
