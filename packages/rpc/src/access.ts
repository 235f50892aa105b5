import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { type ChainError, hashToBytes } from '@mmtchain/primitives'
import { rpcFail } from './refusals.ts'
import type { Role, RpcSettings } from './settings.ts'

// Who may call. A page that the user of this machine has open could reach a server on loopback, so callers that a browser
// sends are known by `Origin`, and a name that an attacker points at this machine (DNS rebinding) by `Host`.

/** A caller may do what its roles say, or may not call at all. */
export type Admission =
  | { readonly roles: ReadonlySet<Role> }
  | { readonly refusal: ChainError; status: number }

export interface Access {
  /** Judges the headers of a request. `bearer` is a token that came another way. */
  admit(headers: IncomingHttpHeaders, bearer?: string): Admission
  /** The origin to name in `Access-Control-Allow-Origin`: a listed one that is not the server's own. */
  allowedOrigin(headers: IncomingHttpHeaders): string | undefined
}

const ROLES: readonly string[] = ['read', 'submit', 'admin'] satisfies Role[]

/** Throws `rpc/BAD_SETTINGS` for a role that does not exist, or a token that stands twice. */
export function createAccess(settings: RpcSettings, listenHost: string): Access {
  const { origins, tokens, anonymous } = settings
  const hosts = new Set(['localhost', listenHost, ...settings.hosts].map((host) => host.toLowerCase()))
  const known = tokens.map(({ name, sha256, roles }) => ({
    digest: hashToBytes(sha256),
    roles: rolesOf(roles, `tokens.${name}.roles`),
  }))
  if (new Set(tokens.map(({ sha256 }) => sha256)).size < tokens.length)
    throw rpcFail.BAD_SETTINGS({ path: 'tokens', why: 'a token stands twice' })
  const withoutToken = rolesOf(anonymous, 'anonymous')

  const originOf = ({ origin }: IncomingHttpHeaders) => (origin === '' ? undefined : origin)
  const isOwn = (headers: IncomingHttpHeaders) => {
    const origin = originOf(headers)
    return origin === `http://${headers.host}` || origin === `https://${headers.host}`
  }
  const isListed = (origin: string) => origins.includes(origin) || origins.includes('*')

  return {
    admit(headers, bearer = bearerOf(headers)) {
      const host = hostName(headers.host)
      if (host === undefined || !(isIP(host) > 0 || hosts.has(host)))
        return {
          status: 403,
          refusal: rpcFail.HOST_NOT_ALLOWED({ host: String(headers.host ?? '').slice(0, 100) }),
        }
      const origin = originOf(headers)
      if (origin !== undefined && !isOwn(headers) && !isListed(origin))
        return { status: 403, refusal: rpcFail.ORIGIN_NOT_ALLOWED({ origin: origin.slice(0, 100) }) }
      if (bearer === undefined) return { roles: withoutToken }
      const digest = createHash('sha256').update(bearer).digest()
      // Digests are compared, all of them and in constant time, so that the time tells nothing of any token.
      let found: ReadonlySet<Role> | undefined
      for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token.roles
      return found ? { roles: found } : { status: 401, refusal: rpcFail.UNKNOWN_TOKEN({}) }
    },
    allowedOrigin(headers) {
      const origin = originOf(headers)
      return origin !== undefined && !isOwn(headers) && isListed(origin) ? origin : undefined
    },
  }
}

function rolesOf(names: readonly string[], path: string): ReadonlySet<Role> {
  const wrong = names.find((name) => !ROLES.includes(name))
  if (wrong !== undefined)
    throw rpcFail.BAD_SETTINGS({ path, why: `"${wrong}" is not one of ${ROLES.join(', ')}` })
  return new Set(names as readonly Role[])
}

/** The name in a `Host` header, without its port and brackets, in lower case. */
function hostName(host: string | undefined): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:@/?#[\]\s]+))(?::\d{1,5})?$/i.exec(host ?? '')
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined
  // Whatever else stands there is no token of ours either.
  return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
}
