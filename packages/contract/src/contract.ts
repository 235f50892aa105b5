import { type Codec, unit } from '@mmtchain/codec'
import type { Cell, Codecs, Emitters, Range, Refusals, Table, Tables } from '@mmtchain/kernel'
import type { Address, Amount, Failures } from '@mmtchain/primitives'
import type { Remote } from './remote.ts'

/** What a contract keeps, says and refuses. Keys of errors are UPPER_CASE; each is `contract/KEY` on the chain. */
export interface Nouns<S, V, R> {
  readonly state?: S
  readonly events?: V
  readonly errors?: R
}

/** Rows of a contract's state. */
export interface Rows<K, V, Absent> {
  get(key: K): V | Absent
  has(key: K): boolean
  set(key: K, value: V): void
  delete(key: K): void
  /** Ascending by key, read in pages: what is written meanwhile may be met. */
  entries(range?: Omit<Range<K>, 'reverse'>): IterableIterator<readonly [K, V]>
}
export type State<S> = {
  readonly [N in keyof S]: S[N] extends Cell<infer V, infer A>
    ? { get(): V | A; set(value: V): void }
    : S[N] extends Table<infer K, infer V, infer A>
      ? Rows<K, V, A>
      : never
}

/** The types of one contract, gathered as it is declared. */
export interface ContractTypes {
  state: object
  events: object
  errors: object
  init: unknown
  methods: object
  queries: object
}

/** What a query sees. Whatever writes is refused in it with `contracts/READ_ONLY`. */
export interface Reading<T extends ContractTypes> {
  readonly state: State<T['state']>
  readonly fail: Failures<T['errors']>
  /** The contract's own account. */
  readonly self: Address
  /** Who calls: an account, or another contract. In a query, nobody that means anything. */
  readonly sender: Address
  readonly block: { readonly height: bigint; readonly timeMs: bigint }
  balance(owner: Address): Amount
  /** Calls a method of another contract. Throws what it refuses, with the code of the refusal as `code`. Gas 0 or none is all but a 64th of what is left. */
  call<I, O>(
    contract: Address,
    method: Remote<I, O>,
    input: NoInfer<I>,
    given?: { readonly amount?: bigint; readonly gas?: bigint },
  ): O
  /** Uses what the chain file offers of another module. */
  use<I, O>(capability: Remote<I, O>, input: NoInfer<I>): O
}

/** What a method sees. */
export interface Writing<T extends ContractTypes> extends Reading<T> {
  /** What the caller has paid to this contract with the call; it is on its account already. */
  readonly amount: Amount
  readonly emit: Emitters<T['events']>
  /** Pays from the contract's own account. Nothing is done for an amount of 0. */
  pay(to: Address, amount: Amount): void
}

/** One method or query with its types forgotten. */
export interface MethodSpec {
  readonly name: string
  readonly input: Codec<unknown>
  readonly output: Codec<unknown>
  readonly run: (ctx: never, input: never) => unknown
}

/** A contract's declaration as data. `init` and `migrate` are among the methods. */
export interface ContractSpec {
  readonly state: Tables
  readonly events: Codecs
  readonly errors: Refusals
  readonly methods: readonly MethodSpec[]
  readonly queries: readonly MethodSpec[]
}

/** A contract. Each verb returns a new one. */
export interface Contract<T extends ContractTypes> {
  readonly spec: ContractSpec
  /** Runs once, when the contract is made. A contract without it takes no input then. */
  init<I>(input: Codec<I>, run: (ctx: Writing<T>, input: I) => void): Contract<T & { init: I }>
  /** Runs when a contract is upgraded to this code, if the admin says so. Nobody calls it otherwise. */
  migrate<I>(input: Codec<I>, run: (ctx: Writing<T>, input: I) => void): Contract<T & { migrate: I }>
  method<const N extends string, I>(
    name: N,
    input: Codec<I>,
    run: (ctx: Writing<T>, input: I) => void,
  ): Contract<T & { methods: { [_ in N]: { input: I; output: null } } }>
  method<const N extends string, I, O>(
    name: N,
    input: Codec<I>,
    output: Codec<O>,
    run: (ctx: Writing<T>, input: I) => NoInfer<O>,
  ): Contract<T & { methods: { [_ in N]: { input: I; output: O } } }>
  query<const N extends string, I, O>(
    name: N,
    input: Codec<I>,
    output: Codec<O>,
    run: (ctx: Reading<T>, input: I) => NoInfer<O>,
  ): Contract<T & { queries: { [_ in N]: { input: I; output: O } } }>
}

/** The types that a contract has gathered. */
export type TypesOfContract<Built> = Built extends Contract<infer T extends ContractTypes> ? T : never

/** Declares a contract: what it keeps, says and refuses here, what it does as methods of the result. */
export function defineContract<S extends Tables = {}, V extends Codecs = {}, R extends Refusals = {}>(
  nouns: Nouns<S, V, R> = {},
): Contract<{ state: S; events: V; errors: R; init: unknown; methods: {}; queries: {} }> {
  const { state = {}, events = {}, errors = {} } = nouns
  return build({ ...{ state, events, errors }, methods: [], queries: [] })
}

function build<T extends ContractTypes>(spec: ContractSpec): Contract<T> {
  const added = (kind: 'methods' | 'queries', one: MethodSpec) => {
    const taken = [...spec.methods, ...spec.queries].some(({ name }) => name === one.name)
    if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(one.name) || taken)
      throw new Error(`"${one.name}" is no free name of a method: use up to 32 letters and digits, each once`)
    return build<never>({ ...spec, [kind]: [...spec[kind], one] })
  }
  const methodOf = (name: string, input: Codec<unknown>, rest: readonly unknown[]): MethodSpec => {
    const run = rest.at(-1) as MethodSpec['run']
    if (rest.length > 1) return { name, input, output: rest[0] as Codec<unknown>, run }
    // What such a method gives is nobody's: it ends in nothing.
    return { name, input, output: unit, run: (ctx, given) => nothing(run(ctx, given)) }
  }
  const verbs = {
    spec,
    init: (input: Codec<unknown>, run: MethodSpec['run']) => added('methods', methodOf('init', input, [run])),
    migrate: (input: Codec<unknown>, run: MethodSpec['run']) =>
      added('methods', methodOf('migrate', input, [run])),
    method: (name: string, input: Codec<unknown>, ...rest: readonly unknown[]) =>
      added('methods', methodOf(name, input, rest)),
    query: (name: string, input: Codec<unknown>, output: Codec<unknown>, run: MethodSpec['run']) =>
      added('queries', { name, input, output, run }),
  }
  return Object.freeze(verbs) as unknown as Contract<T>
}

/** What a method gives that declares no result. */
const nothing = (_: unknown): null => null
