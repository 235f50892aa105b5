import type { Json } from '@mmtchain/codec'
import { type ChainError, isChainError } from '@mmtchain/primitives'
import type { Caller, Method } from './method.ts'
import { readParams } from './params.ts'
import { plainValues } from './present.ts'
import { rpcFail } from './refusals.ts'
import type { Role, RpcLimits } from './settings.ts'

/** What a dispatcher needs besides the message. */
export interface Dispatch {
  readonly methods: ReadonlyMap<string, Method>
  readonly addressPrefix: string
  readonly limits: Pick<RpcLimits, 'batchMax' | 'answerBytesMax' | 'nestingMax' | 'requestTimeoutMs'>
  /** Told about errors that are no refusals, which are bugs. */
  readonly onFault: (error: unknown, method: string) => void
}

/** Who sent a message, and what it may do. */
export interface Sender extends Caller {
  readonly roles: ReadonlySet<Role>
  /** Counts one request more; a refusal says that there were too many. */
  count(): ChainError | undefined
  /** Counts bytes of an answer that wait for the rest of it; a negative number gives them back. */
  hold(bytes: number): void
  /** True once nobody waits for the answer any more. */
  isGone(): boolean
}

/**
 * Answers the text of one JSON-RPC 2.0 message, single or batch; undefined when it holds only notifications
 * (jsonrpc.org/specification). It never throws.
 */
export async function answer(dispatch: Dispatch, sender: Sender, text: string): Promise<string | undefined> {
  const { nestingMax, batchMax } = dispatch.limits
  const excess = excessOf(text, nestingMax)
  if (excess) return refuse(-32600, rpcFail.INVALID_REQUEST({ why: excess }))
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return refuse(-32700, rpcFail.PARSE_ERROR({}))
  }
  if (!Array.isArray(message)) return answerOne(dispatch, sender, message, sender.count())
  if (message.length === 0 || message.length > batchMax)
    return refuse(-32600, rpcFail.INVALID_REQUEST({ why: `a batch has 1 to ${batchMax} requests` }))
  return answerBatch(dispatch, sender, message)
}

/** A refusal that answers no request in particular. */
export function refuse(code: number, error: ChainError): string {
  return JSON.stringify(failure(null, code, error))
}

async function answerBatch(
  dispatch: Dispatch,
  sender: Sender,
  requests: readonly unknown[],
): Promise<string | undefined> {
  const { answerBytesMax, requestTimeoutMs } = dispatch.limits
  const answers: string[] = []
  // Set before the timers of its calls, it also fires before them.
  let late = false
  const timer = setTimeout(() => {
    late = true
  }, requestTimeoutMs)
  let bytes = 0
  for (let at = 0; at < requests.length && !sender.isGone(); ) {
    // Submissions that stand together run together, so that the node may check their signatures together.
    let end = at + 1
    if (isSubmission(dispatch, requests[at]))
      while (end < requests.length && isSubmission(dispatch, requests[end])) end++
    const together = requests.slice(at, end)
    const refusal =
      bytes > answerBytesMax
        ? rpcFail.ANSWER_TOO_LARGE({ max: answerBytesMax })
        : late
          ? rpcFail.TIMEOUT({ ms: requestTimeoutMs })
          : undefined
    const answered = await Promise.all(
      together.map((request) => answerOne(dispatch, sender, request, refusal ?? sender.count())),
    )
    for (const one of answered) {
      if (one === undefined) continue
      answers.push(one)
      bytes += one.length
      sender.hold(one.length)
    }
    at = end
    // Others get their turn between two calls of a batch.
    await new Promise((resolve) => setImmediate(resolve))
  }
  clearTimeout(timer)
  sender.hold(-bytes)
  return answers.length > 0 ? `[${answers.join(',')}]` : undefined
}

function isSubmission({ methods }: Dispatch, request: unknown): boolean {
  const { method } = Object(request) as { method?: unknown }
  return typeof method === 'string' && methods.get(method)?.role === 'submit'
}

/** Answers one request, or refuses it with `refused` where it is not to be run. */
async function answerOne(
  dispatch: Dispatch,
  sender: Sender,
  request: unknown,
  refused?: ChainError,
): Promise<string | undefined> {
  const given = typeof request === 'object' && request !== null && !Array.isArray(request) ? request : {}
  const { jsonrpc, id, method, params } = given as Record<string, unknown>
  const idValid = id === undefined || id === null || typeof id === 'string' || typeof id === 'number'
  const wrong =
    jsonrpc !== '2.0'
      ? 'jsonrpc must be "2.0"'
      : typeof method !== 'string'
        ? 'method must be a string'
        : !idValid
          ? 'id must be a string, a number or null'
          : params !== undefined && typeof params !== 'object'
            ? 'params must be an object or an array'
            : undefined
  if (wrong) {
    const known = idValid && id !== undefined ? (id as Json) : null
    return JSON.stringify(failure(known, -32600, rpcFail.INVALID_REQUEST({ why: wrong })))
  }
  const reply = refused
    ? { code: -32000, error: refused }
    : await run(dispatch, sender, method as string, params)
  if (id === undefined) return undefined
  if (!('result' in reply)) return JSON.stringify(failure(id as Json, reply.code, reply.error))
  const text = JSON.stringify({ jsonrpc: '2.0', id: id as Json, result: reply.result })
  const max = dispatch.limits.answerBytesMax
  return text.length > max
    ? JSON.stringify(failure(id as Json, -32000, rpcFail.ANSWER_TOO_LARGE({ max })))
    : text
}

type Reply = { readonly result: Json } | { readonly code: number; readonly error: ChainError }

async function run(dispatch: Dispatch, sender: Sender, name: string, params: unknown): Promise<Reply> {
  const method = dispatch.methods.get(name)
  if (!method) return { code: -32601, error: rpcFail.METHOD_NOT_FOUND({ method: name.slice(0, 100) }) }
  const { role } = method
  if (!sender.roles.has(role)) return { code: -32000, error: rpcFail.ROLE_NEEDED({ role, what: name }) }
  let reading = true
  try {
    const read = readParams(method.params, params, dispatch)
    reading = false
    const result = method.run(read as never, sender)
    return {
      result: result instanceof Promise ? await within(dispatch.limits.requestTimeoutMs, result) : result,
    }
  } catch (error) {
    if (isChainError(error)) return { code: reading ? -32602 : -32000, error }
    dispatch.onFault(error, name)
    return { code: -32603, error: rpcFail.INTERNAL({}) }
  }
}

/** Rejects with `rpc/TIMEOUT` when the work takes longer. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(rpcFail.TIMEOUT({ ms })), ms)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

function failure(id: Json, code: number, error: ChainError): Json {
  const data = { code: error.code, values: plainValues(error.values), hint: error.hint }
  return { jsonrpc: '2.0', id, error: { code, message: error.message, data } }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** No request needs as many values: a batch of 100 transactions has some thousand. Millions of them take seconds to parse. */
const VALUES_MAX = 100_000

/** What a JSON text has too much of, before anything is parsed: arrays and objects in each other, or values. */
function excessOf(text: string, nestingMax: number): string | undefined {
  let depth = 0
  let commas = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      i = endOfString(text, i)
      if (i < 0) return undefined
    } else if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      depth++
      if (depth > nestingMax) return `it is nested deeper than ${nestingMax}`
    } else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) depth--
    else if (c === COMMA) {
      commas++
      if (commas >= VALUES_MAX) return `it has more than ${VALUES_MAX} values`
    }
  }
  return undefined
}

/** Where the string that begins at `start` ends; −1 when it does not. The platform finds the next quote at many bytes a step. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return -1
}
