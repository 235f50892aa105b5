import type { Json } from '@mmtchain/codec'
import { type ChainError, isChainError } from '@mmtchain/primitives'
import type { Caller, Method, Outcome } from './method.ts'
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
  /** A refusal says that answers of methods that work have taken too much of the node's thread lately. */
  tired(): ChainError | undefined
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
    const many = runsTogether(dispatch, requests[at])
    let end = at + 1
    while (many && end < requests.length && runsTogether(dispatch, requests[end]) === many) end++
    const refusal =
      bytes > answerBytesMax
        ? rpcFail.ANSWER_TOO_LARGE({ max: answerBytesMax })
        : late
          ? rpcFail.TIMEOUT({ ms: requestTimeoutMs })
          : undefined
    const opened = requests
      .slice(at, end)
      .map((request) => open(dispatch, sender, request, refusal ?? sender.count()))
    const answered = many
      ? await runTogether(dispatch, many, opened)
      : await Promise.all(opened.map((one) => finish(dispatch, sender, one)))
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

/** The method of a request, if it answers many calls at once. */
function runsTogether({ methods }: Dispatch, request: unknown): Method | undefined {
  const { method } = Object(request) as { method?: unknown }
  const found = typeof method === 'string' ? methods.get(method) : undefined
  return found?.runAll && found
}

/** A request that was read: a call that may run, or the answer to one that may not. A notification has no id. */
type Opened = { readonly id: Json | undefined; readonly method: Method; readonly params: unknown } | Closed
interface Closed {
  readonly id: Json | undefined
  readonly reply: Reply
}

type Reply = { readonly result: Json } | { readonly code: number; readonly error: ChainError }

/** Reads one request, or refuses it with `refused` where it is not to be run. */
function open(dispatch: Dispatch, sender: Sender, request: unknown, refused?: ChainError): Opened {
  const given = typeof request === 'object' && request !== null && !Array.isArray(request) ? request : {}
  const { jsonrpc, id, method: name, params } = given as Record<string, unknown>
  // A number that is too large for JSON to give back is none that could be answered.
  const idValid = id === undefined || id === null || typeof id === 'string' || Number.isFinite(id)
  const wrong =
    jsonrpc !== '2.0'
      ? 'jsonrpc must be "2.0"'
      : typeof name !== 'string'
        ? 'method must be a string'
        : !idValid
          ? 'id must be a string, a number that is finite, or null'
          : params !== undefined && typeof params !== 'object'
            ? 'params must be an object or an array'
            : undefined
  if (wrong) {
    const known = idValid && id !== undefined ? (id as Json) : null
    return { id: known, reply: { code: -32600, error: rpcFail.INVALID_REQUEST({ why: wrong }) } }
  }
  const close = (code: number, error: ChainError): Closed => ({
    id: id as Json | undefined,
    reply: { code, error },
  })
  if (refused) return close(-32000, refused)
  const method = dispatch.methods.get(name as string)
  if (!method) return close(-32601, rpcFail.METHOD_NOT_FOUND({ method: (name as string).slice(0, 100) }))
  const { role } = method
  if (!sender.roles.has(role)) return close(-32000, rpcFail.ROLE_NEEDED({ role, what: method.name }))
  try {
    return { id: id as Json | undefined, method, params: readParams(method.params, params, dispatch) }
  } catch (error) {
    return { id: id as Json | undefined, reply: failed(dispatch, method, error, -32602) }
  }
}

/** Answers one request, or refuses it with `refused` where it is not to be run. */
function answerOne(
  dispatch: Dispatch,
  sender: Sender,
  request: unknown,
  refused?: ChainError,
): Promise<string | undefined> {
  return finish(dispatch, sender, open(dispatch, sender, request, refused))
}

/** About how much of an answer is made in a millisecond, from what lies in the store to its text. */
const ANSWER_BYTES_A_MS = 16_000

async function finish(dispatch: Dispatch, sender: Sender, opened: Opened): Promise<string | undefined> {
  if ('reply' in opened) return written(dispatch, opened)
  const { id, method, params } = opened
  if (method.runAll) return (await runTogether(dispatch, method, [opened]))[0]
  try {
    const found = run(sender, method, params)
    const result = found instanceof Promise ? await within(dispatch.limits.requestTimeoutMs, found) : found
    const text = written(dispatch, { id, reply: { result } })
    if (method.works && text !== undefined) sender.spend(text.length / ANSWER_BYTES_A_MS)
    return text
  } catch (error) {
    return written(dispatch, { id, reply: failed(dispatch, method, error) })
  }
}

/** Runs a method. One that works is refused to whom has had too much of it, and its time is counted whatever becomes of it. */
function run(sender: Sender, method: Method, params: unknown): Json | Promise<Json> {
  const answer = () => method.run?.(params as never, sender) as Json | Promise<Json>
  if (!method.works) return answer()
  const refusal = sender.tired()
  if (refusal) throw refusal
  const beginMs = performance.now()
  try {
    return answer()
  } finally {
    sender.spend(performance.now() - beginMs)
  }
}

/** Answers requests of one method, those that were refused too, in their order. */
async function runTogether(
  dispatch: Dispatch,
  method: Method,
  opened: readonly Opened[],
): Promise<readonly (string | undefined)[]> {
  const params = opened.flatMap((one) => ('reply' in one ? [] : [one.params]))
  let outcomes: readonly Outcome[]
  try {
    const running = method.runAll?.(params as never) as Promise<readonly Outcome[]>
    outcomes = await within(dispatch.limits.requestTimeoutMs, running)
  } catch (error) {
    outcomes = params.map(() => ({ error }))
  }
  const texts: (string | undefined)[] = []
  let next = 0
  for (const one of opened) {
    if ('reply' in one) texts.push(written(dispatch, one))
    else {
      const outcome = outcomes[next++] as Outcome
      const reply = 'result' in outcome ? outcome : failed(dispatch, method, outcome.error)
      texts.push(written(dispatch, { id: one.id, reply }))
    }
  }
  return texts
}

function failed(dispatch: Dispatch, { name }: Method, error: unknown, code = -32000): Reply {
  if (isChainError(error)) return { code, error }
  dispatch.onFault(error, name)
  return { code: -32603, error: rpcFail.INTERNAL({}) }
}

/** The text of an answer; none for a notification. */
function written({ limits }: Dispatch, { id, reply }: Closed): string | undefined {
  if (id === undefined) return undefined
  if (!('result' in reply)) return JSON.stringify(failure(id, reply.code, reply.error))
  const text = JSON.stringify({ jsonrpc: '2.0', id, result: reply.result })
  const max = limits.answerBytesMax
  return text.length > max ? JSON.stringify(failure(id, -32000, rpcFail.ANSWER_TOO_LARGE({ max }))) : text
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
