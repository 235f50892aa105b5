import type { StateChanges, StateKey, StateReader } from '@mmtchain/kernel'

/**
 * The keys of all rows in byte order, for range reads: LevelDB has no synchronous cursors. It holds every key in memory;
 * an index on disk can take its place behind this interface. A value never changes, so a range that is being read
 * stays what it was when it began.
 */
export interface OrderedKeys {
  readonly size: number
  has(key: StateKey): boolean
  range(range: Parameters<StateReader['entries']>[0]): Iterable<StateKey>
  /** The keys after these changes. */
  after(changes: StateChanges): OrderedKeys
}

/** Of keys that ascend. */
export function orderedKeys(keys: readonly StateKey[]): OrderedKeys {
  const ordered: OrderedKeys = {
    size: keys.length,
    has: (key) => keys[firstNotBelow(keys, key)] === key,
    *range({ prefix, from, reverse = false }) {
      // `~` sorts above every hex digit, hence ends the prefix; `!` sorts below them, hence follows `from` itself.
      const low = reverse || from === undefined || from < prefix ? prefix : from
      const high = reverse && from !== undefined && from < `${prefix}~` ? `${from}!` : `${prefix}~`
      const [first, end] = [firstNotBelow(keys, low), firstNotBelow(keys, high)]
      if (reverse) for (let at = end - 1; at >= first; at--) yield keys[at] as StateKey
      else for (let at = first; at < end; at++) yield keys[at] as StateKey
    },
    after(changes) {
      const same = changes.every(([key, value]) => ordered.has(key) === (value !== null))
      return same ? ordered : orderedKeys(merged(keys, changes))
    },
  }
  return ordered
}

function merged(keys: readonly StateKey[], changes: StateChanges): readonly StateKey[] {
  const after: StateKey[] = []
  let at = 0
  for (const [key, value] of changes) {
    for (const end = firstNotBelow(keys, key); at < end; at++) after.push(keys[at] as StateKey)
    if (keys[at] === key) at++
    if (value !== null) after.push(key)
  }
  for (; at < keys.length; at++) after.push(keys[at] as StateKey)
  return after
}

/** The first index whose key is not below `bound`. */
function firstNotBelow(keys: readonly StateKey[], bound: StateKey): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as StateKey) < bound) low = middle + 1
    else high = middle
  }
  return low
}
