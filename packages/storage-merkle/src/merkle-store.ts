import {
  type BlockCommit,
  type Header,
  type RefusalText,
  type Staged,
  type StateChanges,
  type StateKey,
  type Store,
  type StoredBlock,
  storeFail,
  ZERO_HASH,
} from '@mmtchain/kernel'
import {
  type ChainError,
  equalBytes,
  type Hash,
  type Height,
  hash as toHash,
  height as toHeight,
} from '@mmtchain/primitives'
import { type Database, openDatabase, textOf, type View, type Write, write } from './database.ts'
import { type OrderedKeys, orderedKeys } from './ordered-keys.ts'
import { type Entry, entry, REFUSAL_TEXT_BYTES_MAX } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import {
  changeTree,
  EMPTY,
  hashOf,
  hashOfNode,
  rowChange,
  type Subtree,
  type TreeNode,
} from './state-tree.ts'

/** How many of the newest blocks are looked for when the store opens: more than LevelDB's logs hold at most. */
const RECENT_BLOCKS = 16_384n

/** What is known of a state without reading. */
interface Known {
  readonly keys: OrderedKeys
  readonly tree: Subtree
  readonly tip: { readonly header: Header; readonly id: Hash } | undefined
  readonly checkpoint: Uint8Array
}

/**
 * All that reads see, replaced as a whole when a batch is on disk. The view is a snapshot, so what LevelDB already
 * shows of a commit under way cannot be seen before that.
 */
interface Committed extends Known {
  readonly view: View
}

/** What a stage stands for. */
interface Stage {
  readonly on: Committed
  readonly changes: StateChanges
  readonly tree: Subtree
  readonly writes: readonly Write[]
}

/**
 * Opens the store in the folder `path`, or makes one there. Throws `store/LOCKED` while somebody has it open,
 * `store/CANNOT_OPEN`, `store/UNKNOWN_FORMAT` or `store/DAMAGED`.
 */
export async function merkleStore({ path }: { readonly path: string }): Promise<Store> {
  const database = await openDatabase(path)
  try {
    return storeOn(database, await readCommitted(database))
  } catch (error) {
    await database.close()
    throw error
  }
}

function storeOn(database: Database, found: Committed): Store {
  let now = found
  let committing: Promise<void> | undefined
  let failed: ChainError | undefined
  let closing: Promise<void> | undefined
  const stages = new WeakMap<Staged, Stage>()
  const current = () => {
    if (closing) throw storeFail.CLOSED({})
    return now
  }

  async function writeNext(height: Height, next: Known, writes: readonly Write[]): Promise<void> {
    try {
      await database.write(writes)
    } catch (error) {
      // LevelDB would go on writing its log behind a torn record, where recovery may lose it. Opening again mends the log.
      failed = merkleStoreFail.WRITE_FAILED({ height, why: textOf(error) })
      throw failed
    } finally {
      committing = undefined
    }
    const before = now
    now = { ...next, view: database.view() }
    await before.view.close()
  }

  return {
    get: (key) => readRow(current(), key),
    *entries(range) {
      for (const key of current().keys.range(range)) {
        const value = readRow(current(), key)
        // A commit since the last step may have deleted the row.
        if (value) yield [key, value]
      }
    },
    tip: () => current().tip,
    checkpoint: () => current().checkpoint.slice(),
    stage(changes) {
      const stage = stageOn(current(), changes)
      const staged = Object.freeze({ root: toHash(hashOf(stage.tree)) })
      stages.set(staged, stage)
      return staged
    },
    async commit(commit) {
      current()
      if (failed) throw failed
      const stage = stages.get(commit.staged)
      if (!stage || stage.on !== now || committing) throw storeFail.STALE_STAGE({})
      checkNext(now, commit)
      const next = knownAfter(commit, stage)
      committing = writeNext(commit.block.header.height, next, writesOf(commit, stage, next))
      return committing
    },
    async block(at) {
      const { view, tip } = current()
      const height = 'height' in at ? at.height : view.read(entry.blockHeight(at.id))
      if (height === undefined || !tip || height > tip.header.height) return undefined
      return readBlock(view, height)
    },
    async transaction(id) {
      return current().view.read(entry.transaction(id))
    },
    close() {
      closing ??= (async () => {
        // Who commits is told of a failure; closing waits only until LevelDB is done.
        await committing?.catch(() => undefined)
        await database.close()
      })()
      return closing
    },
  }
}

function knownAfter({ block, id, checkpoint }: BlockCommit, { on, changes, tree }: Stage): Known {
  const tip = { header: block.header, id }
  return { keys: on.keys.after(changes), tree, tip, checkpoint: checkpoint.slice() }
}

async function readCommitted(database: Database): Promise<Committed> {
  const view = database.view()
  const keys = orderedKeys(await database.stateKeys())
  const tip = view.read(entry.tip())
  if (!tip) {
    if (keys.size > 0) throw missing(entry.tip())
    return { view, keys, tree: EMPTY, tip: undefined, checkpoint: new Uint8Array() }
  }
  if (BigInt(keys.size) !== tip.rows) {
    throw merkleStoreFail.DAMAGED({ record: 'its rows', why: `there are ${keys.size} of ${tip.rows}` })
  }
  const { block, id } = readBlock(view, tip.height)
  if (block.header.stateRoot !== toHash(hashOf(tip.tree))) {
    throw merkleStoreFail.DAMAGED({
      record: entry.tip().name(),
      why: 'its state root is not that of its block',
    })
  }
  // LevelDB skips what is damaged in its log and goes on. The batch that is lost then had a block.
  const oldest = tip.height > RECENT_BLOCKS ? tip.height - RECENT_BLOCKS : 0n
  for (let height = oldest; height < tip.height; height++) readId(view, toHeight(height))
  return { view, keys, tree: tip.tree, tip: { header: block.header, id }, checkpoint: tip.checkpoint }
}

function readBlock(view: View, height: Height): StoredBlock {
  const body = view.read(entry.block(height))
  if (!body) throw missing(entry.block(height))
  return { ...body, id: readId(view, height) }
}

function readId(view: View, height: Height): Hash {
  const id = view.read(entry.blockId(height))
  if (!id) throw missing(entry.blockId(height))
  return id
}

function readRow({ view, keys }: Committed, key: StateKey): Uint8Array | undefined {
  const value = view.read(entry.row(key))
  if (!value && keys.has(key)) throw missing(entry.row(key))
  return value
}

function readNode(view: View, place: Uint8Array, hash: Uint8Array): TreeNode {
  const node = view.read(entry.node(place))
  if (!node) throw missing(entry.node(place))
  if (!equalBytes(hashOfNode(node), hash)) {
    throw merkleStoreFail.DAMAGED({
      record: entry.node(place).name(),
      why: 'its hash is not what its parent says',
    })
  }
  return node
}

function missing(from: Entry<unknown>): ChainError {
  return merkleStoreFail.DAMAGED({ record: from.name(), why: 'it is missing' })
}

function stageOn(on: Committed, changes: StateChanges): Stage {
  for (const [i, [key]] of changes.entries()) {
    if (i > 0 && key <= (changes[i - 1] as readonly [string, unknown])[0])
      throw merkleStoreFail.UNSORTED({ key })
  }
  const { tree, nodes } = changeTree({
    tree: on.tree,
    rows: changes.map(([key, value]) => rowChange(key, value)),
    load: (place, hash) => readNode(on.view, place, hash),
  })
  const writes = [
    ...changes.map(([key, value]) => write(entry.row(key), value)),
    ...nodes.map(([place, node]) => write(entry.node(place), node)),
  ]
  return { on, changes: [...changes], tree, writes }
}

function checkNext({ tip }: Committed, { block, staged }: BlockCommit): void {
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

/** The one batch of a block. */
function writesOf(commit: BlockCommit, stage: Stage, next: Known): readonly Write[] {
  const { block, id, seal, receipts, transactionIds } = commit
  const { height } = block.header
  const { keys, tree, checkpoint } = next
  const refusals = commit.refusals.map((refusal) => refusal && storable(refusal))
  return [
    ...stage.writes,
    write(entry.block(height), { block, seal, receipts, transactionIds, refusals }),
    write(entry.blockId(height), id),
    write(entry.blockHeight(id), height),
    ...transactionIds.map((transaction, index) => write(entry.transaction(transaction), { height, index })),
    write(entry.tip(), { height, tree, rows: BigInt(keys.size), checkpoint }),
  ]
}

/** Texts of a refusal come from modules, are local and for people: an odd or endless one is mended, and stops no block. */
function storable({ code, message, hint }: RefusalText): RefusalText {
  return { code, message: storableText(message), hint: storableText(hint) }
}

function storableText(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, REFUSAL_TEXT_BYTES_MAX)
  // `stream` leaves out a character that was cut.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
}
