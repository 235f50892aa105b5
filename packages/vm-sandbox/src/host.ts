import type { Value } from './values.ts'

interface KindTypes {
  readonly text: string
  readonly bytes: Uint8Array
  readonly integer: bigint
  readonly number: number
  readonly flag: boolean
  readonly value: Value
}

/** What a host function takes in one place. `integer` is a bigint of code; `value` is whatever can cross. */
export type ValueKind = keyof KindTypes

/** One function that code may call, as `host.NAME(…)`. `Context` is what the caller of the sandbox gives with a call. */
export interface HostFunction<Context> {
  readonly takes: readonly ValueKind[]
  /** What it costs beside what crossing costs: what its work takes at most. */
  readonly gas: number
  /**
   * Synchronous and deterministic. A ChainError becomes an error of code, which sees its code alone and may catch it; anything
   * else that is thrown is a fault of the host and leaves the sandbox as it is.
   */
  readonly run: (context: Context, ...values: readonly Value[]) => Value
}

/** The functions of a sandbox by name. */
export type HostFunctions<Context> = { readonly [name: string]: HostFunction<Context> }

/** Declares a host function with the types of what it takes. */
export function hostFunction<Context, const Takes extends readonly ValueKind[]>(spec: {
  readonly takes: Takes
  readonly gas: number
  readonly run: (
    context: Context,
    ...values: { readonly [Index in keyof Takes]: KindTypes[Takes[Index]] }
  ) => Value
}): HostFunction<Context> {
  // What crosses is checked against `takes` before `run` is called.
  return spec as unknown as HostFunction<Context>
}

export function isOfKind(value: Value, kind: ValueKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'bytes':
      return value instanceof Uint8Array
    case 'integer':
      return typeof value === 'bigint'
    case 'number':
      return typeof value === 'number'
    case 'flag':
      return typeof value === 'boolean'
    case 'value':
      return true
  }
}
