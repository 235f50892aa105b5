import {
  bytes,
  decode,
  encode,
  keeping,
  list,
  map,
  option,
  struct,
  text,
  u64,
  withEncoded,
} from '@mmtchain/codec'
import { describe, expect, test } from 'vitest'

const plain = struct({
  name: text({ bytesMax: 32 }),
  count: u64,
  note: option(text({ bytesMax: 8 })),
  parts: list(bytes({ bytesMax: 4_096 }), { max: 4 }),
  tags: map(text({ bytesMax: 4 }), u64, { max: 3 }),
})
const { codec, bytesOf } = keeping('test/crate', plain)
const value = {
  ...{ name: 'crate', count: 7n, note: null, parts: [Uint8Array.of(1, 2, 3)] },
  tags: new Map([
    ['b', 2n],
    ['a', 1n],
  ]),
}
const long = { ...value, parts: [new Uint8Array(3_000).fill(7)] }

describe('a codec whose values keep their bytes', () => {
  test('reads and writes what the codec inside does', () => {
    for (const one of [value, long]) {
      const encoded = encode(plain, one)
      const read = decode(codec, encoded)
      expect(read).toStrictEqual(decode(plain, encoded))
      expect(encode(codec, one)).toEqual(encoded)
      expect(encode(codec, read)).toEqual(encoded)
      expect(bytesOf(read)).toEqual(encoded)
      expect(bytesOf(one)).toEqual(encoded)
      expect(withEncoded(list(codec, { max: 3 }), [one, read], (all) => all.length)).toBe(
        1 + 2 * encoded.length,
      )
    }
  })

  test('keeps the same bytes, and no longer ones than a little', () => {
    const read = decode(codec, encode(codec, value))
    expect(bytesOf(read)).toBe(bytesOf(read))
    const large = decode(codec, encode(codec, long))
    expect(bytesOf(large)).not.toBe(bytesOf(large))
  })

  test('keeps a copy, which neither holds the message nor changes with it', () => {
    const message = new Uint8Array(100_000)
    const encoded = encode(codec, value)
    message.set(encoded)
    const read = decode(codec, message.subarray(0, encoded.length))
    message.fill(0xff)
    expect(bytesOf(read)).toEqual(encoded)
    expect(bytesOf(read).buffer.byteLength).toBeLessThan(message.length)
  })

  test('writes anew what is made of a value that was read', () => {
    const read = decode(codec, encode(codec, value))
    for (const made of [
      { ...read, count: 8n },
      Object.assign({}, read, { count: 8n }),
      structuredClone({ ...read, count: 8n }),
      Object.create(read, { count: { value: 8n, enumerable: true } }),
    ])
      expect(encode(codec, made)).toEqual(encode(plain, { ...value, count: 8n }))
    expect(encode(codec, { ...read })).toEqual(encode(codec, read))
  })

  test('two of them do not take the bytes of each other', () => {
    const other = keeping('test/other', struct({ name: text({ bytesMax: 32 }), count: u64 }))
    const read = decode(codec, encode(codec, value))
    expect(encode(other.codec, read)).toEqual(encode(other.codec, { name: 'crate', count: 7n }))
  })

  test('the same format in another copy of this package takes them', () => {
    const same = keeping('test/crate', plain)
    const read = decode(codec, encode(codec, value))
    expect(same.bytesOf(read)).toBe(bytesOf(read))
  })

  test('are those of structs only', () => {
    for (const inner of [option(plain), bytes({ bytesMax: 8 })])
      expect(() => keeping('test/none', inner as never)).toThrow(
        expect.objectContaining({ code: 'codec/BAD_DEFINITION' }),
      )
  })

  test('what is no value is refused with its path, as before', () => {
    for (const bad of [null, 'crate', { ...value, count: -1n }])
      expect(refusalOf(() => encode(codec, bad as never))).toEqual(
        refusalOf(() => encode(plain, bad as never)),
      )
  })
})

function refusalOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message }
  }
}
