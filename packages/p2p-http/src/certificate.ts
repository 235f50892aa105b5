// A self-signed X.509 certificate (RFC 5280) of an Ed25519 key (RFC 8410).
import { randomBytes } from 'node:crypto'
import { ed25519 } from '@mmtchain/crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from '@peculiar/asn1-x509'
import type { NodeKey } from './handshake.ts'

const ID_ED25519 = '1.3.101.112'
const ID_COMMON_NAME = '2.5.4.3'
/** A clock of another node may be behind by so much. */
const BACKDATED_MS = 86_400_000
const VALID_MS = 10 * 365 * 86_400_000
/** What stands before the 32 bytes of the seed in the PKCS #8 form of an Ed25519 key (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A certificate and its private key in PEM. */
export interface Credentials {
  readonly cert: string
  readonly key: string
}

/** A certificate that a node makes for itself at each start. What is checked of it is its key. */
export function ownCertificate(
  { name, secret }: NodeKey,
  { nowMs, validMs = VALID_MS }: { readonly nowMs: number; readonly validMs?: number },
): Credentials {
  const algorithm = new AlgorithmIdentifier({ algorithm: ID_ED25519 })
  const commonName = new AttributeTypeAndValue({
    type: ID_COMMON_NAME,
    value: new AttributeValue({ utf8String: name }),
  })
  const subject = new Name([new RelativeDistinguishedName([commonName])])
  const serialNumber = new Uint8Array(randomBytes(16))
  // A serial number is positive.
  serialNumber[0] = ((serialNumber[0] as number) & 0x7f) | 0x40
  const tbsCertificate = new TBSCertificate({
    version: 2,
    serialNumber: serialNumber.buffer,
    signature: algorithm,
    issuer: subject,
    subject,
    validity: new Validity({
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(nowMs + validMs),
    }),
    subjectPublicKeyInfo: new SubjectPublicKeyInfo({
      algorithm,
      subjectPublicKey: bufferOf(ed25519.publicKey(secret)),
    }),
  })
  const signature = ed25519.sign(new Uint8Array(AsnConvert.serialize(tbsCertificate)), secret)
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  })
  return {
    cert: pem('CERTIFICATE', new Uint8Array(AsnConvert.serialize(certificate))),
    key: secretPem(secret),
  }
}

/** The PKCS #8 form in PEM of an Ed25519 secret, as OpenSSL reads it. */
export function secretPem(secret: Uint8Array): string {
  return pem('PRIVATE KEY', Buffer.concat([PKCS8_HEAD, secret]))
}

/** The secret of an Ed25519 key in the PKCS #8 form in PEM; undefined when the text is anything else. */
export function readSecretPem(text: string): Uint8Array | undefined {
  const base64 = /^-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----\s*$/.exec(
    text,
  )?.[1]
  const der = Buffer.from(base64 ?? '', 'base64')
  const isRight =
    der.length === PKCS8_HEAD.length + 32 && der.subarray(0, PKCS8_HEAD.length).equals(PKCS8_HEAD)
  return isRight ? new Uint8Array(der.subarray(PKCS8_HEAD.length)) : undefined
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
