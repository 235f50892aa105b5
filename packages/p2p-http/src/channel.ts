import { X509Certificate } from 'node:crypto'
import { createSecureContext, type PeerCertificate, type SecureContextOptions, TLSSocket } from 'node:tls'
import type { PeerId } from '@mmtchain/kernel'
import { isLoopback } from './address.ts'
import { type Credentials, ownCertificate } from './certificate.ts'
import type { NodeKey } from './handshake.ts'
import { p2pFail } from './refusals.ts'

/** How nodes of a network protect what they say. All of them do it alike. */
export type Tls =
  /** Not at all: on loopback, or where the operator says so. */
  | { readonly kind: 'plain' }
  /** Each makes a certificate of its node key; others check that it is the key of the node that they mean. */
  | { readonly kind: 'pinned' }
  /** Each has a certificate of the alliance's own authority; PEM. */
  | { readonly kind: 'authority'; readonly authority: string; readonly cert: string; readonly key: string }

/** The TLS of one node. */
export interface Channel {
  readonly kind: Tls['kind']
  /** What both servers and clients of TLS are made with; undefined for plain HTTP. */
  readonly secure: SecureContextOptions | undefined
  /**
   * Checks the certificate of the other side of a connection. Answers the name of the node whose key it holds, where it does.
   * Throws `p2p/NO_CERTIFICATE`, `p2p/CERTIFICATE_EXPIRED` or `p2p/WRONG_AUTHORITY`.
   */
  check(socket: unknown, nowMs: number): PeerId | undefined
}

const BINDING_LABEL = 'EXPORTER-Channel-Binding'
const BINDING_BYTES = 32
/** What OpenSSL says of a certificate that the time has passed by. */
const EXPIRED = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']

/** Throws `p2p/PLAIN_OFF_LOOPBACK` unless the operator chose it, and `p2p/BAD_CERTIFICATE_FILE`. */
export function createChannel(tls: Tls | undefined, host: string, key: NodeKey): Channel {
  const chosen = tls ?? { kind: isLoopback(host) ? 'plain' : 'pinned' }
  switch (chosen.kind) {
    case 'plain':
      return { kind: 'plain', secure: undefined, check: () => undefined }
    case 'pinned':
      return pinned(key)
    case 'authority':
      return byAuthority(chosen)
  }
}

function pinned(key: NodeKey): Channel {
  const own: Credentials = ownCertificate(key, { nowMs: Date.now() })
  return {
    kind: 'pinned',
    secure: { ...own, minVersion: 'TLSv1.3' },
    check(socket, nowMs) {
      const shown = shownCertificate(socket)
      if (nowMs < Date.parse(shown.valid_from) || nowMs > Date.parse(shown.valid_to))
        throw p2pFail.CERTIFICATE_EXPIRED({ validTo: shown.valid_to })
      return nameIn(socket as TLSSocket)
    },
  }
}

function byAuthority({ authority, cert, key }: Extract<Tls, { kind: 'authority' }>): Channel {
  const secure: SecureContextOptions = { ca: authority, cert, key, minVersion: 'TLSv1.3' }
  try {
    // OpenSSL takes a text without any certificate for an authority that signs nothing.
    new X509Certificate(authority)
    createSecureContext(secure)
  } catch (error) {
    throw p2pFail.BAD_CERTIFICATE_FILE({ why: error instanceof Error ? error.message : String(error) })
  }
  return {
    kind: 'authority',
    secure,
    check(socket) {
      const shown = shownCertificate(socket)
      const { authorized, authorizationError } = socket as TLSSocket
      if (authorized) return undefined
      const why = String(authorizationError ?? 'it was not checked')
      if (EXPIRED.includes(why)) throw p2pFail.CERTIFICATE_EXPIRED({ validTo: shown.valid_to })
      throw p2pFail.WRONG_AUTHORITY({ why })
    },
  }
}

function shownCertificate(socket: unknown): PeerCertificate {
  const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
  if (!shown || Object.keys(shown).length === 0) throw p2pFail.NO_CERTIFICATE({})
  return shown
}

/** The name of the node whose Ed25519 key a certificate holds. */
function nameIn(socket: TLSSocket): PeerId {
  const key = socket.getPeerX509Certificate()?.publicKey
  if (key?.asymmetricKeyType !== 'ed25519') return `a key of the kind ${key?.asymmetricKeyType}`
  return Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url').toString('hex')
}

/** What only the two ends of a TLS connection know; zeros without TLS. */
export function bindingOf(socket: unknown): Uint8Array {
  if (!(socket instanceof TLSSocket)) return new Uint8Array(BINDING_BYTES)
  return new Uint8Array(socket.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0)))
}
