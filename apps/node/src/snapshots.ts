import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@mmtchain/node-runtime'
import type { SnapshotMaker, SnapshotRun } from '@mmtchain/rpc'
import { type MerkleStore, snapshotFolder } from '@mmtchain/storage-merkle'
import type { Home } from './home.ts'

/** The most time that writing a snapshot takes beside blocks, as a share of one. */
const SHARE = 0.25
/** How many runs are remembered. */
const RUNS_MAX = 16

/** Makes snapshots of a running node in its home: one at a time, under another name until it is whole. */
export function snapshotsOf(
  home: Home,
  { store, log }: { readonly store: MerkleStore; readonly log: Log },
): SnapshotMaker {
  const draft = join(home.snapshots, 'making')
  const runs = new Map<number, SnapshotRun>()
  let last = 0
  const underWay = () => [...runs.values()].find(({ state }) => state === 'making')
  const note = (run: number, change: Partial<SnapshotRun>) =>
    runs.set(run, { ...(runs.get(run) as SnapshotRun), ...change })

  async function make(run: number): Promise<void> {
    // What an interrupted run left.
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    const files = snapshotFolder(draft)
    let count = 0
    const { height, id, chunks, rows } = await store.snapshot(
      {
        ...files,
        async write(name, bytes) {
          await files.write(name, bytes)
          count += 1
          note(run, { files: count })
        },
      },
      { share: SHARE },
    )
    const folder = join(home.snapshots, height.toString())
    // One of the same height may be there, of this block or of one that was taken back.
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
    note(run, { state: 'done', folder, height, id, chunks, rows })
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
      make(run).catch(async (error) => {
        const why = error instanceof Error ? error.message : String(error)
        await rm(draft, { recursive: true, force: true }).catch(() => undefined)
        note(run, { state: 'failed', why })
        log.error({ why }, 'the snapshot failed')
      })
      return runs.get(run) as SnapshotRun
    },
    look: (run) => runs.get(run),
  }
}
