import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Journal, Log } from './host.ts'

// The file: the line MAGIC, then for each record its length and the CRC-32 of its bytes, both u32 little-endian, and the bytes.

const MAGIC = Buffer.from('mmt mempool 1\n')
const HEAD_BYTES = 8
const RECORD_BYTES_MAX = 4 * 1024 * 1024
/** What may wait for a slow disk; more is not noted. */
const UNWRITTEN_BYTES_MAX = 8 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024
/** A write waits so long for more to write: each costs as much as half a signature check, however little it holds. */
const GATHER_MS = 10

const CANNOT = 'the journal of waiting transactions cannot be used; they will not outlast this process'

/** A journal in a file, which is made when it is missing. Nothing in the file can keep the node from starting. */
export async function fileJournal({
  path,
  log,
}: {
  readonly path: string
  readonly log: Log
}): Promise<Journal> {
  let file: FileHandle | undefined
  let bytes = 0
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let work: Promise<void> = Promise.resolve()
  let isFlushing = false
  let isReplacing = false
  let isClosing = false
  let endGathering: () => void = () => undefined

  function giveUp(error: unknown): void {
    log.warn({ path, error: String(error) }, CANNOT)
    void file?.close().catch(() => undefined)
    file = undefined
    waiting = []
  }

  try {
    file = await open(path, 'a+', 0o600)
    bytes = (await file.stat()).size
    if (bytes === 0) bytes = await writeAll(file, [])
  } catch (error) {
    giveUp(error)
  }

  /** Writes what waits, unless the file is about to be replaced. */
  async function flush(): Promise<void> {
    while (file && waiting.length > 0) {
      await gather()
      if (!file || isReplacing) break
      const batch = Buffer.concat(waiting)
      waiting = []
      waitingBytes = 0
      await file.appendFile(batch).catch(giveUp)
    }
    isFlushing = false
  }

  function gather(): Promise<void> {
    if (isClosing) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS)
      endGathering = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function startFlush(): void {
    if (isFlushing) return
    isFlushing = true
    work = work.then(flush)
  }

  async function rewrite(records: readonly Uint8Array[]): Promise<void> {
    if (!file) return
    const draft = `${path}.tmp`
    try {
      const next = await open(draft, 'w', 0o600)
      const size = await writeAll(next, records).finally(() => next.close())
      await rename(draft, path)
      await file.close()
      file = await open(path, 'a+', 0o600)
      bytes = size + waitingBytes
    } catch (error) {
      giveUp(error)
      await rm(draft, { force: true }).catch(() => undefined)
    }
  }

  return {
    get bytes() {
      return bytes
    },
    async *read() {
      if (file) yield* readRecords(file, { path, log })
    },
    append(record) {
      if (!file || waitingBytes + record.length > UNWRITTEN_BYTES_MAX) return
      const frame = frameOf(record)
      waiting.push(frame)
      waitingBytes += frame.length
      bytes += frame.length
      startFlush()
    },
    replace(records) {
      // What waits to be written is among the records; what comes from now on goes into the new file.
      waiting = []
      waitingBytes = 0
      isReplacing = true
      work = work.then(async () => {
        await rewrite(records)
        isReplacing = false
        startFlush()
      })
      return work
    },
    async close() {
      isClosing = true
      endGathering()
      await work
      await file?.close().catch(() => undefined)
      file = undefined
    },
  }
}

/** Answers how many bytes were written. */
async function writeAll(file: FileHandle, records: readonly Uint8Array[]): Promise<number> {
  let total = MAGIC.length
  let batch: Buffer[] = [MAGIC]
  let size = 0
  for (const record of records) {
    const frame = frameOf(record)
    batch.push(frame)
    size += frame.length
    total += frame.length
    if (size < CHUNK_BYTES) continue
    await file.appendFile(Buffer.concat(batch))
    batch = []
    size = 0
  }
  await file.appendFile(Buffer.concat(batch))
  return total
}

function frameOf(record: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + record.length)
  frame.writeUInt32LE(record.length, 0)
  frame.writeUInt32LE(crc32(record), 4)
  frame.set(record, HEAD_BYTES)
  return frame
}

async function* readRecords(
  file: FileHandle,
  { path, log }: { readonly path: string; readonly log: Log },
): AsyncIterable<Uint8Array> {
  const { size } = await file.stat()
  const magic = await readAt(file, { at: 0, length: Math.min(size, MAGIC.length) })
  if (!magic.equals(MAGIC)) {
    log.warn({ path }, 'the journal of waiting transactions is some other file; it begins anew')
    return
  }
  for (let at = MAGIC.length; at < size; ) {
    const head = await readAt(file, { at, length: Math.min(HEAD_BYTES, size - at) })
    const length = head.length === HEAD_BYTES ? head.readUInt32LE(0) : 0
    const isWhole =
      head.length === HEAD_BYTES && length <= RECORD_BYTES_MAX && at + HEAD_BYTES + length <= size
    const record = isWhole ? await readAt(file, { at: at + HEAD_BYTES, length }) : undefined
    if (!record || crc32(record) !== head.readUInt32LE(4)) {
      log.warn(
        { path, at, lost: size - at },
        'the journal of waiting transactions is damaged; what follows is dropped',
      )
      return
    }
    at += HEAD_BYTES + length
    yield record
  }
}

async function readAt(
  file: FileHandle,
  { at, length }: { readonly at: number; readonly length: number },
): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}
