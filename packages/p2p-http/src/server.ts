import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Codec, encode, toJson } from '@mmtchain/codec'
import { type ChainError, type Height, height, isChainError } from '@mmtchain/primitives'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { isLoopback } from './address.ts'
import type { Channel } from './channel.ts'
import { type Greeting, headersOf, readGreeting } from './handshake.ts'
import type { NetworkMetrics } from './metrics.ts'
import { addressPaces } from './pace.ts'
import {
  type BestNodes,
  BLOCKS_MAX,
  type BlockRange,
  bestNodes,
  blockRange,
  type KnownNodes,
  knownNodes,
  type NodeView,
  nodeStatus,
  offeredSnapshots,
} from './reads.ts'
import { p2pFail } from './refusals.ts'
import type { NetworkLimits } from './settings.ts'
import { SNAPSHOT_FILE } from './snapshot-reads.ts'

/** Where streams are opened. */
export const STREAM_PATH = '/p2p/v1/stream'
const BCS = 'application/octet-stream'
/** An answer ends with the block that passes this. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
/** How often Node.js looks for connections that are too slow; its own default is half a minute. */
const CHECKING_MS = 1_000
/** No request of ours has a body. */
const BODY_BYTES_MAX = 1_024

export interface ServerArgs {
  readonly listen: { readonly host: string; readonly port: number }
  readonly channel: Channel
  readonly limits: NetworkLimits
  readonly metrics: NetworkMetrics
  readonly addressPrefix: string
  /** The name of this node. */
  readonly name: string
  greeting(): Greeting
  view(): NodeView | undefined
  peerCount(): number
  known(): KnownNodes
  best(): BestNodes
  onStream(request: IncomingMessage, socket: Duplex, head: Buffer): void
  onFault(error: unknown): void
}

/** A listening server of one node. */
export interface P2pServer {
  readonly port: number
  close(): Promise<void>
}

/** Answers `GET /p2p/v1/…` and hands over what wants to become a stream. Rejects when it cannot listen. */
export async function serve(args: ServerArgs): Promise<P2pServer> {
  const { channel, limits, metrics } = args
  const paces = addressPaces({ perSecond: limits.requestsPerSecond, most: 2 * limits.requestsPerSecond })
  const isCounted = (address: string) => limits.limitLoopback || !isLoopback(address)
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    serverFactory: (handler) => bare(handler as RequestListener, args),
    clientErrorHandler(error, socket) {
      const isSlow = String(error.code).endsWith('_TIMEOUT')
      metrics.refused(isSlow ? 'p2p/TOO_SLOW' : 'p2p/BAD_HEADERS')
      if (socket.writable && !isSlow) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
      else socket.destroy()
    },
  })
  countByAddress(server.server, limits, isCounted, metrics)

  function refuse(reply: FastifyReply, error: ChainError): FastifyReply {
    metrics.refused(error.code)
    if (error.code === 'p2p/RATE_LIMITED') reply.header('retry-after', '1')
    return reply.code(statusOf(error.code)).send(refusalJson(error))
  }

  server.addHook('onRequest', async (request, reply) => {
    reply.headers(headersOf(args.greeting()))
    try {
      admit(request)
    } catch (error) {
      if (!isChainError(error)) throw error
      return refuse(reply, error)
    }
  })

  function admit({ socket, headers }: FastifyRequest): void {
    const { remoteAddress = '' } = socket
    if (isCounted(remoteAddress) && paces.take(remoteAddress, performance.now()) > 0)
      throw p2pFail.RATE_LIMITED({ perSecond: limits.requestsPerSecond })
    // What is kept by certificates may be read by those that have one.
    if (channel.kind === 'authority') channel.check(socket, Date.now())
    const { 'content-encoding': encoding } = headers
    if (encoding !== undefined) throw p2pFail.COMPRESSED({ encoding: encoding.slice(0, 100) })
    if (headers['mmt-fingerprint'] === undefined) return
    const { fingerprint: want } = args.greeting()
    const { fingerprint: got } = readGreeting(headers)
    if (got !== want) throw p2pFail.WRONG_CHAIN({ want, got })
  }

  function answer<T>(request: FastifyRequest, reply: FastifyReply, codec: Codec<T>, value: T): FastifyReply {
    if (!request.headers.accept?.includes(BCS)) return reply.send(toJson(codec, value, args))
    return reply.type(BCS).send(Buffer.from(encode(codec, value)))
  }

  function viewNow(): NodeView {
    const view = args.view()
    if (!view) throw p2pFail.STARTING({})
    return view
  }

  server.get('/p2p/v1/status', (request, reply) => {
    const { version, fingerprint } = args.greeting()
    return answer(request, reply, nodeStatus, {
      node: args.name,
      version,
      fingerprint,
      ...viewNow().status(),
      timeMs: BigInt(Date.now()),
      peers: args.peerCount(),
    })
  })
  server.get('/p2p/v1/blocks', async (request, reply) => {
    const { from = '1', limit = '16' } = request.query as Readonly<Record<string, unknown>>
    const first = height(wholeNumber('from', from, 2n ** 63n))
    const count = wholeNumber('limit', limit, BigInt(BLOCKS_MAX))
    return answer(request, reply, blockRange, await blocksFrom(viewNow(), first, Number(count)))
  })
  server.get('/p2p/v1/snapshots', async (request, reply) => {
    const heights = (await viewNow().snapshots?.heights()) ?? []
    return answer(request, reply, offeredSnapshots, { heights })
  })
  server.get('/p2p/v1/snapshots/:height/:name', async (request, reply) => {
    const { height: at = '', name = '' } = request.params as Readonly<Record<string, string>>
    const from = height(wholeNumber('height', at, 2n ** 63n))
    const isName = SNAPSHOT_FILE.test(name)
    const found = isName ? await viewNow().snapshots?.read(from, name) : undefined
    if (!found) return refuse(reply, p2pFail.NOT_FOUND({ path: request.url.slice(0, 100) }))
    return reply.type(BCS).send(Buffer.from(found))
  })
  server.get('/p2p/v1/peers', (request, reply) => answer(request, reply, knownNodes, args.known()))
  server.get('/p2p/v1/best', (request, reply) => answer(request, reply, bestNodes, args.best()))
  server.setNotFoundHandler((request, reply) =>
    refuse(reply, p2pFail.NOT_FOUND({ path: request.url.slice(0, 100) })),
  )
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _, reply) => {
    if (isChainError(error)) return refuse(reply, error)
    if (error.statusCode === 413) return refuse(reply, p2pFail.TOO_LARGE({ max: BODY_BYTES_MAX }))
    if (error.statusCode !== undefined && error.statusCode < 500)
      return refuse(
        reply,
        p2pFail.BAD_HEADERS({ header: 'request', want: `one that is read: ${error.message}` }),
      )
    args.onFault(error)
    return reply.code(500).send({ error: { message: 'The node failed to answer.' } })
  })
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const { remoteAddress = '' } = request.socket
    if (isCounted(remoteAddress) && paces.take(remoteAddress, performance.now()) > 0)
      refuseStream(socket, args, p2pFail.RATE_LIMITED({ perSecond: limits.requestsPerSecond }))
    else args.onStream(request, socket, head)
  })
  await server.listen(args.listen)
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() }
}

/** A server of Node.js that gives nobody much time. */
function bare(handler: RequestListener, { channel, limits }: ServerArgs): Server {
  const { handshakeMs } = limits
  const times = {
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    keepAliveTimeout: handshakeMs,
    connectionsCheckingInterval: Math.min(CHECKING_MS, handshakeMs),
    maxHeaderSize: 8_192,
  }
  if (!channel.secure) return createServer(times, handler)
  // What is wrong with a certificate is said by name after the TLS handshake.
  const tls = {
    ...channel.secure,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
  }
  return createTlsServer({ ...times, ...tls }, handler) as unknown as Server
}

/** Bounds connections, handshakes under way among them: overall, and of one address. */
function countByAddress(
  server: Server,
  limits: NetworkLimits,
  isCounted: (address: string) => boolean,
  metrics: NetworkMetrics,
): void {
  const counts = new Map<string, number>()
  server.maxConnections = 2 * (limits.inboundMax + limits.outboundMax) + 32
  server.on('drop', () => metrics.refused('p2p/FULL'))
  server.on('connection', (socket) => {
    const { remoteAddress = '' } = socket
    if (!isCounted(remoteAddress)) return
    const count = (counts.get(remoteAddress) ?? 0) + 1
    if (count > limits.inboundPerAddressMax) {
      metrics.refused('p2p/FULL')
      return void socket.destroy()
    }
    counts.set(remoteAddress, count)
    socket.once('close', () => {
      const left = (counts.get(remoteAddress) ?? 1) - 1
      if (left === 0) counts.delete(remoteAddress)
      else counts.set(remoteAddress, left)
    })
  })
}

async function blocksFrom(view: NodeView, from: Height, count: number): Promise<BlockRange> {
  const blocks: BlockRange['blocks'][number][] = []
  let size = 0
  for (let at = from; blocks.length < count && size < ANSWER_BYTES_MAX; at = height(at + 1n)) {
    const found = await view.block(at)
    if (!found) break
    blocks.push({ block: found.block, seal: found.seal })
    size += encode(blockRange, { from, blocks: blocks.slice(-1) }).length
  }
  return { from, blocks }
}

/** Reads a number of a query from 0 to `most`. Throws `p2p/BAD_QUERY`. */
function wholeNumber(name: string, text: unknown, most: bigint): bigint {
  const isRight = typeof text === 'string' && /^\d{1,19}$/.test(text) && BigInt(text) <= most
  if (isRight) return BigInt(text)
  throw p2pFail.BAD_QUERY({ name, want: `a whole number up to ${most}`, got: String(text).slice(0, 100) })
}

/** Answers a request for a stream with a refusal. */
export function refuseStream(
  socket: Duplex,
  { greeting, metrics }: Pick<ServerArgs, 'greeting' | 'metrics'>,
  error: ChainError,
): void {
  metrics.refused(error.code)
  const body = JSON.stringify(refusalJson(error))
  const head = [
    `HTTP/1.1 ${statusOf(error.code)} Refused`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headersOf(greeting())).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusalJson({ code, message, hint }: ChainError): object {
  return { error: { code, message, hint } }
}

const STATUSES: Readonly<Record<string, number>> = {
  'p2p/BAD_HEADERS': 400,
  'p2p/BAD_QUERY': 400,
  'p2p/NOT_FOUND': 404,
  'p2p/WRONG_CHAIN': 409,
  'p2p/SELF': 409,
  'p2p/TOO_LARGE': 413,
  'p2p/COMPRESSED': 415,
  'p2p/RATE_LIMITED': 429,
  'p2p/STARTING': 503,
  'p2p/FULL': 503,
}

function statusOf(code: string): number {
  return STATUSES[code] ?? 403
}
