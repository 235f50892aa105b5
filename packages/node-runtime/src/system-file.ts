import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RawFile } from './raw-file.ts'

/**
 * A real file, for its owner's eyes only. `create` makes it when it is missing, name and all on the disk before this resolves;
 * `new` refuses with `EEXIST` one that is there, `existing` with `ENOENT` one that is not.
 */
export async function systemFile(path: string, mode: 'create' | 'new' | 'existing'): Promise<RawFile> {
  const file = await openAs(path, mode)
  return {
    name: path,
    size: async () => (await file.stat()).size,
    async read(at, length) {
      const into = Buffer.alloc(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await file.read(into, filled, length - filled, at + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return into.subarray(0, filled)
    },
    async write(at, bytes) {
      let written = 0
      while (written < bytes.length)
        written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten
    },
    truncate: (length) => file.truncate(length),
    sync: () => file.datasync(),
    close: () => file.close(),
  }
}

async function openAs(path: string, mode: 'create' | 'new' | 'existing'): Promise<FileHandle> {
  if (mode !== 'new') {
    try {
      return await open(path, 'r+')
    } catch (error) {
      if (mode === 'existing' || (error as { code?: unknown }).code !== 'ENOENT') throw error
    }
  }
  const file = await open(path, 'wx+', 0o600)
  await file.sync()
  await syncFolder(dirname(path))
  return file
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
