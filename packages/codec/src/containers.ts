import {
  badJson,
  type Codec,
  type Json,
  type JsonContext,
  type Member,
  makeCodec,
  showPath,
  wrongType,
} from './codec.ts'
import { mustAscend, sorted } from './order.ts'
import { membersSchema, tuple, within } from './records.ts'
import { codecFail } from './refusals.ts'
import {
  type Bounds,
  LENGTH_MAX,
  lengthBytes,
  type Range,
  readBoundedLength,
  reserve,
  take,
  writeLength,
  writeRaw,
} from './wire.ts'

/** No value: zero bytes, `null` in JSON. */
export const unit: Codec<null> = makeCodec<null>({
  schema: { type: 'null', 'x-bcs': 'unit' },
  bytesMin: 0,
  bytesMax: 0,
  write(_sink, value) {
    if (value !== null) wrongType('null', value)
  },
  read: () => null,
  toJson: () => null,
  fromJson: (json, context) => (json === null ? null : badJson(context, 'null', json)),
})

/** A value or `null`. An option of an option or of unit has no JSON form and is refused. */
export function option<T>(inner: Codec<T>): Codec<T | null> {
  if (inner.schema['x-bcs'] === 'option' || inner.schema['x-bcs'] === 'unit') {
    throw codecFail.BAD_DEFINITION({ why: 'an option of an option or of unit' })
  }
  return makeCodec<T | null>(
    {
      schema: { anyOf: [inner.schema, { type: 'null' }], 'x-bcs': 'option' },
      bytesMin: 1,
      bytesMax: 1 + inner.bytesMax,
      write(sink, value) {
        reserve(sink, 1)
        sink.bytes[sink.at++] = value === null ? 0 : 1
        if (value !== null) inner.write(sink, value)
      },
      read(source) {
        const at = take(source, 1)
        const tag = source.bytes[at] as number
        if (tag > 1) throw codecFail.BAD_TAG({ want: '00 or 01', got: tag, at })
        return tag === 0 ? null : inner.read(source)
      },
      toJson: (value, context) => (value === null ? null : inner.toJson(value, context)),
      fromJson: (json, context) => (json === null ? null : inner.fromJson(json, context)),
    },
    (value: T | null) => (value === null ? [] : [{ path: [], codec: inner, value }]),
  )
}

/** A sequence of `min` (0 by default) to `max` values. */
export function list<T>(
  item: Codec<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Codec<readonly T[]> {
  const bounds = boundsOf('list', item.bytesMin, { min, max })
  return makeCodec<readonly T[]>(
    {
      schema: { type: 'array', items: item.schema, minItems: min, maxItems: max, 'x-bcs': 'list' },
      bytesMin: lengthBytes(min) + min * item.bytesMin,
      bytesMax: lengthBytes(max) + max * item.bytesMax,
      write(sink, values) {
        checkItems(values, bounds)
        writeLength(sink, values.length)
        for (let i = 0; i < values.length; i++) item.write(sink, values[i] as T)
      },
      read(source) {
        const length = readBoundedLength(source, bounds)
        // An array that grows from empty makes room for 17 items at once; most lists have one or two.
        const values: T[] = length < 17 ? new Array(length) : []
        for (let i = 0; i < length; i++) values[i] = item.read(source)
        return values
      },
      toJson: (values, context) => values.map((value) => item.toJson(value, context)),
      fromJson: (json, context) => arrayFromJson(json, item, bounds, context),
    },
    (values: readonly T[]) => itemMembers(values, item, bounds),
  )
}

/** Distinct values, kept in the order of their bytes. A value given in another order is sorted; twice the same is refused. */
export function set<T>(
  item: Codec<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Codec<readonly T[]> {
  const what = 'set items'
  const bounds = boundsOf('set', item.bytesMin, { min, max })
  return makeCodec<readonly T[]>(
    {
      schema: {
        type: 'array',
        items: item.schema,
        minItems: min,
        maxItems: max,
        uniqueItems: true,
        'x-bcs': 'set',
      },
      bytesMin: lengthBytes(min) + min * item.bytesMin,
      bytesMax: lengthBytes(max) + max * item.bytesMax,
      write(sink, values) {
        checkItems(values, bounds)
        writeLength(sink, values.length)
        for (const { encoded } of sorted(values, item, { what })) writeRaw(sink, encoded)
      },
      read(source) {
        const length = readBoundedLength(source, bounds)
        const values: T[] = []
        let previous: Range | undefined
        for (let i = 0; i < length; i++) {
          const start = source.at
          values.push(item.read(source))
          const next = { start, end: source.at }
          mustAscend(source, previous, next, what)
          previous = next
        }
        return values
      },
      toJson: (values, context) =>
        sorted(values, item, { what }).map(({ value }) => item.toJson(value, context)),
      fromJson: (json, context) =>
        sorted(arrayFromJson(json, item, bounds, context), item, { what, path: showPath(context) }).map(
          ({ value }) => value,
        ),
    },
    (values: readonly T[]) => itemMembers(values, item, bounds),
  )
}

/** Distinct keys with a value each, kept in the order of the keys' bytes. */
export function map<K, V>(
  key: Codec<K>,
  value: Codec<V>,
  { max }: { readonly max: number },
): Codec<ReadonlyMap<K, V>> {
  const what = 'map keys'
  const keyBounds = boundsOf('map', key.bytesMin, { min: 0, max })
  const bounds = { ...keyBounds, itemBytesMin: key.bytesMin + value.bytesMin }
  const pairCodec: Codec<readonly [K, V]> = tuple(key, value)
  return makeCodec<ReadonlyMap<K, V>>(
    {
      schema: {
        type: 'array',
        maxItems: max,
        items: membersSchema([key, value]),
        'x-bcs': 'map',
        'x-key': key.schema,
        'x-value': value.schema,
      },
      bytesMin: 1,
      bytesMax: lengthBytes(max) + max * (key.bytesMax + value.bytesMax),
      write(sink, entries) {
        checkEntries(entries, bounds)
        writeLength(sink, entries.size)
        for (const { value: name, encoded } of sorted([...entries.keys()], key, { what })) {
          writeRaw(sink, encoded)
          value.write(sink, entries.get(name) as V)
        }
      },
      read(source) {
        const length = readBoundedLength(source, bounds)
        const entries = new Map<K, V>()
        let previous: Range | undefined
        for (let i = 0; i < length; i++) {
          const start = source.at
          const name = key.read(source)
          const next = { start, end: source.at }
          mustAscend(source, previous, next, what)
          previous = next
          entries.set(name, value.read(source))
        }
        return entries
      },
      toJson: (entries, context) =>
        sorted([...entries.keys()], key, { what }).map(
          ({ value: name }): Json => [
            key.toJson(name, context),
            value.toJson(entries.get(name) as V, context),
          ],
        ),
      fromJson(json, context) {
        const pairs = arrayFromJson(json, pairCodec, bounds, context)
        const names = pairs.map(([name]) => name)
        const order = sorted(names, key, { what, path: showPath(context) })
        const entries = new Map(pairs)
        return new Map(order.map(({ value: name }) => [name, entries.get(name) as V]))
      },
    },
    (entries: ReadonlyMap<K, V>) => entryMembers(entries, { key, value, bounds }),
  )
}

/** The bounds of a list, set or map. Throws `codec/BAD_DEFINITION` when no list can keep them. */
function boundsOf(
  type: string,
  itemBytesMin: number,
  { min, max }: { readonly min: number; readonly max: number },
): Bounds {
  const valid = Number.isInteger(min) && Number.isInteger(max) && 0 <= min && min <= max && max <= LENGTH_MAX
  if (!valid) throw codecFail.BAD_DEFINITION({ why: `a ${type} of ${min} to ${max}` })
  // Items of no bytes could be claimed in any number by a few bytes of input.
  if (itemBytesMin === 0) throw codecFail.BAD_DEFINITION({ why: `a ${type} of items that take no bytes` })
  return { min, max, itemBytesMin }
}

function checkItems(values: readonly unknown[], bounds: Bounds): void {
  if (!Array.isArray(values)) wrongType('a list', values)
  checkCount(values.length, bounds)
}

function checkEntries(entries: ReadonlyMap<unknown, unknown>, bounds: Bounds): void {
  if (!(entries instanceof Map)) wrongType('a Map', entries)
  checkCount(entries.size, bounds)
}

function checkCount(count: number, { min, max }: Bounds): void {
  if (count > max) throw codecFail.TOO_LONG({ max, got: count })
  if (count < min) throw codecFail.TOO_SHORT({ min, got: count })
}

function* itemMembers(values: readonly unknown[], codec: Codec<unknown>, bounds: Bounds): Iterable<Member> {
  if (!Array.isArray(values) || values.length < bounds.min || values.length > bounds.max) return
  for (const [i, value] of values.entries()) yield { path: [i], codec, value }
}

function* entryMembers(
  entries: ReadonlyMap<unknown, unknown>,
  codecs: { readonly key: Codec<unknown>; readonly value: Codec<unknown>; readonly bounds: Bounds },
): Iterable<Member> {
  if (!(entries instanceof Map) || entries.size > codecs.bounds.max) return
  const pairs = [...entries]
  for (const [i, [name]] of pairs.entries()) yield { path: [i, 0], codec: codecs.key, value: name }
  for (const [i, [, value]] of pairs.entries()) yield { path: [i, 1], codec: codecs.value, value }
}

function arrayFromJson<T>(
  json: unknown,
  item: Codec<T>,
  { min, max }: Bounds,
  context: JsonContext,
): readonly T[] {
  if (!Array.isArray(json) || json.length < min || json.length > max) {
    const got = Array.isArray(json) ? `${json.length} items` : json
    return badJson(context, `an array of ${min} to ${max} items`, got)
  }
  return json.map((value, i) => within(context, i, () => item.fromJson(value, context)))
}
