import { type Codec, fromJson, hash as hashCodec, type Infer, option, struct, u64 } from '@mmtchain/codec'
import { type ChainData, type Header, header as headerCodec } from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import { clientFail } from './refusals.ts'
import { type SubscribeEndpoint, type SubscribeOptions, subscribe } from './subscribe.ts'
import type { Endpoint } from './transport.ts'

/** The place of an event: its block, and its number among the events of its name there. */
export interface EventPlace {
  readonly height: Height
  readonly index: number
  /** Which block of that height, so that another one that took its place is read whole. */
  readonly blockId?: Hash
}

/** Something that a module said. */
export interface ChainEvent<T> extends EventPlace {
  readonly blockId: Hash
  /** The time of the block, in Unix milliseconds. */
  readonly timeMs: bigint
  /** The transaction that it comes from; null for what a hook said. */
  readonly transaction: Hash | null
  readonly data: T
}

export interface EventOptions extends SubscribeOptions {
  /** Goes on after this event, the last that was handled. It rules over `fromHeight`. */
  readonly after?: EventPlace | undefined
  /** Only events of blocks that nothing can take back. */
  readonly finalised?: boolean | undefined
}

/** The events of one module. */
export type Events<V> = {
  readonly [N in keyof V]: (
    options?: EventOptions,
  ) => AsyncGenerator<ChainEvent<Infer<V[N]>>, void, undefined>
}

/** A block, without what is in it. */
export interface Head {
  readonly height: Height
  readonly id: Hash
  readonly header: Header
}

/** The blocks of a chain as they come, or as they become final. See `subscribe`. */
export async function* followHeads(
  endpoint: SubscribeEndpoint,
  chain: Pick<ChainData, 'addressPrefix'>,
  { topic, ...options }: SubscribeOptions & { readonly topic: 'heads' | 'finalisedHeads' },
): AsyncGenerator<Head, void, undefined> {
  const codec = struct({ id: hashCodec, header: headerCodec })
  for await (const { height, result } of subscribe(endpoint, { topic }, options)) {
    const { id, header } = read(codec, result, endpoint, chain)
    yield { height, id, header }
  }
}

/** The events of one name, decoded with `data`, one by one. See `subscribe`. */
export async function* followEvents<T>(
  endpoint: SubscribeEndpoint,
  chain: Pick<ChainData, 'addressPrefix'>,
  {
    module,
    event,
    data,
    after,
    finalised = false,
    ...options
  }: EventOptions & { readonly module: string; readonly event: string; readonly data: Codec<T> },
): AsyncGenerator<ChainEvent<T>, void, undefined> {
  const one = struct({ transaction: option(hashCodec), data })
  const place = struct({ blockId: hashCodec, timeMs: u64 })
  const from = after ? { ...options, fromHeight: after.height } : options
  for await (const { height, result } of subscribe(
    endpoint,
    { topic: 'events', module, event, ...(finalised && { finalised }) },
    from,
  )) {
    const { events, ...rest } = Object(result) as { readonly events?: unknown }
    const { blockId, timeMs } = read(place, rest, endpoint, chain)
    if (!Array.isArray(events)) throw clientFail.BAD_ANSWER({ url: endpoint.url, why: 'events are missing.' })
    const isLast = height === after?.height && (after.blockId ?? blockId) === blockId
    for (const [index, given] of events.entries()) {
      if (isLast && index <= after.index) continue
      const { module: _, name: __, ...said } = Object(given) as Record<string, unknown>
      yield { height, index, blockId, timeMs, ...read(one, said, endpoint, chain) }
    }
  }
}

/** Reads an answer of a node. Throws `client/BAD_ANSWER`. */
function read<T>(
  codec: Codec<T>,
  json: unknown,
  { url }: Endpoint,
  chain: Pick<ChainData, 'addressPrefix'>,
): T {
  try {
    return fromJson(codec, json, chain)
  } catch (error) {
    throw clientFail.BAD_ANSWER({ url, why: error instanceof Error ? error.message : String(error) })
  }
}
