import { amount, type Codec, encode, type Infer, u64 } from '@mmtchain/codec'
import {
  type Address,
  type Amount,
  type Failures,
  type Hash,
  isChainError,
  type Refusal,
} from '@mmtchain/primitives'
import type { BlockContext, ChainContext, ValidatorSet } from '../ports.ts'
import { kernelFail } from '../refusals.ts'
import type { Readers, Tables, Writers } from './tables.ts'

// 1. Nouns: what a module owns, says, refuses and needs.

/**
 * A capability asked of an earlier module: the shapes that this module calls, and nothing more. `Open` is what any
 * command may call; `Granted` is what the chain file grants this module by name, in commands and hooks alike; `Reads` is what
 * every handler may ask, queries and invariants too.
 */
export interface Need<Open extends object, Granted extends object, Reads extends object> {
  readonly open?: Open
  readonly granted?: Granted
  readonly reads?: Reads
}

export interface Codecs {
  readonly [name: string]: Codec<unknown>
}
export interface Refusals {
  readonly [key: string]: Refusal<never>
}
export interface Needs {
  readonly [module: string]: Need<object, object, object>
}

export interface Nouns<P, S, V, R, N> {
  /** Raised by one whenever the layout of state or the meaning of a command changes; `migrate` lifts the state. 1 by default. */
  readonly version?: number
  /** Choices made in the chain file, hashed into the fingerprint. */
  readonly params?: { readonly codec: Codec<P>; readonly value: P }
  readonly state?: S
  readonly events?: V
  readonly errors?: R
  readonly needs?: N
  /** The hash of the sandbox in which the module runs code of others, part of `protocolHash`. At most one module of a chain has one. */
  readonly sandbox?: Hash
}

/** The types of one module, gathered as it is declared; chain, client and tests read them. */
export interface ModuleTypes {
  name: string
  params: unknown
  tables: object
  events: object
  errors: object
  needs: object
  genesis: unknown
  commands: object
  queries: object
  open: unknown
  granted: unknown
  reads: unknown
}

// 2. Contexts: all that a handler can see, hence all that a block can depend on.

export type Emitters<V> = { readonly [E in keyof V]: (data: Infer<V[E]>) => undefined }
export type OpenOf<N> = N extends Need<infer Open, infer _, infer __> ? Open : never
export type GrantedOf<N> = N extends Need<infer _, infer Granted, infer __> ? Granted : never
export type ReadsOf<N> = N extends Need<infer _, infer __, infer Reads> ? Reads : never

/** What queries and invariants see. */
export interface Read<T extends ModuleTypes> {
  readonly params: T['params']
  readonly state: Readers<T['tables']>
  /** The only clock and the only randomness: equal on every node. */
  readonly block: BlockContext
  readonly chain: ChainContext
  /** The account of this module itself, to which no key belongs: whatever it holds for others lies there. */
  readonly self: Address
  readonly needs: { readonly [K in keyof T['needs']]: ReadsOf<T['needs'][K]> }
}

/** What hooks, genesis and migrations see: state to write, events, refusals, and the granted capabilities. */
export interface Write<T extends ModuleTypes> extends Omit<Read<T>, 'state' | 'needs'> {
  readonly state: Writers<T['tables']>
  readonly emit: Emitters<T['events']>
  readonly fail: Failures<T['errors']>
  readonly needs: { readonly [K in keyof T['needs']]: GrantedOf<T['needs'][K]> & ReadsOf<T['needs'][K]> }
}

/** The call that is being executed: one of its transaction's 1 to 16. */
export interface Call {
  readonly sender: Address
  readonly module: string
  readonly command: string
}

/** A call before it runs, with its input as decoded: a rule on amounts reads it. */
export interface PendingCall extends Call {
  readonly input: unknown
}

/** What commands see: a write context, the call, and the open capabilities, which act for the sender alone. */
export type CommandContext<T extends ModuleTypes> = Write<T> &
  Call & {
    /**
     * Gives a part of the transaction's fee back to its payer, for work that was paid for in advance and not done. It is given back
     * also when the call is refused, which nothing else of a refused call is.
     */
    refund(value: Amount): undefined
    readonly needs: {
      readonly [K in keyof T['needs']]: OpenOf<T['needs'][K]> &
        GrantedOf<T['needs'][K]> &
        ReadsOf<T['needs'][K]>
    }
  }

/** How a module charges for transactions. At most one module of a chain has a fee policy. */
export interface FeePolicy<T extends ModuleTypes> {
  /** What a command costs that declares no fee, constant or from the parameters in force. */
  readonly commandFee: Amount | ((params: T['params']) => Amount)
  /** Takes the fee before the calls run. If it refuses, the transaction may not be in a block. */
  reserve(ctx: Write<T>, transaction: Charged): undefined
  /** Gives the reserved fee its place after the calls ran, also when they were refused. `refund`, a part of it, goes back to the payer. */
  settle(
    ctx: Write<T>,
    transaction: Charged,
    outcome: { readonly ok: boolean; readonly weightUsed: bigint; readonly refund: Amount },
  ): undefined
}

/** What a fee policy knows of a transaction. */
export interface Charged {
  readonly payer: Address
  readonly sender: Address
  readonly fee: Amount
  readonly weightMax: bigint
  readonly calls: readonly { readonly module: string; readonly command: string; readonly input: unknown }[]
}

export interface CommandOptions<I, P = unknown> {
  /** About one microsecond each on the reference machine, constant or from the input; what blocks are limited by. 50 by default. */
  readonly weight?: bigint | ((input: I) => bigint)
  /**
   * In the smallest unit of the chain's token, constant or from the input and the parameters in force; the fee policy's
   * `commandFee` by default.
   */
  readonly fee?: Amount | ((input: I, params: P) => Amount)
  /**
   * What of the fee comes back when the transaction ended before this command had its turn: the price of work that is paid in advance.
   * Nothing by default. What a command that ran did not do, it gives back by `ctx.refund`.
   */
  readonly unused?: (input: I, params: P) => Amount
}

// 3. Verbs: each returns a new, frozen module. Handlers return `undefined`, so an `async` one does not compile: a block
//    runs to completion, and what was checked stays true on the next line.

export interface Module<T extends ModuleTypes> {
  readonly name: T['name']
  /** The declaration as plain data, for the kernel and for tools. */
  readonly spec: ModuleSpec

  genesis<G>(document: Codec<G>, load: (ctx: Write<T>, document: G) => undefined): Module<T & { genesis: G }>
  command<const N extends string, I>(
    name: N,
    input: Codec<I>,
    run: (ctx: CommandContext<T>, input: I) => undefined,
  ): Module<T & { commands: { [_ in N]: I } }>
  command<const N extends string, I>(
    name: N,
    input: Codec<I>,
    options: CommandOptions<NoInfer<I>, T['params']>,
    run: (ctx: CommandContext<T>, input: I) => undefined,
  ): Module<T & { commands: { [_ in N]: I } }>
  query<const N extends string, I, O>(
    name: N,
    input: Codec<I>,
    output: Codec<O>,
    run: (ctx: Read<T>, input: I) => NoInfer<O>,
  ): Module<T & { queries: { [_ in N]: { input: I; output: O } } }>
  /**
   * What later modules may call: `open` in any command, for its sender; `granted` by those that the chain file grants it to;
   * `reads` by all, in queries and invariants too.
   */
  provides<Open extends object = {}, Granted extends object = {}, Reads extends object = {}>(api: {
    readonly open?: (ctx: CommandContext<T>) => Open
    readonly granted?: (ctx: Write<T>) => Granted
    readonly reads?: (ctx: Read<T>) => Reads
  }): Module<T & { open: Open; granted: Granted; reads: Reads }>
  /** Runs before every command of the chain, in the order of use; throw `ctx.fail.KEY(…)` to refuse. It never moves money. */
  beforeCommand(check: (ctx: Write<T>, call: PendingCall) => undefined): Module<T>
  feePolicy(policy: FeePolicy<T>): Module<T>
  validatorSource(next: (ctx: Read<T>) => ValidatorSet): Module<T>
  beginBlock(run: (ctx: Write<T>) => undefined): Module<T>
  endBlock(run: (ctx: Write<T>) => undefined): Module<T>
  /** A sentence that holds after every block. */
  invariant(sentence: string, holds: (ctx: Read<T>) => boolean): Module<T>
  /** Lifts the state's layout from version `from` to `from + 1`. */
  migrate(from: number, run: (ctx: Write<T>) => undefined): Module<T>
}

/** The types that a module has gathered: `TypesOf<typeof myModule>`. */
export type TypesOf<Built> = Built extends Module<infer T extends ModuleTypes> ? T : never
/** What a helper of a module's handlers takes: `(ctx: WriteOf<ReturnType<typeof nouns>>, …)`. */
export type WriteOf<Built> = Write<TypesOf<Built>>

// 4. The same declaration as data.

/** A handler with its types forgotten. */
export type Handler = (ctx: never, input: never) => unknown

/** A module's declaration with its types forgotten: what the kernel executes. */
export interface ModuleSpec {
  readonly name: string
  readonly version: number
  readonly params: { readonly codec: Codec<unknown>; readonly value: unknown } | undefined
  readonly state: Tables
  readonly events: Codecs
  readonly errors: Refusals
  readonly needs: Needs
  readonly sandbox: Hash | undefined
  readonly genesis: { readonly document: Codec<unknown>; readonly load: Handler } | undefined
  readonly commands: ReadonlyMap<string, CommandSpec>
  readonly queries: ReadonlyMap<string, QuerySpec>
  readonly open: Handler | undefined
  readonly granted: Handler | undefined
  readonly reads: Handler | undefined
  readonly beforeCommand: readonly Handler[]
  readonly feePolicy: FeePolicy<never> | undefined
  readonly validatorSource: Handler | undefined
  readonly beginBlock: readonly Handler[]
  readonly endBlock: readonly Handler[]
  readonly invariants: readonly { readonly sentence: string; readonly holds: Handler }[]
  readonly migrations: ReadonlyMap<number, Handler>
}
export interface CommandSpec {
  readonly input: Codec<unknown>
  readonly weight: bigint | ((input: never) => bigint)
  readonly fee: Amount | ((input: never, params: never) => Amount) | undefined
  readonly unused: ((input: never, params: never) => Amount) | undefined
  readonly run: Handler
}
export interface QuerySpec {
  readonly input: Codec<unknown>
  readonly output: Codec<unknown>
  readonly run: Handler
}

/** The weight of a command that declares none. */
export const COMMAND_WEIGHT_DEFAULT = 50n

/** Declares a module: its name and nouns here, its verbs as methods of the result. Throws `kernel/BAD_MODULE`. */
export function defineModule<
  const Name extends string,
  P = undefined,
  S extends Tables = {},
  V extends Codecs = {},
  R extends Refusals = {},
  N extends Needs = {},
>(
  name: Name,
  nouns: Nouns<P, S, V, R, N> = {},
): Module<{
  name: Name
  params: P
  tables: S
  events: V
  errors: R
  needs: N
  genesis: unknown
  commands: {}
  queries: {}
  open: unknown
  granted: unknown
  reads: unknown
}> {
  for (const [what, names] of Object.entries({
    module: { [name]: 0 },
    table: nouns.state ?? {},
    event: nouns.events ?? {},
  })) {
    for (const given of Object.keys(names)) checkName(what, given)
  }
  for (const key of Object.keys(nouns.errors ?? {})) {
    if (!/^[A-Z][A-Z0-9_]{0,47}$/.test(key))
      throw kernelFail.BAD_MODULE({ module: name, why: `"${key}" is no key of an error` })
  }
  const { version = 1, params: given } = nouns
  if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff)
    throw kernelFail.BAD_MODULE({ module: name, why: `its version ${version} is not a whole number from 1` })
  if (given) fits(name, 'its parameters do not fit their codec', () => encode(given.codec, given.value))
  return build({
    name,
    version,
    params: given as ModuleSpec['params'],
    state: nouns.state ?? {},
    events: nouns.events ?? {},
    errors: nouns.errors ?? {},
    needs: nouns.needs ?? {},
    sandbox: nouns.sandbox,
    genesis: undefined,
    commands: new Map(),
    queries: new Map(),
    open: undefined,
    granted: undefined,
    reads: undefined,
    beforeCommand: [],
    feePolicy: undefined,
    validatorSource: undefined,
    beginBlock: [],
    endBlock: [],
    invariants: [],
    migrations: new Map(),
  })

  function checkName(what: string, given: string) {
    if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(given)) {
      throw kernelFail.BAD_MODULE({ module: name, why: `"${given}" is no name of a ${what}` })
    }
  }
}

/** The module's parameters: their codec, and the value that the chain file chose. */
export function params<P>(
  codec: Codec<P>,
  value: NoInfer<P>,
): { readonly codec: Codec<P>; readonly value: P } {
  return { codec, value }
}

/**
 * A need of another module's capabilities, by their shape: `need<Payments>()`, `need<{}, Minting>()` for granted ones,
 * `need<{}, {}, Balances>()` for what is only read.
 */
export function need<
  Open extends object = {},
  Granted extends object = {},
  Reads extends object = {},
>(): Need<Open, Granted, Reads> {
  return {}
}

/** Runs a check of a declaration and turns its refusal into `kernel/BAD_MODULE`. */
function fits(module: string, what: string, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    if (!isChainError(error)) throw error
    throw kernelFail.BAD_MODULE({ module, why: `${what}: ${error.message.replace(/\.$/, '')}` })
  }
}

function build<T extends ModuleTypes>(spec: ModuleSpec): Module<T> {
  const next = (change: Partial<ModuleSpec>) => build<never>({ ...spec, ...change })
  const once = (what: keyof ModuleSpec) => {
    if (spec[what] !== undefined)
      throw kernelFail.BAD_MODULE({ module: spec.name, why: `${what} is declared twice` })
  }
  const added = <V>(map: ReadonlyMap<string, V>, name: string, value: V) => {
    if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(name) || map.has(name)) {
      throw kernelFail.BAD_MODULE({
        module: spec.name,
        why: `"${name}" is no free name for a command or query`,
      })
    }
    return new Map([...map, [name, value]])
  }
  const verbs = {
    name: spec.name,
    spec,
    genesis(document: Codec<unknown>, load: Handler) {
      once('genesis')
      return next({ genesis: { document, load } })
    },
    command(name: string, input: Codec<unknown>, ...rest: readonly unknown[]) {
      const options = (rest.length > 1 ? rest[0] : {}) as CommandOptions<never, never>
      const run = rest.at(-1) as Handler
      const { weight = COMMAND_WEIGHT_DEFAULT, fee, unused } = options
      if (typeof weight !== 'function') fits(spec.name, `the weight of ${name}`, () => encode(u64, weight))
      if (fee !== undefined && typeof fee !== 'function')
        fits(spec.name, `the fee of ${name}`, () => encode(amount, fee))
      const command = { input, weight, fee, unused, run }
      return next({ commands: added(spec.commands, name, command) })
    },
    query: (name: string, input: Codec<unknown>, output: Codec<unknown>, run: Handler) =>
      next({ queries: added(spec.queries, name, { input, output, run }) }),
    provides(api: { open?: Handler; granted?: Handler; reads?: Handler }) {
      once('open')
      once('granted')
      once('reads')
      return next({ open: api.open, granted: api.granted, reads: api.reads })
    },
    beforeCommand: (check: Handler) => next({ beforeCommand: [...spec.beforeCommand, check] }),
    feePolicy(policy: FeePolicy<never>) {
      once('feePolicy')
      return next({ feePolicy: policy })
    },
    validatorSource(source: Handler) {
      once('validatorSource')
      return next({ validatorSource: source })
    },
    beginBlock: (run: Handler) => next({ beginBlock: [...spec.beginBlock, run] }),
    endBlock: (run: Handler) => next({ endBlock: [...spec.endBlock, run] }),
    invariant: (sentence: string, holds: Handler) =>
      next({ invariants: [...spec.invariants, { sentence, holds }] }),
    migrate(from: number, run: Handler) {
      if (!Number.isInteger(from) || from < 0 || from >= spec.version) {
        const why = `a migration from version ${from} never runs, as it is of version ${spec.version}`
        throw kernelFail.BAD_MODULE({ module: spec.name, why })
      }
      if (spec.migrations.has(from))
        throw kernelFail.BAD_MODULE({ module: spec.name, why: `two migrations from version ${from}` })
      return next({ migrations: new Map([...spec.migrations, [from, run]]) })
    },
  }
  return Object.freeze(verbs) as unknown as Module<T>
}
