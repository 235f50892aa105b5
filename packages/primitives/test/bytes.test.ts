import {
  compareBytes,
  concatBytes,
  copyOfBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  newBytes,
  toHex,
  utf8,
} from '@mmtchain/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const refusal = (code: string) => expect.objectContaining({ code: `primitives/${code}` })
const someBytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 500, maxLength: 1_100 }))

function isHex(text: string): boolean {
  try {
    fromHex(text)
    return true
  } catch {
    return false
  }
}

describe('hex', () => {
  test('is what Node.js writes, and reads back, for any bytes', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const hex = toHex(bytes)
        expect(hex).toBe(Buffer.from(bytes).toString('hex'))
        expect(fromHex(hex)).toEqual(bytes)
      }),
    )
  })

  test('has two digits for every byte there is', () => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(toHex(every).match(/../g)).toEqual(Array.from(every, (byte) => byte.toString(16).padStart(2, '0')))
  })

  test('is taken of a part of a larger array, and of a Buffer, as of the bytes alone', () => {
    const whole = fromHex('00112233')
    expect(toHex(whole.subarray(1, 3))).toBe('1122')
    expect(toHex(Buffer.from('1122', 'hex'))).toBe('1122')
  })

  test.each(['0', 'AB', '0g', ' 00', '00 ', '0x00', '00\n', 'éé', '٠٠', 'a\0'])('%j is refused', (text) => {
    expect(() => fromHex(text)).toThrow(refusal('NOT_HEX'))
  })

  test('is read of two characters exactly where both are lower-case digits', () => {
    const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    const found = characters.flatMap((high) => characters.map((low) => high + low).filter(isHex))
    expect(found).toEqual(Array.from({ length: 256 }, (_, byte) => toHex(Uint8Array.of(byte))))
  })

  test('with any one character that is no digit is refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (bytes, place, unit) => {
          fc.pre(!/^[0-9a-f]$/.test(unit))
          const hex = toHex(bytes)
          const at = place % hex.length
          expect(() => fromHex(hex.slice(0, at) + unit + hex.slice(at + 1))).toThrow(refusal('NOT_HEX'))
        },
      ),
    )
  })
})

describe('bytes', () => {
  test('compare as Buffer.compare does, and are equal when that says so', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ max: 2, maxLength: 4 }),
        fc.uint8Array({ max: 2, maxLength: 4 }),
        (a, b) => {
          expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
          expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
        },
      ),
    )
  })

  test('are joined in order, into memory of their own', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), (parts) => {
        expect(toHex(concatBytes(...parts))).toBe(parts.map(toHex).join(''))
      }),
    )
    const part = Uint8Array.of(1)
    concatBytes(part).fill(9)
    expect(part).toEqual(Uint8Array.of(1))
  })

  test('that are new are zero and belong to their taker alone, whatever memory they share', () => {
    const lengths = [0, 1, 64, 65, 100, 2_047, 2_048, 2_049, 20_000]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lengths), { minLength: 1, maxLength: 40 }), (chosen) => {
        const all = chosen.map((length) => newBytes(length))
        for (const [i, one] of all.entries()) {
          expect(one.length).toBe(chosen[i])
          expect(one.every((byte) => byte === 0)).toBe(true)
          one.fill(i + 1)
        }
        for (const [i, one] of all.entries()) expect(one.every((byte) => byte === i + 1)).toBe(true)
      }),
    )
  })

  test('are copied from anywhere, also from a Buffer, into memory of the copy', () => {
    for (const from of [new Uint8Array(3_000), Buffer.alloc(3_000)]) {
      for (let i = 0; i < from.length; i++) from[i] = i
      for (const [start, end] of [
        [0, 0],
        [7, 40],
        [7, 300],
        [0, 3_000],
      ] as const) {
        const copy = copyOfBytes(from, start, end)
        expect(copy.constructor).toBe(Uint8Array)
        expect(toHex(copy)).toBe(toHex(from.subarray(start, end)))
        copy.fill(9)
        expect(from[start]).toBe(start & 0xff)
      }
      expect(toHex(copyOfBytes(from))).toBe(toHex(from))
    }
  })
})

describe('text', () => {
  test('of any characters has the bytes of UTF-8, and reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(toHex(utf8(text))).toBe(Buffer.from(text).toString('hex'))
        expect(fromUtf8(utf8(text))).toBe(text)
      }),
    )
  })

  test('keeps a byte order mark and is not normalised', () => {
    for (const text of ['\ufeffa', 'e\u0301', 'é', '\0', 'a\0']) expect(fromUtf8(utf8(text))).toBe(text)
  })

  test.each(['\ud800', 'a\udc00', '\udc00\ud800', '\ud800\ud800\udc00', '\ud83d😀'])(
    '%j has a lone surrogate and is refused',
    (text) => {
      expect(() => utf8(text)).toThrow(refusal('BAD_TEXT'))
    },
  )

  test.each(['80', 'c3', 'c080', 'e08080', 'f0808080', 'eda080', 'eda0bdedb880', 'f4908080', 'ff'])(
    'of the bytes %s is refused',
    (hex) => {
      expect(() => fromUtf8(fromHex(hex))).toThrow(refusal('BAD_TEXT'))
      expect(() => fromUtf8(fromHex(`61${hex}61`))).toThrow(refusal('BAD_TEXT'))
    },
  )

  test('is refused alike whether another was refused before or not', () => {
    expect(() => fromUtf8(fromHex('c3'))).toThrow(refusal('BAD_TEXT'))
    expect(fromUtf8(fromHex('61'))).toBe('a')
    expect(() => fromUtf8(fromHex('a9'))).toThrow(refusal('BAD_TEXT'))
  })
})
