/// <reference path="./wasm.d.ts" />
import { sha256 } from '@mmtchain/crypto'
import { toHex } from '@mmtchain/primitives'
import bytes from '../engine/quickjs.wasm'

/** What `engine/instrument.mjs` made of QuickJS. A pointer is a byte's place in its memory, 0 where there is nothing. */
export interface EngineExports {
  readonly gas: WebAssembly.Global<'i64'>
  readonly pages: WebAssembly.Global<'i32'>
  readonly pagesMax: WebAssembly.Global<'i32'>
  /** The bytes from `windowStart` on that it may write, to the end of `pages`. */
  readonly window: WebAssembly.Global<'i32'>
  readonly stop: WebAssembly.Global<'i32'>
  readonly stackPointer: WebAssembly.Global<'i32'>
  /** Constants: its data lie below `dataEnd`, its stack grows down from `stackTop`, its heap begins there. */
  readonly dataEnd: WebAssembly.Global<'i32'>
  readonly stackTop: WebAssembly.Global<'i32'>
  readonly windowStart: WebAssembly.Global<'i32'>
  /** So far behind its data and its window it may write, too. */
  readonly slackBytes: WebAssembly.Global<'i32'>
  initialise(): void
  malloc(bytes: number): number
  free(pointer: number): void
  newRuntime(): number
  newContext(runtime: number, intrinsics: number): number
  setMaxStackSize(runtime: number, bytes: number): void
  getGlobalObject(context: number): number
  evaluate(
    context: number,
    code: number,
    length: number,
    file: number,
    detectModule: number,
    flags: number,
  ): number
  call(context: number, method: number, self: number, count: number, values: number): number
  getProp(context: number, object: number, name: number): number
  getPropNumber(context: number, object: number, index: number): number
  setProp(context: number, object: number, name: number, value: number): void
  newFunction(context: number, name: number, length: number, isConstructor: number, id: number): number
  newObject(context: number): number
  newFloat64(context: number, value: number): number
  newString(context: number, text: number): number
  newArrayBuffer(context: number, bytes: number, length: number): number
  dupValue(context: number, value: number): number
  freeValue(context: number, value: number): void
  getFloat64(context: number, value: number): number
  getString(context: number, value: number): number
  freeCString(context: number, text: number): void
  getArrayBuffer(context: number, value: number): number
  getArrayBufferLength(context: number, value: number): number
  typeOf(context: number, value: number): number
  throwValue(context: number, value: number): number
  resolveException(context: number, value: number): number
  isJobPending(runtime: number): number
  executePendingJob(runtime: number, max: number, contextOut: number): number
  promiseState(context: number, value: number): number
  promiseResult(context: number, value: number): number
}

/** The SHA-256 of the instrumented engine. Another engine is another machine. */
export const ENGINE_SHA256 = toHex(sha256(bytes))

let compiled: WebAssembly.Module | undefined

/** The engine, compiled at the first use. */
export function engineModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)
  return compiled
}
