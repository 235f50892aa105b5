// Buchman, Kwon, Milosevic, "The latest gossip on BFT consensus" (2018), Algorithm 1, under PBFT's names: PRE-PREPARE is its
// proposal, PREPARE its prevote, COMMIT its precommit. "Lines" are that algorithm's, "rules" those of docs/spec/consensus.md.
import { slotMsOf } from '@mmtchain/kernel'
import { equalBytes, type Hash } from '@mmtchain/primitives'
import { certify, type Rulers, sealOf } from './certificates.ts'
import {
  type Certificate,
  type PrePrepare,
  type Signed,
  STEP_OF_KIND,
  type Statement,
  signMessage,
  type VoteKind,
  voteStatement,
} from './messages.ts'
import { missProofOf } from './misses.ts'
import { afterBlock, chargesOf, PROOF_BYTES_MAX, writeCheckpoint } from './pool.ts'
import { honestMin, quorum } from './quorum.ts'
import {
  type Proposal,
  ROUNDS_BEHIND,
  type Round,
  roundOf,
  send,
  setRound,
  setRoundTimer,
  setTimer,
  stop,
  type Work,
  withEntry,
} from './state.ts'
import { timeoutOf } from './timing.ts'
import { consensusBytes, proposerSeat } from './turns.ts'
import { blocksWith, blockWith, countAll, countFor, votesFor } from './votes.ts'

/** q of the height's set. */
export const quorumOf = ({ set }: Rulers): number => quorum(set.validators.length)

/** Applies every rule for as long as one fires. */
export function applyRules(work: Work): undefined {
  for (;;) {
    const { step } = work.next
    if (step === 'decided' || step === 'stopped' || decide(work)) return
    if (skipRounds(work)) continue
    if (step === 'wait') return
    if (answerProposal(work) || lockQuorum(work) || answerPrepares(work) || waitForCommits(work)) continue
    return
  }
}

/** Enters a round (lines 11-21). The proposer proposes; everyone, the proposer too, waits no longer than T(r). */
export function enterRound(work: Work, round: number): undefined {
  const { next } = work
  next.round = round
  next.step = 'propose'
  next.building = -1
  const { resend } = next.deadlines
  next.deadlines = { resend }
  if (resend === undefined) setTimer(work, 'resend', work.nowMs + next.timing.timeoutMs / 2n)
  forgetOld(work)
  setRoundTimer(work, 'propose')
  const { tip, validId, validRound, seat } = next
  if (!tip || seat < 0 || proposerSeat(tip, round) !== seat) return
  if (validId !== null) {
    askToSign(work, {
      kind: 'prePrepare',
      value: { height: next.height, round, blockId: validId, validRound },
    })
    return
  }
  build(work)
}

/** Asks for a new block on the tip. */
function build({ next, nowMs, effects }: Work): undefined {
  const { tip, round, chain, pool, reveal, timing, rulers } = next
  if (!tip) return
  const earliest = tip.header.timeMs + slotMsOf(chain, tip.validators, timing.fullSeats)
  next.building = round
  effects.push({
    kind: 'buildBlock',
    request: {
      timeMs: nowMs > earliest ? nowMs : earliest,
      round,
      consensus: consensusBytes(tip, round, reveal),
      ...chargesOf(pool, missesBelow(next, round)),
    },
    ...(rulers.set.validators.length > 1 && { withinMs: Number(timeoutOf(timing, round)) }),
  })
}

/** Rule 6 (lines 49-54): q COMMITs for a valid block, in any round of the height, decide it. */
function decide(work: Work): boolean {
  const { next, effects } = work
  const found = certifiedBlock(work)
  const known = found && next.blocks.get(found.id)
  if (!found || !known || known.valid === undefined) return false
  if (!known.valid) {
    stop(work, `the certified block ${found.id} is not valid here`)
    return true
  }
  const { header } = known.block
  const misses = missesBelow(next, header.round)
  next.pool = afterBlock(next.pool, known.block, { misses, epoch: next.rulers.set.epoch })
  next.step = 'decided'
  next.deadlines = { resend: next.deadlines.resend }
  effects.push({
    kind: 'commitBlock',
    id: found.id,
    seal: found.seal(),
    checkpoint: writeCheckpoint(next.pool),
  })
  return true
}

function certifiedBlock({ next }: Work): { readonly id: Hash; seal(): Uint8Array } | undefined {
  const { certified, rounds, rulers } = next
  if (certified) return { id: certified.id, seal: () => certified.seal }
  for (const round of rounds.keys()) {
    const { commits } = rounds.get(round) as Round
    const least = quorumOf(rulers)
    const id = countAll(commits) < least ? undefined : blockWith(commits, least)
    if (id !== undefined) return { id, seal: () => sealOfVotes(next, round, id) }
  }
  return undefined
}

function sealOfVotes({ rounds, height }: Work['next'], round: number, id: Hash): Uint8Array {
  const { commits } = rounds.get(round) as Round
  return sealOf(certify(id, { height, round, votes: votesFor(commits, id) }, commits.length))
}

/** Rule 7 (lines 55-56): f + 1 validators are in higher rounds, so at least one honest one is. */
function skipRounds(work: Work): boolean {
  const { highest, round } = work.next
  let above = 0
  for (let seat = 0; seat < highest.length; seat++) if ((highest[seat] as number) > round) above += 1
  if (above < honestMin(highest.length)) return false
  const reached = [...highest].sort((a, b) => b - a)[honestMin(highest.length) - 1] as number
  enterRound(work, reached)
  return true
}

/** Rules 2 and 3 (lines 22-33): the PREPARE that answers the round's proposal, once there is a verdict on its block. */
function answerProposal(work: Work): boolean {
  const { next } = work
  if (next.step !== 'propose') return false
  const { proposal } = roundOf(next, next.round)
  const answer = proposal && answerTo(work, proposal)
  if (answer === undefined) return false
  prepare(work, answer)
  return true
}

/** The block or nil that the PREPARE is for; undefined when that is not known yet. */
function answerTo({ next }: Work, { signed, receivedMs, isSound }: Proposal): Hash | null | undefined {
  const { kind, value } = signed.statement
  if (kind !== 'prePrepare' || !isSound) return null
  const { blockId, validRound } = value
  const known = next.blocks.get(blockId)
  if (validRound === null) {
    // Rule 2, lines 22-27.
    const timeMs = known?.block.header.timeMs
    if (timeMs !== undefined && !isTimely(next, { timeMs, receivedMs })) return null
    if (!lockAllows(next, blockId, -1)) return null
  } else {
    // Rule 3, lines 28-33. Without its certificate the proposal waits for the q PREPAREs, or for the timer.
    if (preparedIn(next, validRound) !== blockId) return undefined
    if (!lockAllows(next, blockId, validRound)) return null
  }
  if (known?.valid === undefined) return undefined
  return known.valid ? blockId : null
}

/** A fresh proposal is timely when it arrives neither before its own time nor long after it. */
function isTimely(
  { timing, round }: Work['next'],
  { timeMs, receivedMs }: { readonly timeMs: bigint; readonly receivedMs: bigint },
): boolean {
  const { precisionMs } = timing
  return timeMs - precisionMs <= receivedMs && receivedMs <= timeMs + timeoutOf(timing, round) + precisionMs
}

/** Lines 23 and 29: not locked, locked on this very block, or locked no later than the round in which q prepared it. */
function lockAllows(next: Work['next'], blockId: Hash, validRound: number): boolean {
  const { lockedId, lockedRound, forgotten, height, round } = next
  const at = forgotten?.at.height === height ? forgotten.at : undefined
  if (at && isAfter({ round, step: STEP_OF_KIND.prepare }, at)) {
    // What the signer remembers is not in the log, so a lock of any round may be forgotten in which it can have signed a COMMIT.
    const forgottenRound = at.step === STEP_OF_KIND.commit ? at.round : at.round - 1
    if (lockedRound < forgottenRound) return forgottenRound <= validRound
  }
  return lockedRound <= validRound || lockedId === blockId
}

interface RoundStep {
  readonly round: number
  readonly step: number
}
function isAfter(a: RoundStep, b: RoundStep): boolean {
  return a.round > b.round || (a.round === b.round && a.step > b.step)
}

/** Rule 4 (lines 36-43): q PREPAREs for a valid block, once a round. */
function lockQuorum(work: Work): boolean {
  const { next } = work
  const { round, step } = next
  const here = roundOf(next, round)
  if (step === 'propose' || here.hasQuorum) return false
  const id = preparedIn(next, round)
  const known = id !== undefined ? next.blocks.get(id) : undefined
  if (id === undefined || !known?.valid || known.block.header.round > round) return false
  setRound(work, round, { hasQuorum: true })
  next.validRound = round
  next.validId = id
  if (step === 'prepare') {
    next.lockedRound = round
    next.lockedId = id
    commit(work, id)
  }
  return true
}

/** Rule 5 (lines 34-35, 44-46): q PREPAREs for nil commit nil; q of any kind start the timer that does. */
function answerPrepares(work: Work): boolean {
  const { next } = work
  const here = roundOf(next, next.round)
  if (next.step !== 'prepare') return false
  if (countFor(here.prepares, null) >= quorumOf(next.rulers)) {
    commit(work, null)
    return true
  }
  if (here.hasPrepareTimer || countAll(here.prepares) < quorumOf(next.rulers)) return false
  setRound(work, next.round, { hasPrepareTimer: true })
  setRoundTimer(work, 'prepare')
  return true
}

/** Rule 7 (lines 47-48): q COMMITs of any kind start the timer that ends the round. */
function waitForCommits(work: Work): boolean {
  const { next } = work
  const here = roundOf(next, next.round)
  if (here.hasCommitTimer || countAll(here.commits) < quorumOf(next.rulers)) return false
  setRound(work, next.round, { hasCommitTimer: true })
  setRoundTimer(work, 'commit')
  return true
}

/** Rules 1, 5 and 7 (lines 57-67): what a timer of the round does when its time is over. */
export function onRoundTimer(work: Work, name: 'propose' | 'prepare' | 'commit'): undefined {
  const { next } = work
  if (name === 'propose' && next.step === 'propose') prepare(work, null)
  if (name === 'prepare' && next.step === 'prepare') commit(work, null)
  if (name === 'commit') enterRound(work, next.round + 1)
}

function prepare(work: Work, blockId: Hash | null): undefined {
  work.next.step = 'prepare'
  vote(work, 'prepare', blockId)
}

function commit(work: Work, blockId: Hash | null): undefined {
  work.next.step = 'commit'
  vote(work, 'commit', blockId)
}

function vote(work: Work, kind: VoteKind, blockId: Hash | null): undefined {
  const { height, round } = work.next
  askToSign(work, voteStatement(kind, { height, round, blockId }))
}

/** The name of a statement's place within the height. */
export const placeOf = ({ kind, value }: Statement): string => `${value.round}/${STEP_OF_KIND[kind]}`

/** Asks the signer for a statement at its place. A refusal is no answer. */
export function askToSign({ next, effects }: Work, statement: Statement): undefined {
  if (next.seat < 0) return
  const { kind, value } = statement
  const at = { height: value.height, round: value.round, step: STEP_OF_KIND[kind] }
  const { chain, rulers, forgotten } = next
  const message = signMessage({ fingerprint: chain.fingerprint, validatorsHash: rulers.hash, statement })
  next.asked = withEntry(next.asked, placeOf(statement), statement)
  // The log has led here: what the signer remembers is what this state knows.
  if (forgotten && forgotten.at.height === at.height && equalBytes(forgotten.message, message))
    next.forgotten = undefined
  effects.push({ kind: 'sign', at, message })
}

/** The message of a proposal that this node holds with its block, and with its certificate where it has one. */
export function prePrepareOf(next: Work['next'], proposed: Signed): PrePrepare | undefined {
  const { kind, value } = proposed.statement
  const known = kind === 'prePrepare' ? next.blocks.get(value.blockId) : undefined
  if (kind !== 'prePrepare' || !known) return undefined
  const { validRound, blockId } = value
  const prepareCert = validRound === null ? undefined : prepareCertOf(next, validRound, blockId)
  return { signed: proposed, block: known.block, prepareCert: prepareCert ?? null }
}

/** The block that q validators prepared in a round, by their votes or by a certificate. With at most f liars there is only one. */
export function preparedIn(next: Work['next'], round: number): Hash | undefined {
  const { prepares, prepareCert } = roundOf(next, round)
  if (prepareCert) return prepareCert.blockId
  const least = quorumOf(next.rulers)
  return countAll(prepares) < least ? undefined : blockWith(prepares, least)
}

/** The PrepareCert of a block in a round. */
export function prepareCertOf(next: Work['next'], round: number, id: Hash): Certificate | undefined {
  const { prepares, prepareCert } = roundOf(next, round)
  if (prepareCert?.blockId === id) return prepareCert
  const votes = votesFor(prepares, id)
  if (votes.length < quorumOf(next.rulers)) return undefined
  return certify(id, { height: next.height, round, votes }, prepares.length)
}

/** Proofs of the misses of the rounds below `round`: q PREPAREs for nil each. */
function missesBelow({ rounds, rulers, height }: Work['next'], round: number): readonly Uint8Array[] {
  if (round === 0) return []
  return [...rounds]
    .filter(([passed]) => passed < round)
    .sort(([a], [b]) => a - b)
    .flatMap(([passed, { prepares }]) => {
      const votes = votesFor(prepares, null).slice(0, quorumOf(rulers))
      if (votes.length < quorumOf(rulers)) return []
      const proof = missProofOf({ height, round: passed, votes }, prepares.length)
      return proof.length <= PROOF_BYTES_MAX ? [proof] : []
    })
}

/** Blocks that a quorum may still need: those that f + 1 voted for in a round; or those for which so many voted. */
export function wantedBlocks(
  { rounds, rulers }: Work['next'],
  least = honestMin(rulers.set.validators.length),
): readonly Hash[] {
  const ids = [...rounds.values()].flatMap(({ prepares, commits }: Round) => [
    ...blocksWith(prepares, least),
    ...blocksWith(commits, least),
  ])
  return [...new Set(ids)]
}

/** Keeps what a height needs bounded, however many rounds it takes. */
function forgetOld({ next }: Work): undefined {
  // Mostly a height begins with nothing.
  if (next.rounds.size + next.asked.size + next.blocks.size === 0) return
  const { round, validRound, lockedRound } = next
  const isKept = (passed: number) =>
    passed >= round - ROUNDS_BEHIND || passed === validRound || passed === lockedRound
  next.rounds = new Map([...next.rounds].filter(([passed]) => isKept(passed)))
  next.asked = new Map([...next.asked].filter(([, { value }]) => isKept(value.round)))
  const proposed = [...next.rounds]
    .filter(([passed]) => passed >= round - 1)
    .map(([, { proposal }]) => proposal?.signed.statement.value.blockId)
  const ids = new Set([next.validId, next.lockedId, next.certified?.id, ...proposed, ...wantedBlocks(next)])
  next.blocks = new Map([...next.blocks].filter(([id]) => ids.has(id)))
}

/** Announces what this node has signed. */
export function announce(work: Work, signed: Signed): undefined {
  if (signed.statement.kind !== 'prePrepare') {
    send(work, { kind: 'votes', value: [signed] })
    return
  }
  const proposal = prePrepareOf(work.next, signed)
  if (proposal) send(work, { kind: 'prePrepare', value: proposal })
}
