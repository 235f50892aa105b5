import type { Host } from '@mmtchain/node-runtime'

/** How often waiting transactions are looked for. */
const LOOK_MS = 20

/** The timers of a development chain that makes blocks on demand. */
export interface DemandHost {
  wrap(host: Host): Host
  /** Begins to look at a pool. */
  watch(pool: { readonly count: number }): void
  stop(): void
}

/**
 * Holds every timer, also one that is due already, until a transaction waits, and then lets it fire at once: the engine makes its next block as if
 * its time had come. A block's time is at least one slot after its parent's, so a chain that is asked for many blocks in a row runs
 * ahead of the clock.
 */
export function demandHost(): DemandHost {
  const held = new Map<() => void, { readonly atMs: bigint; readonly count: number }>()
  let host: Host | undefined
  let pool: { readonly count: number } | undefined
  const timer = setInterval(() => {
    const count = pool?.count ?? 0
    if (!host || count === 0) return
    for (const [fire, since] of held) {
      // What stayed behind after the last block may not be able to be in the next, so it alone waits until its time.
      if (count === since.count && host.nowMs() < since.atMs) continue
      held.delete(fire)
      fire()
    }
  }, LOOK_MS)
  return {
    wrap(inner) {
      host = inner
      return {
        ...inner,
        setTimer(atMs, fire) {
          held.set(fire, { atMs, count: pool?.count ?? 0 })
          return () => void held.delete(fire)
        },
      }
    },
    watch(found) {
      pool = found
    },
    stop() {
      clearInterval(timer)
      held.clear()
    },
  }
}
