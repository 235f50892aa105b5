import { access, cp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { httpTransport, type Transport } from '@mmtchain/client'
import { type Home, makeFolder, readAdmin } from '@mmtchain/node'
import { isChainError } from '@mmtchain/primitives'
import { merkleStore, type SnapshotSummary, snapshotFolder } from '@mmtchain/storage-merkle'
import type { Progress } from './output.ts'
import { cliFail } from './refusals.ts'

/** How often a node is asked how far it is. */
const ASK_MS = 250

/** What `mmt snapshot create` says of a snapshot. */
export type MadeSnapshot = Pick<SnapshotSummary, 'chunks' | 'rows'> & {
  readonly height: string
  readonly id: string
}

/**
 * Writes the newest state of a home into a folder; while its node runs, the node does it. Throws `cli/NOT_EMPTY` for a folder with a
 * snapshot, and `cli/SNAPSHOT_FAILED`.
 */
export async function createSnapshot(
  home: Home,
  folder: string,
  begin: () => Progress,
): Promise<MadeSnapshot> {
  const manifest = join(folder, 'manifest')
  if (await exists(manifest)) throw cliFail.NOT_EMPTY({ file: manifest })
  let store: Awaited<ReturnType<typeof merkleStore>>
  try {
    store = await merkleStore({ path: home.data, keepHeights: 'all' })
  } catch (error) {
    const admin = isChainError(error) && error.code === 'store/LOCKED' ? readAdmin(home) : undefined
    if (!admin) throw error
    return byNode(httpTransport(admin), folder, begin)
  }
  try {
    const bar = begin()
    const files = snapshotFolder(folder)
    let written = 0
    try {
      const made = await store.snapshot({
        ...files,
        async write(name, bytes) {
          await files.write(name, bytes)
          bar.at(++written)
        },
      })
      return { ...made, height: `${made.height}` }
    } finally {
      bar.end()
    }
  } finally {
    await store.close()
  }
}

/** What `node_snapshot` answers. */
interface Answer {
  readonly run: number
  readonly state: 'making' | 'done' | 'failed'
  readonly files: number
  readonly folder: string | null
  readonly height: string | null
  readonly id: string | null
  readonly chunks: number | null
  readonly rows: number | null
  readonly why: string
}

/** Has the running node write it in its home, and brings it where it is wanted. */
async function byNode(request: Transport, folder: string, begin: () => Progress): Promise<MadeSnapshot> {
  const bar = begin()
  try {
    let found = (await request('node_snapshot')) as Answer
    while (found.state === 'making') {
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
      found = (await request('node_snapshot', { run: found.run }, { repeatable: true })) as Answer
      bar.at(found.files)
    }
    const { folder: made, height, id, chunks, rows } = found
    if (made === null || height === null || id === null || chunks === null || rows === null)
      throw cliFail.SNAPSHOT_FAILED({ why: found.why })
    await move(made, folder)
    return { height, id, chunks, rows }
  } finally {
    bar.end()
  }
}

/** By name where both are on one disk; else in copies, of which the manifest comes last. */
async function move(from: string, to: string): Promise<void> {
  await makeFolder(dirname(resolve(to)))
  try {
    await rename(from, to)
  } catch (error) {
    // Another disk, or a folder with something in it.
    if (!['EXDEV', 'ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))) throw error
    await cp(from, to, { recursive: true, filter: (path) => path !== join(from, 'manifest') })
    await cp(join(from, 'manifest'), join(to, 'manifest'))
    await rm(from, { recursive: true })
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
