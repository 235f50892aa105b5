// Amounts that unlock by block time: whole numbers only, and nothing to do as time passes (formats.md, section 15).
import { amount, type Infer, list, struct, u64 } from '@mmtchain/codec'
import { type Amount, amount as toAmount } from '@mmtchain/primitives'

/**
 * An amount that unlocks evenly over `spanMs` milliseconds from `startMs`, Unix milliseconds, on. `released` is the part of
 * it that has joined the balance so far; the rest of what has unlocked joins it when it is spent.
 */
export const schedule = struct({ amount, startMs: u64, spanMs: u64, released: amount })
export type Schedule = Infer<typeof schedule>

/** How many schedules an account or an unclaimed row may have; those of one start and span count as one. */
export const SCHEDULES_MAX = 16
export const schedules = list(schedule, { max: SCHEDULES_MAX })

/** What of the schedule's amount has unlocked by `timeMs`, rounded down. */
export function unlockedAt({ amount: whole, startMs, spanMs }: Schedule, timeMs: bigint): Amount {
  if (timeMs <= startMs) return toAmount(0n)
  return timeMs - startMs >= spanMs ? whole : toAmount((whole * (timeMs - startMs)) / spanMs)
}

/** What has unlocked by `timeMs` and is not released yet. */
export function releasable(all: readonly Schedule[], timeMs: bigint): bigint {
  return all.reduce((sum, one) => sum + unlockedAt(one, timeMs) - one.released, 0n)
}

/** What is not released yet, unlocked or not. */
export function unreleased(all: readonly Schedule[]): bigint {
  return all.reduce((sum, one) => sum + one.amount - one.released, 0n)
}

/** The schedules after everything that has unlocked was released; those that are through are gone. */
export function released(all: readonly Schedule[], timeMs: bigint): readonly Schedule[] {
  return all
    .map((one) => ({ ...one, released: unlockedAt(one, timeMs) }))
    .filter((one) => one.released < one.amount)
}

/** Schedules put together: those of one start and span become one, so that claims of one class fill one place. */
export function joined(all: readonly Schedule[], more: readonly Schedule[]): readonly Schedule[] {
  const sum = [...all]
  for (const one of more) {
    const at = sum.findIndex(({ startMs, spanMs }) => startMs === one.startMs && spanMs === one.spanMs)
    const same = sum[at]
    if (same) sum[at] = { ...same, ...added(same, one) }
    else sum.push(one)
  }
  return sum
}

function added(a: Schedule, b: Schedule) {
  return { amount: toAmount(a.amount + b.amount), released: toAmount(a.released + b.released) }
}
