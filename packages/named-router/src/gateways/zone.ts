// What DNS asks of names, from the state of their chains: an authoritative zone for each root (RFC 1034, RFC 1035).
import { type ChainError, isChainError } from '@mmtchain/primitives'
import type { NameRecord } from '../records.ts'
import { bytesOfV4 } from '../resolver/reach.ts'
import type { Resolver } from '../resolver/resolver.ts'

/** One resource record as the packet library writes it. */
export type Answer =
  | {
      readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS'
      readonly name: string
      readonly ttl: number
      readonly data: string
    }
  | { readonly type: 'TXT'; readonly name: string; readonly ttl: number; readonly data: readonly string[] }
  | {
      readonly type: 'HINFO'
      readonly name: string
      readonly ttl: number
      readonly data: { readonly cpu: string; readonly os: string }
    }
  | {
      readonly type: 'SRV'
      readonly name: string
      readonly ttl: number
      readonly data: {
        readonly priority: number
        readonly weight: number
        readonly port: number
        readonly target: string
      }
    }
  | {
      readonly type: 'SOA'
      readonly name: string
      readonly ttl: number
      readonly data: {
        readonly mname: string
        readonly rname: string
        readonly serial: number
        readonly refresh: number
        readonly retry: number
        readonly expire: number
        readonly minimum: number
      }
    }

/** What is said to a question. */
export interface Reply {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
  readonly additionals: readonly Answer[]
}

export interface ZoneOptions {
  readonly resolver: Resolver
  /** What stands behind the roots in DNS, e.g. `names.example.org`; nothing by default, so that a root is a zone of its own. */
  readonly suffix?: string
  /** The names of the servers that answer for the zones; `ns` in each zone by default. */
  readonly servers?: readonly string[]
  readonly onFault?: (error: unknown) => void
}

const SERVICES = ['_http', '_https', '_mmt-rpc', '_mmt-p2p']
const REFUSED: Reply = { rcode: 'REFUSED', answers: [], authorities: [], additionals: [] }
const FAILED: Reply = { ...REFUSED, rcode: 'SERVFAIL' }
const SERIALS = 2n ** 32n
/** What a cache may keep at most, whatever the bound of staleness is. */
const TTL_MAX_S = 300

export interface Zone {
  /** Answers a question of class IN. `name` is lower-case, without the last dot. */
  reply(name: string, type: string): Promise<Reply>
}

export function createZone({ resolver, suffix = '', servers, onFault }: ZoneOptions): Zone {
  const zones = resolver.roots.map((root) => ({ root, origin: suffix === '' ? root : `${root}.${suffix}` }))

  /** For how long an answer stays within the bound of staleness, in whole seconds. */
  function ttlOf({ lag, slotMs, endsMs }: { lag: bigint; slotMs: bigint; endsMs?: bigint }): number {
    if (resolver.lagMax === 'any') return 0
    const leftMs = (BigInt(resolver.lagMax) - lag) * slotMs
    const leaseMs = endsMs === undefined ? leftMs : endsMs - BigInt(Date.now())
    const ms = leaseMs < leftMs ? leaseMs : leftMs
    return ms > 0n ? Math.min(Number(ms / 1_000n), TTL_MAX_S) : 0
  }

  async function soaOf({ root, origin }: (typeof zones)[number]): Promise<Answer> {
    const { height, ...age } = await resolver.newest(root)
    const ttl = ttlOf(age)
    const data = {
      ...{
        mname: servers?.[0] ?? `ns.${origin}`,
        rname: `hostmaster.${origin}`,
        serial: Number(height % SERIALS),
      },
      // Nobody transfers the zone; a secondary that tries asks seldom.
      ...{ refresh: 3_600, retry: 3_600, expire: 86_400, minimum: ttl },
    }
    return { type: 'SOA', name: origin, ttl, data }
  }

  async function none(zone: (typeof zones)[number], rcode: 'NOERROR' | 'NXDOMAIN'): Promise<Reply> {
    return { rcode, answers: [], authorities: [await soaOf(zone)], additionals: [] }
  }

  async function atRoot(zone: (typeof zones)[number], type: string): Promise<Reply> {
    const { origin } = zone
    const yes = (answers: readonly Answer[]): Reply => ({
      rcode: 'NOERROR',
      answers,
      authorities: [],
      additionals: [],
    })
    const soa = await soaOf(zone)
    if (type === 'SOA') return yes([soa])
    if (type === 'NS')
      return yes(
        (servers ?? [`ns.${origin}`]).map((data) => ({ type: 'NS', name: origin, ttl: soa.ttl, data })),
      )
    return none(zone, 'NOERROR')
  }

  async function below(zone: (typeof zones)[number], name: string, type: string): Promise<Reply> {
    const inZone = name.slice(0, -zone.origin.length - 1).split('.')
    const first = inZone.findIndex((label) => !label.startsWith('_'))
    const [service, labels] = first < 0 ? [inZone, []] : [inZone.slice(0, first), inZone.slice(first)]
    if (labels.length === 0) return none(zone, 'NXDOMAIN')
    const resolution = await resolver.resolve(`${labels.join('.')}.${zone.root}`)
    const base = name.slice(service.join('.').length + (service.length > 0 ? 1 : 0))
    const all = await resolver.placesOf(resolution).catch(withoutPlaces)
    const places = all.filter((url) => isHost(hostOf(url)))
    const about = { base, name, places, records: resolution.records, ttl: ttlOf(resolution) }
    const found = service.length === 0 ? hostAnswers(about, type) : serviceAnswers(about, service, type)
    if (!found) return none(zone, 'NXDOMAIN')
    if (found.answers.length === 0) return none(zone, 'NOERROR')
    return { rcode: 'NOERROR', authorities: [], ...found }
  }

  return {
    async reply(name, type) {
      const zone = zones
        .filter(({ origin }) => name === origin || name.endsWith(`.${origin}`))
        .sort((a, b) => b.origin.length - a.origin.length)[0]
      if (!zone || type === 'AXFR' || type === 'IXFR') return REFUSED
      // RFC 8482: nobody needs all there is.
      if (type === 'ANY') {
        const answer = { type: 'HINFO', name, ttl: 3_600, data: { cpu: 'RFC8482', os: '' } } as const
        return { rcode: 'NOERROR', answers: [answer], authorities: [], additionals: [] }
      }
      try {
        return name === zone.origin ? await atRoot(zone, type) : await below(zone, name, type)
      } catch (error) {
        if (!isChainError(error)) throw error
        try {
          if (['resolver/NOT_FOUND', 'resolver/BAD_NAME'].includes(error.code))
            return await none(zone, 'NXDOMAIN')
        } catch (second) {
          if (!isChainError(second)) throw second
        }
        onFault?.(error)
        return FAILED
      }
    },
  }
}

/** A name without a resource, or with one that is not for everybody, has no hosts. */
function withoutPlaces(error: ChainError): readonly string[] {
  if (error.code === 'resolver/NO_RECORD' || error.code === 'resolver/NOT_PUBLIC') return []
  throw error
}

interface About {
  /** The name whose records these are, and the name asked for. */
  readonly base: string
  readonly name: string
  readonly places: readonly string[]
  readonly records: readonly NameRecord[]
  readonly ttl: number
}
type Found = Pick<Reply, 'answers' | 'additionals'>

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
const isV4 = (host: string): boolean => bytesOfV4(host) !== undefined
const isV6 = (host: string): boolean => host.includes(':')
/** Whether a host is an address or can be a name in DNS: a longer label would be written as something else (RFC 1035, section 4.1.4). */
const isHost = (host: string): boolean =>
  isV6(host) || (host.length <= 253 && host.split('.').every((label) => /^[a-z0-9_-]{1,63}$/i.test(label)))
const distinct = <T>(all: readonly T[]): readonly T[] => [...new Set(all)]

/** A, AAAA, TXT and CNAME of a name itself. */
function hostAnswers({ name, places, records, ttl }: About, type: string): Found {
  const hosts = distinct(places.map(hostOf))
  const none = { answers: [], additionals: [] }
  // RFC 1034, section 3.6.2: beside an alias stands nothing. So a name is one when all its places have names in DNS.
  const alias = hosts.length > 0 && hosts.every((host) => !isV4(host) && !isV6(host)) ? hosts[0] : undefined
  if (alias !== undefined) return { ...none, answers: [{ type: 'CNAME', name, ttl, data: alias }] }
  if (type === 'A' || type === 'AAAA')
    return { ...none, answers: addresses({ name, ttl }, hosts).filter((one) => one.type === type) }
  if (type === 'TXT') {
    const texts = records.flatMap((one) =>
      one.kind === 'text' ? [`${one.value.key}=${one.value.value}`] : [],
    )
    return { ...none, answers: texts.map((data) => ({ type, name, ttl, data: chunks(data) })) }
  }
  return none
}

/** What stands below a name by convention: services (RFC 2782), DNSLink, and the addresses that services point to. */
function serviceAnswers(about: About, service: readonly string[], type: string): Found | undefined {
  const { base, name, places, records, ttl } = about
  const none = { answers: [], additionals: [] }
  const [first = '', second] = service
  if (first === '_dnslink' && service.length === 1) {
    const data = records.find(({ kind }) => kind === 'data')
    if (data?.kind !== 'data') return undefined
    const answer = { type: 'TXT', name, ttl, data: chunks(`dnslink=/ipfs/${data.value.cid}`) } as const
    return type === 'TXT' ? { ...none, answers: [answer] } : none
  }
  const chain = records.find(({ kind }) => kind === 'chain')
  const endpoints = (chain?.kind === 'chain' ? chain.value.endpoints : []).map(({ rpc, p2p }) => ({
    rpc: [rpc].filter((url) => isHost(hostOf(url))),
    p2p: [p2p ?? ''].filter((url) => url !== '' && isHost(hostOf(url))),
  }))
  const served: Readonly<Record<string, readonly string[]>> = {
    _http: places.filter((url) => url.startsWith('http:')),
    _https: places.filter((url) => url.startsWith('https:')),
    '_mmt-rpc': endpoints.flatMap(({ rpc }) => rpc),
    '_mmt-p2p': endpoints.flatMap(({ p2p }) => p2p),
  }
  const all = Object.values(served).flat()
  if (service.length === 1 && first === '_tcp') return all.length > 0 ? none : undefined
  if (service.length === 1) {
    const host = distinct(all.map(hostOf)).filter((one) => labelOf(one) === first)
    if (host.length === 0) return undefined
    return { ...none, answers: addresses({ name, ttl }, host).filter((one) => one.type === type) }
  }
  const urls =
    SERVICES.includes(first) && second === '_tcp' && service.length === 2 ? (served[first] ?? []) : []
  if (urls.length === 0) return undefined
  if (type !== 'SRV') return none
  const answers = urls.map((url, priority) => {
    const { port, protocol } = new URL(url)
    const host = hostOf(url)
    const target = isV4(host) || isV6(host) ? `${labelOf(host)}.${base}` : host
    const at = Number(port) || (protocol === 'https:' ? 443 : 80)
    return { type, name, ttl, data: { priority, weight: 0, port: at, target } } as const
  })
  const hosts = distinct(urls.map(hostOf))
  const additionals = hosts.flatMap((host) => addresses({ name: `${labelOf(host)}.${base}`, ttl }, [host]))
  return { answers, additionals }
}

function addresses(
  { name, ttl }: { readonly name: string; readonly ttl: number },
  hosts: readonly string[],
): readonly Answer[] {
  return hosts.flatMap((data): readonly Answer[] =>
    isV4(data) ? [{ type: 'A', name, ttl, data }] : isV6(data) ? [{ type: 'AAAA', name, ttl, data }] : [],
  )
}

/** The label under which an address stands below its name: labels of chains have no underscore, so it is nobody's name. */
function labelOf(host: string): string {
  return `_${host.replaceAll(/[.:]/g, '-')}`
}

/** Texts of DNS are strings of at most 255 bytes each. */
function chunks(text: string): readonly string[] {
  const bytes = new TextEncoder().encode(text)
  const parts: string[] = []
  for (let at = 0; at < bytes.length || parts.length === 0; at += 255)
    // One character a byte, which the packet gets back as it was.
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 255)))
  return parts
}
