import type { Codec, KeyCodec } from '@mmtchain/codec'

/** Rows of the module's state by key. */
export interface Table<K, V, Absent> {
  readonly key: KeyCodec<K>
  readonly value: Codec<V>
  readonly absent: Absent
  readonly cell?: false
  readonly counted?: true
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
  /**
   * How many rows stand before this key. A node answers for a `counted` table in O(log n), for queries. Everywhere else, in
   * blocks too, all those rows are visited.
   */
  countBefore(key: K): number
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

/** A table of the module's state. `absent` is what `get` returns when the key has no row; `undefined` unless given. */
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>): Table<K, V, undefined>
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>, absent: NoInfer<V>): Table<K, V, V>
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>, absent?: V): Table<K, V, V | undefined> {
  return { key, value, absent }
}

/** The table with an index beside the state of each node, which no block depends on: `countBefore` is then fast in queries. */
export function counted<K, V, Absent>(rows: Table<K, V, Absent>): Table<K, V, Absent> {
  return { ...rows, counted: true }
}

/** A single value of the module's state. */
export function cell<V>(value: Codec<V>): Cell<V, undefined>
export function cell<V>(value: Codec<V>, absent: NoInfer<V>): Cell<V, V>
export function cell<V>(value: Codec<V>, absent?: V): Cell<V, V | undefined> {
  return { cell: true, value, absent }
}
