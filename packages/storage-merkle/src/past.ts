// What becomes of states that are no longer the tip's: blocks are taken back, old states are pruned.
import { type Hash, type Height, height as toHeight } from '@mmtchain/primitives'
import { type Database, put, remove, type View, type Write } from './database.ts'
import { entry, keysBornAt, missing, type Readable } from './records.ts'
import type { ReplacedRows } from './replaced-rows.ts'

/** Deletions of one batch of pruning: some milliseconds of work, so that a block never waits long for it. */
const DELETIONS_MAX = 4096

/** The writes that take back the block of a height, but for the tip. The state before it must be kept. */
export async function undoOf(args: {
  readonly database: Database
  readonly view: View
  readonly height: Height
}): Promise<readonly Write[]> {
  const { database, view, height } = args
  const writes: Write[] = []
  for (const part of partsOf(view, height)) {
    const rows = view.read(part)
    if (!rows) throw missing(part)
    for (let i = 0; i < rows.count; i++) {
      const to = entry.row(rows.path(i))
      const before = rows.before(i)
      writes.push(before ? put(to, before) : remove(to))
    }
    writes.push(remove(part))
  }
  for (const kind of ['n', 'p'] as const)
    for await (const key of database.keys(keysBornAt(kind, Number(height)))) writes.push(remove({ key }))
  return [
    ...writes,
    ...blockRemovals(view, height),
    remove(entry.replaced(height)),
    remove(entry.version(height)),
  ]
}

/** The entries with the rows that a block replaced. */
function partsOf(view: View, height: Height): readonly Readable<ReplacedRows>[] {
  const version = view.read(entry.version(height))
  if (!version) throw missing(entry.version(height))
  return Array.from({ length: 2 ** version.replacedBits }, (_, part) => entry.replacedRows({ height, part }))
}

function blockRemovals(view: View, height: Height): readonly Write[] {
  const id = view.read(entry.blockId(height))
  const body = view.read(entry.block(height))
  if (!id) throw missing(entry.blockId(height))
  if (!body) throw missing(entry.block(height))
  return [
    remove(entry.block(height)),
    remove(entry.blockId(height)),
    remove(entry.blockHeight(id)),
    ...body.transactionIds.map((transaction: Hash) => remove(entry.transaction(transaction))),
    ...body.accounts.map((account) => remove(entry.history(account, height))),
  ]
}

/**
 * The deletions that drop the state of a height, in pieces. What only that state used is what the next block replaced. The record
 * of it goes last, so that pruning can be begun anew after a crash. Throws `store/DAMAGED`.
 */
export function* prunedBy(view: View, height: Height): Generator<readonly Write[]> {
  const next = toHeight(height + 1n)
  const replaced = view.read(entry.replaced(next))
  // Another pruning may have dropped both, which one batch does.
  if (!replaced && view.read(entry.version(height))) throw missing(entry.replaced(next))
  const removals = replaced
    ? [...partsOf(view, next), ...replaced.nodes.map(entry.node), ...replaced.pages.map(entry.page)]
    : []
  for (let at = 0; at < removals.length; at += DELETIONS_MAX)
    yield removals.slice(at, at + DELETIONS_MAX).map(remove)
  yield [remove(entry.version(height)), remove(entry.replaced(next))]
}
