import { createHash } from 'node:crypto'
import { hashTagged, keccak256, sha256, sha256Into, tag } from '@mmtchain/crypto'
import { concatBytes, toHex, utf8 } from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const bytes = fc.uint8Array({ maxLength: 3000 })

describe('SHA-256', () => {
  test('answers the examples of FIPS 180-4', () => {
    expect(toHex(sha256(utf8('')))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(toHex(sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(toHex(sha256(utf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')))).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    )
    expect(toHex(sha256(new Uint8Array(1_000_000).fill(0x61)))).toBe(
      'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
    )
  })

  test('agrees with the streaming hash of Node on any bytes, also inside a larger buffer', () => {
    fc.assert(
      fc.property(bytes, fc.nat(50), (input, offset) => {
        const inside = concatBytes(new Uint8Array(offset), input, new Uint8Array(3)).subarray(
          offset,
          offset + input.length,
        )
        const want = createHash('sha256').update(input).digest('hex')
        expect(toHex(sha256(input))).toBe(want)
        expect(toHex(sha256(inside))).toBe(want)
      }),
    )
  })

  test('is written anywhere, also over its own input', () => {
    const target = concatBytes(new Uint8Array(64).fill(7), new Uint8Array(64).fill(9))
    const pair = target.subarray(64, 128)
    const want = sha256(pair)
    sha256Into(target, 32, pair)
    expect(target.subarray(32, 64)).toEqual(want)
    expect(pair).toEqual(new Uint8Array(64).fill(9))
    sha256Into(target, 80, pair)
    expect(target.subarray(80, 112)).toEqual(want)
    expect(target.subarray(64, 80)).toEqual(new Uint8Array(16).fill(9))
    expect(target.subarray(112)).toEqual(new Uint8Array(16).fill(9))
  })

  test('answers with a plain array that owns its 32 bytes', () => {
    const digest = sha256(utf8('abc'))
    expect(digest.constructor).toBe(Uint8Array)
    expect(digest.buffer.byteLength).toBe(32)
  })
})

describe('Keccak-256', () => {
  test('is the one of Ethereum and not SHA3-256', () => {
    expect(toHex(keccak256(utf8('')))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(toHex(keccak256(utf8('abc')))).toBe(
      '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    )
  })
})

describe('tags', () => {
  test('are 16 bytes, padded with zeros on the right', () => {
    expect(toHex(tag('mmt/tx/1'))).toBe('6d6d742f74782f310000000000000000')
    expect(tag('mmt/list/leaf/1')).toHaveLength(16)
    expect(toHex(tag('sixteen-letters!'))).toBe(toHex(utf8('sixteen-letters!')))
  })

  test('are refused when empty, too long or not ASCII', () => {
    for (const name of ['', 'seventeen-letters', 'é', 'a\n', 'a\0']) {
      expect(() => tag(name)).toThrow(expect.objectContaining({ code: 'crypto/BAD_TAG' }))
    }
  })

  test('hash in front of all parts in order, whatever their length', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
        const name = tag('mmt/test/1')
        expect(toHex(hashTagged(name, ...parts))).toBe(toHex(sha256(concatBytes(name, ...parts))))
      }),
    )
  })

  test('may hash the answer of another tagged hash', () => {
    const inner = hashTagged(tag('inner'), utf8('x'))
    expect(toHex(hashTagged(tag('outer'), inner))).toBe(
      toHex(sha256(concatBytes(tag('outer'), sha256(concatBytes(tag('inner'), utf8('x')))))),
    )
  })
})
