// What is read when a store opens, and what a block must be to follow.
import { type BlockCommit, storeFail, ZERO_HASH } from '@mmtchain/kernel'
import { hash as toHash, height as toHeight } from '@mmtchain/primitives'
import type { Database } from './database.ts'
import { entry, keysOf, missing } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import { type Committed, readBlock, readId } from './state.ts'
import { hashOfRoot } from './state-tree.ts'

/** How many of the newest blocks are looked for when the store opens: more than LevelDB's logs hold at most. */
const RECENT_BLOCKS = 16_384n

/** Which heights are here. */
export interface Kept {
  /** The oldest height whose state is kept, and the first block. */
  readonly oldest: bigint
  readonly first: bigint
  /** Every height below is pruned to the end; between it and `oldest` is one at most. */
  readonly pruned: bigint
}

/** What a database shows. Throws `store/DAMAGED`. */
export function readCommitted(database: Database): { readonly committed: Committed; readonly kept: Kept } {
  const view = database.view()
  const tip = view.read(entry.tip())
  if (!tip) {
    const version = {
      height: -1n,
      tree: { kind: 'empty' } as const,
      index: undefined,
      rows: 0n,
      replacedBits: 0,
      checkpoint: new Uint8Array(),
    }
    return { committed: { view, tip: undefined, version }, kept: { oldest: 0n, first: 0n, pruned: 0n } }
  }
  const { height, oldest, first } = tip
  const { block, id } = readBlock(view, height)
  const version = view.read(entry.version(height))
  if (!version) throw missing(entry.version(height))
  if (block.header.stateRoot !== toHash(hashOfRoot(version.tree))) {
    const record = entry.version(height).name()
    throw merkleStoreFail.DAMAGED({ record, why: 'its state root is not that of its block' })
  }
  // LevelDB skips what is damaged in its log and goes on. The batch that is lost then had a block.
  const recent = height > RECENT_BLOCKS ? height - RECENT_BLOCKS : 0n
  for (let at = recent < first ? first : recent; at < height; at++) readId(view, toHeight(at))
  // The record of a height goes with the last piece of it.
  const isWhole = oldest === 0n || !view.read(entry.version(toHeight(oldest - 1n)))
  const kept = { oldest, first, pruned: isWhole ? oldest : oldest - 1n }
  return { committed: { view, tip: { header: block.header, id }, version }, kept }
}

export async function hasBlocks(database: Database): Promise<boolean> {
  for await (const _ of database.keys({ ...keysOf('b'), limit: 1 })) return true
  return false
}

/** Throws unless a block follows a tip. */
export function checkNext({ tip }: Pick<Committed, 'tip'>, { block, staged }: BlockCommit): void {
  const { height, parent, stateRoot } = block.header
  const want = tip ? tip.header.height + 1n : 0n
  if (height !== want) throw storeFail.NOT_NEXT({ want, got: height })
  const wantParent = tip?.id ?? ZERO_HASH
  if (parent !== wantParent)
    throw merkleStoreFail.MISMATCH({ field: 'parent', want: wantParent, got: parent })
  if (stateRoot !== staged.root) {
    throw merkleStoreFail.MISMATCH({ field: 'state root', want: staged.root, got: stateRoot })
  }
}
