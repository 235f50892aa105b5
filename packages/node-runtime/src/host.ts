/** Everything outside that a node depends on, so that a simulator can stand in for it. */
export interface Host {
  /** Unix milliseconds. */
  nowMs(): bigint
  /** Calls `fire` once at `atMs`, or at once when that has passed. Returns how to cancel it. */
  setTimer(atMs: bigint, fire: () => void): () => void
  readonly log: Log
}

/** Structured logging, one line an event; pino's loggers fit. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const TIMER_MS_MAX = 2_147_483_647

/** The real clock and timers of this process. */
export function systemHost(log: Log): Host {
  return {
    nowMs: () => BigInt(Date.now()),
    setTimer(atMs, fire) {
      let timer: ReturnType<typeof setTimeout>
      const arm = () => {
        const leftMs = Math.max(0, Number(atMs) - Date.now())
        // A timer of the platform counts to 2^31 − 1 ms at most; a longer wait is cut into pieces.
        timer = leftMs > TIMER_MS_MAX ? setTimeout(arm, TIMER_MS_MAX) : setTimeout(fire, leftMs)
      }
      arm()
      return () => clearTimeout(timer)
    },
    log,
  }
}

/** A log that drops everything. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
