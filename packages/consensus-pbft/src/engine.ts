import {
  type Engine,
  type EngineChain,
  type EngineInput,
  type EngineState,
  type EngineStep,
  slotMsOf,
  type Tip,
  height as toHeight,
  validatorsHash,
  ZERO_HASH,
} from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { readSeal, verifiedSeats } from './certificates.ts'
import { blockContext } from './context.ts'
import { receiveGetBlock, receiveStatus, resend } from './gossip.ts'
import { type Message, message, type Signed } from './messages.ts'
import { EMPTY_POOL, readCheckpoint, withoutRefused } from './pool.ts'
import {
  receiveBlock,
  receiveCertificate,
  receiveEvidence,
  receiveOwn,
  receivePrePrepare,
  receiveSealed,
  receiveVotes,
} from './receive.ts'
import { consensusFail } from './refusals.ts'
import { announce, applyRules, askToSign, enterRound, onRoundTimer } from './rules.ts'
import { copyOf, type PbftState, setTimer, stop, type TimerName, type Work, withEntry } from './state.ts'
import { type PbftOptions, type Timing, timingOf, timingParams } from './timing.ts'

/** The most early messages of one peer, and for each seat of all peers together. */
const EARLY_OF_PEER_MAX = 8
const EARLY_BLOCKS_MAX = 4

/**
 * Blocks that are final at once, as long as at most f of n = 3f + 1 validators lie: Tendermint's rules under PBFT's names
 * (docs/spec/consensus.md). The validators are those of the genesis, or whom a module of the chain names. Throws `pbft/BAD_OPTIONS`.
 */
export function pbft(options: PbftOptions = {}): Engine {
  return {
    name: 'pbft',
    params: timingParams(options),
    message,
    logged: 'all',
    context: (args) => blockContext(args, options.fullSeats),
    checkSeal({ chain, header, id, seal, validators }) {
      const cert = readSeal(seal, { height: header.height, round: header.round, id })
      const rulers = { set: validators, hash: validatorsHash(chain.fingerprint, validators) }
      if (!cert || !verifiedSeats(chain, rulers, { kind: 'commit', ...cert }))
        throw consensusFail.BAD_SEAL({ id })
    },
    start: ({ chain, self }) => startState(chain, self, timingOf(options, chain.slotMs)),
    step: (state: EngineState, input: EngineInput) => step(state as PbftState, input),
  }
}

function startState(chain: EngineChain, self: Address | undefined, timing: Timing): PbftState {
  const nobody = { epoch: 0n, epochStartTurn: 1n, seed: ZERO_HASH, validators: [] }
  return {
    ...{ chain, self, timing },
    ...{ tip: undefined, reveal: undefined, rulers: { set: nobody, hash: ZERO_HASH }, seat: -1 },
    ...{ height: toHeight(0n), enteredMs: 0n, before: undefined, pool: EMPTY_POOL, forgotten: undefined },
    ...{ early: [], answered: new Map(), askedPeerAtMs: 0n },
    ...FRESH_HEIGHT,
    highest: [],
  }
}

type FreshHeight = Omit<
  PbftState,
  | ('chain' | 'self' | 'timing' | 'tip' | 'reveal' | 'rulers' | 'seat' | 'height' | 'enteredMs' | 'highest')
  | ('before' | 'pool' | 'forgotten' | 'early' | 'answered' | 'askedPeerAtMs')
>
/** What every height begins with. */
const FRESH_HEIGHT: FreshHeight = {
  ...{ round: 0, step: 'wait', lockedRound: -1, lockedId: null, validRound: -1, validId: null },
  ...{ rounds: new Map(), blocks: new Map(), certified: undefined, building: -1, asked: new Map() },
  ...{ ownLatest: {}, deadlines: {}, wanted: new Map() },
}

function step(state: PbftState, input: EngineInput): EngineStep {
  if (state.step === 'stopped' || (!state.tip && input.kind !== 'started')) return { state, effects: [] }
  // A message that came early keeps the time at which it came; timers that follow from it do not begin before its height.
  const nowMs = input.nowMs > state.enteredMs ? input.nowMs : state.enteredMs
  const work: Work = { next: copyOf(state), nowMs, effects: [] }
  receive(work, input)
  if (work.next.tip) applyRules(work)
  return { state: isUnchanged(state, work.next) ? state : work.next, effects: work.effects }
}

function isUnchanged(before: PbftState, after: PbftState): boolean {
  // What most inputs change comes first, then whatever there is.
  if (after.rounds !== before.rounds || after.deadlines !== before.deadlines) return false
  for (const field in after)
    if (after[field as keyof PbftState] !== before[field as keyof PbftState]) return false
  return true
}

function receive(work: Work, input: EngineInput): undefined {
  const { next } = work
  switch (input.kind) {
    case 'started': {
      const pool = readCheckpoint(input.checkpoint)
      if (!pool) return stop(work, 'the checkpoint of the engine is damaged')
      next.pool = pool
      next.forgotten = input.signed
      next.reveal = input.reveal
      return enterHeight(work, input.tip)
    }
    case 'tip':
      next.before =
        input.tip.header.height === next.height
          ? { height: next.height, rulers: next.rulers, rounds: next.rounds }
          : undefined
      next.reveal = input.reveal
      return enterHeight(work, input.tip)
    case 'timer':
      return onTimer(work, input.name as TimerName)
    case 'message':
      return receiveMessage(
        { next, effects: work.effects, nowMs: input.nowMs },
        input.from,
        input.message as Message,
      )
    case 'block':
      return receiveSealed(work, input.from, input)
    case 'built':
      return onBuilt(work, input)
    case 'validated': {
      const known = next.blocks.get(input.id)
      if (known) next.blocks = withEntry(next.blocks, input.id, { ...known, valid: input.valid })
      return
    }
    case 'signed':
      return onSigned(work, input)
  }
}

/** Begins the height after the tip. Round 0 begins a slot after the tip's time, or now when that is over. */
function enterHeight(work: Work, tip: Tip): undefined {
  const { next, nowMs, effects } = work
  const { chain, self, early } = next
  const { validators: set } = tip
  Object.assign(next, FRESH_HEIGHT)
  next.tip = tip
  next.rulers = { set, hash: validatorsHash(chain.fingerprint, set) }
  if (next.rulers.hash !== tip.header.nextValidatorsHash)
    return stop(work, 'the validators of the next height are not those that the tip names')
  next.seat = self === undefined ? -1 : set.validators.findIndex(({ address }) => address === self)
  next.height = toHeight(tip.header.height + 1n)
  next.enteredMs = nowMs
  next.highest = new Array<number>(set.validators.length).fill(-1)
  next.early = []
  if (next.forgotten && next.forgotten.at.height < next.height) next.forgotten = undefined
  const startMs = tip.header.timeMs + slotMsOf(chain, set, next.timing.fullSeats)
  if (startMs > nowMs) setTimer(work, 'round', startMs)
  else enterRound(work, 0)
  for (const proof of next.pool.evidence) announceEvidence(work, proof)
  // As inputs of their own, because the log that holds what they cause begins at this tip.
  for (const one of early) effects.push({ kind: 'again', input: { kind: 'message', ...one } })
}

function announceEvidence({ effects }: Work, value: Uint8Array): undefined {
  effects.push({ kind: 'send', message: { kind: 'evidence', value } })
}

/** A timer counts only when its time is over: a node may fire one that was set again meanwhile. */
function onTimer(work: Work, name: TimerName): undefined {
  const { next, nowMs } = work
  const deadline = next.deadlines[name]
  if (deadline === undefined || nowMs < deadline) return
  next.deadlines = { ...next.deadlines, [name]: undefined }
  if (name === 'resend') resend(work)
  else if (name === 'round') enterRound(work, 0)
  else onRoundTimer(work, name)
}

function receiveMessage(work: Work, from: string, got: Message): undefined {
  const { next } = work
  const height = heightOf(got)
  if (height !== undefined && got.kind !== 'status' && height === next.height + 1n)
    return keepEarly(work, from, got)
  const { round } = next
  switch (got.kind) {
    case 'prePrepare':
      receivePrePrepare(work, from, got.value)
      break
    case 'votes':
      receiveVotes(work, from, got.value)
      break
    case 'prepareCert':
      receiveCertificate(work, got.value, round)
      break
    case 'status':
      receiveStatus(work, from, got.value)
      break
    case 'getBlock':
      receiveGetBlock(work, from, got.value)
      break
    case 'block':
      receiveBlock(work, from, got.value)
      break
    case 'evidence':
      receiveEvidence(work, got.value)
      break
  }
}

/** The height that a message is about, if it is about one; of votes that of the first. */
function heightOf(got: Message): bigint | undefined {
  if (got.kind === 'prePrepare') return got.value.signed.statement.value.height
  if (got.kind === 'votes') return got.value[0]?.statement.value.height
  return got.kind === 'prepareCert' || got.kind === 'status' ? got.value.height : undefined
}

/** Others may decide a little earlier. What they send of the next height waits, unchecked, so only a little of each peer. */
function keepEarly({ next, nowMs }: Work, from: string, got: Message): undefined {
  const ofPeer = next.early.filter((one) => one.from === from).length
  const blocks = next.early.filter((one) => one.message.kind === 'prePrepare').length
  const room = EARLY_OF_PEER_MAX * (next.rulers.set.validators.length + 16)
  if (ofPeer >= EARLY_OF_PEER_MAX || next.early.length >= room) return
  if (got.kind === 'prePrepare' && blocks >= EARLY_BLOCKS_MAX) return
  next.early = [...next.early, { from, message: got, nowMs }]
}

/** The block that this proposer asked for, unless its round is over. */
function onBuilt(work: Work, { block, id }: Extract<EngineInput, { kind: 'built' }>): undefined {
  const { next } = work
  const { header } = block
  if (next.step !== 'propose' || next.building !== next.round) return
  if (header.height !== next.height || header.round !== next.round || header.parent !== next.tip?.id) return
  next.building = -1
  next.pool = withoutRefused(next.pool, block)
  next.blocks = withEntry(next.blocks, id, { block, valid: true })
  const { height, round } = next
  askToSign(work, { kind: 'prePrepare', value: { height, round, blockId: id, validRound: null } })
}

/** A signature counts when it is this node's seat's: it may hold another key than the one in the set. */
function onSigned(work: Work, { at, signature }: Extract<EngineInput, { kind: 'signed' }>): undefined {
  const { next, effects } = work
  const said = at.height === next.height ? next.asked.get(`${at.round}/${at.step}`) : undefined
  if (!said) return
  const asked = new Map(next.asked)
  asked.delete(`${at.round}/${at.step}`)
  next.asked = asked
  const signed: Signed = { statement: said, seat: next.seat, signature }
  if (receiveOwn(work, signed)) return announce(work, signed)
  const what = 'the signer does not hold the consensus key that the set has for this validator'
  effects.push({ kind: 'note', what, fields: { validator: `${next.self}`, height: `${at.height}` } })
}
