import { clientFail } from './refusals.ts'
import { type Endpoint, refusalOf, rpcUrl } from './transport.ts'

/** What a node sends of a subscription. */
export interface Notice {
  readonly subscription: string
  readonly height?: string
  readonly result?: unknown
  readonly error?: unknown
}

/** An open WebSocket to a node. */
export interface NodeSocket {
  /** Calls a method. Throws the node's refusal, or `client/UNREACHABLE` when the connection ends before the answer. */
  call(method: string, params: object): Promise<unknown>
  /** What was received next, in order; undefined once the connection has ended and all was read. */
  next(): Promise<Notice | undefined>
  close(): void
}

/** The part of a WebSocket that is used here: browsers have it, and `ws` where Node.js does not. */
interface PlatformSocket {
  send(text: string): void
  close(): void
  addEventListener(event: 'message', listener: (message: { readonly data: unknown }) => void): void
  addEventListener(event: 'open' | 'close' | 'error', listener: () => void): void
}
type PlatformSocketClass = new (url: string, protocols: string[]) => PlatformSocket

/** So many notices are kept for a slow reader; then the connection is given up, and taken up again when they were read. */
const NOTICES_MAX = 64
/** A connection that was silent for so long is asked for a sign of life; one that gives none is given up. */
const SILENT_MS = 30_000

/** Opens a WebSocket to a node. Throws `client/UNREACHABLE`, or the signal's reason. */
export async function openSocket(endpoint: Endpoint, signal?: AbortSignal): Promise<NodeSocket> {
  const url = rpcUrl(endpoint.url).replace(/^http/, 'ws')
  const protocols = endpoint.token === undefined ? [] : ['mmt-rpc', `bearer.${endpoint.token}`]
  const Socket = await platformSocket()
  signal?.throwIfAborted()
  const socket = new Socket(url, protocols)
  const notices: Notice[] = []
  const calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: unknown) => void }>()
  let last = 0
  let ended = false
  let silent = 0
  let wake: () => void = () => undefined

  const alive = setInterval(() => {
    silent += 1
    if (silent === 2) call('chain_status', {}).catch(() => undefined)
    if (silent > 3) end()
  }, SILENT_MS / 2)

  function end(): void {
    if (ended) return
    ended = true
    clearInterval(alive)
    clearTimeout(opening)
    signal?.removeEventListener('abort', abort)
    socket.close()
    for (const { reject } of calls.values()) reject(lost())
    calls.clear()
    wake()
  }

  // A connection that was opened already only ends; one that is being opened fails, as its end wakes who waits for it.
  const abort = () => end()
  const lost = () => signal?.reason ?? clientFail.UNREACHABLE({ url, why: 'the WebSocket was closed' })

  function receive(data: unknown): void {
    silent = 0
    const { id, method, params, result, error } = parsed(data)
    if (method === 'chain_subscription') {
      if (notices.length >= NOTICES_MAX) end()
      else notices.push(params as Notice)
      wake()
      return
    }
    const waiting = calls.get(id as number)
    calls.delete(id as number)
    if (error !== undefined) waiting?.reject(refusalOf(error))
    else waiting?.resolve(result)
  }

  function call(method: string, params: object): Promise<unknown> {
    if (ended) return Promise.reject(lost())
    last += 1
    const id = last
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return new Promise((resolve, reject) => calls.set(id, { resolve, reject }))
  }

  // One that neither opens nor fails is given up too.
  const opening = setTimeout(end, endpoint.timeoutMs ?? SILENT_MS)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('message', ({ data }) => receive(data))
    const fail = () => {
      end()
      reject(lost())
    }
    // What went wrong is not told by browsers, so that it is not told anywhere.
    socket.addEventListener('error', fail)
    socket.addEventListener('close', fail)
    signal?.addEventListener('abort', abort, { once: true })
    wake = fail
  })
  clearTimeout(opening)
  // From here on what wakes is news, and no failure.
  wake = () => undefined
  return {
    call,
    async next() {
      while (notices.length === 0 && !ended)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return notices.shift()
    },
    close: end,
  }
}

async function platformSocket(): Promise<PlatformSocketClass> {
  const own = (globalThis as { WebSocket?: PlatformSocketClass }).WebSocket
  // Of `ws`, bundlers for browsers take a stub of some lines.
  return own ?? ((await import('ws')).WebSocket as unknown as PlatformSocketClass)
}

/** A message of the node; an empty one where something else answers, which is found out by the answer that does not come. */
function parsed(data: unknown): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(data)))
  } catch {
    return {}
  }
}
