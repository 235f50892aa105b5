import type { Json } from '@mmtchain/codec'
import type { Event, StoredBlock } from '@mmtchain/kernel'
import { type ChainError, type Hash, type Height, isChainError } from '@mmtchain/primitives'
import type { BlockFeed } from './feed.ts'
import { plainValues, presentHeader } from './present.ts'
import { rpcFail } from './refusals.ts'
import { presentTransactionState } from './transaction-methods.ts'
import type { View } from './view.ts'

/** What a connection subscribes to. */
export interface SubscriptionRequest {
  readonly topic: string
  readonly module: string | null
  readonly event: string | null
  readonly id: Hash | null
  /** The first height that is sent; the next block's without it. */
  readonly fromHeight: Height | null
  /** Of events: only those of blocks that nothing can take back. */
  readonly finalised: boolean | null
}

/** The subscriptions of one connection, as one message of it sees them. */
export interface Subscriptions {
  /** Opens one. Throws `rpc/BAD_TOPIC` or `rpc/TOO_MANY_SUBSCRIPTIONS`. It sends nothing before `start`. */
  open(request: SubscriptionRequest): {
    readonly subscription: string
    readonly fingerprint: Hash
    readonly fromHeight: string
  }
  end(subscription: string): boolean
}

/** The subscriptions of one connection. */
export interface AllSubscriptions {
  /** For one message; `start` starts those that it opened, once its answer is on its way. */
  ofMessage(): Subscriptions & { start(): void }
  close(): void
}

/** What a subscription is about. */
interface Topic {
  /** What there is to say at a height; undefined for nothing. */
  at(height: Height): Promise<Json | undefined>
  /** True when heights that get another block are told again. */
  readonly goesBack: boolean
}

interface Subscription {
  readonly id: string
  readonly topic: Topic
  /** How far the walk may go now. */
  readonly end: () => Height
  readonly first: Height
  next: Height
  busy: boolean
  ended: boolean
}

/** An events subscription that matched nothing says so every so many heights, so that its reader resumes near the tip. */
const MARK_HEIGHTS = 100n

/**
 * Makes the subscriptions of one connection. Each walks the chain block by block, from its first height to the tip and on as the tip
 * moves: replay and live are one walk, so that no block is left out and none comes twice. Where the chain takes blocks back, it goes
 * back with it, and the heights that have other blocks now come again. It goes on only after its last message was taken, so that a
 * slow reader costs no memory.
 */
export function createSubscriptions(args: {
  readonly view: () => View
  readonly feed: BlockFeed
  readonly max: number
  /** Sends a notification; resolves when the connection has taken it. */
  readonly send: (message: Json) => Promise<void>
  /** Resolves when the connection may read one more block. */
  readonly pace: () => Promise<void>
  readonly onFault: (error: unknown) => void
}): AllSubscriptions {
  const { view, feed, max, send, pace, onFault } = args
  const open = new Map<string, Subscription>()
  const fresh = new Set<Subscription>()
  let last = 0

  const advanceAll = (height: Height) => {
    for (const one of open.values()) {
      if (one.topic.goesBack && height >= one.first && height < one.next) one.next = height
      if (!fresh.has(one)) void advance(one)
    }
  }
  const stop = feed.onBlock(advanceAll)

  async function advance(one: Subscription): Promise<void> {
    if (one.busy) return
    one.busy = true
    try {
      while (!one.ended && one.next <= one.end()) {
        const at = one.next
        one.next = (at + 1n) as Height
        if (at < feed.tip) await pace()
        const result = await one.topic.at(at)
        if (one.ended) return
        if (result !== undefined) await notify({ subscription: one.id, height: at.toString(), result })
      }
    } catch (error) {
      if (one.ended) return
      end(one.id)
      if (!isChainError(error)) onFault(error)
      const refusal = isChainError(error) ? error : rpcFail.INTERNAL({})
      await notify({ subscription: one.id, error: errorOf(refusal) }).catch(() => undefined)
    } finally {
      one.busy = false
    }
  }

  const notify = (params: Json) => send({ jsonrpc: '2.0', method: 'chain_subscription', params })

  function end(id: string): boolean {
    const found = open.get(id)
    if (found) found.ended = true
    return open.delete(id)
  }

  function ofMessage(): Subscriptions & { start(): void } {
    const opened: Subscription[] = []
    return {
      open(request) {
        const { one, fingerprint } = begin(request)
        opened.push(one)
        return { subscription: one.id, fingerprint, fromHeight: one.next.toString() }
      },
      end,
      start() {
        for (const one of opened) {
          fresh.delete(one)
          void advance(one)
        }
      },
    }
  }

  /** Opens one that sends nothing yet. */
  function begin(request: SubscriptionRequest): { readonly one: Subscription; readonly fingerprint: Hash } {
    if (open.size >= max) throw rpcFail.TOO_MANY_SUBSCRIPTIONS({ max })
    const topic = topicOf(request, view, feed)
    last += 1
    const id = String(last)
    // A transaction is looked at once now, and then after every block.
    const isFinal = request.topic === 'finalisedHeads' || request.finalised === true
    const end = () => (isFinal ? view().node.finalised : feed.tip)
    const now = request.topic === 'transaction' ? feed.tip : ((end() + 1n) as Height)
    const next = request.fromHeight ?? now
    const one = { id, topic, end, first: next, next, busy: false, ended: false }
    open.set(id, one)
    fresh.add(one)
    return { one, fingerprint: view().node.genesis.fingerprint }
  }

  return {
    ofMessage,
    close() {
      stop()
      for (const id of [...open.keys()]) end(id)
    },
  }
}

/** Throws `rpc/BAD_TOPIC`. */
function topicOf(request: SubscriptionRequest, view: () => View, feed: BlockFeed): Topic {
  const { topic, module, event, id, fromHeight, finalised } = request
  const refuse = (why: string) => rpcFail.BAD_TOPIC({ topic, why })
  if (topic !== 'events' && (module !== null || event !== null))
    throw refuse('module and event are of events')
  if (topic !== 'events' && finalised !== null) throw refuse('finalised is of events')
  if (topic !== 'transaction' && id !== null) throw refuse('id is of transaction')
  // One that is being taken back is told when its height has another.
  const blockAt = async (at: Height): Promise<StoredBlock | undefined> => {
    const found = await feed.block(at)
    if (!found && at <= feed.tip) throw rpcFail.BLOCK_NOT_FOUND({ block: String(at) })
    return found
  }
  switch (topic) {
    case 'heads':
    case 'finalisedHeads':
      return {
        goesBack: topic === 'heads',
        async at(height) {
          const found = await blockAt(height)
          return found && { id: found.id, header: presentHeader(view().code, found.block.header) }
        },
      }
    case 'events':
      checkEvent(view(), { module, event }, refuse)
      return { goesBack: finalised !== true, at: eventsTopic({ view, feed, blockAt }, { module, event }) }
    case 'transaction': {
      if (id === null) throw refuse('it needs the id')
      if (fromHeight !== null) throw refuse('a transaction is looked at now, from no height')
      return { goesBack: true, at: transactionTopic(view, id) }
    }
    default:
      throw refuse('no such topic')
  }
}

function checkEvent(
  { code }: View,
  { module, event }: Pick<SubscriptionRequest, 'module' | 'event'>,
  refuse: (why: string) => ChainError,
): void {
  if (module === null) {
    if (event !== null) throw refuse('an event needs its module')
    return
  }
  const spec = code.modules.find((used) => used.spec.name === module)?.spec
  if (!spec) throw refuse(`the chain has no module ${module}`)
  if (event !== null && !Object.hasOwn(spec.events, event))
    throw refuse(`the module ${module} has no event ${event}`)
}

/** The events of a block that match, in the order in which they happened: of the first hooks, the transactions, the last hooks. */
function eventsTopic(
  from: {
    readonly view: () => View
    readonly feed: BlockFeed
    readonly blockAt: (at: Height) => Promise<StoredBlock | undefined>
  },
  { module, event }: Pick<SubscriptionRequest, 'module' | 'event'>,
): Topic['at'] {
  const matches = (one: Event) =>
    (module === null || one.module === module) && (event === null || one.name === event)
  return async (at) => {
    const found = await from.blockAt(at)
    if (!found) return undefined
    const { id, block, receipts, transactionIds } = found
    const code = from.view().codeOf(block.header)
    const present = (events: readonly Event[], transaction: Hash | null) =>
      events.filter(matches).map((one) => ({ ...from.feed.presentEvent(code, one), transaction }))
    const events = [
      ...present(receipts.begin, null),
      ...receipts.transactions.flatMap((receipt, i) => present(receipt.events, transactionIds[i] ?? null)),
      ...present(receipts.end, null),
    ]
    if (events.length === 0 && at % MARK_HEIGHTS !== 0n) return undefined
    return { blockId: id, timeMs: block.header.timeMs.toString(), events }
  }
}

/** Says where a transaction is whenever that has changed. */
function transactionTopic(view: () => View, id: Hash): Topic['at'] {
  let said: string | undefined
  return async () => {
    const state = await presentTransactionState(view(), id)
    if (state === undefined) return undefined
    const { pending, confirmation, dropped, blockId } = state as { [name: string]: Json }
    const now = JSON.stringify([pending, confirmation, dropped ?? null, blockId ?? null])
    if (now === said) return undefined
    said = now
    return state
  }
}

function errorOf({ code, message, hint, values }: ChainError): Json {
  return { code: -32000, message, data: { code, values: plainValues(values), hint } }
}
