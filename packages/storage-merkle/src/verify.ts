// Checks proofs of rows against a state root (docs/spec/formats.md, section 16). It needs nothing of a store or of Node.js.
import { hashTagged, sha256, tag } from '@mmtchain/crypto'
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
  readSubtree(cursor, { depth: 0, from: 0, to: cursor.asked.length, into: root, offset: 0 })
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

/** Reads the subtree of the asked paths `from` to before `to` and writes its hash to `into`. */
function readSubtree(
  cursor: Cursor,
  place: {
    readonly depth: number
    readonly from: number
    readonly to: number
    readonly into: Uint8Array
    readonly offset: number
  },
): void {
  const { depth, from, to, into, offset } = place
  const { asked } = cursor
  if (--cursor.nodesLeft < 0) throw bad('it ends early')
  const kind = take(cursor, 1)[0]
  if (kind === INNER) {
    if (to === from || depth === DEPTH_MAX) throw bad('it opens a subtree that nobody asked for')
    let split = from
    while (split < to && bit((asked[split] as Asked).path, depth) === 0) split++
    const pair = new Uint8Array(64)
    readSubtree(cursor, { depth: depth + 1, from, to: split, into: pair, offset: 0 })
    readSubtree(cursor, { depth: depth + 1, from: split, to, into: pair, offset: 32 })
    into.set(sha256(pair), offset)
  } else if (kind === HASH) {
    if (to > from) throw bad('it hides a subtree that was asked for')
    const hash = take(cursor, 32)
    if (hash.every((byte) => byte === 0)) throw bad('it calls an empty subtree a hash')
    into.set(hash, offset)
  } else {
    const leaf = readEnd(cursor, kind, asked.slice(from, to), depth)
    if (leaf) into.set(leaf, offset)
    else into.fill(0, offset, offset + 32)
  }
}

/** The leaf at which a walk ends, undefined for none. */
function readEnd(
  cursor: Cursor,
  kind: number | undefined,
  asked: readonly Asked[],
  depth: number,
): Uint8Array | undefined {
  const there = asked.filter(({ leaf }) => leaf)
  if (kind === ROW) {
    if (there.length !== 1) throw bad('it shows one row where another number is claimed')
    return there[0]?.leaf
  }
  if (there.length > 0) throw bad('it shows no row where one is claimed')
  if (kind === EMPTY) return undefined
  if (kind !== OTHER) throw bad('it has a node of an unknown kind')
  const path = take(cursor, 32)
  const beside = asked[0]?.path
  if (!beside || !sameBits(path, beside, depth)) throw bad('it shows a row of another place')
  if (asked.some((row) => equalBytes(row.path, path)))
    throw bad('it shows a row that is claimed to be absent')
  return hashTagged(LEAF_TAG, path, take(cursor, 32))
}

/** A ULEB128 (formats.md, 2.3), without a bound beyond its five bytes: nodes are not allocated by it. */
function readCount(cursor: Cursor): number {
  let count = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = take(cursor, 1)[0] as number
    count += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (byte === 0 && shift > 0) break
      return count
    }
  }
  throw bad('its length is not canonical')
}

function take(cursor: Cursor, count: number): Uint8Array {
  const start = cursor.at
  if (start + count > cursor.proof.length) throw bad('it ends early')
  cursor.at = start + count
  return cursor.proof.subarray(start, cursor.at)
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
