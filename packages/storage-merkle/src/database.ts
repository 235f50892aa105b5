import { isChainError } from '@mmtchain/primitives'
import type { AbstractLevel } from 'abstract-level'
import { type Entry, entry, FORMAT, pack, type Readable, unpack } from './records.ts'
import { merkleStoreFail } from './refusals.ts'

/** For uncompressed blocks of LevelDB. Its default of 8 MB makes staging on 100,000 rows take twice as long. */
const CACHE_BYTES = 64 << 20
/** LevelDB's memory table takes this share of what a store may take, within bounds: a larger one has less to compact, a smaller one stalls. */
const TABLE_SHARE = 1 / 16
const TABLE_BYTES_MIN = 16 << 20
const TABLE_BYTES_MAX = 64 << 20
/** LevelDB's default, and the share of a memory table that a file has room for: with more files than that writes wait seconds for a merge. */
const FILE_BYTES_MIN = 2 << 20
const FILE_SHARE = 1 / 16

/** By names that bundlers do not follow: pages have neither, and give a level of their own. */
const CLASSIC_LEVEL: string = 'classic-level'
const FILES: string = 'node:fs/promises'

/** A LevelDB-like database with the encoding `view` for keys and values, and synchronous reads: classic-level, memory-level, … */
export type Level = AbstractLevel<Buffer | Uint8Array | string, Uint8Array, Uint8Array>

/** Keys from `gte` to before `lt`. */
export interface KeyRange {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
  readonly reverse?: boolean | undefined
  readonly limit?: number | undefined
}

/** What the database held at one moment. Later writes do not change it. */
export interface View {
  /** Throws `store/DAMAGED` when there is something else than an entry of this kind. */
  read<T>(entry: Readable<T>): T | undefined
  /** The bytes under the key of an entry, unchecked; nobody may change them. Throws `store/DAMAGED` when the database does. */
  packed(entry: Readable<unknown>): Uint8Array | undefined
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, packed: Uint8Array]>
  /** Goes on with what the database shows now. It must not be writing. */
  renew(): void
  close(): Promise<void>
}

/** A write of one entry: packed bytes, or null to delete. */
export interface Write {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** Writes that take effect together. */
export interface Batch {
  put(key: Uint8Array, value: Uint8Array): void
  /** Whether `put` copies what it is given, so that its memory can be used again at once. */
  readonly copies: boolean
  add(writes: Iterable<Write>): void
  /** All of it or nothing. With `sync` it is on disk before the promise resolves. */
  write(options: { readonly sync: boolean }): Promise<void>
  /** Gives up a batch that will not be written. */
  close(): Promise<void>
}

/** A database with entries of this store's kinds only. */
export interface Database {
  view(): View
  batch(): Batch
  /** Writes a batch of these. */
  write(writes: Iterable<Write>, options: { readonly sync: boolean }): Promise<void>
  keys(range: KeyRange): AsyncIterable<Uint8Array>
  /** Gives the space of deleted entries back, where the database can. */
  compact(): Promise<void>
  close(): Promise<void>
}

/** Puts an entry. */
export function put<T>(to: Entry<T>, value: T): Write {
  return { key: to.key, value: pack(to, value) }
}

export function remove({ key }: { readonly key: Uint8Array }): Write {
  return { key, value: null }
}

/**
 * The folders that this process has open, by their real paths. LevelDB's own lock (env_posix.cc) keeps other processes out, but
 * it takes two spellings of a path for two folders, and loses the lock when it refuses a second opening: closing
 * any descriptor of a file gives up the process's POSIX locks on it. So it is never asked twice.
 */
const held = new Set<string>()

/** A folder of its own, or a database that somebody made: one of memory-level in tests and pages. */
export type MerkleStorePlace = { readonly path: string } | { readonly level: Level }

/** Opens or makes the database at a place, for a store that may take so much memory. */
export function openPlace(place: MerkleStorePlace, memoryBytes = 0): Promise<Database> {
  if ('level' in place) return openLevel({ level: place.level, name: 'the given level' })
  return openFolder(place.path, memoryBytes)
}

/** Opens or makes the database in a folder. Throws `store/LOCKED`, `store/CANNOT_OPEN`, `store/UNKNOWN_FORMAT` or `store/DAMAGED`. */
async function openFolder(path: string, memoryBytes: number): Promise<Database> {
  const folder = await realFolder(path)
  if (held.has(folder)) throw merkleStoreFail.LOCKED({ path })
  held.add(folder)
  try {
    const { ClassicLevel } = (await import(CLASSIC_LEVEL)) as typeof import('classic-level')
    const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      cacheSize: CACHE_BYTES,
      ...tableSizes(memoryBytes),
    })
    const close = async () => {
      await level.close()
      held.delete(folder)
    }
    return await openLevel({ level, name: path, copies: true, close, compact: () => compactAll(level) })
  } catch (error) {
    held.delete(folder)
    throw error
  }
}

/** Opens a database that somebody made. `name` is what messages call it. */
async function openLevel(args: {
  readonly level: Level
  readonly name: string
  readonly copies?: boolean
  readonly close?: () => Promise<void>
  readonly compact?: () => Promise<void>
}): Promise<Database> {
  const { level, name, copies = false, close = () => level.close(), compact = async () => undefined } = args
  try {
    await level.open()
    if (!hasSyncReads(level) || level.keyEncoding().name !== 'view' || level.valueEncoding().name !== 'view')
      throw new Error('it has no synchronous reads of keys and values with the encoding "view"')
    const database = databaseOn({ level, copies, close, compact })
    await checkFormat(name, level, database)
    return database
  } catch (error) {
    await close()
    throw isChainError(error) ? error : openingRefused(name, error)
  }
}

function tableSizes(memoryBytes: number) {
  const share = Math.floor(TABLE_SHARE * memoryBytes)
  const writeBufferSize = Math.min(TABLE_BYTES_MAX, Math.max(TABLE_BYTES_MIN, share))
  return { writeBufferSize, maxFileSize: Math.max(FILE_BYTES_MIN, Math.floor(FILE_SHARE * writeBufferSize)) }
}

async function realFolder(path: string): Promise<string> {
  try {
    const { mkdir, realpath } = (await import(FILES)) as typeof import('node:fs/promises')
    await mkdir(path, { recursive: true })
    return await realpath(path)
  } catch (error) {
    throw merkleStoreFail.CANNOT_OPEN({ path, why: textOf(error) })
  }
}

function databaseOn(args: {
  readonly level: Level
  readonly copies: boolean
  readonly close: () => Promise<void>
  readonly compact: () => Promise<void>
}): Database {
  const { level, copies, close, compact } = args
  const views = viewsOf(level)
  function newBatch(): Batch {
    const batch = level.batch()
    return {
      copies,
      put(key, value) {
        batch.put(key, value)
      },
      add(writes) {
        for (const { key, value } of writes) {
          if (value) batch.put(key, value)
          else batch.del(key)
        }
      },
      async write(options) {
        views.hold()
        await batch.write(options as object)
      },
      close: () => batch.close(),
    }
  }
  return {
    view: views.open,
    batch: newBatch,
    async write(writes, options) {
      const batch = newBatch()
      batch.add(writes)
      await batch.write(options)
    },
    keys: (range) => level.keys<Uint8Array>({ ...defined(range), keyEncoding: 'view' }),
    compact,
    close,
  }
}

function defined({ gte, lt, reverse = false, limit = -1 }: KeyRange) {
  return { gte, lt, reverse, limit }
}

/**
 * Views of a database. Until something is written it shows what they show, and reading from it takes less than from a
 * snapshot of it; so a view has none before the next write begins, or a range is read.
 */
function viewsOf(level: Level) {
  /** Those that have no snapshot; `hold` gives them one. */
  const direct = new Set<() => void>()

  function open(): View {
    let held: ReturnType<Level['snapshot']> | undefined
    let options: ReturnType<typeof readingFrom> | undefined
    const hold = () => {
      direct.delete(hold)
      held ??= level.snapshot()
      options = readingFrom(held)
      return options
    }
    direct.add(hold)
    function packed(from: Readable<unknown>): Uint8Array | undefined {
      try {
        return options ? level.getSync<Uint8Array, Uint8Array>(from.key, options) : level.getSync(from.key)
      } catch (error) {
        throw merkleStoreFail.DAMAGED({ record: from.name(), why: textOf(error) })
      }
    }
    const close = async () => {
      direct.delete(hold)
      await held?.close()
    }
    return {
      packed,
      read(from) {
        const found = packed(from)
        // LevelDB gives a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
        return found && unpack(from, new Uint8Array(found.buffer, found.byteOffset, found.length))
      },
      entries: (range) =>
        level.iterator<Uint8Array, Uint8Array>({ ...defined(range), ...(options ?? hold()) }),
      renew() {
        void held?.close()
        held = undefined
        options = undefined
        direct.add(hold)
      },
      close,
    }
  }

  return {
    open,
    hold() {
      for (const hold of direct) hold()
    },
  }
}

function readingFrom(snapshot: ReturnType<Level['snapshot']>) {
  return { keyEncoding: 'view', valueEncoding: 'view', snapshot }
}

/** `supports.getSync` is newer than the types of it. */
function hasSyncReads({ supports }: Level): boolean {
  return (supports as { readonly getSync?: boolean }).getSync === true
}

/** Marks a new database with the format; an old one must have it. */
async function checkFormat(path: string, level: Level, database: Database): Promise<void> {
  const view = database.view()
  const meta = view.read(entry.meta())
  await view.close()
  if (meta?.format === FORMAT) return
  const [foreign] = await level.keys({ limit: 1 }).all()
  if (foreign) throw merkleStoreFail.UNKNOWN_FORMAT({ path, want: FORMAT, got: meta?.format })
  await database.write([put(entry.meta(), { format: FORMAT })], { sync: true })
}

/** LevelDB rewrites its tables without what was deleted or overwritten. */
async function compactAll(level: {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>
}): Promise<void> {
  await level.compactRange(Uint8Array.of(0), Uint8Array.of(0xff))
}

function openingRefused(path: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = (cause as { readonly code?: unknown }).code
  if (code === 'LEVEL_LOCKED') return merkleStoreFail.LOCKED({ path })
  if (code === 'LEVEL_CORRUPTION') return merkleStoreFail.DAMAGED({ record: path, why: textOf(cause) })
  return merkleStoreFail.CANNOT_OPEN({ path, why: textOf(cause) })
}

/** What the database says of an error, for people. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
