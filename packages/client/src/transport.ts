import { ChainError } from '@mmtchain/primitives'
import { clientFail } from './refusals.ts'

/** How one request is made. */
export interface RequestOptions {
  /** Ends the request; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Says that doing it twice is the same as once, so that it may be tried again when the answer is lost. */
  readonly repeatable?: boolean | undefined
}

/** Calls one JSON-RPC method of a node. Throws the node's refusal as a ChainError with its code, or `client/UNREACHABLE`. */
export type Transport = (method: string, params?: object, options?: RequestOptions) => Promise<unknown>

/** Where a node is, and how to speak to it. */
export interface Endpoint {
  /** A node's address, with or without `/rpc`. */
  readonly url: string
  /** A bearer token. */
  readonly token?: string | undefined
  /** How long one try may take; 30,000 by default. */
  readonly timeoutMs?: number | undefined
  /** How often a request is tried again; 2 by default. */
  readonly retries?: number | undefined
}

/** The first pause before another try; the next ones are twice as long each. */
const PAUSE_MS = 200
/** A limit of requests or of work is a matter of seconds. */
const LATER = ['rpc/RATE_LIMITED', 'rpc/WORK_LIMITED']
const RATE_PAUSE_MS = 1_000

/**
 * JSON-RPC 2.0 over HTTP. A request is tried again when it surely was not done (nothing listens there, `rpc/RATE_LIMITED`, `rpc/WORK_LIMITED`), and when its
 * answer was lost if doing it twice is the same as once. `tx_submit` is such a one: the same bytes twice is the same answer.
 */
export function httpTransport(endpoint: Endpoint): Transport {
  const { token, timeoutMs = 30_000, retries = 2 } = endpoint
  const url = rpcUrl(endpoint.url)
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  let id = 0

  async function tryOnce(body: string, signal: AbortSignal | undefined): Promise<unknown> {
    const timeout = AbortSignal.timeout(timeoutMs)
    let text: string
    try {
      const all = signal ? AbortSignal.any([signal, timeout]) : timeout
      const response = await fetch(url, { method: 'POST', headers, body, signal: all })
      text = await response.text()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw new Lost(url, timeout.aborted ? `there is no answer after ${timeoutMs} ms` : reasonOf(error))
    }
    return readAnswer(url, text)
  }

  return async (method, params = {}, { signal, repeatable = isRepeatable(method) } = {}) => {
    id += 1
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    for (let tries = 1; ; tries++) {
      try {
        signal?.throwIfAborted()
        return await tryOnce(body, signal)
      } catch (error) {
        const refused = error instanceof ChainError && LATER.includes(error.code)
        const again = refused || (error instanceof Lost && (repeatable || error.why === 'ECONNREFUSED'))
        if (!again || tries > retries) throw error instanceof Lost ? clientFail.UNREACHABLE(error) : error
        await pause(refused ? RATE_PAUSE_MS : PAUSE_MS * 2 ** (tries - 1), signal)
      }
    }
  }
}

/** No answer came: whether the request was done is not known. */
class Lost extends Error {
  constructor(
    readonly url: string,
    readonly why: string,
  ) {
    super(why)
  }
}

/** The methods of every node that change nothing, or nothing more the second time. */
function isRepeatable(method: string): boolean {
  return /^(chain|tx|account)_|^rpc\.discover$|^node_(info|peers|health)$/.test(method)
}

/** The address of JSON-RPC at a node. */
export function rpcUrl(url: string): string {
  return url.endsWith('/rpc') ? url : `${url.replace(/\/+$/, '')}/rpc`
}

/** Waits. Rejects with the signal's reason as soon as that is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

function readAnswer(url: string, text: string): unknown {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw clientFail.BAD_ANSWER({ url, why: 'the answer is not JSON.' })
  }
  const { result, error } = Object(answer) as { result?: unknown; error?: unknown }
  if (error !== undefined) throw refusalOf(error)
  if (result === undefined)
    throw clientFail.BAD_ANSWER({ url, why: 'the answer has neither result nor error.' })
  return result
}

/** The refusal that a node sent, as it was thrown there. Its values are as JSON has them: bigints are decimal strings. */
export function refusalOf(error: unknown): ChainError {
  const { message, data } = Object(error) as { message?: unknown; data?: unknown }
  const { code, hint, values } = Object(data) as { code?: unknown; hint?: unknown; values?: unknown }
  return new ChainError({
    code: typeof code === 'string' ? code : 'rpc/ERROR',
    message: typeof message === 'string' ? message : 'The node refused.',
    hint: typeof hint === 'string' ? hint : '',
    values: Object(values),
  })
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? String(error)
}
