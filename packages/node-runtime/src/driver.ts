import type {
  Block,
  EngineEffect,
  EngineInput,
  Execution,
  Machine,
  PeerId,
  Store,
  StoredBlock,
  Tip,
} from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import { createAccountFinder } from './accounts.ts'
import { createAwaited, isAwaited } from './awaited.ts'
import type { BlockMaker } from './block-maker.ts'
import { createBlocksAtHand } from './blocks-at-hand.ts'
import { type Host, logOf, textOf } from './host.ts'
import type { InputLog } from './input-log.ts'
import type { Recorder } from './metrics.ts'
import { nodeFail } from './refusals.ts'
import type { ConsensusSigner, SignRequest } from './signer.ts'

/** Drives the engine: inputs in, effects carried out in order, one step at a time. */
export interface Driver {
  /** Plays the log of inputs again, then goes on from there. Throws `node/INPUT_LOG_DAMAGED`. */
  start(): Promise<void>
  /**
   * Gives the engine an input. Resolves when what it caused has been carried out, or the driver has stopped; undefined where that is so
   * already. Most inputs wait for nothing, and a promise for each would cost more than many of them.
   */
  feed(input: EngineInput): Promise<void> | undefined
  /** Ends after the effect under way. */
  stop(): Promise<void>
}

/** Where the driver tells of what leaves the node or changes it. */
export interface DriverOutlet {
  /** A message of the engine, to every peer or to one. */
  send(message: unknown, to: PeerId | undefined): void
  sendBlock(stored: StoredBlock, to: PeerId | undefined): void
  blame(peer: PeerId, why: string): void
  /** The block is on disk. */
  committed(stored: StoredBlock, tip: Tip): void
  /** Blocks were taken back, newest first, down to this tip. */
  reverted(blocks: readonly StoredBlock[], tip: Tip): void
  finalised(height: Height): void
  /** The driver cannot go on. */
  fault(error: unknown): void
}

interface Waiting {
  readonly input: EngineInput
  isHandled: boolean
  /** Whom to tell. */
  handled: (() => void) | undefined
}

export function createDriver(args: {
  readonly machine: Machine
  readonly store: Store
  readonly host: Host
  readonly signer: ConsensusSigner | undefined
  /** Undefined for an engine whose inputs need not outlast the process. */
  readonly inputLog: InputLog | undefined
  readonly maker: BlockMaker
  readonly metrics: Recorder
  readonly tip: () => Tip
  readonly finalised: () => Height
  /** True while other nodes have the next blocks. */
  readonly isBehind: () => boolean
  /** What the block after a tip would reveal if this node built it. */
  readonly reveal: (tip: Tip) => Uint8Array | undefined
  readonly outlet: DriverOutlet
}): Driver {
  const { machine, store, host, signer, inputLog, maker, metrics, tip, outlet } = args
  const { engine } = machine.genesis.chain
  const log = logOf(host.log, 'blocks')
  const accountsOf = createAccountFinder({ machine, store })
  const timers = new Map<string, () => void>()
  const atHand = createBlocksAtHand()
  let queue: Waiting[] = []
  let state = engine.start({ chain: machine.engineChain, self: signer?.address })
  let isWorking = true
  let work: Promise<void> = Promise.resolve()
  const toSign: SignRequest[] = []
  let signing: Promise<void> | undefined
  let isStopping = false
  let metMs = 0n

  function feed(input: EngineInput): Promise<void> | undefined {
    if (isStopping) return undefined
    const waiting = waitingFor(input)
    queue.push(waiting)
    if (!isWorking) workOff()
    if (waiting.isHandled) return undefined
    return new Promise((handled) => {
      waiting.handled = handled
    })
  }

  /** Takes one input after the other: at once, as long as none has to wait for a disk. */
  function workOff(): void {
    isWorking = true
    for (let next = queue.shift(); next && !isStopping; next = queue.shift()) {
      const one = next
      try {
        const rest = take(one.input)
        if (rest) {
          work = rest.then(
            () => {
              settle(one)
              workOff()
            },
            (error) => failAt(one, error),
          )
          return
        }
        settle(one)
      } catch (error) {
        failAt(one, error)
      }
    }
    // In the same turn as the look that found no more input, so that none can be left lying.
    isWorking = false
  }

  function failAt(one: Waiting, error: unknown): void {
    settle(one)
    fail(error)
  }

  function fail(error: unknown): void {
    if (isStopping) return
    halt()
    outlet.fault(error)
  }

  function halt(): void {
    isStopping = true
    for (const cancel of timers.values()) cancel()
    for (const one of queue) settle(one)
    queue = []
  }

  /** One step of the engine. Answers what is to be waited for, if anything is. */
  function take(input: EngineInput): Promise<void> | undefined {
    const before = state
    const step = engine.step(before, input)
    state = step.state
    // What changed nothing and asked for nothing can be left out when the log is played again.
    if (step.state !== before || step.effects.some(isAwaited)) note(input)
    return carryOutAll(step.effects)
  }

  function note(input: EngineInput): void {
    if (input.kind === 'started' || input.kind === 'tip') return
    if (engine.logged === 'all' || input.kind === 'built') inputLog?.append(input)
  }

  /**
   * Carries out effects in their order, at once up to the first one that has to wait. The answers come before any other input, so that the
   * engine never hears of something else on a tip that it does not know.
   */
  function carryOutAll(effects: readonly EngineEffect[]): Promise<void> | undefined {
    const answers: EngineInput[] = []
    for (let at = 0; at < effects.length; at++) {
      const effect = effects[at] as EngineEffect
      const logged = loggedBefore()
      if (logged) return carryOutFrom({ effects, at, answers }, logged)
      const answer = carryOut(effect)
      if (answer instanceof Promise) return carryOutFrom({ effects, at: at + 1, answers }, answer)
      if (answer) answers.push(answer)
    }
    putFirst(answers)
    return undefined
  }

  async function carryOutFrom(
    rest: { readonly effects: readonly EngineEffect[]; readonly at: number; readonly answers: EngineInput[] },
    before: Promise<EngineInput | undefined | void>,
  ): Promise<void> {
    const { effects, answers } = rest
    const first = await before
    if (first) answers.push(first)
    for (let { at } = rest; at < effects.length; at++) {
      const effect = effects[at] as EngineEffect
      const logged = loggedBefore()
      if (logged) await logged
      const answer = carryOut(effect)
      const input = answer instanceof Promise ? await answer : answer
      if (input) answers.push(input)
    }
    putFirst(answers)
  }

  /** What waits in memory for a signature that never comes is written all the same. */
  function loggedBefore(): Promise<void> | undefined {
    return inputLog?.isLong ? inputLog.sync() : undefined
  }

  function putFirst(answers: readonly EngineInput[]): void {
    if (answers.length > 0) queue.unshift(...answers.map(waitingFor))
  }

  function carryOut(effect: EngineEffect): EngineInput | undefined | Promise<EngineInput | undefined> {
    switch (effect.kind) {
      case 'setTimer':
        return void setTimer(effect.name, effect.atMs)
      case 'buildBlock':
        return build(effect)
      case 'validateBlock':
        return validate(effect)
      case 'sign':
        return void sign(effect)
      case 'commitBlock':
        return commit(effect)
      case 'revert':
        return revert(effect.to)
      case 'finalise':
        return void outlet.finalised(effect.height)
      case 'send':
        return void outlet.send(effect.message, effect.to)
      case 'sendBlock':
        return sendBlock(effect)
      case 'blame':
        return void outlet.blame(effect.peer, effect.why)
      case 'again':
        return effect.input
      case 'note':
        return void log.warn(effect.fields, effect.what)
      case 'stop':
        throw nodeFail.ENGINE_STOPPED({ engine: engine.name, why: effect.why })
    }
  }

  async function sendBlock({ height, to }: Extract<EngineEffect, { kind: 'sendBlock' }>): Promise<undefined> {
    const stored = await store.block({ height })
    if (stored) outlet.sendBlock(stored, to)
  }

  function setTimer(name: string, atMs: bigint): void {
    timers.get(name)?.()
    // One that has fired already is not told of when it is set again.
    if (queue.length > 0) queue = queue.filter(({ input }) => input.kind !== 'timer' || input.name !== name)
    const fire = () => void feed({ kind: 'timer', name, nowMs: host.nowMs() })
    timers.set(name, host.setTimer(atMs, fire))
  }

  function build({
    request,
    withinMs,
  }: Extract<EngineEffect, { kind: 'buildBlock' }>): EngineInput | undefined {
    // While this node gets the blocks of others, the next one is among them.
    if (!signer || (withinMs !== undefined && args.isBehind())) return undefined
    const startMs = host.monotonicMs()
    const execution = maker.build({ request, proposer: signer.address, withinMs })
    metrics.took('build', host.monotonicMs() - startMs)
    // The turn passes to the next validator.
    if (!execution) return undefined
    const { id, block } = execution
    atHand.add(id, block, execution)
    return { kind: 'built', id, block, nowMs: host.nowMs() }
  }

  function validate({ id, block }: Extract<EngineEffect, { kind: 'validateBlock' }>): EngineInput {
    const startMs = host.monotonicMs()
    const execution = maker.validate(block)
    metrics.took('validate', host.monotonicMs() - startMs)
    const valid = execution?.id === id
    if (valid) atHand.add(id, block, execution)
    return { kind: 'validated', id, valid, nowMs: host.nowMs() }
  }

  /**
   * Beside everything else, since a signer may be another machine; one signature after the other. Each is asked for when its causes are on the disk, and with
   * them the answer before it (ADR 0092): led there again, the engine asks for the same one, and its signer gives it again.
   */
  function sign({ at, message }: Extract<EngineEffect, { kind: 'sign' }>): void {
    if (!signer) return
    toSign.push({ at, message })
    signing ??= signAll(signer)
  }

  async function signAll(by: ConsensusSigner): Promise<void> {
    try {
      for (let next = toSign.shift(); next && !isStopping; next = toSign.shift()) {
        const { at } = next
        await inputLog?.sync()
        const signature = await by.sign(next)
        if (signature) {
          await feed({ kind: 'signed', at, signature, nowMs: host.nowMs() })
          continue
        }
        const { height, round, step } = at
        log.warn(
          { height: String(height), round, step },
          'the signer has signed something else here or later',
        )
      }
    } catch (error) {
      fail(error)
    }
    signing = undefined
  }

  /** The execution of a block that was built or found valid on this tip, before or after a crash. */
  function executionOf(id: Hash): Execution {
    const found = atHand.find(id)
    if (!found) throw nodeFail.BLOCK_UNKNOWN({ id })
    const execution = found.execution ?? maker.validate(found.block)
    if (!execution) throw nodeFail.BLOCK_UNKNOWN({ id })
    return execution
  }

  async function commit({
    id,
    seal,
    checkpoint,
  }: Extract<EngineEffect, { kind: 'commitBlock' }>): Promise<EngineInput> {
    const execution = executionOf(id)
    const { block, receipts, transactionIds, refusals, staged } = execution
    const { header } = block
    const parent = tip()
    // What others sealed the engine has judged, each signature once. This node's own seal may be of another key than the set has.
    if (header.proposer === signer?.address)
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
    for (const { transaction, fault } of execution.faults)
      log.error({ transaction, fault: textOf(fault) }, 'a module failed')
    log.info({ height: String(header.height), id, transactions: transactionIds.length }, 'block committed')
    outlet.committed({ block, id, seal, receipts, transactionIds, refusals }, execution.tip)
    return arrivedAt(execution.tip)
  }

  async function revert(to: Height): Promise<EngineInput> {
    const final = args.finalised()
    if (!engine.revertible || to < final) throw nodeFail.REVERT_OF_FINAL({ to, final })
    const blocks: StoredBlock[] = []
    for (let height = tip().header.height; height > to; height = (height - 1n) as Height) {
      const stored = await store.block({ height })
      if (stored) blocks.push(stored)
    }
    await store.revertTo(to)
    const next = machine.tipOf(store) as Tip
    log.warn(
      { blocks: blocks.length, height: String(to), id: next.id },
      'blocks taken back for a better branch',
    )
    outlet.reverted(blocks, next)
    return arrivedAt(next)
  }

  /**
   * When the engine meets a tip: never before the last one, though the clock was set back. An engine that is led here again begins with this
   * time alone, and would otherwise wait where it went on.
   */
  function meetTip(nowMs: bigint): bigint {
    if (nowMs > metMs) metMs = nowMs
    return metMs
  }

  /** The log of inputs and what was made for the tip before end here. */
  function arrivedAt(next: Tip): EngineInput {
    atHand.clear()
    maker.moved(next.id)
    const nowMs = meetTip(host.nowMs())
    inputLog?.begin(next.id, nowMs)
    const reveal = args.reveal(next)
    return { kind: 'tip', nowMs, tip: next, ...(reveal && { reveal }) }
  }

  function started(nowMs: bigint): EngineInput {
    const signed = signer?.last()
    const reveal = args.reveal(tip())
    return {
      kind: 'started',
      nowMs,
      tip: tip(),
      checkpoint: store.checkpoint(),
      ...(signed && { signed: { at: signed.at, message: signed.message } }),
      ...(reveal && { reveal }),
    }
  }

  /** Leads a new engine to where the last one was. Answers the effects that are to be carried out. */
  async function playAgain(): Promise<readonly EngineEffect[]> {
    const logged = await inputLog?.read(tip().id)
    const nowMs = meetTip(logged?.nowMs ?? host.nowMs())
    const awaited = createAwaited()
    let count = 0
    function play(input: EngineInput): readonly EngineEffect[] {
      const step = engine.step(state, input)
      state = step.state
      for (const effect of step.effects) {
        awaited.asked(effect)
        if (effect.kind === 'finalise') outlet.finalised(effect.height)
        if (effect.kind === 'validateBlock') asked.set(effect.id, effect.block)
      }
      return step.effects
    }
    const asked = new Map<Hash, Block>()
    const effects = play(started(nowMs))
    for await (const input of logged?.inputs ?? []) {
      awaited.answered(input)
      if (input.kind === 'built') atHand.add(input.id, input.block)
      if (input.kind === 'validated') {
        const block = asked.get(input.id)
        asked.delete(input.id)
        if (block && input.valid) atHand.add(input.id, block)
      }
      play(input)
      count += 1
    }
    if (!logged) inputLog?.begin(tip().id, nowMs)
    if (count === 0) return effects
    log.info({ inputs: count, height: String(tip().header.height) }, 'the log of inputs was played again')
    return awaited.rest()
  }

  return {
    async start() {
      const effects = await playAgain()
      work = carryOutFrom({ effects, at: 0, answers: [] }, Promise.resolve()).then(workOff, fail)
    },
    feed,
    async stop() {
      halt()
      await signing
      await work
      await inputLog?.close()
    },
  }
}

function waitingFor(input: EngineInput): Waiting {
  return { input, isHandled: false, handled: undefined }
}

function settle(one: Waiting): void {
  one.isHandled = true
  one.handled?.()
}
