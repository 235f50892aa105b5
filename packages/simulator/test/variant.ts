import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as dposPackage from '@mmtchain/consensus-dpos'
import type * as pbftPackage from '@mmtchain/consensus-pbft'
import type * as simulator from '@mmtchain/simulator'
import { build, type Plugin } from 'esbuild'

const packages = resolve(fileURLToPath(import.meta.url), '../../..')

/** One line of the sources, and what stands in its place. */
export interface Change {
  /** Below `packages`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly put: string
}

/** Simulator and nodes, made from the sources with some lines changed. */
export type Variant = Pick<typeof simulator, 'planOf' | 'runPlan' | 'createStage' | 'drawnAttack'> &
  Pick<typeof pbftPackage, 'pbft' | 'validators'> &
  Pick<typeof dposPackage, 'election'>

const entry = `
export * from '@mmtchain/simulator'
export { pbft, validators } from '@mmtchain/consensus-pbft'
export { election } from '@mmtchain/consensus-dpos'
`

/** Makes a variant. Throws when a line that is to be changed is not there once. */
export async function variantOf(changes: readonly Change[]): Promise<Variant> {
  const folder = await mkdtemp(join(tmpdir(), 'mmt-variant-'))
  try {
    const outfile = join(folder, 'variant.mjs')
    await build({
      stdin: { contents: entry, resolveDir: join(packages, 'simulator') },
      ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      external: ['*.node'],
      plugins: [sourcesWith(changes)],
    })
    return (await import(pathToFileURL(outfile).href)) as Variant
  } finally {
    await rm(folder, { recursive: true })
  }
}

function sourcesWith(changes: readonly Change[]): Plugin {
  return {
    name: 'sources',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@mmtchain\/[a-z-]+$/ }, ({ path }) => ({
        path: join(packages, path.slice('@mmtchain/'.length), 'src/index.ts'),
      }))
      onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
        const here = changes.filter(({ file }) => path === join(packages, file))
        if (here.length === 0) return undefined
        let contents = await readFile(path, 'utf8')
        for (const { file, find, put } of here) {
          if (contents.split(find).length !== 2) throw new Error(`${file} does not have this once: ${find}`)
          contents = contents.replace(find, () => put)
        }
        return { contents, loader: 'ts' }
      })
    },
  }
}
