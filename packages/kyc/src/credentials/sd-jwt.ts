// Verifiable credentials with selective disclosure: SD-JWT (RFC 9901) with key binding.
import { createHash, randomBytes } from 'node:crypto'
import { utf8 } from '@mmtchain/primitives'
import { SDJwtInstance } from '@sd-jwt/core'
import { type CredentialKey, fromBase64url, type PublicJwk, toBase64url, verifies } from './keys.ts'
import { credentialFail } from './refusals.ts'
import type { StatusEntry } from './status-list.ts'

/** What an issuer says of a holder. Each claim is disclosed alone, or not at all. */
export interface IssueRequest {
  /** Who issues: the registrar's address as the chain shows it. */
  readonly issuer: string
  readonly key: CredentialKey
  /** The type of the credential, `vct`. */
  readonly type: string
  /** The key that presentations must be signed with. */
  readonly holder: PublicJwk
  readonly claims: { readonly [name: string]: unknown }
  /** Unix seconds. */
  readonly issuedS: number
  readonly untilS: number
  readonly status?: StatusEntry
}
/** What a presentation shows, once it is checked. */
export interface Presented {
  readonly issuer: string
  readonly type: string
  readonly holder: PublicJwk
  /** The claims that the holder disclosed, and no others. */
  readonly claims: { readonly [name: string]: unknown }
  readonly status: StatusEntry | undefined
}

/** No presentation is longer; a longer one is refused unread. */
const PRESENTATION_CHARS_MAX = 65_536
/** How old, and how far in the future, the holder's signature of a presentation may be. */
const FRESH_S = 300
const OWN_CLAIMS = new Set(['iss', 'iat', 'nbf', 'exp', 'vct', 'cnf', 'status', '_sd', '_sd_alg', '...'])
const ALGORITHM = 'EdDSA'
const hashing = {
  hasher: (data: string | ArrayBuffer) =>
    new Uint8Array(
      createHash('sha256')
        .update(typeof data === 'string' ? data : new Uint8Array(data))
        .digest(),
    ),
  hashAlg: 'sha-256' as const,
  saltGenerator: (length: number) => randomBytes(length).toString('base64url'),
}
const signing = (key: CredentialKey) => (data: string) => toBase64url(key.sign(utf8(data)))

/** A credential in its compact form. Throws `kyc/BAD_CREDENTIAL`. */
export async function issueCredential(request: IssueRequest): Promise<string> {
  const { issuer, key, type, holder, claims, issuedS, untilS, status } = request
  const names = Object.keys(claims)
  const taken = names.find((name) => OWN_CLAIMS.has(name))
  if (taken !== undefined)
    throw credentialFail.BAD_CREDENTIAL({ why: `the claim ${taken} is one of the format itself` })
  const payload = {
    ...{ ...claims, iss: issuer, iat: issuedS, exp: untilS, vct: type, cnf: { jwk: holder } },
    ...(status ? { status } : {}),
  }
  const instance = new SDJwtInstance({ ...hashing, signer: signing(key), signAlg: ALGORITHM })
  return instance.issue(payload, { _sd: names } as never, { header: { typ: 'dc+sd-jwt' } })
}

/** The holder shows some claims to one audience, which chose the nonce. */
export async function present(given: {
  readonly credential: string
  readonly reveal: readonly string[]
  readonly audience: string
  readonly nonce: string
  readonly key: CredentialKey
  readonly nowS: number
}): Promise<string> {
  const { credential, reveal, audience, nonce, key, nowS } = given
  const instance = new SDJwtInstance({ ...hashing, kbSigner: signing(key), kbSignAlg: ALGORITHM })
  const frame = Object.fromEntries(reveal.map((name) => [name, true]))
  return instance.present(credential, frame as never, {
    kb: { payload: { iat: nowS, aud: audience, nonce } },
  })
}

/**
 * What a presentation shows, when issuer and holder signed it, it is made for this audience and nonce within five minutes, and it has not run out. Throws
 * `kyc/BAD_CREDENTIAL`, `kyc/UNKNOWN_ISSUER`.
 */
export async function checkPresentation(given: {
  readonly presentation: string
  /** The key of an issuer that is trusted, by its name. */
  readonly issuers: (issuer: string) => PublicJwk | undefined
  readonly types: readonly string[]
  readonly audience: string
  readonly nonce: string
  readonly nowS: number
}): Promise<Presented> {
  const { presentation, issuers, types, audience, nonce, nowS } = given
  if (presentation.length > PRESENTATION_CHARS_MAX)
    throw credentialFail.BAD_CREDENTIAL({ why: `it is longer than ${PRESENTATION_CHARS_MAX} characters` })
  const { issuer, jwk } = issuerOf(presentation, issuers)
  const instance = new SDJwtInstance({
    ...hashing,
    verifier: (data, signature) => verifies(jwk, utf8(data), fromBase64url(signature)),
    kbVerifier: (data, signature, payload) => {
      const { cnf } = payload as { readonly cnf?: { readonly jwk?: unknown } }
      return verifies(cnf?.jwk, utf8(data), fromBase64url(signature))
    },
  })
  const found = await verified(() =>
    instance.verify(presentation, {
      currentDate: nowS,
      keyBindingNonce: nonce,
      requiredClaimKeys: ['iss', 'iat', 'exp', 'vct', 'cnf'],
    }),
  )
  const refuse = (why: string): never => {
    throw credentialFail.BAD_CREDENTIAL({ why })
  }
  const { iss, iat, exp, nbf, vct, cnf, status, ...claims } = found.payload as {
    readonly iss: unknown
    readonly exp: unknown
    readonly vct: string
    readonly cnf: { readonly jwk: PublicJwk }
    readonly status?: StatusEntry
    readonly [name: string]: unknown
  }
  if (iss !== issuer) refuse('it names another issuer than the one that signed it')
  if (typeof exp !== 'number' || exp <= nowS) refuse('it has run out')
  if (!types.includes(vct)) refuse(`its type is ${vct}, not ${types.join(' or ')}`)
  const { kb } = found
  if (!kb) return refuse('the holder has not signed it')
  if (kb.payload.aud !== audience) refuse(`it is made for ${kb.payload.aud}, not for ${audience}`)
  if (Math.abs(nowS - kb.payload.iat) > FRESH_S)
    refuse(`the holder signed it more than ${FRESH_S} s away from now`)
  return { issuer, type: vct, holder: cnf.jwk, claims, status }
}

/** Reads who claims to have issued it, before anything of it is believed. */
function issuerOf(presentation: string, issuers: (issuer: string) => PublicJwk | undefined) {
  const [, body = ''] = (presentation.split('~')[0] ?? '').split('.')
  let issuer: unknown
  let algorithm: unknown
  try {
    issuer = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')).iss
    algorithm = JSON.parse(Buffer.from(presentation.split('.')[0] ?? '', 'base64url').toString('utf8')).alg
  } catch {
    throw credentialFail.BAD_CREDENTIAL({ why: 'it is no SD-JWT' })
  }
  if (algorithm !== ALGORITHM)
    throw credentialFail.BAD_CREDENTIAL({ why: `it is signed by ${algorithm}, not ${ALGORITHM}` })
  const jwk = typeof issuer === 'string' ? issuers(issuer) : undefined
  if (typeof issuer !== 'string' || !jwk)
    throw credentialFail.UNKNOWN_ISSUER({ issuer: String(issuer).slice(0, 128) })
  return { issuer, jwk }
}

/** The library throws errors of its own kind for whatever does not verify. */
async function verified<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'it cannot be read'
    throw credentialFail.BAD_CREDENTIAL({ why: why.replace(/\.$/, '') })
  }
}
