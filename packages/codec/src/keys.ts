import type { KeyCursor } from './codec.ts'
import { byteOfHex, HEX_OF_BYTE } from './hex.ts'
import { codecFail } from './refusals.ts'

/** Takes the hex of `bytes` bytes off a key. Throws `codec/BAD_KEY`. */
export function takeHex(cursor: KeyCursor, bytes: number): string {
  const start = cursor.at
  for (let i = 0; i < bytes; i++) takeByte(cursor)
  return cursor.hex.slice(start, cursor.at)
}

function takeByte(cursor: KeyCursor): number {
  const byte = byteOfHex(cursor.hex, cursor.at)
  if (byte < 0) throw codecFail.BAD_KEY({ hex: cursor.hex })
  cursor.at += 2
  return byte
}

/** Escapes and ends a key of varying length (formats.md, 9.2), so that its hex sorts as its bytes do. */
export function escapeKey(value: Uint8Array, max: number): string {
  if (value.length > max) throw codecFail.TOO_LONG({ max, got: value.length })
  let hex = ''
  for (const byte of value) hex += byte === 0 ? '00ff' : (HEX_OF_BYTE[byte] as string)
  return `${hex}0001`
}

/** Takes an escaped key of at most `max` bytes. Throws `codec/BAD_KEY`. */
export function unescapeKey(cursor: KeyCursor, max: number): Uint8Array {
  const found: number[] = []
  for (;;) {
    const byte = takeByte(cursor)
    if (byte === 0) {
      const mark = takeByte(cursor)
      if (mark === 1) return Uint8Array.from(found)
      if (mark !== 0xff) break
    }
    found.push(byte)
    if (found.length > max) break
  }
  throw codecFail.BAD_KEY({ hex: cursor.hex })
}
