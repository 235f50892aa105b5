import {
  address,
  bytes,
  codecFromSchema,
  encode,
  fixedBytes,
  hash,
  list,
  map,
  option,
  set,
  struct,
  text,
  toJson,
  tuple,
  u8,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goldenList } from '../../../tests/golden.ts'
import { refusalOf } from './refusal.ts'
import { shapesWithValue } from './shapes.ts'

function newAjv() {
  // Sets and maps of any type have no "type" beside "oneOf" and "anyOf"; everything else is as strict as Ajv can be.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: true })
  ajv.addVocabulary(['x-bcs', 'x-bytes', 'x-bytesMax', 'x-key', 'x-value'])
  return ajv
}

describe('a JSON Schema', () => {
  test('is valid by draft 2020-12, and the JSON of every value is valid by it', () => {
    fc.assert(
      fc.property(shapesWithValue, ([{ codec }, value]) => {
        const ajv = newAjv()
        expect(ajv.validateSchema(codec.schema)).toBe(true)
        const json = toJson(codec, value, { addressPrefix: 'mmt' })
        expect(ajv.validate(codec.schema, json), ajv.errorsText()).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test('accepts the JSON of every goldenList vector', () => {
    for (const { name, schema, json } of goldenList<{ schema: object; json: unknown }>('bcs.json'))
      expect(newAjv().validate(schema, json), name).toBe(true)
  })

  test('refuses what is not of its shape', () => {
    const payment = struct({ to: hash, amount: u64, memo: option(text({ bytesMax: 8 })) })
    const good = { to: 'ab'.repeat(32), amount: '5', memo: null }
    const ajv = newAjv()
    expect(ajv.validate(payment.schema, good)).toBe(true)
    for (const wrong of [
      { ...good, to: 'AB'.repeat(32) },
      { ...good, amount: '05' },
      { ...good, amount: 5 },
      { ...good, more: 1 },
      { to: good.to, amount: '5' },
      [good],
    ])
      expect(ajv.validate(payment.schema, wrong)).toBe(false)
  })
})

describe('codecFromSchema refuses', () => {
  const { schema } = u8
  const field = (value: unknown) => ({
    type: 'object',
    properties: { a: value },
    required: ['a'],
    'x-bcs': 'struct',
  })
  const variant = (kind: unknown) => ({ properties: { kind: { const: kind }, value: schema } })

  test.each<[schema: unknown, why: string]>([
    [null, 'it is not an object'],
    ['u8', 'it is not an object'],
    [{}, '"undefined" is not a type'],
    [{ 'x-bcs': 'u7' }, '"u7" is not a type'],
    [{ 'x-bcs': 'constructor' }, '"constructor" is not a type'],
    [{ 'x-bcs': 'text' }, 'x-bytesMax is not a count'],
    [{ 'x-bcs': 'text', 'x-bytesMax': -1 }, 'x-bytesMax is not a count'],
    [{ 'x-bcs': 'bytes', 'x-bytesMax': 2 ** 31 }, 'x-bytesMax is not a count'],
    [{ 'x-bcs': 'fixedBytes', 'x-bytes': 1.5 }, 'x-bytes is not a count'],
    [{ 'x-bcs': 'option', anyOf: schema }, 'anyOf is not an array'],
    [{ 'x-bcs': 'option', anyOf: [unit.schema] }, 'an option of an option or of unit'],
    [{ 'x-bcs': 'list', items: schema, minItems: 0 }, 'maxItems is not a count'],
    [{ 'x-bcs': 'list', items: schema, minItems: 3, maxItems: 2 }, 'a list of 3 to 2'],
    [{ 'x-bcs': 'list', items: unit.schema, minItems: 0, maxItems: 2 }, 'a list of items that take no bytes'],
    [{ 'x-bcs': 'map', 'x-key': schema, maxItems: 1 }, 'it is not an object'],
    [{ 'x-bcs': 'tuple', prefixItems: [] }, 'a tuple without members'],
    [{ 'x-bcs': 'struct', required: [], properties: {} }, 'a struct without fields'],
    [
      { 'x-bcs': 'struct', required: ['a', 'a'], properties: { a: schema } },
      '"a" is not a name, or stands twice',
    ],
    [{ 'x-bcs': 'struct', required: ['1'], properties: { 1: schema } }, '"1" is not a name, or stands twice'],
    [
      { 'x-bcs': 'struct', required: ['__proto__'], properties: {} },
      '"__proto__" is not a name, or stands twice',
    ],
    [{ 'x-bcs': 'struct', required: ['a'] }, 'it is not an object'],
    [field({ 'x-bcs': 'u7' }), '"u7" is not a type'],
    [{ 'x-bcs': 'union', oneOf: [] }, 'a union without variants'],
    [{ 'x-bcs': 'union', oneOf: [null] }, 'nothing is not a name, or stands twice'],
    [{ 'x-bcs': 'union', oneOf: [variant(5)] }, '5 is not a name, or stands twice'],
    [{ 'x-bcs': 'union', oneOf: [variant('a'), variant('a')] }, '"a" is not a name, or stands twice'],
  ])('%j', (wrong, why) => {
    const refusal = refusalOf(() => codecFromSchema(wrong))
    expect([refusal.code, refusal.values]).toEqual(['codec/BAD_SCHEMA', { why }])
  })

  test('what is nested deeper than 32', () => {
    const nested = (depth: number): unknown => (depth === 0 ? schema : field(nested(depth - 1)))
    expect(encode(codecFromSchema(nested(32)), nestedValue(32))).toEqual(Uint8Array.of(7))
    expect(refusalOf(() => codecFromSchema(nested(33))).values).toEqual({
      why: 'it is nested deeper than 32',
    })
  })

  function nestedValue(depth: number): unknown {
    return depth === 0 ? 7 : { a: nestedValue(depth - 1) }
  }
})

test('a schema may carry other keywords, such as a title or a description', () => {
  const titled = { ...address.schema, title: 'Receiver', description: 'Who is paid.' }
  expect(codecFromSchema(titled)).toBe(address)
})

describe('a codec that no value or no bound could keep is refused when it is defined:', () => {
  test.each<[what: string, define: () => unknown, why: string]>([
    ['an option of an option', () => option(option(u8)), 'an option of an option or of unit'],
    ['an option of unit', () => option(unit), 'an option of an option or of unit'],
    ['a list of unit', () => list(unit, { max: 1 }), 'a list of items that take no bytes'],
    [
      'a list of items of no bytes',
      () => list(tuple(unit, fixedBytes(0)), { max: 1 }),
      'a list of items that take no bytes',
    ],
    ['a set of unit', () => set(struct({ a: unit }), { max: 1 }), 'a set of items that take no bytes'],
    ['a map from unit', () => map(unit, u8, { max: 1 }), 'a map of items that take no bytes'],
    ['an empty tuple', () => tuple(), 'a tuple without members'],
    ['an empty struct', () => struct({}), 'a struct without fields'],
    ['an empty union', () => union({}), 'a union without variants'],
    ['a field named as a number', () => struct({ 1: u8 }), '"1" is not the name of a field'],
    ['a field with a dash', () => struct({ 'a-b': u8 }), '"a-b" is not the name of a field'],
    ['a variant named as a number', () => union({ 0: u8 }), '"0" is not the name of a variant'],
    ['a list without a bound', () => list(u8, { max: Number.POSITIVE_INFINITY }), 'a list of 0 to Infinity'],
    ['a list over 2^31 − 1', () => list(u8, { max: 2 ** 31 }), `a list of 0 to ${2 ** 31}`],
    ['a list of more at least than at most', () => list(u8, { min: 2, max: 1 }), 'a list of 2 to 1'],
    ['a set of minus one', () => set(u8, { max: -1 }), 'a set of 0 to -1'],
    ['text of half a byte', () => text({ bytesMax: 0.5 }), 'text of 0.5 bytes'],
    ['bytes of no number', () => bytes({ bytesMax: Number.NaN }), 'bytes of NaN bytes'],
    ['fixed bytes of minus one', () => fixedBytes(-1), 'fixedBytes of -1 bytes'],
  ])('%s', (_, define, why) => {
    const refusal = refusalOf(define)
    expect([refusal.code, refusal.values]).toEqual(['codec/BAD_DEFINITION', { why }])
  })

  test('but values of no bytes may stand in structs, unions and maps', () => {
    expect(encode(struct({ a: unit, b: u8 }), { a: null, b: 5 })).toEqual(Uint8Array.of(5))
    expect(encode(union({ none: unit }), { kind: 'none', value: null })).toEqual(Uint8Array.of(0))
    expect(encode(map(u8, unit, { max: 2 }), new Map([[7, null]]))).toEqual(Uint8Array.of(1, 7))
  })
})
