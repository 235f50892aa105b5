import type { Chance } from './chance.ts'
import { chance } from './chance.ts'
import type { Weather } from './wire.ts'

/** How a validator lies. All but the last two keep no rule of signing. */
export type Lie =
  /** The same node runs twice with one key. */
  | 'twins'
  /** Tells some of the others nothing. */
  | 'selective'
  /** Keeps its proposals to itself, or to some. */
  | 'withheld'
  /** Builds blocks that are not valid. */
  | 'invalid'
  /** Builds blocks at the edge of what is timely, and beyond. */
  | 'edge'
  /** Forgets what it has said, now and then. */
  | 'amnesia'
  /** Sends old messages again. */
  | 'stale'
  /** Puts other names, blocks and signatures into what it sends. */
  | 'forger'
  /** Its disk loses all. */
  | 'wiped'
  /** Its sign state and log of inputs are put back to an old copy. */
  | 'restored'
  /** Bits of its files turn. It keeps to the rules, as far as it can know them. */
  | 'rotten'
  /** Its log of inputs is gone now and then; what it signed stays. It keeps to the rules, as far as it can know them. */
  | 'unlogged'

export const LIES: readonly [Lie, ...Lie[]] = [
  'twins',
  'selective',
  'withheld',
  'invalid',
  'edge',
  'amnesia',
  'stale',
  'forger',
  'wiped',
  'restored',
  'rotten',
  'unlogged',
]

export interface Liar {
  readonly node: number
  readonly lie: Lie
}

/** Something that goes wrong, or comes in order again, at a time of the safety phase. Nodes are numbered as they stand in the plan. */
export type Fault =
  /** The process ends when it reaches the disk or the network for the `reaches`-th time, and starts again later. */
  | {
      readonly kind: 'crash'
      readonly atMs: number
      readonly node: number
      readonly reaches: number
      /** The machine loses its power with it: unsynced writes may be lost or torn. */
      readonly power: boolean
      readonly downMs: number
    }
  | { readonly kind: 'pause'; readonly atMs: number; readonly node: number; readonly forMs: number }
  | {
      readonly kind: 'clock'
      readonly atMs: number
      readonly node: number
      readonly offMs: number
      readonly driftPpm: number
    }
  /** Messages from some nodes to others are lost, or held back with `clogged`; both ways unless `oneWay`. */
  | {
      readonly kind: 'partition'
      readonly atMs: number
      readonly forMs: number
      readonly nodes: readonly number[]
      readonly oneWay: boolean
      readonly clogged: boolean
    }
  /** Every so often some ways, each direction by itself, are cut and the others free: so many of a thousand. */
  | {
      readonly kind: 'shuffle'
      readonly atMs: number
      readonly forMs: number
      readonly everyMs: number
      readonly cut: number
    }
  | { readonly kind: 'storm'; readonly atMs: number; readonly forMs: number; readonly weather: Weather }
  | { readonly kind: 'syncFails'; readonly atMs: number; readonly node: number }
  | { readonly kind: 'full'; readonly atMs: number; readonly node: number; readonly forMs: number }

/** All that decides a run. */
export interface Plan {
  readonly seed: number
  readonly validators: number
  readonly observers: number
  readonly slotMs: number
  /** How long things go wrong. */
  readonly safetyMs: number
  /** How long a sync may take. */
  readonly syncMs: number
  readonly suite: 'mac' | 'secp256k1'
  /** The time between two transactions; 0 for none. */
  readonly loadMs: number
  readonly weather: Weather
  readonly liars: readonly Liar[]
  readonly faults: readonly Fault[]
}

/** What a caller fixes of a plan; the seed decides the rest. */
export interface PlanOptions {
  readonly validators?: number | undefined
  readonly minutes?: number | undefined
  /** Nothing but crashes, many of them, in a calm network of four honest validators. */
  readonly crashes?: boolean | undefined
}

export const CALM: Weather = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 }
const SLOT_MS = 1_000
const MINUTE_MS = 60_000
/** Real signatures in so many of a thousand seeds: they are slow, and beside the point. */
const REAL_SUITE = 10

/** The plan of a seed. */
export function planOf(seed: number, options: PlanOptions = {}): Plan {
  if (options.crashes) return crashesOf(seed, options)
  const lot = chance(`plan/${seed}`)
  const validators = options.validators ?? lot.pick([4, 4, 4, 4, 4, 1, 2, 3, 5, 6, 7, 7, 10])
  const safetyMs = Math.round((options.minutes ?? lot.pick([0.5, 1, 1, 1.5])) * MINUTE_MS)
  const liars = liarsOf(lot.fork('liars'), validators)
  const nodes = validators + lot.pick([0, 0, 1])
  return {
    seed,
    validators,
    observers: nodes - validators,
    slotMs: SLOT_MS,
    safetyMs,
    syncMs: lot.pick([0, 0, 5, 30]),
    suite: lot.perMille(REAL_SUITE) ? 'secp256k1' : 'mac',
    loadMs: lot.pick([0, 500, 2_000]),
    weather: weatherOf(lot.fork('weather')),
    liars,
    faults: faultsOf(lot.fork('faults'), { nodes, safetyMs }),
  }
}

function crashesOf(seed: number, { validators = 4, minutes = 0.5 }: PlanOptions): Plan {
  const lot = chance(`crashes/${seed}`)
  const safetyMs = Math.round(minutes * MINUTE_MS)
  const [everyMs, reachesMax] = [lot.pick([300, 700, 1_500]), lot.pick([4, 12, 30])]
  const faults = Array.from({ length: Math.floor(safetyMs / everyMs) }, (_, i): Fault => {
    const [atMs, node] = [i * everyMs + lot.below(everyMs), lot.below(validators)]
    const downMs = lot.pick([1, 1, 50, 300, 1_500])
    return {
      ...{ kind: 'crash', atMs, node, downMs },
      power: lot.perMille(700),
      reaches: lot.between(1, reachesMax),
    }
  })
  return {
    ...{ seed, validators, observers: 0, slotMs: SLOT_MS, safetyMs, suite: 'mac', faults },
    liars: validators > 3 && lot.perMille(300) ? [{ node: lot.below(validators), lie: 'unlogged' }] : [],
    syncMs: lot.pick([0, 5, 30]),
    loadMs: lot.pick([0, 500]),
    weather: { ...CALM, delayMs: [1, lot.pick([5, 30, 300])], lost: lot.pick([0, 0, 100]) },
  }
}

/** At most f of them, each with another lie or the same. */
function liarsOf(lot: Chance, validators: number): readonly Liar[] {
  const most = Math.floor((validators - 1) / 3)
  const count = lot.perMille(700) ? lot.between(Math.min(1, most), most) : 0
  return lot
    .shuffle(Array.from({ length: validators }, (_, node) => node))
    .slice(0, count)
    .map((node) => ({ node, lie: lot.perMille(350) ? 'twins' : lot.pick(LIES) }))
}

function weatherOf(lot: Chance): Weather {
  return {
    delayMs: [1, lot.pick([5, 30, 100, 300])],
    lost: lot.pick([0, 0, 10, 50, 150]),
    doubled: lot.pick([0, 20, 100]),
    late: lot.pick([0, 20, 100]),
    lateMs: lot.pick([500, 2_000, 8_000]),
    replayed: lot.pick([0, 10, 50]),
  }
}

function faultsOf(
  lot: Chance,
  { nodes, safetyMs }: { readonly nodes: number; readonly safetyMs: number },
): readonly Fault[] {
  // Some runs have few faults, so that one shows alone what it does.
  const everyMs = lot.pick([2_000, 4_000, 8_000, 30_000])
  const count = Math.ceil(safetyMs / everyMs)
  const kinds = [
    'crash',
    'crash',
    'crash',
    'pause',
    'clock',
    'partition',
    'partition',
    'storm',
    'syncFails',
    'full',
  ] as const
  const used = lot.shuffle([...new Set(kinds)]).slice(0, lot.between(1, 7))
  const offered = kinds.filter((kind) => used.includes(kind))
  const faults = Array.from({ length: count }, () =>
    faultOf(lot, { kind: lot.pick(offered) as Fault['kind'], nodes, atMs: lot.below(safetyMs) }),
  )
  if (lot.perMille(500)) faults.push(...shuffles(lot, safetyMs))
  return faults.sort((a, b) => a.atMs - b.atMs)
}

/** Ways that come and go within rounds: what finds a lock that is missing. */
function shuffles(lot: Chance, safetyMs: number): readonly Fault[] {
  const everyMs = lot.pick([15, 40, 100, 300, 1_000])
  const cut = lot.pick([200, 350, 500])
  return Array.from({ length: lot.between(1, 3) }, () => ({
    ...({
      kind: 'shuffle',
      atMs: lot.below(safetyMs),
      forMs: lot.between(5_000, 30_000),
      everyMs,
      cut,
    } as const),
  }))
}

function faultOf(
  lot: Chance,
  { kind, nodes, atMs }: { readonly kind: Fault['kind']; readonly nodes: number; readonly atMs: number },
): Fault {
  const node = lot.below(nodes)
  const forMs = lot.pick([200, 1_000, 3_000, 10_000])
  switch (kind) {
    case 'crash':
      return {
        ...{ kind, atMs, node, power: lot.perMille(600) },
        reaches: lot.between(1, 40),
        downMs: lot.pick([1, 100, 1_000, 5_000, 20_000]),
      }
    case 'pause':
      return { kind, atMs, node, forMs }
    case 'clock':
      return {
        ...{ kind, atMs, node },
        offMs: lot.pick([-60_000, -3_000, -500, -100, 0, 100, 500, 3_000, 20_000]),
        driftPpm: lot.pick([-500, 0, 0, 500, 20_000]),
      }
    case 'partition':
      return {
        ...{ kind, atMs, forMs: lot.pick([500, 3_000, 10_000, 20_000]) },
        nodes: lot
          .shuffle(Array.from({ length: nodes }, (_, i) => i))
          .slice(0, lot.between(1, Math.max(1, nodes - 1))),
        oneWay: lot.perMille(400),
        clogged: lot.perMille(300),
      }
    case 'shuffle':
      return { kind, atMs, forMs, everyMs: 100, cut: 350 }
    case 'storm':
      return { kind, atMs, forMs, weather: { ...weatherOf(lot), lost: lot.pick([200, 500, 800]) } }
    case 'syncFails':
      return { kind, atMs, node }
    case 'full':
      return { kind, atMs, node, forMs }
  }
}
