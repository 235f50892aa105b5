// Snapshots: the state after a block and the block itself, as files that prove themselves by its header.

import { sha256 } from '@mmtchain/crypto'
import type { StoredBlock } from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import { hash as toHash, toHex } from '@mmtchain/primitives'
import type { View } from './database.ts'
import { entry, keysOf, unpack } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import {
  CHUNK_BYTES_MAX,
  chunkName,
  encodeManifest,
  encodeRows,
  flipBit,
  MANIFEST,
  pieceName,
  piecesOf,
  readBlockBody,
  readChunk,
  readManifest,
  rowBytes,
  type SnapshotOrigin,
  type SnapshotRow,
  type StateChunk,
  splitAt,
  subtreeRoot,
} from './snapshot-format.ts'

/** What a snapshot has. */
export interface SnapshotSummary {
  readonly height: Height
  /** The hash of its manifest. */
  readonly id: Hash
  readonly chunks: number
  readonly rows: number
}

/** How a snapshot that is written meets what goes on beside it. */
export interface SnapshotPace {
  /** Throws when the writing is to stop. */
  readonly check: () => unknown
  /** Called between pieces of the work, which then goes on when it resolves. */
  readonly rest: () => Promise<void>
}

/** So many rows are a piece of the work. */
const PIECE_ROWS = 256
/** Sizes are first counted by this many bits of the path. */
const COUNTED_BITS = 16

/** Writes a snapshot of what `view` shows; the manifest last, so that a snapshot without one is not whole. */
export async function writeSnapshot(args: {
  readonly view: View
  readonly stored: StoredBlock
  readonly files: SnapshotFiles
  readonly pace: SnapshotPace
}): Promise<SnapshotSummary> {
  const { view, stored, files, pace } = args
  const { block, id, seal, receipts } = stored
  const pieces: Hash[] = []
  for (const [index, piece] of piecesOf({ block, receipts }).entries()) {
    await files.write(pieceName(index), piece)
    pieces.push(toHash(sha256(piece)))
  }
  const chunks: StateChunk[] = []
  for await (const { rows, depth, prefix } of subtreesOf(view, pace)) {
    await files.write(chunkName(chunks.length), encodeRows(rows))
    chunks.push({ depth, prefix, rows: rows.length, root: toHash(subtreeRoot(rows, depth)) })
    await pace.rest()
  }
  const manifest = encodeManifest({ header: block.header, id, seal, pieces, chunks })
  await files.write(MANIFEST, manifest)
  return summaryOf(block.header.height, toHash(sha256(manifest)), chunks)
}

/**
 * Reads a whole snapshot and checks every file of it. `check` throws unless the engine's rules certify the header.
 * Throws `store/BAD_SNAPSHOT`, which names the file.
 */
export async function verifySnapshot(args: {
  readonly files: SnapshotFiles
  readonly check: (origin: SnapshotOrigin) => void | Promise<void>
  /** Called after each chunk that is right. */
  readonly onChunk?: (done: number, chunks: number) => void
}): Promise<SnapshotSummary> {
  const { manifest, id } = await readManifest(args.files)
  await args.check(manifest)
  await readBlockBody(args.files, manifest)
  for (let index = 0; index < manifest.chunks.length; index++) {
    await readChunk(args.files, manifest, index)
    args.onChunk?.(index + 1, manifest.chunks.length)
  }
  return summaryOf(manifest.header.height, id, manifest.chunks)
}

export function summaryOf(height: Height, id: Hash, chunks: readonly StateChunk[]): SnapshotSummary {
  return { height, id, chunks: chunks.length, rows: chunks.reduce((sum, { rows }) => sum + rows, 0) }
}

interface Subtree {
  readonly rows: readonly SnapshotRow[]
  readonly depth: number
  readonly prefix: Uint8Array
}

/** The state in subtrees that fit in a chunk while their parents do not. So one state has one snapshot. */
async function* subtreesOf(view: View, pace: SnapshotPace): AsyncGenerator<Subtree> {
  const sizes = new Float64Array(2 ** COUNTED_BITS)
  for await (const row of rowsOf(view, pace))
    sizes[bucketOf(row.path)] = (sizes[bucketOf(row.path)] as number) + rowBytes(row)
  const parts = partsOf(sizes)
  let rows: SnapshotRow[] = []
  let part = 0
  const current = () =>
    parts[part] as { readonly depth: number; readonly end: number; readonly prefix: Uint8Array }
  for await (const row of rowsOf(view, pace)) {
    for (; bucketOf(row.path) >= current().end; part++) {
      yield* fitting({ ...current(), rows })
      rows = []
    }
    rows.push(row)
  }
  for (; part < parts.length; part++) {
    yield* fitting({ ...current(), rows })
    rows = []
  }
}

function* fitting({ rows, depth, prefix }: Subtree): Generator<Subtree> {
  if (fits(rows.reduce((sum, row) => sum + rowBytes(row), 0))) {
    yield { rows, depth, prefix }
    return
  }
  const [only] = rows
  if (only && rows.length === 1)
    throw merkleStoreFail.ROW_TOO_LARGE({
      key: toHex(only.key),
      bytes: only.value.length,
      max: CHUNK_BYTES_MAX,
    })
  const split = splitAt(rows, depth)
  const right = prefix.slice()
  flipBit(right, depth)
  yield* fitting({ rows: rows.slice(0, split), depth: depth + 1, prefix })
  yield* fitting({ rows: rows.slice(split), depth: depth + 1, prefix: right })
}

function fits(bytes: number): boolean {
  return bytes + 5 <= CHUNK_BYTES_MAX
}

/** The subtrees of at most `COUNTED_BITS` bits that fit by their sizes, or cannot be told smaller; each with the bucket after it. */
function partsOf(sizes: Float64Array): readonly { depth: number; end: number; prefix: Uint8Array }[] {
  const sums = new Float64Array(sizes.length + 1)
  for (let i = 0; i < sizes.length; i++) sums[i + 1] = (sums[i] as number) + (sizes[i] as number)
  const parts: { depth: number; end: number; prefix: Uint8Array }[] = []
  const visit = (depth: number, start: number) => {
    const end = start + 2 ** (COUNTED_BITS - depth)
    if (depth < COUNTED_BITS && !fits((sums[end] as number) - (sums[start] as number))) {
      visit(depth + 1, start)
      visit(depth + 1, (start + end) / 2)
      return
    }
    const prefix = new Uint8Array(32)
    prefix[0] = start >> 8
    prefix[1] = start
    parts.push({ depth, end, prefix })
  }
  visit(0, 0)
  return parts
}

function bucketOf(path: Uint8Array): number {
  return ((path[0] as number) << 8) | (path[1] as number)
}

/** All rows in ascending order of their paths. */
async function* rowsOf(view: View, { check, rest }: SnapshotPace): AsyncGenerator<SnapshotRow> {
  let count = 0
  for await (const [key, packed] of view.entries(keysOf('s'))) {
    count += 1
    if (count % PIECE_ROWS === 0) await rest()
    check()
    const path = key.slice(1)
    const row = unpack(entry.row(path), packed)
    yield { path, key: row.key.slice(), value: row.value.slice() }
  }
}
