import type { Codec } from './codec.ts'
import { list, map, option, set, struct, tuple, union, unit } from './containers.ts'
import { amount, amountSum, bool, u8, u16, u32, u64, u128 } from './numbers.ts'
import { codecFail } from './refusals.ts'
import { address, bytes, fixedBytes, hash, text } from './strings.ts'

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
  if (typeof schema !== 'object' || schema === null)
    throw codecFail.BAD_SCHEMA({ why: 'it is not an object' })
  if (depth > DEPTH_MAX) throw codecFail.BAD_SCHEMA({ why: `it is nested deeper than ${DEPTH_MAX}` })
  const part = schema as JsonSchema
  const inner = (nested: unknown) => codecFromSchema(nested, depth + 1)
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
    case 'struct': {
      const properties = Object(part.properties) as Record<string, unknown>
      return struct(
        Object.fromEntries(
          items(part, 'required').map((field) => [String(field), inner(properties[String(field)])]),
        ),
      )
    }
    case 'union':
      return union(
        Object.fromEntries(
          items(part, 'oneOf').map((variant) => {
            const properties = Object(Object(variant).properties) as Record<string, { const?: unknown }>
            return [String(properties.kind?.const), inner(properties.value)]
          }),
        ),
      )
    default: {
      const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
      if (!plain) throw codecFail.BAD_SCHEMA({ why: `"${name}" is not a type` })
      return plain
    }
  }
}

function count(schema: JsonSchema, keyword: string): number {
  const value = schema[keyword]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0x7fff_ffff) {
    throw codecFail.BAD_SCHEMA({ why: `${keyword} is not a count` })
  }
  return value
}

function items(schema: JsonSchema, keyword: string): readonly unknown[] {
  const value = schema[keyword]
  if (!Array.isArray(value)) throw codecFail.BAD_SCHEMA({ why: `${keyword} is not an array` })
  return value
}
