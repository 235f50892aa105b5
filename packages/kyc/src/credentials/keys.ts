import { ed25519 } from '@mmtchain/crypto'

/** A public Ed25519 key as RFC 8037 writes it. */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}
/** What an issuer or a holder signs with. */
export interface CredentialKey {
  readonly jwk: PublicJwk
  sign(message: Uint8Array): Uint8Array
}

/** An Ed25519 key of 32 secret bytes. */
export function credentialKey(secret: Uint8Array): CredentialKey {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(ed25519.publicKey(secret)) } as const
  return { jwk, sign: (message) => ed25519.sign(message, secret) }
}

/** True when the signature is one of this key; false for a key of another form. */
export function verifies(jwk: unknown, message: Uint8Array, signature: Uint8Array): boolean {
  const { kty, crv, x } = (jwk ?? {}) as Partial<PublicJwk>
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') return false
  return ed25519.verify({ key: fromBase64url(x), message, signature })
}

export const toBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
export const fromBase64url = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
