const BEGIN_MS = 1_700_000_000_000n

/** Time that moves only when the test says so; timers fire in the order of their times. */
export interface ManualClock {
  nowMs(): bigint
  setTimer(atMs: bigint, fire: () => void): () => void
  /** Moves on, firing what is due, until all that follows from it has settled. */
  advance(ms: bigint): Promise<void>
}

/** A clock whose `settle` lets every promise that can do so settle: a turn of the event loop, for stores and files in memory. */
export function manualClock(settle: () => Promise<void>): ManualClock {
  let now = BEGIN_MS
  let count = 0
  const timers = new Set<{ readonly atMs: bigint; readonly order: number; readonly fire: () => void }>()
  function nextUntil(end: bigint) {
    const [first] = [...timers]
      .filter(({ atMs }) => atMs <= end)
      .sort((a, b) => Number(a.atMs - b.atMs) || a.order - b.order)
    return first
  }
  return {
    nowMs: () => now,
    setTimer(atMs, fire) {
      const timer = { atMs, order: count++, fire }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        timers.delete(timer)
        if (timer.atMs > now) now = timer.atMs
        timer.fire()
        await settle()
      }
      now = end
    },
  }
}
