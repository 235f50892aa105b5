import { sha256 } from '@mmtchain/crypto'
import type { HostFunctions } from '@mmtchain/kernel'
import { type Image, type Machine, STACK_BYTES_MAX } from './machine.ts'
import { callWith, type Helpers, isException, writeText, writeValue } from './values.ts'

/** Functions of the world itself, by their numbers; those of the host's table count from 0. */
export const builtins = { random: -1, log: -2 } as const

/** Every part of the language but weak references: what the collector does is nothing that code may see. */
const INTRINSICS = 0xfff
const SCRIPT = 0

/**
 * Runs once, before any foreign code. What it returns is called later, when foreign code may have changed every object that is
 * in reach: so it uses only what it took beforehand, and nothing that looks up a property of a shared object.
 */
export const PRELUDE = `(random, log, functions) => {
  'use strict'
  const { apply, ownKeys } = Reflect
  const { create, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } = Object
  const [BigIntOf, BytesOf, ErrorOf, TextOf] = [BigInt, Uint8Array, Error, String]
  const { slice } = String.prototype
  const typedArray = getPrototypeOf(BytesOf.prototype)
  const nameOf = getOwnPropertyDescriptor(typedArray, Symbol.toStringTag).get
  const bufferOf = getOwnPropertyDescriptor(typedArray, 'buffer').get
  const fixed = (target, name, value) =>
    defineProperty(target, name, { __proto__: null, value, writable: false, enumerable: true, configurable: false })

  for (const name of ['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'performance', 'gc'])
    delete globalThis[name]
  defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true })
  const console = {}
  for (const name of ['debug', 'log', 'info', 'warn', 'error']) {
    console[name] = (...parts) => {
      let line = ''
      for (let i = 0; i < parts.length; i++) line += (i === 0 ? '' : ' ') + TextOf(parts[i])
      log(line)
    }
  }
  defineProperty(globalThis, 'console', { value: console, writable: true, enumerable: false, configurable: true })
  const host = create(null)
  for (const name of ownKeys(functions)) fixed(host, name, freeze(functions[name]))
  fixed(globalThis, 'host', freeze(host))

  return [
    (buffer) => new BytesOf(buffer),
    (value) => {
      if (apply(nameOf, value, []) !== 'Uint8Array') throw new ErrorOf('not bytes')
      return apply(bufferOf, new BytesOf(value), [])
    },
    (text) => BigIntOf(text),
    (message, code) => {
      const error = new ErrorOf(message)
      if (code !== undefined) defineProperty(error, 'code', { __proto__: null, value: code, enumerable: true })
      return error
    },
    (error) => {
      try {
        const isObject = typeof error === 'object' && error !== null
        const text = isObject ? error.name + ': ' + error.message + '\\n' + error.stack : TextOf(error)
        return apply(slice, text, [0, 2000])
      } catch {
        return 'something that cannot be shown'
      }
    },
  ]
}`

/** Makes a world on a new machine, and freezes it: every load begins from there. */
export function makeWorld<Context>(
  machine: Machine,
  host: HostFunctions<Context>,
): { readonly image: Image; readonly helpers: Helpers } {
  const { engine } = machine
  const runtime = engine.newRuntime()
  engine.setMaxStackSize(runtime, STACK_BYTES_MAX)
  const context = engine.newContext(runtime, INTRINSICS)
  const nothing = {
    ...{ runtime, context },
    ...{ toBytes: 0, bytesOf: 0, toBigInt: 0, toError: 0, explain: 0 },
  }
  const early: Helpers = { ...nothing, undefined: 0 }
  const whole = { ...early, undefined: writeValue(machine, early, undefined) }

  const newFunction = (name: string, id: number) =>
    engine.newFunction(context, writeText(machine, name).at, 0, 0, id)
  const functions = engine.newObject(context)
  Object.keys(host).forEach((name, id) => {
    engine.setProp(context, functions, writeValue(machine, whole, name), newFunction(name, id))
  })
  const prelude = evaluate(machine, whole, { code: PRELUDE, file: 'sandbox', flags: SCRIPT })
  const made = callWith(machine, whole, prelude, [
    newFunction('random', builtins.random),
    newFunction('log', builtins.log),
    functions,
  ])
  if (isException(machine, prelude) || isException(machine, made))
    throw new Error('The prelude of the sandbox does not run.')
  const [toBytes = 0, bytesOf = 0, toBigInt = 0, toError = 0, explain = 0] = [0, 1, 2, 3, 4].map((index) =>
    engine.getPropNumber(context, made, index),
  )
  const helpers = { ...whole, toBytes, bytesOf, toBigInt, toError, explain }
  return { image: machine.freeze(), helpers }
}

/** Runs code; gives what the engine gives. */
export function evaluate(
  machine: Machine,
  helpers: Helpers,
  args: { readonly code: string; readonly file: string; readonly flags: number },
): number {
  const { at, length } = writeText(machine, args.code)
  const file = writeText(machine, args.file).at
  const result = machine.engine.evaluate(helpers.context, at, length, file, 0, args.flags)
  machine.engine.free(at)
  machine.engine.free(file)
  return result
}

/** Numbers from 0 up to 1 that follow from a seed: of SHA-256(seed ‖ 0), SHA-256(seed ‖ 1), … four each, 53 bits of every 64. */
export function randomOf(seed: Uint8Array): () => number {
  const block = new Uint8Array(seed.length + 8)
  block.set(seed)
  const counter = new DataView(block.buffer, seed.length)
  let digest: DataView = new DataView(new ArrayBuffer(32))
  let drawn = 0n
  return () => {
    const place = Number(drawn % 4n)
    if (place === 0) {
      counter.setBigUint64(0, drawn / 4n)
      const bytes = sha256(block)
      digest = new DataView(bytes.buffer, bytes.byteOffset)
    }
    drawn += 1n
    return Number(digest.getBigUint64(8 * place) >> 11n) / 2 ** 53
  }
}
