import { tag } from '@mmtchain/crypto'
import { type Address, concatBytes, failures, type Hash, hashToBytes } from '@mmtchain/primitives'
import { parentSeed, type Validator, type ValidatorSet } from '../block.ts'
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

/** The only step at which `solo` signs. */
const SEAL_STEP = 0

interface SoloState {
  readonly chain: EngineChain
  readonly self: Address | undefined
  readonly tip: Tip | undefined
  /** The block under way: its seal is missing while it is being signed. */
  readonly next: { readonly id: Hash; readonly seal: Uint8Array | undefined } | undefined
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
      if (!isSealed(chain, validators, id, seal)) throw fail.BAD_SEAL({ id })
    },
    start: ({ chain, self }): SoloState => ({ chain, self, tip: undefined, next: undefined }),
    step: (state: EngineState, input: EngineInput) => step(state as SoloState, input),
  }
}

/** The bytes that the proposer signs to seal a block (formats.md, 12.5). */
export function sealMessage(fingerprint: Hash, id: Hash): Uint8Array {
  return concatBytes(SEAL_TAG, hashToBytes(fingerprint), hashToBytes(id))
}

function step(state: SoloState, input: EngineInput): EngineStep {
  const { chain, tip, next } = state
  const nothing = { state, effects: [] }
  if (input.kind === 'started' || input.kind === 'tip') {
    const isNew = input.kind === 'tip' && input.tip.id === next?.id && proposerOf(input.tip) === state.self
    const told: readonly EngineEffect[] = isNew
      ? [{ kind: 'sendBlock', height: input.tip.header.height }]
      : []
    const after = { ...state, tip: input.tip, next: undefined }
    return { state: after, effects: [...told, ...slotTimer(after, input.tip, input.nowMs)] }
  }
  if (!tip) return nothing
  switch (input.kind) {
    case 'timer': {
      const timeMs = later(input.nowMs, tip.header.timeMs + chain.slotMs)
      const request = { timeMs, round: 0, consensus: NO_BYTES, evidence: [], missProofs: [] }
      return { state, effects: [{ kind: 'buildBlock', request }] }
    }
    case 'built': {
      const at = { height: input.block.header.height, round: 0, step: SEAL_STEP }
      const message = sealMessage(chain.fingerprint, input.id)
      const after = { ...state, next: { id: input.id, seal: undefined } }
      return { state: after, effects: [{ kind: 'sign', at, message }] }
    }
    case 'signed':
      return next ? { state, effects: [commit(next.id, input.signature)] } : nothing
    case 'block': {
      const { block, id, seal } = input
      if (block.header.parent !== tip.id || next) return nothing
      if (!isSealed(chain, tip.validators, id, seal))
        return { state, effects: [{ kind: 'blame', peer: input.from, why: 'a block with a bad seal' }] }
      return {
        state: { ...state, next: { id, seal } },
        effects: [{ kind: 'validateBlock', block, id }],
      }
    }
    case 'validated': {
      if (!next?.seal || next.id !== input.id) return nothing
      if (input.valid) return { state, effects: [commit(next.id, next.seal)] }
      return { state, effects: [{ kind: 'stop', why: `the sealed block ${next.id} is not valid` }] }
    }
    case 'message':
      return nothing
  }
}

function commit(id: Hash, seal: Uint8Array): EngineEffect {
  return { kind: 'commitBlock', id, seal, checkpoint: NO_BYTES }
}

function isSealed(chain: EngineChain, { validators }: ValidatorSet, id: Hash, seal: Uint8Array): boolean {
  const { suite, key } = (validators[0] as Validator).key
  const message = sealMessage(chain.fingerprint, id)
  return chain.suites.get(suite)?.verify({ key, message, signature: seal }) ?? false
}

function slotTimer({ chain, self }: SoloState, tip: Tip, nowMs: bigint): readonly EngineEffect[] {
  if (self !== proposerOf(tip)) return []
  return [{ kind: 'setTimer', name: 'slot', atMs: later(nowMs, tip.header.timeMs + chain.slotMs) }]
}

function proposerOf(tip: Pick<Tip, 'validators'>): Address {
  return (tip.validators.validators[0] as Validator).address
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
