import { tag } from '@mmtchain/crypto'
import { type Address, concatBytes, failures, type Hash, hashToBytes } from '@mmtchain/primitives'
import { parentSeed } from '../block.ts'
import type {
  Engine,
  EngineChain,
  EngineEffect,
  EngineInput,
  EngineState,
  EngineStep,
  Tip,
} from '../ports.ts'

/** The refusals of engines that a block or a seal can meet. */
export const consensusRefusals = {
  WRONG_PROPOSER: (d: { want: string; got: string }) => ({
    message: `The block was proposed by ${d.got}, but the turn is ${d.want}'s.`,
    hint: 'Take blocks only from the chain’s own validators.',
  }),
  TOO_EARLY: (d: { want: bigint; got: bigint }) => ({
    message: `The block's time ${d.got} is before ${d.want}, one slot after its parent.`,
    hint: 'Check the clock of the proposer.',
  }),
  BAD_CONSENSUS_FIELDS: (d: { why: string }) => ({
    message: `The block does not keep the engine's rules: ${d.why}.`,
    hint: 'Take blocks only from nodes of this chain.',
  }),
  BAD_SEAL: (d: { id: string }) => ({
    message: `The seal of block ${d.id} is not valid.`,
    hint: 'The block was altered or not produced by the validator; take it from another node.',
  }),
}
const fail = failures('consensus', consensusRefusals)

const SEAL_TAG = tag('mmt/seal/1')
const NO_BYTES = new Uint8Array()

interface SoloState {
  readonly chain: EngineChain
  readonly self: Address | undefined
  readonly tip: Tip | undefined
}

/**
 * The simplest engine: one validator, the first of the set, makes a block each slot, and each block is final at once.
 * The seal is that validator's signature of the block's id. A signature leaves the node only after its block is on disk,
 * so a crash in between cannot lead to two signed blocks of one height in the open.
 */
export function solo(): Engine {
  return {
    name: 'solo',
    params: NO_BYTES,
    context({ chain, block, parent }) {
      const { header } = block
      const proposer = proposerOf(parent)
      if (header.proposer !== proposer) throw fail.WRONG_PROPOSER({ want: proposer, got: header.proposer })
      const earliest = parent.header.timeMs + chain.slotMs
      if (header.timeMs < earliest) throw fail.TOO_EARLY({ want: earliest, got: header.timeMs })
      if (header.round !== 0) throw fail.BAD_CONSENSUS_FIELDS({ why: 'solo has no rounds' })
      if (header.consensus.length + block.evidence.length + block.missProofs.length > 0) {
        throw fail.BAD_CONSENSUS_FIELDS({ why: 'solo has no consensus bytes, evidence or proofs of misses' })
      }
      return {
        turn: header.height,
        epoch: parent.validators.epoch,
        seed: parentSeed(chain.fingerprint, header.parent),
        reveal: undefined,
        misses: [],
        evidence: [],
      }
    },
    checkSeal({ chain, id, seal, validators }) {
      const { suite, key } = (validators.validators[0] as { key: { suite: number; key: Uint8Array } }).key
      const message = sealMessage(chain.fingerprint, id)
      if (!chain.suites.get(suite)?.verify({ key, message, signature: seal })) throw fail.BAD_SEAL({ id })
    },
    start: ({ chain, self }): SoloState => ({ chain, self, tip: undefined }),
    step: (state: EngineState, input: EngineInput) => step(state as SoloState, input),
  }
}

/** The bytes that the proposer signs to seal a block (formats.md, 12.5). */
export function sealMessage(fingerprint: Hash, id: Hash): Uint8Array {
  return concatBytes(SEAL_TAG, hashToBytes(fingerprint), hashToBytes(id))
}

function step(state: SoloState, input: EngineInput): EngineStep {
  const { chain, self, tip } = state
  switch (input.kind) {
    case 'started':
    case 'committed':
      return { state: { ...state, tip: input.tip }, effects: slotTimer(chain, self, input.tip, input.nowMs) }
    case 'timer': {
      if (!tip) return { state, effects: [] }
      const timeMs = later(input.nowMs, tip.header.timeMs + chain.slotMs)
      const request = { timeMs, round: 0, consensus: NO_BYTES, evidence: [], missProofs: [] }
      return { state, effects: [{ kind: 'buildBlock', request }] }
    }
    case 'built':
      return {
        state,
        effects: [{ kind: 'sign', id: input.id, message: sealMessage(chain.fingerprint, input.id) }],
      }
    case 'signed':
      return {
        state,
        effects: [{ kind: 'commitBlock', id: input.id, seal: input.signature, checkpoint: NO_BYTES }],
      }
  }
}

function slotTimer(
  chain: EngineChain,
  self: Address | undefined,
  tip: Tip,
  nowMs: bigint,
): readonly EngineEffect[] {
  if (self !== proposerOf(tip)) return []
  return [{ kind: 'setTimer', name: 'slot', atMs: later(nowMs, tip.header.timeMs + chain.slotMs) }]
}

function proposerOf(tip: Pick<Tip, 'validators'>): Address {
  return (tip.validators.validators[0] as { address: Address }).address
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
