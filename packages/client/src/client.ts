import { decode, encode, fromJson, toJson } from '@mmtchain/codec'
import {
  type Chain,
  type ChainData,
  type GenesisData,
  listedFee,
  type ModuleTypes,
  readGenesisHead,
} from '@mmtchain/kernel'
import { type ChainError, type Hash, type Height, isChainError, hash as toHash } from '@mmtchain/primitives'
import type { Signer, Transaction, TransactionCall } from '@mmtchain/tx'
import { type EventOptions, type Events, followEvents, followHeads, type Head } from './events.ts'
import { paramsFor } from './params.ts'
import { createProver, type Proven, type ProveOptions, type Prover } from './prove.ts'
import { clientFail } from './refusals.ts'
import { type SendOptions, type Sent, sendCalls } from './send.ts'
import type { SubscribeOptions } from './subscribe.ts'
import { type Endpoint, httpTransport, type Transport } from './transport.ts'

/** How a query is asked. */
export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

/** The queries of one module. */
export type Reads<Q> = {
  readonly [N in keyof Q]: Q[N] extends { input: infer I; output: infer O }
    ? I extends null
      ? (input?: null, options?: ReadOptions) => Promise<O>
      : (input: I, options?: ReadOptions) => Promise<O>
    : never
}
/** The queries of one module, answered from rows that the node proves. */
export type Proofs<Q> = {
  readonly [N in keyof Q]: Q[N] extends { input: infer I; output: infer O }
    ? I extends null
      ? (input?: null, options?: ProveOptions) => Promise<Proven<O>>
      : (input: I, options?: ProveOptions) => Promise<Proven<O>>
    : never
}
/** The commands of one module, sent. */
export type Sends<C> = {
  readonly [N in keyof C]: (input: C[N], options?: Partial<SendOptions>) => Promise<Sent>
}
/** The commands of one module, as calls. */
export type Calls<C> = { readonly [N in keyof C]: (input: C[N]) => TransactionCall }
/** The codes of a chain's refusals, `module/KEY`. */
export type RefusalCode<M> = {
  [K in keyof M & string]: M[K] extends ModuleTypes ? `${K}/${keyof M[K]['errors'] & string}` : never
}[keyof M & string]

/** Where a chain is. */
export interface Status {
  readonly chainId: string
  readonly fingerprint: Hash
  readonly height: Height
  readonly finalisedHeight: Height
  readonly id: Hash
  readonly timeMs: bigint
}

/** A client of one chain: `client.read.token.balance({ owner })`, `client.send.token.transfer({ to, amount }, { signer })`. */
export interface Client<M> {
  /** Every query of every module. */
  readonly read: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Reads<M[K]['queries']> : never }
  /**
   * The same without trusting the node: the query runs here, over rows with proofs against a header whose seal is checked. It needs
   * `fingerprint` or `genesis`. Throws `client/NOT_PROVABLE` for a query that reads ranges of rows.
   */
  readonly prove: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Proofs<M[K]['queries']> : never }
  /** Every command of every module, sent as a transaction of its own. Throws the refusal as a ChainError. */
  readonly send: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Sends<M[K]['commands']> : never }
  /** Every command of every module as a call, to be sent together. */
  readonly call: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Calls<M[K]['commands']> : never }
  /** Every event of every module, as it comes: `for await (const { data } of client.events.token.transferred())`. See `subscribe`. */
  readonly events: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Events<M[K]['events']> : never }
  /** Sends 1 to 16 calls as one transaction, all or nothing. */
  sendAll(calls: readonly TransactionCall[], options?: Partial<SendOptions>): Promise<Sent>
  /** Blocks as they come. See `subscribe`. */
  heads(options?: SubscribeOptions): AsyncGenerator<Head, void, undefined>
  /** Blocks as they become final. */
  finalisedHeads(options?: SubscribeOptions): AsyncGenerator<Head, void, undefined>
  status(): Promise<Status>
  /** True for the refusal of that code. */
  isRefusal<Code extends RefusalCode<M>>(
    error: unknown,
    code: Code,
  ): error is ChainError & { readonly code: Code }
  /** Any method of the node, as JSON. */
  readonly request: Transport
}

export interface ClientOptions<M> extends Partial<Endpoint> {
  readonly chain: Chain<M>
  /** Another way to ask than HTTP at `url`; subscriptions use `url` all the same. */
  readonly transport?: Transport
  /** Signs where a call names no signer of its own. */
  readonly signer?: Signer
  /** The chain's fingerprint. Without it the node's word is taken, for as long as this client lives. */
  readonly fingerprint?: Hash | undefined
  /** The chain's genesis: says the fingerprint too, and spares `prove` from asking the node for it. */
  readonly genesis?: GenesisData | undefined
}

/** Connects to a node of `chain`. Nothing is sent before the first call; that one checks that the node runs this chain. */
export function createClient<M>(options: ClientOptions<M>): Client<M> {
  const { chain, url = 'http://127.0.0.1:7200', token, timeoutMs, retries } = options
  const endpoint: Endpoint = { url, token, timeoutMs, retries }
  const request = options.transport ?? httpTransport(endpoint)
  const trusted = options.genesis?.fingerprint ?? options.fingerprint
  let checked: Promise<Hash> | undefined
  let proving: Promise<Prover> | undefined

  /** The chain's fingerprint, after a first look at the node. */
  function fingerprint(): Promise<Hash> {
    checked ??= readStatus(request).then((status) => {
      if (status.chainId !== chain.id) throw clientFail.WRONG_CHAIN({ want: chain.id, got: status.chainId })
      const want = trusted ?? status.fingerprint
      if (status.fingerprint !== want) throw clientFail.WRONG_CHAIN({ want, got: status.fingerprint })
      return want
    })
    checked.catch(() => {
      checked = undefined
    })
    return checked
  }

  function prover(): Promise<Prover> {
    proving ??= trustedGenesis().then((genesis) => createProver(request, genesis))
    proving.catch(() => {
      proving = undefined
    })
    return proving
  }

  /** The genesis that was given, or the node's without its documents, of which the fingerprint covers the hashes. */
  async function trustedGenesis(): Promise<GenesisData> {
    if (options.genesis) return options.genesis
    if (!trusted) throw clientFail.NOTHING_TRUSTED({})
    const genesis = readGenesisHead(chain, await request('chain_genesisHead'))
    const got = genesis.fingerprint
    if (got !== trusted) throw clientFail.WRONG_CHAIN({ want: trusted, got })
    return genesis
  }

  async function sendAll(calls: readonly TransactionCall[], given: Partial<SendOptions> = {}): Promise<Sent> {
    const signer = given.signer ?? options.signer
    if (!signer) throw clientFail.UNKNOWN_NAME({ kind: 'signer', name: 'for this call', known: [] })
    const { signal } = given
    const governedFee = async (unsigned: Transaction) =>
      (await (await prover()).fee(unsigned, { signal })).value
    return sendCalls(request, {
      fingerprint: await fingerprint(),
      calls,
      options: { ...given, signer },
      listedFee: listedFee(chain, calls),
      ...(trusted && { governedFee }),
    })
  }

  const read = verbs(async (module, name, input, given) => {
    const query = named('query', module, name, specOf(chain, module).queries)
    await fingerprint()
    const params = paramsFor(query.input, toJson(query.input, input ?? null, chain))
    const { signal } = (given ?? {}) as ReadOptions
    const answer = await request(`${module}_${name}`, params, { signal, repeatable: true })
    return fromJson(query.output, answer, chain)
  })
  const prove = verbs(async (module, name, given, proveOptions) => {
    const { input, output } = named('query', module, name, specOf(chain, module).queries)
    const args = { module, query: name, input: decode(input, encode(input, given ?? null)) }
    const { value, ...block } = await (await prover()).query(args, (proveOptions ?? {}) as ProveOptions)
    return { value: decode(output, encode(output, value)), ...block }
  })
  const events = verbs(async function* (module, name, given) {
    const codecs = new Map(Object.entries(specOf(chain, module).events))
    const data = named('event', module, name, codecs)
    const known = { ...endpoint, fingerprint: await fingerprint() }
    yield* followEvents(known, chain, { ...(given as EventOptions), module, event: name, data })
  })
  async function* heads(topic: 'heads' | 'finalisedHeads', given: SubscribeOptions = {}) {
    const known = { ...endpoint, fingerprint: await fingerprint() }
    yield* followHeads(known, chain, { ...given, topic })
  }
  return {
    read: read as Client<M>['read'],
    prove: prove as Client<M>['prove'],
    send: verbs((module, name, input, given) =>
      sendAll([callOf(chain, module, name, input)], given as SendOptions),
    ) as Client<M>['send'],
    call: verbs((module, name, input) => callOf(chain, module, name, input)) as Client<M>['call'],
    events: events as Client<M>['events'],
    sendAll,
    heads: (given) => heads('heads', given),
    finalisedHeads: (given) => heads('finalisedHeads', given),
    status: () => readStatus(request),
    isRefusal: (error, code): error is never => isChainError(error) && error.code === code,
    request,
  }
}

function specOf(chain: ChainData, module: string): ChainData['modules'][number]['spec'] {
  const specs = new Map(chain.modules.map(({ spec }) => [spec.name, spec]))
  return named('module', undefined, module, specs)
}

function callOf(chain: ChainData, module: string, command: string, input: unknown): TransactionCall {
  const spec = named('command', module, command, specOf(chain, module).commands)
  return { module, command, input: encode(spec.input, input) }
}

/** Throws `client/UNKNOWN_NAME`. */
function named<T>(kind: string, module: string | undefined, name: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(name)
  if (found !== undefined) return found
  throw clientFail.UNKNOWN_NAME({
    kind,
    name: module === undefined ? name : `${module}.${name}`,
    known: [...all.keys()],
  })
}

async function readStatus(request: Transport): Promise<Status> {
  const status = (await request('chain_status')) as { [name: string]: string }
  return {
    chainId: String(status.chainId),
    fingerprint: toHash(String(status.fingerprint)),
    height: BigInt(status.height ?? '') as Height,
    finalisedHeight: BigInt(status.finalisedHeight ?? '') as Height,
    id: toHash(String(status.id)),
    timeMs: BigInt(status.timeMs ?? ''),
  }
}

/** Two levels of names that call one function: `verbs(run).token.transfer(input)`. */
function verbs(run: (module: string, name: string, input: unknown, options?: unknown) => unknown): object {
  const level = (get: (name: string) => unknown) => new Proxy({}, { get: (_, name) => get(String(name)) })
  return level((module) =>
    level((name) => (input: unknown, options?: unknown) => run(module, name, input, options)),
  )
}
