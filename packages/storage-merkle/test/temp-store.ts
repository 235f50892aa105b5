import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { merkleStore } from '@mmtchain/storage-merkle'

/** A folder of its own for each use, removed after it. */
export async function inTempFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'mmt-store-'))
  try {
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** A new store for one case of the compliance suite. */
export async function openForCase() {
  const path = await mkdtemp(join(tmpdir(), 'mmt-store-'))
  let store = await merkleStore({ path })
  return {
    store,
    async reopen() {
      await store.close()
      store = await merkleStore({ path })
      return store
    },
    async destroy() {
      await store.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}
