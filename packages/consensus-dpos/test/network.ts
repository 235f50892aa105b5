import { dpos, election, makeOnion, type Onion, readSealMessage } from '@mmtchain/consensus-dpos'
import type { Suite } from '@mmtchain/crypto'
import { sha256 } from '@mmtchain/crypto'
import {
  type Block,
  blockId,
  createMachine,
  defineChain,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Execution,
  type Hash,
  type Machine,
  memoryStore,
  type PeerId,
  type Tip,
} from '@mmtchain/kernel'
import { amount, concatBytes, equalBytes, isChainError, toHex, utf8 } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

// Engines on a virtual clock and a network that loses, delays and cuts. One seed decides everything.

export const SLOT_MS = 1_000n
const BEGIN_MS = 1_700_000_000_000n
const NONE = new Uint8Array()

/** A number generator (xorshift32) whose numbers follow from its seed. */
export function numbers(seed: number) {
  let state = seed | 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return { below: (n: number) => next() % n, chance: (percent: number) => next() % 100 < percent }
}
export type Numbers = ReturnType<typeof numbers>

/** Signatures that cost a hash: whoever knows the key can forge them, which nobody here does. */
export const macSuite: Suite = {
  ...{ code: 200, name: 'mac', publicKeyBytes: 32, signatureBytes: 32, weight: 1 },
  generateSecret: () => new Uint8Array(32),
  publicKey: (secret) => sha256(concatBytes(utf8('key'), secret)),
  sign: (message, secret) => sha256(concatBytes(macSuite.publicKey(secret), message)),
  verify: ({ key, message, signature }) => equalBytes(signature, sha256(concatBytes(key, message))),
  isPublicKey: (bytes) => bytes.length === 32,
}

const DEPOSIT = amount(1_000n)
const LAYERS = 2_000
const onions = new Map<string, Onion>()
function onionOf(secret: Uint8Array): Onion {
  const name = toHex(secret)
  const onion = onions.get(name) ?? makeOnion({ secret: sha256(secret), layers: LAYERS })
  onions.set(name, onion)
  return onion
}

export interface Faults {
  /** How many messages in a hundred are lost. */
  readonly lossPercent: number
  readonly delayMsMax: number
  /** Nodes that hear each other: those of one number. */
  readonly side: (node: number, nowMs: bigint) => number
}
export const CALM: Faults = { lossPercent: 0, delayMsMax: 50, side: () => 0 }

interface Event {
  readonly atMs: bigint
  readonly order: number
  readonly run: () => void
}

/** What a validator signed last, as a signer on disk keeps it. */
type SignState = Extract<EngineInput, { kind: 'started' }>['signed']

export function network({
  nodes: voters,
  observers = 0,
  elected = false,
  twins = 0,
  fullSeats,
  seed,
}: {
  /** How many validators there are, each a node. */
  readonly nodes: number
  /** Further nodes that only listen. */
  readonly observers?: number
  /** True on a chain with an election, for which observers stand, too. */
  readonly elected?: boolean
  /** How many validators, from the first on, run a second node with the same key. */
  readonly twins?: number
  /** On a chain with an election, how many seats it has and slots are meant for; as many as validators unless given. */
  readonly fullSeats?: number
  readonly seed: number
}) {
  const people = voters + observers
  const count = people + twins
  const random = numbers(seed)
  const accounts = Array.from({ length: people }, (_, i) => testAccount(`delegate ${i}`))
  const keyOf = (secret: Uint8Array) => ({ suite: macSuite.code, key: macSuite.publicKey(secret) })
  const validators = accounts.slice(0, voters).map(({ address, secret }) => ({ address, key: keyOf(secret) }))
  const genesis = elected ? electedGenesis() : plainGenesis()

  function plainGenesis() {
    const chain = defineChain({
      id: 'network-1',
      slotMs: Number(SLOT_MS),
      suites: [macSuite],
      consensus: dpos(),
    })
    return chain.genesis({ timeMs: BEGIN_MS, validators, documents: {} })
  }

  function electedGenesis() {
    const chain = defineChain({
      id: 'network-2',
      slotMs: Number(SLOT_MS),
      suites: [macSuite],
      consensus: dpos({ ...(fullSeats !== undefined && { fullSeats }) }),
    })
      .use(token({ symbol: 'NET' }))
      .use(election({ seats: fullSeats ?? voters, depositMin: DEPOSIT, missesToSuspend: 2, awayEpochs: 1 }), {
        grants: { token: ['lock', 'unlock', 'burn', 'move'] },
      })
    return chain.genesis({
      timeMs: BEGIN_MS,
      validators,
      documents: {
        token: { balances: accounts.map(({ address }) => ({ owner: address, amount: DEPOSIT })) },
        election: {
          delegates: accounts.map(({ name, address, secret }) => ({
            ...{
              delegate: address,
              name: name.replace(' ', '-'),
              url: '',
              key: keyOf(secret),
              deposit: DEPOSIT,
            },
            ...{ commitment: onionOf(secret).commitment, layers: LAYERS },
          })),
          votes: [],
        },
      },
    })
  }

  let nowMs = BEGIN_MS + SLOT_MS / 2n
  let order = 0
  let faults = CALM
  const events: Event[] = []
  const at = (atMs: bigint, run: () => void) => {
    const event = { atMs: atMs > nowMs ? atMs : nowMs, order: order++, run }
    let place = events.length
    while (place > 0 && isAfter(events[place - 1] as Event, event)) place -= 1
    events.splice(place, 0, event)
  }
  const nodes = Array.from({ length: count }, (_, i) => startNode(i))

  function startNode(number: number) {
    const { address, secret } = accounts[number % people] as (typeof accounts)[number]
    const isVoter = elected || number < voters || number >= people
    const machine: Machine = createMachine(genesis)
    const engine = genesis.chain.engine
    const store = memoryStore()
    const begun = machine.begin(store)
    store.commitNow({ ...begun, seal: NONE, checkpoint: NONE })
    const executions = new Map<Hash, Execution>()
    const tips = new Map<bigint, Tip>([[0n, begun.tip]])
    /** Blocks with their seals by height, as the store has them too. */
    const blocks = new Map<bigint, { readonly block: Block; readonly id: Hash; readonly seal: Uint8Array }>()
    const asked: unknown[] = []
    const stats = {
      reverts: 0,
      invalid: 0,
      notes: [] as string[],
      blames: [] as string[],
      accused: [] as string[],
      blamed: [] as string[],
    }
    const queue: EngineInput[] = []
    let state: EngineState
    let tip = begun.tip
    let signed: SignState
    let life = 0
    let up = false
    let working = false
    let final = 0n
    const finals: Hash[] = []

    function start(): void {
      up = true
      life += 1
      queue.length = 0
      executions.clear()
      state = engine.start({
        chain: machine.engineChain,
        self: isVoter ? address : undefined,
      })
      feed({ kind: 'started', nowMs, tip, checkpoint: store.checkpoint(), signed, reveal: reveal() })
    }

    function feed(input: EngineInput): void {
      if (!up) return
      queue.push(input)
      if (working) return
      working = true
      for (let next = queue.shift(); next && up; next = queue.shift()) {
        const step = engine.step(state, next)
        state = step.state
        for (const effect of step.effects) {
          // A crash between any two effects.
          if (crashing?.()) {
            up = false
            break
          }
          carryOut(effect)
        }
      }
      working = false
    }
    let crashing: (() => boolean) | undefined

    function carryOut(effect: EngineEffect): void {
      const current = life
      switch (effect.kind) {
        case 'setTimer':
          at(effect.atMs, () => {
            if (life === current) feed({ kind: 'timer', name: effect.name, nowMs })
          })
          return
        case 'buildBlock': {
          const built = machine.build(store, {
            parent: tip,
            proposer: address,
            request: effect.request,
            candidates: [],
          })
          executions.set(built.id, built)
          queue.push({ kind: 'built', block: built.block, id: built.id, nowMs })
          return
        }
        case 'sign': {
          if (signed && effect.at.height <= signed.at.height && !equalBytes(effect.message, signed.message))
            return
          signed = { at: effect.at, message: effect.message }
          queue.push({
            kind: 'signed',
            at: effect.at,
            signature: macSuite.sign(effect.message, secret),
            nowMs,
          })
          return
        }
        case 'validateBlock': {
          queue.push({ kind: 'validated', id: effect.id, valid: isValid(effect.block), nowMs })
          return
        }
        case 'commitBlock': {
          const execution = executions.get(effect.id) as Execution
          const { header } = execution.block
          engine.checkSeal({
            ...{ chain: machine.engineChain, header, id: effect.id, seal: effect.seal },
            validators: tip.validators,
          })
          store.commitNow({ ...execution, seal: effect.seal, checkpoint: effect.checkpoint })
          tip = execution.tip
          tips.set(header.height, tip)
          blocks.set(header.height, { block: execution.block, id: effect.id, seal: effect.seal })
          executions.clear()
          queue.push({ kind: 'tip', tip, nowMs, reveal: reveal() })
          return
        }
        case 'revert': {
          stats.reverts += 1
          if (effect.to < final) throw new Error(`node ${number} takes back a final block`)
          void store.revertTo(effect.to)
          tip = tips.get(effect.to) as Tip
          queue.push({ kind: 'tip', tip, nowMs, reveal: reveal() })
          return
        }
        case 'finalise': {
          const { height } = effect
          for (let one = final + 1n; one <= height; one++) finals.push((tips.get(one) as Tip).id)
          if (height > final) final = height
          return
        }
        case 'send':
          if ((effect.message as { kind: string }).kind === 'ask') asked.push(effect.message)
          send(effect.to, (from) => ({ kind: 'message', from, message: effect.message, nowMs }))
          return
        case 'sendBlock': {
          const kept = effect.height <= tip.header.height ? blocks.get(effect.height) : undefined
          if (kept) send(effect.to, (from) => ({ kind: 'block', from, ...kept, nowMs }))
          return
        }
        case 'blame':
          stats.blames.push(effect.why)
          stats.blamed.push(effect.peer)
          return
        case 'note':
          stats.notes.push(effect.what)
          if (effect.fields.delegate) stats.accused.push(effect.fields.delegate)
          return
        case 'stop':
          throw new Error(`node ${number} stops: ${effect.why}`)
      }
    }

    /** What the next block of this node would reveal. */
    function reveal(): Uint8Array | undefined {
      if (!elected) return undefined
      const input = { delegate: address }
      const found = machine.query(store, tip, { module: 'election', query: 'delegate', input })
      return onionOf(secret).reveal((found as { duty: { onion: { left: number } } }).duty.onion.left)
    }

    function isValid(block: Block): boolean {
      try {
        const execution = machine.execute(store, { parent: tip, block })
        executions.set(execution.id, execution)
        return true
      } catch (error) {
        if (!isChainError(error)) throw error
        stats.invalid += 1
        return false
      }
    }

    function send(to: PeerId | undefined, input: (from: PeerId) => EngineInput): void {
      for (let other = 0; other < count; other++) {
        if (other === number || (to !== undefined && to !== String(other))) continue
        if (faults.side(number, nowMs) !== faults.side(other, nowMs)) continue
        if (random.chance(faults.lossPercent)) continue
        const delay = BigInt(1 + random.below(faults.delayMsMax))
        at(nowMs + delay, () => {
          if (faults.side(number, nowMs) === faults.side(other, nowMs))
            nodes[other]?.feed({ ...input(String(number)), nowMs } as EngineInput)
        })
      }
    }

    return {
      number,
      address,
      secret,
      stats,
      finals,
      /** The asks that it sent. */
      asked,
      start,
      feed,
      store,
      machine,
      crash(): void {
        up = false
        life += 1
      },
      /** The disk of the node is as at genesis; its signer is not. */
      forget(): void {
        void store.revertTo(begun.block.header.height)
        tip = begun.tip
        blocks.clear()
      },
      /** What the blocks of its branch have evidence of. */
      evidence() {
        return [...blocks.values()].flatMap(({ block }) => {
          const parent = tips.get(block.header.height - 1n) as Tip
          const past = { validators: () => genesis.validators }
          return engine.context({ chain: machine.engineChain, block, parent, past }).evidence
        })
      },
      /** From now on the node crashes before some effect, with this chance in a thousand. */
      crashAt(perMille: number): void {
        crashing = perMille === 0 ? undefined : () => random.below(1_000) < perMille
      },
      get up() {
        return up
      },
      get tip() {
        return tip
      },
      get final() {
        return final
      },
      get state() {
        return state
      },
      get lastSigned() {
        return signed && readSealMessage(signed.message)
      },
    }
  }

  function workMs(ms: bigint): void {
    const end = nowMs + ms
    for (let next = events[0]; next && next.atMs <= end; next = events[0]) {
      events.shift()
      nowMs = next.atMs
      next.run()
    }
    nowMs = end
  }

  return {
    nodes,
    random,
    workMs,
    idOf: (header: Block['header']) => blockId(genesis.fingerprint, header),
    /** A store of this chain with nothing but block 0. */
    emptyStore() {
      const store = memoryStore()
      const begun = createMachine(genesis).begin(store)
      store.commitNow({ ...begun, seal: NONE, checkpoint: NONE })
      return { store, first: begun.tip }
    },
    machine: (nodes[0] as (typeof nodes)[number]).machine,
    get nowMs() {
      return nowMs
    },
    set faults(next: Faults) {
      faults = next
    },
    at,
    /** Lets so many slots pass. */
    work: (slots: number) => workMs(BigInt(slots) * SLOT_MS),
  }
}
export type Network = ReturnType<typeof network>

function isAfter(a: Event, b: Event): boolean {
  return a.atMs > b.atMs || (a.atMs === b.atMs && a.order > b.order)
}
