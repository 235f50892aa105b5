import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PeerId } from '@mmtchain/kernel'
import { type ChainError, isChainError, toHex } from '@mmtchain/primitives'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { type NodeAddress, placeText, plainAddress } from './address.ts'
import { bindingOf, type Channel } from './channel.ts'
import type { Format, Frame, Frames } from './frames.ts'
import {
  type Claim,
  checkProof,
  claimHeaders,
  type Greeting,
  headersOf,
  type Meeting,
  type NodeKey,
  newNonce,
  prove,
  readClaim,
  readGreeting,
  readProof,
} from './handshake.ts'
import { bytesOf, CLOSE } from './link.ts'
import type { NetworkMetrics } from './metrics.ts'
import { p2pFail } from './refusals.ts'
import { refuseStream, STREAM_PATH } from './server.ts'
import type { NetworkLimits } from './settings.ts'

// How two nodes open a stream: HTTP upgrade with headers, proofs of both keys, one frame of welcome.

const PROTOCOLS: Readonly<Record<Format, string>> = { bcs: 'mmt.p2p.v1.bcs', json: 'mmt.p2p.v1.json' }
const REFUSAL_BYTES_MAX = 4_096

/** A node met on a stream whose handshake is done. */
export interface Opened {
  readonly socket: WebSocket
  readonly format: Format
  readonly peer: PeerId
  readonly run: string
  readonly greeting: Greeting
  /** The IP address at the other end. */
  readonly remote: string
}

/** Who is met, as far as it is known before the stream opens. */
export interface Candidate {
  readonly peer: PeerId
  readonly greeting: Greeting
  /** Its IP address. */
  readonly remote: string
}

export interface StreamArgs {
  readonly key: NodeKey
  readonly run: string
  readonly channel: Channel
  readonly frames: Frames
  readonly limits: NetworkLimits
  readonly metrics: NetworkMetrics
  /** Forms of messages that this node takes, the best first. */
  readonly formats: readonly Format[]
  greeting(): Greeting
  /** Throws the refusal for a node that is not wanted. */
  admit(candidate: Candidate, direction: 'in' | 'out'): void
}

/** Opens streams of one node, from both ends. */
export interface Streams {
  /** Takes a request for a stream. `onOpen` is called in the same turn in which the last frame of the handshake is read. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Opens a stream to a node. One of the callbacks is called, once. */
  dial(
    address: NodeAddress,
    callbacks: { readonly onOpen: (opened: Opened) => void; readonly onFail: (error: ChainError) => void },
  ): void
  /** Ends what is under way. */
  close(): void
}

export function createStreams(args: StreamArgs, onOpen: (opened: Opened) => void): Streams {
  const { key, run, channel, frames, limits, metrics, formats } = args
  const underWay = new Set<WebSocket>()
  const answers = new WeakMap<IncomingMessage, Record<string, string>>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: frames.bytesMax.json,
    perMessageDeflate: false,
    handleProtocols: (offered) => {
      const format = formats.find((one) => offered.has(PROTOCOLS[one]))
      return format ? PROTOCOLS[format] : false
    },
  })
  server.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(answers.get(request) ?? {})) lines.push(`${name}: ${value}`)
  })
  // Whatever is wrong with an upgrade beside our own headers.
  server.on('wsClientError', (error, socket) => {
    refuseStream(socket, args, p2pFail.BAD_HEADERS({ header: 'upgrade', want: `right: ${error.message}` }))
  })

  function accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    let greeting: Greeting
    let dialler: Claim
    try {
      const path = String(request.url)
      if (path !== STREAM_PATH) throw p2pFail.NOT_FOUND({ path: path.slice(0, 100) })
      const certified = channel.check(request.socket, Date.now())
      greeting = readGreeting(request.headers)
      dialler = readClaim(request.headers)
      checkName(dialler.name, certified)
      checkChain(greeting)
      const remote = remoteOf(request)
      args.admit({ peer: dialler.name, greeting, remote }, 'in')
    } catch (error) {
      if (!isChainError(error)) throw error
      return void refuseStream(socket, args, error)
    }
    const answerer: Claim = { name: key.name, nonce: newNonce(), run }
    const binding = bindingOf(request.socket)
    const meeting: Meeting = { fingerprint: greeting.fingerprint, dialler, answerer, binding }
    answers.set(request, {
      ...headersOf(args.greeting()),
      ...claimHeaders(answerer),
      'mmt-proof': toHex(prove(meeting, 'answerer', key)),
    })
    const remote = remoteOf(request)
    server.handleUpgrade(request, socket, head, (accepted) => {
      const attempt = watch(accepted, (error) => metrics.refused(error.code))
      attempt.onFirst((frame, format) => {
        if (frame.kind !== 'proof') throw p2pFail.BAD_PROOF({})
        checkProof(meeting, 'dialler', frame.value)
        // Others may have come while this one proved who it is.
        args.admit({ peer: dialler.name, greeting, remote }, 'in')
        accepted.send(frames.write({ kind: 'welcome', value: null }, format), { binary: format === 'bcs' })
        onOpen({ socket: accepted, format, peer: dialler.name, run: dialler.run, greeting, remote })
      })
    })
  }

  function dial(address: NodeAddress, callbacks: Parameters<Streams['dial']>[1]): void {
    const dialler: Claim = { name: key.name, nonce: newNonce(), run }
    const { secure } = channel
    const socket = new WebSocket(
      `${secure ? 'wss' : 'ws'}://${placeText(address)}${STREAM_PATH}`,
      formats.map((format) => PROTOCOLS[format]),
      {
        headers: { ...headersOf(args.greeting()), ...claimHeaders(dialler) },
        perMessageDeflate: false,
        maxPayload: frames.bytesMax.json,
        ...(secure && { ...secure, rejectUnauthorized: false, checkServerIdentity: () => undefined }),
      },
    )
    const attempt = watch(socket, (error) => {
      metrics.refused(error.code)
      callbacks.onFail(error)
    })
    let met:
      | { readonly candidate: Candidate; readonly answerer: Claim; readonly meeting: Meeting }
      | undefined
    socket.once('upgrade', (response) =>
      attempt.judge(() => {
        const certified = channel.check(response.socket, Date.now())
        if (certified !== undefined) checkName(certified, address.node)
        const greeting = readGreeting(response.headers)
        const answerer = readClaim(response.headers)
        checkName(answerer.name, certified ?? address.node)
        checkChain(greeting)
        const binding = bindingOf(response.socket)
        const meeting = { fingerprint: greeting.fingerprint, dialler, answerer, binding }
        checkProof(meeting, 'answerer', readProof(response.headers))
        const candidate = { peer: answerer.name, greeting, remote: remoteOf(response) }
        args.admit(candidate, 'out')
        met = { candidate, answerer, meeting }
      }),
    )
    socket.once('open', () => {
      if (!met) return
      const format = formatOf(socket)
      const proof = { kind: 'proof', value: prove(met.meeting, 'dialler', key) } as const
      socket.send(frames.write(proof, format), { binary: format === 'bcs' })
    })
    socket.once('unexpected-response', (_, response) =>
      readRefusal(response, (error) =>
        attempt.fail(error ?? unreachable(address, `HTTP ${response.statusCode}`)),
      ),
    )
    socket.on('error', (error) => attempt.fail(unreachable(address, reasonOf(error))))
    attempt.onFirst((frame, format) => {
      if (!met || frame.kind !== 'welcome') throw p2pFail.BAD_PROOF({})
      const { candidate, answerer } = met
      callbacks.onOpen({ socket, format, run: answerer.run, ...candidate })
    })
  }

  function checkChain({ fingerprint: got }: Greeting): void {
    const { fingerprint: want } = args.greeting()
    if (got !== want) throw p2pFail.WRONG_CHAIN({ want, got })
  }

  /** Watches a stream that opens: it fails, once, or its first frame is judged. */
  function watch(socket: WebSocket, onFail: (error: ChainError) => void) {
    let isOver = false
    underWay.add(socket)
    const timer = setTimeout(() => fail(p2pFail.TOO_SLOW({ ms: limits.handshakeMs })), limits.handshakeMs)
    timer.unref()
    function end(): void {
      isOver = true
      clearTimeout(timer)
      underWay.delete(socket)
    }
    function fail(error: ChainError): void {
      if (isOver) return
      end()
      onFail(error)
      // Those who took part learn why.
      if (socket.readyState === socket.OPEN) socket.close(CLOSE.refused, error.code)
      setTimeout(() => socket.terminate(), 100).unref()
    }
    function judge(work: () => void): void {
      if (isOver) return
      try {
        work()
      } catch (error) {
        if (!isChainError(error)) throw error
        fail(error)
      }
    }
    const onError = () => undefined
    const onClose = (code: number, reason: Buffer) =>
      fail(p2pFail.LEFT({ why: reason.toString() || `code ${code}` }))
    socket.on('error', onError)
    socket.once('close', onClose)
    return {
      fail,
      judge,
      onFirst(work: (frame: Frame, format: Format) => void): void {
        socket.once('message', (data: RawData, isBinary: boolean) =>
          judge(() => {
            const format = isBinary ? 'bcs' : 'json'
            const bytes = bytesOf(data)
            if (bytes.length > frames.bytesMax.bcs) throw p2pFail.TOO_LARGE({ max: frames.bytesMax.bcs })
            work(readFirst(bytes, format), formatOf(socket))
            end()
            socket.off('close', onClose)
          }),
        )
      },
    }
  }

  function readFirst(bytes: Uint8Array, format: Format): Frame {
    try {
      return frames.read(bytes, format)
    } catch {
      throw p2pFail.BAD_PROOF({})
    }
  }

  return {
    accept,
    dial,
    close() {
      for (const socket of underWay) socket.terminate()
    },
  }
}

/** Throws `p2p/WRONG_KEY`. */
function checkName(got: PeerId, want: PeerId | undefined): void {
  if (want !== undefined && got !== want) throw p2pFail.WRONG_KEY({ want, got })
}

function formatOf({ protocol }: WebSocket): Format {
  return protocol === PROTOCOLS.json ? 'json' : 'bcs'
}

function remoteOf({ socket }: IncomingMessage): string {
  return plainAddress(socket.remoteAddress ?? '')
}

function unreachable(address: NodeAddress, why: string): ChainError {
  return p2pFail.UNREACHABLE({ address: placeText(address), why })
}

function reasonOf(error: Error & { readonly code?: unknown; readonly errors?: readonly Error[] }): string {
  const [first] = error.errors ?? []
  return error.message || String(error.code ?? first?.message ?? 'the connection failed')
}

/** What a node says that refuses a stream; undefined when it is none of ours. */
function readRefusal(response: IncomingMessage, done: (error: ChainError | undefined) => void): void {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece: string) => {
    text += piece
    if (text.length > REFUSAL_BYTES_MAX) response.destroy()
  })
  response.once('close', () => {
    try {
      const { error } = JSON.parse(text) as { error: Record<'code' | 'message' | 'hint', unknown> }
      const [code, why, cure] = [error.code, error.message, error.hint].map((part) =>
        String(part).slice(0, 500),
      )
      if (!code?.startsWith('p2p/')) return done(undefined)
      done(p2pFail.REFUSED({ code: code.slice(0, 50), why: why ?? '', cure: cure ?? '' }))
    } catch {
      done(undefined)
    }
  })
}
