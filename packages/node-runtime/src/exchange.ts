import {
  blockId,
  type EngineInput,
  type Machine,
  type Membership,
  type Network,
  type PeerId,
  type Prepared,
  type Store,
  type StoredBlock,
  type Tip,
} from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import type { Checks } from './checks.ts'
import { createGossip } from './gossip.ts'
import { type Host, logOf, textOf } from './host.ts'
import type { Mempool } from './mempool.ts'
import { messageBytesMax, type NodeMessage, nodeMessage } from './messages.ts'
import type { Recorder } from './metrics.ts'
import { createSync, readBlocks } from './sync.ts'
import type { Turns } from './turns.ts'

/** How often at most a node tells where it is. */
const STATUS_MS = 250n

/** A node among others: what it tells them, and what it does with what they tell. */
export interface Exchange {
  /** How many other nodes it is connected with. */
  readonly peers: number
  /** The greatest height that another node claims to have, or this one has. */
  readonly target: bigint
  /** True while other nodes have more blocks than the one under way. */
  readonly catchingUp: boolean
  /** True while that is more than a claim. */
  readonly isBehind: boolean
  sendConsensus(message: unknown, to: PeerId | undefined): void
  sendBlock(stored: StoredBlock, to: PeerId | undefined): void
  /** A peer broke the protocol, as the engine saw. */
  blame(peer: PeerId, why: string): void
  /** A transaction waits from now on. */
  added(prepared: Prepared): void
  /** The tip is another; these transactions are in its block. */
  moved(transactionIds: readonly Hash[]): void
  leave(): Promise<void>
}

export async function createExchange(args: {
  readonly network: Network
  readonly machine: Machine
  readonly store: Store
  readonly host: Host
  readonly mempool: Mempool
  readonly checks: Checks
  readonly turns: Turns
  readonly metrics: Recorder
  readonly tip: () => Tip
  readonly finalised: () => Height
  readonly feed: (input: EngineInput) => Promise<void> | undefined
}): Promise<Exchange> {
  const { network, machine, store, host, mempool, checks, turns, metrics, tip, finalised, feed } = args
  const { chain, fingerprint } = machine.genesis
  const { engine } = chain
  const log = logOf(host.log, 'network')
  let membership: Membership<NodeMessage> | undefined
  let cancelStatus: (() => void) | undefined
  let isLeaving = false
  /** One for each time that a peer has joined, so that no answer reaches it after it has left and come back. */
  const links = new Map<PeerId, object>()

  function send(message: NodeMessage, to?: PeerId): void {
    if (isLeaving) return
    if (to === undefined) membership?.broadcast(message)
    else membership?.send(to, message)
  }

  function blame(peer: PeerId, why: string): void {
    log.warn({ peer, why }, 'a node broke the protocol')
    metrics.blamed()
    sync.distrust(peer)
    membership?.blame(peer, why)
  }

  const sync = createSync({
    machine,
    host,
    log,
    tip,
    finalised,
    feed,
    blame,
    ask: (peer, value) => send({ kind: 'getBlocks', value }, peer),
  })
  const gossip = createGossip({
    mempool,
    checks,
    host,
    turns,
    isReady: () => !sync.isBehind,
    send: (peer, message) => send(message, peer),
    blame,
    taken: metrics.submitted,
  })

  function status(): NodeMessage {
    const { header, id } = tip()
    return { kind: 'status', value: { height: header.height, id, finalised: finalised() } }
  }

  /** Tells all, soon, so that a node that catches up does not tell of each block. */
  function tellStatus(): void {
    cancelStatus ??= host.setTimer(host.nowMs() + STATUS_MS, () => {
      cancelStatus = undefined
      send(status())
    })
  }

  function take(from: PeerId, message: NodeMessage): Promise<void> | undefined {
    switch (message.kind) {
      case 'status':
        return void sync.heard(from, message.value)
      case 'consensus':
        if (!engine.message) return void blame(from, 'a message for an engine that takes none')
        return feed({ kind: 'message', from, message: message.value, nowMs: host.nowMs() })
      case 'block':
        return onBlock(from, message.value)
      case 'getBlocks':
        return answer(from, message.value)
      case 'blocks':
        return void sync.answered(from, message.value)
      case 'announce':
        return void gossip.announced(from, message.value)
      case 'getTransactions':
        return void gossip.asked(from, message.value)
      case 'transactions':
        return gossip.received(from, message.value)
    }
  }

  function onMessage(from: PeerId, message: NodeMessage): Promise<void> | undefined {
    if (isLeaving) return undefined
    try {
      return take(from, message)?.catch((error) => failed(from, message, error))
    } catch (error) {
      return void failed(from, message, error)
    }
  }

  function failed(peer: PeerId, { kind }: NodeMessage, error: unknown): void {
    if (!isLeaving) log.error({ peer, kind, error: textOf(error) }, 'a message failed')
  }

  async function answer(from: PeerId, request: { from: Height; limit: number }): Promise<void> {
    const link = links.get(from)
    const value = await readBlocks(store, request)
    if (links.get(from) === link) send({ kind: 'blocks', value }, from)
  }

  async function onBlock(
    from: PeerId,
    { block, seal }: Extract<NodeMessage, { kind: 'block' }>['value'],
  ): Promise<void> {
    const { height } = block.header
    const next = tip().header.height + 1n
    // An engine without branches has use for the next block alone; one further on shows that there are some between.
    if (height < next && !engine.revertible) return
    if (height > next) sync.heard(from, { height })
    if (height > next && !engine.revertible) return
    const id = blockId(fingerprint, block.header)
    await feed({ kind: 'block', from, block, id, seal, nowMs: host.nowMs() })
  }

  membership = await network.join<NodeMessage>({
    fingerprint,
    addressPrefix: chain.addressPrefix,
    message: nodeMessage(engine),
    messageBytesMax: messageBytesMax(chain.limits),
    onMessage,
    onJoined(peer) {
      log.info({ peer }, 'a node joined')
      links.set(peer, {})
      send(status(), peer)
      gossip.joined(peer)
    },
    onLeft(peer) {
      log.info({ peer }, 'a node left')
      links.delete(peer)
      sync.left(peer)
      gossip.left(peer)
    },
  })
  return {
    get peers() {
      return membership?.peers().length ?? 0
    },
    get target() {
      return sync.target
    },
    get catchingUp() {
      return sync.catchingUp
    },
    get isBehind() {
      return sync.isBehind
    },
    sendConsensus: (value, to) => send({ kind: 'consensus', value }, to),
    sendBlock: ({ block, seal }, to) => send({ kind: 'block', value: { block, seal } }, to),
    blame,
    added: gossip.added,
    moved(transactionIds) {
      sync.moved()
      gossip.committed(transactionIds)
      gossip.pull()
      tellStatus()
    },
    async leave() {
      isLeaving = true
      cancelStatus?.()
      sync.stop()
      gossip.stop()
      await membership?.leave()
    },
  }
}
