// `POST /rpc`, the way that nearly all calls come, on the platform's own server: routing, hooks and the reply of the framework that
// serves the other pages cost more than the calls themselves (ADR 0048).
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ChainError } from '@mmtchain/primitives'
import type { Access } from './access.ts'
import type { Holder } from './backlog.ts'
import { refuse, type Sender } from './json-rpc.ts'
import { rpcFail } from './refusals.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** What is kept of an HTTP connection. */
export interface Connection {
  readonly meter: Pick<Sender, 'count' | 'tired' | 'spend'>
  /** What it has sent of requests that are not answered, and has not taken of its answers. */
  readonly holder: Holder
}

/** True for a request that `servePost` takes. */
export function isPost({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && (url === '/rpc' || url?.startsWith('/rpc?') === true)
}

/** Answers JSON-RPC messages that are posted. */
export function servePost(args: {
  readonly access: Access
  readonly bodyBytesMax: number
  readonly connectionOf: (socket: Socket) => Connection
  readonly answer: (sender: Sender, text: string) => Promise<string | undefined>
  /** Told about what `answer` throws, which is a bug or a broken store. */
  readonly onFault: (error: unknown) => void
}): RequestListener {
  const { access, bodyBytesMax, connectionOf, answer, onFault } = args

  async function respond(response: ServerResponse, sender: Sender, body: string): Promise<void> {
    try {
      const text = await answer(sender, body)
      if (text === undefined) {
        response.writeHead(204).end()
        return
      }
      // Held until it is on its way; what a caller that has gone held is given back with its connection.
      sender.hold(text.length)
      response.once('close', () => sender.hold(-text.length))
      send(response, 200, text)
    } catch (error) {
      onFault(error)
      refused(response, 500, rpcFail.INTERNAL({}))
    }
  }

  return (request, response) => {
    const { socket, headers } = request
    const { meter, holder } = connectionOf(socket)
    const tooMany = meter.count()
    if (tooMany) {
      response.setHeader('retry-after', '1')
      return refused(response, 429, tooMany)
    }
    const admission = access.admit(headers)
    if ('refusal' in admission) return refused(response, admission.status, admission.refusal)
    const origin = access.allowedOrigin(headers)
    if (origin !== undefined) {
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('vary', 'origin')
    }
    // The first call is counted already.
    let calls = 0
    const sender = {
      roles: admission.roles,
      ...meter,
      count: () => (calls++ === 0 ? undefined : meter.count()),
      hold: holder.hold,
      isGone: () => socket.destroyed,
    }
    // What was read of the body is held until the request is answered.
    let received = 0
    response.once('close', () => holder.hold(-received))
    const onBytes = (bytes: number) => {
      received += bytes
      holder.hold(bytes)
    }
    readText(request, { bytesMax: bodyBytesMax, onBytes }, (body) => {
      if (body === undefined) refused(response, 413, rpcFail.BODY_TOO_LARGE({ max: bodyBytesMax }))
      else void respond(response, sender, body)
    })
  }
}

/** Gives the text of a body to `done`, or nothing when it has more than `bytesMax`. Of one that ends early nobody hears. */
function readText(
  request: IncomingMessage,
  { bytesMax, onBytes }: { readonly bytesMax: number; readonly onBytes: (bytes: number) => void },
  done: (text: string | undefined) => void,
): void {
  if (Number(request.headers['content-length']) > bytesMax) {
    done(undefined)
    return
  }
  const body = gather()
  const onData = (piece: Buffer) => {
    if (body.bytes + piece.length > bytesMax) {
      // What is left of it the platform reads and drops, once the answer is sent.
      request.off('data', onData).off('end', onEnd)
      done(undefined)
      return
    }
    onBytes(piece.length)
    body.add(piece)
  }
  const onEnd = () => done(body.text())
  request.on('data', onData).on('end', onEnd)
}

/** Puts pieces together as they come: kept apart, those of one byte would take some hundred bytes each. */
function gather() {
  let whole: Buffer = Buffer.alloc(0)
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    add(piece: Buffer) {
      const needed = bytes + piece.length
      if (bytes === 0) whole = piece
      else {
        if (needed > whole.length) {
          const larger = Buffer.allocUnsafe(2 * needed)
          whole.copy(larger, 0, 0, bytes)
          whole = larger
        }
        piece.copy(whole, bytes)
      }
      bytes = needed
    },
    text: () => whole.toString('utf8', 0, bytes),
  }
}

/** Refuses in the form of a JSON-RPC answer that belongs to no request. */
function refused(response: ServerResponse, status: number, error: ChainError): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer')
  send(response, status, refuse(-32000, error))
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
