import type { Engine, EngineState } from '@mmtchain/kernel'
import type { Hash } from '@mmtchain/primitives'
import { lyingEngine } from './adversary.ts'
import { type Chance, chance, type Digest, digest } from './chance.ts'
import { type Coverage, cover, NOTHING_COVERED } from './coverage.ts'
import { INPUTS, SIGN_STATE, type SimMachine, simMachine } from './machine.ts'
import type { Fault, Lie, Plan } from './plan.ts'
import { type Schedule, schedule } from './schedule.ts'
import { genesisOf, keyOf, manyTransfers, namesOf, type Setup, someTransaction, suiteOf } from './setup.ts'
import { createWatch, type Watch } from './watch.ts'
import { type Passage, type Wire, wire } from './wire.ts'

/** One line of what happened. */
export interface Moment {
  readonly atMs: number
  readonly node: string
  readonly what: string
}

/** Nodes with all that is around them. */
export interface World {
  readonly plan: Plan
  readonly setup: Setup
  readonly schedule: Schedule
  readonly chance: Chance
  readonly watch: Watch
  readonly wire: Wire
  readonly digest: Digest
  /** Validators first, then observers, then the second of each pair of twins. */
  readonly machines: readonly SimMachine[]
  /** The numbers of validators that keep to all rules, on disks that do. */
  readonly honest: readonly number[]
  readonly timeline: readonly Moment[]
  /** What the honest engines went through. */
  readonly coverage: Coverage
  /** How large the state of a node's engine is, in objects. */
  stateSize(node: number): number
}

export interface WorldOptions {
  readonly plan: Plan
  readonly setup: Setup
  /** Keeps the timeline. */
  readonly record?: boolean | undefined
  readonly passes?: ((passage: Passage) => boolean) | undefined
  readonly onSent?: ((passage: Passage) => void) | undefined
}

/** Lies of who signs whatever suits it. */
const LAWFUL: readonly Lie[] = ['rotten', 'unlogged']
const LIE_EVERY_MS = 3_000
const OLD_MESSAGES = 200

export function createWorld(options: WorldOptions): World {
  const { plan, setup, record = false } = options
  const lot = chance(`world/${plan.seed}`)
  const trace = digest()
  const time = schedule(lot.fork('schedule'))
  const timeline: Moment[] = []
  const coverage = { ...NOTHING_COVERED }
  const suite = suiteOf(plan)
  const lies = new Map(plan.liars.map(({ node, lie }) => [node, lie]))
  const nodes = Array.from({ length: plan.validators + plan.observers }, (_, i) => i)
  const twins = plan.liars.filter(({ lie }) => lie === 'twins').map(({ node }) => node)
  const nodeNames = namesOf(plan)
  const nameOfNode = (node: number) => nodeNames[node] as string
  const signers = setup.isElected ? nodes : nodes.slice(0, plan.validators)
  const keys = signers.map((node) => keyOf(suite, nameOfNode(node)))
  const isLawless = (node: number) => lies.has(node) && !LAWFUL.includes(lies.get(node) as Lie)
  const names = new Map(keys.map(({ address }, node) => [address as string, nameOfNode(node)]))
  const watch = createWatch({
    reference: setup.reference ?? setup.engine(),
    now: () => time.nowMs,
    lawless: new Set(keys.filter((_, node) => isLawless(node)).map(({ address }) => address)),
    nameOf: (address) => names.get(address) ?? address,
    judge: setup.judge?.(),
  })
  const { fingerprint } = genesisOf(setup, plan, (engine) => engine)
  const liarOf = new Map([...lies].map(([node, lie]) => [nameOfNode(node), lie]))
  const net = wire({
    schedule: time,
    chance: lot.fork('wire'),
    digest: trace,
    weather: plan.weather,
    altered:
      liarOf.size === 0 ? undefined : adversary({ liarOf, time, seed: plan.seed, chance: lot.fork('liars') }),
    passes: options.passes,
    onSent: options.onSent,
    onBlame(by, peer, why) {
      note(by, `blames ${peer}`, () => why)
      if (!liarOf.has(peer.replace("'", '')) && !liarOf.has(by.replace("'", '')))
        watch.broken('blamed', `${by} blames ${peer}, which is honest: ${why}`)
    },
  })

  function note(node: string, what: string, more?: () => string): void {
    trace.add(node)
    trace.add(what)
    trace.addNumber(time.nowMs)
    if (record) timeline.push({ atMs: time.nowMs, node, what: more ? `${what}: ${more()}` : what })
  }

  const states: (EngineState | undefined)[] = []
  /** The engine of a node, as it is seen and bent. */
  function engineOf(engine: Engine, node: number, index: number): Engine {
    const lie = lies.get(node)
    const told = lie
      ? lyingEngine(engine, lie, lot.fork(`engine ${index}`), () => fingerprint as Hash)
      : engine
    return {
      ...told,
      context(args) {
        const context = told.context(args)
        for (const { culprit } of context.evidence) watch.accused(culprit, nameOfNode(node))
        return context
      },
      step(state, input) {
        const step = told.step(state, input)
        states[index] = step.state
        if (lie) return step
        cover(coverage, state, step.state)
        for (const effect of step.effects)
          if (effect.kind === 'finalise') watch.finalised(nameOfNode(node), effect.height)
        return step
      },
    }
  }

  const machines = [...nodes, ...twins].map((node, index) => {
    const name = index < nodes.length ? nameOfNode(node) : `${nameOfNode(node)}'`
    return simMachine({
      ...{ name, schedule: time, chance: lot, watch, network: net.at(name), onGone: net.vanish },
      genesis: (onTransfer) => genesisOf(setup, plan, (engine) => engineOf(engine, node, index), onTransfer),
      key: keys[node],
      reveal: setup.reveal,
      transferMs: setup.transferMs ?? 0,
      isLawless: isLawless(node),
      isWatched: !lies.has(node),
      syncMs: syncTimes(lot.fork(`sync ${index}`), plan.syncMs),
      note: (what, more) => note(name, what, more),
      onRestart() {
        coverage.restarts += 1
      },
    })
  })
  return {
    ...{
      plan,
      setup,
      schedule: time,
      chance: lot,
      watch,
      wire: net,
      digest: trace,
      machines,
      timeline,
      coverage,
    },
    honest: signers.filter((node) => !lies.has(node)),
    stateSize: (node) => sizeOf(states[node], new Set()),
  }
}

/** Mostly at once; sometimes long. */
function syncTimes(lot: Chance, mostMs: number): () => number {
  return () => (mostMs === 0 ? 0 : lot.perMille(20) ? 10 * mostMs : lot.below(mostMs + 1))
}

/** What the liars send in the place of what their node would. */
function adversary(args: {
  readonly liarOf: ReadonlyMap<string, Lie>
  readonly time: Schedule
  readonly seed: number
  readonly chance: Chance
}): (passage: Passage) => readonly unknown[] {
  const { liarOf, time, seed, chance } = args
  const old: unknown[] = []
  const isMuted = (to: string) =>
    (Math.floor(time.nowMs / LIE_EVERY_MS) * 31 + (to.codePointAt(1) ?? 0) * 17 + seed) % 2 === 0
  return ({ from, to, message }) => {
    const lie = liarOf.get(from)
    if (lie === 'selective' && isMuted(to)) return []
    if (lie === 'withheld' && consensusKind(message) === 'prePrepare' && isMuted(to)) return []
    if (lie === 'forger' && chance.perMille(300)) return [forged(message, chance)]
    if (lie !== 'stale') return [message]
    old.push(message)
    if (old.length > OLD_MESSAGES) old.shift()
    const again = chance.pick(old)
    return chance.perMille(500) && again !== undefined ? [message, again] : [message]
  }
}

/** The kind of an engine's message, where it has one. */
export function consensusKind(message: unknown): string | undefined {
  const outer = message as { readonly kind?: string; readonly value?: { readonly kind?: string } }
  return outer.kind === 'consensus' ? outer.value?.kind : undefined
}

/** The same message with another number, block or signature somewhere in it. */
function forged(message: unknown, chance: Chance): unknown {
  if (message instanceof Uint8Array) return message.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
  if (typeof message === 'number') return message === 0 ? 1 : message - 1
  if (typeof message === 'bigint') return message + 1n
  if (typeof message === 'string') return /^[0-9a-f]{64}$/.test(message) ? 'e'.repeat(64) : message
  if (Array.isArray(message)) {
    const at = chance.below(message.length)
    return message.map((one, i) => (i === at ? forged(one, chance) : one))
  }
  if (typeof message !== 'object' || message === null) return message
  const field = chance.pick(Object.keys(message).filter((name) => name !== 'kind'))
  if (field === undefined) return message
  return { ...message, [field]: forged((message as Record<string, unknown>)[field], chance) }
}

function sizeOf(value: unknown, seen: Set<object>): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || seen.has(value)) return 1
  seen.add(value)
  const parts = value instanceof Map ? [...value.values()] : Object.values(value)
  return parts.reduce((sum: number, part) => sum + sizeOf(part, seen), 1)
}

/** Lets a fault happen, and end when its time is over. */
export function happen(world: World, fault: Fault): void {
  const { machines, schedule: time, wire: net, plan } = world
  const machine = 'node' in fault ? machines[fault.node] : undefined
  switch (fault.kind) {
    case 'crash':
      machine?.crashSoon(fault)
      break
    case 'pause':
      machine?.pause(fault.forMs)
      break
    case 'clock':
      machine?.clock.set(fault)
      break
    case 'syncFails':
      machine?.disk.failSyncs(1)
      break
    case 'full':
      machine?.disk.setFull(true)
      time.after(fault.forMs, () => machine?.disk.setFull(false))
      break
    case 'shuffle':
      shuffle(world, fault, Math.min(time.nowMs + fault.forMs, plan.safetyMs))
      break
    case 'storm':
      net.setWeather(fault.weather)
      time.after(fault.forMs, () => net.setWeather(plan.weather))
      break
    case 'partition':
      separate(world, fault, true)
      time.after(fault.forMs, () => separate(world, fault, false))
  }
}

function shuffle(world: World, fault: Extract<Fault, { kind: 'shuffle' }>, untilMs: number): void {
  const { machines, schedule: time, wire: net, chance: lot } = world
  const isOver = time.nowMs >= untilMs
  for (const from of machines) {
    for (const to of machines)
      if (from !== to) net.setCut(from.name, to.name, !isOver && lot.perMille(fault.cut))
  }
  if (!isOver) time.after(fault.everyMs, () => shuffle(world, fault, untilMs))
}

function separate(world: World, fault: Extract<Fault, { kind: 'partition' }>, isApart: boolean): void {
  const { machines, wire: net } = world
  // Twins are on both sides.
  const isIn = ({ name }: SimMachine) => {
    const sibling = machines.findIndex((one) => one.name === name.replace("'", ''))
    return fault.nodes.includes(sibling) !== name.endsWith("'")
  }
  const set = fault.clogged ? net.setClogged : net.setCut
  for (const from of machines.filter(isIn)) {
    for (const to of machines.filter((one) => !isIn(one))) {
      set(from.name, to.name, isApart)
      if (!fault.oneWay) set(to.name, from.name, isApart)
    }
  }
}

/** A transfer, sent to some node; or as many as the setup says of every account, to a node of its own. */
export function sendSome(world: World, chance: Chance): void {
  const { machines, setup, plan } = world
  if (setup.burst) {
    for (const [i, { node }] of machines.entries())
      if (node?.running)
        for (const one of manyTransfers(node, `a${i}`, setup, plan, chance))
          node.submit(one).catch(() => undefined)
    return
  }
  const node = chance.pick(machines)?.node
  if (!node?.running) return
  node.submit(someTransaction(node, setup, plan, chance)).catch(() => undefined)
}

/** What disks do to liars that their disks make liars. */
export function spoilDisks(world: World, chance: Chance): void {
  for (const { node, lie } of world.plan.liars) {
    const machine = world.machines[node]
    if (!machine) continue
    if (lie === 'wiped') machine.crash({ power: true, downMs: 1_000 })
    if (lie === 'wiped') machine.wipe()
    if (lie === 'restored') {
      for (const file of [SIGN_STATE, INPUTS]) machine.disk.copy(file)
      world.schedule.after(chance.between(500, 5_000), () => {
        machine.crash({ power: false, downMs: 100 })
        for (const file of [SIGN_STATE, INPUTS]) machine.disk.restore(file)
      })
    }
    if (lie === 'unlogged') machine.loseLog(100)
    if (lie === 'rotten') {
      machine.crash({ power: chance.perMille(500), downMs: 100 })
      machine.disk.rot(chance.pick([SIGN_STATE, INPUTS]))
    }
  }
}
