import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Chain } from '@mmtchain/kernel'
import { build } from 'esbuild'
import { homeFail } from './refusals.ts'

/** A chain whose modules' types are not known here. */
export type AnyChain = Chain<unknown>

/** A chain file with all that it imports as one module. */
export interface ChainBundle {
  readonly text: string
  /** The absolute paths of the files that went into it. */
  readonly inputs: readonly string[]
}

/** Bundles a chain file, TypeScript or JavaScript. Throws `home/BAD_CHAIN_FILE`. */
export async function bundleChainFile(file: string): Promise<ChainBundle> {
  const path = resolve(file)
  if (!existsSync(path)) throw homeFail.BAD_CHAIN_FILE({ file, why: 'there is no such file.' })
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [path],
      // Names in the bundle's comments begin here, so that it is the same from wherever it is made.
      absWorkingDir: dirname(path),
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      legalComments: 'inline',
    })
    const inputs = Object.keys(metafile.inputs).map((input) => resolve(dirname(path), input))
    return { text: outputFiles[0]?.text ?? '', inputs }
  } catch (error) {
    throw homeFail.BAD_CHAIN_FILE({ file, why: error instanceof Error ? error.message : String(error) })
  }
}

/** Loads the chain of a bundle. Throws `home/BAD_CHAIN_FILE`, naming `file`, the one that the user knows. */
export async function loadBundle(path: string, { file = path } = {}): Promise<AnyChain> {
  let loaded: { readonly chain?: unknown }
  try {
    // A bundle may have been loaded before under the same path; what its file holds now is another module.
    loaded = await import(`${pathToFileURL(path).href}?at=${statSync(path).mtimeMs}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw homeFail.BAD_CHAIN_FILE({
      file,
      why: why
        .replaceAll(/\?at=[\d.]+/g, '')
        .replaceAll(pathToFileURL(path).href, file)
        .replaceAll(path, file),
    })
  }
  const chain = loaded.chain as Partial<AnyChain> | undefined
  if (!chain || !Array.isArray(chain.modules) || typeof chain.genesis !== 'function') {
    throw homeFail.BAD_CHAIN_FILE({ file, why: 'it does not export a chain.' })
  }
  return chain as AnyChain
}

/** Bundles a chain file and loads it. */
export async function loadChainFile(
  file: string,
): Promise<{ readonly bundle: string; readonly chain: AnyChain; readonly inputs: readonly string[] }> {
  const { text: bundle, inputs } = await bundleChainFile(file)
  const folder = await mkdtemp(join(tmpdir(), 'mmt-chain-'))
  try {
    const path = join(folder, 'chain.mjs')
    await writeFile(path, bundle)
    return { bundle, inputs, chain: await loadBundle(path, { file }) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
