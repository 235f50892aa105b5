import type { Host } from './host.ts'

/** After so long, other work comes first: what consensus says must not wait for a thousand signatures. */
const TURN_MS = 10

/** How checks of many signatures, from however many peers, share the thread with all else. */
export interface Turns {
  /** Work begins after none was done. */
  restart(): void
  readonly isOver: boolean
  /** Resolves when there is time in this turn, or in one of the next; timers and sockets come in between. */
  next(): Promise<void>
}

export function createTurns(host: Pick<Host, 'monotonicMs' | 'setTimer'>): Turns {
  let sinceMs = host.monotonicMs()
  let rest: Promise<void> | undefined
  const isOver = () => host.monotonicMs() - sinceMs >= TURN_MS
  return {
    restart() {
      sinceMs = host.monotonicMs()
    },
    get isOver() {
      return isOver()
    },
    async next() {
      while (isOver()) {
        rest ??= new Promise<void>((resolve) => host.setTimer(0n, resolve)).then(() => {
          rest = undefined
          sinceMs = host.monotonicMs()
        })
        await rest
      }
    },
  }
}
