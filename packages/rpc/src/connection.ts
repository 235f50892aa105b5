import type { Duplex } from 'node:stream'
import type { Json } from '@mmtchain/codec'
import type { Host } from '@mmtchain/node-runtime'
import type { ChainError } from '@mmtchain/primitives'
import type { RawData, WebSocket } from 'ws'
import type { Backlog } from './backlog.ts'
import type { BlockFeed } from './feed.ts'
import { answer, type Dispatch, type Sender } from './json-rpc.ts'
import { rpcFail } from './refusals.ts'
import type { Role, RpcLimits } from './settings.ts'
import { createSubscriptions } from './subscriptions.ts'
import type { View } from './view.ts'

/** The most requests of one connection that are under way; more are read from it only when answers have been taken. */
const UNDER_WAY_MAX = 16
/** How long a replay waits before it asks again whether it may go on. */
const PACE_MS = 100
/** About what Node.js keeps of a piece of a message besides its bytes. */
const PIECE_BYTES = 512
/** The head of a control frame of a client (RFC 6455, section 5.2). */
const CONTROL_HEAD_BYTES = 6

/**
 * Serves JSON-RPC on one WebSocket until it closes. What it has not taken of its answers and notifications is bounded: by the
 * requests under way and one message a subscription, and by `backlog` for all together; so is what it has sent and is not answered. A reader that takes nothing for
 * `stallTimeoutMs` is dropped.
 */
export function serveConnection(args: {
  readonly socket: WebSocket
  /** What carries it. */
  readonly stream: Duplex
  readonly dispatch: () => Dispatch
  readonly view: () => View
  readonly feed: BlockFeed
  readonly limits: RpcLimits
  readonly roles: ReadonlySet<Role>
  readonly meter: Pick<Sender, 'count' | 'tired' | 'spend'>
  readonly backlog: Backlog
  readonly log: Host['log']
}): void {
  const { socket, stream, dispatch, view, feed, limits, roles, meter, backlog, log } = args
  const holder = backlog.open(() => drop(rpcFail.BACKLOG_FULL({})))
  /** What was read with a message before it; no more is read until it is worked off. */
  const waiting: RawData[] = []
  /** What is held for a message that has not come to its end. */
  let partial = 0
  let underWay = 0
  let unread = 0
  let stalled: ReturnType<typeof setTimeout> | undefined

  /** Resolves when the text is on its way, or the connection is gone. */
  function send(text: string): Promise<void> {
    unread += 1
    stalled ??= setTimeout(
      () => drop(rpcFail.SLOW_READER({ ms: limits.stallTimeoutMs })),
      limits.stallTimeoutMs,
    )
    holder.hold(text.length)
    return new Promise((resolve) =>
      socket.send(text, () => {
        unread -= 1
        holder.hold(-text.length)
        if (unread === 0) {
          clearTimeout(stalled)
          stalled = undefined
        } else stalled?.refresh()
        resolve()
      }),
    )
  }

  function drop({ code, message }: ChainError): void {
    log.warn({ code, unreadBytes: socket.bufferedAmount }, message)
    // A closing handshake would wait behind what is not read.
    socket.terminate()
  }

  const subscriptions = createSubscriptions({
    view,
    feed,
    max: limits.subscriptionsMax,
    send: (message: Json) => send(JSON.stringify(message)),
    async pace() {
      await new Promise((resolve) => setImmediate(resolve))
      while (socket.readyState === socket.OPEN && meter.count())
        await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    },
    onFault: (error) => dispatch().onFault(error, 'chain_subscription'),
  })
  const isGone = () => socket.readyState !== socket.OPEN
  const sender: Omit<Sender, 'subscriptions'> = { roles, ...meter, hold: holder.hold, isGone }

  function workOff(): void {
    while (underWay < UNDER_WAY_MAX) {
      const next = waiting.shift()
      if (next === undefined) break
      void handle(next)
    }
    if (waiting.length > 0) socket.pause()
    else if (socket.isPaused) socket.resume()
  }

  async function handle(data: RawData): Promise<void> {
    underWay += 1
    try {
      // Those that this message opens start after its answer, whatever is answered meanwhile.
      const opened = subscriptions.ofMessage()
      const text = await answer(dispatch(), { ...sender, subscriptions: opened }, String(data))
      const sent = text === undefined ? undefined : send(text)
      opened.start()
      await sent
    } catch (error) {
      dispatch().onFault(error, 'a message')
      socket.close(1011)
    } finally {
      underWay -= 1
      holder.hold(-bytesOf(data))
      workOff()
    }
  }

  /** Counts what came of a message, or gives back what is no part of it. */
  function countPartial(bytes: number): void {
    const before = partial
    partial = Math.max(0, before + bytes)
    holder.hold(partial - before)
  }

  let last = 0
  // Counted before the WebSocket reads it, which may have it end a message.
  stream.prependListener('data', (piece: Buffer) => {
    last = piece.length
    countPartial(last + PIECE_BYTES)
  })
  // A control frame may stand within a message, which it does not end, and alone in its piece.
  const onControl = (data: Buffer) => {
    const bytes = data.length + CONTROL_HEAD_BYTES
    countPartial(-(bytes === last ? bytes + PIECE_BYTES : bytes))
    last = 0
  }
  socket.on('ping', onControl).on('pong', onControl)

  socket.on('message', (data) => {
    countPartial(-partial)
    holder.hold(bytesOf(data))
    waiting.push(data)
    workOff()
  })
  // What is wrong with a frame closes the connection with the code that RFC 6455 gives it; there is nothing else to do.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    clearTimeout(stalled)
    waiting.length = 0
    holder.close()
    subscriptions.close()
  })
}

/** The length of a message, which comes as one buffer. */
function bytesOf(data: RawData): number {
  return (data as Buffer).length
}
