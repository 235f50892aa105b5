// A second build, so that an upgrade changes what runs.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const KEPT = ['bin', 'dist', 'node_modules', 'package.json']

/**
 * Copies what is built of every package into `dir` under another version. Links between the packages lead to the copies; those to
 * packages of others lead where they led. Answers its `main.js`.
 */
export function copyBuild(args: {
  readonly root: string
  readonly dir: string
  readonly version: string
}): string {
  const { root, dir, version } = args
  mkdirSync(dir, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  for (const group of ['packages', 'apps'])
    for (const name of readdirSync(join(root, group))) {
      const [from, to] = [join(root, group, name), join(dir, group, name)]
      for (const part of KEPT) {
        if (!existsSync(join(from, part))) continue
        cpSync(join(from, part), join(to, part), { recursive: true, verbatimSymlinks: true })
      }
      const file = join(to, 'package.json')
      if (!existsSync(file)) continue
      const described = JSON.parse(readFileSync(file, 'utf8')) as object
      writeFileSync(file, JSON.stringify({ ...described, version }))
    }
  return join(dir, 'apps/cli/dist/main.js')
}

/** The version that a node says when it is run by this `main.js`. */
export function versionOf(program: string): string {
  const file = resolve(dirname(program), '../../node/package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
