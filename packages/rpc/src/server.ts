import type { Host, Node } from '@mmtchain/node-runtime'
import fastify, { type FastifyReply } from 'fastify'
import { answer, type Dispatch, parseFailure } from './json-rpc.ts'
import { createMethods, type NodeInfo } from './methods.ts'
import { rpcFail } from './refusals.ts'

export interface RpcOptions {
  readonly node: Node
  readonly info: NodeInfo
  readonly log: Host['log']
  /** Loopback unless the operator says otherwise. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
}

/** A listening RPC server. */
export interface RpcServer {
  readonly url: string
  close(): Promise<void>
}

const BODY_BYTES_MAX = 8 * 1024 * 1024

/** Serves JSON-RPC 2.0 at `POST /rpc`, and `GET /healthz`. Rejects when the port is taken. */
export async function serveRpc({
  node,
  info,
  log,
  host = '127.0.0.1',
  port,
}: RpcOptions): Promise<RpcServer> {
  const dispatch: Dispatch = {
    methods: createMethods(node, info),
    addressPrefix: node.genesis.chain.addressPrefix,
    onFault: (error, method) =>
      log.error(
        { method, error: error instanceof Error ? error.stack : String(error) },
        'an RPC method failed',
      ),
  }
  const server = fastify({ bodyLimit: BODY_BYTES_MAX, requestTimeout: 30_000, forceCloseConnections: true })
  // The body stays text here, so that a broken one gets JSON-RPC's own answer.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.post('/rpc', async (request, reply) => {
    let message: unknown
    try {
      message = JSON.parse(String(request.body ?? ''))
    } catch {
      return reply.type('application/json').send(JSON.stringify(parseFailure()))
    }
    const response = await answer(dispatch, message)
    if (response === undefined) return reply.code(204).send()
    return reply.type('application/json').send(JSON.stringify(response))
  })
  server.get('/healthz', async (_request, reply) => {
    const ok = node.running
    return reply.code(ok ? 200 : 503).send({ ok, height: node.tip.header.height.toString() })
  })
  const refuse = (status: number, error: ReturnType<(typeof rpcFail)['NOT_FOUND']>, reply: FastifyReply) => {
    const { code, message, hint } = error
    return reply.code(status).send({ error: { code, message, hint } })
  }
  server.setNotFoundHandler((request, reply) =>
    refuse(404, rpcFail.NOT_FOUND({ path: request.url.slice(0, 100) }), reply),
  )
  server.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    if (error.statusCode === 413) return refuse(413, rpcFail.BODY_TOO_LARGE({ max: BODY_BYTES_MAX }), reply)
    dispatch.onFault(error, request.url)
    return refuse(error.statusCode ?? 500, rpcFail.INTERNAL({}), reply)
  })
  const address = await server.listen({ host, port })
  return { url: address, close: () => server.close() }
}
