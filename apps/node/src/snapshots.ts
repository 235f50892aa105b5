import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log, Node } from '@mmtchain/node-runtime'
import { type Height, height as toHeight } from '@mmtchain/primitives'
import type { SnapshotMaker, SnapshotRun } from '@mmtchain/rpc'
import { type MerkleStore, type SnapshotFiles, snapshotFolder } from '@mmtchain/storage-merkle'
import type { Home } from './home.ts'

/** The most time that writing a snapshot takes beside blocks, as a share of one. */
const SHARE = 0.25
/** How many runs are remembered. */
const RUNS_MAX = 16
/** How many are kept of those for other nodes: one that they still read while the next one is made. */
const SHARED_MAX = 2

/** The snapshots of a home that other nodes may restore. */
export interface SharedSnapshots {
  /** The newest first. */
  heights(): Promise<readonly Height[]>
  read(height: Height, name: string): Promise<Uint8Array | undefined>
}

interface SnapshotArgs {
  readonly store: MerkleStore
  readonly log: Log
}

/** Makes snapshots of a running node in its home: one at a time, under another name until it is whole. They stay until the operator removes them. */
export function snapshotsOf(home: Home, { store, log }: SnapshotArgs): SnapshotMaker {
  const runs = new Map<number, SnapshotRun>()
  let last = 0
  const underWay = () => [...runs.values()].find(({ state }) => state === 'making')
  const note = (run: number, change: Partial<SnapshotRun>) =>
    runs.set(run, { ...(runs.get(run) as SnapshotRun), ...change })

  async function make(run: number): Promise<void> {
    let count = 0
    const made = await writeSnapshot(store, home.snapshots, () => {
      count += 1
      note(run, { files: count })
    })
    const { folder, height, chunks, rows } = made
    note(run, { state: 'done', ...made })
    log.info({ folder, height: `${height}`, chunks, rows }, 'snapshot made')
  }

  return {
    begin() {
      const found = underWay()
      if (found) return found
      last += 1
      const run = last
      const none = { folder: null, height: null, id: null, chunks: null, rows: null }
      runs.set(run, { run, state: 'making', files: 0, ...none, why: '' })
      runs.delete(run - RUNS_MAX)
      make(run).catch((error) => {
        const why = whyOf(error)
        note(run, { state: 'failed', why })
        log.error({ why }, 'the snapshot failed')
      })
      return runs.get(run) as SnapshotRun
    },
    look: (run) => runs.get(run),
  }
}

/** Makes one every so many heights for other nodes, beside what the node does, and removes old ones. A failure is logged, and the next one is tried again. */
export function shareSnapshots(
  home: Home,
  {
    store,
    log,
    node,
    everyHeights,
  }: SnapshotArgs & { readonly node: Node; readonly everyHeights: number | null },
): SharedSnapshots {
  const folder = home.sharedSnapshots
  let isWriting = false

  async function heights(): Promise<readonly Height[]> {
    const names = await readdir(folder).catch(() => [])
    const found = names.filter((name) => /^\d{1,19}$/.test(name)).map((name) => toHeight(BigInt(name)))
    return found.sort((a, b) => (a < b ? 1 : -1))
  }

  async function make(): Promise<void> {
    if (isWriting) return
    isWriting = true
    try {
      const { height, chunks, rows } = await writeSnapshot(store, folder)
      for (const old of (await heights()).slice(SHARED_MAX))
        await rm(join(folder, `${old}`), { recursive: true, force: true })
      log.info({ height: `${height}`, chunks, rows }, 'snapshot made for other nodes')
    } catch (error) {
      if (node.running) log.warn({ why: whyOf(error) }, 'the snapshot for other nodes failed')
    } finally {
      isWriting = false
    }
  }

  if (everyHeights !== null)
    node.onBlock(({ block }) => {
      if (block.header.height % BigInt(everyHeights) === 0n) void make()
    })
  return { heights, read: (height, name) => snapshotFolder(join(folder, `${height}`)).read(name) }
}

/** Writes a snapshot into a folder named by its height within `parent`. What an interruption or a failure leaves is removed. */
async function writeSnapshot(store: MerkleStore, parent: string, onFile: () => void = () => undefined) {
  const draft = join(parent, 'making')
  try {
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    const files = snapshotFolder(draft)
    const counted: SnapshotFiles = {
      ...files,
      async write(name, bytes) {
        await files.write(name, bytes)
        onFile()
      },
    }
    const { height, id, chunks, rows } = await store.snapshot(counted, { share: SHARE })
    const folder = join(parent, `${height}`)
    // One of the same height may be there, of this block or of one that was taken back.
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
    return { folder, height, id, chunks, rows }
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
