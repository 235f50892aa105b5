import {
  badJson,
  type Codec,
  type Infer,
  type Json,
  type JsonContext,
  type KeyCodec,
  type KeyCursor,
  type Member,
  makeCodec,
  makeKeyCodec,
  wrongType,
} from './codec.ts'
import { type FieldReader, fieldReader } from './field-readers.ts'
import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'
import { lengthBytes, readLength, type Sink, type Source, writeLength } from './wire.ts'

/** Named codecs, in the order of their bytes. */
export interface Fields {
  readonly [name: string]: Codec<unknown>
}
/** The value of a struct of fields `F`. */
export type StructValue<F> = { readonly [K in keyof F]: Infer<F[K]> }
/** The value of a union of variants `F`: `{ kind, value }`. */
export type UnionValue<F> = {
  readonly [K in keyof F]: { readonly kind: K; readonly value: Infer<F[K]> }
}[keyof F]
/** The value of a tuple of codecs `C`. */
export type TupleValue<C extends readonly unknown[]> = { readonly [I in keyof C]: Infer<C[I]> }

/** Values one after another. A tuple of key codecs is itself a key, ordered by its members from the first on. */
export function tuple<const C extends readonly KeyCodec<unknown>[]>(...members: C): KeyCodec<TupleValue<C>>
export function tuple<const C extends readonly Codec<unknown>[]>(...members: C): Codec<TupleValue<C>>
export function tuple(...members: readonly Codec<unknown>[]): Codec<readonly unknown[]> {
  if (members.length === 0) throw codecFail.BAD_DEFINITION({ why: 'a tuple without members' })
  const parts = {
    schema: { ...membersSchema(members), 'x-bcs': 'tuple' },
    bytesMin: sum(members.map((member) => member.bytesMin)),
    bytesMax: sum(members.map((member) => member.bytesMax)),
    write(sink: Sink, values: readonly unknown[]) {
      checkMembers(members, values)
      for (let i = 0; i < members.length; i++) (members[i] as Codec<unknown>).write(sink, values[i])
    },
    read(source: Source) {
      const values: unknown[] = []
      for (let i = 0; i < members.length; i++) values.push((members[i] as Codec<unknown>).read(source))
      return values
    },
    toJson: (values: readonly unknown[], context: JsonContext) =>
      members.map((member, i) => member.toJson(values[i], context)),
    fromJson(json: unknown, context: JsonContext) {
      if (!Array.isArray(json) || json.length !== members.length)
        return badJson(context, `an array of ${members.length}`, json)
      return members.map((member, i) => within(context, i, () => member.fromJson(json[i], context)))
    },
  }
  const membersOf = (values: readonly unknown[]): Member[] =>
    Array.isArray(values) && values.length === members.length
      ? members.map((codec, i) => ({ path: [i], codec, value: values[i] }))
      : []
  return members.every(isKeyCodec)
    ? makeKeyCodec({ ...parts, ...tupleKey(members) }, membersOf)
    : makeCodec(parts, membersOf)
}

function isKeyCodec(codec: Codec<unknown>): codec is KeyCodec<unknown> {
  return 'writeKey' in codec
}

function tupleKey(members: readonly KeyCodec<unknown>[]) {
  return {
    writeKey(values: readonly unknown[]) {
      checkMembers(members, values)
      return members.map((member, i) => member.writeKey(values[i])).join('')
    },
    writeKeyPrefix(values: readonly unknown[]) {
      if (!Array.isArray(values) || values.length > members.length)
        wrongType(`the first members of a tuple of ${members.length}`, values)
      return values.map((value, i) => (members[i] as KeyCodec<unknown>).writeKey(value)).join('')
    },
    readKey: (cursor: KeyCursor): readonly unknown[] => members.map((member) => member.readKey(cursor)),
  }
}

function checkMembers(members: readonly unknown[], values: readonly unknown[]): void {
  if (!Array.isArray(values) || values.length !== members.length)
    wrongType(`a tuple of ${members.length}`, values)
}

/** Named values, encoded in the order in which the fields are declared. */
export function struct<const F extends Fields>(fields: F): Codec<StructValue<F>> {
  const { names, codecs } = named(fields, 'struct', 'field')
  const want = `{ ${names.join(', ')} }`
  const readers = names.map((name, i) => fieldReader(name, codecs[i] as Codec<unknown>))
  return makeCodec<Record<string, unknown>>(
    {
      schema: {
        type: 'object',
        properties: Object.fromEntries(names.map((name, i) => [name, codecs[i]?.schema])),
        required: names,
        additionalProperties: false,
        'x-bcs': 'struct',
      },
      bytesMin: sum(codecs.map((codec) => codec.bytesMin)),
      bytesMax: sum(codecs.map((codec) => codec.bytesMax)),
      write(sink, value) {
        if (typeof value !== 'object' || value === null) wrongType(want, value)
        for (let i = 0; i < names.length; i++)
          (codecs[i] as Codec<unknown>).write(sink, value[names[i] as string])
      },
      read(source) {
        const value: Record<string, unknown> = {}
        for (let i = 0; i < readers.length; i++) (readers[i] as FieldReader)(value, source)
        return value
      },
      toJson(value, context) {
        if (typeof value !== 'object' || value === null) wrongType(want, value)
        const json: Record<string, Json> = {}
        for (const [i, name] of names.entries())
          json[name] = (codecs[i] as Codec<unknown>).toJson(value[name], context)
        return json
      },
      fromJson(json, context) {
        if (typeof json !== 'object' || json === null || Array.isArray(json))
          return badJson(context, 'an object', json)
        for (const name of Object.keys(json))
          if (!Object.hasOwn(fields, name))
            return badJson(context, `an object with the fields ${names.join(', ')}`, { [name]: '…' })
        const value: Record<string, unknown> = {}
        for (let i = 0; i < names.length; i++) {
          const name = names[i] as string
          const given = Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined
          // As in `within`, without a function for each field.
          context.path.push(name)
          value[name] = (codecs[i] as Codec<unknown>).fromJson(given, context)
          context.path.pop()
        }
        return value
      },
    },
    (value: Record<string, unknown>) =>
      typeof value === 'object' && value !== null
        ? names.map((name, i) => ({ path: [name], codec: codecs[i] as Codec<unknown>, value: value[name] }))
        : [],
  ) as Codec<StructValue<F>>
}

/** One of several named variants, `{ kind, value }`, numbered in the order in which they are declared. */
export function union<const F extends Fields>(variants: F): Codec<UnionValue<F>> {
  const { names: kinds, codecs } = named(variants, 'union', 'variant')
  const want = `{ kind, value } with kind ${kinds.join(' or ')}`
  const position = (value: unknown) => kinds.indexOf((value as { kind?: unknown } | null)?.kind as string)
  return makeCodec<{ readonly kind: string; readonly value: unknown }>(
    {
      schema: {
        oneOf: kinds.map((kind, i) => variantSchema(kind, codecs[i] as Codec<unknown>)),
        'x-bcs': 'union',
      },
      bytesMin: Math.min(...codecs.map((codec, i) => lengthBytes(i) + codec.bytesMin)),
      bytesMax: Math.max(...codecs.map((codec, i) => lengthBytes(i) + codec.bytesMax)),
      write(sink, value) {
        const at = position(value)
        if (at < 0) wrongType(want, value)
        writeLength(sink, at)
        codecs[at]?.write(sink, value.value)
      },
      read(source) {
        const start = source.at
        const at = readLength(source)
        const codec = codecs[at]
        if (!codec) throw codecFail.BAD_TAG({ want: `a variant below ${kinds.length}`, got: at, at: start })
        return { kind: kinds[at] as string, value: codec.read(source) }
      },
      toJson(value, context) {
        const codec = codecs[position(value)]
        if (!codec) return wrongType(want, value)
        return { kind: value.kind, value: codec.toJson(value.value, context) }
      },
      fromJson(json, context) {
        const codec = codecs[position(json)]
        if (!codec || Object.keys(json as object).some((name) => name !== 'kind' && name !== 'value'))
          return badJson(context, want, json)
        const { kind, value } = json as { kind: string; value: unknown }
        return { kind, value: within(context, 'value', () => codec.fromJson(value, context)) }
      },
    },
    (value: { value?: unknown } | null) => {
      const codec = codecs[position(value)]
      return codec ? [{ path: ['value'], codec, value: value?.value }] : []
    },
  ) as Codec<UnionValue<F>>
}

/** Runs `read` one step deeper in the path. The step stays on the path when it throws, to name the culprit. */
export function within<T>(context: JsonContext, step: string | number, read: () => T): T {
  context.path.push(step)
  const value = read()
  context.path.pop()
  return value
}

/** True for the names that fields and variants may have: JavaScript moves numbers to the front and drops __proto__. */
export function isName(text: string): boolean {
  return /^[a-zA-Z_]\w*$/.test(text) && text !== '__proto__'
}

function named(
  members: Fields,
  type: string,
  member: string,
): { readonly names: readonly string[]; readonly codecs: readonly Codec<unknown>[] } {
  const names = Object.keys(members)
  if (names.length === 0) throw codecFail.BAD_DEFINITION({ why: `a ${type} without ${member}s` })
  const wrong = names.find((name) => !isName(name))
  if (wrong !== undefined)
    throw codecFail.BAD_DEFINITION({ why: `"${wrong}" is not the name of a ${member}` })
  return { names, codecs: Object.values(members) }
}

/** The part that the schemas of a tuple and of a map's entry share. */
export function membersSchema(members: readonly Codec<unknown>[]): JsonSchema {
  return {
    type: 'array',
    prefixItems: members.map((member) => member.schema),
    items: false,
    minItems: members.length,
    maxItems: members.length,
  }
}

function variantSchema(kind: string, codec: Codec<unknown>): JsonSchema {
  return {
    type: 'object',
    properties: { kind: { const: kind }, value: codec.schema },
    required: ['kind', 'value'],
    additionalProperties: false,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
