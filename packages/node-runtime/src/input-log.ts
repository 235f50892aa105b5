import {
  bool,
  bytes,
  type Codec,
  decode,
  hash,
  list,
  struct,
  text,
  type UnionValue,
  u8,
  u32,
  u64,
  union,
  unit,
  withEncoded,
} from '@mmtchain/codec'
import { hashTagged } from '@mmtchain/crypto'
import { block, blockId, type Engine, type EngineInput } from '@mmtchain/kernel'
import { equalBytes, type Hash, hashToBytes, newBytes, hash as toHash, utf8 } from '@mmtchain/primitives'
import type { RawFile } from './raw-file.ts'
import { nodeFail } from './refusals.ts'

// The file: frames, each MAGIC, the length of its body (u32, little-endian), the first 16 bytes of SHA-256(tip ‖ place in the file ‖
// body), and the body. Each frame is what one `sync` wrote; the body of the first one also says on which tip the log begins. So a power
// failure can tear only the last frame, whatever order the disk writes in, and whatever is wrong before a whole frame is damage.

const MAGIC = utf8('mmtw')
const SUM_BYTES = 16
const HEAD_BYTES = MAGIC.length + 4 + SUM_BYTES
const FRAME_BYTES_MAX = 256 * 1024 * 1024
/** More than an engine keeps of one height in days. */
const LOG_BYTES_MAX = 4 * 1024 * 1024 * 1024
const SCAN_BYTES = 1024 * 1024
/** More inputs than this do not wait in memory for a signature, which a node without a seat never asks for. */
const WAITING_MAX = 256

/** The inputs of an engine since its tip, so that they outlast the process. */
export interface InputLog {
  /**
   * What was written on this tip; undefined when the log has nothing about it. A torn end is cut off. Throws
   * `node/INPUT_LOG_DAMAGED` for damage before it.
   */
  read(tip: Hash): Promise<LoggedInputs | undefined>
  /** Forgets all inputs: the engine has met a new tip at `nowMs`. */
  begin(tip: Hash, nowMs: bigint): void
  append(input: EngineInput): void
  /** True while so much waits in memory that it should be written, though nothing is signed. */
  readonly isLong: boolean
  /**
   * All that was appended is on the disk when it resolves; undefined when it is there already. Throws `node/INPUT_LOG_FULL`, or what the
   * file throws.
   */
  sync(): Promise<void> | undefined
  close(): Promise<void>
}

export interface LoggedInputs {
  /** When the engine met the tip. */
  readonly nowMs: bigint
  /** Oldest first. */
  readonly inputs: AsyncIterable<EngineInput>
}

const TIP_BYTES = 32
const place = struct({ height: u64, round: u32, step: u8 })
const peerId = text({ bytesMax: 256 })
const sealBytes = bytes({ bytesMax: 1_048_576 })

type LoggedInput = UnionValue<ReturnType<typeof recordFields>>
function recordFields(message: Codec<unknown>) {
  return {
    timer: struct({ name: text({ bytesMax: 64 }), nowMs: u64 }),
    message: struct({ from: peerId, message, nowMs: u64 }),
    block: struct({ from: peerId, block, seal: sealBytes, nowMs: u64 }),
    built: struct({ block, nowMs: u64 }),
    validated: struct({ id: hash, valid: bool, nowMs: u64 }),
    signed: struct({ at: place, signature: bytes({ bytesMax: 65_536 }), nowMs: u64 }),
  }
}

/** A log in a file to which nobody else writes. */
export function inputLog(args: {
  readonly file: RawFile
  readonly engine: Engine
  readonly fingerprint: Hash
}): InputLog {
  const { file, engine, fingerprint } = args
  const records = list(union(recordFields(engine.message ?? (unit as Codec<unknown>))), { max: 1_048_576 })
  const beginning = struct({ tip: hash, nowMs: u64, inputs: records })
  let tip: Hash | undefined
  /** The same, in every sum. */
  let tipBytes: Uint8Array = new Uint8Array()
  let size = 0
  let waiting: LoggedInput[] = []
  /** When the engine met the tip, while the file has another one. */
  let metMs: bigint | undefined
  let writing: Promise<void> | undefined

  function onTip(of: Hash): void {
    tip = of
    tipBytes = hashToBytes(of)
  }

  async function frameAt(at: number, end: number, of: Hash | 'its own'): Promise<Uint8Array | undefined> {
    const head = await file.read(at, HEAD_BYTES)
    if (head.length < HEAD_BYTES || !equalBytes(head.subarray(0, MAGIC.length), MAGIC)) return undefined
    const length = readU32(head, MAGIC.length)
    if (length > FRAME_BYTES_MAX || at + HEAD_BYTES + length > end) return undefined
    const body = await file.read(at + HEAD_BYTES, length)
    const bound = of === 'its own' ? tipIn(body) : of
    if (body.length !== length || bound === undefined) return undefined
    const isWhole = equalBytes(sumOf(hashToBytes(bound), at, body), head.subarray(MAGIC.length + 4))
    return isWhole ? body : undefined
  }

  async function hasFrameAfter(from: number, end: number, of: Hash): Promise<boolean> {
    for (let start = from; start < end; start += SCAN_BYTES) {
      const piece = await file.read(start, SCAN_BYTES + MAGIC.length - 1)
      for (let i = indexOfMagic(piece, 0); i >= 0; i = indexOfMagic(piece, i + 1))
        if (await frameAt(start + i, end, of)) return true
    }
    return false
  }

  /** Finds where the whole frames end. Undefined when there is none of this tip. */
  async function measure(of: Hash): Promise<{ readonly first: Uint8Array } | undefined> {
    const end = await file.size()
    const start = await frameAt(0, end, 'its own')
    if (start && tipIn(start) !== of) return undefined
    size = 0
    for (let body = start; body; body = await frameAt(size, end, of)) size += HEAD_BYTES + body.length
    if (size < end && (await hasFrameAfter(size, end, of)))
      throw nodeFail.INPUT_LOG_DAMAGED({ file: file.name, at: size })
    return start && { first: start }
  }

  /** A sync that failed may have left in memory alone what reads back as whole; only written anew does it go to the disk. */
  async function writeAgain(): Promise<void> {
    for (let at = 0; at < size; at += SCAN_BYTES)
      await file.write(at, await file.read(at, Math.min(SCAN_BYTES, size - at)))
    await file.sync()
  }

  async function* readInputs(of: Hash, first: Uint8Array, end: number): AsyncIterable<EngineInput> {
    for (const record of decode(beginning, first).inputs) yield inputOf(record, fingerprint)
    for (let at = HEAD_BYTES + first.length; at < end; ) {
      const body = await frameAt(at, end, of)
      if (!body) throw nodeFail.INPUT_LOG_DAMAGED({ file: file.name, at })
      for (const record of decode(records, body)) yield inputOf(record, fingerprint)
      at += HEAD_BYTES + body.length
    }
  }

  /** The frame of a body at a place, made in one piece: it is written for every vote. */
  function frameOf(at: number, body: Uint8Array): Uint8Array {
    const frame = newBytes(HEAD_BYTES + body.length)
    frame.set(MAGIC)
    frame.set(sumOf(tipBytes, at, body), MAGIC.length + 4)
    writeU32(frame, MAGIC.length, body.length)
    frame.set(body, HEAD_BYTES)
    return frame
  }

  /** Writes what waits now, behind what is being written. What waits from then on, also on another tip, is for the next one. */
  async function write(before: Promise<void> | undefined): Promise<void> {
    const [inputs, nowMs] = [waiting, metMs]
    waiting = []
    metMs = undefined
    if (nowMs !== undefined) size = 0
    const at = size
    const frame =
      nowMs === undefined
        ? withEncoded(records, inputs, (body) => frameOf(at, body))
        : withEncoded(beginning, { tip: tip as Hash, nowMs, inputs }, (body) => frameOf(at, body))
    if (at + frame.length > LOG_BYTES_MAX || frame.length > HEAD_BYTES + FRAME_BYTES_MAX)
      throw nodeFail.INPUT_LOG_FULL({ file: file.name, bytesMax: LOG_BYTES_MAX })
    size = at + frame.length
    await before
    if (nowMs !== undefined) await file.truncate(0)
    await file.write(at, frame)
    await file.sync()
  }

  return {
    async read(of) {
      const measured = await measure(of)
      if (!measured) return undefined
      await file.truncate(size)
      await writeAgain()
      onTip(of)
      metMs = undefined
      const { nowMs } = decode(beginning, measured.first)
      return { nowMs, inputs: readInputs(of, measured.first, size) }
    },
    begin(on, nowMs) {
      onTip(on)
      metMs = nowMs
      waiting = []
    },
    append(input) {
      waiting.push(recordOf(input))
    },
    get isLong() {
      return waiting.length >= WAITING_MAX
    },
    sync() {
      if (waiting.length === 0) return writing
      const begun = write(writing)
      writing = begun
      const done = () => {
        if (writing === begun) writing = undefined
      }
      return begun.then(done)
    },
    close: () => file.close(),
  }
}

function sumOf(tip: Uint8Array, at: number, body: Uint8Array): Uint8Array {
  // A file has fewer than 2^32 bytes (LOG_BYTES_MAX).
  writeU32(placeBytes, 0, at)
  return hashTagged(tip, placeBytes, body).subarray(0, SUM_BYTES)
}

const placeBytes = new Uint8Array(4)

/** The tip of a first frame; undefined for bytes that are none. */
function tipIn(body: Uint8Array): Hash | undefined {
  return body.length < TIP_BYTES ? undefined : toHash(body.subarray(0, TIP_BYTES))
}

function indexOfMagic(piece: Uint8Array, from: number): number {
  const [byte = 0] = MAGIC
  for (let i = piece.indexOf(byte, from); i >= 0; i = piece.indexOf(byte, i + 1))
    if (equalBytes(piece.subarray(i, i + MAGIC.length), MAGIC)) return i
  return -1
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff
}

function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
}

function recordOf(input: EngineInput): LoggedInput {
  switch (input.kind) {
    case 'started':
    case 'tip':
      throw new Error(`the log of inputs begins with ${input.kind}; it does not hold it`)
    default:
      return { kind: input.kind, value: input } as LoggedInput
  }
}

function inputOf({ kind, value }: LoggedInput, fingerprint: Hash): EngineInput {
  if (kind === 'block' || kind === 'built')
    return { kind, ...value, id: blockId(fingerprint, value.block.header) } as EngineInput
  return { kind, ...value } as EngineInput
}
