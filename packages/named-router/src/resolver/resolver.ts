import type { CertifiedRows } from '@mmtchain/client'
import { decode, fromJson, type Infer, toJson } from '@mmtchain/codec'
import type { GenesisValue, Header } from '@mmtchain/kernel'
import { type Address, addressFromBytes, type Hash, isChainError } from '@mmtchain/primitives'
import { faultOfName } from '../labels.ts'
import { found } from '../names.ts'
import { nameTables } from '../nouns.ts'
import type { NameRecord } from '../records.ts'
import { createBoard, originOf } from './board.ts'
import { bodyOf, type ChainPlace, type KnownChain, kept, knowChain } from './chains.ts'
import { isPublic } from './reach.ts'
import { resolverFail } from './refusals.ts'
import { keysOf, primaryKey, rootOf, walk } from './walk.ts'

/** What `keep` gives. */
export type Kept = Infer<typeof kept>

export interface ResolverOptions {
  /** The chains whose names are resolved, by their roots. All that is trusted is their fingerprints. */
  readonly roots: { readonly [root: string]: ChainPlace & { readonly checkpoint?: Hash } }
  /**
   * How many blocks an answer may be old: behind the newest one that any node has shown, and by the clock, in slots of the chain. 10 by
   * default; `any` for chains that make blocks on demand.
   */
  readonly lagMax?: number | 'any'
  /** How long one node may take; 2,000 by default. */
  readonly timeoutMs?: number
  /** The most bytes of a resource that `get` takes; 16 MiB by default. */
  readonly bodyBytesMax?: number
  /** That records may lead into private networks, where names are set by people who are trusted; false by default. */
  readonly privatePlaces?: boolean
  /** What an earlier resolver kept, to begin with the nodes that did well. */
  readonly kept?: unknown
  /** The time; the platform's clock by default. */
  readonly nowMs?: () => number
}

/** How a name is resolved. */
export interface ResolveOptions {
  /** False takes the word of a node: fewer bytes, and nothing is checked. True by default. */
  readonly proven?: boolean
  readonly signal?: AbortSignal | undefined
}

/** What a name is. */
export interface Resolution {
  readonly name: string
  /** One that is made anew has another, and nothing of the old one. */
  readonly number: bigint
  readonly owner: Address
  readonly records: readonly NameRecord[]
  /** When the name ends unless a lease is renewed: its own, or that of a name by which it was reached. */
  readonly endsMs: bigint
  /** The chain that answered, and the form of its addresses. */
  readonly fingerprint: Hash
  readonly addressPrefix: string
  /** The block whose state this is, certified; absent when nothing was proven. */
  readonly header?: Header
  readonly id?: Hash
  /** How many blocks old it was at most, by the clock. */
  readonly lag: bigint
  /** How long a slot of the chain that answered is. */
  readonly slotMs: bigint
  /** The chains that were asked, the first one the root's. */
  readonly via: readonly Hash[]
}

/** A resource that a name led to. */
export interface Resource {
  /** Where it came from. */
  readonly url: string
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
  readonly resolution: Resolution
}

/** Resolves names of chains, believing no node. */
export interface Resolver {
  /** Throws `resolver/…`. */
  resolve(name: string, options?: ResolveOptions): Promise<Resolution>
  /** The name by which an account wants to be known, checked both ways; undefined where it has none. */
  reverse(
    account: Address,
    options: { readonly root: string; readonly signal?: AbortSignal },
  ): Promise<string | undefined>
  /** Where the resource of a name is, the best place first. Throws `resolver/NO_RECORD`, `resolver/NOT_PUBLIC`. */
  placesOf(resolution: Resolution): Promise<readonly string[]>
  /** Gets the resource of a name from the best place, or the next one where that fails. */
  get(name: string | Resolution, options?: ResolveOptions): Promise<Resource>
  /** What to keep when this one ends. */
  keep(): unknown
  /** The roots, and how long a slot of their chains is, once one of these was asked. */
  readonly roots: readonly string[]
  /** How old answers may be, in blocks. */
  readonly lagMax: number | 'any'
  /** The newest certified block of a root's chain and the time of its slots. */
  newest(root: string): Promise<{ readonly height: bigint; readonly lag: bigint; readonly slotMs: bigint }>
}

/** How many chains one name leads through. */
export const DELEGATIONS_MAX = 4
const CHAINS_MAX = 64
const LAG_MAX = 10
const TIMEOUT_MS = 2_000
const BODY_BYTES_MAX = 16 * 1024 * 1024

/** Throws `resolver/BAD_OPTIONS`. */
export function createResolver(options: ResolverOptions): Resolver {
  const {
    lagMax = LAG_MAX,
    timeoutMs = TIMEOUT_MS,
    bodyBytesMax = BODY_BYTES_MAX,
    nowMs = Date.now,
  } = options
  const roots = Object.keys(options.roots)
  for (const root of roots) {
    const why = faultOfName(root, '')
    if (why) throw resolverFail.BAD_OPTIONS({ why: `"${root}" is no root: ${why}` })
  }
  if (lagMax !== 'any' && !(Number.isInteger(lagMax) && lagMax >= 1))
    throw resolverFail.BAD_OPTIONS({ why: `lagMax is ${lagMax}, not 1 or more` })
  const board = createBoard({ nowMs })
  const before = readKept(options.kept)
  const own = new Set(
    Object.values(options.roots)
      .flatMap(({ endpoints }) => endpoints.flatMap(({ rpc, p2p }) => [rpc, p2p ?? rpc]))
      .map(originOf),
  )
  const mayVisit = (url: string) => options.privatePlaces === true || isPublic(url)
  const settings = {
    ...{ board, timeoutMs, now: () => BigInt(Math.floor(nowMs())) },
    // Nodes tell of others, and what they tell may be made up: only those that the user has named may be in private networks.
    mayReach: (url: string) => own.has(originOf(url)) || mayVisit(url),
  }
  /** The chains of the roots, which the user has named with their nodes, whoever leads there. */
  const ownPlaces = new Map(Object.values(options.roots).map((place) => [place.fingerprint, place]))
  const chains = new Map<string, KnownChain>()
  /** Who answered. */
  const answered = new WeakMap<Resolution, KnownChain>()
  /** What cannot change, for as long as the chain is known. */
  const known = new Map<Hash, GenesisValue>()

  /** Nodes that a delegation names are asked for names that it leads to, and for nobody else's. */
  function chainOf({ fingerprint, endpoints }: ChainPlace): KnownChain {
    const named = ownPlaces.get(fingerprint)
    const key = named ? fingerprint : JSON.stringify([fingerprint, endpoints])
    const found = chains.get(key)
    if (found) return found
    const earlier = named && before?.chains.find((one) => one.fingerprint === fingerprint)
    const made = knowChain(
      {
        ...{ fingerprint, endpoints: named?.endpoints ?? endpoints },
        checkpoint: earlier?.newest ?? named?.checkpoint,
        ...(earlier && { known: earlier.nodes }),
      },
      settings,
    )
    chains.set(key, made)
    for (const [oldest, { fingerprint: of }] of chains) {
      if (chains.size <= CHAINS_MAX + roots.length) break
      if (ownPlaces.has(of)) continue
      chains.delete(oldest)
      known.delete(of)
    }
    return made
  }

  /** A name in the form of the chain, its root, and what is below it. */
  function split(given: string): { name: string; root: string; below: string } {
    const name = given.toLowerCase().replace(/\.$/, '')
    const why = faultOfName(name, '')
    const root = roots
      .filter((one) => name.endsWith(`.${one}`) || name === one)
      .sort((a, b) => b.length - a.length)[0]
    if (root === undefined) {
      if (why) throw resolverFail.BAD_NAME({ name: given.slice(0, 300), why })
      throw resolverFail.UNKNOWN_ROOT({ name, known: roots })
    }
    const below = name.slice(0, -root.length - 1)
    const fault = below === '' ? 'it is a root' : faultOfName(below, root)
    if (fault) throw resolverFail.BAD_NAME({ name: given.slice(0, 300), why: fault })
    return { name, root, below }
  }

  /** How many slots ago a block was made, by the clock; the one that is under way does not count. */
  function lagOf(timeMs: bigint, slotMs: bigint): bigint {
    const lag = (settings.now() - timeMs) / (slotMs > 0n ? slotMs : 1n) - 1n
    return lag > 0n ? lag : 0n
  }

  function checkFresh(name: string, chain: KnownChain, height: bigint, clock: bigint): void {
    if (lagMax === 'any') return
    const behind = (chain.newest()?.header.height ?? height) - height
    const lag = behind > clock ? behind : clock
    if (lag > BigInt(lagMax)) throw resolverFail.STALE({ name, height, lag, max: lagMax })
  }

  /** The slot time of a chain and the form of its addresses, by its genesis; what it says of its names must fit the root. */
  async function genesisOf(chain: KnownChain, root: string | undefined, signal: AbortSignal | undefined) {
    const genesis = known.get(chain.fingerprint) ?? (await chain.genesis(signal))
    known.set(chain.fingerprint, genesis)
    const named = rootOf(genesis)
    const { fingerprint } = chain
    if (named === undefined) throw resolverFail.NO_NAMES({ fingerprint, root: '' })
    if (root !== undefined && named !== root) throw resolverFail.NO_NAMES({ fingerprint, root })
    return { slotMs: BigInt(genesis.slotMs), addressPrefix: genesis.addressPrefix }
  }

  async function resolve(given: string, { proven = true, signal }: ResolveOptions = {}): Promise<Resolution> {
    const { name, root, below } = split(given)
    let place = options.roots[root] as ChainPlace
    let [rest, wanted, ends] = [below, root as string | undefined, undefined as bigint | undefined]
    const via: Hash[] = []
    const visited = new Set<string>()
    for (;;) {
      const { fingerprint } = place
      const step = `${fingerprint} ${rest}`
      if (visited.has(step)) throw resolverFail.DELEGATION_LOOP({ name, chain: fingerprint })
      if (via.length > DELEGATIONS_MAX)
        throw resolverFail.TOO_MANY_DELEGATIONS({ name, max: DELEGATIONS_MAX })
      visited.add(step)
      via.push(fingerprint)
      const chain = chainOf(place)
      const { slotMs, addressPrefix } = await genesisOf(chain, wanted, signal)
      if (!proven) {
        const told = await ask(chain, name, rest, addressPrefix, signal)
        if (told) return from(chain, { ...told, name, fingerprint, addressPrefix, lag: 0n, slotMs, via })
      }
      let clock = 0n
      const check = (rows: CertifiedRows) => {
        clock = lagOf(rows.header.timeMs, slotMs)
        checkFresh(name, chain, rows.header.height, clock)
      }
      const { header, id, values } = await chain.rows(keysOf(rest), signal, check)
      const at = walk(rest, values, header.timeMs)
      if (!at) throw resolverFail.NOT_FOUND({ name, height: header.height })
      const endsMs = ends !== undefined && ends < at.endsMs ? ends : at.endsMs
      if (at.kind === 'found') {
        const { number, owner, records } = at
        const about = { endsMs, fingerprint, addressPrefix, header, id, lag: clock, slotMs, via }
        return from(chain, { name, number, owner, records, ...about })
      }
      const { under } = at.to
      ends = endsMs
      place = at.to
      wanted = undefined
      rest = under === '' ? at.rest : `${at.rest}.${under}`
      const fault = faultOfName(rest, '')
      if (fault) throw resolverFail.BAD_NAME({ name, why: `below its delegation ${fault}` })
    }
  }

  function from(chain: KnownChain, resolution: Resolution): Resolution {
    answered.set(resolution, chain)
    return resolution
  }

  /** What a node says of a name; undefined where it says that there is none, which may be a delegation. */
  async function ask(
    chain: KnownChain,
    name: string,
    rest: string,
    addressPrefix: string,
    signal: AbortSignal | undefined,
  ) {
    const answer = await chain.call('names_name', { name: rest }, signal)
    if (answer === null) return undefined
    try {
      const { number, owner, endsMs, records } = fromJson(found, answer, { addressPrefix })
      return { number, owner, endsMs, records }
    } catch (error) {
      const why = isChainError(error) ? error.message : String(error)
      throw resolverFail.NO_NODE({ what: name, tried: 1, why })
    }
  }

  async function placesOf(resolution: Resolution): Promise<readonly string[]> {
    const { name, records, fingerprint } = resolution
    const one = records.find(({ kind }) => kind === 'url') ?? records.find(({ kind }) => kind === 'data')
    if (one?.kind !== 'url' && one?.kind !== 'data')
      throw resolverFail.NO_RECORD({ name, kinds: ['url', 'data'] })
    const chain = answered.get(resolution) ?? chains.get(fingerprint)
    const all = await Promise.all(
      one.value.places.map(async (place) => {
        if (place.startsWith('/')) return chain ? chain.placesOf(place) : []
        return mayVisit(place) ? [place] : []
      }),
    )
    const urls = [...new Set(all.flat())]
    if (urls.length === 0) throw resolverFail.NOT_PUBLIC({ url: one.value.places[0] as string })
    return board.order(urls)
  }

  async function get(given: string | Resolution, how: ResolveOptions = {}): Promise<Resource> {
    const resolution = typeof given === 'string' ? await resolve(given, how) : given
    const urls = await placesOf(resolution)
    let last: unknown
    for (const url of urls) {
      how.signal?.throwIfAborted()
      try {
        const resource = await board.ask(url, () => fetchOnce(url, how.signal))
        return { ...resource, resolution }
      } catch (error) {
        if (how.signal?.aborted) throw how.signal.reason
        last = error
      }
    }
    if (isChainError(last)) throw last
    const why = last instanceof Error ? last.message : 'there is none'
    throw resolverFail.NO_NODE({ what: resolution.name, tried: urls.length, why })
  }

  async function fetchOnce(url: string, signal: AbortSignal | undefined) {
    const timeout = AbortSignal.timeout(timeoutMs)
    // Where a place leads on to another one is not what the owner of the name has said.
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      redirect: 'error',
    })
    if (response.status >= 500 || response.status === 429)
      throw new Error(`${url} answers with ${response.status}`)
    const body = await bodyOf(response, bodyBytesMax, url)
    const contentType = response.headers.get('content-type') ?? 'application/octet-stream'
    return { url, status: response.status, contentType, body }
  }

  return {
    ...{ resolve, placesOf, get, roots, lagMax },
    async reverse(account, { root, signal }) {
      const place = options.roots[root]
      if (!place) throw resolverFail.UNKNOWN_ROOT({ name: root, known: roots })
      const chain = chainOf(place)
      const { slotMs } = await genesisOf(chain, root, signal)
      const check = ({ header }: CertifiedRows) =>
        checkFresh(root, chain, header.height, lagOf(header.timeMs, slotMs))
      const { values } = await chain.rows([primaryKey(account)], signal, check)
      if (!values[0]) return undefined
      const primary = decode(nameTables.primaries.value, values[0])
      const name = `${primary.name}.${root}`
      try {
        const { number, records, via } = await resolve(name, { signal })
        const isOwn =
          via.length === 1 &&
          number === primary.number &&
          records.some(({ kind, value }) => kind === 'account' && value === account)
        return isOwn ? name : undefined
      } catch (error) {
        if (isChainError(error) && error.code === 'resolver/NOT_FOUND') return undefined
        throw error
      }
    },
    keep() {
      const all = Object.values(options.roots).flatMap(({ fingerprint }) => {
        const chain = chains.get(fingerprint)
        const newest = chain?.newest()?.id ?? null
        return chain ? [{ fingerprint, newest, nodes: [...chain.nodes()] }] : []
      })
      return toJson(kept, { chains: all }, ANY_PREFIX)
    },
    async newest(root) {
      const place = options.roots[root]
      if (!place) throw resolverFail.UNKNOWN_ROOT({ name: root, known: roots })
      const chain = chainOf(place)
      const { slotMs } = await genesisOf(chain, root, undefined)
      const check = ({ header }: CertifiedRows) =>
        checkFresh(root, chain, header.height, lagOf(header.timeMs, slotMs))
      const { header } = await chain.rows([primaryKey(NOBODY)], undefined, check)
      return { height: header.height, lag: lagOf(header.timeMs, slotMs), slotMs }
    },
  }
}

/** What is kept has no addresses. */
const ANY_PREFIX = { addressPrefix: 'mmt' }
const NOBODY = addressFromBytes(new Uint8Array(32))

/** What was kept, if it can be read: without it all goes on, only slower. */
function readKept(given: unknown): Kept | undefined {
  try {
    return given === undefined ? undefined : fromJson(kept, given)
  } catch (error) {
    if (isChainError(error)) return undefined
    throw error
  }
}

/** What a name holds in the form of JSON, with addresses as people of its chain know them. */
export function shownRecords({ name, owner, endsMs, records, addressPrefix }: Resolution): ShownName {
  const shown = toJson(found, { name, owner, number: 0n, endsMs, records: [...records] }, { addressPrefix })
  const { number: _, ...rest } = shown as unknown as ShownName & { readonly number: string }
  return rest
}

/** The form of JSON of a name. */
export interface ShownName {
  readonly name: string
  readonly owner: string
  readonly endsMs: string
  readonly records: readonly { readonly kind: NameRecord['kind']; readonly value: unknown }[]
}
