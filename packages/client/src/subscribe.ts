import { type Codec, fromJson, hash as hashCodec, type Json, struct, u64 } from '@mmtchain/codec'
import { ChainError, type Hash, type Height } from '@mmtchain/primitives'
import { clientFail } from './refusals.ts'
import { type NodeSocket, openSocket } from './socket.ts'
import { type Endpoint, httpTransport, pause, refusalOf } from './transport.ts'

/** What to subscribe to: the parameters of `chain_subscribe` without the height. */
export type Topic =
  | { readonly topic: 'heads' | 'finalisedHeads' }
  | {
      readonly topic: 'events'
      readonly module?: string
      readonly event?: string
      /** Only those of blocks that nothing can take back. */
      readonly finalised?: boolean
    }
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
/** So many of the newest blocks are remembered by their ids. No chain takes back more than the states that its nodes keep. */
const SEEN_MAX = 1_024

/**
 * Follows a topic block by block. When the connection is lost it connects again, for as long as it takes, and goes on after the last
 * block that was read: nothing is left out and no block comes twice. Where the chain has taken blocks back, also while nobody was connected,
 * their heights come again with the blocks that are there now. Only the first connection must succeed. A reader may be as slow as it likes.
 * Throws the node's refusal, `client/UNREACHABLE`, or `client/WRONG_CHAIN` when another chain answers at the address later.
 */
export async function* subscribe(
  endpoint: SubscribeEndpoint,
  topic: Topic,
  { fromHeight, signal }: SubscribeOptions = {},
): AsyncGenerator<Update, void, undefined> {
  let { fingerprint } = endpoint
  let first = fromHeight
  let connected = false
  let tries = 0
  const reader = topic.topic === 'transaction' ? readChanges() : readBlocks()
  // A refusal by name, which a WebSocket cannot carry before it is open, is heard over HTTP.
  await httpTransport(endpoint)('chain_status', {}, { signal })
  for (;;) {
    let socket: NodeSocket | undefined
    try {
      socket = await openSocket(endpoint, signal)
      const from = first === undefined ? first : await reader.resume(socket, first, endpoint.url)
      const answer = await socket.call('chain_subscribe', {
        ...topic,
        ...(from !== undefined && topic.topic !== 'transaction' && { fromHeight: from.toString() }),
      })
      const begun = readPart(begunCodec, answer, endpoint.url)
      fingerprint ??= begun.fingerprint
      if (begun.fingerprint !== fingerprint)
        throw clientFail.WRONG_CHAIN({ want: fingerprint, got: begun.fingerprint })
      first ??= begun.fromHeight
      tries = 0
      connected = true
      for (;;) {
        const notice = await socket.next()
        if (notice === undefined) break
        if (notice.error !== undefined) throw refusalOf(notice.error)
        const update = { height: BigInt(notice.height ?? -1) as Height, result: notice.result as Json }
        if (reader.isNew(update)) yield update
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

/** What a subscription has read, over all its connections. */
interface Reader {
  /** Where to begin, or to go on over a new connection. */
  resume(socket: NodeSocket, first: bigint, url: string): Promise<bigint>
  /** False for what was read already. Remembers it. */
  isNew(update: Update): boolean
}

/** Of a transaction it is told what has changed; after a connection was lost, how it stands. */
function readChanges(): Reader {
  let last: string | undefined
  return {
    resume: async (_, first) => first,
    isNew({ result }) {
      const { confirmations: _, ...state } = Object(result) as Record<string, Json>
      const said = JSON.stringify(state)
      const isNew = said !== last
      last = said
      return isNew
    },
  }
}

function readBlocks(): Reader {
  /** The ids of the newest blocks that were read, in ascending order of their heights. */
  const seen = new Map<bigint, string>()
  return {
    async resume(socket, first, url) {
      if (seen.size === 0) return first
      const tip = readPart(statusCodec, await socket.call('chain_status', {}), url)
      // Where none of them is left, others may stand at heights of which nothing was told.
      let from = first
      for (const [height, id] of [...seen].reverse()) {
        // A node that is behind says nothing of the blocks that it has yet to get.
        if (height > tip.height) continue
        if ((await idAt(socket, height, url)) !== id) continue
        from = height + 1n
        break
      }
      // What can still be taken back is told once more, so that it is noticed if it is.
      const revertible = tip.finalisedHeight + 1n
      const next = from < revertible ? from : revertible
      return next < first ? first : next
    },
    isNew({ height, result }) {
      const { id, blockId = id } = Object(result) as { readonly id?: string; readonly blockId?: string }
      if (seen.get(height) === blockId) return false
      for (const later of [...seen.keys()].reverse()) {
        if (later < height) break
        seen.delete(later)
      }
      seen.set(height, String(blockId))
      const [oldest] = seen.keys()
      if (seen.size > SEEN_MAX && oldest !== undefined) seen.delete(oldest)
      return true
    },
  }
}

/** True for what a later try may not meet again. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ChainError &&
    ['client/UNREACHABLE', 'rpc/RATE_LIMITED', 'rpc/WORK_LIMITED', 'rpc/TIMEOUT', 'rpc/INTERNAL'].includes(
      error.code,
    )
  )
}

const begunCodec = struct({ fingerprint: hashCodec, fromHeight: u64 })
const statusCodec = struct({ height: u64, finalisedHeight: u64 })
const headerCodec = struct({ id: hashCodec })

/** Undefined where there is no such block. */
async function idAt(socket: NodeSocket, height: bigint, url: string): Promise<Hash | undefined> {
  try {
    return readPart(headerCodec, await socket.call('chain_header', { height: `${height}` }), url).id
  } catch (error) {
    if (error instanceof ChainError && error.code === 'rpc/BLOCK_NOT_FOUND') return undefined
    throw error
  }
}

/** Some members of an answer. Throws `client/BAD_ANSWER`. */
function readPart<T>(codec: Codec<T>, answer: unknown, url: string): T {
  const given = Object(answer) as Record<string, unknown>
  const names = Object.keys(Object(codec.schema.properties))
  try {
    return fromJson(codec, Object.fromEntries(names.map((name) => [name, given[name]])))
  } catch (error) {
    throw clientFail.BAD_ANSWER({ url, why: error instanceof Error ? error.message : String(error) })
  }
}
