import type { WebSocket } from 'ws'
import type { Format } from './frames.ts'
import type { NetworkMetrics } from './metrics.ts'
import { ruleOf } from './settings.ts'

/** As much is handed to the socket at a time, so that what is urgent need not wait behind much else. */
const IN_SOCKET_BYTES_MAX = 256 * 1024
/** So many messages may wait, whatever their length. */
const WAITING_COUNT_MAX = 8_192

interface Waiting {
  readonly kind: string
  readonly bytes: Uint8Array
}

/** What waits to be sent to one node. */
export interface Outbox {
  readonly waitingBytes: number
  /** False, and dropped, when too much waits. */
  send(kind: string, bytes: Uint8Array): boolean
}

export function createOutbox(args: {
  readonly socket: WebSocket
  readonly format: Format
  readonly bytesMax: number
  readonly metrics: NetworkMetrics
}): Outbox {
  const { socket, format, bytesMax, metrics } = args
  const urgent: Waiting[] = []
  const others: Waiting[] = []
  let waitingBytes = 0

  function pump(): void {
    while (socket.readyState === socket.OPEN && socket.bufferedAmount < IN_SOCKET_BYTES_MAX) {
      const next = urgent.shift() ?? others.shift()
      if (!next) return
      waitingBytes -= next.bytes.length
      metrics.sent(next.kind, next.bytes.length)
      socket.send(next.bytes, { binary: format === 'bcs' }, pump)
    }
  }

  return {
    get waitingBytes() {
      return waitingBytes
    },
    send(kind, bytes) {
      const isFull =
        waitingBytes + bytes.length > bytesMax || urgent.length + others.length >= WAITING_COUNT_MAX
      if (isFull) {
        metrics.dropped(kind)
        return false
      }
      waitingBytes += bytes.length
      const queue = ruleOf(kind).isUrgent ? urgent : others
      queue.push({ kind, bytes })
      pump()
      return true
    },
  }
}
