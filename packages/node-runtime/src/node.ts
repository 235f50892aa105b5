import { type Suite, secp256k1Backend } from '@mmtchain/crypto'
import {
  blockId,
  createMachine,
  type EngineEffect,
  type EngineInput,
  type Execution,
  type GenesisData,
  type Machine,
  type Store,
  type StoredBlock,
  type Tip,
} from '@mmtchain/kernel'
import {
  type Address,
  type ChainError,
  equalBytes,
  type Hash,
  height,
  isChainError,
} from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import { examine, type Health, type HealthCheck } from './health.ts'
import type { Host } from './host.ts'
import { createMempool, type Mempool, type MempoolLimits } from './mempool.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { nodeFail } from './refusals.ts'

/** The consensus key with which a node signs as a validator. */
export interface ValidatorKey {
  readonly address: Address
  readonly suite: Suite
  readonly secret: Uint8Array
}

export interface NodeOptions {
  readonly genesis: GenesisData
  readonly store: Store
  readonly host: Host
  /** Absent on a node that only observes. */
  readonly validator?: ValidatorKey | undefined
  readonly mempool?: MempoolLimits
  /** What an app looks at beside the node's own health checks. */
  readonly healthChecks?: readonly (() => HealthCheck | Promise<HealthCheck>)[]
}

/** A running node. */
export interface Node {
  readonly genesis: GenesisData
  readonly machine: Machine
  readonly store: Store
  readonly mempool: Mempool
  /** The newest committed block. */
  readonly tip: Tip
  /** False from the moment the node stops or has to stop. */
  readonly running: boolean
  /** Checks a transaction and queues it. Throws what keeps it out of blocks; the same one twice is the same answer, also after it is in a block. */
  submit(transaction: Transaction): Promise<Hash>
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

/**
 * Starts a node: the only place where mempool, block loop, store and engine meet. A store that is empty begins with block 0.
 * Throws `node/WRONG_CHAIN_DATA` for a store of another chain and `node/NOT_A_VALIDATOR` for a key that is not of the set.
 */
export async function createNode(options: NodeOptions): Promise<Node> {
  const { genesis, store, host, validator } = options
  const { engine } = genesis.chain
  const machine = createMachine(genesis)
  await beginChain(machine, store)
  let tip = machine.tipOf(store) as Tip
  checkValidator(tip, validator)

  const mempool = createMempool({
    machine,
    view: () => ({ state: store, tip }),
    ...(options.mempool && { limits: options.mempool }),
  })
  const metrics = createMetrics({
    read: () => ({
      height: tip.header.height,
      round: tip.header.round,
      tipTimeMs: tip.header.timeMs,
      validators: tip.validators.validators.length,
      mempool: poolGauges(mempool),
    }),
    readings: host.readings,
  })
  const startedAt = { wallMs: host.nowMs(), monotonicMs: host.monotonicMs() }
  const listeners = new Set<(block: StoredBlock) => void>()
  const timers = new Map<string, () => void>()
  const built = new Map<Hash, Execution>()
  const inputs: EngineInput[] = []
  let engineState = engine.start({ chain: machine.engineChain, self: validator?.address })
  let working = false
  let work: Promise<void> = Promise.resolve()
  let stopping = false
  let settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void }
  const stopped = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  stopped.catch(() => undefined)

  /** Feeds the engine one input at a time and carries out the effects in order. */
  function feed(input: EngineInput): void {
    inputs.push(input)
    if (!working) work = workOff()
  }

  async function workOff(): Promise<void> {
    working = true
    try {
      for (let input = inputs.shift(); input && !stopping; input = inputs.shift()) {
        const step = engine.step(engineState, input)
        engineState = step.state
        for (const effect of step.effects) await carryOut(effect)
      }
    } catch (error) {
      const height = String(tip.header.height)
      host.log.error({ error: String(error), height }, 'the node stops: the next block could not be made')
      void shutDown(error)
    } finally {
      // In the same turn as the look that found no more input, so that none can be left lying.
      working = false
    }
  }

  async function carryOut(effect: EngineEffect): Promise<void> {
    switch (effect.kind) {
      case 'setTimer': {
        timers.get(effect.name)?.()
        const fire = () => feed({ kind: 'timer', name: effect.name, nowMs: host.nowMs() })
        timers.set(effect.name, host.setTimer(effect.atMs, fire))
        return
      }
      case 'buildBlock': {
        if (!validator) return
        const candidates = mempool.candidates()
        const startMs = host.monotonicMs()
        const execution = machine.build(store, {
          parent: tip,
          proposer: validator.address,
          request: effect.request,
          candidates,
        })
        metrics.took('build', host.monotonicMs() - startMs)
        for (const { id, error } of execution.skipped) if (!waits(error)) mempool.drop(id, error)
        built.clear()
        built.set(execution.id, execution)
        inputs.push({ kind: 'built', header: execution.block.header, id: execution.id })
        return
      }
      case 'sign': {
        if (!validator) return
        const signature = validator.suite.sign(effect.message, validator.secret)
        inputs.push({ kind: 'signed', id: effect.id, signature })
        return
      }
      case 'commitBlock':
        return commit(effect)
    }
  }

  async function commit(effect: Extract<EngineEffect, { kind: 'commitBlock' }>): Promise<void> {
    const execution = built.get(effect.id)
    if (!execution) throw new Error(`the engine commits block ${effect.id}, which was not built here`)
    const { block, id, receipts, transactionIds, refusals, staged } = execution
    const { seal, checkpoint } = effect
    engine.checkSeal({
      chain: machine.engineChain,
      header: block.header,
      id,
      seal,
      validators: tip.validators,
    })
    const startMs = host.monotonicMs()
    await store.commit({ block, id, seal, receipts, transactionIds, refusals, staged, checkpoint })
    metrics.took('commit', host.monotonicMs() - startMs)
    metrics.committed({
      transactions: transactionIds.length,
      refused: refusals.filter((refusal) => refusal !== null).length,
      intervalMs: Number(block.header.timeMs - tip.header.timeMs),
    })
    tip = execution.tip
    built.clear()
    mempool.committed(block, transactionIds)
    for (const { transaction, fault } of execution.faults) {
      host.log.error(
        { transaction, fault: fault instanceof Error ? fault.stack : String(fault) },
        'a module failed',
      )
    }
    host.log.info(
      { height: String(block.header.height), id, transactions: block.transactions.length },
      'block committed',
    )
    for (const listener of listeners) listener({ block, id, seal, receipts, transactionIds, refusals })
    inputs.push({ kind: 'committed', nowMs: host.nowMs(), tip })
  }

  async function accept(transaction: Transaction): Promise<Hash> {
    const startMs = host.monotonicMs()
    const prepared = machine.prepare(transaction)
    metrics.took('check', host.monotonicMs() - startMs)
    try {
      return mempool.add(prepared)
    } catch (error) {
      // A sender that lost the answer asks again: what is in a block already is no error.
      if (await store.transaction(prepared.id)) return prepared.id
      throw error
    }
  }

  async function shutDown(reason?: unknown): Promise<void> {
    if (stopping) return
    stopping = true
    for (const cancel of timers.values()) cancel()
    await work
    await store.close()
    if (reason === undefined) settle.resolve()
    else settle.reject(reason)
  }

  feed({ kind: 'started', nowMs: host.nowMs(), tip, checkpoint: store.checkpoint() })
  return {
    genesis,
    machine,
    store,
    mempool,
    get tip() {
      return tip
    },
    get running() {
      return !stopping
    },
    async submit(transaction) {
      if (stopping) throw nodeFail.NOT_RUNNING({})
      try {
        const id = await accept(transaction)
        metrics.submitted()
        return id
      } catch (error) {
        metrics.submitted(isChainError(error) ? error.code : 'fault')
        throw error
      }
    },
    async health() {
      const { wallMs, monotonicMs } = startedAt
      const vitals = {
        running: !stopping,
        isValidator: validator !== undefined,
        nowMs: host.nowMs(),
        slotMs: machine.engineChain.slotMs,
        height: tip.header.height,
        tipTimeMs: tip.header.timeMs,
        clockMovedMs: Number(host.nowMs() - wallMs) - (host.monotonicMs() - monotonicMs),
        mempool: poolGauges(mempool),
        secp256k1: secp256k1Backend(),
        readings: await host.readings?.(),
      }
      const { ready, checks } = examine(vitals)
      const more = await Promise.all((options.healthChecks ?? []).map((check) => check()))
      return { ready, checks: [...checks, ...more] }
    },
    metrics,
    onBlock(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stopped,
    async stop() {
      await shutDown()
      await stopped.catch(() => undefined)
    },
  }
}

function poolGauges({ count, bytes, senders, limits: { countMax, bytesMax } }: Mempool) {
  return { count, bytes, senders, countMax, bytesMax }
}

/** Commits block 0 to an empty store, or makes sure that the store holds this chain. */
async function beginChain(machine: Machine, store: Store): Promise<void> {
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

function checkValidator(tip: Tip, key: ValidatorKey | undefined): void {
  if (!key) return
  const publicKey = key.suite.publicKey(key.secret)
  const found = tip.validators.validators.find(({ address }) => address === key.address)
  if (found?.key.suite !== key.suite.code || !equalBytes(found.key.key, publicKey)) {
    throw nodeFail.NOT_A_VALIDATOR({ address: key.address })
  }
}

/** True for a transaction that those before it keep waiting. */
function waits({ code, values }: ChainError): boolean {
  const { want, got } = values as { want?: bigint; got?: bigint }
  return code === 'kernel/NONCE_MISMATCH' && want !== undefined && got !== undefined && got > want
}
