// A block that is being written, as the next one sees it: what it changes, and below that the tip.
import { type StateReader, storeFail } from '@mmtchain/kernel'
import type { Version } from './records.ts'
import { CHANGE_BYTES, type StagedRows, stagedValue } from './staged-rows.ts'
import type { Committed, State } from './state.ts'

/** A block whose commit has begun. */
export interface Ahead {
  readonly tip: NonNullable<Committed['tip']>
  readonly version: Version
  readonly rows: StagedRows
  /** The node above the root of its tree. */
  readonly top: number
  /** Whether the block before it is on disk. */
  isNext: boolean
  /** What reads of the tip see once the block is on disk. */
  committed: Committed | undefined
}

/** For each row the one of its path among others, −1 for none. Both are in the order of their paths. */
export function sameRows(rows: StagedRows, others: StagedRows): Int32Array {
  const found = new Int32Array(rows.count).fill(-1)
  let other = 0
  for (let i = 0; i < rows.count; i++) {
    let order = 1
    while (other < others.count) {
      order = comparePaths(rows, i, others, other)
      if (order <= 0) break
      other++
    }
    if (order === 0 && other < others.count) found[i] = other
  }
  return found
}

function comparePaths(a: StagedRows, i: number, b: StagedRows, j: number): number {
  for (let byte = 0; byte < CHANGE_BYTES / 2; byte++) {
    const difference =
      (a.bytes[i * CHANGE_BYTES + byte] as number) - (b.bytes[j * CHANGE_BYTES + byte] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Reads the state after a block that is being written, or is the tip by now. `check` throws when it is neither. */
export function readerAhead(state: State, ahead: Ahead, check: () => void): StateReader {
  let numbers: Map<string, number> | undefined
  function get(key: string): Uint8Array | undefined {
    check()
    if (ahead.committed) return state.reader.get(key)
    numbers ??= new Map(ahead.rows.keys.map((key, i) => [key, i]))
    const i = numbers.get(key)
    if (i === undefined) return state.reader.get(key)
    return ahead.rows.written[i] ? stagedValue(ahead.rows, i).slice() : undefined
  }
  return {
    get,
    *entries(range) {
      check()
      for (const key of state.index.keys(ahead.version.index, range)) {
        const value = get(key)
        if (!value) throw storeFail.STALE_STAGE({})
        yield [key, value]
        check()
      }
    },
  }
}
