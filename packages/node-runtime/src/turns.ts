import type { Host } from './host.ts'

/** The least that a turn lasts, and the most: what consensus says must not wait for a thousand signatures. */
const TURN_MS_MIN = 10
const TURN_MS_MAX = 50

/**
 * How checks of many signatures, from however many peers, share the thread with all else. Between the bounds a turn lasts as long as all else took since the one before,
 * so that who sends much else cannot keep them from coming along. Before each piece of work: `while (!turns.hasTime()) await turns.next()`. Of all who wait the first
 * one goes on when a turn begins, then the next, and who finds it over waits again.
 */
export interface Turns {
  /** Work begins after none was done. */
  restart(): void
  /** Whether this turn has time for one more piece of work; a new one always has. */
  hasTime(): boolean
  /** Resolves when the next turn begins; timers and sockets come in between. */
  next(): Promise<void>
}

export function createTurns(host: Pick<Host, 'monotonicMs' | 'setTimer'>): Turns {
  let beganMs = host.monotonicMs()
  let turnMs = TURN_MS_MIN
  let rest: Promise<void> | undefined
  /** Nothing is kept out for good, however slow the machine is. */
  let isUnused = true

  function begin(restMs: number): void {
    isUnused = true
    beganMs = host.monotonicMs()
    turnMs = Math.min(TURN_MS_MAX, Math.max(TURN_MS_MIN, restMs))
  }

  return {
    restart: () => begin(0),
    hasTime() {
      if (!isUnused) return host.monotonicMs() - beganMs < turnMs
      isUnused = false
      return true
    },
    next() {
      if (!rest) {
        const overMs = host.monotonicMs()
        rest = new Promise<void>((resolve) => host.setTimer(0n, resolve)).then(() => {
          rest = undefined
          begin(host.monotonicMs() - overMs)
        })
      }
      return rest
    },
  }
}
