import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface AtomicOptions {
  readonly mode?: number
  /** Refuses with `EEXIST` when the file is there already, instead of replacing it. */
  readonly isNew?: boolean
}

/**
 * Writes a file whole or not at all: into a new file beside it, which is on disk before it takes the name. A crash leaves the
 * old content or the new one, and at worst a file `.NAME.….tmp` that nothing reads.
 */
export async function writeAtomic(
  path: string,
  content: string,
  { mode = 0o644, isNew = false }: AtomicOptions = {},
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    if (isNew) await takeNewName(draft, path)
    else await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(dirname(path))
}

/**
 * Makes a folder and those above it; gives the first that it made, if any. The recursive `mkdir` of Node.js never returns where a
 * folder that exists cannot hold another one, as in `/proc`.
 */
export async function makeFolder(
  path: string,
  { mode = 0o777 }: { readonly mode?: number } = {},
): Promise<string | undefined> {
  if (existsSync(path)) return undefined
  const above = await makeFolder(dirname(path), { mode })
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return above
    throw error
  }
  return above ?? path
}

/** A hard link fails when the name is taken, which a rename does not. Some file systems have no links. */
async function takeNewName(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (error) {
    if (existsSync(path)) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' })
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(String((error as { code?: unknown }).code)))
      throw error
    await rename(draft, path)
  }
}

/** Makes the new name itself last through a power failure. Windows has no such call for folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
