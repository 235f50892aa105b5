import { randomBytes } from 'node:crypto'
import type { Membership, Network, NetworkMember, PeerId } from '@mmtchain/kernel'
import { type ChainError, height, toHex } from '@mmtchain/primitives'
import {
  groupOf,
  isLoopback,
  isWildcard,
  type NodeAddress,
  nodeList,
  placeText,
  readAddress,
  readTold,
} from './address.ts'
import { type Book, openBook } from './book.ts'
import { createChannel, type Tls } from './channel.ts'
import { type Format, framesOf, kindOf } from './frames.ts'
import { type Greeting, nodeKey } from './handshake.ts'
import { CLOSE, type Link, type LinkOwner, openLink } from './link.ts'
import { createNetworkMetrics } from './metrics.ts'
import { bestOf, clockOffsetOf, type NetworkReport, type PeerView, reportOf, viewPeers } from './observe.ts'
import { NODES_MAX, type NodeView } from './reads.ts'
import { p2pFail } from './refusals.ts'
import { type Seeker, startSeeker } from './seeker.ts'
import { type P2pServer, serve } from './server.ts'
import { checkNetworkLimits, NETWORK_LIMITS_DEFAULT, type NetworkLimits } from './settings.ts'
import { createStanding, type Offence } from './standing.ts'
import { type Candidate, createStreams, type Opened } from './stream.ts'

/** Structured logging, one line an event; pino's loggers fit. */
export interface NetworkLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface HttpNetworkOptions {
  /** The secret of this node's own key, 32 bytes. Its public half in hex is the name by which others know the node. */
  readonly nodeSecret: Uint8Array
  /** The release of the program, as others are told it. */
  readonly version: string
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Under which host others reach this node; without it they take the address from which it calls. */
  readonly announce?: string | undefined
  /** Nodes to be always connected with: `HOST:PORT`, or `NODE@HOST:PORT` to have no other there. */
  readonly peers?: readonly string[]
  /** Nodes to ask for others. */
  readonly seeds?: readonly string[]
  /** Tells nobody of other nodes, asks nobody for them, and connects only with `peers` and nodes of `allow`. */
  readonly isPrivate?: boolean
  /** Names of nodes, IP addresses or networks. With `allow` no others are met; none of `deny` are. */
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  /** Plain on loopback and `pinned` elsewhere when absent. */
  readonly tls?: Tls | undefined
  /** Sends and takes JSON alone; for those who want to read along. */
  readonly isJsonOnly?: boolean
  readonly limits?: Partial<NetworkLimits>
  /** Where addresses of other nodes outlast the process. */
  readonly savedPeers?: {
    read(): Promise<string | undefined>
    write(text: string): Promise<void>
  }
  readonly log: NetworkLog
}

/** A network of nodes that speak HTTP and WebSocket. */
export interface HttpNetwork extends Network {
  /** The name by which other nodes know this one. */
  readonly name: PeerId
  /** The address at which it listens; undefined before it joined. */
  readonly address: string | undefined
  /** From now on others can read what the node has. */
  serve(view: NodeView): void
  /** The nodes that are connected, wanted or banned. */
  peers(): readonly PeerView[]
  /** How the network is. */
  report(): NetworkReport
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<string>
}

/** How often addresses are saved, and other nodes asked for more. */
const SAVE_MS = 60_000
const ASK_MS = 30_000

/**
 * The network of a node over HTTP. It listens when the node joins. Throws `p2p/BAD_ADDRESS`, `p2p/BAD_RULE`, `p2p/BAD_SETTING`,
 * `p2p/BAD_CERTIFICATE_FILE` and `crypto/BAD_SECRET` for options that cannot be used.
 */
export function httpNetwork(options: HttpNetworkOptions): HttpNetwork {
  const { listen, log } = options
  const key = nodeKey(options.nodeSecret)
  const limits = { ...NETWORK_LIMITS_DEFAULT, ...options.limits }
  checkNetworkLimits(limits)
  const channel = createChannel(options.tls, listen.host, key)
  const isNear = channel.kind !== 'plain' || options.tls !== undefined ? () => true : isLoopback
  const plan = planOf(options, ({ host }) => isNear(host))
  const standing = createStanding(limits)
  const links = new Map<PeerId, Link>()
  const run = toHex(randomBytes(8))
  let book: Book = openBook(undefined)
  let seeker: Seeker | undefined
  let view: NodeView | undefined
  let joined: { readonly server: P2pServer; readonly member: NetworkMember<unknown> } | undefined
  const metrics = createNetworkMetrics(() => ({
    links: [...links.values()],
    known: book.size,
    bans: standing.bans(Date.now()).length,
    clockOffsetMs: clockOffsetOf([...links.values()]),
  }))

  function admit(candidate: Candidate, direction: 'in' | 'out'): void {
    const { peer, remote } = candidate
    if (peer === key.name) throw p2pFail.SELF({})
    if (!plan.isAllowed({ node: peer, address: remote })) throw p2pFail.NOT_ALLOWED({ peer })
    const ban = standing.banOf(peer, Date.now())
    if (ban) throw p2pFail.BANNED({ peer, ...ban })
    if (direction === 'in' && !links.has(peer)) makeRoom(candidate)
  }

  /** Ends another's stream where there is no room, never one of a network group that holds fewer. Throws `p2p/FULL`. */
  function makeRoom({ remote, peer }: Candidate): void {
    const inbound = [...links.values()].filter(({ isDialled }) => !isDialled)
    if (inbound.length < limits.inboundMax) return
    if (plan.isFixed(peer)) return
    const byGroup = new Map<string, Link[]>()
    for (const link of inbound.filter(({ peer: other }) => !plan.isFixed(other)))
      byGroup.set(groupOf(link.remote), [...(byGroup.get(groupOf(link.remote)) ?? []), link])
    const [largest] = [...byGroup].sort(([, a], [, b]) => b.length - a.length)
    const own = byGroup.get(groupOf(remote))?.length ?? 0
    if (!largest || own + 1 >= largest[1].length) throw p2pFail.FULL({ max: limits.inboundMax })
    const newest = largest[1].reduce((a, b) => (b.sinceMs >= a.sinceMs ? b : a))
    newest.close(CLOSE.evicted, 'room is needed for nodes of other networks')
  }

  async function join<Message>(given: NetworkMember<Message>): Promise<Membership<Message>> {
    if (joined) throw new Error('a node joins its network once')
    const member = given as NetworkMember<unknown>
    const frames = framesOf(member)
    book = openBook(await options.savedPeers?.read())
    standing.restore(book.bans, Date.now())
    let port = listen.port
    const greeting = (): Greeting => ({
      version: options.version,
      host: options.announce ?? (isWildcard(listen.host) ? undefined : listen.host),
      port,
      fingerprint: member.fingerprint,
    })
    const formats: readonly Format[] = options.isJsonOnly ? ['json'] : ['bcs', 'json']
    let isOpen = false
    const streams = createStreams(
      { key, run, channel, frames, limits, metrics, formats, greeting, admit },
      (opened) => welcome(opened, undefined),
    )
    const owner: LinkOwner = {
      member,
      frames,
      limits,
      metrics,
      status: () => view?.status() ?? { height: height(0n), finalised: height(0n) },
      onOffence,
      onClosed,
      tell: (link) => (options.isPrivate ? [] : knownTo(link)),
      onTold: (link, told) => {
        for (const one of told) learn(one, link)
      },
    }
    const server = await serve({
      listen,
      channel,
      limits,
      metrics,
      addressPrefix: member.addressPrefix,
      name: key.name,
      greeting,
      view: () => view,
      peerCount: () => links.size,
      known() {
        if (options.isPrivate) throw p2pFail.PRIVATE({})
        return { peers: known().slice(0, NODES_MAX).map(told) }
      },
      best: () =>
        bestOf({ links: [...links.values()], self: selfNow(), secure: channel.secure !== undefined }),
      onStream: (request, socket, head) => {
        if (isOpen) streams.accept(request, socket, head)
        else socket.destroy()
      },
      onFault: (error) => log.warn({ error: String(error) }, 'a request of another node failed'),
    })
    port = server.port
    joined = { server, member }
    // After the caller has its membership.
    setImmediate(begin)
    const timers = [setInterval(save, SAVE_MS), setInterval(askAround, ASK_MS)]
    for (const timer of timers) timer.unref()

    function begin(): void {
      if (!joined) return
      isOpen = true
      seeker = startSeeker({
        fixed: plan.peers,
        seeds: plan.seeds,
        book,
        outboundMax: options.isPrivate ? 0 : limits.outboundMax,
        isLinked: (node) => links.has(node),
        dialled: () => [...links.values()].filter(({ isDialled }) => isDialled).map(({ address }) => address),
        linkCount: () => links.size,
        dial(address, done) {
          if (!isNear(address.host))
            return done({ error: p2pFail.PLAIN_OFF_LOOPBACK({ host: placeText(address) }) })
          streams.dial(address, {
            onOpen(opened) {
              welcome(opened, address)
              done({ node: opened.peer })
            },
            onFail: (error) => done({ error }),
          })
        },
        onFailure: (address, { code, message }) =>
          log.warn({ address: placeText(address), code, why: message }, 'a node cannot be reached'),
      })
    }

    /** A stream is open. Of two with one node one stays. */
    function welcome(opened: Opened, dialled: NodeAddress | undefined): void {
      const { peer, greeting: met, remote, socket } = opened
      if (!joined) return void socket.terminate()
      const address = { ...(dialled ?? { host: met.host ?? remote, port: met.port }), node: peer }
      const link = openLink(owner, { ...opened, isDialled: dialled !== undefined, address })
      const before = links.get(peer)
      if (before && !replaces(link, before))
        return void link.close(CLOSE.duplicate, 'there is another stream')
      links.set(peer, link)
      if (before) return void before.close(CLOSE.duplicate, 'there is another stream')
      log.debug({ peer, address: placeText(address), version: met.version }, 'a stream is open')
      if (!options.isPrivate) {
        if (dialled) book.reached(address, Date.now())
        else learn(told(address), link)
        link.askPeers()
      }
      member.onJoined(peer)
    }

    /** Both ends decide alike: the stream that the node with the lower name dialled stays, unless the other end began anew. */
    function replaces(link: Link, before: Link): boolean {
      if (link.run !== before.run || link.isDialled === before.isDialled) return true
      return link.isDialled === key.name < link.peer
    }

    function onClosed(link: Link, error: ChainError): void {
      metrics.left(error.code)
      if (links.get(link.peer) !== link) return
      links.delete(link.peer)
      log.debug({ peer: link.peer, code: error.code, why: error.message }, 'a stream has ended')
      member.onLeft(link.peer)
    }

    function send(link: Link, message: Message, bytes: Map<Format, Uint8Array>): void {
      const frame = { kind: 'message', value: message } as const
      link.send(kindOf(frame), (format) => {
        const made = bytes.get(format) ?? frames.write(frame, format)
        bytes.set(format, made)
        return made
      })
    }

    return {
      peers: () => [...links.keys()],
      send(to, message) {
        const link = links.get(to)
        if (link) send(link, message, new Map())
      },
      broadcast(message) {
        const bytes = new Map<Format, Uint8Array>()
        for (const link of links.values()) send(link, message, bytes)
      },
      blame(peer, why) {
        const link = links.get(peer)
        if (link) onOffence(link, 'blamed', why)
        else hold(peer, 'blamed', why)
      },
      async leave() {
        if (!joined) return
        joined = undefined
        // Others dial again as soon as their streams end, and must find nobody.
        isOpen = false
        for (const timer of timers) clearInterval(timer)
        seeker?.stop()
        streams.close()
        for (const link of links.values()) link.close(CLOSE.leaving, 'the node stops')
        links.clear()
        await save()
        await server.close()
      },
    }
  }

  function hold(peer: PeerId, offence: Offence, why: string) {
    metrics.offended(offence)
    log.debug({ peer, offence, why }, 'a node broke the protocol')
    const ban = standing.offend(peer, offence, why, Date.now())
    if (!ban) return undefined
    metrics.banned()
    log.warn({ peer, until: new Date(ban.untilMs).toISOString(), why: ban.why }, 'a node is banned')
    // At once: a node that is made to crash must not forget for it.
    void save()
    return ban
  }

  function onOffence(link: Link, offence: Offence, why: string): void {
    if (hold(link.peer, offence, why)) link.close(CLOSE.banned, `banned: ${offence}`)
  }

  /** Takes up an address that another node told. */
  function learn(one: Parameters<typeof readTold>[0], from: Link): void {
    const address = readTold(one)
    if (!address || address.node === key.name || options.isPrivate || !isNear(address.host)) return
    // An address of this machine means another one to whoever is on another.
    if (isLoopback(address.host) && !isLoopback(from.remote)) return
    book.add(address, groupOf(from.remote))
  }

  function known(): readonly NodeAddress[] {
    const linked = [...links.values()].map(({ address }) => address).filter(({ port }) => port !== 0)
    const places = new Set(linked.map(placeText))
    return [...linked, ...book.some(NODES_MAX).filter((address) => !places.has(placeText(address)))]
  }

  function knownTo(link: Link): readonly NodeAddress[] {
    return known().filter(
      ({ node, host }) => node !== link.peer && (!isLoopback(host) || isLoopback(link.remote)),
    )
  }

  function askAround(): void {
    if (options.isPrivate || book.size > NODES_MAX) return
    for (const link of links.values()) link.askPeers()
  }

  async function save(): Promise<void> {
    try {
      await options.savedPeers?.write(book.text(standing.saved(Date.now())))
    } catch (error) {
      log.warn({ why: String(error) }, 'the addresses of other nodes could not be saved')
    }
  }

  function selfNow() {
    if (!view || !joined) throw p2pFail.STARTING({})
    const host = options.announce ?? listen.host
    return { node: key.name, host, port: joined.server.port, height: view.status().height }
  }

  return {
    name: key.name,
    get address() {
      return joined && placeText({ host: listen.host, port: joined.server.port })
    },
    serve(given) {
      view = given
    },
    peers: () =>
      viewPeers({
        links: [...links.values()],
        targets: seeker?.targets ?? [],
        standing,
        secure: channel.secure !== undefined,
      }),
    report: () => reportOf([...links.values()], seeker?.targets ?? []),
    metrics: metrics.text,
    join,
  }
}

/** Whom a node is to meet. */
function planOf(options: HttpNetworkOptions, isNear: (address: NodeAddress) => boolean) {
  const peers = (options.peers ?? []).map(readAddress)
  const seeds = (options.seeds ?? []).map(readAddress)
  const allow = nodeList(options.allow ?? [])
  const deny = nodeList(options.deny ?? [])
  const away = [...peers, ...seeds].find((address) => !isNear(address))
  if (away) throw p2pFail.PLAIN_OFF_LOOPBACK({ host: placeText(away) })
  const names = new Set(peers.flatMap(({ node }) => node ?? []))
  const isClosed = allow.size > 0 || options.isPrivate === true
  return {
    peers,
    seeds,
    isFixed: (peer: PeerId) => names.has(peer),
    isAllowed(who: { readonly node: PeerId; readonly address: string }): boolean {
      if (deny.has(who)) return false
      return !isClosed || names.has(who.node) || allow.has(who)
    },
  }
}

function told({ node, host, port }: NodeAddress) {
  return { node: node ?? null, host, port }
}
