import type { Secp256k1BackendName } from '@mmtchain/crypto'
import type { Readings } from './host.ts'

/** One thing that was looked at: what was found, and what to do when it is not well. */
export interface HealthCheck {
  /** Names do not change: `crypto`, `blocks`, `clock`, `mempool`, `event-loop`, `disk`, and those that an app adds. */
  readonly name: string
  readonly ok: boolean
  /** What was found, in a sentence for people. */
  readonly found: string
  /** What to do; empty when all is well. */
  readonly cure: string
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
  const name = 'blocks'
  if (!running)
    return ill(name, 'The node is stopping or has stopped.', 'Start it again; its log says why it stopped.')
  if (height === 0n && tipTimeMs > nowMs)
    return well(name, `The chain begins at ${timeText(tipTimeMs)}; until then there are no blocks.`)
  const ageMs = nowMs - tipTimeMs
  const late = slotMs * SLOTS_LATE_MAX
  const found = `Block ${height} is ${secondsText(ageMs)} old, at one block each ${secondsText(slotMs)}.`
  if (ageMs <= (late > LATE_MS_MIN ? late : LATE_MS_MIN)) return well(name, found)
  return ill(
    name,
    found,
    isValidator
      ? 'Look into the log for errors, and whether the machine is overloaded (event-loop) or its disk is full (disk).'
      : 'This node makes no blocks itself: check that a validator runs and that this node can reach its peers.',
  )
}

function checkCrypto({ secp256k1 }: Vitals): HealthCheck {
  const found = `secp256k1 runs on the ${secp256k1} backend.`
  if (secp256k1 === 'native') return well('crypto', found)
  const cure =
    'Install the optional dependency secp256k1 (npm install --include=optional, on a platform with a prebuilt binary), and do not set MMT_SECP256K1: native checks signatures several times as fast.'
  return ill('crypto', `${found} The native one is missing.`, cure)
}

function checkClock({ nowMs, slotMs, height, tipTimeMs, clockMovedMs }: Vitals): HealthCheck {
  const cure = 'Let a time service (chrony, systemd-timesyncd, w32time) keep the clock of this machine.'
  const aheadMs = tipTimeMs - nowMs
  if (height > 0n && aheadMs > slotMs + BigInt(CLOCK_MS_MAX))
    return ill('clock', `The newest block is ${secondsText(aheadMs)} in the future of this clock.`, cure)
  if (Math.abs(clockMovedMs) > CLOCK_MS_MAX) {
    const moved = secondsText(BigInt(Math.round(Math.abs(clockMovedMs))))
    return ill(
      'clock',
      `The clock was set ${moved} ${clockMovedMs > 0 ? 'forward' : 'back'} since the start.`,
      cure,
    )
  }
  return well('clock', `The clock says ${timeText(nowMs)}.`)
}

function checkPool({ mempool: { count, countMax, bytes, bytesMax } }: Vitals): HealthCheck {
  const found = `${count} of at most ${countMax} transactions wait, with ${bytes} of at most ${bytesMax} bytes.`
  if (Math.max(count / countMax, bytes / bytesMax) < POOL_FULLNESS_MAX) return well('mempool', found)
  return ill(
    'mempool',
    found,
    'More arrives than fits into blocks: raise fees or the block limits, or find the sender.',
  )
}

function checkLoop({ eventLoopDelayMs }: Readings): HealthCheck {
  const found = `The event loop is up to ${Math.round(eventLoopDelayMs)} ms late (99th percentile).`
  if (eventLoopDelayMs < LOOP_DELAY_MS_MAX) return well('event-loop', found)
  return ill(
    'event-loop',
    found,
    'Give the node more of a core: stop what else runs here, or use a faster machine.',
  )
}

function checkDisk({ freeBytes, dataBytes }: NonNullable<Readings['disk']>): HealthCheck {
  const found = `The data takes ${sizeText(dataBytes)}; ${sizeText(freeBytes)} are free.`
  if (freeBytes >= DISK_FREE_BYTES_MIN) return well('disk', found)
  return ill('disk', found, 'Free space on the disk of the data folder, or move the home to a larger one.')
}

function well(name: string, found: string): HealthCheck {
  return { name, ok: true, found, cure: '' }
}

function ill(name: string, found: string, cure: string): HealthCheck {
  return { name, ok: false, found, cure }
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
