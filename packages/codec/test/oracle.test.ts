import { type Codec, codecFromSchema, decode, encode, fromJson, toJson } from '@mmtchain/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shapesWithValue } from './shapes.ts'

const runs = { numRuns: 1_000 }

test('any value of any type has the bytes that @mysten/bcs gives it', () => {
  fc.assert(
    fc.property(shapesWithValue, ([shape, value]) => {
      const expected = shape.oracle.serialize(shape.toOracle(value as never)).toBytes()
      expect(encode(shape.codec, value)).toEqual(expected)
    }),
    runs,
  )
})

test('the bytes of any value decode to what @mysten/bcs reads from them', () => {
  fc.assert(
    fc.property(shapesWithValue, ([shape, value]) => {
      const encoded = encode(shape.codec, value)
      const expected = shape.fromOracle(shape.oracle.parse(encoded) as never)
      expect(decode(shape.codec, encoded)).toStrictEqual(expected)
    }),
    runs,
  )
})

test('the JSON of any value reads back as the value, in the order of its bytes', () => {
  fc.assert(
    fc.property(shapesWithValue, ([{ codec }, value]) => {
      const json = JSON.parse(JSON.stringify(toJson(codec, value, { addressPrefix: 'hbr' })))
      const read = fromJson(codec, json, { addressPrefix: 'hbr' })
      expect(read).toStrictEqual(decode(codec, encode(codec, value)))
      expect(toJson(codec, read, { addressPrefix: 'hbr' })).toStrictEqual(json)
    }),
    runs,
  )
})

test('the codec of a schema that went through JSON gives the same bytes, bounds and schema', () => {
  fc.assert(
    fc.property(shapesWithValue, ([{ codec }, value]) => {
      const again: Codec<unknown> = codecFromSchema(JSON.parse(JSON.stringify(codec.schema)))
      expect(encode(again, value)).toEqual(encode(codec, value))
      expect(decode(again, encode(codec, value))).toStrictEqual(decode(codec, encode(codec, value)))
      expect([again.bytesMin, again.bytesMax]).toEqual([codec.bytesMin, codec.bytesMax])
      expect(again.schema).toStrictEqual(codec.schema)
      expect('writeKey' in again).toBe('writeKey' in codec)
    }),
    runs,
  )
})

test('no encoding is shorter or longer than its codec says', () => {
  fc.assert(
    fc.property(shapesWithValue, ([{ codec }, value]) => {
      const { length } = encode(codec, value)
      expect(length).toBeGreaterThanOrEqual(codec.bytesMin)
      expect(length).toBeLessThanOrEqual(codec.bytesMax)
    }),
    runs,
  )
})
