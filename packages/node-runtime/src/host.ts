import type { Hash } from '@mmtchain/primitives'

/** Everything outside that a node depends on, so that a simulator can stand in for it. A node draws no random numbers. */
export interface Host {
  /** Unix milliseconds. */
  nowMs(): bigint
  /** Milliseconds of a clock that never goes back, for durations. */
  monotonicMs(): number
  /** Calls `fire` once at `atMs` of `nowMs`, never before, also when that clock is set back, or at once when it has passed. Returns how to cancel it. */
  setTimer(atMs: bigint, fire: () => void): () => void
  readonly log: Log
  /** Where waiting transactions outlast the process. Without one they are gone with it. */
  readonly journal?: Journal
  /** Threads that check signatures beside this one. A simulated machine has none. */
  readonly checkThreads?: CheckThreads
  /** What the operator should know of this machine. A simulated one has nothing to tell. */
  readonly readings?: () => Promise<Readings>
}

/** The state of the machine and process under a node. */
export interface Readings {
  /** How late the event loop came back to waiting work, at the 99th percentile of the last minute or so. */
  readonly eventLoopDelayMs: number
  readonly residentBytes: number
  /** The file system that holds the node's data, and what its data takes; undefined where the platform does not say. */
  readonly disk: { readonly freeBytes: number; readonly dataBytes: number } | undefined
}

/**
 * Records that outlast the process: what was appended is there again after a crash of it, but for the very last, and after a
 * power failure perhaps not. Nothing that is in it may be trusted.
 */
export interface Journal {
  /** Bytes of all records, those that wait to be written too. */
  readonly bytes: number
  /** The records of the last run, oldest first. Damage ends it, told to the log. */
  read(): AsyncIterable<Uint8Array>
  /** Notes a record, soon. It never throws: a journal that cannot write says so once in the log and keeps nothing. */
  append(record: Uint8Array): void
  /** Puts these in the place of all that was noted before the call. One at a time. */
  replace(records: readonly Uint8Array[]): Promise<void>
  close(): Promise<void>
}

/** Threads that check transactions of one chain. */
export interface CheckThreads {
  /** For each transaction its id; nothing where it is not valid, or was not checked because too few or too many came together. */
  check(
    chain: { readonly fingerprint: Hash; readonly suiteCodes: readonly number[] },
    transactions: readonly Uint8Array[],
  ): Promise<readonly (Hash | undefined)[]>
  close(): Promise<void>
}

/** Structured logging, one line an event; pino's loggers fit. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** The log of one component, `mempool` or `rpc`, which may have a level of its own. */
  component?(name: string): Log
}

/** The log of a component, where the log has such. */
export function logOf(log: Log, component: string): Log {
  return log.component?.(component) ?? log
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** An error as a log line has it, with its stack. */
export function textOf(error: unknown): string {
  return (error instanceof Error && error.stack) || String(error)
}
