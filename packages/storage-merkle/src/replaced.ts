// The record of what a block replaced: three lists, each with its length (u32, big-endian). A row as its path and the height before,
// a tree node as the length of its name and the name, a page as its name.
import type { PageRef } from './key-index.ts'
import { pageBytes } from './records.ts'
import { CHANGE_BYTES } from './staged-rows.ts'
import { type Arena, bornOf } from './tree-arena.ts'
import { type Place, placeLength, readU48, writePlace, writeU48 } from './tree-nodes.ts'
import { SAME, type TreeStage } from './tree-staging.ts'

/** What a block replaced: rows by their paths (`before` is −1 where there was none), tree nodes, pages. */
export interface Replaced {
  readonly rows: readonly { readonly path: Uint8Array; readonly before: number }[]
  readonly nodes: readonly Place[]
  readonly pages: readonly PageRef[]
}

const ROW_BYTES = 38
const PAGE_BYTES = 10
const NEVER = 2 ** 48 - 1

/** What of a stage is replaced, as it is stored. The old nodes must still be in the arena. */
export function replacedBytes(arena: Arena, stage: TreeStage, pages: readonly PageRef[]): Uint8Array {
  const { changes, outcomes, before, replaced } = stage
  let rows = 0
  for (const outcome of outcomes) if (outcome !== SAME) rows++
  let placesBytes = 0
  let places = 0
  for (const [depth, { nodes }] of replaced.entries()) {
    places += nodes.length
    placesBytes += nodes.length * (1 + placeLength(depth))
  }
  const body = new Uint8Array(12 + rows * ROW_BYTES + placesBytes + pages.length * PAGE_BYTES)
  const view = new DataView(body.buffer)
  let at = 0
  const count = (length: number) => {
    view.setUint32(at, length)
    at += 4
  }
  count(rows)
  for (let i = 0; i < changes.count; i++) {
    if (outcomes[i] === SAME) continue
    const path = i * CHANGE_BYTES
    for (let byte = 0; byte < 32; byte++) body[at + byte] = changes.bytes[path + byte] as number
    const height = before[i] as number
    writeU48(body, at + 32, height < 0 ? NEVER : height)
    at += ROW_BYTES
  }
  count(places)
  for (const [depth, { nodes, changes: below }] of replaced.entries()) {
    for (const [i, node] of nodes.entries()) {
      const start = (below[i] as number) * CHANGE_BYTES
      body[at] = placeLength(depth)
      writePlace(body, at + 1, { born: bornOf(arena, node), depth, paths: changes.bytes, start })
      at += 1 + placeLength(depth)
    }
  }
  count(pages.length)
  for (const ref of pages) {
    body.set(pageBytes(ref), at)
    at += PAGE_BYTES
  }
  return body
}

export function decodeReplaced(body: Uint8Array): Replaced {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = 0
  const take = (length: number) => {
    if (at + length > body.length) throw new RangeError('it ends early')
    at += length
    return body.subarray(at - length, at)
  }
  const each = <T>(read: () => T): readonly T[] => {
    const length = view.getUint32(at)
    at += 4
    const items: T[] = []
    for (let i = 0; i < length; i++) items.push(read())
    return items
  }
  const rows = each(() => {
    const row = take(ROW_BYTES)
    const before = readU48(row, 32)
    return { path: row.subarray(0, 32), before: before === NEVER ? -1 : before }
  })
  const nodes = each(() => {
    const place = take((take(1)[0] as number) % 256)
    return { born: readU48(place, 0), depth: place[6] as number, path: place.subarray(7) }
  })
  const pages = each(() => {
    const ref = take(PAGE_BYTES)
    return { born: readU48(ref, 0), number: new DataView(ref.buffer, ref.byteOffset).getUint32(6) }
  })
  return { rows, nodes, pages }
}
