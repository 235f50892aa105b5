// The interface between a module that runs code of others and the machine that it runs on.
import type { ChainError, Hash } from '@mmtchain/primitives'

/** What crosses the border between code and its host. Everything else of code stays inside. */
export type SandboxValue = undefined | null | boolean | number | bigint | string | Uint8Array

interface KindTypes {
  readonly text: string
  readonly bytes: Uint8Array
  readonly integer: bigint
  readonly number: number
  readonly flag: boolean
  readonly value: SandboxValue
}

/** What a host function takes in one place. `integer` is a bigint of code; `value` is whatever can cross. */
export type SandboxValueKind = keyof KindTypes

/** One function that code may call, as `host.NAME(…)`. `Context` is what the caller of the sandbox gives with a call. */
export interface HostFunction<Context> {
  readonly takes: readonly SandboxValueKind[]
  /** What it costs beside what crossing costs, and beside what it charges itself: what its work takes at most. */
  readonly gas: number
  /**
   * Synchronous and deterministic. A ChainError becomes an error of code, which sees its code alone and may catch it; anything
   * else that is thrown is a fault of the host and leaves the sandbox as it is.
   */
  readonly run: (context: Context, ...values: readonly SandboxValue[]) => SandboxValue
}

/** The functions of a sandbox by name. */
export type HostFunctions<Context> = { readonly [name: string]: HostFunction<Context> }

/** Declares a host function with the types of what it takes. */
export function hostFunction<Context, const Takes extends readonly SandboxValueKind[]>(spec: {
  readonly takes: Takes
  readonly gas: number
  readonly run: (
    context: Context,
    ...values: { readonly [Index in keyof Takes]: KindTypes[Takes[Index]] }
  ) => SandboxValue
}): HostFunction<Context> {
  // What crosses is checked against `takes` before `run` is called.
  return spec as unknown as HostFunction<Context>
}

/** Code, by its hash. */
export interface SandboxProgram {
  readonly hash: string
  readonly code: string
}

/** What ended well, or why it did not. The same on every node, but for the texts in `error` and in `refusal`. */
export type SandboxOutcome<T> = { readonly gasUsed: bigint; readonly logs: readonly string[] } & (
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly error: ChainError
      /** The host function's own refusal, where it is what the code threw. */
      readonly refusal?: ChainError | undefined
    }
)

export interface SandboxCall<Context> {
  readonly program: SandboxProgram
  /** The exported function. */
  readonly method: string
  readonly args: readonly SandboxValue[]
  readonly gasMax: bigint
  /** What `Date.now()` says, from the block. */
  readonly timeMs: bigint
  /** Where `Math.random()` comes from: 32 bytes that no other call has. */
  readonly seed: Uint8Array
  /** For the host functions. */
  readonly context: Context
}

export interface Sandbox<Context> {
  /** Of the engine, the world around it, the limits, the host functions and all prices: nodes that differ here differ in results. */
  readonly hash: Hash
  /** Throws `sandbox/BAD_CODE` for code that is too long. Does not run it. */
  program(code: string): SandboxProgram
  /** Loads a program and forgets it: what a chain does when code is deployed. Its gas is part of the gas of every call. */
  load(args: { readonly program: SandboxProgram; readonly gasMax: bigint }): SandboxOutcome<undefined>
  /** Throws `sandbox/BAD_ARGUMENT` for what cannot enter. May be called by host functions of a call. */
  call(request: SandboxCall<Context>): SandboxOutcome<SandboxValue>
  /** For host functions: what the call that called them has left, 0 outside a call. */
  gasLeft(): bigint
  /** For host functions: takes gas from the call that called them, and ends it when that has none left. Nothing may catch what it throws. */
  charge(gas: bigint): void
}

/** What a node decides about its sandbox: `createSandbox` of `@mmtchain/vm-sandbox`, or another of the same hash. */
export type SandboxMaker = <Context>(args: {
  readonly host: HostFunctions<Context>
  readonly limits?: SandboxBounds | undefined
  readonly prices?: SandboxPrices | undefined
}) => Sandbox<Context>

/**
 * What host functions charge beside their own `gas`, by any name. The sandbox takes none of it by itself: it is here to be part of `hash`, so that
 * nodes that charge differently show it before they differ in a block.
 */
export interface SandboxPrices {
  readonly [work: string]: bigint
}

/** The bounds that a module chooses for the code that it runs; what is left out is the machine's own. */
export interface SandboxBounds {
  readonly codeBytesMax?: number
  /** Of a single argument, result, or value that crosses to or from a host function. */
  readonly valueBytesMax?: number
  readonly hostCallsMax?: number
  /** How deep calls nest whose host functions call the sandbox again. */
  readonly depthMax?: number
  /** What loading may take at most. */
  readonly loadGasMax?: number
}
