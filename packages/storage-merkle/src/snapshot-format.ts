// The files of a snapshot (docs/spec/formats.md, section 18), and what proves them.
import {
  bytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  hash,
  type Infer,
  list,
  struct,
  u16,
  u32,
} from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import {
  block,
  evidenceRoot,
  type Header,
  header,
  listRoot,
  receipts,
  receiptsRoot,
  transactionBytes,
  ZERO_HASH,
} from '@mmtchain/kernel'
import {
  compareBytes,
  concatBytes,
  equalBytes,
  type Hash,
  isChainError,
  hash as toHash,
} from '@mmtchain/primitives'
import { merkleStoreFail } from './refusals.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import { leafHash } from './state-tree.ts'

/** The most bytes of one file. */
export const CHUNK_BYTES_MAX = 4 << 20
export const MANIFEST = 'manifest'
const VERSION = 1

const hashBytes = fixedBytes(32)
const anyBytes = bytes({ bytesMax: CHUNK_BYTES_MAX })

/** All rows whose paths begin with the first `depth` bits of `prefix`. */
const stateChunk = struct({ depth: u16, prefix: hashBytes, rows: u32, root: hash })
export type StateChunk = Infer<typeof stateChunk>

const manifest = struct({
  version: u16,
  header,
  id: hash,
  seal: anyBytes,
  /** The SHA-256 of each piece of the block's bytes. */
  pieces: list(hash, { max: 65_536 }),
  chunks: list(stateChunk, { max: 65_536 }),
})
export type Manifest = Infer<typeof manifest>

/** The block with what it said, in pieces. */
const blockBody = struct({ block, receipts })
export type BlockBody = Infer<typeof blockBody>

/** In ascending order of their paths. */
const chunkRows = list(struct({ key: anyBytes, value: anyBytes }), { max: CHUNK_BYTES_MAX, min: 0 })
export type SnapshotRow = Infer<typeof chunkRows>[number] & { readonly path: Uint8Array }

/** What a snapshot is of, for the caller to check by the rules of its engine. */
export interface SnapshotOrigin {
  readonly header: Header
  readonly id: Hash
  readonly seal: Uint8Array
}

export const chunkName = (index: number) => `chunk-${String(index).padStart(6, '0')}`
export const pieceName = (index: number) => `block-${String(index).padStart(6, '0')}`

export const encodeManifest = (value: Omit<Manifest, 'version'>): Uint8Array =>
  encode(manifest, { version: VERSION, ...value })
export const encodeRows = (rows: readonly SnapshotRow[]): Uint8Array =>
  encode(
    chunkRows,
    rows.map(({ key, value }) => ({ key, value })),
  )

/** How many bytes a row takes in a chunk, at most. */
export function rowBytes({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array }): number {
  return 10 + key.length + value.length
}

export function piecesOf(body: BlockBody): readonly Uint8Array[] {
  const whole = encode(blockBody, body)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < whole.length; at += CHUNK_BYTES_MAX)
    pieces.push(whole.subarray(at, at + CHUNK_BYTES_MAX))
  return pieces
}

/** The manifest, whose chunks lead to the state root of its header, and its hash. Throws `store/BAD_SNAPSHOT`. */
export async function readManifest(
  files: SnapshotFiles,
): Promise<{ readonly manifest: Manifest; readonly id: Hash }> {
  const found = await readFile(files, MANIFEST)
  const read = decoded(manifest, found, MANIFEST)
  if (read.version !== VERSION) throw bad(MANIFEST, `it has version ${read.version}, not ${VERSION}`)
  const root = toHash(combinedRoot(read.chunks))
  if (root !== read.header.stateRoot)
    throw bad(MANIFEST, 'its chunks do not lead to the state root of its header')
  return { manifest: read, id: toHash(sha256(found)) }
}

/** The rows of a chunk, when they are the ones that the manifest commits to. Throws `store/BAD_SNAPSHOT`. */
export async function readChunk(
  files: SnapshotFiles,
  { chunks }: Manifest,
  index: number,
): Promise<readonly SnapshotRow[]> {
  const name = chunkName(index)
  const { depth, prefix, rows: count, root } = chunks[index] as StateChunk
  const read = decoded(chunkRows, await readFile(files, name), name)
  const rows = read.map((row) => ({ ...row, path: sha256(row.key) }))
  for (const [i, { path }] of rows.entries()) {
    if (!sharesBits(path, prefix, depth)) throw bad(name, 'it has a row of another chunk')
    const before = rows[i - 1]
    if (before && compareBytes(before.path, path) >= 0) throw bad(name, 'its rows are not in order')
  }
  if (rows.length !== count || !equalBytes(subtreeRoot(rows, depth), sha256Of(root)))
    throw bad(name, 'its rows are not those that the state root commits to')
  return rows
}

/** The block that the snapshot is of, when it is the one of the header. Throws `store/BAD_SNAPSHOT`. */
export async function readBlockBody(files: SnapshotFiles, { header, pieces }: Manifest): Promise<BlockBody> {
  const read: Uint8Array[] = []
  for (const [index, want] of pieces.entries()) {
    const piece = await readFile(files, pieceName(index))
    if (toHash(sha256(piece)) !== want) throw bad(pieceName(index), 'it is not what the manifest commits to')
    read.push(piece)
  }
  const body = decoded(blockBody, concatBytes(...read), pieceName(0))
  const { block } = body
  const same =
    equalBytes(encode(headerCodec, block.header), encode(headerCodec, header)) &&
    listRoot(block.transactions.map(transactionBytes)) === header.txRoot &&
    evidenceRoot(block) === header.evidenceRoot &&
    receiptRootOf(body) === header.receiptRoot
  if (!same) throw bad(pieceName(0), 'it is not the block of the header')
  return body
}
const headerCodec = header

/** Block 0 has no receipts, and says so in its own way (formats.md, 13.4). */
function receiptRootOf({ block, receipts }: BlockBody): Hash {
  const count = receipts.begin.length + receipts.transactions.length + receipts.end.length
  return block.header.height === 0n && count === 0 ? ZERO_HASH : receiptsRoot(receipts)
}

/** The root of the subtree of rows at a depth in bits (formats.md, 10.2). */
export function subtreeRoot(
  rows: readonly { readonly path: Uint8Array; readonly value: Uint8Array }[],
  depth: number,
): Uint8Array {
  const [first] = rows
  if (!first) return new Uint8Array(32)
  if (rows.length === 1) return leafHash({ path: first.path, valueHash: sha256(first.value) })
  const split = splitAt(rows, depth)
  const sides = [rows.slice(0, split), rows.slice(split)].map((side) => subtreeRoot(side, depth + 1))
  return sha256(concatBytes(...sides))
}

/** The index of the first of ascending rows whose bit at `depth` is 1. */
export function splitAt(rows: readonly { readonly path: Uint8Array }[], depth: number): number {
  const index = rows.findIndex(({ path }) => bitOf(path, depth) === 1)
  return index < 0 ? rows.length : index
}

/** The state root of chunks that cover all paths once, in order. */
function combinedRoot(chunks: readonly StateChunk[]): Uint8Array {
  let next = 0
  const path = new Uint8Array(32)
  const combine = (depth: number): { readonly rows: number; readonly root: Uint8Array } => {
    const chunk = chunks[next]
    if (!chunk || depth > 256) throw bad(MANIFEST, 'its chunks do not cover the state')
    if (chunk.depth === depth) {
      if (!equalBytes(chunk.prefix, path)) throw bad(MANIFEST, 'its chunks are not in order')
      next++
      return { rows: chunk.rows, root: sha256Of(chunk.root) }
    }
    const left = combine(depth + 1)
    flipBit(path, depth)
    const right = combine(depth + 1)
    flipBit(path, depth)
    const rows = left.rows + right.rows
    if (rows < 2) return { rows, root: left.rows === 1 ? left.root : right.root }
    return { rows, root: sha256(concatBytes(left.root, right.root)) }
  }
  const { root } = combine(0)
  if (next < chunks.length) throw bad(MANIFEST, 'its chunks cover more than the state')
  return root
}

async function readFile(files: SnapshotFiles, name: string): Promise<Uint8Array> {
  const found = await files.read(name)
  if (!found) throw bad(name, 'it is missing')
  if (found.length > CHUNK_BYTES_MAX)
    throw bad(name, `it has ${found.length} bytes, more than ${CHUNK_BYTES_MAX}`)
  return found
}

function decoded<T>(codec: Codec<T>, found: Uint8Array, name: string): T {
  try {
    return decode(codec, found)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw bad(name, error.message)
  }
}

function bad(file: string, why: string) {
  return merkleStoreFail.BAD_SNAPSHOT({ file, why })
}

function sha256Of(value: Hash): Uint8Array {
  return encode(hash, value)
}

function sharesBits(path: Uint8Array, prefix: Uint8Array, depth: number): boolean {
  for (let bit = 0; bit < depth; bit++) if (bitOf(path, bit) !== bitOf(prefix, bit)) return false
  return true
}

export function bitOf(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1
}

export function flipBit(path: Uint8Array, depth: number): void {
  path[depth >> 3] = (path[depth >> 3] as number) ^ (0x80 >> (depth & 7))
}
