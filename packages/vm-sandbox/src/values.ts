import type { SandboxValue as Value } from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { ENGINE_GAVE_UP, type Machine } from './machine.ts'

export type { SandboxValue as Value } from '@mmtchain/kernel'

/** Code of the sandbox's own that stays in every image: what it takes to make and read values without trusting code. */
export interface Helpers {
  readonly runtime: number
  readonly context: number
  readonly undefined: number
  /** `(buffer) => Uint8Array` and back, by a copy; the second throws for anything else. */
  readonly toBytes: number
  readonly bytesOf: number
  readonly toBigInt: number
  /** `(message, code) => Error` */
  readonly toError: number
  /** `(error) => string`, for people. */
  readonly explain: number
}

/** A value of code, as the engine lays it out: a tag above, and below a number or a pointer. */
const tags = {
  ...{ bigint: -9, text: -7, rope: -6, object: -1 },
  ...{ int: 0, bool: 1, null: 2, undefined: 3, exception: 6, shortBigint: 7 },
}
/** Every tag from here on is half of a float. */
const FLOAT_FIRST = 8

/** Why a value could not cross. */
export type Unfit = 'kind' | 'size' | 'text'

export type ReadValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: Unfit }

/** For each byte that crosses, in either direction. */
export const GAS_PER_BYTE = 5n
/** The longest whole number that crosses, in digits. */
const DIGITS_MAX = 1_300

/**
 * A place that the engine gave, with so many bytes from there on. An engine whose memory code has spoilt gives any: what lies outside is
 * its fault, and never an error of the host's.
 */
function placeOf(machine: Machine, at: number, bytes: number): number {
  const place = at >>> 0
  if (bytes < 0 || place + bytes > machine.bytes.length) throw ENGINE_GAVE_UP
  return place
}

/** A place for so many bytes that the engine found for the host to write. */
function roomOf(machine: Machine, bytes: number): number {
  const at = machine.engine.malloc(bytes) >>> 0
  if (!machine.isOwn(at, bytes)) throw ENGINE_GAVE_UP
  return at
}

const tagAt = (machine: Machine, value: number): number =>
  machine.view.getInt32(placeOf(machine, value, 8) + 4, true)
const lowAt = (machine: Machine, value: number): number =>
  machine.view.getInt32(placeOf(machine, value, 8), true)

/** The bytes up to a zero, or nothing if there are more than `bytesMax`. */
export function readZeroEnded(machine: Machine, at: number, bytesMax: number): Uint8Array | undefined {
  const place = placeOf(machine, at, 1)
  const found = machine.bytes.subarray(place, place + bytesMax + 1)
  const end = found.indexOf(0)
  return end < 0 ? undefined : found.slice(0, end)
}

export const isException = (machine: Machine, value: number): boolean =>
  tagAt(machine, value) === tags.exception

/** What `value` points to, when it is an object: another object is at another place for as long as this one lives. */
export const objectAt = (machine: Machine, value: number): number | undefined =>
  tagAt(machine, value) === tags.object ? lowAt(machine, value) : undefined

/** Calls code's `method` with values that were written, and frees them. */
export function callWith(
  machine: Machine,
  helpers: Helpers,
  method: number,
  values: readonly number[],
): number {
  const { engine, view } = machine
  const list = roomOf(machine, 4 * values.length + 4)
  values.forEach((value, index) => {
    view.setUint32(list + 4 * index, value, true)
  })
  const result = engine.call(helpers.context, method, helpers.undefined, values.length, list)
  engine.free(list)
  for (const value of values) engine.freeValue(helpers.context, value)
  return result
}

/** Text in the engine's memory, with the zero that ends it. */
export function writeText(machine: Machine, text: string): { readonly at: number; readonly length: number } {
  const bytes = utf8(text)
  machine.charge(GAS_PER_BYTE * BigInt(bytes.length))
  const at = roomOf(machine, bytes.length + 1)
  machine.bytes.set(bytes, at)
  machine.bytes[at + bytes.length] = 0
  return { at, length: bytes.length }
}

/** Makes a value of code. Text must be well formed and without zeros. */
export function writeValue(machine: Machine, helpers: Helpers, value: Value): number {
  const { engine } = machine
  const plain = (tag: number, low: number) => {
    const at = roomOf(machine, 8)
    machine.view.setInt32(at, low, true)
    machine.view.setInt32(at + 4, tag, true)
    return at
  }
  if (value === undefined) return plain(tags.undefined, 0)
  if (value === null) return plain(tags.null, 0)
  if (typeof value === 'boolean') return plain(tags.bool, value ? 1 : 0)
  if (typeof value === 'number')
    return Object.is(value | 0, value) ? plain(tags.int, value) : engine.newFloat64(helpers.context, value)
  if (typeof value === 'bigint')
    return callWith(machine, helpers, helpers.toBigInt, [writeValue(machine, helpers, value.toString())])
  if (typeof value === 'string') {
    const { at } = writeText(machine, value)
    const made = engine.newString(helpers.context, at)
    engine.free(at)
    return made
  }
  machine.charge(GAS_PER_BYTE * BigInt(value.length))
  const at = roomOf(machine, value.length + 1)
  machine.bytes.set(value, at)
  return callWith(machine, helpers, helpers.toBytes, [
    engine.newArrayBuffer(helpers.context, at, value.length),
  ])
}

/** Reads a value of code, of at most `bytesMax` bytes. Runs none of the code's own. */
export function readValue(machine: Machine, helpers: Helpers, at: number, bytesMax: number): ReadValue {
  const tag = tagAt(machine, at)
  const fits = (value: Value): ReadValue => ({ ok: true, value })
  switch (tag) {
    case tags.undefined:
      return fits(undefined)
    case tags.null:
      return fits(null)
    case tags.bool:
      return fits(lowAt(machine, at) !== 0)
    case tags.int:
      return fits(lowAt(machine, at))
    case tags.text:
    case tags.rope:
      return readText(machine, helpers, at, bytesMax)
    case tags.bigint:
    case tags.shortBigint: {
      const digits = readDigits(machine, helpers, at)
      return digits === undefined ? { ok: false, why: 'size' } : fits(BigInt(digits))
    }
    case tags.object:
      return readBytes(machine, helpers, at, bytesMax)
  }
  if (tag < FLOAT_FIRST && tag >= tags.bigint) return { ok: false, why: 'kind' }
  return fits(machine.engine.getFloat64(helpers.context, at))
}

function readDigits(machine: Machine, helpers: Helpers, at: number): string | undefined {
  const { engine } = machine
  const text = engine.getString(helpers.context, at)
  if (text === 0) return undefined
  const found = readZeroEnded(machine, text, DIGITS_MAX)
  const digits = found && String.fromCharCode(...found)
  if (digits !== undefined && !/^-?\d+$/.test(digits)) throw ENGINE_GAVE_UP
  engine.freeCString(helpers.context, text)
  return digits
}

function readText(machine: Machine, helpers: Helpers, at: number, bytesMax: number): ReadValue {
  const { engine, view } = machine
  // A string's second word is its length in UTF-16 units, under a bit for its width.
  const units = view.getUint32(placeOf(machine, lowAt(machine, at), 8) + 4, true) & 0x7fff_ffff
  if (units > bytesMax) return { ok: false, why: 'size' }
  machine.charge(GAS_PER_BYTE * BigInt(3 * units))
  const text = engine.getString(helpers.context, at)
  if (text === 0) return { ok: false, why: 'text' }
  const found = readZeroEnded(machine, text, bytesMax)
  engine.freeCString(helpers.context, text)
  if (found === undefined) return { ok: false, why: 'size' }
  const value = wellFormed(found)
  // A zero within the text, which ends it too early, shows in its length.
  return value === undefined || value.length !== units ? { ok: false, why: 'text' } : { ok: true, value }
}

const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The text of what the engine wrote, whose only fault can be a lone surrogate: 0xed, which is always a first byte, before 0xa0 or more. A
 * decoder that throws takes ten times what such a text pays for.
 */
function wellFormed(bytes: Uint8Array): string | undefined {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 3))
    if ((bytes[at + 1] ?? 0) >= 0xa0) return undefined
  return utf8Decoder.decode(bytes)
}

function readBytes(machine: Machine, helpers: Helpers, at: number, bytesMax: number): ReadValue {
  const { engine, bytes } = machine
  const buffer = callWith(machine, helpers, helpers.bytesOf, [engine.dupValue(helpers.context, at)])
  if (isException(machine, buffer)) {
    engine.freeValue(helpers.context, engine.resolveException(helpers.context, buffer))
    return { ok: false, why: 'kind' }
  }
  const length = engine.getArrayBufferLength(helpers.context, buffer)
  if (length < 0) throw ENGINE_GAVE_UP
  if (length > bytesMax) return { ok: false, why: 'size' }
  machine.charge(GAS_PER_BYTE * BigInt(length))
  const copy = placeOf(machine, engine.getArrayBuffer(helpers.context, buffer), length)
  const value = bytes.slice(copy, copy + length)
  engine.free(copy)
  engine.freeValue(helpers.context, buffer)
  return { ok: true, value }
}
