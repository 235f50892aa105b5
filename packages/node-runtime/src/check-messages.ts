// What main thread and check threads tell each other: one buffer a message, handed over instead of copied.
import { type Hash, hash } from '@mmtchain/primitives'

const LENGTH_BYTES = 4
const ID_BYTES = 32
/** What stands before an id: whether there is one. */
const FLAG_BYTES = 1

/** Transactions one after another, each behind its length as u32. */
export function packTransactions(all: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(all.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0))
  const view = new DataView(packed.buffer)
  let at = 0
  for (const bytes of all) {
    view.setUint32(at, bytes.length)
    packed.set(bytes, at + LENGTH_BYTES)
    at += LENGTH_BYTES + bytes.length
  }
  return packed
}

/** The same transactions, as parts of `packed`. */
export function unpackTransactions(packed: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  const all: Uint8Array[] = []
  for (let at = 0; at < packed.length; ) {
    const end = at + LENGTH_BYTES + view.getUint32(at)
    all.push(packed.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return all
}

/** For each transaction its id, or nothing. */
export function packIds(ids: readonly (Uint8Array | undefined)[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(ids.length * (FLAG_BYTES + ID_BYTES))
  for (const [i, id] of ids.entries()) {
    if (id === undefined) continue
    const at = i * (FLAG_BYTES + ID_BYTES)
    packed[at] = 1
    packed.set(id, at + FLAG_BYTES)
  }
  return packed
}

export function unpackIds(packed: Uint8Array): readonly (Hash | undefined)[] {
  const ids: (Hash | undefined)[] = []
  for (let at = 0; at < packed.length; at += FLAG_BYTES + ID_BYTES)
    ids.push(
      packed[at] === 1 ? hash(packed.subarray(at + FLAG_BYTES, at + FLAG_BYTES + ID_BYTES)) : undefined,
    )
  return ids
}
