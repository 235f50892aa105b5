import { encode, fromJson, toJson } from '@mmtchain/codec'
import type { Chain, ChainData, ModuleTypes } from '@mmtchain/kernel'
import { type Hash, type Height, hash as toHash } from '@mmtchain/primitives'
import type { Signer, TransactionCall } from '@mmtchain/tx'
import { clientFail } from './refusals.ts'
import { type SendOptions, type Sent, sendCalls } from './send.ts'
import { httpTransport, type Transport } from './transport.ts'

/** The queries of one module. */
export type Reads<Q> = {
  readonly [N in keyof Q]: Q[N] extends { input: infer I; output: infer O }
    ? I extends null
      ? () => Promise<O>
      : (input: I) => Promise<O>
    : never
}
/** The commands of one module, sent. */
export type Sends<C> = {
  readonly [N in keyof C]: (input: C[N], options?: Partial<SendOptions>) => Promise<Sent>
}
/** The commands of one module, as calls. */
export type Calls<C> = { readonly [N in keyof C]: (input: C[N]) => TransactionCall }

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
  /** Every command of every module, sent as a transaction of its own. Throws the refusal as a ChainError. */
  readonly send: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Sends<M[K]['commands']> : never }
  /** Every command of every module as a call, to be sent together. */
  readonly call: { readonly [K in keyof M]: M[K] extends ModuleTypes ? Calls<M[K]['commands']> : never }
  /** Sends 1 to 16 calls as one transaction, all or nothing. */
  sendAll(calls: readonly TransactionCall[], options?: Partial<SendOptions>): Promise<Sent>
  status(): Promise<Status>
  /** Any method of the node, as JSON. */
  readonly request: Transport
}

export interface ClientOptions<M> {
  readonly chain: Chain<M>
  readonly url?: string
  readonly transport?: Transport
  /** Signs where a call names no signer of its own. */
  readonly signer?: Signer
  /** The chain's fingerprint. Without it the node's word is taken, for as long as this client lives. */
  readonly fingerprint?: Hash
}

/** Connects to a node of `chain`. Nothing is sent before the first call; that one checks that the node runs this chain. */
export function createClient<M>(options: ClientOptions<M>): Client<M> {
  const { chain } = options
  const request = options.transport ?? httpTransport({ url: options.url ?? 'http://127.0.0.1:7200' })
  let checked: Promise<Hash> | undefined

  /** The chain's fingerprint, after a first look at the node. */
  function fingerprint(): Promise<Hash> {
    checked ??= readStatus(request).then((status) => {
      if (status.chainId !== chain.id) throw clientFail.WRONG_CHAIN({ want: chain.id, got: status.chainId })
      const want = options.fingerprint ?? status.fingerprint
      if (status.fingerprint !== want) throw clientFail.WRONG_CHAIN({ want, got: status.fingerprint })
      return want
    })
    checked.catch(() => {
      checked = undefined
    })
    return checked
  }

  async function sendAll(calls: readonly TransactionCall[], given: Partial<SendOptions> = {}): Promise<Sent> {
    const signer = given.signer ?? options.signer
    if (!signer) throw clientFail.UNKNOWN_NAME({ kind: 'signer', name: 'for this call', known: [] })
    return sendCalls(request, { fingerprint: await fingerprint(), calls, options: { ...given, signer } })
  }

  const read = verbs(async (module, name, input) => {
    const query = specOf(chain, module).queries.get(name)
    if (!query)
      throw clientFail.UNKNOWN_NAME({
        kind: 'query',
        name: `${module}.${name}`,
        known: [...specOf(chain, module).queries.keys()],
      })
    await fingerprint()
    const params = toJson(query.input, input ?? null, chain)
    return fromJson(query.output, await request(`${module}_${name}`, Object(params)), chain)
  })
  return {
    read: read as Client<M>['read'],
    send: verbs((module, name, input, given) =>
      sendAll([callOf(chain, module, name, input)], given as SendOptions),
    ) as Client<M>['send'],
    call: verbs((module, name, input) => callOf(chain, module, name, input)) as Client<M>['call'],
    sendAll,
    status: () => readStatus(request),
    request,
  }
}

function specOf(chain: ChainData, module: string): ChainData['modules'][number]['spec'] {
  const found = chain.modules.find(({ spec }) => spec.name === module)
  if (!found)
    throw clientFail.UNKNOWN_NAME({
      kind: 'module',
      name: module,
      known: chain.modules.map(({ spec }) => spec.name),
    })
  return found.spec
}

function callOf(chain: ChainData, module: string, command: string, input: unknown): TransactionCall {
  const { commands } = specOf(chain, module)
  const spec = commands.get(command)
  if (!spec)
    throw clientFail.UNKNOWN_NAME({
      kind: 'command',
      name: `${module}.${command}`,
      known: [...commands.keys()],
    })
  return { module, command, input: encode(spec.input, input) }
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
