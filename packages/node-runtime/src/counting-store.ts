// Counts of rows beside the state: what a query may ask at once, and no block may depend on.
import {
  type GenesisData,
  type Staged,
  type StateChanges,
  type StateKey,
  type Store,
  tablePrefix,
} from '@mmtchain/kernel'
import { type CountedKeys, countedKeys } from './counted-keys.ts'

/** How many added and removed rows are remembered, to follow a revert without reading the table anew. */
const UNDONE_MAX = 65_536

/** The rows of one table, and how to go back. */
interface Counted {
  keys: CountedKeys
  /** What blocks added or removed, the newest last. */
  log: { readonly height: bigint; readonly key: StateKey; readonly added: boolean }[]
  /** The height down to which the log says everything. */
  since: bigint
}

/**
 * The store with the counts of the tables that the chain's modules declare as `counted`: read once here, O(rows), then kept with every
 * commit and revert. A store of a chain without such a table stays as it is.
 */
export function countingStore(store: Store, { chain }: GenesisData): Store {
  const releases = [chain, ...chain.upgrades]
  const prefixes = new Set(
    releases.flatMap(({ modules }) =>
      modules.flatMap(({ spec }) =>
        Object.entries(spec.state)
          .filter(([, table]) => !table.cell && table.counted)
          .map(([name]) => tablePrefix(spec.name, name)),
      ),
    ),
  )
  if (prefixes.size === 0) return store
  const height = () => store.tip()?.header.height ?? -1n
  const tables = new Map([...prefixes].map((prefix) => [prefix, readTable(store, prefix, height())]))
  const staged = new WeakMap<Staged, ReadonlyMap<StateKey, StateChanges>>()

  function stage(changes: StateChanges): Staged {
    const made = store.stage(changes)
    staged.set(made, new Map([...prefixes].map((prefix) => [prefix, within(changes, prefix)])))
    return made
  }

  const commit: Store['commit'] = async (block) => {
    await store.commit(block)
    for (const [prefix, changes] of staged.get(block.staged) ?? [])
      follow(tables.get(prefix) as Counted, changes, block.block.header.height)
  }

  const revertTo: Store['revertTo'] = async (to) => {
    try {
      await store.revertTo(to)
    } finally {
      // A revert that failed on its way went as far as the tip says.
      for (const [prefix, table] of tables)
        if (!goBack(table, height())) tables.set(prefix, readTable(store, prefix, height()))
    }
  }

  return {
    get: (key) => store.get(key),
    entries: (range) => store.entries(range),
    tip: () => store.tip(),
    stage,
    commit,
    block: (at) => store.block(at),
    transaction: (id) => store.transaction(id),
    history: (args) => store.history(args),
    at: (height) => store.at(height),
    prove: (request) => store.prove(request),
    ...(store.proveIcs23 && {
      proveIcs23: (request) => (store.proveIcs23 as NonNullable<typeof store.proveIcs23>)(request),
    }),
    revertTo,
    checkpoint: () => store.checkpoint(),
    close: () => store.close(),
    countBefore: (prefix, key) => tables.get(prefix)?.keys.countBefore(key),
  }
}

function readTable(store: Store, prefix: StateKey, since: bigint): Counted {
  const keys = function* () {
    for (const [key] of store.entries({ prefix })) yield key
  }
  return { keys: countedKeys(keys()), log: [], since }
}

/** The changes of one table: changes ascend, so they stand together. */
function within(changes: StateChanges, prefix: StateKey): StateChanges {
  let [low, high] = [0, changes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((changes[middle]?.[0] ?? '') < prefix) low = middle + 1
    else high = middle
  }
  let end = low
  while (changes[end]?.[0].startsWith(prefix)) end++
  return changes.slice(low, end)
}

function follow(table: Counted, changes: StateChanges, height: bigint): void {
  for (const [key, value] of changes) {
    const added = value !== null
    if (added ? table.keys.add(key) : table.keys.remove(key)) table.log.push({ height, key, added })
  }
  if (table.log.length <= 2 * UNDONE_MAX) return
  table.log = table.log.slice(-UNDONE_MAX)
  table.since = table.log[0]?.height ?? height
}

/** Takes back what blocks above a height did. False when that is not known any more. */
function goBack(table: Counted, to: bigint): boolean {
  if (to < table.since) return false
  for (let last = table.log.at(-1); last && last.height > to; last = table.log.at(-1)) {
    if (last.added) table.keys.remove(last.key)
    else table.keys.add(last.key)
    table.log.pop()
  }
  return true
}
