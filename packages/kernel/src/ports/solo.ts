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
  SignPlace,
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
  /** The block under way: one of this node's own, which is being signed at a place, or a sealed one of another node. */
  readonly next:
    | { readonly id: Hash; readonly at: SignPlace }
    | { readonly id: Hash; readonly seal: Uint8Array }
    | undefined
  /** Where this validator asked for a signature last. */
  readonly signed: SignPlace | undefined
  /** The lowest height at which this validator makes a block. */
  readonly from: bigint
}

/**
 * The simplest engine: one validator, the first of the set, makes a block each slot, and each block is final at once.
 * The seal is that validator's signature of the block's id. A signature leaves the node only after its block is on disk,
 * so a crash in between cannot lead to two signed blocks of one height in the open: the block is made again and signed at the next
 * round of its height. A validator that lost blocks which it had signed makes none until it has them from other nodes.
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
    start: ({ chain, self }): SoloState => ({
      chain,
      self,
      tip: undefined,
      next: undefined,
      signed: undefined,
      from: 0n,
    }),
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
  if (input.kind === 'started') {
    const after = { ...state, tip: input.tip, ...memoryOf(input.tip, input.signed?.at) }
    return { state: after, effects: slotTimer(after, input.tip, input.nowMs) }
  }
  if (input.kind === 'tip') {
    const isOwn = input.tip.id === next?.id && proposerOf(input.tip) === state.self
    const told: readonly EngineEffect[] = isOwn
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
      const at = placeAt(input.block.header.height, state.signed)
      const message = sealMessage(chain.fingerprint, input.id)
      const after = { ...state, next: { id: input.id, at }, signed: at }
      // A signer that observes or is away gives no answer; the next slot tries again.
      const again = slotTimer(after, tip, input.nowMs + chain.slotMs)
      return { state: after, effects: [...again, { kind: 'sign', at, message }] }
    }
    case 'signed':
      if (!next || !('at' in next) || next.at.round !== input.at.round) return nothing
      return { state, effects: [commit(next.id, input.signature)] }
    case 'block': {
      const { block, id, seal } = input
      if (block.header.parent !== tip.id || (next && 'seal' in next)) return nothing
      if (!isSealed(chain, tip.validators, id, seal))
        return { state, effects: [{ kind: 'blame', peer: input.from, why: 'a block with a bad seal' }] }
      return {
        state: { ...state, next: { id, seal } },
        effects: [{ kind: 'validateBlock', block, id }],
      }
    }
    case 'validated': {
      if (!next || !('seal' in next) || next.id !== input.id) return nothing
      if (input.valid) return { state, effects: [commit(next.id, next.seal)] }
      return { state, effects: [{ kind: 'stop', why: `the sealed block ${next.id} is not valid` }] }
    }
    case 'message':
      return nothing
  }
}

/** What a validator must know of its past: what it signed may be the block after the tip, which nobody has seen. */
function memoryOf(tip: Tip, signed: SignPlace | undefined): Pick<SoloState, 'signed' | 'from'> {
  const isNext = signed === undefined || signed.height <= tip.header.height + 1n
  return { signed, from: isNext ? 0n : signed.height + 1n }
}

/** The first place of a height, or the one after the last. */
function placeAt(height: bigint, signed: SignPlace | undefined): SignPlace {
  return { height, round: signed?.height === height ? signed.round + 1 : 0, step: SEAL_STEP }
}

function commit(id: Hash, seal: Uint8Array): EngineEffect {
  return { kind: 'commitBlock', id, seal, checkpoint: NO_BYTES }
}

function isSealed(chain: EngineChain, { validators }: ValidatorSet, id: Hash, seal: Uint8Array): boolean {
  const { suite, key } = (validators[0] as Validator).key
  const message = sealMessage(chain.fingerprint, id)
  return chain.suites.get(suite)?.verify({ key, message, signature: seal }) ?? false
}

function slotTimer({ chain, self, from }: SoloState, tip: Tip, nowMs: bigint): readonly EngineEffect[] {
  if (self !== proposerOf(tip) || tip.header.height + 1n < from) return []
  return [{ kind: 'setTimer', name: 'slot', atMs: later(nowMs, tip.header.timeMs + chain.slotMs) }]
}

function proposerOf(tip: Pick<Tip, 'validators'>): Address {
  return (tip.validators.validators[0] as Validator).address
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
