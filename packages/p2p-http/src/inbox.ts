import { sha256 } from '@mmtchain/crypto'
import type { Frame } from './frames.ts'
import { kindOf } from './frames.ts'
import type { NetworkMetrics } from './metrics.ts'
import { type Bucket, boundedMap, newBucket, type Pace, take } from './pace.ts'
import { type KindRule, ruleOf } from './settings.ts'

/** So many messages may wait, whatever their length. */
const WAITING_COUNT_MAX = 4_096
const BURST_SECONDS = 10
/** What was sent once is remembered for so many messages. */
const REMEMBERED_MAX = 4_096

/** What one node sent and is not handled yet. Kinds wait for each other only in the socket. */
export interface Inbox {
  readonly isPaused: boolean
  add(frame: Frame, bytes: Uint8Array): void
  /** Nothing more is handled. */
  close(): void
}

export function createInbox(args: {
  /** As many bytes may wait; then reading pauses. */
  readonly bytesMax: number
  readonly metrics: NetworkMetrics
  /** Never rejects. */
  readonly handle: (frame: Frame) => Promise<void> | void
  readonly replayed: (kind: string) => void
  readonly pause: () => void
  readonly resume: () => void
}): Inbox {
  const { bytesMax, metrics, handle } = args
  const lanes = new Map<string, { readonly frame: Frame; readonly bytes: number }[]>()
  const buckets = new Map<string, Bucket>()
  const seen = boundedMap<true>(REMEMBERED_MAX)
  const pauses = new Set<'rate' | 'backlog'>()
  let waiting = { count: 0, bytes: 0 }
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOpen = true

  function pause(why: 'rate' | 'backlog'): void {
    if (pauses.has(why)) return
    metrics.paused(why)
    if (pauses.size === 0) args.pause()
    pauses.add(why)
  }

  function resume(why: 'rate' | 'backlog'): void {
    if (pauses.delete(why) && pauses.size === 0 && isOpen) args.resume()
  }

  /** Reads no further while more of a kind came than is read. */
  function pace(kind: string, rule: KindRule): void {
    const speed: Pace = { perSecond: rule.perSecond, most: Math.max(2, rule.perSecond * BURST_SECONDS) }
    const nowMs = performance.now()
    const bucket = buckets.get(kind) ?? newBucket(speed, nowMs)
    buckets.set(kind, bucket)
    const waitMs = take(bucket, speed, nowMs)
    if (waitMs === 0) return
    pause('rate')
    clearTimeout(timer)
    timer = setTimeout(() => resume('rate'), waitMs)
    timer.unref()
  }

  function isReplayed(kind: string, rule: KindRule, bytes: Uint8Array): boolean {
    if (!rule.isOnce) return false
    const id = `${kind} ${Buffer.from(sha256(bytes)).toString('base64')}`
    const isKnown = seen.get(id) === true
    seen.set(id, true)
    return isKnown
  }

  async function workOff(lane: { readonly frame: Frame; readonly bytes: number }[]): Promise<void> {
    for (let next = lane[0]; next && isOpen; next = lane[0]) {
      await handle(next.frame)
      lane.shift()
      waiting = { count: waiting.count - 1, bytes: waiting.bytes - next.bytes }
      if (waiting.count <= WAITING_COUNT_MAX / 2 && waiting.bytes <= bytesMax / 2) resume('backlog')
    }
  }

  return {
    get isPaused() {
      return pauses.size > 0
    },
    add(frame, bytes) {
      const kind = kindOf(frame)
      const rule = ruleOf(kind)
      pace(kind, rule)
      if (isReplayed(kind, rule, bytes)) return args.replayed(kind)
      const lane = lanes.get(kind) ?? []
      lanes.set(kind, lane)
      lane.push({ frame, bytes: bytes.length })
      waiting = { count: waiting.count + 1, bytes: waiting.bytes + bytes.length }
      if (waiting.count > WAITING_COUNT_MAX || waiting.bytes > bytesMax) pause('backlog')
      if (lane.length === 1) void workOff(lane)
    },
    close() {
      isOpen = false
      clearTimeout(timer)
    },
  }
}
