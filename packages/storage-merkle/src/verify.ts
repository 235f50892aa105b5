// Checks proofs of rows against a state root (docs/spec/formats.md, section 16). It needs nothing of a store or of Node.js.
import { hashTagged, sha256, sha256Into, tag } from '@mmtchain/crypto'
import { compareBytes, equalBytes, fromHex, type Hash, hashToBytes } from '@mmtchain/primitives'
import { merkleStoreFail } from './refusals.ts'

/** What a proof is said to show: the value under a state key (hex), or undefined for "there is no such row". */
export interface ClaimedRow {
  readonly key: string
  readonly value: Uint8Array | undefined
}

interface Asked {
  readonly path: Uint8Array
  /** The hash of the row's leaf. */
  readonly leaf: Uint8Array | undefined
}

interface Cursor {
  readonly proof: Uint8Array
  readonly asked: readonly Asked[]
  at: number
  nodesLeft: number
}

const LEAF_TAG = tag('mmt/state/leaf/1')
const DEPTH_MAX = 256

/** The position of each variant of a proof's nodes (formats.md, 16.1). */
const EMPTY = 0
const ROW = 1
const OTHER = 2
const INNER = 3
const HASH = 4

/** Throws `store/BAD_PROOF` unless the proof shows that the state with this root has exactly these values under these keys. */
export function verifyStateProof(args: {
  readonly root: Hash
  readonly rows: readonly ClaimedRow[]
  readonly proof: Uint8Array
}): void {
  const cursor: Cursor = { proof: args.proof, asked: askedOf(args.rows), at: 0, nodesLeft: 0 }
  cursor.nodesLeft = readCount(cursor)
  const root = new Uint8Array(32)
  readSubtree(cursor, { from: 0, to: cursor.asked.length }, 0, root, 0)
  if (cursor.nodesLeft > 0 || cursor.at < cursor.proof.length) throw bad('it goes on after its last node')
  if (!equalBytes(root, hashToBytes(args.root))) throw bad('it leads to another root')
}

/** The distinct rows in the order of their paths. */
function askedOf(rows: readonly ClaimedRow[]): readonly Asked[] {
  const asked = rows.map(({ key, value }): Asked => {
    const path = sha256(fromHex(key))
    return { path, leaf: value && hashTagged(LEAF_TAG, path, sha256(value)) }
  })
  if (asked.length < 2) return asked
  asked.sort((a, b) => compareBytes(a.path, b.path))
  return asked.filter(({ path, leaf }, i) => {
    const before = asked[i - 1]
    if (!before || !equalBytes(before.path, path)) return true
    if (sameLeaf(before.leaf, leaf)) return false
    throw bad('two values are claimed for one key')
  })
}

function sameLeaf(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a && b ? equalBytes(a, b) : a === b
}

/** Asked rows from one index to before another. */
interface Span {
  readonly from: number
  readonly to: number
}

/** For each depth the two hashes that are joined there. Small arrays of its own for each node would cost more than its hash. */
const pairs: Uint8Array[] = []
const pairMemory = new Uint8Array(64 * DEPTH_MAX)

function pairAt(depth: number): Uint8Array {
  pairs[depth] ??= pairMemory.subarray(64 * depth, 64 * depth + 64)
  return pairs[depth]
}

/** Reads the subtree of some asked paths and writes its hash to `into`. */
function readSubtree(cursor: Cursor, span: Span, depth: number, into: Uint8Array, offset: number): void {
  if (--cursor.nodesLeft < 0) throw bad('it ends early')
  const kind = takeByte(cursor)
  if (kind === INNER) {
    const { from, to } = span
    if (to === from || depth === DEPTH_MAX) throw bad('it opens a subtree that nobody asked for')
    let split = from
    while (split < to && bit((cursor.asked[split] as Asked).path, depth) === 0) split++
    const pair = pairAt(depth)
    readSubtree(cursor, split === to ? span : { from, to: split }, depth + 1, pair, 0)
    readSubtree(cursor, split === from ? span : { from: split, to }, depth + 1, pair, 32)
    sha256Into(into, offset, pair)
  } else if (kind === HASH) {
    if (span.to > span.from) throw bad('it hides a subtree that was asked for')
    if (takeHash(cursor, into, offset) === 0) throw bad('it calls an empty subtree a hash')
  } else readEnd(cursor, kind, span, depth, into, offset)
}

/** Writes the leaf at which a walk ends, zeros for none. */
function readEnd(
  cursor: Cursor,
  kind: number,
  { from, to }: Span,
  depth: number,
  into: Uint8Array,
  offset: number,
): void {
  let there = 0
  let leaf: Uint8Array | undefined
  for (let i = from; i < to; i++) {
    const { leaf: claimed } = cursor.asked[i] as Asked
    if (!claimed) continue
    there++
    leaf = claimed
  }
  if (kind === ROW) {
    if (there !== 1) throw bad('it shows one row where another number is claimed')
  } else {
    if (there > 0) throw bad('it shows no row where one is claimed')
    if (kind !== EMPTY) leaf = readOther(cursor, kind, { from, to }, depth)
  }
  if (leaf) into.set(leaf, offset)
  else into.fill(0, offset, offset + 32)
}

/** The leaf of a row that nobody asked for, and that shows that asked ones are absent. */
function readOther(cursor: Cursor, kind: number, { from, to }: Span, depth: number): Uint8Array {
  if (kind !== OTHER) throw bad('it has a node of an unknown kind')
  const row = new Uint8Array(64)
  takeHash(cursor, row, 0)
  takeHash(cursor, row, 32)
  const path = row.subarray(0, 32)
  const beside = cursor.asked[from]?.path
  if (from === to || !beside || !sameBits(path, beside, depth)) throw bad('it shows a row of another place')
  for (let i = from; i < to; i++) {
    if (equalBytes((cursor.asked[i] as Asked).path, path))
      throw bad('it shows a row that is claimed to be absent')
  }
  return hashTagged(LEAF_TAG, row)
}

/** A ULEB128 (formats.md, 2.3), without a bound beyond its five bytes: nodes are not allocated by it. */
function readCount(cursor: Cursor): number {
  let count = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = takeByte(cursor)
    count += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (byte === 0 && shift > 0) break
      return count
    }
  }
  throw bad('its length is not canonical')
}

function takeByte(cursor: Cursor): number {
  const byte = cursor.proof[cursor.at++]
  if (byte === undefined) throw bad('it ends early')
  return byte
}

/** Copies the next 32 bytes. Answers 0 when all of them are 0. */
function takeHash(cursor: Cursor, to: Uint8Array, offset: number): number {
  const { proof, at } = cursor
  if (at + 32 > proof.length) throw bad('it ends early')
  let any = 0
  for (let i = 0; i < 32; i++) {
    const byte = proof[at + i] as number
    to[offset + i] = byte
    any |= byte
  }
  cursor.at = at + 32
  return any
}

function sameBits(a: Uint8Array, b: Uint8Array, count: number): boolean {
  for (let depth = 0; depth < count; depth++) if (bit(a, depth) !== bit(b, depth)) return false
  return true
}

function bit(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1
}

function bad(why: string) {
  return merkleStoreFail.BAD_PROOF({ why })
}
