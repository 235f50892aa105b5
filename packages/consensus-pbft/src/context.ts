// What a block must keep to that its header, its body and its parent show (docs/spec/consensus.md, sections 3, 8, 9).
import { decode } from '@mmtchain/codec'
import {
  type Block,
  type Engine,
  type EngineContext,
  parentSeed,
  slotMsOf,
  validatorsHash,
} from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { evidenceFault, type Offence, offenceOf, readEvidence, sameOffence } from './evidence.ts'
import { missOf, type RoundsOfHeight, readMissProof } from './misses.ts'
import { consensusFail } from './refusals.ts'
import { type ConsensusFields, consensusFields, turnAt, turnOf, validatorOfTurn } from './turns.ts'

type ContextArgs = Parameters<Engine['context']>[0]

const NO_BYTES = new Uint8Array()

/** Reads the context of a block. Throws `consensus/WRONG_PROPOSER`, `TOO_EARLY`, `BAD_CONSENSUS_FIELDS`. */
export function blockContext(args: ContextArgs, fullSeats?: number): EngineContext {
  const { chain, block, parent } = args
  const { header } = block
  const { turn, reveal } = fieldsOf(block)
  const { validators } = parent
  if (turn !== turnAt(parent, header.round)) throw bad(`turn ${turn} is not that of its height and round`)
  const { address: want } = validatorOfTurn(validators, turn)
  if (header.proposer !== want) throw consensusFail.WRONG_PROPOSER({ want, got: header.proposer })
  const earliest = parent.header.timeMs + slotMsOf(chain, validators, fullSeats)
  if (header.timeMs < earliest) throw consensusFail.TOO_EARLY({ want: earliest, got: header.timeMs })
  return {
    turn,
    epoch: validators.epoch,
    // A chain with reveals has them folded into its set's seed; any other has the parent's id, which a proposer can bias.
    seed: reveal === null ? parentSeed(chain.fingerprint, header.parent) : validators.seed,
    reveal: reveal ?? NO_BYTES,
    misses: missesOf(args),
    evidence: offencesOf(args),
  }
}

function fieldsOf({ header }: Block): ConsensusFields {
  try {
    return decode(consensusFields, header.consensus)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw bad('its consensus bytes are no turn and reveal')
  }
}

function missesOf(args: ContextArgs): EngineContext['misses'] {
  const { chain, block, parent } = args
  if (block.missProofs.length === 0) return []
  const own = ownRounds(args)
  const before = roundsBefore(args)
  const seen = new Set<string>()
  return block.missProofs.map((bytes) => {
    const proof = readMissProof(bytes)
    if (!proof) throw bad('a proof of a miss does not decode')
    // Before the signatures, so that many copies cost little.
    const place = `${proof.height} ${proof.round}`
    if (seen.has(place)) throw bad('it charges a miss twice')
    seen.add(place)
    const isParents = proof.height === parent.header.height
    const miss = missOf(
      chain,
      proof,
      proof.height === block.header.height ? own : isParents ? before : undefined,
    )
    if (typeof miss === 'string') throw bad(miss)
    return miss
  })
}

function ownRounds({ chain, block, parent }: ContextArgs): RoundsOfHeight {
  const set = parent.validators
  const rulers = { set, hash: validatorsHash(chain.fingerprint, set) }
  return { rulers, firstTurn: turnAt(parent, 0), round: block.header.round }
}

/** The rounds of the parent's height; undefined when the parent is block 0 or its set is forgotten. */
function roundsBefore({ chain, parent, past }: ContextArgs): RoundsOfHeight | undefined {
  const { header, validators } = parent
  if (header.height === 0n) return undefined
  const sets = [validators, ...(validators.epoch > 0n ? [past.validators(validators.epoch - 1n)] : [])]
  const set = sets.find((one) => one && validatorsHash(chain.fingerprint, one) === header.validatorsHash)
  if (!set) return undefined
  const firstTurn = turnOf(header) - BigInt(header.round)
  return { rulers: { set, hash: header.validatorsHash }, firstTurn, round: header.round }
}

function offencesOf({ chain, block, past, parent }: ContextArgs): readonly Offence[] {
  const offences: Offence[] = []
  for (const bytes of block.evidence) {
    const proof = readEvidence(bytes)
    if (!proof) throw bad('evidence does not decode')
    const offence = offenceOf(proof)
    if (offence.height > block.header.height) throw bad('evidence is of a height to come')
    if (offences.some((other) => sameOffence(other, offence))) throw bad('it charges an offence twice')
    const set = proof.epoch === parent.validators.epoch ? parent.validators : past.validators(proof.epoch)
    const fault = evidenceFault(chain, proof, set)
    if (fault !== undefined) throw bad(fault)
    offences.push(offence)
  }
  return offences
}

function bad(why: string) {
  return consensusFail.BAD_CONSENSUS_FIELDS({ why })
}
