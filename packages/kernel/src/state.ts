import { type Codec, decode, decodeKey, encode, type KeyCodec } from '@mmtchain/codec'
import { toHex, utf8 } from '@mmtchain/primitives'
import type { StateChanges, StateKey, StateReader } from './ports.ts'

/** Rows of the module's state by key. */
export interface Table<K, V, Absent> {
  readonly key: KeyCodec<K>
  readonly value: Codec<V>
  readonly absent: Absent
  readonly cell?: false
}
/** A single row. */
export interface Cell<V, Absent> {
  readonly cell: true
  readonly value: Codec<V>
  readonly absent: Absent
}
export interface Tables {
  readonly [name: string]: Table<unknown, unknown, unknown> | Cell<unknown, unknown>
}

/** The first members of a composite key. */
export type KeyPrefix<K> = K extends readonly [infer First, ...infer Rest]
  ? readonly [First] | readonly [First, ...KeyPrefix<Rest>]
  : readonly []

/** Which rows `entries` visits, in ascending byte order of their keys, or descending with `reverse`. */
export interface Range<K> {
  /** Only keys that begin with these members of a tuple key. */
  readonly prefix?: KeyPrefix<K>
  /** The first key to visit. */
  readonly from?: K
  readonly limit?: number
  readonly reverse?: boolean
}

export interface TableReader<K, V, Absent> {
  get(key: K): V | Absent
  has(key: K): boolean
  entries(range?: Range<K>): IterableIterator<readonly [K, V]>
}
export interface TableWriter<K, V, Absent> extends TableReader<K, V, Absent> {
  set(key: K, value: V): undefined
  delete(key: K): undefined
}
export interface CellReader<V, Absent> {
  get(): V | Absent
}
export interface CellWriter<V, Absent> extends CellReader<V, Absent> {
  set(value: V): undefined
}
export type Readers<S> = {
  readonly [N in keyof S]: S[N] extends Cell<infer V, infer A>
    ? CellReader<V, A>
    : S[N] extends Table<infer K, infer V, infer A>
      ? TableReader<K, V, A>
      : never
}
export type Writers<S> = {
  readonly [N in keyof S]: S[N] extends Cell<infer V, infer A>
    ? CellWriter<V, A>
    : S[N] extends Table<infer K, infer V, infer A>
      ? TableWriter<K, V, A>
      : never
}

type Rows = Map<string, Uint8Array | null>

/**
 * The changes of one block on top of a store. Each table keeps its changed rows, `null` for deleted ones; a log of what
 * was overwritten makes savepoints cheap.
 */
export interface Journal {
  readonly base: StateReader
  readonly tables: Map<StateKey, Rows>
  readonly log: {
    readonly rows: Rows
    readonly key: string
    readonly previous: Uint8Array | null | undefined
  }[]
}

export function newJournal(base: StateReader): Journal {
  return { base, tables: new Map(), log: [] }
}

/** A point to return to with `rollback`. */
export function savepoint(journal: Journal): number {
  return journal.log.length
}

/** Takes back everything since the savepoint. */
export function rollback(journal: Journal, point: number): void {
  while (journal.log.length > point) {
    const { rows, key, previous } = journal.log.pop() as Journal['log'][number]
    if (previous === undefined) rows.delete(key)
    else rows.set(key, previous)
  }
}

/** All changed rows, in ascending order of their keys. */
export function changesOf(journal: Journal): StateChanges {
  const changes: [StateKey, Uint8Array | null][] = []
  for (const [prefix, rows] of journal.tables)
    for (const [key, value] of rows) changes.push([prefix + key, value])
  return changes.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The beginning of every key of a table, as hex (formats.md, section 9). */
export function tablePrefix(module: string, table: string): StateKey {
  return `${toHex(utf8(module))}00${toHex(utf8(table))}00`
}

/** Access to one table or cell through the journal. A writer is also the reader: types keep queries from writing. */
export function openTable(journal: Journal, module: string, name: string, declared: Tables[string]): object {
  const prefix = tablePrefix(module, name)
  const rows: Rows = journal.tables.get(prefix) ?? new Map()
  journal.tables.set(prefix, rows)
  const read = (key: string) => {
    const changed = rows.get(key)
    return changed === undefined ? journal.base.get(prefix + key) : (changed ?? undefined)
  }
  const write = (key: string, value: Uint8Array | null) => {
    journal.log.push({ rows, key, previous: rows.get(key) })
    rows.set(key, value)
    return undefined
  }
  const { value: codec, absent } = declared
  const decoded = (bytes: Uint8Array | undefined) => (bytes === undefined ? absent : decode(codec, bytes))
  if (declared.cell === true) {
    return { get: () => decoded(read('')), set: (value: unknown) => write('', encode(codec, value)) }
  }
  const { key: keyCodec } = declared
  return {
    get: (key: unknown) => decoded(read(keyCodec.writeKey(key))),
    has: (key: unknown) => read(keyCodec.writeKey(key)) !== undefined,
    set: (key: unknown, value: unknown) => write(keyCodec.writeKey(key), encode(codec, value)),
    delete(key: unknown) {
      const encoded = keyCodec.writeKey(key)
      if (read(encoded) !== undefined) write(encoded, null)
      return undefined
    },
    *entries(range: { prefix?: readonly unknown[]; from?: unknown; limit?: number; reverse?: boolean } = {}) {
      const within = range.prefix ? (keyCodec.writeKeyPrefix?.(range.prefix) ?? '') : ''
      const from = range.from === undefined ? undefined : prefix + keyCodec.writeKey(range.from)
      let left = range.limit ?? Number.POSITIVE_INFINITY
      for (const [key, bytes] of merged(journal.base, rows, prefix, {
        within: prefix + within,
        from,
        reverse: range.reverse ?? false,
      })) {
        if (left-- <= 0) return
        yield [decodeKey(keyCodec, key.slice(prefix.length)), decode(codec, bytes)] as const
      }
    },
  }
}

/** The store's rows with the journal's laid over them. Changes made while iterating do not alter the iteration. */
function* merged(
  base: StateReader,
  rows: Rows,
  prefix: StateKey,
  range: { readonly within: StateKey; readonly from: StateKey | undefined; readonly reverse: boolean },
): Generator<readonly [StateKey, Uint8Array]> {
  const { within, from, reverse } = range
  const before = (a: string, b: string) => (reverse ? a > b : a < b)
  const changed = [...rows]
    .map(([key, value]) => [prefix + key, value] as const)
    .filter(([key]) => key.startsWith(within) && (from === undefined || !before(key, from)))
    .sort(([a], [b]) => (before(a, b) ? -1 : 1))
  const hidden = new Set(changed.map(([key]) => key))
  let next = 0
  for (const [key, value] of base.entries({ prefix: within, from, reverse })) {
    while (next < changed.length && before((changed[next] as readonly [string, unknown])[0], key)) {
      const [changedKey, changedValue] = changed[next++] as readonly [string, Uint8Array | null]
      if (changedValue) yield [changedKey, changedValue]
    }
    if (!hidden.has(key)) yield [key, value]
  }
  for (; next < changed.length; next++) {
    const [changedKey, changedValue] = changed[next] as readonly [string, Uint8Array | null]
    if (changedValue) yield [changedKey, changedValue]
  }
}
