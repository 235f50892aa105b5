import { type Codec, checkEncodable, decode, decodeKey, encode } from '@mmtchain/codec'
import { firstNotBelow, toHex, utf8 } from '@mmtchain/primitives'
import type { Tables } from '../declare/tables.ts'
import type { StateChanges, StateKey, StateReader } from '../ports.ts'

/** A row's place in its table and in the store, and what the block has made of it. */
interface Row {
  readonly key: string
  readonly stateKey: StateKey
  /** What it holds now, `null` when it is deleted, undefined while it is as in the store. */
  changed: Content | null | undefined
}

/**
 * The bytes of a row, or the value itself where that is a bigint: balances and counters are written many times a block,
 * and their bytes are needed once.
 */
type Content = Uint8Array | bigint

/** The rows of one table that the block has written, by key; those whose change was rolled back stay. */
type Rows = Map<string, Row>

/** The changed rows of one table. */
interface ChangedRows {
  readonly rows: Rows
  readonly value: Codec<unknown>
  /**
   * The keys of `rows` in ascending order, from the first range read on. The array is copied before it grows while a range
   * read goes on.
   */
  keys: string[] | undefined
  readers: number
  /** The handlers' access to the table: one for all of a journal, so that all see the same rows. */
  access: object | undefined
}

/** The changes of one block on top of a store. A log of what was overwritten makes savepoints cheap. */
export interface Journal {
  readonly base: StateReader
  readonly tables: Map<StateKey, ChangedRows>
  readonly log: {
    readonly rows: Rows
    readonly row: Row
    readonly previous: Row['changed']
  }[]
  rollbacks: number
  /** Why the node must stop, from where it came up first: a module may have caught it. */
  failure: unknown
}

/** From how many entries on the log is worth clearing: an array that is cleared has to grow again. */
const LOG_LENGTH_MIN = 256

/** How many rows a table finds again by their keys without writing these; a bound on memory when many are read. */
const RECENT_ROWS_MAX = 16_384

export function newJournal(base: StateReader): Journal {
  return { base, tables: new Map(), log: [], rollbacks: 0, failure: undefined }
}

/**
 * Forgets what was overwritten so far: nothing will be taken back any more. Range reads that are still open look things up
 * in the log, so while there are any it stays.
 */
export function keepChanges(journal: Journal): void {
  if (journal.log.length < LOG_LENGTH_MIN) return
  for (const { readers } of journal.tables.values()) if (readers > 0) return
  journal.log.length = 0
}

/** A point to return to with `rollback`. */
export function savepoint(journal: Journal): number {
  return journal.log.length
}

/** Takes back everything since the savepoint. */
export function rollback(journal: Journal, point: number): void {
  journal.rollbacks++
  while (journal.log.length > point) {
    const { row, previous } = journal.log.pop() as Journal['log'][number]
    row.changed = previous
  }
}

/** All changed rows, in ascending order of their keys. Throws what should have stopped the node, though a module caught it. */
export function changesOf(journal: Journal): StateChanges {
  mustGoOn(journal)
  const changes: [StateKey, Uint8Array | null][] = []
  // No table's prefix begins another's, so whole tables follow one another and only keys within one are compared.
  for (const prefix of [...journal.tables.keys()].sort()) {
    const { rows, value, keys = [...rows.keys()].sort() } = journal.tables.get(prefix) as ChangedRows
    for (const key of keys) {
      const { stateKey, changed } = rows.get(key) as Row
      if (changed === undefined) continue
      changes.push([stateKey, typeof changed === 'bigint' ? encode(value, changed) : changed])
    }
  }
  return changes
}

/** The beginning of every key of a table, as hex (formats.md, section 9). */
export function tablePrefix(module: string, table: string): StateKey {
  return `${toHex(utf8(module))}00${toHex(utf8(table))}00`
}

/**
 * The state could not be read: the store failed, or a row does not fit its codec. That is no refusal, since other nodes may
 * read it, so the node stops before it votes.
 */
export class StateFailure extends Error {
  override readonly name = 'StateFailure'

  constructor(what: string, cause: unknown) {
    super(`${what} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function unreadable(journal: Journal, what: string, cause: unknown): StateFailure {
  const failure = new StateFailure(what, cause)
  journal.failure ??= failure
  return failure
}

/** Throws what should have stopped the node, if a module has caught it. */
export function mustGoOn({ failure }: Journal): void {
  if (failure !== undefined) throw failure
}

/** What may differ between hosts (a failed store, exhausted stack or memory) stops the node instead of refusing a transaction. */
export function stopsNode(error: unknown): boolean {
  if (error instanceof StateFailure) return true
  // A wrong length (`new Array(-1)`) is the module's own mistake, equal on every host; how long bytes may be is not.
  const limits = /call stack|memory|allocation|(string|buffer) length|typed array length: \d|maximum .*size/i
  return error instanceof RangeError && limits.test(error.message)
}

/** Access to one table or cell through the journal. A writer is also the reader: types keep queries from writing. */
export function openTable(journal: Journal, module: string, name: string, declared: Tables[string]): object {
  const prefix = tablePrefix(module, name)
  const table = journal.tables.get(prefix) ?? newTable(declared.value)
  journal.tables.set(prefix, table)
  table.access ??= makeAccess(journal, table, { prefix, what: `a row of ${module}.${name}`, declared })
  return table.access
}

function newTable(value: Codec<unknown>): ChangedRows {
  return { rows: new Map(), value, keys: undefined, readers: 0, access: undefined }
}

function makeAccess(
  journal: Journal,
  table: ChangedRows,
  {
    prefix,
    what,
    declared,
  }: { readonly prefix: StateKey; readonly what: string; readonly declared: Tables[string] },
): object {
  const { rows } = table
  const { value: codec, absent } = declared
  const newRow = (key: string): Row => ({ key, stateKey: prefix + key, changed: undefined })
  const read = ({ stateKey, changed }: Row) => {
    if (changed !== undefined) return changed ?? undefined
    try {
      return journal.base.get(stateKey)
    } catch (cause) {
      throw unreadable(journal, what, cause)
    }
  }
  const write = (found: Row, content: Content | null) => {
    const row = found.changed === undefined ? listed(table, found) : found
    journal.log.push({ rows, row, previous: row.changed })
    row.changed = content
    return undefined
  }
  // What stands for an absent row is made anew each time: a handler that changed it would change it for all blocks to come.
  const missing = () =>
    typeof absent === 'object' && absent !== null ? decode(codec, encode(codec, absent)) : absent
  const decoded = (content: Content | undefined) => {
    if (content === undefined) return missing()
    if (typeof content === 'bigint') return content
    try {
      return decode(codec, content)
    } catch (cause) {
      throw unreadable(journal, what, cause)
    }
  }
  if (declared.cell === true) {
    const row = rows.get('') ?? newRow('')
    return { get: () => decoded(read(row)), set: (value: unknown) => write(row, contentOf(codec, value)) }
  }
  const { key: keyCodec } = declared
  const keyOf = (key: string) => {
    try {
      return decodeKey(keyCodec, key)
    } catch (cause) {
      throw unreadable(journal, what, cause)
    }
  }
  // A transaction comes back to few rows many times, and to find one by its address is ten times as fast as to check the
  // address, cut its digits out and look them up. Keys that are objects may change, so those are written each time.
  const recent = new Map<unknown, Row>()
  const rowOf = (key: unknown): Row => {
    const known = recent.get(key)
    if (known) return known
    const written = keyCodec.writeKey(key)
    const row = rows.get(written) ?? newRow(written)
    if (typeof key === 'object') return row
    if (recent.size === RECENT_ROWS_MAX) recent.clear()
    recent.set(key, row)
    return row
  }
  const countBefore = (key: unknown) => {
    const before = keyCodec.writeKey(key)
    if (declared.counted && rows.size === 0) {
      const known = journal.base.countBefore?.(prefix, prefix + before)
      if (known !== undefined) return known
    }
    let count = 0
    const bounds = { prefix, within: '', from: undefined, reverse: false }
    for (const [other] of merged(journal, table, bounds)) {
      if (other >= before) break
      count++
    }
    return count
  }
  return {
    countBefore,
    get: (key: unknown) => decoded(read(rowOf(key))),
    has: (key: unknown) => read(rowOf(key)) !== undefined,
    set: (key: unknown, value: unknown) => write(rowOf(key), contentOf(codec, value)),
    delete(key: unknown) {
      const row = rowOf(key)
      if (read(row) !== undefined) write(row, null)
      return undefined
    },
    *entries(range: { prefix?: readonly unknown[]; from?: unknown; limit?: number; reverse?: boolean } = {}) {
      const within = range.prefix ? (keyCodec.writeKeyPrefix?.(range.prefix) ?? '') : ''
      const from = range.from === undefined ? undefined : keyCodec.writeKey(range.from)
      let left = range.limit ?? Number.POSITIVE_INFINITY
      if (left !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(left) && left >= 0))
        throw new RangeError(`a limit of ${left} rows is no whole number`)
      if (left === 0) return
      const bounds = { prefix, within, from, reverse: range.reverse ?? false }
      for (const [key, content] of merged(journal, table, bounds)) {
        yield [keyOf(key), decoded(content)]
        if (--left <= 0) return
      }
    },
  }
}

/** Throws as `encode` does when the value is not of the codec. */
function contentOf(codec: Codec<unknown>, value: unknown): Content {
  if (typeof value !== 'bigint') return encode(codec, value)
  checkEncodable(codec, value)
  return value
}

/** Which rows of a table a range read visits: keys that begin with `within`, from `from` on. */
interface Bounds {
  readonly prefix: StateKey
  readonly within: string
  readonly from: string | undefined
  readonly reverse: boolean
}

/** The store's rows with the journal's laid over them, both as of the first step, whatever changes meanwhile. */
function* merged(
  journal: Journal,
  table: ChangedRows,
  { prefix, within, from, reverse }: Bounds,
): Generator<readonly [string, Content]> {
  table.keys ??= [...table.rows.keys()].sort()
  table.readers++
  try {
    const changedRows = changedAsOfNow(journal, table, { prefix, within, from, reverse })
    let changed = changedRows.next().value
    const start = from === undefined ? undefined : prefix + from
    for (const [stored, value] of readAll(journal, { prefix: prefix + within, from: start, reverse })) {
      const key = stored.slice(prefix.length)
      for (; changed && (reverse ? changed[0] > key : changed[0] < key); changed = changedRows.next().value)
        if (changed[1] !== null) yield [changed[0], changed[1]]
      if (changed?.[0] !== key) {
        yield [key, value]
        continue
      }
      if (changed[1] !== null) yield [key, changed[1]]
      changed = changedRows.next().value
    }
    for (; changed; changed = changedRows.next().value)
      if (changed[1] !== null) yield [changed[0], changed[1]]
  } finally {
    table.readers--
  }
}

/** The store's rows. What it throws is a `StateFailure`. */
function* readAll(
  journal: Journal,
  range: Parameters<StateReader['entries']>[0],
): ReturnType<StateReader['entries']> {
  try {
    yield* journal.base.entries(range)
  } catch (cause) {
    throw unreadable(journal, 'the state', cause)
  }
}

/** The changed rows within bounds, in order, as they are at the first step. */
function* changedAsOfNow(
  journal: Journal,
  { keys = [], rows }: ChangedRows,
  { within, from, reverse }: Bounds,
): Generator<readonly [string, Content | null], undefined> {
  const start = journal.log.length
  const overwritten = new Map<Row, Row['changed']>()
  let { rollbacks } = journal
  let seen = start
  const valueAtStart = (row: Row) => {
    if (rollbacks !== journal.rollbacks) seen = start
    rollbacks = journal.rollbacks
    for (; seen < journal.log.length; seen++) {
      const entry = journal.log[seen] as Journal['log'][number]
      if (entry.rows === rows && !overwritten.has(entry.row)) overwritten.set(entry.row, entry.previous)
    }
    return overwritten.has(row) ? overwritten.get(row) : row.changed
  }
  // `~` sorts above every hex digit, hence ends what begins with `within`; `!` sorts below them, hence follows `from` itself.
  const last = from !== undefined && from < `${within}~` ? `${from}!` : `${within}~`
  const first = from !== undefined && from > within ? from : within
  let at = reverse ? firstNotBelow(keys, last) - 1 : firstNotBelow(keys, first)
  for (; keys[at]?.startsWith(within); at += reverse ? -1 : 1) {
    const key = keys[at] as string
    const value = valueAtStart(rows.get(key) as Row)
    if (value !== undefined) yield [key, value]
  }
}

/** The row as one of its table's written ones; another call may have written it since it was found. */
function listed(table: ChangedRows, row: Row): Row {
  const known = table.rows.get(row.key)
  if (known) return known
  table.rows.set(row.key, row)
  insertKey(table, row.key)
  return row
}

function insertKey(table: ChangedRows, key: string): void {
  if (!table.keys) return
  const at = firstNotBelow(table.keys, key)
  if (table.readers > 0) table.keys = [...table.keys]
  table.keys.splice(at, 0, key)
}
