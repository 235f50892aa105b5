import { secp256k1Backend } from '@mmtchain/crypto'
import {
  blockId,
  createMachine,
  type GenesisData,
  type Machine,
  type Network,
  type Store,
  type StoredBlock,
  type Tip,
} from '@mmtchain/kernel'
import { type Height, height, isChainError } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import { createBlockMaker } from './block-maker.ts'
import { createChecks } from './checks.ts'
import { countingStore } from './counting-store.ts'
import { createDriver } from './driver.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { examine, type Health, type HealthCheck, timeText } from './health.ts'
import { type Host, logOf, textOf } from './host.ts'
import { inputLog } from './input-log.ts'
import { createMempool, type Mempool, type MempoolLimits } from './mempool.ts'
import { createMetrics, type Gauges, type Metrics } from './metrics.ts'
import { keepInJournal } from './pool-journal.ts'
import type { RawFile } from './raw-file.ts'
import { nodeFail } from './refusals.ts'
import type { ConsensusSigner } from './signer.ts'
import { createSubmissions, type Submissions } from './submissions.ts'
import { createTurns } from './turns.ts'
import { checkSigner, createObservation } from './validator.ts'

export interface NodeOptions {
  readonly genesis: GenesisData
  readonly store: Store
  readonly host: Host
  /** Who signs for the validator; absent on a node that only observes. The node closes it when it stops. */
  readonly validator?: ConsensusSigner | undefined
  /** Where other nodes are; a node without a network is alone. */
  readonly network?: Network | undefined
  /** Where the inputs of an engine that asks for it outlast the process. Without a file they do not. */
  readonly inputLog?: RawFile | undefined
  /** What the block after a tip reveals if this node builds it, on chains with reveals. */
  readonly reveal?:
    | ((at: {
        readonly tip: Tip
        readonly machine: Machine
        readonly store: Store
      }) => Uint8Array | undefined)
    | undefined
  readonly mempool?: Partial<MempoolLimits>
  /** What an app looks at beside the node's own health checks. */
  readonly healthChecks?: readonly (() => HealthCheck | readonly HealthCheck[] | Promise<HealthCheck>)[]
  /** What an app measures beside the node, in the text format of Prometheus. */
  readonly metrics?: readonly (() => Promise<string>)[]
}

/** A running node. */
export interface Node extends Submissions {
  readonly genesis: GenesisData
  readonly machine: Machine
  readonly store: Store
  readonly mempool: Mempool
  /** The newest committed block. */
  readonly tip: Tip
  /** The newest height that nothing can take back. */
  readonly finalised: Height
  /** True while other nodes have blocks that this one still has to get. */
  readonly catchingUp: boolean
  /** False from the moment the node stops or has to stop. */
  readonly running: boolean
  /** Calls back for every committed block, in order. Returns how to stop that. */
  onBlock(listener: (block: StoredBlock) => void): () => void
  /** Looks at the node and its machine now. */
  health(): Promise<Health>
  readonly metrics: Metrics
  /** Resolves when the node has stopped, and rejects with the reason if it had to stop by itself. */
  readonly stopped: Promise<void>
  /** Stops making blocks and closes the store, after the commit under way. */
  stop(): Promise<void>
}

/** A genesis further ahead than this is worth a warning. */
const GENESIS_AHEAD_MS = 3_600_000n

/**
 * Starts a node: the only place where mempool, driver, network, store and engine meet. A store that is empty begins with block 0.
 * Throws `node/WRONG_CHAIN_DATA` for a store of another chain, what `checkSigner` throws, and `node/INPUT_LOG_DAMAGED`.
 */
export async function createNode(options: NodeOptions): Promise<Node> {
  const { genesis, host, validator } = options
  const store = countingStore(options.store, genesis)
  const { log } = host
  const machine = createMachine(genesis)
  await beginChain(machine, store)
  const { engine } = machine.genesis.chain
  let tip = machine.tipOf(store) as Tip
  let final = height(0n)
  let exchange: Exchange | undefined
  if (validator)
    checkSigner(validator, {
      tip,
      engine,
      isElected: machine.genesis.chain.modules.some(({ spec }) => spec.validatorSource !== undefined),
      hasNetwork: options.network !== undefined,
      log,
    })
  warnOfFarGenesis(tip, host)

  const listeners = new Set<(block: StoredBlock) => void>()
  const stop = stopOnce(close)
  const metrics = createMetrics({ read: gauges, readings: host.readings, more: options.metrics })
  const journal = keepInJournal({
    journal: host.journal,
    pool: () => mempool,
    log: logOf(log, 'mempool'),
    breathe: () => new Promise((resolve) => host.setTimer(host.nowMs(), resolve)),
  })
  const mempool = createMempool({
    machine,
    view: () => ({ state: store, tip }),
    limits: options.mempool,
    onAdded(prepared) {
      journal.added(prepared)
      exchange?.added(prepared)
    },
    onDropped(id, { code, message }) {
      metrics.dropped(code)
      logOf(log, 'mempool').debug({ id, code, message }, 'transaction dropped')
    },
  })
  const turns = createTurns(host)
  const checks = createChecks({
    machine,
    max: 2 * mempool.limits.countMax,
    threads: host.checkThreads,
    turns,
  })
  const finalised = () => (engine.revertible ? final : tip.header.height)
  const maker = createBlockMaker({
    machine,
    store,
    mempool,
    checks,
    tip: () => tip,
    monotonicMs: host.monotonicMs,
    log: logOf(log, 'blocks'),
  })
  const inputs = engine.logged && options.inputLog
  const driver = createDriver({
    machine,
    store,
    host,
    signer: validator,
    inputLog: inputs ? inputLog({ file: inputs, engine, fingerprint: genesis.fingerprint }) : undefined,
    maker,
    metrics,
    tip: () => tip,
    finalised,
    isBehind: () => exchange?.isBehind ?? false,
    reveal: (at) => options.reveal?.({ tip: at, machine, store }),
    outlet: {
      send: (message, to) => exchange?.sendConsensus(message, to),
      sendBlock: (stored, to) => exchange?.sendBlock(stored, to),
      blame: (peer, why) => exchange?.blame(peer, why),
      committed: onCommitted,
      reverted: onReverted,
      finalised(at) {
        if (at > final) final = at
      },
      fault,
    },
  })
  exchange =
    options.network &&
    (await createExchange({
      network: options.network,
      machine,
      store,
      host,
      mempool,
      checks,
      turns,
      metrics,
      tip: () => tip,
      finalised,
      feed: driver.feed,
    }))
  const { isRunning } = stop
  const submissions = createSubmissions({ checks, mempool, store, metrics, host, isRunning })
  const observation =
    validator &&
    createObservation({
      signer: validator,
      host,
      slotMs: machine.engineChain.slotMs,
      tip: () => tip,
      isLevel: () => (exchange ? exchange.target === tip.header.height : true),
      fault,
    })
  const clockMoved = watchClock(host)

  function fault(error: unknown): void {
    const height = String(tip.header.height)
    log.error({ error: textOf(error), height }, 'the node stops: it cannot go on')
    void stop.begin(error)
  }

  function onCommitted(stored: StoredBlock, next: Tip): void {
    tip = next
    const startMs = host.monotonicMs()
    mempool.committed(stored.block, stored.transactionIds)
    metrics.took('recheck', host.monotonicMs() - startMs)
    exchange?.moved(stored.transactionIds)
    observation?.moved()
    for (const listener of listeners) {
      try {
        listener(stored)
      } catch (error) {
        log.error({ error: textOf(error) }, 'a listener to blocks failed')
      }
    }
  }

  function onReverted(blocks: readonly StoredBlock[], next: Tip): void {
    tip = next
    mempool.reverted()
    // Oldest first, so that each sender's come in order.
    for (const { block } of [...blocks].reverse())
      for (const transaction of block.transactions) takeBack(transaction)
    exchange?.moved([])
  }

  /** Lets a transaction of a block that is gone wait again, where it still can. */
  function takeBack(transaction: Transaction): void {
    try {
      mempool.add(checks.prepare(transaction))
    } catch (error) {
      if (!isChainError(error)) throw error
    }
  }

  function gauges(): Gauges {
    const { height, round, timeMs } = tip.header
    return {
      height,
      finalised: finalised(),
      peers: exchange?.peers ?? 0,
      target: exchange?.target ?? height,
      round,
      tipTimeMs: timeMs,
      validators: tip.validators.validators.length,
      mempool: poolGauges(mempool),
    }
  }

  async function health(): Promise<Health> {
    const { height, timeMs } = tip.header
    const { ready, checks } = examine({
      running: stop.isRunning(),
      isValidator: validator !== undefined,
      nowMs: host.nowMs(),
      slotMs: machine.engineChain.slotMs,
      height,
      tipTimeMs: timeMs,
      clockMovedMs: clockMoved(),
      mempool: poolGauges(mempool),
      secp256k1: secp256k1Backend(),
      readings: await host.readings?.(),
    })
    const more = await Promise.all((options.healthChecks ?? []).map((check) => check()))
    return { ready, checks: [...checks, ...more.flat()] }
  }

  async function close(): Promise<void> {
    observation?.stop()
    await exchange?.leave()
    await driver.stop()
    await validator?.close()
    await host.checkThreads?.close()
    await journal.close()
    await store.close()
  }

  try {
    await driver.start()
  } catch (error) {
    observation?.stop()
    await exchange?.leave()
    throw error
  }
  void journal.restore((transaction) => void mempool.add(checks.prepare(transaction)))
  return {
    genesis,
    machine,
    store,
    mempool,
    metrics,
    health,
    get tip() {
      return tip
    },
    get finalised() {
      return finalised()
    },
    get catchingUp() {
      return exchange?.catchingUp ?? false
    },
    get running() {
      return stop.isRunning()
    },
    ...submissions,
    onBlock(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stopped: stop.stopped,
    async stop() {
      await stop.begin()
      await stop.stopped.catch(() => undefined)
    },
  }
}

/** Runs `close` once. `stopped` then resolves, or rejects with the reason for which the node had to stop. */
function stopOnce(close: () => Promise<void>) {
  let running = true
  let settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void }
  const stopped = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  stopped.catch(() => undefined)
  return {
    isRunning: () => running,
    stopped,
    async begin(reason?: unknown): Promise<void> {
      if (!running) return
      running = false
      try {
        await close()
        if (reason === undefined) settle.resolve()
        else settle.reject(reason)
      } catch (error) {
        settle.reject(reason ?? error)
      }
    },
  }
}

/** Tells how far the wall clock has moved against the monotonic one, in milliseconds. */
function watchClock(host: Host): () => number {
  const [wallMs, monotonicMs] = [host.nowMs(), host.monotonicMs()]
  return () => Number(host.nowMs() - wallMs) - (host.monotonicMs() - monotonicMs)
}

function warnOfFarGenesis({ header }: Tip, host: Host): void {
  const aheadMs = header.timeMs - host.nowMs()
  if (header.height > 0n || aheadMs < GENESIS_AHEAD_MS) return
  host.log.warn(
    { begins: timeText(header.timeMs), inHours: Number(aheadMs / 3_600_000n) },
    'the genesis time is far ahead: no block is made before it. Check it, and the clock of this machine',
  )
}

function poolGauges({ count, bytes, senders, limits: { countMax, bytesMax } }: Mempool) {
  return { count, bytes, senders, countMax, bytesMax }
}

/** Commits block 0 to an empty store, or makes sure that the store holds this chain. Throws `node/WRONG_CHAIN_DATA`. */
export async function beginChain(machine: Machine, store: Store): Promise<void> {
  if (store.tip()) {
    const { fingerprint, protocolHash } = machine.genesis
    const first = await store.block({ height: height(0n) })
    // The id of block 0 is tied to the fingerprint, so recomputing it proves whose chain this is, without executing it again.
    const want = first && blockId(fingerprint, { ...first.block.header, protocolHash })
    if (first?.id !== want)
      throw nodeFail.WRONG_CHAIN_DATA({ want: want ?? 'unknown', got: first?.id ?? 'missing' })
    return
  }
  const { block, id, receipts, transactionIds, refusals, staged } = machine.begin(store)
  const none = new Uint8Array()
  await store.commit({ block, id, seal: none, receipts, transactionIds, refusals, staged, checkpoint: none })
}
