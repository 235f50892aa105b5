import {
  codecFromSchema,
  decode,
  decodeKey,
  encode,
  encodeKey,
  fromJson,
  type KeyCodec,
  toJson,
} from '@mmtchain/codec'
import { fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { goldenList } from '../../../tests/golden.ts'
import { refusalOf } from './refusal.ts'

const chain = { addressPrefix: 'mmt' }

interface Typed {
  readonly schema: unknown
}

describe('bcs.json: values and bytes (formats.md, sections 2 and 3)', () => {
  test.each(goldenList<Typed & { json: unknown; bytes: string }>('bcs.json'))(
    '$name',
    ({ schema, json, bytes }) => {
      const codec = codecFromSchema(schema)
      expect(codec.schema).toStrictEqual(schema)
      const value = fromJson(codec, json, chain)
      expect(toHex(encode(codec, value))).toBe(bytes)
      expect(decode(codec, fromHex(bytes))).toStrictEqual(value)
      expect(toJson(codec, value, chain)).toStrictEqual(json)
    },
  )
})

describe('bcs.json: bytes that a decoder refuses (2.13)', () => {
  test.each(goldenList<Typed & { bytes: string }>('bcs.json', 'refused'))('$name', ({ schema, bytes }) => {
    expect(refusalOf(() => decode(codecFromSchema(schema), fromHex(bytes))).code).toMatch(/^codec\//)
  })
})

describe('bcs.json: JSON that is not the form of any value (3.1 to 3.4)', () => {
  test.each(goldenList<Typed & { json: unknown }>('bcs.json', 'refusedJson'))('$name', ({ schema, json }) => {
    const { code } = refusalOf(() => fromJson(codecFromSchema(schema), json, chain))
    expect(['codec/BAD_JSON', 'codec/DUPLICATE']).toContain(code)
  })
})

describe('bcs.json: sets and maps in another order, which a reader sorts (3.4)', () => {
  test.each(goldenList<Typed & { json: unknown; bytes: string }>('bcs.json', 'anyOrderJson'))(
    '$name',
    ({ schema, json, bytes }) => {
      const codec = codecFromSchema(schema)
      const value = fromJson(codec, json, chain)
      expect(toHex(encode(codec, value))).toBe(bytes)
      expect(value).toStrictEqual(decode(codec, fromHex(bytes)))
    },
  )
})

interface Row extends Typed {
  readonly module: string
  readonly table: string
  readonly json: unknown
}
const keyCodec = (schema: unknown) => codecFromSchema(schema) as KeyCodec<unknown>

describe('state-keys.json: keys of rows (section 9)', () => {
  const rows = goldenList<Row & { key: string }>('state-keys.json').filter(({ schema }) => schema !== null)
  const namesIn = ({ module, table }: Row) => `${toHex(utf8(module))}00${toHex(utf8(table))}00`

  test.each(rows)('$name', ({ schema, json, key, ...row }) => {
    const value = fromJson(codecFromSchema(schema), json, chain)
    const own = encodeKey(keyCodec(schema), value)
    expect(namesIn({ schema, json, ...row }) + own).toBe(key)
    expect(decodeKey(keyCodec(schema), own)).toStrictEqual(value)
  })

  const wrongTypes = goldenList<Row & { why: string }>('state-keys.json', 'refused').filter(
    ({ why }) => why === 'not a type of keys',
  )
  test.each(wrongTypes)('$name is not a key', ({ schema }) => {
    expect(codecFromSchema(schema)).not.toHaveProperty('writeKey')
  })

  const ordered = goldenList<Typed & { json: readonly unknown[]; keys: readonly string[] }>(
    'state-keys.json',
    'ordered',
  )
  test.each(ordered)('keys of $name ascend with their values', ({ schema, json, keys }) => {
    const codec = keyCodec(schema)
    const own = json.map((value) => encodeKey(codec, fromJson(codec, value, chain)))
    expect(own).toEqual(keys)
    expect([...own].sort()).toEqual(keys)
    expect(own.map((key) => toJson(codec, decodeKey(codec, key), chain))).toStrictEqual(json)
  })
})
