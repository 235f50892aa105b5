// The codecs of `@mmtchain/codec` as a built contract has them: the same bytes and keys, without JSON, schemas and paths, which no
// contract needs on a chain and every call would pay to load. The build puts this in the place of the other, and a test compares.

interface Source {
  readonly bytes: Uint8Array
  at: number
}
interface Bare {
  readonly write: (out: number[], value: never) => void
  readonly read: (source: Source) => unknown
  readonly key?: (value: never) => string
  readonly unkey?: (cursor: Cursor) => unknown
  /** The key form of the first members of a tuple. */
  readonly writeKeyPrefix?: (members: readonly unknown[]) => string
}
interface Cursor {
  readonly hex: string
  at: number
}
type Members = { readonly [name: string]: Bare }

function refuse(why: string): never {
  throw new TypeError(`codec: ${why}`)
}
function must(holds: boolean, why: string): void {
  if (!holds) refuse(why)
}

const hexOf = (byte: number): string => (byte < 16 ? '0' : '') + byte.toString(16)
export function toHex(bytes: ArrayLike<number>): string {
  let hex = ''
  for (let i = 0; i < bytes.length; i++) hex += hexOf(bytes[i] as number)
  return hex
}
function pushHex(out: number[], hex: string, from: number, bytes: number): void {
  must(
    typeof hex === 'string' && hex.length === from + 2 * bytes && !/[^0-9a-f]/.test(hex.slice(from)),
    'hex',
  )
  for (let at = from; at < hex.length; at += 2) out.push(Number.parseInt(hex.slice(at, at + 2), 16))
}

function take(source: Source, count: number): Uint8Array {
  const { bytes, at } = source
  must(at + count <= bytes.length, 'ends early')
  source.at += count
  return bytes.subarray(at, at + count)
}
const takeByte = (source: Source): number => take(source, 1)[0] as number

function pushLength(out: number[], length: number): void {
  let rest = length
  for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128)
  out.push(rest)
}
function takeLength(source: Source, max: number): number {
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = takeByte(source)
    length += (byte & 127) * 2 ** shift
    if (byte < 128) {
      must((byte > 0 || shift === 0) && length <= max, 'length')
      return length
    }
    must(shift < 28, 'length')
  }
}

export function encode(codec: Bare, value: unknown): Uint8Array {
  const out: number[] = []
  codec.write(out, value as never)
  return Uint8Array.from(out)
}
export function decode(codec: Bare, bytes: Uint8Array): unknown {
  const source = { bytes, at: 0 }
  const value = codec.read(source)
  must(source.at === bytes.length, 'trailing bytes')
  return value
}
export const encodeKey = (codec: Bare, value: unknown): string =>
  codec.key?.(value as never) ?? refuse('no key')
export function decodeKey(codec: Bare, hex: string): unknown {
  const cursor = { hex, at: 0 }
  const value = codec.unkey?.(cursor)
  must(cursor.at === hex.length, 'key')
  return value
}
function cut(cursor: Cursor, bytes: number): string {
  const { hex, at: start } = cursor
  cursor.at += 2 * bytes
  must(cursor.at <= hex.length, 'key')
  return hex.slice(start, cursor.at)
}

const small = (bytes: number): Bare => ({
  write(out, value: number) {
    must(Number.isInteger(value) && value >= 0 && value < 256 ** bytes, 'integer')
    for (let i = 0, rest: number = value; i < bytes; i++, rest = Math.floor(rest / 256)) out.push(rest % 256)
  },
  read: (source) => take(source, bytes).reduceRight((total, byte) => total * 256 + byte, 0),
  key(value: number) {
    must(Number.isInteger(value) && value >= 0 && value < 256 ** bytes, 'integer')
    return (value as number).toString(16).padStart(2 * bytes, '0')
  },
  unkey: (cursor) => Number.parseInt(cut(cursor, bytes), 16),
})
const wide = (bytes: number): Bare => {
  const check = (value: bigint) =>
    must(typeof value === 'bigint' && value >= 0n && value >> BigInt(8 * bytes) === 0n, 'integer')
  return {
    write(out, value: bigint) {
      check(value)
      for (let i = 0, rest: bigint = value; i < bytes; i++, rest >>= 8n) out.push(Number(rest & 255n))
    },
    read: (source) => take(source, bytes).reduceRight((total, byte) => (total << 8n) | BigInt(byte), 0n),
    key(value: bigint) {
      check(value)
      return (value as bigint).toString(16).padStart(2 * bytes, '0')
    },
    unkey: (cursor) => BigInt(`0x${cut(cursor, bytes)}`),
  }
}
/** A codec that is also the function that checks its values. */
const checked = (codec: Bare) =>
  Object.assign((value: unknown) => {
    codec.write([], value as never)
    return value
  }, codec)

export const u8 = small(1)
export const u16 = small(2)
export const u32 = small(4)
export const u64 = wide(8)
export const u128 = wide(16)
export const amountSum = u128
export const amount = checked(u64)
export const height = checked(u64)
export const bool: Bare = {
  write(out, value: boolean) {
    must(typeof value === 'boolean', 'boolean')
    out.push(value ? 1 : 0)
  },
  read(source) {
    const byte = takeByte(source)
    must(byte < 2, 'boolean')
    return byte === 1
  },
  key: (value: boolean) => (value ? '01' : '00'),
  unkey: (cursor) => cut(cursor, 1) === '01',
}
export const unit: Bare = { write: (_, value) => must(value === null, 'null'), read: () => null }

const hex32 = (prefix: string): Bare => ({
  write(out, value: string) {
    must(typeof value === 'string' && value.startsWith(prefix), 'address or hash')
    pushHex(out, value, prefix.length, 32)
  },
  read: (source) => prefix + toHex(take(source, 32)),
  key: (value: string) => (value as string).slice(prefix.length),
  unkey: (cursor) => prefix + cut(cursor, 32),
})
export const address = hex32('0x')
export const hash = checked(hex32(''))

/** Escapes and ends a key of varying length (formats.md, 9.2). */
const escaped = (bytes: ArrayLike<number>): string => {
  let hex = ''
  for (let i = 0; i < bytes.length; i++) hex += bytes[i] === 0 ? '00ff' : hexOf(bytes[i] as number)
  return `${hex}0001`
}
function unescaped(cursor: Cursor): Uint8Array {
  const found: number[] = []
  for (;;) {
    const byte = Number.parseInt(cut(cursor, 1), 16)
    if (byte === 0 && cut(cursor, 1) === '01') return Uint8Array.from(found)
    found.push(byte)
  }
}

export const fixedBytes = (length: number): Bare => ({
  write(out, value: Uint8Array) {
    must(value instanceof Uint8Array && value.length === length, 'bytes')
    for (const byte of value as Uint8Array) out.push(byte)
  },
  read: (source) => take(source, length).slice(),
  key: (value: Uint8Array) => toHex(value),
  unkey: (cursor) => fromHex(cut(cursor, length)),
})
export const bytes = ({ bytesMax }: { readonly bytesMax: number }): Bare => ({
  write(out, value: Uint8Array) {
    must(value instanceof Uint8Array && (value as Uint8Array).length <= bytesMax, 'bytes')
    pushLength(out, (value as Uint8Array).length)
    for (const byte of value as Uint8Array) out.push(byte)
  },
  read: (source) => take(source, takeLength(source, bytesMax)).slice(),
  key: (value: Uint8Array) => escaped(value),
  unkey: unescaped,
})
export const text = ({ bytesMax }: { readonly bytesMax: number }): Bare => {
  const inner = bytes({ bytesMax })
  return {
    write: (out, value: string) => inner.write(out, utf8(value) as never),
    read: (source) => fromUtf8(inner.read(source) as Uint8Array),
    key: (value: string) => escaped(utf8(value)),
    unkey: (cursor) => fromUtf8(unescaped(cursor)),
  }
}

function fromHex(hex: string): Uint8Array {
  const out: number[] = []
  pushHex(out, hex, 0, hex.length / 2)
  return Uint8Array.from(out)
}

function utf8(value: string): Uint8Array {
  must(typeof value === 'string', 'text')
  const out: number[] = []
  for (const letter of value) {
    const point = letter.codePointAt(0) as number
    must(point < 0xd800 || point > 0xdfff, 'text')
    if (point < 0x80) {
      out.push(point)
      continue
    }
    const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3
    out.push(((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more)))
    for (let i = more - 1; i >= 0; i--) out.push(0x80 | ((point >> (6 * i)) & 63))
  }
  return Uint8Array.from(out)
}

function fromUtf8(given: Uint8Array): string {
  let found = ''
  for (let i = 0; i < given.length; ) {
    const first = given[i++] as number
    const more =
      first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1
    must(more >= 0, 'text')
    let point = more === 0 ? first : first & (63 >> more)
    for (let k = 0; k < more; k++) {
      const next = given[i++] ?? 0
      must((next & 0xc0) === 0x80, 'text')
      point = (point << 6) | (next & 63)
    }
    must(
      point >= ([0, 0x80, 0x800, 0x10000][more] as number) &&
        point < 0x110000 &&
        (point < 0xd800 || point > 0xdfff),
      'text',
    )
    found += String.fromCodePoint(point)
  }
  return found
}

export const option = (inner: Bare): Bare => ({
  write(out, value) {
    out.push(value === null ? 0 : 1)
    if (value !== null) inner.write(out, value)
  },
  read: (source) => (bool.read(source) ? inner.read(source) : null),
})

interface Counted {
  readonly min?: number
  readonly max: number
}
export const list = (item: Bare, { min = 0, max }: Counted): Bare => ({
  write(out, values: readonly never[]) {
    must(Array.isArray(values) && (values as []).length >= min && (values as []).length <= max, 'list')
    pushLength(out, (values as []).length)
    for (const value of values as readonly never[]) item.write(out, value)
  },
  read(source) {
    const length = takeLength(source, max)
    must(length >= min, 'list')
    const values: unknown[] = []
    for (let i = 0; i < length; i++) values.push(item.read(source))
    return values
  },
})

/** Items in the order of their bytes, each once. */
function ordered(item: Bare, values: Iterable<unknown>): (readonly [hex: string, value: unknown])[] {
  const all = [...values].map((value) => [toHex(encode(item, value)), value] as const)
  all.sort(([a], [b]) => (a < b ? -1 : 1))
  for (let i = 1; i < all.length; i++) must(all[i]?.[0] !== all[i - 1]?.[0], 'twice the same')
  return all
}
/** Reads an item that must come after the one before by its bytes. */
function ascending(
  source: Source,
  item: Bare,
  before: string,
): { readonly hex: string; readonly value: unknown } {
  const start = source.at
  const value = item.read(source)
  const hex = toHex(source.bytes.subarray(start, source.at))
  must(before < hex, 'order')
  return { hex, value }
}
export const set = (item: Bare, { min = 0, max }: Counted): Bare => ({
  write(out, values: readonly unknown[]) {
    must(Array.isArray(values) && (values as []).length >= min && (values as []).length <= max, 'set')
    pushLength(out, (values as []).length)
    for (const [, value] of ordered(item, values as [])) item.write(out, value as never)
  },
  read(source) {
    const length = takeLength(source, max)
    must(length >= min, 'set')
    const values: unknown[] = []
    let before = ''
    for (let i = 0; i < length; i++) {
      const next = ascending(source, item, before)
      before = next.hex
      values.push(next.value)
    }
    return values
  },
})
export const map = (key: Bare, value: Bare, { max }: Counted): Bare => ({
  write(out, entries: ReadonlyMap<unknown, unknown>) {
    must((entries as unknown) instanceof Map && (entries as Map<0, 0>).size <= max, 'map')
    pushLength(out, (entries as Map<0, 0>).size)
    for (const [, name] of ordered(key, (entries as Map<unknown, unknown>).keys())) {
      key.write(out, name as never)
      value.write(out, (entries as Map<unknown, unknown>).get(name) as never)
    }
  },
  read(source) {
    const length = takeLength(source, max)
    const entries = new Map<unknown, unknown>()
    let before = ''
    for (let i = 0; i < length; i++) {
      const name = ascending(source, key, before)
      before = name.hex
      entries.set(name.value, value.read(source))
    }
    return entries
  },
})

export function tuple(...members: readonly Bare[]): Bare {
  const keys = (values: readonly unknown[]) =>
    members
      .slice(0, values.length)
      .map((member, i) => encodeKey(member, values[i]))
      .join('')
  const plain: Bare = {
    write(out, values: readonly unknown[]) {
      must(Array.isArray(values) && (values as []).length === members.length, 'tuple')
      for (let i = 0; i < members.length; i++)
        members[i]?.write(out, (values as readonly never[])[i] as never)
    },
    read: (source) => members.map((member) => member.read(source)),
  }
  if (members.some(({ key }) => key === undefined)) return plain
  return {
    ...plain,
    key: keys,
    unkey: (cursor) => members.map(({ unkey }) => unkey?.(cursor)),
    writeKeyPrefix: keys,
  }
}
export function struct(fields: Members): Bare {
  const all = Object.entries(fields)
  return {
    write(out, value: Readonly<Record<string, unknown>>) {
      must(typeof value === 'object' && value !== null, 'struct')
      for (const [name, codec] of all) codec.write(out, (value as Record<string, unknown>)[name] as never)
    },
    read: (source) => Object.fromEntries(all.map(([name, codec]) => [name, codec.read(source)])),
  }
}
export function union(variants: Members): Bare {
  const all = Object.entries(variants)
  return {
    write(out, value: { readonly kind: string; readonly value: unknown }) {
      const at = all.findIndex(([kind]) => kind === value?.kind)
      must(at >= 0, 'variant')
      pushLength(out, at)
      all[at]?.[1].write(out, value.value as never)
    },
    read(source) {
      const found = all[takeLength(source, all.length - 1)]
      return found && { kind: found[0], value: found[1].read(source) }
    },
  }
}
