import type { Secp256k1BackendName } from '@mmtchain/crypto'
import type { Readings } from './host.ts'

/** One thing that was looked at: what was found, and what to do when it is not well. */
export interface HealthCheck {
  /** Names do not change: `crypto`, `blocks`, `clock`, `mempool`, `event-loop`, `disk`, and those that an app adds. */
  readonly name: string
  readonly ok: boolean
  /** What was found; codes do not change. Programs and translations go by it and the values. */
  readonly code: string
  readonly values: Readonly<Record<string, string | number>>
  /** The same in a sentence for people. */
  readonly found: string
  /** What to do; empty when all is well. */
  readonly cure: string
}

/** What a code says in English, with `{values}`. One without a cure is found when all is well. */
type HealthTexts = Readonly<Record<string, { readonly found: string; readonly cure?: string }>>

/** Makes checks of declared codes: `check('disk', 'DISK_LOW', { free })`. */
export function healthChecksOf<T extends HealthTexts>(texts: T) {
  return (name: string, code: keyof T & string, values: HealthCheck['values'] = {}): HealthCheck => {
    const { found, cure } = texts[code] as HealthTexts[string]
    const text = found.replace(/\{(\w+)\}/g, (_, value: string) => String(values[value]))
    const advice = (cure ?? '').replace(/\{(\w+)\}/g, (_, value: string) => String(values[value]))
    return { name, ok: cure === undefined, code, values, found: text, cure: advice }
  }
}

/** How a node is. */
export interface Health {
  /** True when the node runs and its newest block is recent: it can answer for the chain as it is now. */
  readonly ready: boolean
  readonly checks: readonly HealthCheck[]
}

/** What the checks look at. */
export interface Vitals {
  readonly running: boolean
  readonly isValidator: boolean
  readonly nowMs: bigint
  readonly slotMs: bigint
  readonly height: bigint
  /** The time of the newest block. */
  readonly tipTimeMs: bigint
  /** How far the wall clock has moved against the monotonic one since the node started. */
  readonly clockMovedMs: number
  readonly mempool: {
    readonly count: number
    readonly countMax: number
    readonly bytes: number
    readonly bytesMax: number
  }
  readonly secp256k1: Secp256k1BackendName
  readonly readings: Readings | undefined
}

const SLOTS_LATE_MAX = 5n
const LATE_MS_MIN = 15_000n
const CLOCK_MS_MAX = 2_000
const POOL_FULLNESS_MAX = 0.9
const LOOP_DELAY_MS_MAX = 250
const DISK_FREE_BYTES_MIN = 2 ** 30

/** What a node finds about itself. */
export const nodeHealthTexts = {
  STOPPED: {
    found: 'The node is stopping or has stopped.',
    cure: 'Start it again; its log says why it stopped.',
  },
  NOT_BEGUN: { found: 'The chain begins at {begins}; until then there are no blocks.' },
  BLOCKS_RECENT: { found: 'Block {height} is {age} old, at one block each {slot}.' },
  BLOCKS_LATE: {
    found: 'Block {height} is {age} old, at one block each {slot}.',
    cure: 'Look into the log for errors, and whether the machine is overloaded (event-loop) or its disk is full (disk).',
  },
  BLOCKS_MISSING: {
    found: 'Block {height} is {age} old, at one block each {slot}.',
    cure: 'This node makes no blocks itself: check that a validator runs and that this node can reach its peers.',
  },
  CRYPTO_NATIVE: { found: 'secp256k1 runs on the native backend.' },
  CRYPTO_SLOW: {
    found: 'secp256k1 runs on the {backend} backend. The native one is missing.',
    cure: 'Install the optional dependency secp256k1 (npm install --include=optional, on a platform with a prebuilt binary), and do not set MMT_SECP256K1: native checks signatures several times as fast.',
  },
  CLOCK_WELL: { found: 'The clock says {now}.' },
  CLOCK_BEHIND: {
    found: 'The newest block is {ahead} in the future of this clock.',
    cure: 'Let a time service (chrony, systemd-timesyncd, w32time) keep the clock of this machine.',
  },
  CLOCK_SET_FORWARD: {
    found: 'The clock was set {moved} forward since the start.',
    cure: 'Let a time service (chrony, systemd-timesyncd, w32time) keep the clock of this machine.',
  },
  CLOCK_SET_BACK: {
    found: 'The clock was set {moved} back since the start.',
    cure: 'Let a time service (chrony, systemd-timesyncd, w32time) keep the clock of this machine.',
  },
  MEMPOOL_ROOM: {
    found: '{count} of at most {countMax} transactions wait, with {bytes} of at most {bytesMax} bytes.',
  },
  MEMPOOL_FULL: {
    found: '{count} of at most {countMax} transactions wait, with {bytes} of at most {bytesMax} bytes.',
    cure: 'More arrives than fits into blocks: raise fees or the block limits, or find the sender.',
  },
  LOOP_FREE: { found: 'The event loop is up to {delayMs} ms late (99th percentile).' },
  LOOP_BUSY: {
    found: 'The event loop is up to {delayMs} ms late (99th percentile).',
    cure: 'Give the node more of a core: stop what else runs here, or use a faster machine.',
  },
  DISK_ROOM: { found: 'The data takes {data}; {free} are free.' },
  DISK_LOW: {
    found: 'The data takes {data}; {free} are free.',
    cure: 'Free space on the disk of the data folder, or move the home to a larger one.',
  },
} as const satisfies HealthTexts

const check = healthChecksOf(nodeHealthTexts)

/** Looks at everything. Pure, so that the same vitals are the same verdict. */
export function examine(vitals: Vitals): Health {
  const blocks = checkBlocks(vitals)
  const checks = [checkCrypto(vitals), blocks, checkClock(vitals), checkPool(vitals)]
  const { readings } = vitals
  if (readings) checks.push(checkLoop(readings))
  if (readings?.disk) checks.push(checkDisk(readings.disk))
  return { ready: vitals.running && blocks.ok, checks }
}

function checkBlocks({ running, isValidator, nowMs, slotMs, height, tipTimeMs }: Vitals): HealthCheck {
  if (!running) return check('blocks', 'STOPPED')
  if (height === 0n && tipTimeMs > nowMs) return check('blocks', 'NOT_BEGUN', { begins: timeText(tipTimeMs) })
  const ageMs = nowMs - tipTimeMs
  const late = slotMs * SLOTS_LATE_MAX
  const values = { height: String(height), age: secondsText(ageMs), slot: secondsText(slotMs) }
  if (ageMs <= (late > LATE_MS_MIN ? late : LATE_MS_MIN)) return check('blocks', 'BLOCKS_RECENT', values)
  return check('blocks', isValidator ? 'BLOCKS_LATE' : 'BLOCKS_MISSING', values)
}

function checkCrypto({ secp256k1: backend }: Vitals): HealthCheck {
  return check('crypto', backend === 'native' ? 'CRYPTO_NATIVE' : 'CRYPTO_SLOW', { backend })
}

function checkClock({ nowMs, slotMs, height, tipTimeMs, clockMovedMs }: Vitals): HealthCheck {
  const aheadMs = tipTimeMs - nowMs
  if (height > 0n && aheadMs > slotMs + BigInt(CLOCK_MS_MAX))
    return check('clock', 'CLOCK_BEHIND', { ahead: secondsText(aheadMs) })
  if (Math.abs(clockMovedMs) > CLOCK_MS_MAX) {
    const moved = secondsText(BigInt(Math.round(Math.abs(clockMovedMs))))
    return check('clock', clockMovedMs > 0 ? 'CLOCK_SET_FORWARD' : 'CLOCK_SET_BACK', { moved })
  }
  return check('clock', 'CLOCK_WELL', { now: timeText(nowMs) })
}

function checkPool({ mempool }: Vitals): HealthCheck {
  const { count, countMax, bytes, bytesMax } = mempool
  const isFull = Math.max(count / countMax, bytes / bytesMax) >= POOL_FULLNESS_MAX
  return check('mempool', isFull ? 'MEMPOOL_FULL' : 'MEMPOOL_ROOM', { count, countMax, bytes, bytesMax })
}

function checkLoop({ eventLoopDelayMs }: Readings): HealthCheck {
  const isBusy = eventLoopDelayMs >= LOOP_DELAY_MS_MAX
  return check('event-loop', isBusy ? 'LOOP_BUSY' : 'LOOP_FREE', { delayMs: Math.round(eventLoopDelayMs) })
}

function checkDisk({ freeBytes, dataBytes }: NonNullable<Readings['disk']>): HealthCheck {
  const values = { data: sizeText(dataBytes), free: sizeText(freeBytes) }
  return check('disk', freeBytes < DISK_FREE_BYTES_MIN ? 'DISK_LOW' : 'DISK_ROOM', values)
}

function secondsText(ms: bigint): string {
  return `${(Number(ms) / 1_000).toFixed(1)} s`
}

/** A time in milliseconds as people write it, in UTC. */
export function timeText(ms: bigint): string {
  return new Date(Number(ms)).toISOString()
}

function sizeText(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`
}
