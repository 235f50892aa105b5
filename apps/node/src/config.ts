import { availableParallelism } from 'node:os'
import {
  bool,
  fromJson,
  type Infer,
  type Json,
  type JsonSchema,
  list,
  option,
  struct,
  text,
  toJson,
  u16,
  u32,
} from '@mmtchain/codec'
import { MEMPOOL_LIMITS_DEFAULT } from '@mmtchain/node-runtime'
import { checkNetworkLimits, NETWORK_LIMITS_DEFAULT, networkLimits } from '@mmtchain/p2p-http'
import { isChainError } from '@mmtchain/primitives'
import { checkLimits, RPC_SETTINGS_DEFAULT, rpcSettingsFields } from '@mmtchain/rpc'
import { KEEP_HEIGHTS_DEFAULT, MEMORY_BYTES_DEFAULT, type MerkleStoreOptions } from '@mmtchain/storage-merkle'
import { LOG_LEVELS_DEFAULT, readLogLevels } from './log.ts'
import { homeFail } from './refusals.ts'

const MIB = 2 ** 20
const KEEP_HEIGHTS_MIN = 2
const MEMORY_MIB_MIN = 16
const CHECK_THREADS_MAX = 64
/** One core is for the main thread; more threads than these it cannot keep busy. */
const CHECK_THREADS_DEFAULT_MAX = 4

const names = list(text({ bytesMax: 400 }), { max: 1_000 })

const configCodec = struct({
  rpc: struct({ host: text({ bytesMax: 255 }), port: u16, ...rpcSettingsFields }),
  p2p: struct({
    port: option(u16),
    host: text({ bytesMax: 255 }),
    announce: option(text({ bytesMax: 255 })),
    peers: names,
    seeds: names,
    private: bool,
    allow: names,
    deny: names,
    tls: text({ bytesMax: 16 }),
    authority: text({ bytesMax: 4_096 }),
    certificate: text({ bytesMax: 4_096 }),
    certificateKey: text({ bytesMax: 4_096 }),
    limits: networkLimits,
  }),
  validator: option(text({ bytesMax: 64 })),
  snapshotHeights: option(u32),
  checkThreads: option(u32),
  log: text({ bytesMax: 256 }),
  store: struct({ keepHeights: option(u32), memoryMib: u32 }),
  mempool: struct({
    countMax: u32,
    bytesMax: u32,
    perSenderMax: u32,
    perSenderBytesMax: u32,
    perPayerMax: u32,
    recheckMax: u32,
  }),
})

/** How a node of a home runs, from its `config.json`. */
export type Config = Infer<typeof configCodec>

export const CONFIG_DEFAULT: Config = {
  rpc: { host: '127.0.0.1', port: 7200, ...RPC_SETTINGS_DEFAULT },
  p2p: {
    port: null,
    host: '127.0.0.1',
    announce: null,
    peers: [],
    seeds: [],
    private: false,
    allow: [],
    deny: [],
    tls: 'auto',
    authority: 'keys/authority.pem',
    certificate: 'keys/certificate.pem',
    certificateKey: 'keys/certificate.key',
    limits: NETWORK_LIMITS_DEFAULT,
  },
  validator: null,
  snapshotHeights: null,
  checkThreads: null,
  log: LOG_LEVELS_DEFAULT,
  store: { keepHeights: KEEP_HEIGHTS_DEFAULT, memoryMib: MEMORY_BYTES_DEFAULT / MIB },
  mempool: MEMPOOL_LIMITS_DEFAULT,
}

/** What the store of a home is opened with. */
export function storeOptions({
  store,
}: Config): Required<Pick<MerkleStoreOptions, 'keepHeights' | 'memoryBytes'>> {
  return { keepHeights: store.keepHeights ?? 'all', memoryBytes: store.memoryMib * MIB }
}

/** How many threads check the signatures of one of the nodes that share this machine evenly. */
export function checkThreadsFor(nodes: number): number {
  const cores = Math.floor(availableParallelism() / nodes)
  return Math.max(0, Math.min(CHECK_THREADS_DEFAULT_MAX, cores - 1))
}

/** No setting is an address. */
const ANY_PREFIX = { addressPrefix: 'mmt' }

const TLS_KINDS = ['auto', 'plain', 'pinned', 'authority']

/** What each setting means, for the schema that editors show. */
const MEANINGS: Readonly<Record<string, string>> = {
  rpc: 'JSON-RPC, /metrics, /healthz and /readyz.',
  'rpc.host': 'The address to listen at. Other machines reach the node only when this is not loopback.',
  'rpc.port': 'The port to listen at; 0 takes any free one.',
  'rpc.limits': 'What bounds callers.',
  'rpc.limits.bodyBytesMax': 'The longest body of a request, and the longest message of a WebSocket.',
  'rpc.limits.batchMax': 'The most calls of one batch.',
  'rpc.limits.nestingMax': 'How deep arrays and objects of a request may stand in each other.',
  'rpc.limits.answerBytesMax': 'The most bytes of one answer.',
  'rpc.limits.connectionsMax': 'The most connections at a time.',
  'rpc.limits.connectionsPerAddressMax': 'The most of them from one address.',
  'rpc.limits.connectionRate': 'Requests a second of one connection; twice as many may come at once.',
  'rpc.limits.addressRate': 'Requests a second of one address; twice as many may come at once.',
  'rpc.limits.addressWorkMs':
    'Milliseconds a second of the node’s own thread that queries, trials and long answers of one address may take.',
  'rpc.limits.workMs': 'The same for all addresses together.',
  'rpc.limits.trialWeightMax':
    'The most weight of a transaction that tx_simulate tries, about a microsecond each.',
  'rpc.limits.limitLoopback':
    'Whether the limits per address hold for callers on this machine, a proxy among them.',
  'rpc.limits.subscriptionsMax': 'The most subscriptions of one connection.',
  'rpc.limits.requestTimeoutMs': 'How long a request may take.',
  'rpc.limits.stallTimeoutMs': 'How long a connection may leave an answer unread before it is dropped.',
  'rpc.origins': 'Pages of these origins may call, for example "https://explorer.example"; "*" is any.',
  'rpc.hosts': 'Names under which the server is known, besides localhost and IP addresses.',
  'rpc.anonymous': 'The roles of callers without a token: read, submit, admin.',
  'rpc.tokens': 'Bearer tokens: name, SHA-256 of the token in hex, roles.',
  p2p: 'Other nodes of the chain.',
  'p2p.port': 'The port at which other nodes reach this one; null when it is to be alone.',
  'p2p.host': 'The address to listen at. Off loopback the nodes speak TLS; all nodes of a chain do it alike.',
  'p2p.announce':
    'Under which host name or address others reach this node; null to let them see for themselves.',
  'p2p.peers': 'Nodes to be always connected with: "HOST:PORT", or "NODE@HOST:PORT" to take no other there.',
  'p2p.seeds': 'Nodes to ask for others.',
  'p2p.private': 'Whether this node meets only those of peers and allow, and tells nobody of any.',
  'p2p.allow':
    'Names of nodes, addresses or networks such as "10.1.0.0/16"; where there are some, no others are met.',
  'p2p.deny': 'The same of those that are never met.',
  'p2p.tls':
    'plain; pinned: each node has a certificate of its own key; authority: of the alliance; auto: plain on loopback and pinned elsewhere.',
  'p2p.authority': 'For authority: the certificate of the alliance, PEM. Paths begin at the home.',
  'p2p.certificate': 'For authority: the certificate of this node, PEM.',
  'p2p.certificateKey': 'For authority: its private key, PEM.',
  'p2p.limits': 'What bounds other nodes.',
  'p2p.limits.inboundMax': 'The most connections that others open.',
  'p2p.limits.outboundMax': 'The most connections to nodes that this one found by itself.',
  'p2p.limits.inboundPerAddressMax': 'The most connections from one address.',
  'p2p.limits.requestsPerSecond': 'Requests a second of one address; twice as many may come at once.',
  'p2p.limits.limitLoopback': 'Whether the limits per address hold for callers on this machine, too.',
  'p2p.limits.handshakeMs': 'How long a handshake or a request may take.',
  'p2p.limits.beatMs': 'How often this node gives a sign of life.',
  'p2p.limits.silentMs': 'How long another node may give none.',
  'p2p.limits.waitingMax':
    'What of one node may wait to be handled or sent, counted in messages of the greatest length.',
  'p2p.limits.banMs': 'How long a first ban lasts; each next one is twice as long, a day at most.',
  validator:
    'The name of the key in keys/ with which this node signs blocks; null on a node that only observes.',
  snapshotHeights:
    'Every so many heights the node writes a snapshot of its state, which other nodes may restore; null for none. The newest two are kept.',
  checkThreads: `How many threads check signatures beside the node’s own, ${CHECK_THREADS_MAX} at most; null for as many as there are cores but one, up to ${CHECK_THREADS_DEFAULT_MAX}. 0 is best where other programs keep the cores busy.`,
  log: 'The level of log lines (debug, info, warn, error, silent), and of single components: "info,mempool=debug,rpc=warn". MMT_LOG overrides it.',
  store: 'The state of the chain, in data/.',
  'store.keepHeights':
    'For how many heights before the newest the state is kept, 2 at least: for proofs and queries of the past, and on a chain with forks to take blocks back. null keeps all of them: an archive.',
  'store.memoryMib': `About how much memory, in MiB, may hold rows and the state tree, ${MEMORY_MIB_MIN} at least. Blocks are fastest when all of a chain’s rows have room.`,
  mempool: 'What bounds the transactions that wait for a block.',
  'mempool.countMax': 'Waiting transactions overall.',
  'mempool.bytesMax': 'Their bytes overall.',
  'mempool.perSenderMax': 'Waiting transactions of one account.',
  'mempool.perSenderBytesMax': 'Their bytes; a single transaction may have more.',
  'mempool.perPayerMax': 'Waiting transactions for which one account pays.',
  'mempool.recheckMax': 'How many are checked again after each block.',
}

/**
 * Reads a configuration. What is absent has its default. Throws `home/BAD_CONFIG` with the path of the value that is wrong or
 * unknown; `file` is named in it.
 */
export function readConfigJson(json: unknown, file: string): Config {
  const fail = (path: string, why: string) => homeFail.BAD_CONFIG({ file, path, why: why.replace(/\.$/, '') })
  if (!isRecord(json)) throw fail('', 'the whole must be an object')
  const { $schema: _, ...given } = json
  const whole = overlay(defaultsJson(), given, '', fail)
  let config: Config
  try {
    config = fromJson(configCodec, whole)
  } catch (error) {
    if (!isChainError(error)) throw error
    const { path, want, got } = error.values as { path?: string; want?: string; got?: string }
    throw want === undefined
      ? fail(path ?? '', error.message)
      : fail(path ?? '', `wanted ${want}, got ${got}`)
  }
  try {
    readLogLevels(config.log)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw fail('log', `${error.message} ${error.hint}`)
  }
  try {
    checkLimits(config.rpc.limits)
  } catch (error) {
    if (!isChainError(error)) throw error
    const { path, why } = error.values as { path: string; why: string }
    throw fail(`rpc.${path}`, why)
  }
  if (!TLS_KINDS.includes(config.p2p.tls))
    throw fail('p2p.tls', `${config.p2p.tls} is not one of ${TLS_KINDS.join(', ')}`)
  try {
    checkNetworkLimits(config.p2p.limits)
  } catch (error) {
    if (!isChainError(error)) throw error
    const { name, why } = error.values as { name: string; why: string }
    throw fail(`p2p.${name}`, why)
  }
  if (config.snapshotHeights === 0) throw fail('snapshotHeights', '0 is less than 1')
  if (config.checkThreads !== null && config.checkThreads > CHECK_THREADS_MAX)
    throw fail('checkThreads', `${config.checkThreads} is more than ${CHECK_THREADS_MAX}`)
  const { keepHeights, memoryMib } = config.store
  if (keepHeights !== null && keepHeights < KEEP_HEIGHTS_MIN)
    throw fail('store.keepHeights', `${keepHeights} is less than ${KEEP_HEIGHTS_MIN}`)
  if (memoryMib < MEMORY_MIB_MIN) throw fail('store.memoryMib', `${memoryMib} is less than ${MEMORY_MIB_MIN}`)
  for (const [name, value] of Object.entries(config.mempool))
    if (value < 1) throw fail(`mempool.${name}`, `${value} is less than 1`)
  return config
}

function defaultsJson(): Json {
  return toJson(configCodec, CONFIG_DEFAULT, ANY_PREFIX)
}

/** The settings in `given` over the defaults. */
function overlay(
  defaults: unknown,
  given: unknown,
  path: string,
  fail: (path: string, why: string) => Error,
): Json {
  if (!isRecord(defaults) || !isRecord(given)) return given as Json
  const merged: Record<string, Json> = { ...(defaults as Record<string, Json>) }
  for (const [name, value] of Object.entries(given)) {
    const at = path === '' ? name : `${path}.${name}`
    if (!Object.hasOwn(defaults, name))
      throw fail(at, `there is no such setting; known are ${Object.keys(defaults).join(', ')}`)
    merged[name] = overlay(defaults[name], value, at, fail)
  }
  return merged
}

/** The text of a `config.json`: what its user will want to see, and what differs from the defaults. */
export function configText(config: Config): string {
  const { validator, log } = config
  const { host, port } = config.rpc
  const json = toJson(configCodec, config, ANY_PREFIX)
  const { rpc, ...others } = differing(json, defaultsJson()) as { readonly rpc?: object }
  return pretty({
    $schema: './config.schema.json',
    rpc: { host, port, ...rpc },
    validator,
    log,
    ...others,
  })
}

/** What of a value is not as the defaults have it. */
function differing(value: Json, defaults: unknown): Json {
  if (!isRecord(value) || !isRecord(defaults)) return value
  const changed = Object.entries(value as Record<string, Json>).filter(
    ([name, one]) => JSON.stringify(one) !== JSON.stringify(defaults[name]),
  )
  return Object.fromEntries(changed.map(([name, one]) => [name, differing(one, defaults[name])]))
}

/** The text of the schema beside it. */
export function configSchemaText(): string {
  const described = describe(configCodec.schema, defaultsJson(), '')
  const properties = { $schema: { type: 'string' }, ...(described.properties as object) }
  return pretty({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The configuration of a node',
    ...described,
    properties,
  })
}

/** A schema with meanings and defaults, in which nothing is required. */
function describe(schema: JsonSchema, value: Json, path: string): Record<string, unknown> {
  const { required: _, properties, ...rest } = schema as Record<string, unknown>
  const meaning = MEANINGS[path]
  const own = { ...(meaning !== undefined && { description: meaning }), ...rest }
  if (!isRecord(properties)) return { ...own, default: value }
  const inner = Object.entries(properties).map(([name, property]) => [
    name,
    describe(
      property as JsonSchema,
      (value as Record<string, Json>)[name] as Json,
      path === '' ? name : `${path}.${name}`,
    ),
  ])
  return { ...own, properties: Object.fromEntries(inner) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
