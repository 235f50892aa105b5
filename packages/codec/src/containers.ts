import { compareBytes } from '@mmtchain/primitives'
import {
  badJson,
  type Codec,
  encode,
  type Infer,
  type Json,
  type JsonContext,
  type KeyCodec,
  type KeyCursor,
  lengthBytes,
  makeCodec,
  readBoundedLength,
  readLength,
  reserve,
  type Sink,
  type Source,
  take,
  writeLength,
  wrongType,
} from './codec.ts'
import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'

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

/** No value: zero bytes, `null` in JSON. */
export const unit: KeyCodec<null> = makeCodec({
  schema: { type: 'null', 'x-bcs': 'unit' } as JsonSchema,
  bytesMin: 0,
  bytesMax: 0,
  write(_sink: Sink, value: null) {
    if (value !== null) wrongType('null', value)
  },
  read: () => null,
  toJson: () => null,
  fromJson: (json: unknown, context: JsonContext) => (json === null ? null : badJson(context, 'null', json)),
  writeKey: () => '',
  readKey: () => null,
})

/** A value or `null`. An option of an option has no JSON form and is refused. */
export function option<T>(inner: Codec<T>): Codec<T | null> {
  if (inner.schema['x-bcs'] === 'option' || inner.schema['x-bcs'] === 'unit') {
    throw codecFail.BAD_DEFINITION({ why: 'an option of an option or of unit' })
  }
  return makeCodec({
    schema: { anyOf: [inner.schema, { type: 'null' }], 'x-bcs': 'option' } as JsonSchema,
    bytesMin: 1,
    bytesMax: 1 + inner.bytesMax,
    write(sink: Sink, value: T | null) {
      reserve(sink, 1)
      sink.bytes[sink.at++] = value === null ? 0 : 1
      if (value !== null) inner.write(sink, value)
    },
    read(source: Source) {
      const tag = source.bytes[take(source, 1)] as number
      if (tag > 1) throw codecFail.BAD_TAG({ want: '00 or 01', got: tag })
      return tag === 0 ? null : inner.read(source)
    },
    toJson: (value: T | null, context: JsonContext) => (value === null ? null : inner.toJson(value, context)),
    fromJson: (json: unknown, context: JsonContext) => (json === null ? null : inner.fromJson(json, context)),
  })
}

/** A sequence of `min` (0 by default) to `max` values. */
export function list<T>(
  item: Codec<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Codec<readonly T[]> {
  return makeCodec({
    schema: {
      type: 'array',
      items: item.schema,
      minItems: min,
      maxItems: max,
      'x-bcs': 'list',
    } as JsonSchema,
    bytesMin: lengthBytes(min) + min * item.bytesMin,
    bytesMax: lengthBytes(max) + max * item.bytesMax,
    write(sink: Sink, values: readonly T[]) {
      if (!Array.isArray(values)) wrongType('a list', values)
      checkCount(values.length, min, max)
      writeLength(sink, values.length)
      for (const value of values) item.write(sink, value)
    },
    read(source: Source) {
      const length = readBoundedLength(source, { min, max, itemBytesMin: item.bytesMin })
      const values: T[] = []
      for (let i = 0; i < length; i++) values.push(item.read(source))
      return values
    },
    toJson: (values: readonly T[], context: JsonContext) =>
      values.map((value) => item.toJson(value, context)),
    fromJson: (json: unknown, context: JsonContext) => arrayFromJson(json, item, { min, max }, context),
  })
}

/** Distinct values, kept in the order of their bytes. A value given in another order is sorted; twice the same is refused. */
export function set<T>(
  item: Codec<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Codec<readonly T[]> {
  return makeCodec({
    schema: {
      type: 'array',
      items: item.schema,
      minItems: min,
      maxItems: max,
      uniqueItems: true,
      'x-bcs': 'set',
    } as JsonSchema,
    bytesMin: lengthBytes(min) + min * item.bytesMin,
    bytesMax: lengthBytes(max) + max * item.bytesMax,
    write(sink: Sink, values: readonly T[]) {
      if (!Array.isArray(values)) wrongType('a list', values)
      checkCount(values.length, min, max)
      writeLength(sink, values.length)
      for (const { encoded } of sorted(values, item, 'set item')) writeRaw(sink, encoded)
    },
    read(source: Source) {
      const length = readBoundedLength(source, { min, max, itemBytesMin: item.bytesMin })
      return readAscending(source, length, 'set items', () => item.read(source)).map(([value]) => value)
    },
    toJson: (values: readonly T[], context: JsonContext) =>
      sorted(values, item, 'set item').map(({ value }) => item.toJson(value, context)),
    fromJson: (json: unknown, context: JsonContext) =>
      sorted(arrayFromJson(json, item, { min, max }, context), item, 'set item').map(({ value }) => value),
  })
}

/** Distinct keys with a value each, kept in the order of the keys' bytes. */
export function map<K, V>(
  key: Codec<K>,
  value: Codec<V>,
  { max }: { readonly max: number },
): Codec<ReadonlyMap<K, V>> {
  const pairCodec: Codec<readonly [K, V]> = tuple(key, value)
  const pair = {
    type: 'array',
    prefixItems: [key.schema, value.schema],
    items: false,
    minItems: 2,
    maxItems: 2,
  }
  return makeCodec({
    schema: {
      type: 'array',
      maxItems: max,
      items: pair,
      'x-bcs': 'map',
      'x-key': key.schema,
      'x-value': value.schema,
    } as JsonSchema,
    bytesMin: 1,
    bytesMax: lengthBytes(max) + max * (key.bytesMax + value.bytesMax),
    write(sink: Sink, entries: ReadonlyMap<K, V>) {
      if (!(entries instanceof Map)) wrongType('a Map', entries)
      checkCount(entries.size, 0, max)
      writeLength(sink, entries.size)
      for (const { value: name, encoded } of sorted([...entries.keys()], key, 'map key')) {
        writeRaw(sink, encoded)
        value.write(sink, entries.get(name) as V)
      }
    },
    read(source: Source) {
      const length = readBoundedLength(source, { min: 0, max, itemBytesMin: key.bytesMin + value.bytesMin })
      return new Map(
        readAscending(
          source,
          length,
          'map keys',
          () => key.read(source),
          () => value.read(source),
        ),
      )
    },
    toJson: (entries: ReadonlyMap<K, V>, context: JsonContext) =>
      sorted([...entries.keys()], key, 'map key').map(
        ({ value: name }): Json => [key.toJson(name, context), value.toJson(entries.get(name) as V, context)],
      ),
    fromJson(json: unknown, context: JsonContext) {
      const entries = new Map(arrayFromJson(json, pairCodec, { min: 0, max }, context))
      if (entries.size !== (json as unknown[]).length) throw codecFail.DUPLICATE({ what: 'map key' })
      return new Map(
        sorted([...entries.keys()], key, 'map key').map(({ value: name }) => [name, entries.get(name) as V]),
      )
    },
  })
}

/** Values one after another. A tuple of key codecs is itself a key, ordered by its members from the first on. */
export function tuple<const C extends readonly KeyCodec<unknown>[]>(...members: C): KeyCodec<TupleValue<C>>
export function tuple<const C extends readonly Codec<unknown>[]>(...members: C): Codec<TupleValue<C>>
export function tuple(...members: readonly (Codec<unknown> | KeyCodec<unknown>)[]): Codec<unknown> {
  const check = (values: readonly unknown[]) => {
    if (!Array.isArray(values) || values.length !== members.length)
      wrongType(`a tuple of ${members.length}`, values)
  }
  return makeCodec({
    schema: {
      type: 'array',
      prefixItems: members.map((member) => member.schema),
      items: false,
      minItems: members.length,
      maxItems: members.length,
      'x-bcs': 'tuple',
    } as JsonSchema,
    bytesMin: sum(members.map((member) => member.bytesMin)),
    bytesMax: sum(members.map((member) => member.bytesMax)),
    write(sink: Sink, values: readonly unknown[]) {
      check(values)
      for (const [i, member] of members.entries()) member.write(sink, values[i])
    },
    read: (source: Source) => members.map((member) => member.read(source)),
    toJson: (values: readonly unknown[], context: JsonContext) =>
      members.map((member, i) => member.toJson(values[i], context)),
    fromJson(json: unknown, context: JsonContext) {
      if (!Array.isArray(json) || json.length !== members.length)
        return badJson(context, `an array of ${members.length}`, json)
      return members.map((member, i) => within(context, i, () => member.fromJson(json[i], context)))
    },
    writeKeyPrefix: (values: readonly unknown[]) =>
      values.map((value, i) => (members[i] as KeyCodec<unknown>).writeKey(value)).join(''),
    writeKey(values: readonly unknown[]) {
      check(values)
      return members.map((member, i) => (member as KeyCodec<unknown>).writeKey(values[i])).join('')
    },
    readKey: (cursor: KeyCursor) => members.map((member) => (member as KeyCodec<unknown>).readKey(cursor)),
  })
}

/** Named values, encoded in the order in which the fields are declared. */
export function struct<const F extends Fields>(fields: F): Codec<StructValue<F>> {
  const names = Object.keys(fields)
  const codecs = Object.values(fields)
  const integerName = names.find((name) => !/^[a-zA-Z_]\w*$/.test(name) || name === '__proto__')
  if (integerName !== undefined)
    throw codecFail.BAD_DEFINITION({ why: `"${integerName}" is not a field name` })
  return makeCodec({
    schema: {
      type: 'object',
      properties: Object.fromEntries(names.map((name, i) => [name, codecs[i]?.schema])),
      required: names,
      additionalProperties: false,
      'x-bcs': 'struct',
    } as JsonSchema,
    bytesMin: sum(codecs.map((codec) => codec.bytesMin)),
    bytesMax: sum(codecs.map((codec) => codec.bytesMax)),
    write(sink: Sink, value: StructValue<F>) {
      if (typeof value !== 'object' || value === null) wrongType(`{ ${names.join(', ')} }`, value)
      for (let i = 0; i < names.length; i++) {
        ;(codecs[i] as Codec<unknown>).write(sink, (value as Record<string, unknown>)[names[i] as string])
      }
    },
    read(source: Source) {
      const value: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++)
        value[names[i] as string] = (codecs[i] as Codec<unknown>).read(source)
      return value as StructValue<F>
    },
    toJson: (value: StructValue<F>, context: JsonContext) =>
      Object.fromEntries(
        names.map((name, i) => [name, (codecs[i] as Codec<unknown>).toJson(value[name as keyof F], context)]),
      ),
    fromJson(json: unknown, context: JsonContext) {
      if (typeof json !== 'object' || json === null || Array.isArray(json))
        return badJson(context, 'an object', json)
      const extra = Object.keys(json).find((name) => !Object.hasOwn(fields, name))
      if (extra !== undefined) {
        return badJson(context, `an object with the fields ${names.join(', ')}`, `the unknown field ${extra}`)
      }
      const pairs = names.map((name, i) => {
        const given = Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined
        return [name, within(context, name, () => (codecs[i] as Codec<unknown>).fromJson(given, context))]
      })
      return Object.fromEntries(pairs) as StructValue<F>
    },
  })
}

/** One of several named variants, `{ kind, value }`, numbered in the order in which they are declared. */
export function union<const F extends Fields>(variants: F): Codec<UnionValue<F>> {
  const kinds = Object.keys(variants)
  const codecs = Object.values(variants)
  if (kinds.length === 0) throw codecFail.BAD_DEFINITION({ why: 'a union without variants' })
  const position = (kind: unknown) => kinds.indexOf(kind as string)
  return makeCodec({
    schema: {
      oneOf: kinds.map((kind, i) => ({
        type: 'object',
        properties: { kind: { const: kind }, value: codecs[i]?.schema },
        required: ['kind', 'value'],
        additionalProperties: false,
      })),
      'x-bcs': 'union',
    } as JsonSchema,
    bytesMin: 1 + Math.min(...codecs.map((codec) => codec.bytesMin)),
    bytesMax: lengthBytes(kinds.length) + Math.max(...codecs.map((codec) => codec.bytesMax)),
    write(sink: Sink, value: UnionValue<F>) {
      const at = position((value as { kind?: unknown } | null)?.kind)
      if (at < 0) wrongType(`{ kind, value } with kind ${kinds.join(' or ')}`, value)
      writeLength(sink, at)
      codecs[at]?.write(sink, value.value)
    },
    read(source: Source) {
      const at = readLength(source)
      const codec = codecs[at]
      if (!codec) throw codecFail.BAD_TAG({ want: `a variant below ${kinds.length}`, got: at })
      return { kind: kinds[at], value: codec.read(source) } as UnionValue<F>
    },
    toJson(value: UnionValue<F>, context: JsonContext) {
      const codec = codecs[position(value.kind)] as Codec<unknown>
      return { kind: value.kind as string, value: codec.toJson(value.value, context) }
    },
    fromJson(json: unknown, context: JsonContext) {
      const { kind, value, ...rest } = (json ?? {}) as Record<string, unknown>
      const codec = codecs[position(kind)]
      if (typeof json !== 'object' || !codec || Object.keys(rest).length > 0) {
        return badJson(context, `{ kind, value } with kind ${kinds.join(' or ')}`, json)
      }
      return { kind, value: within(context, 'value', () => codec.fromJson(value, context)) } as UnionValue<F>
    },
  })
}

/** Runs `read` one step deeper in the path. The step stays on the path when it throws, to name the culprit. */
function within<T>(context: JsonContext, step: string | number, read: () => T): T {
  context.path.push(step)
  const value = read()
  context.path.pop()
  return value
}

function arrayFromJson<T>(
  json: unknown,
  item: Codec<T>,
  { min, max }: { min: number; max: number },
  context: JsonContext,
): readonly T[] {
  if (!Array.isArray(json) || json.length < min || json.length > max) {
    return badJson(context, `an array of ${min} to ${max} items`, json)
  }
  return json.map((value, i) => within(context, i, () => item.fromJson(value, context)))
}

function checkCount(count: number, min: number, max: number): void {
  if (count > max) throw codecFail.TOO_LONG({ max, got: count })
  if (count < min) throw codecFail.TOO_SHORT({ min, got: count })
}

function sorted<T>(values: readonly T[], codec: Codec<T>, what: string): { value: T; encoded: Uint8Array }[] {
  const rows = values.map((value) => ({ value, encoded: encode(codec, value) }))
  rows.sort((a, b) => compareBytes(a.encoded, b.encoded))
  for (let i = 1; i < rows.length; i++) {
    if (
      compareBytes(
        (rows[i - 1] as { encoded: Uint8Array }).encoded,
        (rows[i] as { encoded: Uint8Array }).encoded,
      ) === 0
    ) {
      throw codecFail.DUPLICATE({ what })
    }
  }
  return rows
}

function readAscending<K, V>(
  source: Source,
  count: number,
  what: string,
  readKey: () => K,
  readValue?: () => V,
): [K, V][] {
  const rows: [K, V][] = []
  let previous: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    const start = source.at
    const key = readKey()
    const encoded = source.bytes.subarray(start, source.at)
    if (previous && compareBytes(previous, encoded) >= 0) throw codecFail.NOT_SORTED({ what })
    previous = encoded
    rows.push([key, readValue?.() as V])
  }
  return rows
}

function writeRaw(sink: Sink, encoded: Uint8Array): void {
  reserve(sink, encoded.length)
  sink.bytes.set(encoded, sink.at)
  sink.at += encoded.length
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
