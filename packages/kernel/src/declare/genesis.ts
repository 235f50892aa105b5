import {
  amount,
  bytes,
  type Codec,
  codecFromSchema,
  decode,
  encode,
  fromJson,
  hash,
  type Infer,
  type JsonSchema,
  list,
  map,
  option,
  set,
  struct,
  text,
  toJson,
  u8,
  u16,
  u32,
  u64,
} from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import { type Amount, type Hash, hashToBytes, isChainError, hash as toHash } from '@mmtchain/primitives'
import { parentSeed, type Validator, type ValidatorSet, validator, ZERO_HASH } from '../block.ts'
import { kernelFail } from '../refusals.ts'
import { type Chain, type ChainData, parameterSchema, type UsedModule } from './chain.ts'
import type { ModuleSpec } from './module.ts'

const name = text({ bytesMax: 32 })

const genesisModule = struct({
  name,
  version: u32,
  params: bytes({ bytesMax: 65_536 }),
  governable: set(name, { max: 64 }),
  fees: map(name, amount, { max: 256 }),
  grants: map(name, set(name, { max: 64 }), { max: 64 }),
})

/** All that a chain's identity depends on (formats.md, section 13). */
export const genesisCodec = struct({
  version: u16,
  chainId: text({ bytesMax: 64 }),
  addressPrefix: text({ bytesMax: 16 }),
  timeMs: u64,
  slotMs: u32,
  engine: struct({ name, params: bytes({ bytesMax: 65_536 }) }),
  suites: set(u8, { max: 16 }),
  modules: list(genesisModule, { max: 256 }),
  documents: list(struct({ module: name, document: bytes({ bytesMax: 67_108_864 }) }), { max: 256 }),
  validators: list(validator, { max: 1024 }),
})
export type GenesisValue = Infer<typeof genesisCodec>

/** What must be equal on all nodes at a height: versions, governable parameters, the sandbox. */
export const protocolCodec = struct({
  modules: list(
    struct({ name, version: u32, governed: map(name, bytes({ bytesMax: 65_536 }), { max: 64 }) }),
    { max: 256 },
  ),
  sandbox: option(hash),
})

const GENESIS_TAG = tag('mmt/genesis/1')
const PROTOCOL_TAG = tag('mmt/protocol/1')

/** A chain with its beginning: what nodes start from and what gives the chain its fingerprint. */
export interface GenesisData {
  readonly chain: ChainData
  readonly value: GenesisValue
  /** The documents by module, decoded. */
  readonly documents: ReadonlyMap<string, unknown>
  readonly fingerprint: Hash
  readonly protocolHash: Hash
  /** The set that rules epochs 0 and 1. */
  readonly validators: ValidatorSet
}
/** The same, with the types of the chain's modules. */
export interface Genesis<M> extends GenesisData {
  readonly chain: Chain<M>
}

/** The identity of a chain, for ever. */
export function genesisFingerprint(value: GenesisValue): Hash {
  return toHash(hashTagged(GENESIS_TAG, encode(genesisCodec, value)))
}

/** See `Chain.genesis`. */
export function makeGenesis<M>(
  chain: Chain<M>,
  args: {
    readonly timeMs: bigint
    readonly validators: readonly Validator[]
    readonly documents: Readonly<Record<string, unknown>>
  },
): Genesis<M> {
  const documents = new Map<string, unknown>()
  const encoded: { module: string; document: Uint8Array }[] = []
  for (const { spec } of chain.modules) {
    if (!spec.genesis) continue
    const given = Object.hasOwn(args.documents, spec.name) ? args.documents[spec.name] : undefined
    if (given === undefined) throw kernelFail.BAD_GENESIS({ module: spec.name, why: 'it is missing.' })
    const codec = spec.genesis.document
    const bytes = refusedBy(spec.name, () => encode(codec, withEmptyLists(codec, given)))
    encoded.push({ module: spec.name, document: bytes })
    // As the bytes have it, with sets and maps in their order, so that the same fingerprint begins with the same block.
    documents.set(spec.name, decode(codec, bytes))
  }
  const stray = Object.keys(args.documents).find((module) => !documents.has(module))
  if (stray !== undefined)
    throw kernelFail.BAD_GENESIS({ module: stray, why: 'the chain has no such module, or it takes none.' })
  checkValidators(chain, args.validators)
  const value: GenesisValue = {
    version: 1,
    chainId: chain.id,
    addressPrefix: chain.addressPrefix,
    timeMs: args.timeMs,
    slotMs: chain.slotMs,
    engine: { name: chain.engine.name, params: chain.engine.params },
    suites: [...chain.suites.keys()],
    modules: chain.modules.map(({ spec, fees, grants, governable }) => ({
      name: spec.name,
      version: spec.version,
      params: spec.params ? encode(spec.params.codec, spec.params.value) : new Uint8Array(),
      governable,
      fees: new Map<string, Amount>(Object.entries(fees)),
      grants: new Map(Object.entries(grants).map(([module, names]) => [module, [...names]])),
    })),
    documents: encoded,
    validators: args.validators,
  }
  const fingerprint = refusedBy('the chain', () => genesisFingerprint(value))
  return Object.freeze({
    chain,
    value,
    documents,
    fingerprint,
    protocolHash: protocolHashOf(fingerprint, chain, ({ spec, governable }) =>
      governable.map((name) => [name, parameterBytes(spec, name)]),
    ),
    validators: {
      epoch: 0n,
      epochStartTurn: 1n,
      seed: parentSeed(fingerprint, ZERO_HASH),
      validators: args.validators,
    },
  })
}

/** A document with the lists and sets that were left out, so that one says only what there is. */
function withEmptyLists({ schema }: Codec<unknown>, document: unknown): unknown {
  if (schema['x-bcs'] !== 'struct' || typeof document !== 'object') return document
  const fields = Object.entries(Object(schema.properties) as Record<string, JsonSchema>)
  const empty = fields.filter(([, field]) => field['x-bcs'] === 'list' || field['x-bcs'] === 'set')
  return { ...Object.fromEntries(empty.map(([name]) => [name, []])), ...document }
}

/** Throws unless blocks can be made: at least one validator, each once, with a key of an accepted suite. */
function checkValidators({ suites }: ChainData, validators: readonly Validator[]): void {
  const refuse = (why: string): never => {
    throw kernelFail.BAD_GENESIS({ module: 'the chain', why })
  }
  if (validators.length === 0) refuse('it names no validator.')
  if (new Set(validators.map(({ address }) => address)).size < validators.length)
    refuse('a validator appears twice.')
  for (const { address, key } of validators) {
    if (!suites.get(key.suite)?.isPublicKey(key.key))
      refuse(`the consensus key of ${address} is no key of a suite that this chain accepts.`)
  }
}

/** The protocol hash of a release, with the values that `governed` gives for each module's governable parameters (formats.md, 13.3). */
export function protocolHashOf(
  fingerprint: Hash,
  release: ChainData,
  governed: (used: UsedModule) => readonly (readonly [string, Uint8Array])[],
): Hash {
  const modules = release.modules.map((used) => ({
    name: used.spec.name,
    version: used.spec.version,
    governed: new Map(governed(used)),
  }))
  return toHash(
    hashTagged(PROTOCOL_TAG, hashToBytes(fingerprint), encode(protocolCodec, { modules, sandbox: null })),
  )
}

/** The name of a release in upgrades: its protocol hash with nothing governed, so that it is known beforehand. */
export function releaseHash(fingerprint: Hash, release: ChainData): Hash {
  return protocolHashOf(fingerprint, release, () => [])
}

/** The BCS of a parameter as the chain file has it. */
export function parameterBytes({ params, ...spec }: ModuleSpec, name: string): Uint8Array {
  const values = Object(params?.value) as Record<string, unknown>
  return encode(codecFromSchema(parameterSchema({ params, ...spec }, name)), values[name])
}

/** The form of a genesis in a file: parameters and documents readable, the fingerprint beside them. */
export function writeGenesis({ chain, value, documents, fingerprint }: GenesisData): Record<string, unknown> {
  const context = { addressPrefix: chain.addressPrefix }
  const plain = toJson(genesisCodec, value, context) as Record<string, unknown>
  const modules = chain.modules.map(({ spec }, i) => ({
    ...(plain.modules as Record<string, unknown>[])[i],
    params: spec.params ? toJson(spec.params.codec, spec.params.value, context) : null,
  }))
  const readable = chain.modules.flatMap(({ spec }) =>
    spec.genesis ? [[spec.name, toJson(spec.genesis.document, documents.get(spec.name), context)]] : [],
  )
  return { fingerprint, ...plain, modules, documents: Object.fromEntries(readable) }
}

/**
 * Reads a genesis file for a chain. Throws `kernel/BAD_GENESIS` for a damaged one and `kernel/GENESIS_MISMATCH`, naming the
 * field, for one that was built from another chain file.
 */
export function readGenesis<M>(chain: Chain<M>, json: unknown): Genesis<M> {
  const context = { addressPrefix: chain.addressPrefix }
  const given = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const prefix = given.addressPrefix
  if (prefix !== chain.addressPrefix) {
    throw kernelFail.GENESIS_MISMATCH({
      field: 'addressPrefix',
      want: chain.addressPrefix,
      got: String(prefix),
    })
  }
  const documents: [string, unknown][] = []
  for (const [module, document] of Object.entries(Object(given.documents) as Record<string, unknown>)) {
    const codec = chain.modules.find(({ spec }) => spec.name === module)?.spec.genesis?.document
    if (codec) documents.push([module, refusedBy(module, () => fromJson(codec, document, context))])
  }
  const { timeMs, validators } = refusedBy('the chain', () =>
    fromJson(
      struct({ timeMs: u64, validators: list(validator, { max: 1024 }) }),
      { timeMs: given.timeMs, validators: given.validators },
      context,
    ),
  )
  const genesis = makeGenesis(chain, { timeMs, validators, documents: Object.fromEntries(documents) })
  const { fingerprint, ...wanted } = writeGenesis(genesis)
  // The fingerprint covers all the rest, so that it comes last: the others say what is wrong.
  for (const [field, want] of Object.entries({ ...wanted, fingerprint })) {
    // What the documents say was read from the file; left to compare is whose they are.
    const isNames = field === 'documents'
    const got = isNames ? Object.keys(Object(given[field])).sort() : given[field]
    const found = firstDifference(field, isNames ? Object.keys(Object(want)).sort() : want, got)
    if (found) throw kernelFail.GENESIS_MISMATCH(found)
  }
  return genesis
}

/** Where two JSON values differ first, as a path. The members of an object may come in any order (formats.md, 3.4). */
function firstDifference(
  field: string,
  want: unknown,
  got: unknown,
): { readonly field: string; readonly want: string; readonly got: string } | undefined {
  if (isNested(want) && isNested(got) && Array.isArray(want) === Array.isArray(got)) {
    for (const name of new Set([...Object.keys(want), ...Object.keys(got)])) {
      const found = firstDifference(`${field}.${name}`, want[name], got[name])
      if (found) return found
    }
    return undefined
  }
  return want === got ? undefined : { field, want: excerpt(want), got: excerpt(got) }
}

function isNested(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null
}

function excerpt(json: unknown): string {
  const text = JSON.stringify(json) ?? 'missing'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function refusedBy<T>(module: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isChainError(error)) throw error
    throw kernelFail.BAD_GENESIS({ module, why: error.message })
  }
}
