// Proofs of state as ICS-23 (github.com/cosmos/ics23, proto/cosmos/ics23/v1/proofs.proto; docs/spec/formats.md, 16.4).
import { tag } from '@mmtchain/crypto'
import { concatBytes, toHex } from '@mmtchain/primitives'
import type { Sibling } from './tree-proofs.ts'

/** A row with the siblings on the way to it, from the top. */
export interface ProvenRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly siblings: readonly Sibling[]
}

/** A key with its row, or with the rows beside it in the order of paths. */
export type ProvenKey =
  | { readonly kind: 'row'; readonly row: ProvenRow }
  | {
      readonly kind: 'absent'
      readonly key: Uint8Array
      readonly left: ProvenRow | undefined
      readonly right: ProvenRow | undefined
    }

const none = new Uint8Array()
const SHA256 = 1
const NO_PREFIX = 0
const LEAF_PREFIX = tag('mmt/state/leaf/1')

const leafOp = message(
  number(1, SHA256),
  number(2, SHA256),
  number(3, SHA256),
  number(4, NO_PREFIX),
  bytes(5, LEAF_PREFIX),
)
const innerSpec = message(
  // proto3 packs repeated numbers: the order of the children.
  bytes(1, Uint8Array.of(0, 1)),
  number(2, 32),
  number(3, 0),
  number(4, 0),
  bytes(5, new Uint8Array(32)),
  number(6, SHA256),
)

/** The `ProofSpec` of this chain's state, in protobuf. */
export const ics23ProofSpec: Uint8Array = message(
  bytes(1, leafOp),
  bytes(2, innerSpec),
  number(3, 256),
  number(5, 1),
)

/** A `CommitmentProof` for one key, or a compressed one for several. */
export function commitmentProof(keys: readonly ProvenKey[]): Uint8Array {
  const [only] = keys
  if (keys.length !== 1 || !only) return bytes(4, compressedBatch(keys))
  return only.kind === 'row' ? bytes(1, existence(only.row)) : bytes(2, nonExistence(only, existence))
}

function existence({ key, value, siblings }: ProvenRow): Uint8Array {
  const path = [...siblings].reverse().map((sibling) => bytes(4, innerOp(sibling)))
  return message(bytes(1, key), bytes(2, value), bytes(3, leafOp), ...path)
}

function nonExistence(
  { key, left, right }: Extract<ProvenKey, { kind: 'absent' }>,
  encode: (row: ProvenRow) => Uint8Array,
): Uint8Array {
  const sides = [left ? bytes(2, encode(left)) : none, right ? bytes(3, encode(right)) : none]
  return message(bytes(1, key), ...sides)
}

/** Each distinct sibling once, and rows that name them by number. */
function compressedBatch(keys: readonly ProvenKey[]): Uint8Array {
  const numbers = new Map<string, number>()
  const lookup: Uint8Array[] = []
  const numberOf = (sibling: Sibling): number => {
    const name = `${sibling.isLeft}${toHex(sibling.hash)}`
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, lookup.length)
    lookup.push(bytes(2, innerOp(sibling)))
    return lookup.length - 1
  }
  const compressed = ({ key, value, siblings }: ProvenRow): Uint8Array => {
    const path = [...siblings].reverse().map((sibling) => varint(numberOf(sibling)))
    return message(bytes(1, key), bytes(2, value), bytes(3, leafOp), bytes(4, concatBytes(...path)))
  }
  const entries = keys.map((proven) =>
    proven.kind === 'row' ? bytes(1, compressed(proven.row)) : bytes(2, nonExistence(proven, compressed)),
  )
  return message(...entries.map((entry) => bytes(1, entry)), ...lookup)
}

function innerOp({ hash, isLeft }: Sibling): Uint8Array {
  return message(number(1, SHA256), bytes(isLeft ? 2 : 3, hash))
}

// Protobuf's wire format: a field is its number and type, then a varint, or a length and bytes. Fields with the value zero
// or no bytes are left out, as proto3 encoders do.

function message(...fields: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...fields)
}

function number(field: number, value: number): Uint8Array {
  return value === 0 ? none : concatBytes(varint(field << 3), varint(value))
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? none : concatBytes(varint((field << 3) | 2), varint(value.length), value)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
