import type {
  Block,
  BlockRequest,
  EngineEffect,
  EngineInput,
  Execution,
  Machine,
  Skipped,
  Store,
  StoredBlock,
  Tip,
} from '@mmtchain/kernel'
import { type ChainError, type Hash, isChainError } from '@mmtchain/primitives'
import { createAccountFinder } from './accounts.ts'
import { type Host, logOf } from './host.ts'
import type { Mempool } from './mempool.ts'
import type { Recorder } from './metrics.ts'
import type { ValidatorKey } from './node.ts'
import { nodeFail } from './refusals.ts'

/** Drives the engine: inputs in, effects carried out in order, one at a time. */
export interface BlockLoop {
  start(): void
  /** Ends after the effect under way. */
  stop(): Promise<void>
}

/** How many transactions that make the build fail are dropped for one block before it is built empty. */
const CULPRITS_MAX = 4

export function createBlockLoop(args: {
  readonly machine: Machine
  readonly store: Store
  readonly host: Host
  readonly validator: ValidatorKey | undefined
  readonly mempool: Mempool
  readonly metrics: Recorder
  readonly tip: () => Tip
  /** The block is on disk. */
  readonly onCommitted: (block: StoredBlock, tip: Tip) => void
  /** The loop cannot go on. */
  readonly onFault: (error: unknown) => void
}): BlockLoop {
  const { machine, store, host, validator, mempool, metrics, tip, onCommitted, onFault } = args
  const { engine } = machine.genesis.chain
  const log = logOf(host.log, 'blocks')
  const accountsOf = createAccountFinder({ machine, store })
  const timers = new Map<string, () => void>()
  const built = new Map<Hash, Execution>()
  const inputs: EngineInput[] = []
  let engineState = engine.start({ chain: machine.engineChain, self: validator?.address })
  let working = false
  let work: Promise<void> = Promise.resolve()
  let stopping = false

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
      onFault(error)
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
        const startMs = host.monotonicMs()
        const execution = build(effect.request, validator)
        metrics.took('build', host.monotonicMs() - startMs)
        for (const { id, error } of execution.skipped) if (!waits(error)) mempool.drop(id, error)
        built.clear()
        built.set(execution.id, execution)
        const { id, block } = execution
        inputs.push({ kind: 'built', id, block, nowMs: host.nowMs() })
        return
      }
      case 'sign': {
        if (!validator) return
        const signature = validator.suite.sign(effect.message, validator.secret)
        inputs.push({ kind: 'signed', at: effect.at, signature, nowMs: host.nowMs() })
        return
      }
      case 'validateBlock': {
        const { id, block } = effect
        inputs.push({ kind: 'validated', id, valid: validate(block), nowMs: host.nowMs() })
        return
      }
      case 'commitBlock':
        return commit(effect)
      case 'note':
        log.warn(effect.fields, effect.what)
        return
      case 'stop':
        throw new Error(effect.why)
      case 'revert':
        throw new Error('this node cannot take back blocks')
      // A node without a network has nobody to tell.
      case 'send':
      case 'sendBlock':
      case 'finalise':
      case 'blame':
        return
    }
  }

  /** Executes a block that another node built on the tip. */
  function validate(block: Block): boolean {
    try {
      const execution = machine.execute(store, { parent: tip(), block })
      built.set(execution.id, execution)
      return true
    } catch (error) {
      if (!isChainError(error)) throw error
      log.warn({ height: String(block.header.height), code: error.code }, 'a block is not valid')
      return false
    }
  }

  /**
   * Builds the next block. A transaction in whose execution the build itself fails, because it exhausts the stack, is dropped:
   * nobody has voted yet, and the chain goes on without it. A failure outside transactions is thrown.
   */
  function build(
    request: BlockRequest,
    { address }: ValidatorKey,
  ): Execution & { readonly skipped: readonly Skipped[] } {
    for (let culprits = 0; ; culprits++) {
      const { candidates, underWay } = watched(culprits < CULPRITS_MAX ? mempool.candidates() : [])
      try {
        return machine.build(store, { parent: tip(), proposer: address, request, candidates })
      } catch (error) {
        const culprit = underWay()
        if (culprit === undefined || isChainError(error)) throw error
        log.error(
          { transaction: culprit, error: textOf(error) },
          'a transaction made the build of the block fail; it is dropped',
        )
        mempool.drop(culprit, nodeFail.EXHAUSTING({ why: String(error) }))
      }
    }
  }

  async function commit({
    id,
    seal,
    checkpoint,
  }: Extract<EngineEffect, { kind: 'commitBlock' }>): Promise<void> {
    const execution = built.get(id)
    if (!execution) throw new Error(`the engine commits block ${id}, which was not built here`)
    const { block, receipts, transactionIds, refusals, staged } = execution
    const { header } = block
    const parent = tip()
    engine.checkSeal({ chain: machine.engineChain, header, id, seal, validators: parent.validators })
    const startMs = host.monotonicMs()
    const accounts = accountsOf({ header, receipts })
    await store.commit({ block, id, seal, receipts, transactionIds, refusals, accounts, staged, checkpoint })
    metrics.took('commit', host.monotonicMs() - startMs)
    metrics.committed({
      transactions: transactionIds.length,
      refused: refusals.filter((refusal) => refusal !== null).length,
      intervalMs: Number(header.timeMs - parent.header.timeMs),
    })
    built.clear()
    for (const { transaction, fault } of execution.faults)
      log.error({ transaction, fault: textOf(fault) }, 'a module failed')
    log.info({ height: String(header.height), id, transactions: transactionIds.length }, 'block committed')
    onCommitted({ block, id, seal, receipts, transactionIds, refusals }, execution.tip)
    inputs.push({ kind: 'tip', nowMs: host.nowMs(), tip: execution.tip })
  }

  return {
    start: () => feed({ kind: 'started', nowMs: host.nowMs(), tip: tip(), checkpoint: store.checkpoint() }),
    async stop() {
      stopping = true
      for (const cancel of timers.values()) cancel()
      await work
    },
  }
}

/**
 * The same candidates, and which of them is being executed. After the last one none is; when the block is full before, the
 * last one given still counts, so a failing `endBlock` hook may cost some of them their place before it stops the node.
 */
function watched<T extends { readonly id: Hash }>(
  all: Iterable<T>,
): { readonly candidates: Iterable<T>; readonly underWay: () => Hash | undefined } {
  let current: Hash | undefined
  function* candidates() {
    for (const one of all) {
      current = one.id
      yield one
    }
    current = undefined
  }
  return { candidates: candidates(), underWay: () => current }
}

/** True for a transaction that those before it keep waiting. */
function waits({ code, values }: ChainError): boolean {
  const { want, got } = values as { want?: bigint; got?: bigint }
  return code === 'kernel/NONCE_MISMATCH' && want !== undefined && got !== undefined && got > want
}

function textOf(error: unknown): string {
  return (error instanceof Error && error.stack) || String(error)
}
