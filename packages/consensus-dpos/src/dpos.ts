import { encode, struct, u8, u16, u32 } from '@mmtchain/codec'
import { type Engine, type EngineState, parentSeed, slotMsOf } from '@mmtchain/kernel'
import { ChainError, concatBytes } from '@mmtchain/primitives'
import { auditor } from './audit.ts'
import { message } from './message.ts'
import { offencesOf } from './offence.ts'
import { SEATS_MAX } from './options.ts'
import { isSealed } from './seal.ts'
import { beforeOf, checkHeader, consensusFail, missesOf } from './slots.ts'
import { begin, type DposState } from './state.ts'
import { step } from './step.ts'

export interface DposOptions {
  /** After how many blocks on top of it one is called *confirmed*, 6 to 10; 6 by default. It promises nothing: only *final* does. */
  readonly confirmations?: number
  /** By how much the clocks of two nodes may differ, in milliseconds; 200 by default. A block that is further ahead waits. */
  readonly driftMs?: number
  /**
   * The seats for which the chain's slot is meant, 1 to 1,024. Where congestion leaves fewer (`dec` of the election), slots are shorter in
   * proportion, never below two thirds. Without it slots are always as long.
   */
  readonly fullSeats?: number
}

/** A header without a reveal. A module that has an onion of its proposer refuses it. */
const NOTHING = new Uint8Array()

const parameters = struct({ confirmations: u8, driftMs: u32 })

/**
 * Delegated proof of stake: a slot for each validator in turn, a block a slot by its owner, forks resolved and blocks made final by
 * what headers say (Lisk-BFT, LIP 0014, 0056, 0058). The seal is the owner's signature of the block's id and of its votes.
 * Throws `dpos/BAD_OPTIONS`.
 */
export function dpos(options: DposOptions = {}): Engine {
  const chosen = checkOptions(options)
  return {
    name: 'dpos',
    params: paramsOf(chosen),
    message,
    revertible: true,
    confirmations: chosen.confirmations,
    logged: 'built',
    audit: auditor,
    context({ chain, block, parent, past }) {
      const { header } = block
      const slotMs = slotMsOf(chain, parent.validators, chosen.fullSeats)
      const fields = checkHeader(header, beforeOf(parent.header), slotMs, parent.validators)
      if (block.missProofs.length > 0)
        throw consensusFail.BAD_CONSENSUS_FIELDS({
          why: 'it has proofs of misses, which follow from its round',
        })
      const { epoch, seed: setSeed } = parent.validators
      // A chain with reveals has them folded into its set's seed; any other has the parent's id, which a proposer can bias.
      const seed = fields.reveal === null ? parentSeed(chain.fingerprint, header.parent) : setSeed
      return {
        ...{ turn: fields.turn, epoch, seed, reveal: fields.reveal ?? NOTHING },
        misses: missesOf(header, fields, parent.validators),
        evidence: offencesOf(chain, block.evidence, past),
      }
    },
    checkSeal({ chain, header, id, seal, validators }) {
      if (!isSealed(chain, { header, id, seal }, validators)) throw consensusFail.BAD_SEAL({ id })
    },
    start({ chain, self }) {
      const { driftMs, fullSeats } = chosen
      return begin({ chain, self, driftMs: BigInt(driftMs), fullSeats })
    },
    step: (state: EngineState, input) => step(state as DposState, input),
  }
}

/** The bytes that the fingerprint covers. A chain whose slots are always as long has the same ones as before there was a choice. */
function paramsOf({ fullSeats, ...fixed }: ReturnType<typeof checkOptions>): Uint8Array {
  return concatBytes(encode(parameters, fixed), fullSeats === undefined ? NOTHING : encode(u16, fullSeats))
}

function checkOptions({ confirmations = 6, driftMs = 200, fullSeats }: DposOptions) {
  const why =
    Number.isInteger(confirmations) && confirmations >= 6 && confirmations <= 10
      ? Number.isInteger(driftMs) && driftMs >= 0 && driftMs <= 10_000
        ? fullSeats === undefined || (Number.isInteger(fullSeats) && fullSeats >= 1 && fullSeats <= SEATS_MAX)
          ? undefined
          : `fullSeats are ${fullSeats}, not 1 to ${SEATS_MAX}`
        : `driftMs is ${driftMs}, not 0 to 10000`
      : `confirmations are ${confirmations}, not 6 to 10`
  if (why === undefined) return { confirmations, driftMs, fullSeats }
  const hint = 'Correct the engine in the chain file.'
  throw new ChainError({ code: 'dpos/BAD_OPTIONS', message: `The engine cannot be defined: ${why}.`, hint })
}
