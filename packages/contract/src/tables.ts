import {
  bool,
  bytes,
  type Codec,
  decode,
  decodeKey,
  encode,
  encodeKey,
  type KeyCodec,
  list,
  struct,
} from '@mmtchain/codec'
import type { Cell, Range, Table } from '@mmtchain/kernel'
import type { HostApi } from './host.ts'

/** Rows of a contract's state by key, as in a module. `absent` is what `get` returns when the key has no row. */
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>): Table<K, V, undefined>
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>, absent: NoInfer<V>): Table<K, V, V>
export function table<K, V>(key: KeyCodec<K>, value: Codec<V>, absent?: V): Table<K, V, V | undefined> {
  return { key, value, absent }
}

/** A single value of a contract's state. */
export function cell<V>(value: Codec<V>): Cell<V, undefined>
export function cell<V>(value: Codec<V>, absent: NoInfer<V>): Cell<V, V>
export function cell<V>(value: Codec<V>, absent?: V): Cell<V, V | undefined> {
  return { cell: true, value, absent }
}

const page = struct({
  rows: list(struct({ key: bytes({ bytesMax: 256 }), value: bytes({ bytesMax: 16_384 }) }), { max: 64 }),
  more: bool,
})

/** The names of tables are a part of their keys, so that a table that is added moves no other. */
function prefixOf(name: string): string {
  let hex = ''
  for (let i = 0; i < name.length; i++) hex += name.charCodeAt(i).toString(16).padStart(2, '0')
  return `${hex}00`
}

function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** Access to one table through the host. */
export function openTable(
  host: HostApi,
  name: string,
  declared: Table<unknown, unknown, unknown> | Cell<unknown, unknown>,
): object {
  const { value: codec, absent } = declared
  const prefix = prefixOf(name)
  const read = (key: string) => {
    const found = host.get(key)
    return found === undefined ? absent : decode(codec, found)
  }
  if (declared.cell === true)
    return { get: () => read(prefix), set: (value: unknown) => host.set(prefix, encode(codec, value)) }
  const keyOf = (key: unknown) => prefix + encodeKey(declared.key, key)
  return {
    get: (key: unknown) => read(keyOf(key)),
    has: (key: unknown) => host.get(keyOf(key)) !== undefined,
    set: (key: unknown, value: unknown) => host.set(keyOf(key), encode(codec, value)),
    delete: (key: unknown) => host.delete(keyOf(key)),
    *entries(range: Omit<Range<unknown>, 'reverse'> = {}) {
      const members = range.prefix as readonly unknown[] | undefined
      const within = prefix + (members ? (declared.key.writeKeyPrefix?.(members) ?? '') : '')
      let from = range.from === undefined ? within : keyOf(range.from)
      let left = range.limit ?? Number.POSITIVE_INFINITY
      while (left > 0) {
        const { rows, more } = decode(page, host.scan(within, from, Math.min(left, 64)))
        for (const { key, value } of rows) {
          from = hexOf(key)
          yield [decodeKey(declared.key, from.slice(prefix.length)), decode(codec, value)]
        }
        left -= rows.length
        if (!more) return
        // The first key above the last one.
        from += '00'
      }
    },
  }
}
