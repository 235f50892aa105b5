import { withEncoded } from '@mmtchain/codec'
import {
  type Block,
  blockId,
  type EngineInput,
  type Machine,
  type PeerId,
  type Store,
  type Tip,
} from '@mmtchain/kernel'
import { type Hash, type Height, height as toHeight } from '@mmtchain/primitives'
import type { Host, Log } from './host.ts'
import { BLOCKS_MAX, type NodeMessage, sealedBlock } from './messages.ts'
import { recentOf } from './recent.ts'

/** Blocks of one request. */
const RANGE = 32n
/** How far ahead of the tip blocks are asked for. */
const WINDOW = 16n * RANGE
/** An answer holds no more than this, or one block. */
const ANSWER_BYTES_MAX = 1024 * 1024
const ASK_TIMEOUT_MS = 5_000n
/** How long the engine may take with a block before it is given it again. */
const STALL_MS = 2_000n
/** How long a block that is one ahead may still take to come by itself. */
const GRACE_MS = 100n
/** A peer that leaves so many requests in a row without blocks is not asked for a while, twice as long each time. */
const STRIKES_MAX = 3
const IGNORED_MS = 60_000n
const IGNORED_MS_MAX = 16n * IGNORED_MS
/** What was before is forgotten after so long without another time, or when the peer gives all that it is asked for. */
const FORGIVEN_MS = 4n * IGNORED_MS_MAX
/** Of so many peers that are gone it is known how often they were not worth asking. */
const IGNORED_PEERS_MAX = 1_024
/** A tip of so many slots ago is old. */
const OLD_SLOTS = 4n
const PROGRESS_MS = 10_000n

/** Gets the blocks that this node lacks from those that have them, several at once, and gives them to the engine in order. */
export interface Sync {
  /** The greatest height that a peer claims to have, or this node has. */
  readonly target: bigint
  /** True while more than the block under way is missing. */
  readonly catchingUp: boolean
  /**
   * True while that is more than a claim: the tip is old, and blocks of others follow it one after the other, or may do so at once because
   * nobody was asked before. Nobody can make it true on a node that is level.
   */
  readonly isBehind: boolean
  /** A peer says what it has. */
  heard(peer: PeerId, claim: { readonly height: Height }): void
  left(peer: PeerId): void
  answered(peer: PeerId, answer: Blocks): void
  /** The tip is another. */
  moved(): void
  /** The engine found that a peer lies: nothing that it sent is used. */
  distrust(peer: PeerId): void
  stop(): void
}

const NEVER_IGNORED = { times: 0, untilMs: 0n }

type Blocks = Extract<NodeMessage, { kind: 'blocks' }>['value']

interface Peer {
  height: bigint
  asked: { readonly from: bigint; readonly to: bigint; readonly cancel: () => void } | undefined
  /** Requests in a row that brought nothing. */
  strikes: number
  ignoredUntilMs: bigint
}

export function createSync(args: {
  readonly machine: Machine
  readonly host: Host
  readonly log: Log
  readonly tip: () => Tip
  readonly finalised: () => Height
  readonly ask: (peer: PeerId, request: { readonly from: Height; readonly limit: number }) => void
  readonly feed: (input: EngineInput) => Promise<void> | undefined
  readonly blame: (peer: PeerId, why: string) => void
}): Sync {
  const { machine, host, log, tip, ask, feed } = args
  const { chain, fingerprint } = machine.genesis
  const isRevertible = chain.engine.revertible === true
  const peers = new Map<PeerId, Peer>()
  const buffer = new Map<
    bigint,
    { readonly from: PeerId; readonly block: Block; readonly seal: Uint8Array }
  >()
  const timers = new Map<string, () => void>()
  /** How often peers did not keep what they claimed, also of those that have left. */
  const ignored = recentOf<PeerId, { readonly times: number; readonly untilMs: bigint }>(IGNORED_PEERS_MAX)
  /** When a peer first claimed to have more, and when its blocks last made the tip another. */
  let firstClaimMs: bigint | undefined
  let gainedMs: bigint | undefined
  /** The next block of a branch that does not begin at the tip. */
  let branch: bigint | undefined
  /** The height of the block that the engine works on. */
  let fed: bigint | undefined
  let isFeeding = false
  let isStopped = false
  let toldMs = 0n

  const next = () => branch ?? tip().header.height + 1n

  function target(): bigint {
    const nowMs = host.nowMs()
    let highest: bigint = tip().header.height
    for (const peer of peers.values())
      if (peer.ignoredUntilMs <= nowMs && peer.height > highest) highest = peer.height
    return highest
  }

  function setTimer(name: string, afterMs: bigint, fire: () => void): void {
    if (timers.has(name) || isStopped) return
    const cancel = host.setTimer(host.nowMs() + afterMs, () => {
      timers.delete(name)
      fire()
    })
    timers.set(name, cancel)
  }

  function clearTimer(name: string): void {
    timers.get(name)?.()
    timers.delete(name)
  }

  /** Asks every idle peer for blocks that nobody was asked for. */
  function plan(isDue = false): void {
    const lag = target() - tip().header.height
    if (isStopped || lag <= 0n) return
    // The newest block mostly comes by itself, from the engine.
    if (lag === 1n && !isDue && branch === undefined) {
      setTimer('grace', GRACE_MS, () => plan(true))
      return
    }
    for (const [name, peer] of peers) {
      if (peer.asked || peer.ignoredUntilMs > host.nowMs()) continue
      const range = missing(peer.height)
      if (range) request(name, peer, range)
    }
    tellProgress(lag)
  }

  /** The first blocks up to `end` within the window that are neither here nor asked for. */
  function missing(end: bigint): { readonly from: bigint; readonly to: bigint } | undefined {
    const start = next()
    const last = end < start + WINDOW ? end : start + WINDOW - 1n
    let from = start
    while (from <= last && isCovered(from)) from++
    if (from > last) return undefined
    let to = from
    while (to < last && to - from + 1n < RANGE && !isCovered(to + 1n)) to++
    // The window moves block by block; a request waits until there is room for a whole range.
    const isCut = to === last && last < end && to - from + 1n < RANGE
    return isCut ? undefined : { from, to }
  }

  function isCovered(at: bigint): boolean {
    if (buffer.has(at) || at === fed) return true
    for (const { asked } of peers.values()) if (asked && asked.from <= at && at <= asked.to) return true
    return false
  }

  function request(name: PeerId, peer: Peer, { from, to }: { from: bigint; to: bigint }): void {
    const timer = `ask ${name}`
    peer.asked = { from, to, cancel: () => clearTimer(timer) }
    setTimer(timer, ASK_TIMEOUT_MS, () => {
      peer.asked = undefined
      strike(name, peer, from)
      plan()
    })
    ask(name, { from: toHeight(from), limit: Number(to - from) + 1 })
  }

  /** The peer did not give what it said it has. */
  function strike(name: PeerId, peer: Peer, from: bigint): void {
    peer.strikes += 1
    if (peer.height >= from) peer.height = from - 1n
    if (peer.strikes < STRIKES_MAX) return
    log.warn(
      { peer: name, from: String(from) },
      'a node does not give blocks that it claims to have; it is not asked for a while',
    )
    peer.strikes = 0
    ignore(name, peer)
  }

  function ignore(name: PeerId, peer: Peer): void {
    const nowMs = host.nowMs()
    const before = ignored.get(name)
    const times = before && nowMs < before.untilMs + FORGIVEN_MS ? before.times : 0
    const afterMs = IGNORED_MS << BigInt(times)
    peer.ignoredUntilMs = nowMs + (afterMs < IGNORED_MS_MAX ? afterMs : IGNORED_MS_MAX)
    ignored.set(name, { times: Math.min(times + 1, 16), untilMs: peer.ignoredUntilMs })
  }

  function isSoon(atMs: bigint | undefined): boolean {
    return atMs !== undefined && host.nowMs() - atMs < ASK_TIMEOUT_MS
  }

  /** Gives the engine the next block, if it is here and the engine waits for one. */
  async function apply(): Promise<void> {
    if (isFeeding || isStopped) return
    isFeeding = true
    for (let at = next(); fed === undefined; at = next()) {
      const found = buffer.get(at)
      if (!found) break
      buffer.delete(at)
      const { from, block, seal } = found
      if (branch === undefined && block.header.parent !== tip().id) {
        leaveTip(from)
        break
      }
      if (branch === undefined) await feedAndWait(at, { from, block, seal })
      else if (at === branch) {
        branch += 1n
        await feed(inputOf({ from, block, seal }))
      }
    }
    isFeeding = false
    if (branch !== undefined && branch > target()) endBranch()
    plan()
  }

  function inputOf(found: {
    readonly from: PeerId
    readonly block: Block
    readonly seal: Uint8Array
  }): EngineInput {
    const id: Hash = blockId(fingerprint, found.block.header)
    return { kind: 'block', ...found, id, nowMs: host.nowMs() }
  }

  async function feedAndWait(
    at: bigint,
    found: { readonly from: PeerId; readonly block: Block; readonly seal: Uint8Array },
  ): Promise<void> {
    fed = at
    setTimer('stall', STALL_MS, () => {
      fed = undefined
      if (tip().header.height < at) buffer.set(at, found)
      void apply()
    })
    await feed(inputOf(found))
  }

  /** A block does not follow the tip: a lie, or another branch, which is fed to the engine from what is final on. */
  function leaveTip(from: PeerId): void {
    if (!isRevertible) {
      args.blame(from, 'a block that does not follow the one before it')
      return
    }
    branch = args.finalised() + 1n
    buffer.clear()
    log.info({ peer: from, from: String(branch) }, 'another branch')
  }

  /** The engine has heard all of it. Whoever claimed more than it made of it is believed again when it has something new. */
  function endBranch(): void {
    branch = undefined
    const { height } = tip().header
    for (const peer of peers.values()) if (peer.height > height) peer.height = height
  }

  function tellProgress(lag: bigint): void {
    const nowMs = host.nowMs()
    if (lag <= RANGE || nowMs - toldMs < PROGRESS_MS) return
    toldMs = nowMs
    const { height } = tip().header
    log.info({ height: String(height), of: String(height + lag), peers: peers.size }, 'catching up')
  }

  function drop(name: PeerId): void {
    peers.get(name)?.asked?.cancel()
    for (const [at, { from }] of buffer) if (from === name) buffer.delete(at)
  }

  return {
    get target() {
      return target()
    },
    get catchingUp() {
      return target() > tip().header.height + 1n
    },
    get isBehind() {
      const { header } = tip()
      if (target() <= header.height + 1n) return false
      const isOld = host.nowMs() - header.timeMs > OLD_SLOTS * machine.engineChain.slotMs
      return isOld && (isSoon(gainedMs) || isSoon(firstClaimMs))
    },
    heard(name, { height }) {
      const peer = peers.get(name)
      if (peer) peer.height = height
      else {
        const ignoredUntilMs = ignored.get(name)?.untilMs ?? 0n
        peers.set(name, { height, asked: undefined, strikes: 0, ignoredUntilMs })
      }
      if (height > tip().header.height + 1n) firstClaimMs ??= host.nowMs()
      plan()
    },
    left(name) {
      drop(name)
      peers.delete(name)
      plan()
    },
    answered(name, { from, blocks }) {
      const peer = peers.get(name)
      const asked = peer?.asked
      // Networks double messages, and a question may be from before a restart: an answer that nobody waits for is no offence.
      if (!peer || asked?.from !== from || BigInt(blocks.length) > asked.to - asked.from + 1n) return
      asked.cancel()
      peer.asked = undefined
      if (blocks.some(({ block }, i) => block.header.height !== from + BigInt(i))) {
        args.blame(name, 'blocks of other heights than those asked for')
        return
      }
      if (blocks.length === 0) strike(name, peer, from)
      else peer.strikes = 0
      if (from + BigInt(blocks.length) > asked.to && blocks.length > 1) ignored.set(name, NEVER_IGNORED)
      const start = next()
      for (const { block, seal } of blocks)
        if (block.header.height >= start) buffer.set(block.header.height, { from: name, block, seal })
      void apply()
    },
    moved() {
      const { height } = tip().header
      if (fed !== undefined && height >= fed) {
        fed = undefined
        gainedMs = host.nowMs()
        clearTimer('stall')
      }
      clearTimer('grace')
      for (const at of buffer.keys()) if (at <= height && branch === undefined) buffer.delete(at)
      void apply()
    },
    distrust(name) {
      drop(name)
      const peer = peers.get(name)
      if (peer) {
        peer.asked = undefined
        ignore(name, peer)
      }
      fed = undefined
      clearTimer('stall')
      void apply()
    },
    stop() {
      isStopped = true
      for (const cancel of timers.values()) cancel()
    },
  }
}

/** The blocks that a peer asks for, as many as fit an answer. */
export async function readBlocks(
  store: Store,
  { from, limit }: { readonly from: Height; readonly limit: number },
): Promise<Blocks> {
  const blocks: { block: Block; seal: Uint8Array }[] = []
  let bytes = 0
  for (let at: bigint = from; blocks.length < Math.min(limit, BLOCKS_MAX); at++) {
    const stored = await store.block({ height: toHeight(at) })
    if (!stored) break
    const { block, seal } = stored
    bytes += withEncoded(sealedBlock, { block, seal }, ({ length }) => length)
    if (blocks.length > 0 && bytes > ANSWER_BYTES_MAX) break
    blocks.push({ block, seal })
  }
  return { from, blocks }
}
