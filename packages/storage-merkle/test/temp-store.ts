import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MerkleStore, type MerkleStoreOptions, merkleStore } from '@mmtchain/storage-merkle'
import { MemoryLevel } from 'memory-level'

/** A folder of its own for each use, removed after it. */
export async function inTempFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'mmt-store-'))
  try {
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

export function newLevel(): MemoryLevel<Uint8Array, Uint8Array> {
  return new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view', storeEncoding: 'view' })
}

/** Counts the reads of a level from now on. Answers how many there were since it was asked last. */
export function countReads(level: MemoryLevel<Uint8Array, Uint8Array>): () => number {
  const getSync = level.getSync.bind(level)
  let reads = 0
  level.getSync = ((key: Uint8Array, options: object) => {
    reads++
    return getSync(key, options)
  }) as typeof level.getSync
  return () => {
    const count = reads
    reads = 0
    return count
  }
}

/** A new store on memory-level. */
export function inMemory(options: MerkleStoreOptions = {}): Promise<MerkleStore> {
  return merkleStore({ level: newLevel(), ...options })
}

/** The same for one case of the compliance suite. */
export async function openInMemoryForCase() {
  const level = newLevel()
  let store = await merkleStore({ level })
  return {
    store,
    async reopen() {
      await store.close()
      store = await merkleStore({ level })
      return store
    },
    destroy: () => store.close(),
  }
}

/** A new store in a folder, for one case of the compliance suite. */
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
