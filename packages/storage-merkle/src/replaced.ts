// The record of what a block replaced beside rows: two lists, each with its length (u32, big-endian). A tree node as the length of its
// name and the name, a page as its name.
import type { PageRef } from './key-index.ts'
import { pageBytes } from './records.ts'
import { CHANGE_BYTES } from './staged-rows.ts'
import { type Arena, bornOf } from './tree-arena.ts'
import { type Place, placeLength, readU48, writePlace } from './tree-nodes.ts'
import type { TreeStage } from './tree-staging.ts'

/** The tree nodes and pages that a block replaced. */
export interface Replaced {
  readonly nodes: readonly Place[]
  readonly pages: readonly PageRef[]
}

const PAGE_BYTES = 10

/** What of a tree is replaced, as it is stored. The old nodes must still be in the arena. */
export function replacedBytes(arena: Arena, stage: TreeStage, pages: readonly PageRef[]): Uint8Array {
  const { changes, replaced } = stage
  let placesBytes = 0
  let places = 0
  for (const [depth, { nodes }] of replaced.entries()) {
    places += nodes.length
    placesBytes += nodes.length * (1 + placeLength(depth))
  }
  const body = new Uint8Array(8 + placesBytes + pages.length * PAGE_BYTES)
  const view = new DataView(body.buffer)
  let at = 0
  const count = (length: number) => {
    view.setUint32(at, length)
    at += 4
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
  const nodes = each(() => {
    const place = take((take(1)[0] as number) % 256)
    return { born: readU48(place, 0), depth: place[6] as number, path: place.subarray(7) }
  })
  const pages = each(() => {
    const ref = take(PAGE_BYTES)
    return { born: readU48(ref, 0), number: new DataView(ref.buffer, ref.byteOffset).getUint32(6) }
  })
  return { nodes, pages }
}
