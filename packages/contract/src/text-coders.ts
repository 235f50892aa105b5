/**
 * UTF-8 for the codecs, which the sandbox does not have: strict, as the codecs ask for it. It stands before everything else of a
 * built contract.
 */
export const TEXT_CODERS = `{
globalThis.TextEncoder = class {
  encode(text) {
    const bytes = []
    for (const letter of text) {
      let point = letter.codePointAt(0)
      if (point >= 0xd800 && point < 0xe000) point = 0xfffd
      if (point < 0x80) bytes.push(point)
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63))
      else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
      else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
    }
    return Uint8Array.from(bytes)
  }
}
globalThis.TextDecoder = class {
  decode(bytes) {
    let text = ''
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++]
      const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1
      let point = more === 0 ? first : first & (0x3f >> more)
      for (let k = 0; k < more; k++) {
        if ((bytes[i] & 0xc0) !== 0x80) throw new TypeError('no UTF-8')
        point = (point << 6) | (bytes[i++] & 63)
      }
      const least = [0, 0x80, 0x800, 0x10000][more]
      if (more < 0 || point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw new TypeError('no UTF-8')
      text += String.fromCodePoint(point)
    }
    return text
  }
}
}`
