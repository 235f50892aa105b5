// What must and what must not compile. The root `tsc` reads this file; nothing runs it.
import {
  address,
  amount,
  type amountSum,
  bool,
  bytes,
  type Codec,
  codecFromSchema,
  decode,
  decodeKey,
  encode,
  encodeKey,
  fixedBytes,
  fromJson,
  hash,
  height,
  type Infer,
  type Json,
  type KeyCodec,
  list,
  map,
  option,
  set,
  struct,
  text,
  toJson,
  tuple,
  u8,
  u16,
  u32,
  u64,
  type u128,
  union,
  unit,
} from '@mmtchain/codec'
import type { Address, Amount, Hash, Height } from '@mmtchain/primitives'
import type { StandardSchemaV1 } from '@standard-schema/spec'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<_True extends true>(): void

const name = text({ bytesMax: 32 })
const names = list(name, { max: 4 })
const payment = struct({ to: address, amount, memo: option(name) })
const shape = union({ none: unit, circle: u32, box: struct({ width: u16 }) })

is<Equal<Infer<typeof bool>, boolean>>()
is<Equal<Infer<typeof u8>, number>>()
is<Equal<Infer<typeof u16>, number>>()
is<Equal<Infer<typeof u32>, number>>()
is<Equal<Infer<typeof u64>, bigint>>()
is<Equal<Infer<typeof u128>, bigint>>()
is<Equal<Infer<typeof amount>, Amount>>()
is<Equal<Infer<typeof amountSum>, bigint>>()
is<Equal<Infer<typeof height>, Height>>()
is<Equal<Infer<typeof hash>, Hash>>()
is<Equal<Infer<typeof address>, Address>>()
is<Equal<Infer<typeof name>, string>>()
is<Equal<Infer<ReturnType<typeof bytes>>, Uint8Array>>()
is<Equal<Infer<ReturnType<typeof fixedBytes>>, Uint8Array>>()
is<Equal<Infer<typeof unit>, null>>()
is<Equal<Infer<typeof names>, readonly string[]>>()

const optional = option(u8)
is<Equal<Infer<typeof optional>, number | null>>()
const seats = set(address, { max: 27 })
is<Equal<Infer<typeof seats>, readonly Address[]>>()
const fees = map(name, amount, { max: 8 })
is<Equal<Infer<typeof fees>, ReadonlyMap<string, Amount>>>()
const pair = tuple(name, u64)
is<Equal<Infer<typeof pair>, readonly [string, bigint]>>()
is<
  Equal<
    Infer<typeof payment>,
    { readonly to: Address; readonly amount: Amount; readonly memo: string | null }
  >
>()
is<
  Equal<
    Infer<typeof shape>,
    | { readonly kind: 'none'; readonly value: null }
    | { readonly kind: 'circle'; readonly value: number }
    | { readonly kind: 'box'; readonly value: { readonly width: number } }
  >
>()
is<Equal<Infer<number>, never>>()

// Codecs of amounts, heights and hashes also make their values.
is<Equal<ReturnType<typeof amount>, Amount>>()
is<Equal<ReturnType<typeof height>, Height>>()
is<Equal<ReturnType<typeof hash>, Hash>>()

declare const to: Address
declare const input: Uint8Array
is<Equal<ReturnType<typeof decode<Infer<typeof payment>>>, Infer<typeof payment>>>()
const decoded = decode(payment, input)
is<Equal<typeof decoded, Infer<typeof payment>>>()
const read = fromJson(payment, {})
is<Equal<typeof read, Infer<typeof payment>>>()
const written = toJson(payment, decoded, { addressPrefix: 'mmt' })
is<Equal<typeof written, Json>>()
encode(payment, { to, amount: amount(5n), memo: null })
encode(names, ['a', 'b'] as const)
encode(shape, { kind: 'none', value: null })
if (decoded.memo !== null) decoded.memo.slice()

// @ts-expect-error a bigint that was not checked is no amount
encode(payment, { to, amount: 5n, memo: null })
// @ts-expect-error a number is no amount
encode(payment, { to, amount: 5, memo: null })
// @ts-expect-error a text that was not parsed is no address
encode(payment, { to: 'mmt1…', amount: amount(5n), memo: null })
// @ts-expect-error a field is missing, also when it is an option
encode(payment, { to, amount: amount(5n) })
// @ts-expect-error an option is null, never undefined
encode(payment, { to, amount: amount(5n), memo: undefined })
// @ts-expect-error there is no such field
encode(payment, { to, amount: amount(5n), memo: null, fee: 1n })
// @ts-expect-error there is no such variant
encode(shape, { kind: 'oval', value: null })
// @ts-expect-error this is the value of another variant
encode(shape, { kind: 'circle', value: null })
// @ts-expect-error a tuple has all of its members
encode(pair, ['a'])
// @ts-expect-error integers of 8 bytes are bigints
encode(u64, 5)
// @ts-expect-error bytes are not an array of numbers
encode(bytes({ bytesMax: 4 }), [1, 2])
// @ts-expect-error a map is no object
encode(fees, { transfer: amount(5n) })
// @ts-expect-error a text has a bound
text()
// @ts-expect-error a list has a bound
list(u8, {})
// @ts-expect-error the fields of a struct are codecs
struct({ a: 'u8' })
// @ts-expect-error decoded values are read-only
decoded.memo = 'changed'
// @ts-expect-error decoded lists are read-only
decode(names, input).push('c')
// @ts-expect-error writing JSON needs the chain's prefix
toJson(payment, decoded, {})
// @ts-expect-error an amount is made of a bigint
amount(5)

// Only types that have an order can be keys.
declare function table<K>(options: { readonly key: KeyCodec<K> }): K
is<Equal<Parameters<typeof encodeKey<Infer<typeof pair>>>[1], readonly [string, bigint]>>()
for (const key of [bool, u8, u64, amount, height, hash, address, name, bytes({ bytesMax: 4 }), fixedBytes(4)])
  table({ key: key as KeyCodec<never> })
const byDeadline = table({ key: tuple(height, tuple(address, u8)) })
is<Equal<typeof byDeadline, readonly [Height, readonly [Address, number]]>>()
const own = decodeKey(pair, '')
is<Equal<typeof own, readonly [string, bigint]>>()
// @ts-expect-error a list is no key
table({ key: names })
// @ts-expect-error an option is no key
table({ key: optional })
// @ts-expect-error a struct is no key
table({ key: payment })
// @ts-expect-error a union is no key
table({ key: shape })
// @ts-expect-error a set is no key
table({ key: seats })
// @ts-expect-error a map is no key
table({ key: fees })
// @ts-expect-error unit is no key
table({ key: unit })
// @ts-expect-error a tuple with an option is no key
table({ key: tuple(u8, optional) })
// @ts-expect-error a list has no order to encode
encodeKey(names, ['a'])

// Every codec is a Standard Schema, version 1, over its JSON form.
const standard: StandardSchemaV1<unknown, Infer<typeof payment>> = payment
is<Equal<StandardSchemaV1.InferOutput<typeof payment>, Infer<typeof payment>>>()
is<Equal<StandardSchemaV1.InferInput<typeof amount>, unknown>>()
const validated = standard['~standard'].validate({})
if (!(validated instanceof Promise) && !validated.issues) encode(payment, validated.value)

const unknownType: Codec<unknown> = codecFromSchema({})
// @ts-expect-error what a schema describes is known at run time only
encode(payment, decode(unknownType, input))
