/** What one caller has sent of requests that are not answered yet, and has not taken of its answers. */
export interface Holder {
  /** Counts bytes more; a negative number gives them back. */
  hold(bytes: number): void
  close(): void
}

/**
 * Bounds the bytes that wait, of all callers together: of requests until they are answered, also of those that never come to
 * their end, and of answers until they are taken. When there are more than `bytesMax`, the caller that holds most is dropped. `drop` must end in `close`, at once or later.
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
