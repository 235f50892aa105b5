// Nodes in one process on a virtual clock: real engine, kernel, store and signatures; the network is a queue ordered by a seed.
import { decode, encode } from '@mmtchain/codec'
import { pbft } from '@mmtchain/consensus-pbft'
import { secp256k1 } from '@mmtchain/crypto'
import {
  type Chain,
  createMachine,
  defineChain,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Execution,
  type GenesisData,
  type Hash,
  type Machine,
  memoryStore,
  type SignPlace,
  type Tip,
} from '@mmtchain/kernel'
import { type Address, equalBytes, isChainError } from '@mmtchain/primitives'
import { testAccount, testAccountAt } from '@mmtchain/testkit'

export const BEGIN_MS = 1_700_000_000_000n
export const SLOT_MS = 1_000

/** A generator of numbers in 0 to `below` − 1 (mulberry32). */
export function chance(seed: number) {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

export interface NetworkOptions {
  /** How many validators the genesis has. */
  readonly validators: number
  readonly seed?: number
  /** Messages lost, of 100. */
  readonly lossPercent?: number
  readonly delayMs?: readonly [least: number, most: number]
  /** Validators, by number, of which a second copy with the same key runs. */
  readonly twins?: readonly number[]
  readonly observers?: number
  /** Nodes of accounts that are no validators of the genesis, by number. */
  readonly extras?: readonly number[]
  /** The chain, where it has modules. */
  readonly chain?: Chain<unknown>
  readonly documents?: Readonly<Record<string, unknown>>
  readonly reveal?: (proposer: Address, machine: Machine, store: object, tip: Tip) => Uint8Array | undefined
}

interface Event {
  readonly atMs: bigint
  readonly order: number
  readonly node: number
  readonly input: EngineInput
  /** Counts the runs of a node, so that nothing of before a crash reaches it after. */
  readonly run: number
}

export const nameOf = (i: number) => `validator ${i}`
export const validatorsOf = (count: number) => Array.from({ length: count }, (_, i) => testAccount(nameOf(i)))

export function network(options: NetworkOptions) {
  const {
    validators,
    seed = 1,
    lossPercent = 0,
    delayMs = [5, 40],
    twins = [],
    observers = 0,
    extras = [],
  } = options
  const random = chance(seed)
  const accounts = validatorsOf(validators)
  const chain = options.chain ?? defineChain({ id: 'pbft-net', slotMs: SLOT_MS, consensus: pbft() })
  const genesis = (chain.genesis as (args: object) => GenesisData)({
    timeMs: BEGIN_MS,
    validators: accounts.map(({ address, authority }) => ({ address, key: authority.keys[0] })),
    documents: options.documents ?? {},
  })
  const machine = createMachine(genesis)
  const { engine } = genesis.chain
  const seats: (Address | undefined)[] = [
    ...accounts.map(({ address }) => address),
    ...twins.map((i) => accounts[i]?.address),
    ...extras.map((i) => testAccount(nameOf(i)).address),
    ...Array.from({ length: observers }, () => undefined),
  ]
  let events: Event[] = []
  let order = 0
  let nowMs = BEGIN_MS
  /** Decides whether a message passes; tests replace it. */
  let passes = (_from: number, _to: number, _message: unknown): boolean => true
  const counts = { messages: 0, bytes: 0, refusedToSign: 0 }
  /** Called after each effect of a node; tests replace it. */
  let afterEffect = (_node: number): undefined => undefined
  const blocks = new Map<bigint, Hash>()
  const nodes = seats.map((self, i) => newNode(self, i))

  function newNode(self: Address | undefined, index: number) {
    const store = memoryStore()
    const begun = machine.begin(store)
    store.commitNow({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
    const node = {
      index,
      self,
      store,
      tip: begun.tip,
      offsetMs: BigInt(random(101) - 50),
      state: engine.start({ chain: machine.engineChain, self }) as EngineState,
      timers: new Map<string, bigint>(),
      executions: new Map<Hash, Execution>(),
      signed: undefined as { at: SignPlace; message: Uint8Array; signature: Uint8Array } | undefined,
      log: [] as EngineInput[],
      beganMs: BEGIN_MS,
      isUp: true,
      run: 0,
      effects: [] as EngineEffect[],
      stopped: undefined as string | undefined,
    }
    return node
  }
  type Node = ReturnType<typeof newNode>

  const clock = (node: Node) => nowMs + node.offsetMs
  function later(node: Node, afterMs: bigint, input: EngineInput): undefined {
    events.push({ atMs: nowMs + afterMs, order: order++, node: node.index, input, run: node.run })
  }

  function started(node: Node): EngineInput {
    return {
      kind: 'started',
      nowMs: node.beganMs,
      tip: node.tip,
      checkpoint: node.store.checkpoint(),
      ...(node.signed && { signed: { at: node.signed.at, message: node.signed.message } }),
      ...revealOf(node),
    }
  }

  function revealOf(node: Node) {
    const reveal = node.self && options.reveal?.(node.self, machine, node.store, node.tip)
    return reveal ? { reveal } : {}
  }

  function feed(node: Node, input: EngineInput): undefined {
    const step = engine.step(node.state, input)
    node.state = step.state
    if (input.kind === 'tip' || input.kind === 'started') node.log = []
    else node.log.push(input)
    for (const effect of step.effects) {
      carryOut(node, effect)
      afterEffect(node.index)
    }
  }

  function carryOut(node: Node, effect: EngineEffect): undefined {
    if (!node.isUp) return
    node.effects.push(effect)
    switch (effect.kind) {
      case 'setTimer':
        node.timers.set(effect.name, effect.atMs)
        return
      case 'buildBlock': {
        const { request } = effect
        if (!node.self) throw new Error('an observer builds')
        let built: Execution
        try {
          built = machine.build(node.store, {
            parent: node.tip,
            proposer: node.self,
            request,
            candidates: [],
          })
        } catch (error) {
          if (!isChainError(error)) throw error
          const bare = { ...request, evidence: [], missProofs: [] }
          built = machine.build(node.store, {
            parent: node.tip,
            proposer: node.self,
            request: bare,
            candidates: [],
          })
        }
        node.executions.set(built.id, built)
        return later(node, BigInt(random(10)), { kind: 'built', block: built.block, id: built.id, nowMs: 0n })
      }
      case 'validateBlock': {
        let valid = true
        try {
          const done = machine.execute(node.store, { parent: node.tip, block: effect.block })
          node.executions.set(done.id, done)
        } catch (error) {
          if (!isChainError(error)) throw error
          valid = false
        }
        return later(node, BigInt(random(10)), { kind: 'validated', id: effect.id, valid, nowMs: 0n })
      }
      case 'sign': {
        const signature = sign(node, effect)
        if (signature) later(node, 0n, { kind: 'signed', at: effect.at, signature, nowMs: 0n })
        return
      }
      case 'send':
        return sendMessage(node, effect)
      case 'sendBlock': {
        const stored = storedAt(node, effect.height)
        for (const peer of peersOf(node, effect.to))
          if (stored) deliver(node, peer, { kind: 'block', from: `${node.index}`, ...stored, nowMs: 0n })
        return
      }
      case 'commitBlock':
        return commit(node, effect)
      case 'stop':
        node.stopped = effect.why
        node.isUp = false
        return
      case 'again':
        return feed(node, effect.input)
      case 'blame':
        return
      default:
        return
    }
  }

  const history = new Map<number, Map<bigint, { block: Execution['block']; id: Hash; seal: Uint8Array }>>()
  function storedAt(node: Node, height: bigint) {
    return history.get(node.index)?.get(height)
  }

  function commit(
    node: Node,
    { id, seal, checkpoint }: Extract<EngineEffect, { kind: 'commitBlock' }>,
  ): undefined {
    const made =
      node.executions.get(id) ?? fail(`node ${node.index} commits a block that it has not executed`)
    // What was executed before a crash is staged no more.
    const execution = machine.execute(node.store, { parent: node.tip, block: made.block })
    const { header } = execution.block
    engine.checkSeal({ chain: machine.engineChain, header, id, seal, validators: node.tip.validators })
    const decided = blocks.get(header.height) ?? id
    if (decided !== id) throw new Error(`seed ${seed}: two blocks are decided at height ${header.height}`)
    blocks.set(header.height, id)
    node.store.commitNow({ ...execution, seal, checkpoint })
    const kept = history.get(node.index) ?? new Map()
    history.set(node.index, kept.set(header.height, { block: execution.block, id, seal }))
    node.tip = execution.tip
    node.executions.clear()
    node.beganMs = clock(node)
    feed(node, { kind: 'tip', nowMs: clock(node), tip: node.tip, ...revealOf(node) })
  }

  function sign(
    node: Node,
    { at, message }: Extract<EngineEffect, { kind: 'sign' }>,
  ): Uint8Array | undefined {
    const { signed } = node
    if (!node.self) throw new Error('an observer signs')
    if (signed && !isAfter(at, signed.at)) {
      if (equalBytes(signed.message, message)) return signed.signature
      counts.refusedToSign += 1
      return undefined
    }
    const signature = secp256k1.sign(message, testAccountAt(node.self).secret)
    node.signed = { at, message, signature }
    return signature
  }

  function peersOf(node: Node, to: string | undefined): readonly Node[] {
    return nodes.filter(({ index }) => index !== node.index && (to === undefined || `${index}` === to))
  }

  function sendMessage(node: Node, { message, to }: Extract<EngineEffect, { kind: 'send' }>): undefined {
    const codec = engine.message ?? fail('the engine sends messages of no type')
    const bytes = encode(codec, message)
    for (const peer of peersOf(node, to)) {
      counts.messages += 1
      counts.bytes += bytes.length
      deliver(node, peer, {
        kind: 'message',
        from: `${node.index}`,
        message: decode(codec, bytes),
        nowMs: 0n,
      })
    }
  }

  function deliver(from: Node, to: Node, input: EngineInput): undefined {
    const content = input.kind === 'message' ? input.message : input
    if (!passes(from.index, to.index, content) || random(100) < lossPercent) return
    const [least, most] = delayMs
    later(to, BigInt(least + random(most - least + 1)), input)
  }

  function nextTimer(): { readonly node: Node; readonly name: string; readonly atMs: bigint } | undefined {
    let first: { node: Node; name: string; atMs: bigint } | undefined
    for (const node of nodes) {
      if (!node.isUp) continue
      for (const [name, atLocal] of node.timers) {
        const atMs = atLocal - node.offsetMs
        if (!first || atMs < first.atMs) first = { node, name, atMs }
      }
    }
    return first
  }

  function nextEvent(): number {
    let best = -1
    for (let i = 0; i < events.length; i++) {
      const [one, other] = [events[i] as Event, events[best]]
      if (!other || one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)) best = i
    }
    return best
  }

  /** The next thing that happens, up to a time. False when nothing does. */
  function once(untilMs: bigint): boolean {
    const at = nextEvent()
    const event = events[at]
    const timer = nextTimer()
    const eventMs = event?.atMs ?? untilMs + 1n
    const timerMs = timer?.atMs ?? untilMs + 1n
    if (eventMs > untilMs && timerMs > untilMs) return false
    if (timer && timerMs < eventMs) {
      if (timerMs > nowMs) nowMs = timerMs
      timer.node.timers.delete(timer.name)
      feed(timer.node, { kind: 'timer', name: timer.name, nowMs: clock(timer.node) })
      return true
    }
    events.splice(at, 1)
    if (!event) return false
    if (event.atMs > nowMs) nowMs = event.atMs
    const node = nodes[event.node] as Node
    if (node.isUp && event.run === node.run) feed(node, { ...event.input, nowMs: clock(node) })
    return true
  }

  for (const node of nodes) feed(node, started(node))

  return {
    nodes,
    machine,
    engine,
    counts,
    decided: blocks,
    history,
    now: () => nowMs,
    /** Lets time pass. */
    run(ms: number): undefined {
      const end = nowMs + BigInt(ms)
      while (once(end));
      nowMs = end
    },
    /** Lets time pass until it holds, at most so long. */
    until(holds: () => boolean, msMax: number): undefined {
      const end = nowMs + BigInt(msMax)
      while (!holds())
        if (!once(end)) throw new Error(`seed ${seed}: it does not come to pass in ${msMax} ms`)
    },
    /** Lets only what the test allows pass. */
    filter(allow: typeof passes): undefined {
      passes = allow
    },
    watch(look: typeof afterEffect): undefined {
      afterEffect = look
    },
    height: (i: number) => (nodes[i] as Node).tip.header.height,
    crash(i: number): undefined {
      const node = nodes[i] as Node
      node.isUp = false
      node.run += 1
      node.timers.clear()
      events = events.filter((event) => event.node !== i)
    },
    /** Starts a node again from its store, its signer and, unless it is lost, its log. */
    restart(i: number, { log = true }: { readonly log?: boolean } = {}): undefined {
      const node = nodes[i] as Node
      const logged = log ? node.log : []
      if (!log) node.beganMs = clock(node)
      node.isUp = true
      node.state = engine.start({ chain: machine.engineChain, self: node.self })
      const open = new Map<string, EngineEffect>()
      const first = started(node)
      node.log = []
      for (const input of [first, ...logged]) {
        open.delete(answeredBy(input))
        const step = engine.step(node.state, input)
        node.state = step.state
        if (input !== first) node.log.push(input)
        for (const effect of step.effects) {
          open.set(keyOf(effect), effect)
          if (effect.kind === 'validateBlock') {
            try {
              const done = machine.execute(node.store, { parent: node.tip, block: effect.block })
              node.executions.set(done.id, done)
            } catch (error) {
              if (!isChainError(error)) throw error
            }
          }
        }
        if (input.kind === 'built')
          node.executions.set(input.id, machine.execute(node.store, { parent: node.tip, block: input.block }))
      }
      open.delete('')
      for (const effect of open.values()) carryOut(node, effect)
    },
  }
}

export type TestNetwork = ReturnType<typeof network>

function isAfter(a: SignPlace, b: SignPlace): boolean {
  if (a.height !== b.height) return a.height > b.height
  return a.round !== b.round ? a.round > b.round : a.step > b.step
}

/** The name of the question that an effect asks; none for those that wait for no answer. */
function keyOf(effect: EngineEffect): string {
  switch (effect.kind) {
    case 'setTimer':
      return `timer ${effect.name}`
    case 'buildBlock':
      return 'built'
    case 'validateBlock':
      return `validated ${effect.id}`
    case 'sign':
      return `signed ${effect.at.height} ${effect.at.round} ${effect.at.step}`
    case 'commitBlock':
      return 'commit'
    default:
      return ''
  }
}

function answeredBy(input: EngineInput): string {
  switch (input.kind) {
    case 'timer':
      return `timer ${input.name}`
    case 'built':
      return 'built'
    case 'validated':
      return `validated ${input.id}`
    case 'signed':
      return `signed ${input.at.height} ${input.at.round} ${input.at.step}`
    default:
      return ''
  }
}

function fail(why: string): never {
  throw new Error(why)
}
