// Rows for cases of the compliance suite of stores.
import { type StateChanges, type StateKey, type Store, tablePrefix } from '@mmtchain/kernel'
import { type Random, times } from './sample-commit.ts'

export type Rows = Map<StateKey, Uint8Array>

export function apply(rows: Rows, changes: StateChanges): void {
  for (const [key, value] of changes) {
    if (value) rows.set(key, value)
    else rows.delete(key)
  }
}

/** What `entries` must give, by the plainest means. */
export function rangeOf(rows: Rows, range: Parameters<Store['entries']>[0] = { prefix: '' }) {
  const { prefix, from, reverse = false } = range
  const inside = [...rows].filter(
    ([key]) => key.startsWith(prefix) && (from === undefined || (reverse ? key <= from : key >= from)),
  )
  return inside.sort(([a], [b]) => (a < b === reverse ? 1 : -1))
}

// The keys are few, so that blocks meet each other's rows, and some are the beginning of others.

const TABLES = [tablePrefix('notes', 'rows'), tablePrefix('notes', 'rowsToo'), tablePrefix('tags', 'rows')]
const KEY_BYTES = ['00', '01', '7f', 'ff']

export function sampleKey(random: Random): StateKey {
  return random.pick(TABLES) + times(random.below(4), () => random.pick(KEY_BYTES)).join('')
}

export function sampleKeys(random: Random, count: number): readonly StateKey[] {
  return [...new Set(times(count, () => sampleKey(random)))].sort()
}

export function sampleChanges(random: Random, count: number): StateChanges {
  return sampleKeys(random, count).map((key) => {
    const value = random.below(3) === 0 ? null : random.bytes(random.pick([0, 1, 40, 300]))
    return [key, value] as const
  })
}
