import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HealthCheck } from '@mmtchain/node-runtime'
import type { Home } from './home.ts'

const FILES_LEFT_SHARE_MIN = 0.2

/** What a node of a home looks at beside its own health. */
export function homeChecks(home: Home): readonly (() => Promise<HealthCheck>)[] {
  const checks = [...(process.platform === 'win32' ? [] : [() => checkKeyModes(home)])]
  return existsSync('/proc/self/limits') ? [...checks, checkOpenFiles] : checks
}

/** Keys are for the node's own user alone. */
async function checkKeyModes(home: Home): Promise<HealthCheck> {
  const name = 'key-files'
  const files = existsSync(home.keys) ? (await readdir(home.keys)).map((file) => join(home.keys, file)) : []
  const open: string[] = []
  for (const file of [home.keys, ...files]) {
    const found = await stat(file).catch(() => undefined)
    if (found && (found.mode & 0o077) !== 0) open.push(file)
  }
  if (open.length === 0)
    return {
      name,
      ok: true,
      found: `Only their owner may read the ${files.length} files in ${home.keys}.`,
      cure: '',
    }
  return {
    name,
    ok: false,
    found: `Other users of this machine may read ${open.slice(0, 5).join(', ')}${open.length > 5 ? ', …' : ''}.`,
    cure: `Take it from them: chmod -R go-rwx ${home.keys}`,
  }
}

/** LevelDB keeps up to a thousand files open, connections come on top. */
async function checkOpenFiles(): Promise<HealthCheck> {
  const name = 'open-files'
  const limits = await readFile('/proc/self/limits', 'utf8')
  const max = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  const { length: open } = await readdir('/proc/self/fd')
  const found = `${open} of at most ${max} files and connections are open.`
  if (open <= max * (1 - FILES_LEFT_SHARE_MIN)) return { name, ok: true, found, cure: '' }
  return {
    name,
    ok: false,
    found,
    cure: 'Raise the limit: ulimit -n 65536, or LimitNOFILE in the unit of systemd.',
  }
}
