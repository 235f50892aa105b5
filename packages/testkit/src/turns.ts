import { address, bytes, decode, encode, height, option, struct, text, u32, u64 } from '@mmtchain/codec'
import type { Address, BlockContext, BlockRequest, Engine, Miss, Tip, ValidatorSet } from '@mmtchain/kernel'

const consensus = struct({ turn: u64, reveal: option(bytes({ bytesMax: 64 })) })
const evidence = struct({ culprit: address, height, kind: text({ bytesMax: 32 }) })
const miss = struct({ height, round: u32, proposer: address, times: u64 })

/** What happens in a block beside its transactions. */
export interface TurnsPlan {
  /** How many turns pass without a block before this one. */
  readonly round?: number | undefined
  readonly reveal?: Uint8Array | undefined
  readonly misses?: readonly Miss[] | undefined
  readonly evidence?: BlockContext['evidence'] | undefined
}

/**
 * An engine for tests of modules that elect: validators propose in turn, as the set in force says, and reveals, misses and
 * evidence are whatever the test says, without proof. Turns and epochs are counted as by an engine of production.
 */
export function turns(): Engine {
  return {
    name: 'turns',
    params: new Uint8Array(),
    context({ block, parent }) {
      const { header } = block
      const { turn, reveal } = decode(consensus, header.consensus)
      const want = proposerOf(parent, header.round)
      if (header.proposer !== want) throw new Error(`the turn is ${want}'s, not ${header.proposer}'s`)
      const { epoch, seed } = parent.validators
      return {
        ...{ turn, epoch, seed },
        reveal: reveal ?? undefined,
        misses: block.missProofs.map((one) => decode(miss, one)),
        evidence: block.evidence.map((one) => decode(evidence, one)),
      }
    },
    checkSeal: () => undefined,
    start: () => ({}),
    step: (state) => ({ state, effects: [] }),
  }
}

/** Who proposes next after `round` turns pass, and what the node asks the kernel to build then. */
export function turnRequest(parent: Tip, slotMs: bigint, plan: TurnsPlan) {
  const { round = 0, reveal = null } = plan
  const request: BlockRequest = {
    timeMs: parent.header.timeMs + slotMs * BigInt(1 + round),
    round,
    consensus: encode(consensus, { turn: turnOf(parent) + 1n + BigInt(round), reveal }),
    evidence: (plan.evidence ?? []).map((one) => encode(evidence, one)),
    missProofs: (plan.misses ?? []).map((one) => encode(miss, { times: 1n, ...one })),
  }
  return { proposer: proposerOf(parent, round), request }
}

/** The owner of the turn that comes after `round` others (CONSENSUS.md, "Turns and misses"). */
export function proposerOf(parent: Tip, round: number): Address {
  const { validators, epochStartTurn }: ValidatorSet = parent.validators
  const place = turnOf(parent) + 1n + BigInt(round) - epochStartTurn
  return (validators[Number(place % BigInt(validators.length))] as { address: Address }).address
}

/** turn(0) = 0; later blocks carry theirs. */
function turnOf({ header }: Tip): bigint {
  return header.height === 0n ? 0n : decode(consensus, header.consensus).turn
}
