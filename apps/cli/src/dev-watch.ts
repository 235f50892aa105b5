import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, resolve, sep } from 'node:path'
import { type AnyChain, bundleChainFile, loadChainFile } from '@mmtchain/node'
import { explainError } from './language.ts'

/** An editor writes a file in several steps; this long after the last one it is read. */
const SETTLED_MS = 100

interface Loaded {
  readonly bundle: string
  readonly chain: AnyChain
}

/** A chain file that is being watched. */
export interface Watched {
  /** Resolves with the new bundle of the first change that `isUsable` takes. */
  readonly changed: Promise<string>
  close(): void
}

/**
 * Watches a chain file and all that it imports, but for installed packages. What cannot be used is said on standard error, and the
 * watch goes on.
 */
export function watchChainFile(file: string, isUsable: (loaded: Loaded) => boolean): Watched {
  let watchers: readonly FSWatcher[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let resolveChanged: (bundle: string) => void
  const changed = new Promise<string>((done) => {
    resolveChanged = done
  })
  let closed = false
  let looks = 0
  const close = () => {
    closed = true
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
    watchers = []
  }

  const lookIn = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(look, ms)
  }

  const look = async () => {
    looks += 1
    const mine = looks
    // What a later look finds counts; and a watch that begins after the end would keep the process alive.
    const isLate = () => closed || mine !== looks
    try {
      // Also the imports of a file that cannot be loaded are watched. A new watch knows nothing of a change that came before it,
      // so the files are read again behind it.
      const { text, inputs } = await bundleChainFile(file)
      if (isLate()) return
      arm(inputs)
      const loaded = await loadChainFile(file)
      if (isLate()) return
      if (text !== loaded.bundle) lookIn(SETTLED_MS)
      else if (isUsable(loaded)) resolveChanged(loaded.bundle)
    } catch (error) {
      if (!isLate()) process.stderr.write(`${explainError(error)}\n`)
    }
  }

  /** Watches folders, not files: editors replace a file by another of its name. */
  function arm(inputs: readonly string[]): void {
    const byFolder = new Map<string, Set<string>>()
    for (const input of inputs.filter((path) => !path.includes(`${sep}node_modules${sep}`))) {
      const names = byFolder.get(dirname(input)) ?? new Set<string>()
      byFolder.set(dirname(input), names.add(basename(input)))
    }
    for (const watcher of watchers) watcher.close()
    watchers = [...byFolder].map(([folder, names]) => {
      const watcher = watch(folder, (_event, name) => {
        if (name === null || names.has(name)) lookIn(SETTLED_MS)
      })
      watcher.on('error', (error) => process.stderr.write(`${String(error)}\n`))
      return watcher
    })
  }

  // The first look finds what else there is to watch, and what has changed since the chain was started.
  try {
    arm([resolve(file)])
    lookIn(0)
  } catch (error) {
    process.stderr.write(`${explainError(error)}\n`)
  }
  return { changed, close }
}
