import type { Codec, Json, JsonSchema } from '@mmtchain/codec'
import type { Role } from './settings.ts'
import type { Subscriptions } from './subscriptions.ts'

/** What a method knows of the caller besides its parameters. */
export interface Caller {
  /** Absent where nothing can be sent but answers. */
  readonly subscriptions?: Subscriptions | undefined
  /** Counts milliseconds of the node's thread that an answer takes beside what its first step does. */
  spend(ms: number): void
}

/** One row of the table of methods: all that the server and the OpenRPC document say of it. */
export interface Method {
  readonly name: string
  /** A sentence without a full stop. */
  readonly summary: string
  readonly role: Role
  /**
   * True where an answer runs code of modules on the node's own thread, beside the chain, or may be long: what it takes is counted,
   * and bounded.
   */
  readonly works?: boolean
  /** Parameters that may be absent are options. */
  readonly params: Codec<unknown>
  /** The JSON Schema of every answer. */
  readonly result: JsonSchema
  /** Answers a call. */
  readonly run?: (params: never, caller: Caller) => Json | Promise<Json>
  /** In the place of `run`: answers calls, those that stand together in a batch at once. It never rejects. */
  readonly runAll?: (params: readonly never[]) => Promise<readonly Outcome[]>
}

/** What came of a call. */
export type Outcome = { readonly result: Json } | { readonly error: unknown }

type Row<P> = Omit<Method, 'params' | 'run' | 'runAll'> & { readonly params: Codec<P> }

/** A row with the type of its parameters checked against its codec. */
export function method<P>(
  row: Row<P> & { run(params: NoInfer<P>, caller: Caller): Json | Promise<Json> },
): Method {
  return row as Method
}

/** The same for a method that answers many calls at once. */
export function batchMethod<P>(
  row: Row<P> & { runAll(params: readonly NoInfer<P>[]): Promise<readonly Outcome[]> },
): Method {
  return row as Method
}
