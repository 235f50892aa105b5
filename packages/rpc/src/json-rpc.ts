import type { Json } from '@mmtchain/codec'
import { isChainError } from '@mmtchain/primitives'
import { type Method, readParams } from './methods.ts'
import { rpcFail } from './refusals.ts'

/** The most calls of one batch. */
export const BATCH_MAX = 100
/** A batch whose answers have passed this many bytes is cut short. */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024

/** What a dispatcher needs beside the methods. */
export interface Dispatch {
  readonly methods: ReadonlyMap<string, Method>
  readonly addressPrefix: string
  /** Told about errors that are no refusals, which are bugs. */
  readonly onFault: (error: unknown, method: string) => void
}

/** Answers one JSON-RPC 2.0 message, single or batch; undefined when it holds only notifications (jsonrpc.org/specification). */
export async function answer(dispatch: Dispatch, message: unknown): Promise<Json | undefined> {
  if (!Array.isArray(message)) return answerOne(dispatch, message)
  if (message.length === 0 || message.length > BATCH_MAX) {
    return failure(null, -32600, rpcFail.INVALID_REQUEST({ why: `a batch has 1 to ${BATCH_MAX} requests` }))
  }
  const answers: Json[] = []
  let bytes = 0
  for (const request of message) {
    if (bytes > ANSWER_BYTES_MAX) {
      answers.push(failure(null, -32000, rpcFail.ANSWER_TOO_LARGE({ max: ANSWER_BYTES_MAX })))
      break
    }
    const one = await answerOne(dispatch, request)
    if (one === undefined) continue
    answers.push(one)
    bytes += JSON.stringify(one).length
    // Others get their turn between two calls of a batch.
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  return answers.length > 0 ? answers : undefined
}

/** The answer to a body that is not JSON. */
export function parseFailure(): Json {
  return failure(null, -32700, rpcFail.PARSE_ERROR({}))
}

async function answerOne(dispatch: Dispatch, request: unknown): Promise<Json | undefined> {
  const { jsonrpc, id, method, params } = (
    typeof request === 'object' && request !== null ? request : {}
  ) as Record<string, unknown>
  const idValid = id === undefined || id === null || typeof id === 'string' || typeof id === 'number'
  const wrong =
    jsonrpc !== '2.0'
      ? 'jsonrpc must be "2.0"'
      : typeof method !== 'string'
        ? 'method must be a string'
        : !idValid
          ? 'id must be a string, a number or null'
          : params !== undefined && (typeof params !== 'object' || params === null)
            ? 'params must be an object'
            : undefined
  if (wrong)
    return failure(
      idValid && id !== undefined ? (id as Json) : null,
      -32600,
      rpcFail.INVALID_REQUEST({ why: wrong }),
    )
  const reply = await run(dispatch, method as string, params)
  if (id === undefined) return undefined
  return 'result' in reply
    ? { jsonrpc: '2.0', id: id as Json, result: reply.result }
    : failure(id as Json, reply.code, reply.error)
}

type Reply = { readonly result: Json } | { readonly code: number; readonly error: unknown }

async function run(dispatch: Dispatch, name: string, params: unknown): Promise<Reply> {
  const method = dispatch.methods.get(name)
  if (!method) return { code: -32601, error: rpcFail.METHOD_NOT_FOUND({ method: name.slice(0, 100) }) }
  let read: unknown
  try {
    read = readParams(method.params, params, dispatch)
  } catch (error) {
    if (isChainError(error)) return { code: -32602, error }
    dispatch.onFault(error, name)
    return { code: -32603, error: rpcFail.INTERNAL({}) }
  }
  try {
    return { result: await method.run(read as never) }
  } catch (error) {
    if (isChainError(error)) return { code: -32000, error }
    dispatch.onFault(error, name)
    return { code: -32603, error: rpcFail.INTERNAL({}) }
  }
}

function failure(id: Json, code: number, error: unknown): Json {
  if (!isChainError(error)) throw error
  const data = { code: error.code, values: plain(error.values) as Json, hint: error.hint }
  return { jsonrpc: '2.0', id, error: { code, message: error.message, data } }
}

/** Values of an error as JSON: bigints as decimal strings. */
function plain(values: unknown): unknown {
  return JSON.parse(
    JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? value.toString() : value)),
  )
}
