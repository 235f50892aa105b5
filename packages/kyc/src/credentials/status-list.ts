// W3C Bitstring Status List 1.0: one bit a credential, so that who checks one does not tell which.
import { gunzipSync, gzipSync } from 'node:zlib'
import { sha256 } from '@mmtchain/crypto'
import { type Hash, hash, utf8 } from '@mmtchain/primitives'
import { fromBase64url, toBase64url } from './keys.ts'
import { credentialFail } from './refusals.ts'

/** Where the status of a credential stands. */
export interface StatusEntry {
  readonly type: 'BitstringStatusListEntry'
  readonly statusPurpose: 'revocation' | 'suspension'
  /** The position of the bit, in decimal digits. */
  readonly statusListIndex: string
  readonly statusListCredential: string
}
export interface StatusListCredential {
  readonly '@context': readonly ['https://www.w3.org/ns/credentials/v2']
  readonly id: string
  readonly type: readonly ['VerifiableCredential', 'BitstringStatusListCredential']
  readonly issuer: string
  readonly validFrom: string
  readonly credentialSubject: {
    readonly id: string
    readonly type: 'BitstringStatusList'
    readonly statusPurpose: 'revocation' | 'suspension'
    /** Multibase (`u`, base64url) of the gzipped bits. */
    readonly encodedList: string
  }
}

/** The least that the specification allows, so that a holder is lost in the crowd (section 3.1). */
export const STATUS_BITS_MIN = 131_072
const STATUS_BYTES_MAX = 1 << 21

/** A list in which the bits of these positions are set. Throws `kyc/BAD_STATUS_LIST`. */
export function statusListCredential(given: {
  readonly id: string
  readonly issuer: string
  /** Unix milliseconds. */
  readonly fromMs: bigint
  readonly purpose: 'revocation' | 'suspension'
  readonly set: Iterable<number>
  readonly bits?: number
}): StatusListCredential {
  const { id, issuer, fromMs, purpose, set, bits = STATUS_BITS_MIN } = given
  if (!Number.isInteger(bits) || bits < STATUS_BITS_MIN || bits > 8 * STATUS_BYTES_MAX || bits % 8 !== 0)
    throw credentialFail.BAD_STATUS_LIST({
      why: `it has ${bits} bits, not ${STATUS_BITS_MIN} or more, a multiple of 8`,
    })
  const bytes = new Uint8Array(bits / 8)
  for (const at of set) {
    if (!Number.isInteger(at) || at < 0 || at >= bits)
      throw credentialFail.BAD_STATUS_LIST({ why: `it has no position ${at}` })
    // The first bit is the most significant one of the first byte (section 3.2).
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7))
  }
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    id,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer,
    validFrom: new Date(Number(fromMs)).toISOString(),
    credentialSubject: {
      ...{ id: `${id}#list`, type: 'BitstringStatusList', statusPurpose: purpose },
      encodedList: `u${toBase64url(gzipSync(bytes))}`,
    },
  }
}

/** What the registrar commits to on the chain: the hash of the list's JSON as it is served. */
export function statusListDigest(served: string): Hash {
  return hash(sha256(utf8(served)))
}

/** Parses a list that was served, when it is the one that the chain commits to. Throws `kyc/BAD_STATUS_LIST`. */
export function checkStatusList(served: string, committed: Hash): StatusListCredential {
  if (served.length > 2 * STATUS_BYTES_MAX) throw credentialFail.BAD_STATUS_LIST({ why: 'it is too long' })
  const found = statusListDigest(served)
  if (found !== committed)
    throw credentialFail.BAD_STATUS_LIST({ why: `its hash is ${found}, but the chain has ${committed}` })
  return JSON.parse(served) as StatusListCredential
}

/** Whether the bit of an entry is set. Throws `kyc/BAD_STATUS_LIST`. */
export function readStatus(list: StatusListCredential, entry: StatusEntry): boolean {
  const refuse = (why: string): never => {
    throw credentialFail.BAD_STATUS_LIST({ why })
  }
  const { credentialSubject: subject } = list
  if (entry.statusListCredential !== list.id) refuse(`it is ${list.id}, not ${entry.statusListCredential}`)
  if (subject?.statusPurpose !== entry.statusPurpose) refuse(`its purpose is ${subject?.statusPurpose}`)
  if (!/^u[A-Za-z0-9_-]+$/.test(subject.encodedList)) refuse('it is not multibase of base64url')
  const bytes = unzipped(fromBase64url(subject.encodedList.slice(1)))
  if (bytes.length * 8 < STATUS_BITS_MIN) refuse(`it has less than ${STATUS_BITS_MIN} bits`)
  if (!/^\d{1,9}$/.test(entry.statusListIndex)) refuse(`${entry.statusListIndex} is no position`)
  const at = Number(entry.statusListIndex)
  const byte = bytes[at >> 3]
  if (byte === undefined) return refuse(`it has no position ${at}`)
  return (byte & (0x80 >> (at & 7))) !== 0
}

function unzipped(bytes: Uint8Array): Uint8Array {
  try {
    // A few bytes can be gigabytes of zeros.
    return gunzipSync(bytes, { maxOutputLength: STATUS_BYTES_MAX })
  } catch {
    throw credentialFail.BAD_STATUS_LIST({ why: `it is no gzip of at most ${STATUS_BYTES_MAX} bytes` })
  }
}
