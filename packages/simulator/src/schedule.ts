import type { Chance } from './chance.ts'
import { heap } from './heap.ts'

/** What happens in a simulated world, in the order of its own time. Milliseconds count from the begin of the run. */
export interface Schedule {
  readonly nowMs: number
  /** How many things have happened. */
  readonly steps: number
  /** Things of one millisecond happen in an order that the seed decides. Returns how to take it back. */
  at(atMs: number, happen: () => void): () => void
  after(delayMs: number, happen: () => void): () => void
  /** Lets all happen up to a time, each with everything that follows from it at once. Ends early when `isOver` says so. */
  runUntil(untilMs: number, isOver?: () => boolean): Promise<void>
}

interface Entry {
  readonly atMs: number
  readonly tie: number
  readonly order: number
  happen: (() => void) | undefined
}

export function schedule(chance: Chance): Schedule {
  const entries = heap(isBefore)
  let nowMs = 0
  let count = 0
  let steps = 0

  function at(atMs: number, happen: () => void): () => void {
    const entry: Entry = { atMs: Math.max(atMs, nowMs), tie: chance.below(1 << 16), order: count++, happen }
    entries.push(entry)
    return () => {
      entry.happen = undefined
    }
  }

  return {
    get nowMs() {
      return nowMs
    },
    get steps() {
      return steps
    },
    at,
    after: (delayMs, happen) => at(nowMs + delayMs, happen),
    async runUntil(untilMs, isOver = () => false) {
      await settled()
      for (let first = entries.peek(); first && first.atMs <= untilMs && !isOver(); first = entries.peek()) {
        entries.pop()
        const { happen } = first
        if (!happen) continue
        nowMs = first.atMs
        steps += 1
        happen()
        await settled()
      }
      if (!isOver() && untilMs > nowMs) nowMs = untilMs
    },
  }
}

/** Resolves when no promise can settle any more before something else happens: the only look at the loop of the real process. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs
  return a.tie === b.tie ? a.order < b.order : a.tie < b.tie
}
