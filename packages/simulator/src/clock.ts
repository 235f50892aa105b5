import type { Schedule } from './schedule.ts'

/** The begin of every simulated world, in Unix milliseconds. */
export const BEGIN_MS = 1_700_000_000_000

/** A machine's clock, which may be wrong. */
export interface Clock {
  /** Unix milliseconds as the machine has them. */
  nowMs(): number
  /** Milliseconds that never go back. */
  monotonicMs(): number
  /** Calls back at a time of this clock. Returns how to cancel it. */
  setTimer(atMs: number, fire: () => void): () => void
  /** From now on it is off by so much, and by `driftPpm` millionths more as time goes. */
  set(args: { readonly offMs: number; readonly driftPpm: number }): void
  /** Forgets all timers: the machine is off. */
  clear(): void
}

interface Timer {
  readonly atMs: number
  readonly fire: () => void
  cancel: () => void
}

export function clock(schedule: Schedule): Clock {
  /** In the order in which they were set. A few at a time: a Set would be made anew in memory for every few that come and go. */
  const timers: Timer[] = []
  let [setAtMs, offMs, driftPpm] = [0, 0, 0]
  const driftMs = () => Math.trunc(((schedule.nowMs - setAtMs) * driftPpm) / 1_000_000)
  const nowMs = () => BEGIN_MS + schedule.nowMs + offMs + driftMs()

  function remove(timer: Timer): void {
    const at = timers.indexOf(timer)
    if (at >= 0) timers.splice(at, 1)
  }

  function arm(timer: Timer): void {
    timer.cancel = schedule.after(Math.max(0, timer.atMs - nowMs()), () => {
      // A clock that is slow has not come so far yet.
      if (nowMs() < timer.atMs) return arm(timer)
      remove(timer)
      timer.fire()
    })
  }

  return {
    nowMs,
    monotonicMs: () => schedule.nowMs,
    setTimer(atMs, fire) {
      const timer: Timer = { atMs, fire, cancel: () => undefined }
      timers.push(timer)
      arm(timer)
      return () => {
        timer.cancel()
        remove(timer)
      }
    },
    set(next) {
      setAtMs = schedule.nowMs
      offMs = next.offMs
      driftPpm = next.driftPpm
      for (const timer of timers) {
        timer.cancel()
        arm(timer)
      }
    },
    clear() {
      for (const timer of timers) timer.cancel()
      timers.length = 0
    },
  }
}
