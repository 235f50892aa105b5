import { fromJson, hash as hashCodec, type Json, struct, u64 } from '@mmtchain/codec'
import { ChainError, type Hash, type Height } from '@mmtchain/primitives'
import { clientFail } from './refusals.ts'
import { type NodeSocket, openSocket } from './socket.ts'
import { type Endpoint, httpTransport, pause, refusalOf } from './transport.ts'

/** What to subscribe to: the parameters of `chain_subscribe` without the height. */
export type Topic =
  | { readonly topic: 'heads' | 'finalisedHeads' }
  | { readonly topic: 'events'; readonly module?: string; readonly event?: string }
  | { readonly topic: 'transaction'; readonly id: Hash }

/** Where to subscribe. With the fingerprint of a chain, a node of another one is refused from the start. */
export interface SubscribeEndpoint extends Endpoint {
  readonly fingerprint?: Hash | undefined
}

export interface SubscribeOptions {
  /** The first height; the next block's without it. */
  readonly fromHeight?: bigint | undefined
  /** Ends the subscription; reading it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What a node says of a topic at a height. */
export interface Update {
  readonly height: Height
  readonly result: Json
}

/** The longest pause before a connection that was lost is tried again. */
const PAUSE_MS_MAX = 5_000

/**
 * Follows a topic block by block. When the connection is lost it connects again, for as long as it takes, and goes on after the last
 * height that was read: nothing is left out and nothing comes twice. Only the first connection must succeed. A reader may be as slow as it likes.
 * Throws the node's refusal, `client/UNREACHABLE`, or `client/WRONG_CHAIN` when another chain answers at the address later.
 */
export async function* subscribe(
  endpoint: SubscribeEndpoint,
  topic: Topic,
  { fromHeight, signal }: SubscribeOptions = {},
): AsyncGenerator<Update, void, undefined> {
  let next = fromHeight
  let { fingerprint } = endpoint
  let connected = false
  let tries = 0
  // A refusal by name, which a WebSocket cannot carry before it is open, is heard over HTTP.
  await httpTransport(endpoint)('chain_status', {}, { signal })
  for (;;) {
    let socket: NodeSocket | undefined
    try {
      socket = await openSocket(endpoint, signal)
      const answer = await socket.call('chain_subscribe', {
        ...topic,
        ...(next !== undefined && topic.topic !== 'transaction' && { fromHeight: next.toString() }),
      })
      const begun = readBegun(answer, endpoint.url)
      fingerprint ??= begun.fingerprint
      if (begun.fingerprint !== fingerprint)
        throw clientFail.WRONG_CHAIN({ want: fingerprint, got: begun.fingerprint })
      next ??= begun.fromHeight
      tries = 0
      connected = true
      for (;;) {
        const notice = await socket.next()
        if (notice === undefined) break
        if (notice.error !== undefined) throw refusalOf(notice.error)
        const height = BigInt(notice.height ?? -1)
        if (height < next) continue
        next = height + 1n
        yield { height: height as Height, result: notice.result as Json }
      }
      signal?.throwIfAborted()
    } catch (error) {
      if (signal?.aborted || !connected || !isPassing(error)) throw error
    } finally {
      socket?.close()
    }
    tries += 1
    await pause(Math.min(PAUSE_MS_MAX, 50 * 2 ** Math.min(tries, 10)), signal)
  }
}

/** True for what a later try may not meet again. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ChainError &&
    ['client/UNREACHABLE', 'rpc/RATE_LIMITED', 'rpc/TIMEOUT', 'rpc/INTERNAL'].includes(error.code)
  )
}

const begunCodec = struct({ fingerprint: hashCodec, fromHeight: u64 })

function readBegun(answer: unknown, url: string) {
  const { fingerprint, fromHeight } = Object(answer) as Record<string, unknown>
  try {
    return fromJson(begunCodec, { fingerprint, fromHeight })
  } catch (error) {
    throw clientFail.BAD_ANSWER({ url, why: error instanceof Error ? error.message : String(error) })
  }
}
