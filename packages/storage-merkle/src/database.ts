import { mkdir, realpath } from 'node:fs/promises'
import type { StateKey } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { ClassicLevel } from 'classic-level'
import { type Entry, entry, FORMAT, pack, rowKeys, unpack } from './records.ts'
import { merkleStoreFail } from './refusals.ts'

const KEYS_AT_ONCE = 4096
/** For uncompressed blocks of LevelDB. Its default of 8 MB makes staging on 100,000 rows take twice as long. */
const CACHE_BYTES = 64 << 20

type Level = ClassicLevel<Uint8Array, Uint8Array>

/** What the database held at one moment. Later writes do not change it. */
export interface View {
  /** Throws `store/DAMAGED` when there is something else than an entry of this kind. */
  read<T>(entry: Entry<T>): T | undefined
  close(): Promise<void>
}

/** A write of one entry. */
export interface Write {
  readonly key: Uint8Array
  /** Packed bytes, or null to delete. */
  readonly value: Uint8Array | null
}

/** LevelDB with entries of this store's kinds only. */
export interface Database {
  view(): View
  /** The keys of all rows, in byte order. */
  stateKeys(): Promise<readonly StateKey[]>
  /** All of it, on disk before the promise resolves, or nothing. */
  write(writes: Iterable<Write>): Promise<void>
  close(): Promise<void>
}

/** Puts an entry, or deletes it when the value is null. */
export function write<T>(to: Entry<T>, value: T | null): Write {
  return { key: to.key, value: value === null ? null : pack(to, value) }
}

/**
 * The folders that this process has open, by their real paths. LevelDB's own lock (env_posix.cc) keeps other processes out, but
 * it takes two spellings of a path for two folders, and loses the lock when it refuses a second opening: closing
 * any descriptor of a file gives up the process's POSIX locks on it. So it is never asked twice.
 */
const held = new Set<string>()

/** Opens or makes the database. Throws `store/LOCKED`, `store/CANNOT_OPEN`, `store/UNKNOWN_FORMAT` or `store/DAMAGED`. */
export async function openDatabase(path: string): Promise<Database> {
  const folder = await realFolder(path)
  if (held.has(folder)) throw merkleStoreFail.LOCKED({ path })
  held.add(folder)
  const level: Level = new ClassicLevel(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: CACHE_BYTES,
  })
  const close = async () => {
    await level.close()
    held.delete(folder)
  }
  try {
    await level.open()
    await checkFormat(path, level)
  } catch (error) {
    await close()
    throw isChainError(error) ? error : openingRefused(path, error)
  }
  return databaseOn(level, close)
}

async function realFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true })
    return await realpath(path)
  } catch (error) {
    throw merkleStoreFail.CANNOT_OPEN({ path, why: textOf(error) })
  }
}

function databaseOn(level: Level, close: () => Promise<void>): Database {
  return {
    view: () => viewOf(level),
    async stateKeys() {
      try {
        return await readStateKeys(level)
      } catch (error) {
        throw merkleStoreFail.DAMAGED({ record: 'its rows', why: textOf(error) })
      }
    },
    write: (writes) => writeBatch(level, writes),
    close,
  }
}

function viewOf(level: Level): View {
  const snapshot = level.snapshot()
  const options = { keyEncoding: 'view', valueEncoding: 'view', snapshot }
  return {
    read(from) {
      const found = readBytes(from, () => level.getSync(from.key, options))
      return found && unpack(from, found)
    },
    close: () => snapshot.close(),
  }
}

async function readStateKeys(level: Level): Promise<readonly StateKey[]> {
  const keys: StateKey[] = []
  const iterator = level.keys<Buffer>({ ...rowKeys, keyEncoding: 'buffer' })
  for (;;) {
    const some = await iterator.nextv(KEYS_AT_ONCE)
    if (some.length === 0) break
    for (const key of some) keys.push(key.toString('hex', 1))
  }
  await iterator.close()
  return keys
}

async function writeBatch(level: Level, writes: Iterable<Write>): Promise<void> {
  const batch = level.batch()
  for (const { key, value } of writes) {
    if (value) batch.put(key, value)
    else batch.del(key)
  }
  await batch.write({ sync: true })
}

function readBytes(from: Entry<unknown>, read: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    const found = read()
    // LevelDB gives a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
    return found && new Uint8Array(found.buffer, found.byteOffset, found.length)
  } catch (error) {
    throw merkleStoreFail.DAMAGED({ record: from.name(), why: textOf(error) })
  }
}

/** Marks a new database with the format; an old one must have it. */
async function checkFormat(path: string, level: Level): Promise<void> {
  const view = viewOf(level)
  const meta = view.read(entry.meta())
  await view.close()
  if (meta?.format === FORMAT) return
  const [foreign] = await level.keys({ limit: 1 }).all()
  if (foreign) throw merkleStoreFail.UNKNOWN_FORMAT({ path, want: FORMAT, got: meta?.format })
  await writeBatch(level, [write(entry.meta(), { format: FORMAT })])
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
