import type { RawFile } from '@mmtchain/node-runtime'
import type { Chance } from './chance.ts'

/** A write or cut that a power failure may undo. */
type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }

/** Bytes with room to grow: files are appended to for every vote. */
interface Bytes {
  room: Uint8Array
  length: number
}

interface Content {
  /** What programs read. */
  bytes: Bytes
  /** What a power failure leaves. */
  durable: Bytes
  unsynced: Change[]
}

/**
 * Is passed before and after whatever a process does to its disk. `lasts` when what comes takes its time, as a sync does. Answers what
 * is to be waited for, if anything is: most steps of a simulation wait for nothing, and promises for them would be half its work.
 */
export type Reach = (lasts: boolean) => Promise<void> | undefined

/** The files of one machine. */
export interface Disk {
  /** A file, made empty when it is missing. `reach` is passed before and after whatever is done to it. */
  open(name: string, reach: Reach): RawFile
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

const DONE = Promise.resolve()

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
    const found = files.get(name)
    if (found) return found
    const made = { bytes: bytesOf(new Uint8Array()), durable: bytesOf(new Uint8Array()), unsynced: [] }
    files.set(name, made)
    return made
  }

  function change(content: Content, what: Change): void {
    if (isFull && what.kind === 'write' && what.at + what.bytes.length > content.bytes.length)
      throw new DiskError('ENOSPC: no space left on the simulated disk')
    apply(content.bytes, what)
    content.unsynced.push(what)
  }

  function sync(content: Content): void {
    if (syncsToFail > 0) {
      syncsToFail -= 1
      hasFailed = true
      content.unsynced = content.unsynced.slice(0, chance.below(content.unsynced.length + 1))
      throw new DiskError('EIO: the simulated disk failed to sync')
    }
    for (const one of content.unsynced) apply(content.durable, one)
    content.unsynced = []
  }

  return {
    open(name, reach) {
      const content = contentOf(name)
      async function aroundFrom(before: Promise<void>, work: () => void): Promise<void> {
        await before
        work()
        await reach(false)
      }
      function around(lasts: boolean, work: () => void): Promise<void> {
        const before = reach(lasts)
        if (before) return aroundFrom(before, work)
        try {
          work()
        } catch (error) {
          return Promise.reject(error)
        }
        return reach(false) ?? DONE
      }
      return {
        name,
        size: async () => content.bytes.length,
        read: async (at, length) => contentsOf(content.bytes).slice(at, at + length),
        // Nobody changes what was given to be written.
        write: (at, bytes) => around(false, () => change(content, { kind: 'write', at, bytes })),
        truncate: (length) =>
          around(false, () => {
            if (length < content.bytes.length) change(content, { kind: 'truncate', length })
          }),
        sync: () => around(true, () => sync(content)),
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
          if (fate === 0) apply(content.durable, one)
          if (fate === 1) apply(content.durable, torn(one, chance))
        }
        content.unsynced = []
        content.bytes = bytesOf(contentsOf(content.durable).slice())
      }
    },
    rot(name) {
      const { bytes, durable } = contentOf(name)
      if (bytes.length === 0) return false
      const at = chance.below(bytes.length)
      const mask = 1 << chance.below(8)
      for (const { room, length } of [bytes, durable]) if (at < length) room[at] = (room[at] as number) ^ mask
      return true
    },
    copy: (name) => void copies.set(name, contentsOf(contentOf(name).bytes).slice()),
    restore(name) {
      const old = copies.get(name)
      if (!old) return
      const [bytes, durable] = [bytesOf(old.slice()), bytesOf(old.slice())]
      Object.assign(contentOf(name), { bytes, durable, unsynced: [] })
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

function bytesOf(room: Uint8Array): Bytes {
  return { room, length: room.length }
}

function contentsOf({ room, length }: Bytes): Uint8Array {
  return room.subarray(0, length)
}

function apply(to: Bytes, what: Change): void {
  if (what.kind === 'truncate') {
    if (what.length < to.length) to.length = what.length
    return
  }
  const end = what.at + what.bytes.length
  if (end > to.room.length) {
    const room = new Uint8Array(2 * end)
    room.set(contentsOf(to))
    to.room = room
  }
  // A hole between the end of the file and the write reads as zeros.
  if (what.at > to.length) to.room.fill(0, to.length, what.at)
  to.room.set(what.bytes, what.at)
  if (end > to.length) to.length = end
}

/** Only the beginning of a write arrived. */
function torn(what: Change, chance: Chance): Change {
  return what.kind === 'truncate'
    ? what
    : { ...what, bytes: what.bytes.subarray(0, chance.below(what.bytes.length)) }
}
