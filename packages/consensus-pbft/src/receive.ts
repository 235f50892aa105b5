// What comes from other nodes: checked once, kept within bounds, never trusted.
import { type Block, blockId, evidenceRoot, listRoot, type PeerId, type Validator } from '@mmtchain/kernel'
import { equalBytes, type Hash } from '@mmtchain/primitives'
import { transactionBytes } from '@mmtchain/tx'
import { claimedSeats, type Rulers, readSeal, type VoteClaim, verifiedSeats } from './certificates.ts'
import { evidenceFault, evidenceOf, offenceOf, readEvidence, samePlace } from './evidence.ts'
import {
  type Certificate,
  isSame,
  type PrePrepare,
  type Signed,
  signMessage,
  voteStatement,
} from './messages.ts'
import { isKnown, withEvidence } from './pool.ts'
import { preparedIn, quorumOf, wantedBlocks } from './rules.ts'
import {
  PROPOSALS_AHEAD,
  ROUNDS_AHEAD,
  ROUNDS_BEHIND,
  type Round,
  roundOf,
  send,
  setRound,
  stop,
  type Work,
  withAt,
  withEntry,
} from './state.ts'
import { proposerSeat } from './turns.ts'
import { areValid, type SignedClaim } from './verified.ts'

/** How many attached certificates of a round are checked in vain before others are ignored. */
const BAD_CERTIFICATES_MAX = 8
/** How old evidence of others may be: it is sent when it is found, in the height of the offence or the next one. */
const EVIDENCE_HEIGHTS = 16n

/** A proposal with its block. Whoever sent it on, the proposer's signature is what counts. */
export function receivePrePrepare(work: Work, from: PeerId, proposed: PrePrepare): undefined {
  const { next, nowMs } = work
  const { signed, block, prepareCert } = proposed
  const { kind, value } = signed.statement
  if (kind !== 'prePrepare' || value.height !== next.height || !next.tip) return
  const { round } = value
  if (round < next.round - 1) return
  if (signed.seat !== proposerSeat(next.tip, round)) return blame(work, from, 'a proposal out of turn')
  const here = roundOf(next, round)
  if (!here.proposal || !isSame(here.proposal.signed.statement, signed.statement)) {
    if (!areSigned(work, [signed])) return blame(work, from, 'a proposal with a bad signature')
    noteRound(work, signed)
    if (here.proposal) return accuse(work, here.proposal.signed, signed)
    if (round > next.round + PROPOSALS_AHEAD) return
    const isSound = isSoundProposal(signed, block)
    setRound(work, round, { proposal: { signed, receivedMs: nowMs, isSound } })
  }
  if (!roundOf(next, round).proposal?.isSound) return
  if (prepareCert) receiveCertificate(work, prepareCert, round)
  addBlock(work, from, value.blockId, block)
}

/** What a proposal may be (docs/spec/consensus.md, 5.2): a block of this very round, or one of an earlier round proposed again. */
function isSoundProposal({ statement: said }: Signed, { header }: Block): boolean {
  if (said.kind !== 'prePrepare') return false
  const { round, validRound } = said.value
  return validRound === null ? header.round === round : validRound < round && header.round <= validRound
}

/** Votes of any validators. All that are new are verified together. */
export function receiveVotes(work: Work, from: PeerId, votes: readonly Signed[]): undefined {
  const { next } = work
  const news: Signed[] = []
  /** Of a kind, round and seat the last one counts. Votes mostly come one by one. */
  const places = votes.length > 1 ? new Map<string, number>() : undefined
  for (const vote of votes) {
    const { kind, value } = vote.statement
    if (kind === 'prePrepare') continue
    if (value.height === next.before?.height) receiveLate(work, vote)
    if (value.height !== next.height) continue
    if (vote.seat >= next.rulers.set.validators.length) return blame(work, from, 'a vote of no seat')
    if (!isNews(work, vote)) continue
    const place = `${vote.seat} ${kind} ${value.round}`
    const at = places?.get(place) ?? news.length
    news[at] = vote
    places?.set(place, at)
  }
  if (news.length === 0) return
  if (!areSigned(work, news)) return blame(work, from, 'a vote with a bad signature')
  for (const vote of news) keepVote(work, vote)
  const isAbsent = ({ statement: { value } }: Signed) =>
    value.blockId !== null && !next.blocks.has(value.blockId)
  // With fewer votes the proposal itself may well be on its way.
  if (news.some(isAbsent)) fetchWanted(work, { to: from, voters: quorumOf(next.rulers) })
}

/** Whether a vote tells something that is not known yet. */
function isNews({ next }: Work, vote: Signed): boolean {
  const { value } = vote.statement
  if (value.round > next.round + ROUNDS_AHEAD) return value.round > (next.highest[vote.seat] as number)
  const kept = slotOf(next.rounds.get(value.round), vote)
  if (!kept) return value.round >= next.round - ROUNDS_BEHIND
  return !isSame(kept.statement, vote.statement) && !isAccused(next, vote)
}

function keepVote(work: Work, vote: Signed): undefined {
  const { next } = work
  const { kind, value } = vote.statement
  if (kind === 'prePrepare') return
  noteRound(work, vote)
  if (value.round > next.round + ROUNDS_AHEAD) return
  const here = roundOf(next, value.round)
  const kept = slotOf(here, vote)
  if (kept) return accuse(work, kept, vote)
  const votes = withAt(kind === 'prepare' ? here.prepares : here.commits, vote.seat, vote)
  setRound(work, value.round, kind === 'prepare' ? { prepares: votes } : { commits: votes })
}

/** This node's own vote or proposal, as its signer gave it. */
export function receiveOwn(work: Work, signed: Signed): boolean {
  const { next, nowMs } = work
  if (!areSigned(work, [signed])) return false
  const { kind, value } = signed.statement
  if (kind === 'prePrepare')
    setRound(work, value.round, { proposal: { signed, receivedMs: nowMs, isSound: true } })
  else {
    keepVote(work, signed)
    const { prepare, commit } = next.ownLatest
    next.ownLatest = kind === 'prepare' ? { prepare: signed, commit } : { prepare, commit: signed }
  }
  noteRound(work, signed)
  return true
}

/**
 * A PrepareCert. It stands for its q PREPAREs even where a liar among them gave this node another vote. A bad one is ignored; so
 * are more when several of those that came in the round `during` were bad.
 */
export function receiveCertificate(work: Work, cert: Certificate, during: number): undefined {
  const { next } = work
  const { height, round, blockId: id, signatures } = cert
  if (height !== next.height || round > next.round) return
  const here = roundOf(next, round)
  if (preparedIn(next, round) !== undefined) return
  const { badCertificates } = roundOf(next, during)
  if (badCertificates >= BAD_CERTIFICATES_MAX) return
  const statement = voteStatement('prepare', { height, round, blockId: id })
  const seats = claimedSeats(next.rulers, cert)
  const votes = seats?.map((seat, i) => ({ statement, seat, signature: signatures[i] as Uint8Array }))
  const unknown = votes?.filter((vote) => !isSameVote(here.prepares[vote.seat], vote))
  if (!unknown || !areSigned(work, unknown)) {
    setRound(work, during, { badCertificates: badCertificates + 1 })
    return
  }
  setRound(work, round, { prepareCert: cert })
  for (const vote of unknown) keepVote(work, vote)
}

/** A block with its CommitCert: as good as q COMMITs. */
export function receiveSealed(
  work: Work,
  from: PeerId,
  { block, seal }: { readonly block: Block; readonly seal: Uint8Array },
): undefined {
  const { next } = work
  const { header } = block
  const id = blockId(next.chain.fingerprint, header)
  const cert = readSeal(seal, { height: header.height, round: header.round, id })
  if (header.height === next.tip?.header.height && id !== next.tip.id && next.before && cert)
    return receiveFork(work, next.before.rulers, cert)
  if (header.height !== next.height || next.certified) return
  if (!cert || !isVerified(work, cert)) return blame(work, from, 'a block with a bad seal')
  if (header.parent !== next.tip?.id) return stop(work, `the certified block ${id} does not follow the tip`)
  if (!addBlock(work, from, id, block)) return
  next.certified = { id, seal }
}

/** The votes of a CommitCert that are known already are not verified again. */
function isVerified(work: Work, cert: Certificate): boolean {
  const { rulers, rounds } = work.next
  const seats = claimedSeats(rulers, cert)
  if (!seats) return false
  const { height, round, blockId: id, signatures } = cert
  const statement = voteStatement('commit', { height, round, blockId: id })
  const kept = rounds.get(round)?.commits ?? []
  const votes = seats.map((seat, i) => ({ statement, seat, signature: signatures[i] as Uint8Array }))
  const unknown = votes.filter((vote) => !isSameVote(kept[vote.seat], vote))
  return areSigned(work, unknown)
}

/** A second certified block of the tip's height: more than f validators lied, and nothing that follows can be relied on. */
function receiveFork(work: Work, rulers: Rulers, cert: Certificate): undefined {
  const claim: VoteClaim = { kind: 'commit', ...cert }
  const seats = verifiedSeats(work.next.chain, rulers, claim)
  if (!seats) return
  const statement = voteStatement('commit', cert)
  for (const [i, seat] of seats.entries())
    receiveLate(work, { statement, seat, signature: cert.signatures[i] as Uint8Array })
  stop(
    work,
    `the blocks ${work.next.tip?.id} and ${cert.blockId} of height ${cert.height} are both certified`,
  )
}

/** A block that was asked for, or that is needed by a proposal. */
export function receiveBlock(work: Work, from: PeerId, block: Block): undefined {
  const id = blockId(work.next.chain.fingerprint, block.header)
  if (work.next.wanted.has(id)) addBlock(work, from, id, block)
}

/** Keeps a block and asks for its verdict. False when the block is not what its id says, or cannot follow the tip at all. */
function addBlock(work: Work, from: PeerId, id: Hash, block: Block): boolean {
  const { next, effects } = work
  if (next.blocks.has(id)) return true
  const { header } = block
  const isNext = header.height === next.height && header.parent === next.tip?.id
  if (!isNext || !isWhole(work, id, block)) {
    blame(work, from, 'a block that is not what its id says')
    return false
  }
  next.blocks = withEntry(next.blocks, id, { block, valid: undefined })
  effects.push({ kind: 'validateBlock', block, id })
  return true
}

/** Whether header and body are those of the id, so that a verdict on them is one on the id, whoever sent them. */
function isWhole({ next }: Pick<Work, 'next'>, id: Hash, block: Block): boolean {
  const { header, transactions } = block
  if (blockId(next.chain.fingerprint, header) !== id) return false
  return (
    listRoot(transactions.map(transactionBytes)) === header.txRoot &&
    evidenceRoot(block) === header.evidenceRoot
  )
}

/** Asks one peer or all, once in a while, for a block that others vote for and that is not here. */
export function fetchWanted(
  work: Work,
  { to, voters }: { readonly to?: PeerId; readonly voters?: number } = {},
): undefined {
  const { next, nowMs } = work
  for (const id of wantedBlocks(next, voters)) {
    const askedMs = next.wanted.get(id)
    if (next.blocks.has(id) || (askedMs !== undefined && nowMs < askedMs + next.timing.timeoutMs / 2n))
      continue
    next.wanted = withEntry(next.wanted, id, nowMs)
    send(work, { kind: 'getBlock', value: id }, to)
  }
}

/** Evidence that another node found. It is sent on once, by whom it is new to. */
export function receiveEvidence(work: Work, bytes: Uint8Array): undefined {
  const { next } = work
  const found = readEvidence(bytes)
  if (!found || isKnown(next.pool, offenceOf(found))) return
  const { height } = offenceOf(found)
  // A liar can accuse itself of anything at any height; what is old, chains no longer charge.
  if (height > next.height || height + EVIDENCE_HEIGHTS < next.height) return
  const sets = [next.rulers.set, ...(next.before ? [next.before.rulers.set] : [])]
  const set = sets.find(({ epoch }) => epoch === found.epoch)
  // Who rules older epochs only a block can look up; whoever saw the offence puts it into one.
  if (!set || evidenceFault(next.chain, found, set) !== undefined) return
  report(work, bytes)
}

/** A vote of the height before: too late to count, not too late to be held against one that was kept. */
function receiveLate(work: Work, vote: Signed): undefined {
  const { before } = work.next
  const kept = before && slotOf(before.rounds.get(vote.statement.value.round), vote)
  if (!before || !kept || isSame(kept.statement, vote.statement)) return
  if (isAccused(work.next, vote, before.rulers)) return
  if (areSigned(work, [vote], before.rulers)) accuse(work, kept, vote, before.rulers)
}

/** Two verified statements of one seat: evidence if no honest validator signs both. */
function accuse(work: Work, kept: Signed, other: Signed, rulers = work.next.rulers): undefined {
  if (!samePlace(kept.statement, other.statement) || isSame(kept.statement, other.statement)) return
  if (isAccused(work.next, other, rulers)) return
  const { address } = rulers.set.validators[other.seat] as Validator
  const half = ({ statement, signature }: Signed) => ({ statement, validatorsHash: rulers.hash, signature })
  const who = { epoch: rulers.set.epoch, culprit: address }
  report(work, evidenceOf(work.next.chain.fingerprint, who, [half(kept), half(other)]))
}

function isAccused(
  { pool, rulers: current }: Pick<Work['next'], 'pool' | 'rulers'>,
  vote: Signed,
  rulers = current,
) {
  const culprit = (rulers.set.validators[vote.seat] as Validator).address
  const { kind, value } = vote.statement
  return isKnown(pool, { culprit, height: value.height, kind })
}

function report(work: Work, bytes: Uint8Array): undefined {
  const { next, effects } = work
  const pool = withEvidence(next.pool, bytes)
  const found = readEvidence(bytes)
  if (pool === next.pool || !found) return
  next.pool = pool
  send(work, { kind: 'evidence', value: bytes })
  const { culprit, height, kind } = offenceOf(found)
  const fields = { culprit, height: `${height}`, kind }
  effects.push({ kind: 'note', what: 'a validator signed two statements of one kind', fields })
}

/** Keeps the highest round of which a validator has sent something (lines 55-56). */
function noteRound({ next }: Work, { seat, statement }: Signed): undefined {
  const { round } = statement.value
  if (round > (next.highest[seat] as number)) next.highest = withAt(next.highest, seat, round)
}

/** Whether each is signed by its seat, with a suite that is accepted here. All are verified together. */
function areSigned({ next }: Work, all: readonly Signed[], { set, hash }: Rulers = next.rulers): boolean {
  const { fingerprint, suites } = next.chain
  const claims: SignedClaim[] = []
  for (const { seat, statement, signature } of all) {
    const { key } = set.validators[seat] as Validator
    const suite = suites.get(key.suite)
    if (!suite) return false
    const message = signMessage({ fingerprint, validatorsHash: hash, statement })
    claims.push({ suite, key: key.key, message, signature })
  }
  return areValid(suites, claims, set.validators.length)
}

function slotOf(round: Round | undefined, { statement, seat }: Signed): Signed | undefined {
  return (statement.kind === 'prepare' ? round?.prepares : round?.commits)?.[seat]
}

function isSameVote(kept: Signed | undefined, vote: Signed): boolean {
  return (
    kept !== undefined && equalBytes(kept.signature, vote.signature) && isSame(kept.statement, vote.statement)
  )
}

export function blame({ effects }: Pick<Work, 'effects'>, peer: PeerId, why: string): undefined {
  effects.push({ kind: 'blame', peer, why })
}
