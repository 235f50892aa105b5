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

const beginning = { timeMs: u64, validators: list(validator, { max: 1024 }) }
const declared = {
  version: u16,
  chainId: text({ bytesMax: 64 }),
  addressPrefix: text({ bytesMax: 16 }),
  timeMs: beginning.timeMs,
  slotMs: u32,
  engine: struct({ name, params: bytes({ bytesMax: 65_536 }) }),
  suites: set(u8, { max: 16 }),
  modules: list(genesisModule, { max: 256 }),
}
/** A document by its hash: it may be large, and only block 0 is made of it. */
const documents = list(struct({ module: name, bytes: u32, hash }), { max: 256 })
/** The most bytes of one. */
const DOCUMENT_BYTES_MAX = 64 * 1024 * 1024

/** All that a chain's identity depends on (formats.md, section 13). */
export const genesisCodec = struct({ ...declared, documents, validators: beginning.validators })
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
const DOCUMENT_TAG = tag('mmt/document/1')
const PROTOCOL_TAG = tag('mmt/protocol/1')

/** A chain with its beginning: what nodes start from and what gives the chain its fingerprint. */
export interface GenesisData {
  readonly chain: ChainData
  readonly value: GenesisValue
  /** The document of a module, decoded anew each time: who makes block 0 of it need not hold it afterwards. */
  document(module: string): unknown
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
  const documents: { readonly module: string; readonly document: Uint8Array }[] = []
  for (const { spec } of chain.modules) {
    if (!spec.genesis) continue
    const given = Object.hasOwn(args.documents, spec.name) ? args.documents[spec.name] : undefined
    if (given === undefined) throw kernelFail.BAD_GENESIS({ module: spec.name, why: 'it is missing.' })
    const codec = spec.genesis.document
    const document = refusedBy(spec.name, () => encode(codec, withEmptyLists(codec, given)))
    if (document.length > DOCUMENT_BYTES_MAX)
      throw kernelFail.BAD_GENESIS({
        module: spec.name,
        why: `its document has ${document.length} bytes, more than ${DOCUMENT_BYTES_MAX}.`,
      })
    documents.push({ module: spec.name, document })
  }
  const stray = Object.keys(args.documents).find((name) => !documents.some(({ module }) => module === name))
  if (stray !== undefined)
    throw kernelFail.BAD_GENESIS({ module: stray, why: 'the chain has no such module, or it takes none.' })
  const refs = documents.map(({ module, document }) => ({
    module,
    bytes: document.length,
    hash: toHash(hashTagged(DOCUMENT_TAG, document)),
  }))
  const value = valueFor(chain, { ...args, documents: refs })
  return Object.freeze({
    value,
    // From the bytes, with sets and maps in their order, so that the same fingerprint begins with the same block.
    document(name: string) {
      const codec = chain.modules.find(({ spec }) => spec.name === name)?.spec.genesis?.document
      const found = documents.find(({ module }) => module === name)
      return codec && found && decode(codec, found.document)
    },
    ...begun(chain, value),
  })
}

/** Throws unless blocks can be made under these validators. */
function valueFor(
  chain: ChainData,
  { timeMs, documents, validators }: Pick<GenesisValue, 'timeMs' | 'documents' | 'validators'>,
): GenesisValue {
  checkValidators(chain, validators)
  return {
    version: 1,
    chainId: chain.id,
    addressPrefix: chain.addressPrefix,
    timeMs,
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
    documents,
    validators,
  }
}

/** What follows from a genesis. */
function begun<C extends ChainData>(chain: C, value: GenesisValue) {
  const { validators } = value
  const fingerprint = refusedBy('the chain', () => genesisFingerprint(value))
  return {
    chain,
    fingerprint,
    protocolHash: protocolHashOf(fingerprint, chain, ({ spec, governable }) =>
      governable.map((name) => [name, parameterBytes(spec, name)]),
    ),
    validators: { epoch: 0n, epochStartTurn: 1n, seed: parentSeed(fingerprint, ZERO_HASH), validators },
  }
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
  const sandbox = release.modules.find(({ spec }) => spec.sandbox !== undefined)?.spec.sandbox ?? null
  return toHash(
    hashTagged(PROTOCOL_TAG, hashToBytes(fingerprint), encode(protocolCodec, { modules, sandbox })),
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
export function writeGenesis(genesis: GenesisData): Record<string, unknown> {
  const { chain } = genesis
  const documents = chain.modules.flatMap(({ spec }) =>
    spec.genesis ? [[spec.name, toJson(spec.genesis.document, genesis.document(spec.name), chain)]] : [],
  )
  return { ...writeGenesisHead(genesis), documents: Object.fromEntries(documents) }
}

/** The same with the hashes of the documents in their place: what is left stays small, and still makes the fingerprint. */
export function writeGenesisHead({ chain, value, fingerprint }: GenesisData): Record<string, unknown> {
  return { fingerprint, ...writeValue(chain, value) }
}

function writeValue(chain: ChainData, value: GenesisValue): Record<string, unknown> {
  const plain = toJson(genesisCodec, value, chain) as Record<string, unknown>
  const modules = chain.modules.map(({ spec }, i) => ({
    ...(plain.modules as Record<string, unknown>[])[i],
    params: spec.params ? toJson(spec.params.codec, spec.params.value, chain) : null,
  }))
  return { ...plain, modules }
}

/**
 * Reads a genesis file for a chain. Throws `kernel/BAD_GENESIS` for a damaged one and `kernel/GENESIS_MISMATCH`, naming the
 * field, for one that was built from another chain file.
 */
export function readGenesis<M>(chain: Chain<M>, json: unknown): Genesis<M> {
  const given = membersOf(json)
  checkPrefix(chain, given)
  const documents: [string, unknown][] = []
  for (const [module, document] of Object.entries(membersOf(given.documents))) {
    const codec = chain.modules.find(({ spec }) => spec.name === module)?.spec.genesis?.document
    if (codec) documents.push([module, refusedBy(module, () => fromJson(codec, document, chain))])
  }
  const genesis = makeGenesis(chain, {
    ...readMembers(chain, given, beginning),
    documents: Object.fromEntries(documents),
  })
  const { documents: _, validators, ...head } = writeValue(chain, genesis.value)
  // What the documents say was read from the file; left to compare is whose they are.
  const names = (of: unknown) => Object.keys(membersOf(of)).sort()
  // The fingerprint covers all the rest, so that it comes last: the others say what is wrong.
  checkMembers(
    {
      ...head,
      documents: names(Object.fromEntries(documents)),
      validators,
      fingerprint: genesis.fingerprint,
    },
    { ...given, documents: names(given.documents) },
  )
  return genesis
}

/**
 * Reads what `writeGenesisHead` wrote. `document` reads one from where they lie; without it there is none, which does for all but block
 * 0. Throws as `readGenesis` does.
 */
export function readGenesisHead<C extends ChainData>(
  chain: C,
  json: unknown,
  document: (module: string) => unknown = refuseDocument,
): GenesisData & { readonly chain: C } {
  const given = membersOf(json)
  checkPrefix(chain, given)
  const value = valueFor(chain, readMembers(chain, given, { ...beginning, documents }))
  const genesis = Object.freeze({ value, document, ...begun(chain, value) })
  const { fingerprint } = genesis
  checkMembers({ ...writeValue(chain, value), fingerprint }, given)
  return genesis
}

function refuseDocument(module: string): never {
  throw new Error(`the genesis was read without its documents, and somebody asks for that of ${module}`)
}

function membersOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
}

function checkPrefix({ addressPrefix: want }: ChainData, given: Readonly<Record<string, unknown>>): void {
  const got = given.addressPrefix
  if (got !== want) throw kernelFail.GENESIS_MISMATCH({ field: 'addressPrefix', want, got: String(got) })
}

/** Some members of a genesis file. Throws `kernel/BAD_GENESIS`. */
function readMembers<const F extends Readonly<Record<string, Codec<unknown>>>>(
  { addressPrefix }: ChainData,
  given: Readonly<Record<string, unknown>>,
  fields: F,
) {
  const some = Object.fromEntries(Object.keys(fields).map((name) => [name, given[name]]))
  return refusedBy('the chain', () => fromJson(struct(fields), some, { addressPrefix }))
}

/** Throws `kernel/GENESIS_MISMATCH` for the first member that is not as it must be. */
function checkMembers(
  wanted: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): void {
  for (const [field, want] of Object.entries(wanted)) {
    const found = firstDifference(field, want, given[field])
    if (found) throw kernelFail.GENESIS_MISMATCH(found)
  }
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
