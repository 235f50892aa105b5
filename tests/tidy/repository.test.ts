import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@changesets/config'
import { expect, test } from 'vitest'
import { filesBelow, packagesOf, readFiles, readText, root, type TextFile } from './workspace.ts'

const manifest = JSON.parse(readText('package.json'))

/** Lines of a lock file that name the host a package came from. */
function downloadHosts({ path, text }: TextFile): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      /\b(tarball|resolved)["']?:|https?:\/\//.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [],
    )
}

/** Absolute paths of somebody's machine: homes, this checkout. A leading word or dot means that it is no root. */
const machinePaths = new RegExp(
  [
    /(?<![\w.~@-])\/(root|work|home\/[\w.-]+|Users\/[\w.-]+)\//.source,
    /\b[A-Z]:\\Users\\/.source,
    escaped(root),
  ].join('|'),
)

function pathsOfAMachine({ path, text }: TextFile): string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = machinePaths.exec(line)
    return found ? [`${path}:${index + 1} ${found[0]}`] : []
  })
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

test('the lock file names no download host', () => {
  expect(downloadHosts({ path: 'pnpm-lock.yaml', text: readText('pnpm-lock.yaml') })).toEqual([])
  const planted =
    "  resolution: {integrity: sha512-AA==, tarball: https://registry.example/a.tgz}\n  'resolved': 'x'"
  expect(downloadHosts({ path: 'lock', text: planted })).toHaveLength(2)
})

test('no file has a path of the machine it was written on', () => {
  expect(readFiles(filesBelow('')).flatMap(pathsOfAMachine)).toEqual([])
  for (const path of [
    join(root, 'x'),
    `/${'root'}/x`,
    `/${'home'}/ann/x`,
    `/${'Users'}/ann/x`,
    `C:\\${'Users'}\\ann`,
  ]) {
    expect(pathsOfAMachine({ path: 'a', text: `see ${path}` })).toHaveLength(1)
  }
  for (const path of ['docs/home/x', './root/x', 'https://example.org/home/x']) {
    expect(pathsOfAMachine({ path: 'a', text: `see ${path}` })).toEqual([])
  }
})

test('the configuration of changesets is valid', () => {
  const found = ['packages', 'apps', 'examples'] as const
  const packages = found.flatMap(packagesOf).map(({ dir, manifest: own }) => ({
    dir: join(root, dir),
    packageJson: { ...own, version: own.version ?? '' },
  }))
  const tree = { tool: 'pnpm', root: { dir: root, packageJson: manifest }, packages } as Parameters<
    typeof parse
  >[1]
  const written = JSON.parse(readText('.changeset/config.json'))
  expect(parse(written, tree).access).toBe('public')
  expect(() => parse({ ...written, access: 'everyone' }, tree)).toThrow()
  expect(() => parse({ ...written, ignore: ['@mmtchain/absent'] }, tree)).toThrow()
})

test('.ci/run is executable and runs the pnpm that package.json names', () => {
  expect(() => accessSync(join(root, '.ci/run'), constants.X_OK)).not.toThrow()
  const versions = new Set(readText('.ci/run').match(/\bpnpm@[\d.]+\d/g))
  expect([...versions]).toEqual([manifest.packageManager])
})
