// How nodes help each other over lost messages: own votes again, STATUS, and answers to it (docs/spec/consensus.md, section 7).
import type { PeerId } from '@mmtchain/kernel'
import type { Hash } from '@mmtchain/primitives'
import { bitmapOf, seatsOf } from './certificates.ts'
import type { Signed, Status } from './messages.ts'
import { fetchWanted } from './receive.ts'
import { prePrepareOf, prepareCertOf, quorumOf } from './rules.ts'
import { type Round, roundOf, type Step, send, setTimer, type Work } from './state.ts'
import { blockWith } from './votes.ts'

const STEPS: readonly Step[] = ['wait', 'propose', 'prepare', 'commit', 'decided', 'stopped']

/** How many peers' last questions are remembered. */
const PEERS_MAX = 1024

/** Every T₀/2 from a height's first round on: where this node is, its latest votes, its newest certificate, and what it waits for. */
export function resend(work: Work): undefined {
  const { next } = work
  setTimer(work, 'resend', work.nowMs + next.timing.timeoutMs / 2n)
  sendStatus(work)
  if (next.step === 'decided') return
  const { prepare, commit } = next.ownLatest
  const votes = [prepare, commit].filter((vote) => vote !== undefined)
  if (votes.length > 0) send(work, { kind: 'votes', value: votes })
  if (next.round > 0) sendPrepareCert(work)
  fetchWanted(work)
}

export function sendStatus(work: Work, to?: PeerId): undefined {
  const { next } = work
  const { prepares, commits, proposal } = roundOf(next, next.round)
  const value: Status = {
    height: next.height,
    round: next.round,
    step: STEPS.indexOf(next.step),
    proposal: proposal !== undefined,
    prepares: bitmapOfVotes(prepares),
    commits: bitmapOfVotes(commits),
    validRound: next.validRound < 0 ? null : next.validRound,
  }
  send(work, { kind: 'status', value }, to)
}

/** Answers where another node is, unless the same peer asked the same a moment ago. */
export function receiveStatus(work: Work, from: PeerId, status: Status): undefined {
  const { next, nowMs, effects } = work
  const pauseMs = next.timing.timeoutMs / 4n
  if (status.height > next.height) {
    if (nowMs < next.askedPeerAtMs + pauseMs) return
    next.askedPeerAtMs = nowMs
    return sendStatus(work, from)
  }
  const { height, round } = status
  // Who is one behind mostly decides at this moment, too; a whole block is sent only to who asks again.
  const isNew = nowMs < next.enteredMs + pauseMs
  if (height + 1n === next.height && isNew) return
  const last = next.answered.get(from)
  if (last && last.height === height && last.round === round && nowMs < last.atMs + pauseMs) return
  // A map keeps the order of its entries, so the peer that was answered longest ago is the first.
  const others = [...next.answered].filter(([peer]) => peer !== from).slice(1 - PEERS_MAX)
  next.answered = new Map([...others, [from, { height, round, atMs: nowMs }]])
  if (height === next.height) answerStatus(work, from, status)
  else if (height > 0n) effects.push({ kind: 'sendBlock', to: from, height })
}

/** What a peer at the same height lacks: proposal, votes of its round, and whatever takes it to this node's round. */
function answerStatus(work: Work, to: PeerId, status: Status): undefined {
  const { next } = work
  const theirs = next.rounds.get(status.round)
  const votes = [
    ...missing(theirs?.prepares ?? [], status.prepares),
    ...missing(theirs?.commits ?? [], status.commits),
    ...votesBeyond(work, status.round),
  ]
  if (votes.length > 0) send(work, { kind: 'votes', value: votes }, to)
  const proposal = !status.proposal && theirs?.proposal && prePrepareOf(next, theirs.proposal.signed)
  if (proposal) send(work, { kind: 'prePrepare', value: proposal }, to)
  if ((status.validRound ?? -1) < next.validRound && next.validRound !== status.round)
    sendPrepareCert(work, to)
}

/** All votes of this node's round where it is the higher one, and COMMITs that decide. */
function votesBeyond({ next }: Work, round: number): readonly Signed[] {
  const here = roundOf(next, next.round)
  const own = next.round > round ? [...here.prepares, ...here.commits] : []
  const deciding = [...next.rounds].flatMap(([passed, { commits }]: readonly [number, Round]) => {
    if (passed === round || passed === next.round) return []
    return blockWith(commits, quorumOf(next.rulers)) === undefined ? [] : commits
  })
  const votes = [...own, ...deciding].filter((vote) => vote !== undefined)
  return votes.slice(0, 2 * here.prepares.length)
}

function sendPrepareCert(work: Work, to?: PeerId): undefined {
  const { next } = work
  const { validRound, validId } = next
  const cert = validId === null ? undefined : prepareCertOf(next, validRound, validId)
  if (cert) send(work, { kind: 'prepareCert', value: cert }, to)
}

/** Answers a question for a block by its id. */
export function receiveGetBlock({ next, effects }: Work, from: PeerId, id: Hash): undefined {
  const known = next.blocks.get(id)
  if (known) effects.push({ kind: 'send', to: from, message: { kind: 'block', value: known.block } })
  else if (next.tip?.id === id && next.tip.header.height > 0n)
    effects.push({ kind: 'sendBlock', to: from, height: next.tip.header.height })
}

function missing(votes: readonly (Signed | undefined)[], bitmap: Uint8Array): readonly Signed[] {
  const has = new Set(seatsOf(bitmap, votes.length) ?? [])
  return votes.filter((vote): vote is Signed => vote !== undefined && !has.has(vote.seat))
}

function bitmapOfVotes(votes: readonly (Signed | undefined)[]): Uint8Array {
  const seats = votes.flatMap((vote) => (vote ? [vote.seat] : []))
  return bitmapOf(seats, votes.length)
}
