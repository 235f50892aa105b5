// Two headers that no honest delegate signs, as evidence that anyone can check (formats.md, section 19).
import { bytes, decode, encode, struct, u64 } from '@mmtchain/codec'
import {
  blockId,
  type EngineChain,
  type EngineContext,
  type Header,
  header,
  type PastSets,
} from '@mmtchain/kernel'
import { type Address, type Hash, type Height, isChainError } from '@mmtchain/primitives'
import { isSealed } from './seal.ts'
import { consensusFail, fieldsOf } from './slots.ts'
import { contradict, type VoteHeader } from './votes.ts'

/** The most pieces of evidence in a block. */
export const EVIDENCE_MAX = 4

const sealedHeader = struct({ header, seal: bytes({ bytesMax: 8_192 }) })
/** `epoch` names a set of this chain in which the culprit has the key that signed both. */
const evidence = struct({ epoch: u64, first: sealedHeader, second: sealedHeader })

export interface SealedHeader {
  readonly header: Header
  readonly seal: Uint8Array
}
export type Offence = EngineContext['evidence'][number]

/** What two sealed headers of one delegate prove; undefined when honest delegates may sign both. */
export function offenceIn(a: Header, b: Header): Offence | undefined {
  if (a.proposer !== b.proposer) return undefined
  const [one, other] = [voteHeader(a), voteHeader(b)]
  const kind =
    fieldsOf(a).turn === fieldsOf(b).turn
      ? 'two blocks of one slot'
      : contradict(one, other)
        ? 'contradiction'
        : undefined
  if (kind === undefined) return undefined
  return { culprit: a.proposer, height: a.height < b.height ? a.height : b.height, kind }
}

export function voteHeader(given: Header): VoteHeader {
  const { maxHeightPrevoted, maxHeightGenerated } = fieldsOf(given)
  return { height: given.height, proposer: given.proposer, maxHeightPrevoted, maxHeightGenerated }
}

export function evidenceBytes(args: {
  readonly epoch: bigint
  readonly first: SealedHeader
  readonly second: SealedHeader
}): Uint8Array {
  return encode(evidence, args)
}

/** What a block's evidence proves, each piece another offence. Throws `consensus/BAD_CONSENSUS_FIELDS`. */
export function offencesOf(
  chain: EngineChain,
  pieces: readonly Uint8Array[],
  past: PastSets,
): readonly Offence[] {
  const broken = (why: string) => consensusFail.BAD_CONSENSUS_FIELDS({ why })
  if (pieces.length > EVIDENCE_MAX) throw broken(`it has more than ${EVIDENCE_MAX} pieces of evidence`)
  const known = new Set<string>()
  return pieces.map((piece) => {
    const offence = offenceOf(chain, piece, past)
    if (!offence) throw broken('a piece of evidence proves nothing')
    if (known.has(offenceKey(offence))) throw broken('it has evidence of one offence twice')
    known.add(offenceKey(offence))
    return offence
  })
}

function offenceOf(chain: EngineChain, piece: Uint8Array, past: PastSets): Offence | undefined {
  try {
    const { epoch, first, second } = decode(evidence, piece)
    const set = past.validators(epoch)
    const ids = [first, second].map((one) => blockId(chain.fingerprint, one.header)) as [Hash, Hash]
    if (!set || ids[0] === ids[1]) return undefined
    if (!isSealed(chain, { ...first, id: ids[0] }, set) || !isSealed(chain, { ...second, id: ids[1] }, set))
      return undefined
    return offenceIn(first.header, second.header)
  } catch (error) {
    if (isChainError(error)) return undefined
    throw error
  }
}

/** What evidence says, without checking it: of a block that was found valid. */
export function offencesIn(pieces: readonly Uint8Array[]): readonly Offence[] {
  return pieces.flatMap((piece) => {
    const { first, second } = decode(evidence, piece)
    return offenceIn(first.header, second.header) ?? []
  })
}

/** By what a chain knows an offence again. */
export function offenceKey({
  culprit,
  height,
  kind,
}: {
  culprit: Address
  height: Height
  kind: string
}): string {
  return `${height} ${culprit} ${kind}`
}
