import { isChainError } from '@mmtchain/primitives'
import { type Codec, showValue } from './codec.ts'
import { list, map, option, set, unit } from './containers.ts'
import { amount, amountSum, bool, u8, u16, u32, u64, u128 } from './numbers.ts'
import { type Fields, isName, struct, tuple, union } from './records.ts'
import { codecFail } from './refusals.ts'
import { address, bytes, fixedBytes, hash, text } from './strings.ts'
import { LENGTH_MAX } from './wire.ts'

/** JSON Schema (draft 2020-12) of a codec's JSON form; `x-bcs` and its companions make it enough to encode bytes from. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

const DEPTH_MAX = 32

const PLAIN: { readonly [name: string]: Codec<unknown> } = {
  bool,
  u8,
  u16,
  u32,
  u64,
  u128,
  amount,
  amountSum,
  hash,
  address,
  unit,
}

/**
 * The codec that a schema of this package describes, so that a tool can encode the values of a chain whose code it does
 * not have. Throws `codec/BAD_SCHEMA` for any other schema.
 */
export function codecFromSchema(schema: unknown, depth = 0): Codec<unknown> {
  if (typeof schema !== 'object' || schema === null) throw badSchema('it is not an object')
  if (depth > DEPTH_MAX) throw badSchema(`it is nested deeper than ${DEPTH_MAX}`)
  try {
    return fromPart(schema as JsonSchema, (nested) => codecFromSchema(nested, depth + 1))
  } catch (error) {
    if (isChainError(error) && error.code === 'codec/BAD_DEFINITION')
      throw badSchema(String(error.values.why))
    throw error
  }
}

function fromPart(part: JsonSchema, inner: (nested: unknown) => Codec<unknown>): Codec<unknown> {
  const name = String(part['x-bcs'])
  switch (name) {
    case 'text':
      return text({ bytesMax: count(part, 'x-bytesMax') })
    case 'bytes':
      return bytes({ bytesMax: count(part, 'x-bytesMax') })
    case 'fixedBytes':
      return fixedBytes(count(part, 'x-bytes'))
    case 'option':
      return option(inner(items(part, 'anyOf')[0]))
    case 'list':
      return list(inner(part.items), { min: count(part, 'minItems'), max: count(part, 'maxItems') })
    case 'set':
      return set(inner(part.items), { min: count(part, 'minItems'), max: count(part, 'maxItems') })
    case 'map':
      return map(inner(part['x-key']), inner(part['x-value']), { max: count(part, 'maxItems') })
    case 'tuple':
      return tuple(...items(part, 'prefixItems').map(inner))
    case 'struct':
      return struct(fieldsOf(part, inner))
    case 'union':
      return union(variantsOf(part, inner))
    default: {
      const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
      if (!plain) throw badSchema(`"${name}" is not a type`)
      return plain
    }
  }
}

function fieldsOf(part: JsonSchema, inner: (nested: unknown) => Codec<unknown>): Fields {
  const properties = Object(part.properties) as Record<string, unknown>
  return distinct(items(part, 'required').map((field) => [field, () => inner(properties[String(field)])]))
}

function variantsOf(part: JsonSchema, inner: (nested: unknown) => Codec<unknown>): Fields {
  return distinct(
    items(part, 'oneOf').map((variant) => {
      const properties = Object(Object(variant).properties) as Record<string, { readonly const?: unknown }>
      return [properties.kind?.const, () => inner(properties.value)]
    }),
  )
}

function distinct(named: readonly (readonly [name: unknown, codec: () => Codec<unknown>])[]): Fields {
  const fields: Record<string, Codec<unknown>> = {}
  for (const [name, codec] of named) {
    // An object moves names that look like numbers and drops __proto__, so they are refused before one is made.
    if (typeof name !== 'string' || !isName(name) || Object.hasOwn(fields, name))
      throw badSchema(`${showValue(name)} is not a name, or stands twice`)
    fields[name] = codec()
  }
  return fields
}

function count(schema: JsonSchema, keyword: string): number {
  const value = schema[keyword]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > LENGTH_MAX)
    throw badSchema(`${keyword} is not a count`)
  return value
}

function items(schema: JsonSchema, keyword: string): readonly unknown[] {
  const value = schema[keyword]
  if (!Array.isArray(value)) throw badSchema(`${keyword} is not an array`)
  return value
}

function badSchema(why: string): Error {
  return codecFail.BAD_SCHEMA({ why })
}
