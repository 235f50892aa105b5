type Crc32 = (bytes: Uint8Array, before?: number) => number

/** A shorter input is summed before zlib has been entered. */
const NATIVE_BYTES_MIN = 64

const native = nativeCrc32()

/** The CRC-32 of ISO 3309 (as in zlib and PNG) of `bytes`, going on from that of what comes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return native && bytes.length >= NATIVE_BYTES_MIN ? native(bytes, before) : portableCrc32(bytes, before)
}

/** Node.js has it from 20.15 on. */
function nativeCrc32(): Crc32 | undefined {
  const host = globalThis as { readonly process?: { getBuiltinModule?(id: string): unknown } }
  const zlib = host.process?.getBuiltinModule?.('node:zlib') as { readonly crc32?: Crc32 } | undefined
  return zlib?.crc32
}

export function portableCrc32(bytes: Uint8Array, before = 0): number {
  const sums = table()
  let sum = ~before
  for (let i = 0; i < bytes.length; i++)
    sum = (sum >>> 8) ^ (sums[(sum ^ (bytes[i] as number)) & 0xff] as number)
  return ~sum >>> 0
}

let made: Int32Array | undefined
function table(): Int32Array {
  made ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    return sum
  })
  return made
}
