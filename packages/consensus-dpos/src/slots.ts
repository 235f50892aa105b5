// Slots by time: which turn it is, whose, and what was skipped. All of it by division, never by a walk over slots.
import { bytes, decode, encode, type Infer, option, struct, u64 } from '@mmtchain/codec'
import {
  consensusRefusals,
  type Header,
  type Miss,
  type Validator,
  type ValidatorSet,
} from '@mmtchain/kernel'
import { type Address, failures, isChainError } from '@mmtchain/primitives'

export const consensusFail = failures('consensus', consensusRefusals)

/** The engine's part of a header (formats.md, section 19). */
export const headerFields = struct({
  /** The number of the block's slot since genesis. */
  turn: u64,
  reveal: option(bytes({ bytesMax: 64 })),
  maxHeightPrevoted: u64,
  maxHeightGenerated: u64,
})
export type HeaderFields = Infer<typeof headerFields>

const GENESIS: HeaderFields = { turn: 0n, reveal: null, maxHeightPrevoted: 0n, maxHeightGenerated: 0n }

/** Throws `consensus/BAD_CONSENSUS_FIELDS` for bytes that are none. Block 0 has none. */
export function fieldsOf({ height, consensus }: Pick<Header, 'height' | 'consensus'>): HeaderFields {
  if (height === 0n) return GENESIS
  try {
    return decode(headerFields, consensus)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw consensusFail.BAD_CONSENSUS_FIELDS({ why: `its consensus bytes cannot be read: ${error.message}` })
  }
}

export function fieldBytes(fields: HeaderFields): Uint8Array {
  return encode(headerFields, fields)
}

/** What a block is checked against of the one before it. */
export interface Before {
  readonly height: bigint
  readonly timeMs: bigint
  readonly turn: bigint
  readonly maxHeightPrevoted: bigint
}

export function beforeOf(header: Header): Before {
  const { turn, maxHeightPrevoted } = fieldsOf(header)
  return { height: header.height, timeMs: header.timeMs, turn, maxHeightPrevoted }
}

/** Whose turn it is. */
export function ownerOf({ validators, epochStartTurn }: ValidatorSet, turn: bigint): Address {
  const n = BigInt(validators.length)
  // A set may rule from a turn on that lies behind its first one by less than an epoch only in chains without an election.
  const place = (((turn - epochStartTurn) % n) + n) % n
  return (validators[Number(place)] as Validator).address
}

/** Throws `consensus/…` unless time, round, turn and owner of a header follow from the block before it and the set in force. */
export function checkHeader(
  header: Header,
  before: Before,
  slotMs: bigint,
  validators: ValidatorSet,
): HeaderFields {
  const fields = fieldsOf(header)
  const earliest = before.timeMs + slotMs
  if (header.timeMs < earliest) throw consensusFail.TOO_EARLY({ want: earliest, got: header.timeMs })
  const passed = header.timeMs - before.timeMs
  const broken =
    passed % slotMs !== 0n
      ? 'its time is not the beginning of a slot'
      : BigInt(header.round) !== passed / slotMs - 1n
        ? `its round is ${header.round}, but ${passed / slotMs - 1n} slots were skipped`
        : fields.turn !== before.turn + passed / slotMs
          ? `its turn is ${fields.turn}, not ${before.turn + passed / slotMs}`
          : fields.maxHeightPrevoted >= header.height || fields.maxHeightPrevoted < before.maxHeightPrevoted
            ? 'its maxHeightPrevoted is not between its parent’s and its own height'
            : undefined
  if (broken !== undefined) throw consensusFail.BAD_CONSENSUS_FIELDS({ why: broken })
  const want = ownerOf(validators, fields.turn)
  if (header.proposer !== want) throw consensusFail.WRONG_PROPOSER({ want, got: header.proposer })
  return fields
}

/** Who missed the turns that a block skipped: each owner once, with how many. */
export function missesOf(header: Header, { turn }: HeaderFields, set: ValidatorSet): readonly Miss[] {
  const skipped = BigInt(header.round)
  const first = turn - skipped
  const n = BigInt(set.validators.length)
  const owners = Number(skipped < n ? skipped : n)
  return Array.from({ length: owners }, (_, round) => ({
    ...{ height: header.height, round, proposer: ownerOf(set, first + BigInt(round)) },
    times: (skipped - 1n - BigInt(round)) / n + 1n,
  }))
}
