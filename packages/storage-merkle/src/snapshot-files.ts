/** Where the files of a snapshot are: a folder, or another node that sends them. */
export interface SnapshotFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>
  write(name: string, bytes: Uint8Array): Promise<void>
}

/** By a name that bundlers do not follow: pages give files of their own. */
const FILES: string = 'node:fs/promises'

/** The files of a folder, which is made when something is written. */
export function snapshotFolder(path: string): SnapshotFiles {
  const files = () => import(FILES) as Promise<typeof import('node:fs/promises')>
  return {
    async read(name) {
      const { readFile } = await files()
      try {
        return await readFile(`${path}/${name}`)
      } catch (error) {
        if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(name, bytes) {
      const { mkdir, rename, writeFile } = await files()
      await mkdir(path, { recursive: true })
      // A file is there whole or not at all.
      await writeFile(`${path}/${name}.part`, bytes)
      await rename(`${path}/${name}.part`, `${path}/${name}`)
    },
  }
}
