// Names over HTTP: what they hold, where they lead, and DNS questions (RFC 8484).
import { type ChainError, isChainError } from '@mmtchain/primitives'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type Resolution, type Resolver, shownRecords } from '../resolver/resolver.ts'
import { answerPacket } from './packets.ts'
import type { Zone } from './zone.ts'

export interface HttpOptions {
  readonly resolver: Resolver
  readonly zone: Zone
  readonly host?: string
  /** 0 takes one that is free. */
  readonly port: number
  /** Whether `/name/NAME` fetches the resource itself (`proxy`, the default) or sends the browser there (`redirect`). */
  readonly mode?: 'proxy' | 'redirect'
  readonly onFault?: (error: unknown) => void
}

/** A running server. */
export interface HttpServer {
  readonly url: string
  close(): Promise<void>
}

const DNS_TYPE = 'application/dns-message'
const QUESTION_BYTES_MAX = 4_096
const UNDER_WAY_MAX = 1_024
const STATUS: Readonly<Record<string, number>> = {
  'resolver/BAD_NAME': 400,
  'resolver/UNKNOWN_ROOT': 404,
  'resolver/NOT_FOUND': 404,
  'resolver/NO_RECORD': 404,
  'resolver/NO_NAMES': 404,
  'resolver/NOT_PUBLIC': 403,
  'resolver/DELEGATION_LOOP': 508,
  'resolver/TOO_MANY_DELEGATIONS': 508,
  'resolver/TOO_LARGE': 502,
  'resolver/NO_NODE': 502,
  'resolver/STALE': 503,
}

/**
 * `GET /name/NAME`: the resource of a name, or its records where it has none. `GET /records/NAME`: the records as JSON. `/dns-query`: DNS over
 * HTTPS, behind whatever gives it TLS. `GET /healthz`.
 */
export async function serveNames(options: HttpOptions): Promise<HttpServer> {
  const { resolver, zone, host = '127.0.0.1', port, mode = 'proxy', onFault = () => undefined } = options
  const server = fastify({ bodyLimit: QUESTION_BYTES_MAX, requestTimeout: 30_000, connectionTimeout: 30_000 })
  let underWay = 0
  server.addHook('onRequest', async (_, reply) => {
    if (underWay >= UNDER_WAY_MAX) return reply.code(503).header('retry-after', '1').send()
    underWay += 1
    reply.raw.once('close', () => {
      underWay -= 1
    })
  })
  server.addHook('onSend', async (_, reply) => {
    // Resources of strangers share this origin: they run nothing and are taken for nothing else.
    reply.header('x-content-type-options', 'nosniff').header('content-security-policy', 'sandbox')
    reply.header('access-control-allow-origin', '*')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  server.setErrorHandler((error, _, reply) => refuse(reply, error, onFault))
  server.get<{ Params: { name: string } }>('/records/:name', async ({ params }, reply) =>
    showRecords(reply, await resolver.resolve(params.name)),
  )
  server.get<{ Params: { name: string } }>('/name/:name', async ({ params }, reply) => {
    const resolution = await resolver.resolve(params.name)
    if (!resolution.records.some(({ kind }) => kind === 'url' || kind === 'data'))
      return showRecords(reply, resolution)
    if (mode === 'redirect') {
      const [best] = await resolver.placesOf(resolution)
      return withBlock(reply, resolution).redirect(best as string, 302)
    }
    const { status, contentType, body, url } = await resolver.get(resolution)
    return withBlock(reply, resolution)
      .code(status)
      .header('mmt-place', url)
      .type(contentType)
      .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  })
  server.get('/healthz', async (_, reply) => {
    const roots = await Promise.all(
      resolver.roots.map(async (root) => ({ root, height: String((await resolver.newest(root)).height) })),
    )
    return reply.send({ ok: true, roots })
  })
  addDnsOverHttps(server, zone)
  await server.listen({ host, port })
  const address = server.server.address() as { readonly port: number }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: () => server.close(),
  }
}

function addDnsOverHttps(server: FastifyInstance, zone: Zone): void {
  const answer = async (question: Uint8Array, reply: FastifyReply) => {
    const answered = await answerPacket(zone, question, 'https')
    if (!answered) return reply.code(400).send()
    const { packet, ttl } = answered
    // RFC 8484, section 5.1: an answer is fresh no longer than the shortest of its records.
    return reply.header('cache-control', `max-age=${ttl}`).type(DNS_TYPE).send(Buffer.from(packet))
  }
  server.addContentTypeParser(DNS_TYPE, { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  server.post('/dns-query', async ({ body }, reply) =>
    Buffer.isBuffer(body) ? answer(body, reply) : reply.code(415).send(),
  )
  server.get<{ Querystring: { dns?: unknown } }>('/dns-query', async ({ query: { dns } }, reply) => {
    if (typeof dns !== 'string' || dns.length > (QUESTION_BYTES_MAX * 4) / 3 || !/^[A-Za-z0-9_-]+$/.test(dns))
      return reply.code(400).send()
    return answer(Buffer.from(dns, 'base64url'), reply)
  })
}

function showRecords(reply: FastifyReply, resolution: Resolution) {
  return withBlock(reply, resolution).send({ ...shownRecords(resolution), via: resolution.via })
}

/** Says of which certified block an answer is. */
function withBlock(reply: FastifyReply, { header, id, fingerprint }: Resolution): FastifyReply {
  reply.header('mmt-fingerprint', fingerprint)
  return header && id ? reply.header('mmt-height', String(header.height)).header('mmt-block', id) : reply
}

function refuse(reply: FastifyReply, error: unknown, onFault: (error: unknown) => void) {
  if (isChainError(error)) {
    const { code, message, hint } = error as ChainError
    return reply.code(STATUS[code] ?? 502).send({ error: { code, message, hint } })
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500
  if (status >= 500) onFault(error)
  return reply.code(status).send()
}
