import { ChainError } from '@mmtchain/primitives'
import { clientFail } from './refusals.ts'

/** Calls one JSON-RPC method of a node. Throws the node's refusal as a ChainError with its code, or `client/UNREACHABLE`. */
export type Transport = (method: string, params?: object) => Promise<unknown>

/** JSON-RPC 2.0 over HTTP. `url` is a node's address, with or without `/rpc`. */
export function httpTransport({
  url,
  timeoutMs = 30_000,
}: {
  readonly url: string
  readonly timeoutMs?: number
}): Transport {
  const endpoint = url.endsWith('/rpc') ? url : `${url.replace(/\/+$/, '')}/rpc`
  let id = 0
  return async (method, params = {}) => {
    id += 1
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    let text: string
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      })
      text = await response.text()
    } catch (error) {
      throw clientFail.UNREACHABLE({ url: endpoint, why: reasonOf(error) })
    }
    return readAnswer(endpoint, text)
  }
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

/** The refusal that a node sent, as it was thrown there. */
function refusalOf(error: unknown): ChainError {
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
