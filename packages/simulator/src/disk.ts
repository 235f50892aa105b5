import type { RawFile } from '@mmtchain/node-runtime'
import type { Chance } from './chance.ts'

/** A write or cut that a power failure may undo. */
type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }

interface Content {
  /** What programs read. */
  bytes: Uint8Array
  /** What a power failure leaves. */
  durable: Uint8Array
  unsynced: Change[]
}

/** The files of one machine. */
export interface Disk {
  /** A file, made empty when it is missing. `reach` is passed before and after whatever it does to the disk. */
  open(name: string, reach: (what: string) => Promise<void>): RawFile
  has(name: string): boolean
  /** Each change since the last sync of its file is kept, lost or torn, by chance. */
  losePower(): void
  /** Turns one bit. Answers whether there was one. */
  rot(name: string): boolean
  /** The file as it is now comes back with `restore`, as from an old copy. */
  copy(name: string): void
  restore(name: string): void
  /** The file is gone. */
  remove(name: string): void
  wipe(): void
  /** How many syncs fail from now on, each losing what was not synced. */
  failSyncs(count: number): void
  /** While it is full, nothing that makes a file longer is written. */
  setFull(isFull: boolean): void
  /** Whether a sync has ever failed: what programs have read since may not be what is there after a power failure. */
  readonly hasFailed: boolean
}

/** What a simulated disk throws. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
}

export function disk(chance: Chance): Disk {
  const files = new Map<string, Content>()
  const copies = new Map<string, Uint8Array>()
  let syncsToFail = 0
  let isFull = false
  let hasFailed = false

  function contentOf(name: string): Content {
    const found = files.get(name) ?? { bytes: new Uint8Array(), durable: new Uint8Array(), unsynced: [] }
    files.set(name, found)
    return found
  }

  function change(content: Content, what: Change): void {
    if (isFull && what.kind === 'write' && what.at + what.bytes.length > content.bytes.length)
      throw new DiskError('ENOSPC: no space left on the simulated disk')
    content.bytes = changed(content.bytes, what)
    content.unsynced.push(what)
  }

  function sync(content: Content): void {
    if (syncsToFail > 0) {
      syncsToFail -= 1
      hasFailed = true
      content.unsynced = content.unsynced.slice(0, chance.below(content.unsynced.length + 1))
      throw new DiskError('EIO: the simulated disk failed to sync')
    }
    for (const one of content.unsynced) content.durable = changed(content.durable, one)
    content.unsynced = []
  }

  return {
    open(name, reach) {
      const content = contentOf(name)
      async function around<T>(what: string, work: () => T): Promise<T> {
        await reach(`before ${what} ${name}`)
        const done = work()
        await reach(`after ${what} ${name}`)
        return done
      }
      return {
        name,
        size: async () => content.bytes.length,
        read: async (at, length) => content.bytes.slice(at, at + length),
        write: (at, bytes) =>
          around('write', () => change(content, { kind: 'write', at, bytes: bytes.slice() })),
        truncate: (length) =>
          around('truncate', () => {
            if (length < content.bytes.length) change(content, { kind: 'truncate', length })
          }),
        sync: () => around('sync', () => sync(content)),
        close: async () => undefined,
      }
    },
    has: (name) => files.has(name),
    get hasFailed() {
      return hasFailed
    },
    losePower() {
      for (const content of files.values()) {
        for (const one of content.unsynced) {
          const fate = chance.below(3)
          if (fate === 0) content.durable = changed(content.durable, one)
          if (fate === 1) content.durable = changed(content.durable, torn(one, chance))
        }
        content.unsynced = []
        content.bytes = content.durable.slice()
      }
    },
    rot(name) {
      const { bytes, durable } = contentOf(name)
      if (bytes.length === 0) return false
      const at = chance.below(bytes.length)
      const mask = 1 << chance.below(8)
      for (const each of [bytes, durable]) if (at < each.length) each[at] = (each[at] as number) ^ mask
      return true
    },
    copy: (name) => void copies.set(name, contentOf(name).bytes.slice()),
    restore(name) {
      const old = copies.get(name)
      if (old) Object.assign(contentOf(name), { bytes: old.slice(), durable: old.slice(), unsynced: [] })
    },
    remove: (name) => void files.delete(name),
    wipe: () => files.clear(),
    failSyncs(count) {
      syncsToFail = count
    },
    setFull(full) {
      isFull = full
    },
  }
}

/** The same bytes, in place where they have room, after a change. */
function changed(bytes: Uint8Array, what: Change): Uint8Array {
  if (what.kind === 'truncate') return what.length < bytes.length ? bytes.slice(0, what.length) : bytes
  const length = Math.max(bytes.length, what.at + what.bytes.length)
  const next = length > bytes.length ? new Uint8Array(length) : bytes
  if (next !== bytes) next.set(bytes)
  next.set(what.bytes, what.at)
  return next
}

/** Only the beginning of a write arrived. */
function torn(what: Change, chance: Chance): Change {
  return what.kind === 'truncate'
    ? what
    : { ...what, bytes: what.bytes.subarray(0, chance.below(what.bytes.length)) }
}
