import { encode } from '@mmtchain/codec'
import {
  createMachine,
  type Engine,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Execution,
  type MemoryStore,
  memoryStore,
  type SignPlace,
  type Tip,
} from '@mmtchain/kernel'
import type { SignRequest, ValidatorKey } from '@mmtchain/node-runtime'
import { equalBytes, type Hash, isChainError } from '@mmtchain/primitives'
import { digest } from './chance.ts'
import { BEGIN_MS } from './clock.ts'
import { cover, NOTHING_COVERED } from './coverage.ts'
import { heap } from './heap.ts'
import { planOf } from './plan.ts'
import type { Played, Scenario, Stage, StageOptions } from './scenario.ts'
import { genesisOf, keyOf, suiteOf } from './setup.ts'
import type { Violation } from './violation.ts'
import type { Moment } from './world.ts'

/** An engine's state, as far as a script looks into it. */
interface RoundsState {
  readonly height?: bigint
  readonly round?: number
  readonly step?: string
  readonly rounds?: ReadonlyMap<
    number,
    { readonly prepares: readonly (Signed | undefined)[]; readonly commits: readonly (Signed | undefined)[] }
  >
}

/** Engines' messages as far as a script looks into them. */
interface Statement {
  readonly kind: 'prePrepare' | 'prepare' | 'commit'
  readonly value: { readonly height: bigint; readonly round: number; readonly blockId: Hash | null }
}
interface Signed {
  readonly statement: Statement
  readonly seat: number
}
export type ScriptedMessage =
  | { readonly kind: 'prePrepare'; readonly value: { readonly signed: Signed } }
  | { readonly kind: 'votes'; readonly value: readonly Signed[] }
  | { readonly kind: 'status' | 'prepareCert' | 'getBlock' | 'block' | 'evidence'; readonly value: unknown }

const DELAY_MS = 10
/** A second twin's clock is off by so much, so that the two build two blocks. */
const TWIN_OFF_MS = 3
const SCRIPT_MS_MAX = 60_000
/** At first after the script nothing is heard, so that what was sent once does not do. */
const SILENCE_MS = 800
/** After that the honest nodes get to this height within this time. */
const GOAL = 2n
const GOAL_MS = 60_000
const FIRST = 1n
/** How much a liar keeps to lie with. */
const KNOWN_MAX = 64
/** More inputs than any scenario takes in which rounds are not run through for nothing. */
const STEPS_MAX = 5_000

interface Event {
  readonly atMs: number
  readonly order: number
  readonly node: StageNode
  readonly input: EngineInput
  readonly run: number
}

interface StageNode {
  readonly index: number
  readonly name: string
  readonly key: ValidatorKey
  readonly isHonest: boolean
  readonly offMs: number
  readonly store: MemoryStore
  readonly executions: Map<Hash, Execution>
  readonly asked: Map<string, Uint8Array>
  /** What was signed at the highest place, and the newest round that it forgot. */
  signed: SignRequest | undefined
  forgotAt: number
  readonly timers: Map<string, number>
  readonly known: unknown[]
  tip: Tip
  state: EngineState
  isUp: boolean
  /** Counts its starts, so that what was for one of them does not reach the next. */
  runs: number
}

export function createStage({ setup, validators, altered }: StageOptions): Stage {
  const plan = { ...planOf(0, { validators }), suite: 'mac' } as const
  const genesis = genesisOf(setup, plan, (engine) => engine)
  const machine = createMachine(genesis)
  const { engine } = genesis.chain
  const reference = setup.reference ?? engine
  const chain = machine.engineChain
  const quorum = Math.floor((2 * validators) / 3) + 1
  const keys = Array.from({ length: validators }, (_, i) => keyOf(suiteOf(plan), `v${i}`))
  /** Verdicts on blocks, which nodes on one tip share. */
  const verdicts = new Map<string, boolean>()

  function play(scenario: Scenario, { record = false } = {}): Played {
    const lawless = new Set([...scenario.twins, ...scenario.liars, ...scenario.down])
    const liars = new Set(scenario.liars)
    const nodes = [...keys.keys(), ...scenario.twins].map((validator, index) =>
      newNode(index, validator, { isHonest: !lawless.has(validator), isSecond: index >= validators }),
    )
    const honest = nodes.filter(({ isHonest }) => isHonest)
    const addresses = new Set<string>(honest.map(({ key }) => key.address))
    const events = heap<Event>((a, b) => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs))
    const ids = new Map<bigint, Hash>()
    const history = new Map<bigint, { block: Execution['block']; id: Hash; seal: Uint8Array }>()
    const coverage = { ...NOTHING_COVERED }
    const trace = digest()
    const timeline: Moment[] = []
    const held: { readonly from: StageNode; readonly to: StageNode; readonly vote: Signed }[] = []
    let [nowMs, order, steps, silentUntilMs, isHealed] = [0, 0, 0, 0, false]
    let violation: Violation | undefined

    const broken = (rule: string, what: string) => {
      violation ??= { rule, what, atMs: nowMs }
    }
    const note = (node: StageNode, what: string) => {
      if (record) timeline.push({ atMs: nowMs, node: node.name, what })
    }
    const clockOf = (node: StageNode) => BigInt(BEGIN_MS + nowMs + node.offMs)
    const later = (node: StageNode, afterMs: number, input: EngineInput) =>
      events.push({ atMs: nowMs + afterMs, order: order++, node, input, run: node.runs })

    function newNode(
      index: number,
      validator: number,
      args: { isHonest: boolean; isSecond: boolean },
    ): StageNode {
      const store = memoryStore()
      const begun = machine.begin(store)
      store.commitNow({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
      const key = keys[validator] as ValidatorKey
      return {
        ...{
          index,
          key,
          store,
          tip: begun.tip,
          isUp: !scenario.down.includes(index),
          isHonest: args.isHonest,
        },
        name: `v${validator}${args.isSecond ? "'" : ''}`,
        offMs: args.isSecond ? TWIN_OFF_MS : 0,
        executions: new Map(),
        asked: new Map(),
        ...{ signed: undefined, forgotAt: -1, runs: 0 },
        timers: new Map(),
        known: [],
        state: engine.start({ chain, self: key.address }),
      }
    }

    function feed(node: StageNode, input: EngineInput): void {
      steps += 1
      if (input.kind === 'message' && liars.has(node.index)) learn(node, input.message)
      const before = node.state
      const step = engine.step(before, input)
      node.state = step.state
      if (node.isHonest) cover(coverage, before, step.state)
      for (const effect of step.effects) if (node.isUp) carryOut(node, effect)
      if (scenario.forgets && !isHealed) forget(node, scenario.forgets)
    }

    /** Starts anew in its height where it has entered a round that it is to forget. What it waited for is lost. */
    function forget(node: StageNode, forgets: NonNullable<Scenario['forgets']>): void {
      const { height, round = 0 } = node.state as RoundsState
      if (height !== FIRST || round <= node.forgotAt || !forgets[round]?.includes(node.index)) return
      node.forgotAt = round
      node.state = engine.start({ chain, self: node.key.address })
      node.timers.clear()
      node.runs += 1
      note(node, 'starts again without its log')
      start(node)
    }

    function start(node: StageNode): void {
      const { tip, signed } = node
      const checkpoint = new Uint8Array()
      guarded(node, { kind: 'started', nowMs: clockOf(node), tip, checkpoint, ...(signed && { signed }) })
    }

    /** What is thrown ends the node, as it would end the process. */
    function guarded(node: StageNode, input: EngineInput): void {
      try {
        feed(node, input)
      } catch (error) {
        node.isUp = false
        note(node, `ends by itself: ${error}`)
        if (node.isHonest) broken('stopped', `${node.name} ends by itself: ${error}`)
      }
    }

    function learn({ known }: StageNode, message: unknown): void {
      if (known.length < KNOWN_MAX) known.push(message)
    }

    function carryOut(node: StageNode, effect: EngineEffect): void {
      switch (effect.kind) {
        case 'setTimer':
          node.timers.set(effect.name, Number(effect.atMs) - BEGIN_MS - node.offMs)
          return
        case 'buildBlock':
          return void build(node, effect.request)
        case 'validateBlock':
          return void later(node, 0, {
            kind: 'validated',
            id: effect.id,
            valid: validate(node, effect),
            nowMs: 0n,
          })
        case 'sign':
          return void sign(node, effect)
        case 'send':
          return void send(node, effect.message, effect.to)
        case 'sendBlock':
          return void sendBlock(node, effect.height, effect.to)
        case 'commitBlock':
          return void commit(node, effect)
        case 'again':
          return void feed(node, effect.input)
        case 'blame': {
          const peer = nodes.find(({ name }) => name === effect.peer)
          if (node.isHonest && peer?.isHonest)
            broken('blamed', `${node.name} blames ${peer.name}: ${effect.why}`)
          return
        }
        case 'note': {
          const { culprit } = effect.fields
          if (node.isHonest && culprit !== undefined && addresses.has(culprit))
            broken('framed', `${node.name} has evidence against an honest validator`)
          return
        }
        case 'stop':
          node.isUp = false
          note(node, `stops: ${effect.why}`)
          if (node.isHonest) broken('stopped', `${node.name} stops: ${effect.why}`)
      }
    }

    function build(node: StageNode, request: Extract<EngineEffect, { kind: 'buildBlock' }>['request']): void {
      const made = (more: object) =>
        machine.build(node.store, {
          ...{ parent: node.tip, proposer: node.key.address, candidates: [] },
          request: { ...request, ...more },
        })
      let built: Execution
      try {
        built = made({})
      } catch (error) {
        if (!isChainError(error)) throw error
        built = made({ evidence: [], missProofs: [] })
      }
      node.executions.set(built.id, built)
      later(node, 0, { kind: 'built', block: built.block, id: built.id, nowMs: 0n })
    }

    function execute(node: StageNode, block: Execution['block']): Execution | undefined {
      try {
        return machine.execute(node.store, { parent: node.tip, block })
      } catch (error) {
        if (!isChainError(error)) throw error
        return undefined
      }
    }

    function validate(
      node: StageNode,
      { block, id }: Extract<EngineEffect, { kind: 'validateBlock' }>,
    ): boolean {
      const name = `${node.tip.id} ${id}`
      const known = verdicts.get(name)
      if (known !== undefined && !block.missProofs.length && !block.evidence.length) {
        if (known) node.executions.set(id, { block } as Execution)
        return known
      }
      const execution = execute(node, block)
      const isValid = execution?.id === id
      if (isValid) node.executions.set(id, execution)
      verdicts.set(name, isValid)
      return isValid
    }

    function sign(node: StageNode, { at, message }: Extract<EngineEffect, { kind: 'sign' }>): void {
      const place = `${at.height}/${at.round}/${at.step}`
      const before = node.asked.get(place)
      if (before && !equalBytes(before, message)) {
        if (node.isHonest && !scenario.forgets)
          broken('asked', `${node.name} is asked to sign two messages at ${place}`)
        return
      }
      if (!before && node.signed && comparePlaces(at, node.signed.at) < 0) return
      node.asked.set(place, message)
      node.signed = { at, message }
      note(node, `signs height ${at.height}, round ${at.round}, step ${at.step}`)
      const signature = node.key.suite.sign(message, node.key.secret)
      later(node, 0, { kind: 'signed', at, signature, nowMs: 0n })
    }

    function send(node: StageNode, message: unknown, to: string | undefined): void {
      trace.addBytes(encode(engine.message as NonNullable<Engine['message']>, message))
      const isLiar = liars.has(node.index)
      const tools = { fingerprint: genesis.fingerprint, tip: node.tip, key: node.key, known: node.known }
      for (const peer of nodes) {
        if (peer === node || (to !== undefined && peer.name !== to)) continue
        const passage = { from: node.name, to: peer.name, message }
        const sent = isLiar && altered ? altered(passage, tools) : [message]
        for (const one of sent) deliver(node, peer, one as ScriptedMessage)
      }
      if (isLiar) learn(node, message)
    }

    function deliver(from: StageNode, to: StageNode, message: ScriptedMessage): void {
      const arrives = (heard: ScriptedMessage) =>
        later(to, DELAY_MS, { kind: 'message', from: from.name, message: heard, nowMs: 0n })
      if (isHealed) {
        if (nowMs >= silentUntilMs) arrives(message)
        return
      }
      if (message.kind === 'votes') {
        const [now, late] = parted(message.value, ({ statement: { kind, value } }) =>
          hears(scenario, { from, to, kind, ...value }),
        )
        for (const vote of late) held.push({ from, to, vote })
        if (now.length > 0) arrives({ kind: 'votes', value: now })
        return
      }
      if (message.kind === 'prePrepare') {
        const { kind, value } = message.value.signed.statement
        if (hears(scenario, { from, to, kind, ...value })) arrives(message)
      }
      // Nobody helps another while the script lasts, but with blocks that others vote for.
      if (message.kind === 'getBlock' || message.kind === 'block') arrives(message)
    }

    /** Lets one vote arrive that was not heard in its time, of the round of its receiver: one that completes as little as possible. */
    function release(): boolean {
      let [best, least] = [-1, Number.POSITIVE_INFINITY]
      for (const [at, { to, vote }] of held.entries()) {
        const rank = to.isUp ? rankOf(to.state as RoundsState, vote) : undefined
        if (rank !== undefined && rank < least) [best, least] = [at, rank]
      }
      const [one] = best < 0 ? [] : held.splice(best, 1)
      if (!one) return false
      later(one.to, DELAY_MS, {
        ...{ kind: 'message', from: one.from.name, nowMs: 0n },
        message: { kind: 'votes', value: [one.vote] },
      })
      return true
    }

    /** 0 where a vote completes no quorum for its block, 1 where q PREPAREs for it, 2 where q COMMITs; undefined where it counts nothing. */
    function rankOf({ height, round, step, rounds }: RoundsState, { statement: { kind, value } }: Signed) {
      if (value.height !== height || value.round !== round) return undefined
      // PREPAREs after the own COMMIT lock nothing, and yet make a block valid.
      if (value.blockId === null || (kind === 'prepare' && step === 'commit')) return 0
      const kept = rounds?.get(round)?.[kind === 'commit' ? 'commits' : 'prepares'] ?? []
      const alike = kept.filter((one) => one?.statement.value.blockId === value.blockId).length
      return alike + 1 < quorum ? 0 : kind === 'commit' ? 2 : 1
    }

    function sendBlock(node: StageNode, height: bigint, to: string | undefined): void {
      const stored = history.get(height)
      if (!stored || !isHealed || nowMs < silentUntilMs) return
      for (const peer of nodes)
        if (peer !== node && (to === undefined || peer.name === to))
          later(peer, DELAY_MS, { kind: 'block', from: node.name, ...stored, nowMs: 0n })
    }

    function commit(node: StageNode, effect: Extract<EngineEffect, { kind: 'commitBlock' }>): void {
      const { id, seal, checkpoint } = effect
      const block = node.executions.get(id)?.block
      const execution = block && execute(node, block)
      if (!execution) return void broken('stopped', `${node.name} commits ${id}, which is not valid here`)
      const { header } = execution.block
      note(node, `commits ${id.slice(0, 8)} at height ${header.height}`)
      trace.add(`${node.name} ${id}`)
      if (node.isHonest) {
        try {
          reference.checkSeal({ chain, header, id, seal, validators: node.tip.validators })
        } catch (error) {
          broken('certificate', `${node.name} commits ${id} without a valid seal: ${error}`)
        }
        const other = ids.get(header.height)
        if (other !== undefined && other !== id)
          broken('agreement', `${node.name} commits ${id} at height ${header.height}, not ${other}`)
        ids.set(header.height, id)
        if (!history.has(header.height)) history.set(header.height, { block: execution.block, id, seal })
      }
      node.store.commitNow({ ...execution, seal, checkpoint })
      node.tip = execution.tip
      node.executions.clear()
      feed(node, { kind: 'tip', nowMs: clockOf(node), tip: node.tip })
    }

    /** The timer that is due first. While the script lasts nothing is sent again, and who has decided waits. */
    function firstTimer() {
      let first: { node: StageNode; name: string; atMs: number } | undefined
      for (const node of nodes) {
        if (!node.isUp || (!isHealed && node.tip.header.height >= FIRST)) continue
        for (const [name, atMs] of node.timers)
          if ((isHealed || name !== 'resend') && (!first || atMs < first.atMs)) first = { node, name, atMs }
      }
      return first
    }

    /** The next thing that happens, up to a time. */
    function once(untilMs: number): boolean {
      const event = events.peek()
      const timer = firstTimer()
      if (timer && timer.atMs < (event?.atMs ?? Number.POSITIVE_INFINITY)) {
        if (timer.atMs > untilMs) return false
        nowMs = Math.max(nowMs, timer.atMs)
        timer.node.timers.delete(timer.name)
        guarded(timer.node, { kind: 'timer', name: timer.name, nowMs: clockOf(timer.node) })
        return true
      }
      if (!event || event.atMs > untilMs) return false
      events.pop()
      nowMs = Math.max(nowMs, event.atMs)
      const { node, input, run } = event
      if (node.isUp && (run === node.runs || input.kind === 'message'))
        guarded(node, { ...input, nowMs: clockOf(node) })
      return true
    }

    const isOver = () => violation !== undefined || steps > STEPS_MAX
    const isAt = (height: bigint) => honest.every(({ tip }) => tip.header.height >= height)
    for (const node of nodes) if (node.isUp) start(node)
    while (!isOver() && !isAt(FIRST) && (once(SCRIPT_MS_MAX) || release()));
    isHealed = true
    const healedMs = nowMs + SILENCE_MS
    silentUntilMs = healedMs
    const endMs = healedMs + GOAL_MS
    while (!isOver() && !isAt(GOAL) && once(endMs));
    if (!violation && !isAt(GOAL) && !scenario.forgets)
      broken(
        'progress',
        `not all honest nodes reach height ${GOAL} within ${GOAL_MS / 1_000} s of the healing`,
      )
    return { violation, trace: trace.hex(), steps, coverage, timeline }
  }

  return { play }
}

/** Whether a node hears another in a round of the first height. What comes after the script, all hear. */
function hears(
  { rounds }: Scenario,
  args: {
    readonly from: StageNode
    readonly to: StageNode
    readonly kind: Statement['kind']
    readonly height: bigint
    readonly round: number
  },
): boolean {
  const script = args.height === FIRST ? rounds[args.round] : undefined
  const hearing = script?.[args.kind === 'prePrepare' ? 'proposal' : args.kind]
  return !hearing || (((hearing[args.to.index] as number) >> args.from.index) & 1) === 1
}

function parted<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

function comparePlaces(a: SignPlace, b: SignPlace): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1
  return a.round === b.round ? a.step - b.step : a.round - b.round
}
