import {
  type Address,
  equalBytes,
  hashToBytes,
  amount as toAmount,
  hash as toHash,
  height as toHeight,
} from '@mmtchain/primitives'
import { dutyOf, forgiveMisses } from './delegates.ts'
import { DEPOSIT, type ElectionContext } from './nouns.ts'
import { foldSeed, LAYER_BYTES, onionLayer } from './onion.ts'

/** How many rows of charges that no longer count are cleared in a block: as many as a block can add, several times. */
const CLEARED_MAX = 1_024

/** What the block says of its proposer, of turns that passed and of offences, before its transactions. */
export function beginBlock(ctx: ElectionContext): undefined {
  if (ctx.block.round > 0) ctx.state.rounds.set(ctx.block.height, ctx.block.round)
  chargeMisses(ctx)
  recordProduction(ctx)
  chargeOffences(ctx)
  clearOldCharges(ctx)
}

/** A miss counts in the block that passed over it or in the next n, n the number of seats. */
function oldestMiss({ block }: ElectionContext): bigint {
  return block.height - BigInt(block.validators.validators.length)
}

function chargeMisses(ctx: ElectionContext): void {
  const { state, block, fail, params } = ctx
  for (const { height, round, proposer, times = 1n } of block.misses) {
    if (height > block.height || height < oldestMiss(ctx))
      throw fail.BAD_MISS({ why: `height ${height} is not among those that still count` })
    if (round >= state.rounds.get(height))
      throw fail.BAD_MISS({ why: `round ${round} of height ${height} was not passed over` })
    if (state.misses.has([height, round]))
      throw fail.BAD_MISS({ why: `round ${round} of height ${height} was charged before` })
    const duty = state.duties.get(proposer)
    if (!duty) throw fail.BAD_MISS({ why: `${proposer} is no delegate` })
    state.misses.set([height, round], true)
    // One that comes to light after its owner has begun anew does not go on with what was before.
    const missedInRow = height > duty.forgivenTo ? duty.missedInRow + times : duty.missedInRow
    state.duties.set(proposer, { ...duty, missed: duty.missed + times, missedInRow })
    if (missedInRow >= BigInt(params.missesToSuspend) && !state.charged.has(proposer))
      state.charged.set(proposer, { kind: 'misses', value: null })
    ctx.emit.missed({ delegate: proposer, height, round, times })
  }
}

/** Counts the block, takes the reveal, and folds it into the seed. */
function recordProduction(ctx: ElectionContext): void {
  const { state, block } = ctx
  const { proposer, height, epoch, reveal } = block
  const duty = dutyOf(ctx, proposer)
  const isDue = duty.nextOnion !== null && epoch >= duty.nextOnion.from
  const onion = isDue && duty.nextOnion ? duty.nextOnion.onion : duty.onion
  state.duties.set(proposer, {
    ...{ ...duty, produced: duty.produced + 1n, lastProduced: height },
    onion: reveal ? peeled(ctx, onion, reveal) : onion,
    nextOnion: isDue ? null : duty.nextOnion,
  })
  forgiveMisses(ctx, proposer)
  const progress = state.progress.get()
  // An engine that carries no reveals gives its own randomness instead.
  const seed = foldSeed(progress.seed, reveal ?? hashToBytes(block.seed))
  state.progress.set({ ...progress, seed })
}

interface Onion {
  readonly layer: ReturnType<typeof toHash>
  readonly left: number
}

/** The onion without the layer that was around `reveal`. */
function peeled({ block, fail }: ElectionContext, { layer, left }: Onion, reveal: Uint8Array): Onion {
  if (left === 0 || reveal.length !== LAYER_BYTES || !equalBytes(onionLayer(reveal), hashToBytes(layer)))
    throw fail.BAD_REVEAL({ proposer: block.proposer })
  return { layer: toHash(reveal), left: left - 1 }
}

function chargeOffences(ctx: ElectionContext): void {
  const { state, block, fail, params } = ctx
  const heightMin = block.height - BigInt(params.evidenceHeights)
  for (const { culprit, height, kind } of block.evidence) {
    if (height > block.height || height < heightMin) throw fail.EXPIRED_EVIDENCE({ height, heightMin })
    if (state.offences.has([height, culprit, kind])) throw fail.REPEATED_EVIDENCE({ culprit, height })
    state.offences.set([height, culprit, kind], true)
    const found = state.delegates.get(culprit)
    if (!found) continue
    // One mistake, such as two nodes with one key, makes many offences: all up to the end of the epoch are punished as one.
    if (height <= found.punished || state.charged.get(culprit)?.kind === 'offence') continue
    cutDeposit(ctx, culprit, height)
    state.charged.set(culprit, { kind: 'offence', value: height })
  }
}

/** Cuts the deposit; a part of it goes to the proposer, who brought the evidence, the rest is burned. */
function cutDeposit(ctx: ElectionContext, culprit: Address, height: bigint): void {
  const { state, params, needs, block } = ctx
  const found = state.delegates.get(culprit)
  if (!found) return
  const cut = toAmount((found.deposit * BigInt(params.cutPercent)) / 100n)
  const reporter = block.proposer
  const reward = reporter === culprit ? toAmount(0n) : toAmount((cut * BigInt(params.reporterPercent)) / 100n)
  const burned = toAmount(cut - reward)
  state.delegates.set(culprit, { ...found, deposit: toAmount(found.deposit - cut) })
  if (cut > 0n) needs.token.unlock({ owner: culprit, purpose: DEPOSIT, amount: cut })
  if (reward > 0n) needs.token.move({ from: culprit, to: reporter, amount: reward })
  if (burned > 0n) needs.token.burn({ from: culprit, amount: burned })
  ctx.emit.punished({ culprit, height: toHeight(height), cut, reporter, reward })
}

/** Forgets what can no longer be charged, hence not charged twice either. Rounds go first: without one no miss is charged. */
function clearOldCharges(ctx: ElectionContext): void {
  const { state, block, params } = ctx
  for (const [height] of state.rounds.entries()) {
    if (height >= oldestMiss(ctx)) break
    state.rounds.delete(height)
  }
  for (const [key] of state.misses.entries({ limit: CLEARED_MAX })) {
    if (key[0] >= oldestMiss(ctx)) break
    state.misses.delete(key)
  }
  for (const [key] of state.offences.entries({ limit: CLEARED_MAX })) {
    if (key[0] >= block.height - BigInt(params.evidenceHeights)) break
    state.offences.delete(key)
  }
}
