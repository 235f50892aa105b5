import {
  address,
  amount,
  amountSum,
  bool,
  bytes,
  type Codec,
  fixedBytes,
  hash,
  height,
  type KeyCodec,
  list,
  map,
  option,
  set,
  struct,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  union,
  unit,
} from '@mmtchain/codec'
import { compareBytes, fromHex, toHex } from '@mmtchain/primitives'
import { type BcsType, bcs } from '@mysten/bcs'
import fc from 'fast-check'

/**
 * One random type, three ways: our codec, the same type of @mysten/bcs, and an arbitrary of its values. `toOracle` gives a
 * value as @mysten/bcs takes it, `fromOracle` turns what it reads into our value.
 */
export interface Shape {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly oracle: BcsType<unknown, unknown>
  readonly values: fc.Arbitrary<unknown>
  readonly toOracle: (value: never) => unknown
  readonly fromOracle: (value: never) => unknown
}

/** A shape whose values can be keys, with their natural order. */
export interface KeyShape extends Shape {
  readonly codec: KeyCodec<unknown>
  readonly compare: (a: never, b: never) => number
}

const same = (value: unknown) => value
const compareNumbers = (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0)
const compareTexts = (a: string, b: string) => compareBytes(Buffer.from(a), Buffer.from(b))
const anyOracle = (oracle: object) => oracle as BcsType<unknown, unknown>

function integer(name: 'u8' | 'u16' | 'u32', codec: KeyCodec<number>): KeyShape {
  const { maximum } = codec.schema as { maximum: number }
  const values = fc.oneof(fc.integer({ min: 0, max: maximum }), fc.constantFrom(0, 1, maximum))
  const oracle = anyOracle(bcs[name]())
  return { name, codec, oracle, values, toOracle: same, fromOracle: same, compare: compareNumbers }
}

function wide(name: string, codec: KeyCodec<bigint>, bits: 64n | 128n): KeyShape {
  const max = (1n << bits) - 1n
  return {
    name,
    codec,
    oracle: anyOracle(bits === 64n ? bcs.u64() : bcs.u128()),
    values: fc.oneof(fc.bigInt({ min: 0n, max }), fc.constantFrom(0n, 1n, (1n << 53n) - 1n, 1n << 53n, max)),
    toOracle: same,
    fromOracle: (value: string) => BigInt(value),
    compare: compareNumbers,
  }
}

function hex32(name: string, codec: KeyCodec<string>, prefix: string): KeyShape {
  return {
    name,
    codec,
    oracle: anyOracle(bcs.bytes(32)),
    values: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((found) => prefix + toHex(found)),
    toOracle: (value: string) => fromHex(value.slice(prefix.length)),
    fromOracle: (value: Uint8Array) => prefix + toHex(value),
    compare: compareTexts,
  }
}

const unitShape: Shape = {
  name: 'unit',
  codec: unit,
  oracle: anyOracle(bcs.tuple([])),
  values: fc.constant(null),
  toOracle: () => [],
  fromOracle: () => null,
}

const plainKeys: readonly KeyShape[] = [
  {
    name: 'bool',
    codec: bool,
    oracle: anyOracle(bcs.bool()),
    values: fc.boolean(),
    toOracle: same,
    fromOracle: same,
    compare: (a: boolean, b: boolean) => Number(a) - Number(b),
  },
  integer('u8', u8),
  integer('u16', u16),
  integer('u32', u32),
  wide('u64', u64, 64n),
  wide('height', height as KeyCodec<bigint>, 64n),
  wide('amount', amount as KeyCodec<bigint>, 64n),
  wide('u128', u128, 128n),
  wide('amountSum', amountSum, 128n),
  hex32('hash', hash as KeyCodec<string>, ''),
  hex32('address', address as KeyCodec<string>, '0x'),
]

const bound = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(127, 128, 300))

function textShape(bytesMax: number): KeyShape {
  return {
    name: `text(${bytesMax})`,
    codec: text({ bytesMax }),
    oracle: anyOracle(bcs.string()),
    values: fc
      .oneof(
        fc.string({ unit: 'binary', maxLength: bytesMax }),
        fc.string({ unit: fc.constantFrom('\0', '\u0001', 'a', 'ÿ', '￿', '😀'), maxLength: bytesMax }),
        fc.string({ unit: fc.constant('a'), minLength: bytesMax, maxLength: bytesMax }),
      )
      .filter((value) => Buffer.byteLength(value) <= bytesMax),
    toOracle: same,
    fromOracle: same,
    compare: compareTexts,
  }
}

const someBytes = (range: { minLength?: number; maxLength: number }) =>
  fc.oneof(fc.uint8Array(range), fc.uint8Array({ ...range, max: 1 }))

function bytesShape(bytesMax: number): KeyShape {
  return {
    name: `bytes(${bytesMax})`,
    codec: bytes({ bytesMax }),
    oracle: anyOracle(bcs.byteVector()),
    values: someBytes({ maxLength: bytesMax }),
    toOracle: same,
    fromOracle: same,
    compare: compareBytes,
  }
}

function fixedShape(length: number): KeyShape {
  return {
    name: `fixedBytes(${length})`,
    codec: fixedBytes(length),
    oracle: anyOracle(bcs.bytes(length)),
    values: someBytes({ minLength: length, maxLength: length }),
    toOracle: same,
    fromOracle: same,
    compare: compareBytes,
  }
}

const scalarKeys: fc.Arbitrary<KeyShape> = fc.oneof(
  fc.constantFrom(...plainKeys),
  bound.map(textShape),
  bound.map(bytesShape),
  bound.map(fixedShape),
)

const isOf = (shape: Shape, ...types: string[]) => types.includes(String(shape.codec.schema['x-bcs']))
const encodingOf = (shape: Shape) => (value: unknown) =>
  toHex(shape.oracle.serialize(shape.toOracle(value as never)).toBytes())
const byEncoding = (shape: Shape, values: readonly unknown[]) =>
  [...values].sort((a, b) => (encodingOf(shape)(a) < encodingOf(shape)(b) ? -1 : 1))

function optionShape(inner: Shape): Shape {
  return {
    name: `option(${inner.name})`,
    codec: option(inner.codec),
    oracle: anyOracle(bcs.option(inner.oracle)),
    values: fc.option(inner.values, { nil: null }),
    toOracle: (value) => (value === null ? null : inner.toOracle(value)),
    fromOracle: (value) => (value === null ? null : inner.fromOracle(value)),
  }
}

interface Count {
  readonly min: number
  readonly max: number
}

function listShape(item: Shape, { min, max }: Count): Shape {
  return {
    name: `list(${item.name}, ${min}, ${max})`,
    codec: list(item.codec, { min, max }),
    oracle: anyOracle(bcs.vector(item.oracle)),
    values: fc.array(item.values, { minLength: min, maxLength: max }),
    toOracle: (values: readonly never[]) => values.map(item.toOracle),
    fromOracle: (values: readonly never[]) => values.map(item.fromOracle),
  }
}

function setShape(item: Shape, max: number): Shape {
  return {
    name: `set(${item.name}, ${max})`,
    codec: set(item.codec, { max }),
    oracle: anyOracle(bcs.vector(item.oracle)),
    values: fc.uniqueArray(item.values, { maxLength: max, selector: encodingOf(item) }),
    toOracle: (values: readonly never[]) =>
      byEncoding(item, values).map((value) => item.toOracle(value as never)),
    fromOracle: (values: readonly never[]) => values.map(item.fromOracle),
  }
}

function mapShape(key: Shape, value: Shape, max: number): Shape {
  const entries = fc.uniqueArray(fc.tuple(key.values, value.values), {
    maxLength: max,
    selector: ([name]) => encodingOf(key)(name),
  })
  return {
    name: `map(${key.name}, ${value.name}, ${max})`,
    codec: map(key.codec, value.codec, { max }),
    oracle: anyOracle(bcs.map(key.oracle, value.oracle)),
    values: entries.map((pairs) => new Map(pairs)),
    toOracle: (found: ReadonlyMap<never, never>) =>
      new Map([...found].map(([name, entry]) => [key.toOracle(name), value.toOracle(entry)])),
    fromOracle: (found: ReadonlyMap<never, never>) =>
      new Map([...found].map(([name, entry]) => [key.fromOracle(name), value.fromOracle(entry)])),
  }
}

function tupleShape(members: readonly Shape[]): Shape {
  return {
    name: `tuple(${members.map(({ name }) => name).join(', ')})`,
    codec: tuple(...members.map(({ codec }) => codec)),
    oracle: anyOracle(bcs.tuple(members.map(({ oracle }) => oracle) as never)),
    values: fc.tuple(...members.map(({ values }) => values)),
    toOracle: (values: readonly never[]) => members.map((member, i) => member.toOracle(values[i] as never)),
    fromOracle: (values: readonly never[]) =>
      members.map((member, i) => member.fromOracle(values[i] as never)),
  }
}

type Members = readonly (readonly [name: string, shape: Shape])[]
const record = (named: Members, of: (shape: Shape, name: string) => unknown) =>
  Object.fromEntries(named.map(([name, shape]) => [name, of(shape, name)]))

function structShape(fields: Members): Shape {
  return {
    name: `struct(${fields.map(([name, shape]) => `${name}: ${shape.name}`).join(', ')})`,
    codec: struct(record(fields, ({ codec }) => codec) as Record<string, Codec<unknown>>),
    oracle: anyOracle(bcs.struct('', record(fields, ({ oracle }) => oracle) as never)),
    values: fc.record(record(fields, ({ values }) => values) as Record<string, fc.Arbitrary<unknown>>),
    toOracle: (value: Record<string, never>) =>
      record(fields, (shape, name) => shape.toOracle(value[name] as never)),
    fromOracle: (value: Record<string, never>) =>
      record(fields, (shape, name) => shape.fromOracle(value[name] as never)),
  }
}

function unionShape(variants: Members): Shape {
  const of = (kind: string) => (variants.find(([name]) => name === kind) as readonly [string, Shape])[1]
  // @mysten/bcs reads a variant of null as true, so each stands in a tuple of one, which has no bytes of its own.
  const boxed = record(variants, ({ oracle }) => bcs.tuple([oracle]))
  return {
    name: `union(${variants.map(([name, shape]) => `${name}: ${shape.name}`).join(', ')})`,
    codec: union(record(variants, ({ codec }) => codec) as Record<string, Codec<unknown>>),
    oracle: anyOracle(bcs.enum('', boxed as never)),
    values: fc.oneof(...variants.map(([kind, { values }]) => values.map((value) => ({ kind, value })))),
    toOracle: ({ kind, value }: { kind: string; value: never }) => ({ [kind]: [of(kind).toOracle(value)] }),
    fromOracle({ $kind: kind, ...value }: { $kind: string } & Record<string, readonly [never]>) {
      const [inner] = value[kind] as readonly [never]
      return { kind, value: of(kind).fromOracle(inner) }
    },
  }
}

const names = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/).filter((name) => name !== '__proto__')
const members = (shapes: fc.Arbitrary<Shape>) =>
  fc.uniqueArray(fc.tuple(names, shapes), { minLength: 1, maxLength: 5, selector: ([name]) => name })
const count = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 6 }))
  .map(([min, more]) => ({ min, max: min + more }))
const max = fc.integer({ min: 0, max: 6 })

/** Any type that can be defined, nested up to four deep. */
export const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => {
  const inner = tie('shape')
  const sized = inner.filter(({ codec }) => codec.bytesMin > 0)
  return {
    shape: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 3, arbitrary: scalarKeys },
      { weight: 1, arbitrary: fc.constant(unitShape) },
      inner.filter((shape) => !isOf(shape, 'option', 'unit')).map(optionShape),
      fc.tuple(sized, count).map(([item, bounds]) => listShape(item, bounds)),
      fc.tuple(sized, max).map(([item, bounds]) => setShape(item, bounds)),
      fc.tuple(sized, inner, max).map(([key, value, bounds]) => mapShape(key, value, bounds)),
      fc.array(inner, { minLength: 1, maxLength: 4 }).map(tupleShape),
      members(inner).map(structShape),
      members(inner).map(unionShape),
    ),
  }
}).shape

/** Has fast-check print a type by its name, and not by all of its members. */
const named = <S extends Shape>(shape: S): S =>
  Object.assign({ [fc.toStringMethod]: () => shape.name }, shape)

/** A random type with one of its values. */
export const shapesWithValue: fc.Arbitrary<readonly [Shape, unknown]> = shapes.chain((shape) =>
  shape.values.map((value) => [named(shape), value] as const),
)

function keyTuple(members: readonly KeyShape[]): KeyShape {
  return {
    ...tupleShape(members),
    codec: tuple(...members.map(({ codec }) => codec)) as KeyCodec<unknown>,
    compare(a: readonly never[], b: readonly never[]) {
      for (const [i, member] of members.entries()) {
        const order = member.compare(a[i] as never, b[i] as never)
        if (order !== 0) return order
      }
      return 0
    },
  }
}

const keyTuples = (members: fc.Arbitrary<KeyShape>) =>
  fc.array(members, { minLength: 1, maxLength: 4 }).map(keyTuple)

/** Any type of keys: scalars, tuples of them, and tuples of tuples. */
export const keyShapes: fc.Arbitrary<KeyShape> = fc
  .oneof(scalarKeys, keyTuples(scalarKeys), keyTuples(fc.oneof(scalarKeys, keyTuples(scalarKeys))))
  .map(named)
