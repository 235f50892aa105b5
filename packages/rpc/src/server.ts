import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Host, Node } from '@mmtchain/node-runtime'
import type { ChainError } from '@mmtchain/primitives'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { WebSocketServer } from 'ws'
import { createAccess } from './access.ts'
import { createBacklog } from './backlog.ts'
import { serveConnection } from './connection.ts'
import { followBlocks } from './feed.ts'
import { answer, type Dispatch, refuse } from './json-rpc.ts'
import type { Method } from './method.ts'
import { createMethods, type NodeInfo, type PeerInfo, type SnapshotMaker } from './methods.ts'
import { type Connection, isPost, servePost } from './post.ts'
import { type AddressEntry, type Bucket, createAddressBook, isLoopback, newBucket, refill } from './rate.ts'
import { rpcFail } from './refusals.ts'
import { checkLimits, type Role, RPC_SETTINGS_DEFAULT, type RpcSettings } from './settings.ts'
import { followRelease } from './view.ts'

export interface RpcOptions {
  readonly node: Node
  readonly info: NodeInfo
  readonly log: Host['log']
  /** Loopback unless the operator says otherwise. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
  /** Limits, origins, tokens: `RPC_SETTINGS_DEFAULT` by default. */
  readonly settings?: RpcSettings | undefined
  /** Other nodes, for `node_peers`; none without. */
  readonly peers?: (() => readonly PeerInfo[]) | undefined
  /** Makes snapshots, for `node_snapshot`; there is no such method without. */
  readonly snapshots?: SnapshotMaker | undefined
}

/** A listening RPC server. */
export interface RpcServer {
  readonly url: string
  /** Ends all connections and stops listening. */
  close(): Promise<void>
}

/** The subprotocol of WebSockets here. One named `bearer.TOKEN` beside it carries a token, since pages can set no header. */
const SUBPROTOCOL = 'mmt-rpc'
const BEARER_PROTOCOL = 'bearer.'
/** How often a WebSocket is asked for a sign of life; one that gave none since the last time is dropped. */
const PING_MS = 30_000
/** An HTTP connection on which nothing moves for this long is closed. */
const IDLE_MS = 60_000
/** So many bytes as this many answers of the largest size may wait, of requests and answers of all callers together. */
const BACKLOG_ANSWERS = 8

/**
 * Serves JSON-RPC 2.0 at `/rpc`, over POST and WebSocket, and `GET /healthz`, `/readyz` and `/metrics`, on one port. Rejects when the
 * port is taken, and with `rpc/BAD_SETTINGS` or `rpc/METHOD_TAKEN`.
 */
export async function serveRpc(options: RpcOptions): Promise<RpcServer> {
  const { node, info, log, host = '127.0.0.1', port, settings = RPC_SETTINGS_DEFAULT } = options
  const { limits } = settings
  checkLimits(limits)
  const access = createAccess(settings, host)
  const view = followRelease(node)
  const { peers, snapshots } = options
  const onFault = (error: unknown, method: string) =>
    log.error({ method, error: error instanceof Error ? error.stack : String(error) }, 'an RPC method failed')
  const dispatch = tableOf(view, { info, limits, onFault, peers, snapshots })
  // A clash of names in the first table shows before anyone calls.
  dispatch()
  const feed = followBlocks(node)
  const callers = countCallers(settings)
  const backlog = createBacklog(BACKLOG_ANSWERS * limits.answerBytesMax)
  const connections = new WeakMap<Socket, Connection>()

  function connectionOf(socket: Socket): Connection {
    const known = connections.get(socket)
    if (known) return known
    const holder = backlog.open(() => socket.destroy())
    socket.once('close', holder.close)
    const made = { meter: callers.meter(socket), holder }
    connections.set(socket, made)
    return made
  }

  const post = servePost({
    access,
    bodyBytesMax: limits.bodyBytesMax,
    connectionOf,
    answer: async (sender, text) => answer(dispatch(), sender, text),
    onFault: (error) => onFault(error, 'POST /rpc'),
  })
  const server = fastify({
    bodyLimit: limits.bodyBytesMax,
    forceCloseConnections: true,
    serverFactory(others) {
      const http = createServer((request, response) =>
        isPost(request) ? post(request, response) : others(request, response),
      )
      http.requestTimeout = limits.requestTimeoutMs
      http.keepAliveTimeout = IDLE_MS
      http.setTimeout(IDLE_MS)
      return http
    },
  })
  server.server.maxConnections = limits.connectionsMax
  server.server.prependListener('connection', (socket) => callers.connected(socket))

  // What is sent to a page that takes nothing does not matter, whatever it is.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  // Every page counts, and before anything else is done for it.
  server.addHook('onRequest', (request, reply, done) => {
    const tooMany = connectionOf(request.socket).meter.count()
    if (tooMany) refused(reply.header('retry-after', '1'), 429, tooMany)
    else done()
  })
  server.decorateRequest('roles', null)
  const admit = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const admission = access.admit(request.headers)
    if ('refusal' in admission) {
      refused(reply, admission.status, admission.refusal)
      return
    }
    const origin = access.allowedOrigin(request.headers)
    if (origin !== undefined) reply.header('access-control-allow-origin', origin).header('vary', 'origin')
    ;(request as Admitted).roles = admission.roles
    done()
  }

  server.options('/rpc', { onRequest: admit }, (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', 'content-type, authorization')
      .header('access-control-max-age', '600')
      .send(),
  )
  server.get('/healthz', { onRequest: admit }, (_request, reply) => {
    const ok = node.running
    return reply.code(ok ? 200 : 503).send({ ok, height: node.tip.header.height.toString() })
  })
  server.get('/readyz', { onRequest: admit }, async (_request, reply) => {
    const found = await node.health()
    return reply.code(found.ready ? 200 : 503).send(found)
  })
  server.get('/metrics', { onRequest: admit }, async (request, reply) => {
    if (!(request as Admitted).roles?.has('read'))
      return refused(reply, 403, rpcFail.ROLE_NEEDED({ role: 'read', what: '/metrics' }))
    const { metrics } = node
    return reply.type(metrics.contentType).send(await metrics.text())
  })
  server.setNotFoundHandler((request, reply) =>
    refused(reply, 404, rpcFail.NOT_FOUND({ path: request.url.slice(0, 100) })),
  )
  server.setErrorHandler(
    (error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
      const { statusCode = 500, message } = error
      if (statusCode === 413) return refused(reply, 413, rpcFail.BODY_TOO_LARGE({ max: limits.bodyBytesMax }))
      if (statusCode < 500) return refused(reply, statusCode, rpcFail.INVALID_REQUEST({ why: message }))
      onFault(error, request.url)
      return refused(reply, 500, rpcFail.INTERNAL({}))
    },
  )

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.bodyBytesMax,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?')[0] !== '/rpc')
      return refuseUpgrade(socket, 404, rpcFail.NOT_FOUND({ path: String(request.url).slice(0, 100) }))
    const admission = access.admit(request.headers, bearerIn(request))
    if ('refusal' in admission) return refuseUpgrade(socket, admission.status, admission.refusal)
    const meter = callers.meter(request.socket)
    const tooMany = meter.count()
    if (tooMany) return refuseUpgrade(socket, 429, tooMany)
    sockets.handleUpgrade(request, socket, head, (accepted) =>
      serveConnection({
        socket: accepted,
        stream: socket,
        dispatch,
        view,
        feed,
        limits,
        roles: admission.roles,
        meter,
        backlog,
        log,
      }),
    )
  })
  const stopPinging = pingAll(sockets)

  server.addHook('preClose', async () => {
    stopPinging()
    feed.close()
    for (const socket of sockets.clients) {
      socket.close(1001, 'the node stops')
      // Whoever does not answer the closing handshake is not waited for.
      setImmediate(() => socket.terminate())
    }
  })
  return { url: await server.listen({ host, port }), close: () => server.close() }
}

/** A request whose caller is known. */
type Admitted = FastifyRequest & { roles: ReadonlySet<Role> | null }

/** The table of methods of the release in force, made anew when the release changes. */
function tableOf(
  view: ReturnType<typeof followRelease>,
  args: Parameters<typeof createMethods>[1] & Pick<Dispatch, 'onFault'>,
): () => Dispatch {
  const { limits, onFault } = args
  let at: ReturnType<typeof view> | undefined
  let methods: ReadonlyMap<string, Method> = new Map()
  return () => {
    const now = view()
    if (now !== at) {
      methods = createMethods(now, args)
      at = now
    }
    return { methods, addressPrefix: now.code.addressPrefix, limits, onFault }
  }
}

interface Caller {
  readonly remoteAddress?: string | undefined
  once(event: 'close', listener: () => void): unknown
  destroy(): unknown
}

/** Counts what one connection asks for. */
export interface Meter {
  /** Counts one request; a refusal says that there were too many. */
  count(): ChainError | undefined
  /** A refusal says that answers have taken too much of the node's thread lately. */
  tired(): ChainError | undefined
  /** Counts the milliseconds that an answer took of it. */
  spend(ms: number): void
}

/** What counts for nobody. */
const FREE: Meter = { count: () => undefined, tired: () => undefined, spend: () => undefined }

/** Counts connections, requests and their work, by connection, by address and of all. */
function countCallers({ limits }: RpcSettings): {
  connected(socket: Caller): void
  meter(socket: Caller): Meter
} {
  const { connectionRate, addressRate, connectionsPerAddressMax, limitLoopback } = limits
  const { workMs, addressWorkMs } = limits
  const book = createAddressBook({ rate: addressRate, workMs: addressWorkMs })
  const work = newBucket(workMs, performance.now())
  const buckets = new WeakMap<object, Bucket>()
  const entries = new WeakMap<object, AddressEntry>()
  const isFree = ({ remoteAddress = '' }: Caller) => !limitLoopback && isLoopback(remoteAddress)
  return {
    connected(socket) {
      if (isFree(socket)) return
      const entry = book.entry(socket.remoteAddress ?? '', performance.now())
      if (entry.connections >= connectionsPerAddressMax) return void socket.destroy()
      entry.connections += 1
      socket.once('close', () => {
        entry.connections -= 1
      })
      entries.set(socket, entry)
      buckets.set(socket, newBucket(connectionRate, performance.now()))
    },
    meter(socket) {
      const [own, entry] = [buckets.get(socket), entries.get(socket)]
      if (!own || !entry) return FREE
      return {
        count() {
          const nowMs = performance.now()
          if (refill(own, connectionRate, nowMs).left < 1)
            return rpcFail.RATE_LIMITED({ perSecond: connectionRate })
          if (refill(entry.bucket, addressRate, nowMs).left < 1)
            return rpcFail.RATE_LIMITED({ perSecond: addressRate })
          own.left -= 1
          entry.bucket.left -= 1
          return undefined
        },
        tired() {
          const nowMs = performance.now()
          if (refill(entry.work, addressWorkMs, nowMs).left <= 0)
            return rpcFail.WORK_LIMITED({ msPerSecond: addressWorkMs, of: 'address' })
          if (refill(work, workMs, nowMs).left <= 0)
            return rpcFail.WORK_LIMITED({ msPerSecond: workMs, of: 'all' })
          return undefined
        },
        spend(ms) {
          entry.work.left -= ms
          work.left -= ms
        },
      }
    },
  }
}

/** Refuses over HTTP, in the form of a JSON-RPC answer that belongs to no request. */
function refused(reply: FastifyReply, status: number, error: ChainError): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/json').send(refuse(-32000, error))
}

/** The same on a connection that asked to become a WebSocket. */
function refuseUpgrade(socket: Duplex, status: number, error: ChainError): void {
  const body = refuse(-32000, error)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function bearerIn({ headers }: IncomingMessage): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
  return offered.find((name) => name.startsWith(BEARER_PROTOCOL))?.slice(BEARER_PROTOCOL.length)
}

function pingAll(sockets: WebSocketServer): () => void {
  const silent = new WeakSet<object>()
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) {
        socket.terminate()
        continue
      }
      silent.add(socket)
      socket.once('pong', () => silent.delete(socket))
      socket.ping()
    }
  }, PING_MS)
  timer.unref()
  return () => clearInterval(timer)
}
