// What the rows of a chain say of a name, by the rules of the module, without its code running on a machine.
import { decode, encodeKey, type KeyCodec } from '@mmtchain/codec'
import { type GenesisValue, type StateKey, tablePrefix } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { keyOf, pathOf } from '../labels.ts'
import { nameTables, parameters } from '../nouns.ts'
import type { NameRecord } from '../records.ts'

/** A name that lives, as its rows show. */
export interface Walked {
  readonly kind: 'found'
  readonly number: bigint
  readonly owner: Address
  readonly endsMs: bigint
  readonly records: readonly NameRecord[]
}
/** A name that another chain knows. */
export interface Handed {
  readonly kind: 'delegated'
  readonly to: Extract<NameRecord, { kind: 'delegation' }>['value']
  /** The labels left, below `to.under`. */
  readonly rest: string
  readonly endsMs: bigint
}

function rowKey<K>(table: keyof typeof nameTables, codec: KeyCodec<K>, key: K): StateKey {
  return tablePrefix('names', table) + encodeKey(codec, key)
}

/** The keys of all rows that say what a name is: itself and the names above it, with their records. */
export function keysOf(name: string): readonly StateKey[] {
  const { names, records } = nameTables
  return pathOf(name).flatMap((one) => [
    rowKey('names', names.key, keyOf(one)),
    rowKey('records', records.key, keyOf(one)),
  ])
}

export const primaryKey = (account: Address): StateKey =>
  rowKey('primaries', nameTables.primaries.key, account)

/** Reads the rows under `keysOf`, as they are after a block of this time. Undefined where nobody has the name. */
export function walk(
  name: string,
  values: readonly (Uint8Array | undefined)[],
  timeMs: bigint,
): Walked | Handed | undefined {
  const path = pathOf(name)
  let above = 0n
  let endsMs = 0n
  for (const [i, one] of path.entries()) {
    const [row, held] = [values[2 * i], values[2 * i + 1]]
    if (!row) return undefined
    const lease = decode(nameTables.names.value, row)
    if (lease.of !== above) return undefined
    if (i === 0) endsMs = lease.untilMs
    if (timeMs >= endsMs) return undefined
    const own = held && decode(nameTables.records.value, held)
    const records = own?.of === lease.number ? own.records : []
    if (one === name) return { kind: 'found', number: lease.number, owner: lease.owner, endsMs, records }
    const delegation = records.find(({ kind }) => kind === 'delegation')
    if (delegation?.kind === 'delegation')
      return { kind: 'delegated', to: delegation.value, rest: name.slice(0, -one.length - 1), endsMs }
    above = lease.number
  }
  return undefined
}

/** What the names of a chain end with; undefined where it has none. */
export function rootOf({ modules }: GenesisValue): string | undefined {
  const module = modules.find((one) => one.name === 'names')
  return module && decode(parameters, module.params).root
}
