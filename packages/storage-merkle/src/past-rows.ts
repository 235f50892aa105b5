// Rows that are no longer the tip's: which block replaced one, and what it was.
import { equalBytes, height as toHeight } from '@mmtchain/primitives'
import type { View } from './database.ts'
import { entry, missing, type Row, type Version } from './records.ts'
import { partOf } from './replaced-rows.ts'
import type { TreeRoot } from './state-tree.ts'
import { storedStep } from './tree-nodes.ts'

/** How many times a row may have been replaced before its block is looked for by halves. */
const STEPS_MAX = 4

/**
 * The row at a path that the block of height `since` wrote, and that is the one of its path at `low` still. `current` is that of the
 * tip, another one. Throws `store/DAMAGED`.
 */
export function pastRow(
  { view, version }: { readonly view: View; readonly version: Version },
  { path, since, low }: { readonly path: Uint8Array; readonly since: number; readonly low: bigint },
  current: Row | undefined,
): Row {
  let { height: high } = version
  // A row names the block that wrote it, which replaced the one before.
  let after = current
  for (let step = 0; after && step < STEPS_MAX; step++) {
    high = BigInt(after.since)
    after = replacedAt(view, high, path)
    if (after?.since === since) return after
  }
  // From the block that replaced it on no tree has the row.
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (sinceIn(view, versionAt(view, middle).tree, path) === since) low = middle
    else high = middle
  }
  const found = replacedAt(view, high, path)
  if (found?.since !== since) throw missing(entry.row(path))
  return found
}

/** The row at a path before a block that changed it. */
function replacedAt(view: View, height: bigint, path: Uint8Array): Row | undefined {
  const { replacedBits } = versionAt(view, height)
  const from = entry.replacedRows({ height, part: partOf(path, 0, replacedBits) })
  const rows = view.read(from)
  const at = rows?.find(path) ?? -1
  if (!rows || at < 0) throw missing(from)
  return rows.before(at)
}

function versionAt(view: View, height: bigint): Version {
  const from = entry.version(toHeight(height))
  const found = view.read(from)
  if (!found) throw missing(from)
  return found
}

/** The height of the block that wrote the row at a path, −1 for none. */
function sinceIn(view: View, root: TreeRoot, path: Uint8Array): number {
  if (root.kind === 'empty') return -1
  if (root.kind === 'leaf') return equalBytes(root.path, path) ? root.since : -1
  let { born } = root
  for (let depth = 0; ; depth++) {
    const { key, name } = entry.node({ born, depth, path })
    const from = { key, name, decode: (body: Uint8Array) => storedStep(body, path, depth) }
    const step = view.read(from)
    if (!step) throw missing(from)
    if (step.kind !== 'node') return step.height
    born = step.height
  }
}
