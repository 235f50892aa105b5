// Private fields off the chain: a record store, salted digests, blind indexes, and reading what another organisation shares.
import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import { failures, fromHex, type Hash, hash, toHex, utf8 } from '@mmtchain/primitives'

/** The private fields of a customer, a contact or a note, with the salt of their digest. */
export interface PrivateRecord {
  readonly fields: { readonly [name: string]: string }
  /** 32 bytes in hex. */
  readonly salt: string
}
/** Where records are kept, by their digest. Another store than files implements these three. */
export interface RecordStore {
  put(record: PrivateRecord): Promise<Hash>
  /** Throws `crm/NO_RECORD`, `crm/BAD_RECORD`. */
  get(digest: Hash): Promise<PrivateRecord>
  /** Destroys the record and its salt; a second time does nothing. */
  destroy(digest: Hash): Promise<void>
}

/** The refusals of `crm/records`, which never stand in a receipt of the chain. */
export const recordRefusals = {
  NO_RECORD: (d: { digest: string }) => ({
    message: `The store has no record ${d.digest}.`,
    hint: 'It was never stored, or is destroyed.',
  }),
  BAD_RECORD: (d: { digest: string }) => ({
    message: `The record ${d.digest} is not what the chain commits to.`,
    hint: 'Somebody has changed the file: restore it from a copy.',
  }),
  BAD_KEY: (d: { bytes: number; min: number }) => ({
    message: `The key of a blind index has ${d.bytes} bytes, not ${d.min} or more.`,
    hint: 'Make 32 random bytes once, and keep them to yourself: whoever has them can try names.',
  }),
  NOT_GRANTED: (d: { reader: string; customer: bigint }) => ({
    message: `${d.reader} may not read the customer ${d.customer}.`,
    hint: 'The owner grants it for a purpose that the customer has consented to (command share).',
  }),
}
const KEY_BYTES_MIN = 32
const fail = failures('crm', recordRefusals)
const RECORD = tag('mmt-crm-record')

/** A record with a new salt. */
export function newRecord(fields: PrivateRecord['fields']): PrivateRecord {
  return { fields, salt: randomBytes(32).toString('hex') }
}

/** What stands on the chain: SHA-256(tag ‖ salt ‖ SHA-256(fields in the order of their names)). */
export function recordDigest({ fields, salt }: PrivateRecord): Hash {
  const ordered = Object.keys(fields)
    .sort()
    .map((name) => [name, fields[name]])
  return hash(hashTagged(RECORD, fromHex(salt), sha256(utf8(JSON.stringify(ordered)))))
}

/**
 * What a customer is found by without telling it: HMAC-SHA-256 under a key of the organisation's own. The value is taken in Unicode form NFKC, in
 * lower case and without space around it, so that `Ann@x.org ` finds `ann@x.org`. Throws `crm/BAD_KEY` for a key of less than 32 bytes.
 */
export function blindIndex(given: {
  readonly key: Uint8Array
  readonly field: string
  readonly value: string
}): Hash {
  const { key, field, value } = given
  if (key.length < KEY_BYTES_MIN) throw fail.BAD_KEY({ bytes: key.length, min: KEY_BYTES_MIN })
  const text = JSON.stringify([field, value.normalize('NFKC').trim().toLowerCase()])
  return hash(new Uint8Array(createHmac('sha256', key).update(text).digest()))
}

/** Records as files, each under its digest. A file is written whole or not at all. */
export async function fileRecords({ path }: { readonly path: string }): Promise<RecordStore> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const file = (digest: Hash) => {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw fail.NO_RECORD({ digest })
    return join(path, `${digest}.json`)
  }
  return {
    async put(record) {
      const digest = recordDigest(record)
      const part = `${file(digest)}.${toHex(randomBytes(8))}.part`
      await writeFile(part, JSON.stringify(record), { mode: 0o600, flush: true })
      await rename(part, file(digest))
      return digest
    },
    async get(digest) {
      const text = await readFile(file(digest), 'utf8').catch(() => undefined)
      if (text === undefined) throw fail.NO_RECORD({ digest })
      const record = parsed(text)
      if (!record || recordDigest(record) !== digest) throw fail.BAD_RECORD({ digest })
      return record
    },
    destroy: (digest) => rm(file(digest), { force: true }),
  }
}

function parsed(text: string): PrivateRecord | undefined {
  try {
    const { fields, salt } = JSON.parse(text) as PrivateRecord
    return /^[0-9a-f]{64}$/.test(salt) && typeof fields === 'object' && fields !== null
      ? { fields, salt }
      : undefined
  } catch {
    return undefined
  }
}

/** The record that an organisation asks for, when the chain grants it to read now. Throws `crm/NOT_GRANTED` and what `get` throws. */
export async function releaseRecord(given: {
  readonly store: RecordStore
  readonly reader: string
  readonly customer: bigint
  /** The query `mayRead`, from a final block. */
  readonly grant: { readonly untilMs: bigint } | null
  readonly nowMs: bigint
  readonly digest: Hash
}): Promise<PrivateRecord> {
  const { store, reader, customer, grant, nowMs, digest } = given
  if (!grant || grant.untilMs <= nowMs) throw fail.NOT_GRANTED({ reader, customer })
  return store.get(digest)
}
