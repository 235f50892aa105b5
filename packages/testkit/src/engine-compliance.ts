import { secp256k1 } from '@mmtchain/crypto'
import {
  type Block,
  createMachine,
  defineChain,
  type Engine,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Execution,
  type Header,
  type Machine,
  type MemoryStore,
  memoryStore,
  type Tip,
} from '@mmtchain/kernel'
import { type Hash, isChainError } from '@mmtchain/primitives'
import { type TestAccount, testAccount } from './accounts.ts'
import type { ComplianceCase } from './store-compliance.ts'

const SLOT_MS = 1_000n
const BEGIN_MS = 1_700_000_000_000n

/**
 * What every engine must do, run with one validator: pure steps, blocks at its pace, its own blocks and seals accepted, others
 * refused by code, and work that goes on after a restart. Each case throws when it does not hold.
 */
export function engineCompliance({
  name,
  make,
}: {
  readonly name: string
  make(): Engine
}): readonly ComplianceCase[] {
  const cases: Readonly<Record<string, () => void>> = {
    'makes blocks, each at least a slot after its parent, with seals that hold': () => {
      const node = run(make())
      const blocks = node.work(5)
      expect(blocks.length >= 5, 'five slots give five blocks')
      blocks.reduce((before, { block }) => {
        expect(block.header.timeMs >= before + SLOT_MS, 'a block comes a slot after its parent')
        return block.header.timeMs
      }, BEGIN_MS)
    },
    'gives the same step for the same state and input, and alters neither': () => {
      const node = run(make())
      node.work(3)
      for (const { state, input, after } of node.steps) {
        const before = snapshot([state, input])
        expect(
          snapshot(node.engine.step(state, input)) === after,
          `the step for ${input.kind} depends on more than its input`,
        )
        expect(snapshot([state, input]) === before, `the step for ${input.kind} altered its input`)
      }
    },
    'executes its own blocks on another node': () => {
      const node = run(make())
      const other = run(make(), { validator: false })
      for (const { block } of node.work(3)) other.follow(block)
      expect(other.tip().id === node.tip().id, 'both nodes have the same tip')
    },
    'refuses a block of another proposer, one before its slot, and foreign consensus bytes': () => {
      const node = run(make())
      const stranger = testAccount('stranger').address
      const changes: readonly Partial<Header>[] = [
        { proposer: stranger },
        { timeMs: node.tip().header.timeMs + SLOT_MS - 1n },
        { consensus: Uint8Array.of(1, 2, 3, 4, 5) },
      ]
      for (const change of changes) {
        refused(() => node.contextOf(change), /^consensus\//, Object.keys(change).join())
      }
    },
    'refuses an altered, an empty and another block’s seal': () => {
      const node = run(make())
      const [first, second] = node.work(2)
      if (!first || !second) throw new Error('two slots gave no two blocks')
      const altered = Uint8Array.from(second.seal, (byte, i) => (i === 7 ? byte ^ 1 : byte))
      for (const seal of [altered, new Uint8Array(), first.seal]) {
        refused(() => node.checkSeal(second.block, second.id, seal), /^consensus\/BAD_SEAL$/, 'the seal')
      }
    },
    'goes on from tip and checkpoint after a restart': () => {
      const node = run(make())
      node.work(2)
      node.restart(make())
      const before = node.tip().header.height
      node.work(2)
      expect(node.tip().header.height >= before + 2n, 'two slots after the restart give two blocks')
    },
    'never signs on a node that is no validator': () => {
      const node = run(make(), { validator: false })
      node.work(3)
      const signed = node.steps.some(({ effects }) => effects.some(({ kind }) => kind === 'sign'))
      expect(!signed, 'an observer asked for a signature')
    },
  }
  return Object.entries(cases).map(([title, holds]) => ({
    name: `${name} ${title}`,
    run: async () => holds(),
  }))
}

interface Made {
  readonly block: Block
  readonly id: Hash
  readonly seal: Uint8Array
}
interface Step {
  readonly state: EngineState
  readonly input: EngineInput
  readonly effects: readonly EngineEffect[]
  /** The step's outcome as text, to compare. */
  readonly after: string
}

/** One engine on a virtual clock and a store in memory: the least that a node does for it. */
function run(first: Engine, { validator = true }: { readonly validator?: boolean } = {}) {
  const account = testAccount('validator')
  const machine = createMachine(genesisOf(first, account))
  const store = memoryStore()
  const steps: Step[] = []
  const made: Made[] = []
  const built = new Map<Hash, Execution>()
  let engine = first
  let timers = new Map<string, bigint>()
  let nowMs = BEGIN_MS
  let checkpoint: Uint8Array = new Uint8Array()
  let tip = commitFirst(machine, store)
  let state = begin()

  function begin(): EngineState {
    return engine.start({ chain: machine.engineChain, self: validator ? account.address : undefined })
  }

  function feed(input: EngineInput): void {
    const step = engine.step(state, input)
    steps.push({ state, input, effects: step.effects, after: snapshot(step) })
    state = step.state
    for (const effect of step.effects) carryOut(effect)
  }

  function carryOut(effect: EngineEffect): void {
    switch (effect.kind) {
      case 'setTimer':
        timers.set(effect.name, effect.atMs)
        return
      case 'buildBlock': {
        const execution = machine.build(store, {
          parent: tip,
          proposer: account.address,
          request: effect.request,
          candidates: [],
        })
        built.set(execution.id, execution)
        feed({ kind: 'built', block: execution.block, id: execution.id, nowMs })
        return
      }
      case 'sign':
        feed({
          kind: 'signed',
          at: effect.at,
          signature: secp256k1.sign(effect.message, account.secret),
          nowMs,
        })
        return
      case 'commitBlock': {
        const execution = built.get(effect.id)
        if (!execution) throw new Error('the engine commits a block that was not built')
        const { block, id } = execution
        checkSeal(block, id, effect.seal)
        commit(execution, effect.seal)
        checkpoint = effect.checkpoint
        made.push({ block, id, seal: effect.seal })
        feed({ kind: 'tip', nowMs, tip })
        return
      }
      case 'again':
        feed(effect.input)
        return
      case 'stop':
        throw new Error(`the engine stops: ${effect.why}`)
      default:
        // One validator has nobody to tell.
        return
    }
  }

  function commit(execution: Execution, seal: Uint8Array): void {
    store.commitNow({ ...execution, seal, checkpoint })
    tip = execution.tip
  }

  function checkSeal(block: Block, id: Hash, seal: Uint8Array): void {
    const { validators } = machine.genesis
    engine.checkSeal({ chain: machine.engineChain, header: block.header, id, seal, validators })
  }

  feed({ kind: 'started', nowMs, tip, checkpoint })
  return {
    steps,
    get engine() {
      return engine
    },
    tip: () => tip,
    checkSeal,
    /** Lets `slots` slots pass, firing timers as they come. Answers the blocks that were made. */
    work(slots: number): readonly Made[] {
      const from = made.length
      for (const end = nowMs + BigInt(slots) * SLOT_MS; nowMs < end; ) {
        nowMs += SLOT_MS / 4n
        for (const [timer, atMs] of [...timers]) {
          if (atMs > nowMs) continue
          timers.delete(timer)
          feed({ kind: 'timer', name: timer, nowMs })
        }
      }
      return made.slice(from)
    },
    follow: (block: Block) => commit(machine.execute(store, { parent: tip, block }), new Uint8Array()),
    /** The context of the block that an honest proposer would make next, but for `change`. */
    contextOf(change: Partial<Header>) {
      // Engines are pure values, so that one serves any number of nodes.
      const honest = run(first).work(1)[0]?.block
      if (!honest) throw new Error('one slot gave no block')
      return engine.context({
        chain: machine.engineChain,
        block: { ...honest, header: { ...honest.header, ...change } },
        parent: tip,
        past: { validators: () => undefined },
      })
    },
    restart(fresh: Engine): void {
      engine = fresh
      timers = new Map()
      state = begin()
      feed({ kind: 'started', nowMs, tip, checkpoint })
    },
  }
}

function genesisOf(engine: Engine, { address, authority }: TestAccount) {
  const [key] = authority.keys
  if (!key) throw new Error('an authority has a key')
  const chain = defineChain({ id: 'engine-compliance', slotMs: Number(SLOT_MS), consensus: engine })
  return chain.genesis({ timeMs: BEGIN_MS, validators: [{ address, key }], documents: {} })
}

function commitFirst(machine: Machine, store: MemoryStore): Tip {
  const begun = machine.begin(store)
  const none = new Uint8Array()
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  return begun.tip
}

/** A value as text in which equal values look equal. Functions, which plain data does not have, are refused. */
function snapshot(value: unknown): string {
  return JSON.stringify(value, (name, inner) => {
    if (name === 'suites') return 'suites'
    if (typeof inner === 'bigint') return `${inner}n`
    if (inner instanceof Uint8Array) return [...inner]
    if (inner instanceof Map) return [...inner]
    if (typeof inner === 'function') throw new Error(`the state of an engine has a function in ${name}`)
    return inner
  })
}

function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`not so: ${sentence}`)
}

function refused(work: () => unknown, code: RegExp, what: string): void {
  try {
    work()
  } catch (error) {
    if (isChainError(error) && code.test(error.code)) return
    throw error
  }
  throw new Error(`not refused: ${what}`)
}
