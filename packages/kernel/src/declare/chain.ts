import { amount, encode } from '@mmtchain/codec'
import { defaultSuites, type Suite, suiteRegistry } from '@mmtchain/crypto'
import {
  type Amount,
  DEFAULT_ADDRESS_PREFIX,
  isAddressPrefix,
  isChainError,
  toHex,
} from '@mmtchain/primitives'
import { CALLS_MAX, type Suites } from '@mmtchain/tx'
import type { Validator } from '../block.ts'
import { type KernelTypes, kernelModule } from '../kernel-module.ts'
import type { Engine } from '../ports.ts'
import { kernelFail } from '../refusals.ts'
import { type Genesis, makeGenesis } from './genesis.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { Module, ModuleSpec, ModuleTypes, Need } from './module.ts'

/** What a chain file chooses besides its modules. */
export interface ChainOptions {
  /** The name of the chain, for example `harbour-trade-1`: lower-case letters, digits and hyphens. */
  readonly id: string
  readonly consensus: Engine
  /** The pace of blocks; 10 s by default. */
  readonly slotMs?: number
  /** How addresses begin; `mmt` by default. */
  readonly addressPrefix?: string
  /** The signature suites that accounts and validators may use; all built-in ones by default. */
  readonly suites?: readonly Suite[]
  readonly limits?: Partial<Limits>
}

/** How one chain uses a module: what it is granted, what its commands cost here. */
export interface UseOptions<T extends ModuleTypes, G extends Grants> {
  /** Capabilities of earlier modules that this one may use, by module and name: `{ token: ['mint'] }`. */
  readonly grants?: G
  /** Fees that replace the module's own, by command. */
  readonly fees?: { readonly [C in keyof T['commands']]?: Amount }
  /** Parameters that governance may change; all others are fixed for ever. */
  readonly governable?: readonly (keyof T['params'] & string)[]
}
export interface Grants {
  readonly [module: string]: readonly string[]
}

/** A module as one chain uses it. */
export interface UsedModule {
  readonly spec: ModuleSpec
  readonly grants: Grants
  readonly fees: { readonly [command: string]: Amount }
  readonly governable: readonly string[]
}

type NameOf<T> = T extends { name: infer Name extends string } ? Name : never
type GrantsTo<G, K> = K extends keyof G ? (G[K] extends readonly (infer Name)[] ? Name : never) : never
type Offered<M, K, G> = K extends keyof M
  ? M[K] extends ModuleTypes
    ? (unknown extends M[K]['open'] ? {} : M[K]['open']) &
        (unknown extends M[K]['reads'] ? {} : M[K]['reads']) &
        Pick<M[K]['granted'], GrantsTo<G, K> & keyof M[K]['granted']>
    : never
  : never
type Wanted<N> = N extends Need<infer Open, infer Granted, infer Reads> ? Open & Granted & Reads : never
/** The capabilities that are needed and not provided, not granted, or of another shape: `token.mint`. */
type Unmet<N, M, G> = {
  [K in keyof N]: Offered<M, K, G> extends Wanted<N[K]>
    ? never
    : `${K & string}.${Unlike<Wanted<N[K]>, Offered<M, K, G>> & string}`
}[keyof N]
type Unlike<Want, Got> = {
  [P in keyof Want]: P extends keyof Got ? (Got[P] extends Want[P] ? never : P) : P
}[keyof Want]
type Ungrantable<M, G> = {
  [K in keyof G]: K extends keyof M
    ? M[K] extends ModuleTypes
      ? Exclude<GrantsTo<G, K>, keyof M[K]['granted']>
      : never
    : K
}[keyof G]

/** `unknown` when a chain of modules `M` can use a module, otherwise a type that says why not. */
export type Admitted<T extends ModuleTypes, M, G> =
  NameOf<T> extends keyof M
    ? { readonly 'this chain already uses a module named': NameOf<T> }
    : [Exclude<keyof T['needs'], keyof M>] extends [never]
      ? [Ungrantable<M, G>] extends [never]
        ? [Unmet<T['needs'], M, G>] extends [never]
          ? unknown
          : { readonly 'is not provided with, or not granted, what it needs': Unmet<T['needs'], M, G> }
        : { readonly 'cannot be granted': Ungrantable<M, G> }
      : { readonly 'first .use() the module it needs': Exclude<keyof T['needs'], keyof M> }

/** The genesis documents that a chain of modules `M` asks for. */
export type Documents<M> = {
  readonly [K in keyof M as M[K] extends ModuleTypes
    ? unknown extends M[K]['genesis']
      ? never
      : K
    : never]: M[K] extends ModuleTypes ? GivenDocument<M[K]['genesis']> : never
}

/** A genesis document as it is given: a list or set of it that is empty may be left out. */
export type GivenDocument<G> = G extends { readonly [field: string]: unknown }
  ? { readonly [F in keyof G as IsList<G[F]> extends true ? never : F]: G[F] } & {
      readonly [F in keyof G as IsList<G[F]> extends true ? F : never]?: G[F]
    }
  : G
type IsList<T> = T extends readonly unknown[] ? (number extends T['length'] ? true : false) : false

/** What a chain is made of, with the types of its modules forgotten. */
export interface ChainData {
  readonly id: string
  readonly engine: Engine
  readonly slotMs: number
  readonly addressPrefix: string
  readonly suites: Suites
  readonly limits: Limits
  readonly modules: readonly UsedModule[]
  /** Later releases of this chain, in order. */
  readonly upgrades: readonly ChainData[]
}

/** A whole alliance chain: an ordered list of modules, whose types flow to genesis, RPC and client. */
export interface Chain<M> extends ChainData {
  /** This chain with one more module, which may need those before it. */
  use<T extends ModuleTypes, const G extends Grants = {}>(
    module: Module<T> & Admitted<T, M, G>,
    options?: UseOptions<T, G>,
  ): Chain<M & { [_ in T['name']]: T }>
  /**
   * This chain with the code of a later release, so that a node can go on when governance has scheduled it. Throws
   * `kernel/BAD_CHAIN` unless `next` is a release of this chain: same id, prefix, pace, engine and suites, every module still
   * there, some module new or of a higher version or with another sandbox, whatever else changed in a module under a higher version, and no governable
   * parameter of another type.
   */
  upgrade<N>(next: Chain<N>): Chain<M>
  /** The beginning of this chain: its time, first validators, and each module's document. Throws `kernel/BAD_GENESIS`. */
  genesis(args: {
    readonly timeMs: bigint
    readonly validators: readonly Validator[]
    readonly documents: Documents<M>
  }): Genesis<M>
}

/** The types of a chain's modules: `ModulesOf<typeof chain>`. */
export type ModulesOf<C> = C extends Chain<infer M> ? M : never

/** Begins a chain. Throws `kernel/BAD_CHAIN` for options that no chain can have, and the refusals of `suiteRegistry`. */
export function defineChain(options: ChainOptions): Chain<{ kernel: KernelTypes }> {
  const {
    id,
    consensus,
    slotMs = 10_000,
    addressPrefix = DEFAULT_ADDRESS_PREFIX,
    suites: accepted = defaultSuites,
  } = options
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) {
    throw kernelFail.BAD_CHAIN({
      why: `"${id}" is no id; use up to 64 lower-case letters, digits and hyphens`,
    })
  }
  if (!isAddressPrefix(addressPrefix))
    throw kernelFail.BAD_CHAIN({ why: `"${addressPrefix}" is no prefix of 1 to 16 letters a-z` })
  if (!Number.isInteger(slotMs) || slotMs < 1 || slotMs > 3_600_000) {
    throw kernelFail.BAD_CHAIN({ why: `slotMs is ${slotMs}, not between 1 and 3,600,000` })
  }
  const suites = new Map(suiteRegistry(accepted).suites.map((suite) => [suite.code, suite]))
  const limits = { ...defaultLimits(slotMs), ...options.limits }
  const { spec } = kernelModule({ limits, suites })
  checkLimits(limits)
  const first: UsedModule = {
    spec,
    grants: named({}),
    fees: named({}),
    governable: [],
  }
  return makeChain({
    id,
    engine: consensus,
    slotMs,
    addressPrefix,
    suites,
    limits,
    modules: [first],
    upgrades: [],
  })
}

/** Throws unless a block can hold a transaction of every size that the limits allow, and a transaction a call. */
function checkLimits({ blockBytesMax, blockWeightMax, transactionBytesMax, callsMax }: Limits): void {
  const refuse = (why: string): never => {
    throw kernelFail.BAD_CHAIN({ why })
  }
  // The other half is for the header, evidence and proofs of misses.
  if (blockBytesMax < 2 * transactionBytesMax)
    refuse(`blockBytesMax is ${blockBytesMax}, under twice the transactionBytesMax of ${transactionBytesMax}`)
  if (callsMax < 1 || callsMax > CALLS_MAX) refuse(`callsMax is ${callsMax}, not between 1 and ${CALLS_MAX}`)
  if (blockWeightMax < 1n) refuse('blockWeightMax is 0, so no block could hold a transaction')
}

function makeChain<M>(data: ChainData): Chain<M> {
  return Object.freeze({
    ...data,
    use(module: { readonly spec: ModuleSpec }, options: Partial<Omit<UsedModule, 'spec'>> = {}) {
      const used: UsedModule = {
        spec: module.spec,
        grants: named(options.grants ?? {}),
        fees: named(options.fees ?? {}),
        governable: Object.freeze([...new Set(options.governable ?? [])].sort()),
      }
      checkUse(data, used)
      return makeChain<unknown>({ ...data, modules: [...data.modules, used] })
    },
    upgrade(next: ChainData) {
      checkRelease(data.upgrades.at(-1) ?? data, next)
      const later = [next, ...next.upgrades].map((release) => ({ ...release, upgrades: [] }))
      return makeChain<M>({ ...data, upgrades: [...data.upgrades, ...later] })
    },
    genesis(args: {
      timeMs: bigint
      validators: readonly Validator[]
      documents: Readonly<Record<string, unknown>>
    }) {
      return makeGenesis(this as unknown as Chain<M>, args)
    },
  }) as unknown as Chain<M>
}

/** A copy without a prototype, so that a name like `constructor` is only there when the chain file says so. */
function named<V>(given: { readonly [name: string]: V }): { readonly [name: string]: V } {
  return Object.freeze(Object.assign(Object.create(null), given))
}

/** The same rules as the types above, for chain files in plain JavaScript. */
function checkUse(
  { modules, upgrades }: Pick<ChainData, 'modules' | 'upgrades'>,
  { spec, grants, fees, governable }: UsedModule,
): void {
  const earlier = new Map(modules.map((used) => [used.spec.name, used.spec]))
  const refuse = (why: string): never => {
    throw kernelFail.BAD_CHAIN({ why })
  }
  if (upgrades.length > 0) refuse(`it uses ${spec.name} after .upgrade(…), which comes last`)
  if (earlier.has(spec.name)) refuse(`it uses two modules named ${spec.name}`)
  for (const name of Object.keys(spec.needs)) {
    if (!earlier.has(name)) refuse(`${spec.name} needs ${name}, which must be used before it`)
  }
  for (const name of Object.keys(grants)) {
    if (!earlier.get(name)?.granted) refuse(`${name} grants nothing to ${spec.name}`)
  }
  for (const name of governable) {
    if (!parameterSchema(spec, name)) refuse(`${spec.name} has no parameter ${name} to be governed`)
  }
  for (const [name, fee] of Object.entries(fees)) {
    if (!spec.commands.has(name)) refuse(`${spec.name} has no command ${name} to put a fee on`)
    try {
      encode(amount, fee)
    } catch (error) {
      if (!isChainError(error)) throw error
      refuse(`the fee of ${spec.name}.${name} is no amount`)
    }
  }
  for (const singular of ['feePolicy', 'validatorSource', 'sandbox'] as const) {
    const other = modules.find((used) => used.spec[singular])
    if (spec[singular] && other) refuse(`both ${other.spec.name} and ${spec.name} declare a ${singular}`)
  }
  for (let from = 1; from < spec.version; from++) {
    if (!spec.migrations.has(from))
      refuse(`${spec.name} is of version ${spec.version} but has no migration from ${from}`)
  }
}

/** The JSON Schema of one parameter of a module, if it has that one. */
export function parameterSchema({ params }: ModuleSpec, name: string): unknown {
  const properties = Object(params?.codec.schema.properties) as Record<string, unknown>
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

/** Throws unless `next` can follow `before` on a running chain. */
function checkRelease(before: ChainData, next: ChainData): void {
  const refuse = (why: string): never => {
    throw kernelFail.BAD_CHAIN({ why: `the release cannot follow: ${why}` })
  }
  for (const field of ['id', 'addressPrefix', 'slotMs'] as const) {
    if (before[field] !== next[field]) refuse(`${field} is ${next[field]}, not ${before[field]}`)
  }
  if (before.engine.name !== next.engine.name || toHex(before.engine.params) !== toHex(next.engine.params)) {
    refuse('it has another engine, or one with other parameters')
  }
  if ([...before.suites.keys()].join() !== [...next.suites.keys()].join()) refuse('it accepts other suites')
  // A release is named by its modules and their versions, so one with the same could never be told from the one before.
  if (versions(before) === versions(next))
    refuse('no module is new or has a higher version or another sandbox')
  for (const used of before.modules) {
    const { name, version } = used.spec
    const later = next.modules.find(({ spec }) => spec.name === name)
    if (!later) {
      refuse(`the module ${name} is gone`)
      continue
    }
    if (later.spec.version < version)
      refuse(`the module ${name} goes back from version ${version} to ${later.spec.version}`)
    if (later.spec.version === version && usage(later) !== usage(used)) {
      refuse(`parameters, fees, grants or what is governable of ${name} changed without a higher version`)
    }
    // Its value is in the state as bytes of the type that it had.
    const retyped = used.governable.find((parameter) => {
      const schemas = [used, later].map(({ spec }) => JSON.stringify(parameterSchema(spec, parameter)))
      return later.governable.includes(parameter) && schemas[0] !== schemas[1]
    })
    if (retyped !== undefined) refuse(`the governable parameter ${name}.${retyped} has another type`)
  }
}

function versions({ modules }: ChainData): string {
  return modules.map(({ spec }) => `${spec.name} ${spec.version} ${spec.sandbox}`).join()
}

/** All that a chain file says of a module, to compare. */
function usage({ spec, fees, grants, governable }: UsedModule): string {
  const params = spec.params ? toHex(encode(spec.params.codec, spec.params.value)) : ''
  const price = Object.entries(fees).map(([command, fee]) => `${command}=${fee}`)
  const granted = Object.entries(grants).map(([module, names]) => `${module}=${[...names].sort()}`)
  return [params, price.sort(), granted.sort(), governable].join(' ')
}
