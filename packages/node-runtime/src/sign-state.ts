import {
  address,
  bool,
  bytes,
  decode,
  hash,
  type Infer,
  list,
  option,
  struct,
  u8,
  u32,
  u64,
  withEncoded,
} from '@mmtchain/codec'
import { sha256, sha256Into } from '@mmtchain/crypto'
import {
  type Address,
  equalBytes,
  type Hash,
  isChainError,
  newBytes,
  toHex,
  utf8,
} from '@mmtchain/primitives'
import { type PublicKey, publicKey } from '@mmtchain/tx'
import type { Log } from './host.ts'
import type { RawFile } from './raw-file.ts'
import { nodeFail } from './refusals.ts'
import type { Signed } from './signer.ts'

// The file: two copies of one record, each with room of its own: MAGIC, the length of the record (u32, little-endian), its SHA-256,
// and the record. The first copy is on the disk before a signature leaves; the second follows at once. So a power failure tears at
// most one copy, of a signature that nobody has; and one copy that rots while the node does not run is there a second time.
// What a process reads at its start may be in memory alone, where one that was killed has left it: both copies are written again first.

const MAGIC = utf8('mmt sign-state 1')
const HEAD_BYTES = MAGIC.length + 4 + 32
const COPY_BYTES = 65_536
const COPIES = [0, 1] as const
const LOSSES_MAX = 256

/** Whose signatures a file remembers, on which chain. */
export interface SignStateOwner {
  readonly fingerprint: Hash
  readonly address: Address
  readonly publicKey: PublicKey
}

/** What a validator signed last, on disk. */
export interface SignState {
  readonly last: Signed | undefined
  /** Nothing new is signed at or below this height. */
  readonly floor: bigint
  /** True from a loss until an epoch was observed: nothing is signed. */
  readonly isObserving: boolean
  /** It outlasts a power failure when this resolves. Throws `node/SIGN_STATE_FAILED`, and from then on always. */
  record(signed: Signed): Promise<void>
  /** Ends an observation at a height. */
  observed(height: bigint): Promise<void>
  close(): Promise<void>
}

const record = struct({
  /** Grows by one with each writing. */
  sequence: u64,
  fingerprint: hash,
  /** None until the first signer opens the file. */
  owner: option(struct({ address, publicKey })),
  signed: option(
    struct({
      at: struct({ height: u64, round: u32, step: u8 }),
      message: bytes({ bytesMax: 4_096 }),
      signature: bytes({ bytesMax: 49_152 }),
    }),
  ),
  floor: u64,
  isObserving: bool,
  /** When the operator said that what had been signed was lost. */
  losses: list(struct({ atMs: u64 }), { max: LOSSES_MAX }),
})
type Record = Infer<typeof record>

/** Fills a new file: nothing was signed. With `floor`, nothing at or below that height will be. */
export async function writeSignState(
  file: RawFile,
  of: { readonly fingerprint: Hash; readonly owner?: SignStateOwner | undefined; readonly floor?: bigint },
): Promise<void> {
  const { fingerprint, owner, floor = 0n } = of
  // The room is taken now, so that a disk that is full later is no reason to stop signing.
  await file.write(0, new Uint8Array(COPIES.length * COPY_BYTES))
  await writeBoth(file, {
    sequence: 0n,
    fingerprint,
    owner: owner ? { address: owner.address, publicKey: owner.publicKey } : null,
    signed: null,
    floor,
    isObserving: false,
    losses: [],
  })
}

/**
 * Notes in the file, for ever, that what was signed may be lost: the validator observes before it signs again. What is still
 * readable and of this owner is kept.
 */
export async function loseSignState(file: RawFile, owner: SignStateOwner, atMs: bigint): Promise<void> {
  const found = await readNewest(file)
  const { fingerprint, address, publicKey } = owner
  const isOwn = found !== undefined && found.fingerprint === fingerprint && isOf(found, owner)
  // It may be in memory alone, and the power fail within the next one.
  if (found) await writeBoth(file, found)
  await writeBoth(file, {
    sequence: (found?.sequence ?? 0n) + 1n,
    fingerprint,
    owner: { address, publicKey },
    signed: isOwn ? found.signed : null,
    floor: isOwn ? found.floor : 0n,
    isObserving: true,
    losses: [...(found?.losses ?? []), { atMs }].slice(-LOSSES_MAX),
  })
}

/**
 * Opens the file of a signer, and closes it when it cannot be used. Throws `node/SIGN_STATE_DAMAGED` when neither copy can be read,
 * `node/SIGN_STATE_FOREIGN` when it is of another chain or key, and `node/SIGN_STATE_FAILED` when it cannot be written.
 */
export async function openSignState(args: {
  readonly file: RawFile
  readonly owner: SignStateOwner
  readonly log: Log
}): Promise<SignState> {
  try {
    return await readSignState(args)
  } catch (error) {
    await args.file.close()
    throw error
  }
}

/** What a sign state says, without changing it. Throws as `openSignState` does. */
export async function inspectSignState(
  file: RawFile,
  owner: SignStateOwner,
): Promise<{ readonly signedUpTo: bigint; readonly isObserving: boolean; readonly losses: number }> {
  const found = await readNewest(file)
  if (!found) throw nodeFail.SIGN_STATE_DAMAGED({ file: file.name })
  checkOwner(file, found, owner)
  const { signed, floor, isObserving, losses } = found
  const signedUpTo = signed && signed.at.height > floor ? signed.at.height : floor
  return { signedUpTo, isObserving, losses: losses.length }
}

async function readSignState({
  file,
  owner,
  log,
}: {
  readonly file: RawFile
  readonly owner: SignStateOwner
  readonly log: Log
}): Promise<SignState> {
  const copies = await Promise.all(COPIES.map((i) => readCopy(file, i)))
  const newest = newestOf(copies)
  if (!newest) throw nodeFail.SIGN_STATE_DAMAGED({ file: file.name })
  checkOwner(file, newest, owner)
  if (newest.losses.length > 0)
    log.warn(
      { file: file.name, losses: newest.losses.length, last: String(newest.losses.at(-1)?.atMs) },
      'what this validator had signed was lost before',
    )
  let now: Record = { ...newest, owner: { address: owner.address, publicKey: owner.publicKey } }
  let failed: unknown
  /** The writing of the second copy. */
  let second: Promise<void> = Promise.resolve()

  /** Throws once a write has failed: nobody knows then what is on the disk. */
  function guarded(write: () => Promise<void>): Promise<void> {
    const refuse = (error: unknown) => {
      failed = error
      throw nodeFail.SIGN_STATE_FAILED({ file: file.name, why: String(error) })
    }
    return failed === undefined ? write().catch(refuse) : Promise.reject(failed).catch(refuse)
  }

  if (copies.includes(undefined))
    log.warn({ file: file.name }, 'one of two copies was torn or damaged, and is written anew')
  await guarded(() => writeBoth(file, now))

  async function write(change: Partial<Record>): Promise<void> {
    await second
    const next = { ...now, ...change, sequence: now.sequence + 1n }
    const copy = copyOf(next)
    await guarded(() => writeCopy(file, 0, copy))
    now = next
    // The signature leaves meanwhile. A failure shows at the next one, before which this is awaited.
    second = guarded(() => writeCopy(file, 1, copy, 'beside')).catch(() => undefined)
  }

  return {
    get last() {
      return now.signed ?? undefined
    },
    get floor() {
      return now.floor
    },
    get isObserving() {
      return now.isObserving
    },
    record: (signed) => write({ signed }),
    observed: (height) => write({ isObserving: false, floor: height > now.floor ? height : now.floor }),
    async close() {
      await second
      await file.close()
    },
  }
}

function checkOwner(file: RawFile, found: Record, owner: SignStateOwner): void {
  const { fingerprint, publicKey } = owner
  if (found.fingerprint !== fingerprint)
    throw nodeFail.SIGN_STATE_FOREIGN({ file: file.name, want: fingerprint, got: found.fingerprint })
  if (found.owner !== null && !isOf(found, owner))
    throw nodeFail.SIGN_STATE_FOREIGN({
      file: file.name,
      want: toHex(publicKey.key),
      got: toHex(found.owner.publicKey.key),
    })
}

function isOf({ owner: found }: Record, { address, publicKey }: SignStateOwner): boolean {
  return (
    found?.address === address &&
    found.publicKey.suite === publicKey.suite &&
    equalBytes(found.publicKey.key, publicKey.key)
  )
}

async function readNewest(file: RawFile): Promise<Record | undefined> {
  return newestOf(await Promise.all(COPIES.map((i) => readCopy(file, i))))
}

function newestOf(copies: readonly (Record | undefined)[]): Record | undefined {
  const [first, second] = copies
  return first && second && second.sequence > first.sequence ? second : (first ?? second)
}

async function readCopy(file: RawFile, copy: number): Promise<Record | undefined> {
  const all = await file.read(copy * COPY_BYTES, COPY_BYTES)
  if (all.length < HEAD_BYTES || !equalBytes(all.subarray(0, MAGIC.length), MAGIC)) return undefined
  const length = new DataView(all.buffer, all.byteOffset).getUint32(MAGIC.length, true)
  const body = all.subarray(HEAD_BYTES, HEAD_BYTES + length)
  const isWhole =
    body.length === length && equalBytes(sha256(body), all.subarray(MAGIC.length + 4, HEAD_BYTES))
  if (!isWhole) return undefined
  try {
    return decode(record, body)
  } catch (error) {
    if (isChainError(error)) return undefined
    throw error
  }
}

/** The bytes of a copy: both are the same. */
function copyOf(value: Record): Uint8Array {
  return withEncoded(record, value, (body) => {
    const copy = newBytes(HEAD_BYTES + body.length)
    copy.set(MAGIC)
    new DataView(copy.buffer, copy.byteOffset).setUint32(MAGIC.length, body.length, true)
    sha256Into(copy, MAGIC.length + 4, body)
    copy.set(body, HEAD_BYTES)
    return copy
  })
}

function writeCopy(file: RawFile, place: number, copy: Uint8Array, how?: 'beside'): Promise<void> {
  return file.write(place * COPY_BYTES, copy).then(() => file.sync(how))
}

async function writeBoth(file: RawFile, value: Record): Promise<void> {
  const copy = copyOf(value)
  for (const place of COPIES) await writeCopy(file, place, copy)
}
