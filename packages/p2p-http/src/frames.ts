import {
  type Codec,
  decode,
  encode,
  fixedBytes,
  fromJson,
  height,
  list,
  struct,
  toJson,
  type UnionValue,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import type { NetworkMember } from '@mmtchain/kernel'
import { toldAddress } from './address.ts'

/** The most addresses of one answer. */
export const PEERS_TOLD_MAX = 64
/** What a frame adds to the bytes of a message. */
const FRAME_BYTES = 16
/** The longest frame that carries no message. */
const OWN_BYTES_MAX = 32 * 1024
/** JSON writes a byte as two digits, and names the fields. */
const JSON_FACTOR = 4

type Variants = ReturnType<typeof variants>
function variants(message: Codec<unknown>) {
  return {
    message,
    /** The first frame of whoever dialled: its signature that ends the handshake. */
    proof: fixedBytes(64),
    /** The answer: the stream is open. */
    welcome: unit,
    /** A sign of life, answered by `echo` at once. Times are of the sender's wall clock. */
    beat: struct({ count: u32, sentMs: u64, height, finalised: height }),
    echo: struct({ count: u32, sentMs: u64 }),
    getPeers: unit,
    peers: list(toldAddress, { max: PEERS_TOLD_MAX }),
  }
}

/** What stands in one WebSocket message: text is JSON, binary is BCS. */
export type Frame = UnionValue<Variants>

/** How frames look on a stream. */
export type Format = 'bcs' | 'json'

/** Frames of one network, as bytes and back. */
export interface Frames {
  /** The longest frame in each form. */
  readonly bytesMax: Readonly<Record<Format, number>>
  write(frame: Frame, format: Format): Uint8Array
  /** Throws `codec/…`, or a SyntaxError where it is no JSON. */
  read(bytes: Uint8Array, format: Format): Frame
}

export function framesOf(
  member: Pick<NetworkMember<unknown>, 'message' | 'messageBytesMax' | 'addressPrefix'>,
): Frames {
  const codec = union(variants(member.message))
  const bcs = Math.max(OWN_BYTES_MAX, member.messageBytesMax + FRAME_BYTES)
  return {
    bytesMax: { bcs, json: JSON_FACTOR * bcs },
    write: (frame, format) =>
      format === 'bcs' ? encode(codec, frame) : Buffer.from(JSON.stringify(toJson(codec, frame, member))),
    read: (bytes, format) =>
      format === 'bcs'
        ? decode(codec, bytes)
        : fromJson(codec, JSON.parse(Buffer.from(bytes).toString()), member),
  }
}

/** What a frame is counted as: the message's own kind where it is of a tagged union. */
export function kindOf(frame: Frame): string {
  if (frame.kind !== 'message') return frame.kind
  const { kind } = Object(frame.value) as { readonly kind?: unknown }
  return typeof kind === 'string' ? kind : 'message'
}
