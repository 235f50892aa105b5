import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type HealthCheck, healthChecksOf } from '@mmtchain/node-runtime'
import type { ChainError } from '@mmtchain/primitives'
import type { Home } from './home.ts'

const FILES_LEFT_SHARE_MIN = 0.2

/** What a node finds about its home and its process. */
export const homeHealthTexts = {
  KEYS_CLOSED: { found: 'Only their owner may read the {count} files in {keys}.' },
  KEYS_OPEN: {
    found: 'Other users of this machine may read {files}.',
    cure: 'Take it from them: chmod -R go-rwx {keys}',
  },
  FILES_ROOM: { found: '{open} of at most {max} files and connections are open.' },
  FILES_LOW: {
    found: '{open} of at most {max} files and connections are open.',
    cure: 'Raise the limit: ulimit -n 65536, or LimitNOFILE in the unit of systemd.',
  },
  STORE_PRUNES: { found: 'Old states are dropped when they need not be kept.' },
  STORE_DAMAGED: {
    found: 'Old states are no longer dropped: {why}',
    cure: 'Stop the node, check the disk and run mmt prune. If the damage stays, restore a snapshot.',
  },
} as const

const check = healthChecksOf(homeHealthTexts)

/** What a node of a home looks at beside its own health. */
export function homeChecks(home: Home): readonly (() => Promise<HealthCheck>)[] {
  const checks = [...(process.platform === 'win32' ? [] : [() => checkKeyModes(home)])]
  return existsSync('/proc/self/limits') ? [...checks, checkOpenFiles] : checks
}

/** Keys are for the node's own user alone. */
async function checkKeyModes(home: Home): Promise<HealthCheck> {
  const files = existsSync(home.keys) ? (await readdir(home.keys)).map((file) => join(home.keys, file)) : []
  const open: string[] = []
  for (const file of [home.keys, ...files]) {
    const found = await stat(file).catch(() => undefined)
    if (found && (found.mode & 0o077) !== 0) open.push(file)
  }
  const { keys } = home
  if (open.length === 0) return check('key-files', 'KEYS_CLOSED', { count: files.length, keys })
  const shown = `${open.slice(0, 5).join(', ')}${open.length > 5 ? ', …' : ''}`
  return check('key-files', 'KEYS_OPEN', { files: shown, keys })
}

/** LevelDB keeps up to a thousand files open, connections come on top. */
async function checkOpenFiles(): Promise<HealthCheck> {
  const limits = await readFile('/proc/self/limits', 'utf8')
  const max = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  const { length: open } = await readdir('/proc/self/fd')
  const isLow = open > max * (1 - FILES_LEFT_SHARE_MIN)
  return check('open-files', isLow ? 'FILES_LOW' : 'FILES_ROOM', {
    open,
    max: Number.isFinite(max) ? max : '∞',
  })
}

/** Pruning that met damage stops, while blocks go on and the disk fills. */
export function pruningCheck(damage: () => ChainError | undefined): () => HealthCheck {
  return () => {
    const found = damage()
    return found
      ? check('pruning', 'STORE_DAMAGED', { why: found.message })
      : check('pruning', 'STORE_PRUNES', {})
  }
}
