// The rank of any candidate, for explorers: kept by a node beside its state, never a part of it.
import { type StateChanges, type StateReader, tablePrefix } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'

/** Ranks of all candidates. A rank costs about the square root of their number, in steps over memory. */
export interface RankIndex {
  /** 1 for the candidate with most votes; undefined for who is not ranked. */
  rank(delegate: Address): number | undefined
  /** The candidates from a rank on, in order. */
  from(rank: number, limit: number): readonly Address[]
  readonly size: number
  /** Takes over what a committed block changed. */
  apply(changes: StateChanges): void
}

const PREFIX = tablePrefix('election', 'ranking')
const CHUNK_MAX = 1_024
const CHUNK_HALF = 512

/** Reads the ranking once, at the start of a node, and follows it from then on. */
export function rankIndex(state: StateReader): RankIndex {
  // Keys in ascending order, in chunks, so that putting one in moves few others.
  const chunks: string[][] = [[]]
  const keyOf = new Map<Address, string>()
  for (const [key] of state.entries({ prefix: PREFIX })) {
    const last = chunks.at(-1) as string[]
    if (last.length === CHUNK_HALF) chunks.push([key])
    else last.push(key)
    keyOf.set(delegateIn(key), key)
  }

  function chunkOf(key: string): number {
    let low = 0
    let high = chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((chunks[middle]?.[0] ?? '') <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  function add(key: string): void {
    const at = chunkOf(key)
    const chunk = chunks[at] as string[]
    const place = placeIn(chunk, key)
    if (chunk[place] === key) return
    chunk.splice(place, 0, key)
    keyOf.set(delegateIn(key), key)
    if (chunk.length > CHUNK_MAX) chunks.splice(at + 1, 0, chunk.splice(CHUNK_HALF))
  }

  function remove(key: string): void {
    const at = chunkOf(key)
    const chunk = chunks[at] as string[]
    const place = placeIn(chunk, key)
    if (chunk[place] !== key) return
    chunk.splice(place, 1)
    if (keyOf.get(delegateIn(key)) === key) keyOf.delete(delegateIn(key))
    if (chunk.length === 0 && chunks.length > 1) chunks.splice(at, 1)
  }

  return {
    get size() {
      return keyOf.size
    },
    rank(delegate) {
      const key = keyOf.get(delegate)
      if (key === undefined) return undefined
      const at = chunkOf(key)
      const before = chunks.slice(0, at).reduce((sum, chunk) => sum + chunk.length, 0)
      return before + placeIn(chunks[at] as string[], key) + 1
    },
    from(rank, limit) {
      let skip = rank - 1
      const found: Address[] = []
      for (const chunk of chunks) {
        if (skip < chunk.length) found.push(...chunk.slice(skip, skip + limit - found.length).map(delegateIn))
        skip = Math.max(0, skip - chunk.length)
        if (found.length === limit) break
      }
      return found
    },
    apply(changes) {
      for (const [key, value] of changes) {
        if (!key.startsWith(PREFIX)) continue
        if (value === null) remove(key)
        else add(key)
      }
    },
  }
}

/** A key ends with the 32 bytes of the delegate's address. */
function delegateIn(key: string): Address {
  return `0x${key.slice(-64)}` as Address
}

function placeIn(chunk: readonly string[], key: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((chunk[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
