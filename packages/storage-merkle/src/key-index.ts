// All state keys in byte order, as a B+ tree of pages on disk. A page never changes: a block writes new pages in place of those
// that it changes, so every kept height has its own order of keys.
import type { StateKey, StateReader } from '@mmtchain/kernel'
import { firstNotBelow } from '@mmtchain/primitives'
import { cacheOf } from './cache.ts'

/** The most keys or pages of one page. Small pages make small writes: a new row writes one of them for each level. */
const ENTRIES_MAX = 48
/** A page with fewer is joined with its neighbour when a block changes it. */
const ENTRIES_MIN = 12

/** The size of pages that are built at once, so that some more keys fit in. */
const ENTRIES_BUILT = 36

/** The name of a page: the block that wrote it, and a number within that block. */
export interface PageRef {
  readonly born: number
  readonly number: number
}

/** A leaf has keys. An inner page has pages, and for each a bound that no key below it is less than; the first is empty. */
export interface Page {
  readonly keys: readonly StateKey[]
  readonly pages: readonly PageRef[] | undefined
}

/** A row that a block makes, or deletes. */
export interface KeyChange {
  readonly key: StateKey
  readonly isNew: boolean
}

export interface IndexChange {
  readonly root: PageRef | undefined
  readonly made: readonly (readonly [PageRef, Page])[]
  readonly replaced: readonly PageRef[]
}

export interface KeyIndex {
  keys(root: PageRef | undefined, range: Parameters<StateReader['entries']>[0]): Generator<StateKey>
  /** The index after keys came and went, which are given in order. New pages are of the block `born`, numbered from `first`. */
  change(args: {
    readonly root: PageRef | undefined
    readonly changes: readonly KeyChange[]
    readonly born: number
    readonly first: number
  }): IndexChange
  /** Holds pages that are not on disk yet, for the block after theirs. */
  hold(pages: IndexChange['made']): void
  /** Remembers pages that are on disk now. */
  remember(pages: IndexChange['made']): void
  forget(): void
}

/** A page under change with the least key that may be below it: as it is on disk, a new leaf, or a new inner page. */
type Draft = { readonly low: StateKey } & (
  | { readonly ref: PageRef }
  | { readonly keys: readonly StateKey[] }
  | { readonly drafts: readonly Draft[] }
)

/** `load` reads a stored page. `bytesMax` bounds the pages that are held in memory. */
export function keyIndex(options: {
  readonly load: (ref: PageRef) => Page
  readonly bytesMax: number
}): KeyIndex {
  const cache = cacheOf<string, Page>(options.bytesMax)
  const held = new Map<string, Page>()

  function pageOf(ref: PageRef): Page {
    const name = nameOf(ref)
    const cached = cache.get(name) ?? held.get(name)
    if (cached) return cached
    const page = options.load(ref)
    cache.set(name, page, memoryOf(page))
    return page
  }

  function* ascending(ref: PageRef, low: StateKey, high: StateKey): Generator<StateKey> {
    const { keys, pages } = pageOf(ref)
    for (let at = pages ? lastNotAbove(keys, low) : firstNotBelow(keys, low); at < keys.length; at++) {
      const key = keys[at] as StateKey
      if (key >= high) return
      if (pages) yield* ascending(pages[at] as PageRef, low, high)
      else yield key
    }
  }

  function* descending(ref: PageRef, low: StateKey, high: StateKey): Generator<StateKey> {
    const { keys, pages } = pageOf(ref)
    const lowest = pages ? lastNotAbove(keys, low) : firstNotBelow(keys, low)
    for (let at = firstNotBelow(keys, high) - 1; at >= lowest; at--) {
      if (pages) yield* descending(pages[at] as PageRef, low, high)
      else yield keys[at] as StateKey
    }
  }

  /** Drafts of the pages or keys of a page that is going to be replaced. */
  function opened(draft: Draft, replaced: PageRef[]): Exclude<Draft, { readonly ref: PageRef }> {
    if (!('ref' in draft)) return draft
    const { low } = draft
    replaced.push(draft.ref)
    const { keys, pages } = pageOf(draft.ref)
    if (!pages) return { low, keys }
    return { low, drafts: pages.map((ref, i) => ({ low: i === 0 ? low : (keys[i] as StateKey), ref })) }
  }

  /** What takes the place of a page after the changes `from` to before `to`: pages of one level that are not too large. */
  function changed(
    draft: Draft,
    changes: readonly KeyChange[],
    from: number,
    to: number,
    replaced: PageRef[],
  ): readonly Draft[] {
    if (from === to) return [draft]
    const page = opened(draft, replaced)
    if ('keys' in page) return splitKeys(page.low, merged(page.keys, changes, from, to))
    const drafts: Draft[] = []
    let at = from
    for (const [i, child] of page.drafts.entries()) {
      const end = page.drafts[i + 1]?.low
      const first = at
      while (at < to && (end === undefined || (changes[at] as KeyChange).key < end)) at++
      drafts.push(...changed(child, changes, first, at, replaced))
    }
    return splitDrafts(page.low, joined(drafts, replaced))
  }

  /** Joins each page that has become small with the one before it. */
  function joined(drafts: readonly Draft[], replaced: PageRef[]): readonly Draft[] {
    const result: Draft[] = []
    for (const draft of drafts) {
      const before = result.at(-1)
      if (!before || (!isSmall(before) && !isSmall(draft))) {
        result.push(draft)
        continue
      }
      const [left, right] = [opened(before, replaced), opened(draft, replaced)]
      result.pop()
      if ('keys' in left && 'keys' in right)
        result.push(...splitKeys(left.low, [...left.keys, ...right.keys]))
      else if ('drafts' in left && 'drafts' in right)
        result.push(...splitDrafts(left.low, [...left.drafts, ...right.drafts]))
    }
    return result
  }

  return {
    *keys(root, { prefix, from, reverse = false }) {
      if (!root) return
      // `~` sorts above every hex digit, hence ends the prefix; `!` sorts below them, hence follows `from` itself.
      const low = reverse || from === undefined || from < prefix ? prefix : from
      const high = reverse && from !== undefined && from < `${prefix}~` ? `${from}!` : `${prefix}~`
      yield* reverse ? descending(root, low, high) : ascending(root, low, high)
    },
    change({ root, changes, born, first }) {
      const made: (readonly [PageRef, Page])[] = []
      const replaced: PageRef[] = []
      if (changes.length === 0) return { root, made, replaced }
      const write = (draft: Draft): PageRef => {
        if ('ref' in draft) return draft.ref
        const pages = 'drafts' in draft ? draft.drafts.map(write) : undefined
        const keys = 'drafts' in draft ? draft.drafts.map(({ low }, i) => (i === 0 ? '' : low)) : draft.keys
        const ref = { born, number: first + made.length }
        made.push([ref, { keys, pages }])
        return ref
      }
      let top = changed(
        root ? { low: '', ref: root } : { low: '', keys: [] },
        changes,
        0,
        changes.length,
        replaced,
      )
      while (top.length > 1) top = splitDrafts('', top)
      let [draft] = top
      // A root with one page below it is that page.
      while (draft && 'drafts' in draft && draft.drafts.length === 1) draft = draft.drafts[0]
      return { root: draft && write(draft), made, replaced }
    },
    hold(pages) {
      for (const [ref, page] of pages) held.set(nameOf(ref), page)
    },
    remember(pages) {
      for (const [ref, page] of pages) {
        cache.set(nameOf(ref), page, memoryOf(page))
        held.delete(nameOf(ref))
      }
    },
    forget() {
      cache.clear()
      held.clear()
    },
  }
}

/** The pages of an index of ascending keys, and at the end the name of its root. */
export async function* pagesOf(
  keys: AsyncIterable<StateKey>,
  born: number,
): AsyncGenerator<readonly [PageRef, Page], PageRef | undefined> {
  let number = 0
  let level: { readonly low: StateKey; readonly ref: PageRef }[] = []
  const made = (page: Page, low: StateKey) => {
    const ref = { born, number: number++ }
    level.push({ low, ref })
    return [ref, page] as const
  }
  let some: StateKey[] = []
  let before: StateKey | undefined
  const low = () => (before === undefined ? '' : between(before, some[0] as StateKey))
  for await (const key of keys) {
    if (some.length === ENTRIES_BUILT) {
      yield made({ keys: some, pages: undefined }, low())
      before = some.at(-1)
      some = []
    }
    some.push(key)
  }
  if (some.length > 0) yield made({ keys: some, pages: undefined }, low())
  while (level.length > 1) {
    const below = level
    level = []
    for (let at = 0; at < below.length; at += ENTRIES_BUILT) {
      const part = below.slice(at, at + ENTRIES_BUILT)
      const lows = part.map((entry, i) => (i === 0 ? '' : entry.low))
      yield made({ keys: lows, pages: part.map(({ ref }) => ref) }, (part[0] as { low: StateKey }).low)
    }
  }
  return level[0]?.ref
}

function isSmall(draft: Draft): boolean {
  if ('ref' in draft) return false
  return ('keys' in draft ? draft.keys : draft.drafts).length < ENTRIES_MIN
}

function merged(
  keys: readonly StateKey[],
  changes: readonly KeyChange[],
  from: number,
  to: number,
): readonly StateKey[] {
  const result: StateKey[] = []
  let at = 0
  for (let i = from; i < to; i++) {
    const { key, isNew } = changes[i] as KeyChange
    while (at < keys.length && (keys[at] as StateKey) < key) result.push(keys[at++] as StateKey)
    if (keys[at] === key) at++
    if (isNew) result.push(key)
  }
  while (at < keys.length) result.push(keys[at++] as StateKey)
  return result
}

/** Leaves of about the same size; none for no keys. */
function splitKeys(low: StateKey, keys: readonly StateKey[]): readonly Draft[] {
  return pieces(keys).map(({ items, before }) => {
    return { low: before === undefined ? low : between(before, items[0] as StateKey), keys: items }
  })
}

function splitDrafts(low: StateKey, drafts: readonly Draft[]): readonly Draft[] {
  return pieces(drafts).map(({ items, before }) => {
    return { low: before === undefined ? low : (items[0] as Draft).low, drafts: items }
  })
}

function pieces<T>(
  items: readonly T[],
): readonly { readonly items: readonly T[]; readonly before: T | undefined }[] {
  const count = Math.ceil(items.length / ENTRIES_MAX)
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((items.length * i) / count)
    const end = Math.floor((items.length * (i + 1)) / count)
    return { items: items.slice(start, end), before: i === 0 ? undefined : items[start - 1] }
  })
}

/** The shortest beginning of `high` that is above `low`, in whole bytes. */
function between(low: StateKey, high: StateKey): StateKey {
  let digits = 2
  while (high.slice(0, digits) <= low) digits += 2
  return high.slice(0, digits)
}

function nameOf({ born, number }: PageRef): string {
  return `${born}/${number}`
}

function memoryOf({ keys, pages }: Page): number {
  let bytes = 200
  for (const key of keys) bytes += 32 + key.length
  return bytes + 64 * (pages?.length ?? 0)
}

/** The last index of ascending bounds, the first of which is empty, whose bound is not above `key`. */
function lastNotAbove(bounds: readonly StateKey[], key: StateKey): number {
  const first = firstNotBelow(bounds, key)
  return bounds[first] === key ? first : Math.max(first - 1, 0)
}
