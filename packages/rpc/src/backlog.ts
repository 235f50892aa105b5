/** What one caller has not taken of its answers yet. */
export interface Holder {
  /** Counts bytes more; a negative number gives them back. */
  hold(bytes: number): void
  close(): void
}

/**
 * Bounds the bytes of answers that callers have not taken, of all callers together: when there are more than `bytesMax`, the
 * caller that holds most of them is dropped. `drop` must end in `close`, at once or later.
 */
export interface Backlog {
  readonly bytes: number
  open(drop: () => void): Holder
}

interface Entry {
  bytes: number
  readonly drop: () => void
}

export function createBacklog(bytesMax: number): Backlog {
  const entries = new Set<Entry>()
  let total = 0

  function dropLargest(): void {
    let largest: Entry | undefined
    for (const one of entries) if (!largest || one.bytes > largest.bytes) largest = one
    if (!largest) return
    remove(largest)
    largest.drop()
  }

  function remove(entry: Entry): void {
    if (entries.delete(entry)) total -= entry.bytes
  }

  return {
    get bytes() {
      return total
    },
    open(drop) {
      const entry: Entry = { bytes: 0, drop }
      entries.add(entry)
      return {
        hold(bytes) {
          if (!entries.has(entry)) return
          entry.bytes += bytes
          total += bytes
          if (total > bytesMax) dropLargest()
        },
        close: () => remove(entry),
      }
    },
  }
}
