// Restoring a snapshot into an empty store, chunk by chunk. Each chunk is proven before anything of it is written, and a restore that
// was interrupted goes on where it stopped.

import { sha256 } from '@mmtchain/crypto'
import type { StateKey } from '@mmtchain/kernel'
import { type Hash, hash as toHash, toHex } from '@mmtchain/primitives'
import { transactionId } from '@mmtchain/tx'
import { type Database, type MerkleStorePlace, openPlace, put, remove, type Write } from './database.ts'
import { type PageRef, pagesOf } from './key-index.ts'
import { loadPairHasher, type PairHasher } from './pair-hasher.ts'
import { entry, keysOf, missing, type Restoring, type Version } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import { type SnapshotSummary, summaryOf } from './snapshot.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import {
  encodeManifest,
  type Manifest,
  readBlockBody,
  readChunk,
  readManifest,
  type SnapshotOrigin,
  type SnapshotRow,
} from './snapshot-format.ts'
import { type KnownRows, stagedRows } from './staged-rows.ts'
import { blockWrites, nodeWrites, tipWrite } from './staging.ts'
import { hashOfRoot, rootOf, type StateTree, stateTree } from './state-tree.ts'
import { writeBuffer } from './write-buffer.ts'

/** Deletions and index pages of one batch. */
const WRITES_MAX = 4096

/**
 * Makes a store out of a snapshot; called again after an interruption it goes on. `check` throws unless the engine's rules
 * certify the header. Throws `store/BAD_SNAPSHOT`, which names the file, and `store/NOT_EMPTY`.
 */
export async function restoreSnapshot(
  args: MerkleStorePlace & {
    readonly files: SnapshotFiles
    readonly check: (origin: SnapshotOrigin) => void | Promise<void>
    /** Called after each chunk that is in the store. */
    readonly onChunk?: (done: number, chunks: number) => void
  },
): Promise<SnapshotSummary> {
  const { files, check, onChunk } = args
  const { manifest, id } = await readManifest(files)
  await check(manifest)
  const database = await openPlace(args)
  try {
    let progress = await progressOf(database, contentOf(manifest), manifest)
    if (progress.done === 0) {
      const pairs = await loadPairHasher()
      const tree = treeFor(database, progress, pairs)
      for (let index = progress.next; index < manifest.chunks.length; index++) {
        const rows = await readChunk(files, manifest, index)
        progress = await applyChunk({ database, tree, pairs, rows, manifest, progress })
        onChunk?.(index + 1, manifest.chunks.length)
      }
      progress = await finish({ database, files, manifest, progress })
    }
    await removeSortedKeys(database)
    return summaryOf(manifest.header.height, id, manifest.chunks)
  } finally {
    await database.close()
  }
}

/** What a manifest commits to. Seals of one block differ from node to node, and any of them goes on with what another began. */
function contentOf(manifest: Manifest): Hash {
  return toHash(sha256(encodeManifest({ ...manifest, seal: new Uint8Array() })))
}

/** Refuses a store that is being restored; sweeps up after one that was. */
export async function checkRestored(database: Database): Promise<void> {
  const progress = await readProgress(database)
  if (!progress) return
  if (progress.done === 0) throw merkleStoreFail.RESTORING({ next: progress.next })
  await removeSortedKeys(database)
}

async function readProgress(database: Database): Promise<Restoring | undefined> {
  const view = database.view()
  const found = view.read(entry.restoring())
  await view.close()
  return found
}

async function progressOf(database: Database, snapshot: Hash, { chunks }: Manifest): Promise<Restoring> {
  const found = await readProgress(database)
  if (found?.snapshot === snapshot && found.next <= chunks.length) return found
  for await (const _ of database.keys({
    gte: Uint8Array.of('n'.charCodeAt(0)),
    lt: keysOf('z').lt,
    limit: 1,
  }))
    throw merkleStoreFail.NOT_EMPTY({})
  return { snapshot, next: 0, done: 0, tree: { kind: 'empty' } }
}

/** The tree of the chunks that are in the store. */
function treeFor(database: Database, { tree }: Restoring, pairs: PairHasher): StateTree {
  return stateTree({
    root: tree,
    pairs,
    load(place) {
      const view = database.view()
      const found = view.read(entry.node(place))
      void view.close()
      if (!found) throw missing(entry.node(place))
      return found
    },
    damaged: (place, why) => merkleStoreFail.DAMAGED({ record: entry.node(place).name(), why }),
  })
}

/** Writes rows, tree nodes and keys of one chunk together with the progress. Doing it twice does the same. */
async function applyChunk(args: {
  readonly database: Database
  readonly tree: StateTree
  readonly pairs: PairHasher
  readonly rows: readonly SnapshotRow[]
  readonly manifest: Manifest
  readonly progress: Restoring
}): Promise<Restoring> {
  const { database, tree, pairs, rows, manifest, progress } = args
  const born = Number(manifest.header.height)
  const changes = rows.map(({ key, value }) => [toHex(key), value] as const)
  const inOrder = changes.sort(([a], [b]) => (a < b ? -1 : 1))
  const stage = tree.stage(stagedRows(inOrder, pairs.messages, NONE_KNOWN), born)
  const batch = database.batch()
  nodeWrites(tree.arena, stage, born, writeBuffer(batch))
  const after = { ...progress, next: progress.next + 1, tree: rootOf(tree.arena, stage.top) }
  batch.add(
    rows.flatMap(({ path, key, value }) => [
      put(entry.row(path), { since: born, key, value }),
      put(entry.sortedKey(key), new Uint8Array()),
    ]),
  )
  batch.add([put(entry.restoring(), after)])
  await batch.write({ sync: true })
  tree.adopt(stage)
  tree.trim(64 << 20)
  return after
}

/** Nothing of a row is in memory. */
const NONE_KNOWN: KnownRows = { find: () => -1, epoch: () => 0, pathsInto: () => undefined }

/** Builds the index from the sorted keys, and makes the block the tip. */
async function finish(args: {
  readonly database: Database
  readonly files: SnapshotFiles
  readonly manifest: Manifest
  readonly progress: Restoring
}): Promise<Restoring> {
  const { database, files, manifest, progress } = args
  const { header, id, seal } = manifest
  const { height } = header
  const { block, receipts } = await readBlockBody(files, manifest)
  if (toHash(hashOfRoot(progress.tree)) !== header.stateRoot)
    throw merkleStoreFail.DAMAGED({
      record: 'its state tree',
      why: 'it does not have the root of the snapshot',
    })
  const transactionIds = block.transactions.map(({ body }) => transactionId(body))
  const refusals = transactionIds.map(() => null)
  const version: Version = {
    height,
    tree: progress.tree,
    index: await buildIndex(database, Number(height)),
    rows: manifest.chunks.reduce((sum, { rows }) => sum + BigInt(rows), 0n),
    replacedBits: 0,
    checkpoint: new Uint8Array(),
  }
  const after = { ...progress, done: 1 }
  const batch = database.batch()
  batch.add([
    put(entry.version(height), version),
    tipWrite(height, { oldest: height, first: height }),
    put(entry.restoring(), after),
  ])
  blockWrites({ block, id, seal, receipts, transactionIds, refusals }, batch, writeBuffer(batch))
  await batch.write({ sync: true })
  return after
}

async function buildIndex(database: Database, born: number): Promise<PageRef | undefined> {
  let writes: Write[] = []
  const pages = pagesOf(sortedKeys(database), born)
  for (;;) {
    const { done, value } = await pages.next()
    if (done || writes.length >= WRITES_MAX) {
      await database.write(writes, { sync: false })
      writes = []
    }
    if (done) return value
    writes.push(put(entry.page(value[0]), value[1]))
  }
}

async function* sortedKeys(database: Database): AsyncGenerator<StateKey> {
  for await (const key of database.keys(keysOf('q'))) yield toHex(key.subarray(1))
}

async function removeSortedKeys(database: Database): Promise<void> {
  let writes: Write[] = []
  for await (const key of database.keys(keysOf('q'))) {
    writes.push(remove({ key }))
    if (writes.length < WRITES_MAX) continue
    await database.write(writes, { sync: false })
    writes = []
  }
  await database.write([...writes, remove(entry.restoring())], { sync: true })
}
