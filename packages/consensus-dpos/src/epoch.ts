import { sha256 } from '@mmtchain/crypto'
import type { Validator, ValidatorSet } from '@mmtchain/kernel'
import {
  type Address,
  addressToBytes,
  concatBytes,
  type Hash,
  hashToBytes,
  toHex,
} from '@mmtchain/primitives'
import { delegateAt, forgiveMisses } from './delegates.ts'
import type { ElectionContext, ElectionReader } from './nouns.ts'
import { ranked, setTally } from './ranking.ts'
import { faultsMax, seatsAfter } from './seats.ts'

/** Counts the block, and ends the epoch when it is the last one. */
export function endBlock(ctx: ElectionContext): undefined {
  const { state, block } = ctx
  const { turn, epoch, weight, validators } = block
  const before = state.progress.get()
  const progress = { ...before, turn, blocks: before.blocks + 1n, weight: before.weight + weight }
  state.progress.set(progress)
  const turns = turn - validators.epochStartTurn + 1n
  if (turns < BigInt(validators.validators.length)) return

  const capacity = progress.blocks * block.weightMax
  const { seats, fullEpochs, idleEpochs } = nextSeats(ctx, { ...progress, capacity, turns })
  state.ruling.set({
    epoch: epoch + 1n,
    epochStartTurn: turn + 1n,
    seed: progress.seed,
    validators: inOrder(state.elected.get(), progress.seed),
  })
  const chosen = elect(ctx, { epoch: epoch + 2n, seats })
  // With nobody to choose, the last set goes on: a chain without validators could never have others.
  if (chosen.length > 0) state.elected.set(chosen)
  state.progress.set({
    ...{ epoch: epoch + 1n, turn, seed: progress.seed, blocks: 0n, weight: 0n },
    ...{ seats, fullEpochs, idleEpochs },
  })
  ctx.emit.elected({ epoch: epoch + 2n, seats: chosen.length, seed: progress.seed })
}

/** Who rules the next height: the same as this one, except after the last block of an epoch. */
export function nextValidators({ state, block }: ElectionReader): ValidatorSet {
  const ruling = state.progress.get().epoch > block.epoch ? state.ruling.get() : undefined
  return ruling ?? block.validators
}

/** Validators by SHA-256(seed ‖ address). */
export function inOrder(validators: readonly Validator[], seed: Hash): readonly Validator[] {
  const seedBytes = hashToBytes(seed)
  return validators
    .map((one) => ({ one, place: toHex(sha256(concatBytes(seedBytes, addressToBytes(one.address)))) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ one }) => one)
}

type EpochLoad = Parameters<typeof seatsAfter>[1] & Parameters<typeof seatsAfter>[2]

function nextSeats({ params }: ElectionContext, load: EpochLoad) {
  const { seats, fullEpochs, idleEpochs } = load
  if (!params.dec) return { seats: params.seats, fullEpochs: 0, idleEpochs: 0 }
  return seatsAfter({ ...params.dec, seatsMax: params.seats }, { seats, fullEpochs, idleEpochs }, load)
}

interface Election {
  /** The epoch that is ruled by who is chosen now. */
  readonly epoch: bigint
  readonly seats: number
}

/** Chooses who rules an epoch. It reads as many rows of the ranking as there are seats and delegates that are charged. */
function elect(ctx: ElectionContext, election: Election): readonly Validator[] {
  bringBack(ctx, election.epoch)
  const charges = chargedInOrder(ctx)
  const candidates = ranked(ctx, election.seats + charges.length)
  const seats = Math.min(election.seats, candidates.length)
  answerCharges(ctx, { charges, candidates, epoch: election.epoch, seats })
  return candidates.slice(0, seats).map((who) => ({ address: who, key: delegateAt(ctx, who).key }))
}

/** Ends the absences that end with this election. Who was suspended is a candidate again; who was jailed has to ask. */
function bringBack(ctx: ElectionContext, epoch: bigint): void {
  const { state } = ctx
  for (const [key] of state.away.entries()) {
    const [until, delegate] = key
    if (until > epoch) break
    state.away.delete(key)
    const found = state.delegates.get(delegate)
    if (found?.standing.kind !== 'suspended') continue
    state.delegates.set(delegate, { ...found, standing: { kind: 'candidate', value: null } })
    forgiveMisses(ctx, delegate)
    setTally(ctx, delegate, { ranked: true })
    ctx.emit.returned({ delegate })
  }
}

interface Charge {
  readonly delegate: Address
  readonly isOffence: boolean
}

/**
 * Takes the seats of those who are charged: offences first, then misses, lowest votes first. Suspended and jailed seats are never
 * more than f together, and a seat is only taken when another candidate can have it; whoever stays stays charged. The candidate
 * who gets a seat that was taken may be charged as well, and is then the next to lose it. Whoever has no seat in the end begins
 * anew with its misses; for an offence it is jailed all the same. Whoever is not to be chosen leaves `candidates`.
 */
function answerCharges(
  ctx: ElectionContext,
  {
    charges,
    candidates,
    epoch,
    seats,
  }: Election & { readonly charges: readonly Charge[]; readonly candidates: Address[] },
): void {
  const { state, params } = ctx
  let room = faultsMax(seats) - [...state.away.entries()].length
  const away = epoch + BigInt(params.awayEpochs)
  const open = [...charges]
  for (;;) {
    const seated = new Set(candidates.slice(0, seats))
    const canTake = room > 0 && candidates.length > seats
    const at = open.findIndex((one) => (seated.has(one.delegate) ? canTake : one.isOffence))
    const charge = open[at]
    if (!charge) {
      for (const { delegate } of open) if (!seated.has(delegate)) forgiveMisses(ctx, delegate)
      return
    }
    const { delegate, isOffence } = charge
    open.splice(at, 1)
    if (seated.has(delegate)) {
      room -= 1
      state.away.set([away, delegate], true)
    }
    if (isOffence) jail(ctx, delegate, epoch)
    else suspend(ctx, delegate, away)
    const place = candidates.indexOf(delegate)
    if (place >= 0) candidates.splice(place, 1)
  }
}

function chargedInOrder({ state }: ElectionContext): readonly Charge[] {
  return [...state.charged.entries()]
    .map(([delegate, { kind }]) => ({
      ...{ delegate, isOffence: kind === 'offence', votes: state.tallies.get(delegate).votes },
    }))
    .sort((a, b) => {
      if (a.isOffence !== b.isOffence) return a.isOffence ? -1 : 1
      if (a.votes !== b.votes) return a.votes < b.votes ? -1 : 1
      return a.delegate > b.delegate ? -1 : 1
    })
}

function suspend(ctx: ElectionContext, who: Address, until: bigint): void {
  ctx.state.delegates.set(who, {
    ...delegateAt(ctx, who),
    standing: { kind: 'suspended', value: { until } },
  })
  setTally(ctx, who, { ranked: false })
  forgiveMisses(ctx, who)
  ctx.emit.suspended({ delegate: who, until })
}

/** Jails a delegate, unless it has resigned, and remembers up to where it is punished. */
function jail(ctx: ElectionContext, who: Address, epoch: bigint): void {
  ctx.state.charged.delete(who)
  const punished = { ...delegateAt(ctx, who), punished: ctx.block.height }
  if (punished.standing.kind === 'resigned') {
    ctx.state.delegates.set(who, punished)
    return
  }
  const until = epoch + BigInt(ctx.params.jailEpochs)
  ctx.state.delegates.set(who, { ...punished, standing: { kind: 'jailed', value: { until } } })
  setTally(ctx, who, { ranked: false })
  ctx.emit.jailed({ delegate: who, until })
}
