// What validators sign and what engines say to each other (docs/spec/consensus.md, sections 4 and 5).
import {
  bool,
  bytes,
  encode,
  fixedBytes,
  hash,
  height,
  type Infer,
  list,
  option,
  struct,
  u8,
  u16,
  u32,
  union,
} from '@mmtchain/codec'
import { tag } from '@mmtchain/crypto'
import { block } from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'

const VOTE_TAG = tag('mmt/pbft/vote/1')
/** The most seats of a set. */
export const SEATS_MAX = 1024
export const signatureBytes = bytes({ bytesMax: 65_536 })
/** One bit a seat in roster order, the lowest bit of the first byte first. */
export const bitmapBytes = bytes({ bytesMax: Math.ceil(SEATS_MAX / 8) })

const voteFields = struct({ height, round: u32, blockId: option(hash) })

/** What a signature says. No block is the vote for nil; no valid round makes a proposal a fresh one. */
export const statement = union({
  prePrepare: struct({ height, round: u32, blockId: hash, validRound: option(u32) }),
  prepare: voteFields,
  commit: voteFields,
})
export type Statement = Infer<typeof statement>
export type StatementKind = Statement['kind']
export type VoteKind = 'prepare' | 'commit'

/** The step of a statement's place (`SignPlace`). */
export const STEP_OF_KIND = { prePrepare: 0, prepare: 1, commit: 2 } as const satisfies Record<
  StatementKind,
  number
>

/** A vote for a block, or for nil. */
export function voteStatement(
  kind: VoteKind,
  vote: { readonly height: Height; readonly round: number; readonly blockId: Hash | null },
): Statement {
  return { kind, value: { height: vote.height, round: vote.round, blockId: vote.blockId } }
}

const signMessageFields = struct({
  tag: fixedBytes(VOTE_TAG.length),
  fingerprint: hash,
  statement,
  validatorsHash: hash,
})

/** A statement with what ties it to one chain and one set of validators. */
export interface ToSign {
  readonly fingerprint: Hash
  readonly validatorsHash: Hash
  readonly statement: Statement
}

/** What was asked for last. The votes of a round are mostly for one block, and all say the same. */
const recent: (ToSign & { readonly bytes: Uint8Array })[] = []
const RECENT_MAX = 4
let recentAt = 0

/** The bytes that a validator signs, which nobody may change. The set's hash keeps a vote from counting under another set. */
export function signMessage({ fingerprint, validatorsHash, statement: said }: ToSign): Uint8Array {
  for (const one of recent)
    if (
      isSame(one.statement, said) &&
      one.validatorsHash === validatorsHash &&
      one.fingerprint === fingerprint
    )
      return one.bytes
  const bytes = encode(signMessageFields, { tag: VOTE_TAG, fingerprint, statement: said, validatorsHash })
  recent[recentAt] = { fingerprint, validatorsHash, statement: said, bytes }
  recentAt = (recentAt + 1) % RECENT_MAX
  return bytes
}

/** Whether two statements say the same. */
export function isSame(a: Statement, b: Statement): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.value.height === b.value.height &&
      a.value.round === b.value.round &&
      a.value.blockId === b.value.blockId &&
      validRoundOf(a) === validRoundOf(b))
  )
}

function validRoundOf({ kind, value }: Statement): number | null {
  return kind === 'prePrepare' ? value.validRound : null
}

/** A statement with the signature of a seat of the height's set. */
export const signed = struct({ statement, seat: u16, signature: signatureBytes })
export type Signed = Infer<typeof signed>

/** Votes of validators for one block in one round: q PREPAREs (PrepareCert) or q COMMITs (CommitCert, the seal). */
export const certificate = struct({
  height,
  round: u32,
  blockId: hash,
  bitmap: bitmapBytes,
  signatures: list(signatureBytes, { max: SEATS_MAX }),
})
export type Certificate = Infer<typeof certificate>

/** Where a node is and what it has of its round. */
const status = struct({
  height,
  round: u32,
  step: u8,
  proposal: bool,
  prepares: bitmapBytes,
  commits: bitmapBytes,
  /** The round of the newest PrepareCert that it holds. */
  validRound: option(u32),
})
export type Status = Infer<typeof status>

const prePrepare = struct({ signed, block, prepareCert: option(certificate) })
export type PrePrepare = Infer<typeof prePrepare>

/** The most votes of one message: both kinds of all seats, for the round of who asks and for that of who answers. */
export const VOTES_MAX = 4 * SEATS_MAX

/** What engines send each other. */
export const message = union({
  prePrepare,
  votes: list(signed, { max: VOTES_MAX }),
  prepareCert: certificate,
  status,
  /** Asks for a block of the current height, or for the newest one. */
  getBlock: hash,
  block,
  evidence: bytes({ bytesMax: 65_536 }),
})
export type Message = Infer<typeof message>
