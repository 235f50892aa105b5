import {
  address,
  amount,
  amountSum,
  bytes,
  hash,
  height,
  list,
  option,
  struct,
  text,
  u16,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import type { Address, Amount } from '@mmtchain/primitives'
import { publicKey } from '@mmtchain/tx'
import { addDeposit, commit, register, resign, rotateKey, unjail } from './delegates.ts'
import { beginBlock } from './duty.ts'
import { endBlock, nextValidators } from './epoch.ts'
import { genesisDocument, loadGenesis } from './genesis.ts'
import { fewAreAway, locksFitVotes, potsCover, rankingIsExact, votesAddUp } from './invariants.ts'
import { delegate, duty, name, nouns, url } from './nouns.ts'
import { type ElectionOptions, SEATS_MAX, VOTES_MAX } from './options.ts'
import { rankKey } from './ranking.ts'
import { collect, earned, share, unvote, vote, WITHDRAWN_MAX, withdraw } from './voting.ts'

/** What a later module may do when the chain file grants it by name. */
export interface ElectionGranted {
  /**
   * Shares an amount of `from` among those who vote for a delegate, by their votes. What does not divide evenly is shared with
   * the next one. Throws `election/NO_VOTES`, `token/INSUFFICIENT_BALANCE`.
   */
  share(args: { readonly from: Address; readonly delegate: Address; readonly amount: Amount }): undefined
}

/** What any later module may ask. */
export interface ElectionReads {
  /** What the votes for a delegate weigh together. */
  votes(delegate: Address): bigint
  /** Whether the newest block is the last one of its epoch; known from `endBlock` on. */
  epochOver(): boolean
}

/** The most rows of one answer. */
const PAGE_MAX = 100

/** All that an explorer shows of a delegate. Its share is `votes` of `votesTotal`, or of the token's supply. */
const shownDelegate = struct({ profile: delegate, duty, votes: u64, votesTotal: amountSum, pot: amount })
const shownVoter = struct({
  locked: amount,
  votes: list(struct({ delegate: address, amount, earned: amount }), { max: VOTES_MAX }),
  unbonding: list(struct({ free: height, amount }), { max: PAGE_MAX }),
})
const seatList = list(address, { max: SEATS_MAX })
const shownEpoch = struct({
  ...{ epoch: u64, epochStartTurn: u64, turn: u64, seed: hash },
  /** Turns of this epoch that brought no block, hence no reveal. */
  withheld: u64,
  /** How many seats the next election fills. */
  seats: u16,
  ruling: seatList,
  /** Who rules the epoch after this one; in which order, the seed of its end says. */
  elected: seatList,
  away: list(struct({ delegate: address, until: u64 }), { max: SEATS_MAX }),
})

const proof = bytes({ bytesMax: 65_536 })
/** A key of any suite is checked: an ML-DSA-65 signature weighs 2,000. */
const KEY_WEIGHT = 2_500n
const VOTE_WEIGHT = 300n

/**
 * Elects who rules the chain: whoever deposits enough is a candidate, holders of the token vote, and the candidates with most
 * votes rule the epoch after the next, in an order that nobody knows before it begins.
 */
export const election = (options: ElectionOptions) => {
  const declared = nouns(options)
  const { value: params } = declared.spec.params as { value: { registerFee: Amount; votesMax: number } }
  return declared
    .provides<{}, ElectionGranted, ElectionReads>({
      granted: (ctx) => ({ share: (args) => share(ctx, args) }),
      reads: (ctx) => ({
        votes: (delegate) => ctx.state.tallies.get(delegate).votes,
        epochOver: () => ctx.state.progress.get().epoch > ctx.block.epoch,
      }),
    })
    .genesis(genesisDocument, loadGenesis)
    .beginBlock(beginBlock)
    .endBlock(endBlock)
    .validatorSource(nextValidators)
    .command(
      'register',
      struct({ name, url, key: publicKey, proof, commitment: hash, layers: u32, deposit: amount }),
      { fee: params.registerFee, weight: KEY_WEIGHT },
      (ctx, input) => register(ctx, ctx.sender, input),
    )
    .command('addDeposit', struct({ amount }), (ctx, input) => addDeposit(ctx, ctx.sender, input.amount))
    .command('resign', unit, (ctx) => resign(ctx, ctx.sender))
    .command('rotateKey', struct({ key: publicKey, proof }), { weight: KEY_WEIGHT }, (ctx, input) =>
      rotateKey(ctx, ctx.sender, input),
    )
    .command('commit', struct({ commitment: hash, layers: u32 }), (ctx, input) =>
      commit(ctx, ctx.sender, input),
    )
    .command('unjail', unit, (ctx) => unjail(ctx, ctx.sender))
    .command('vote', struct({ delegate: address, amount }), { weight: VOTE_WEIGHT }, (ctx, input) =>
      vote(ctx, { voter: ctx.sender, ...input }),
    )
    .command(
      'unvote',
      struct({ delegate: address, amount }),
      // Where the largest of all votes is locked, finding it anew visits them all.
      { weight: VOTE_WEIGHT + 5n * BigInt(params.votesMax) },
      (ctx, input) => unvote(ctx, { voter: ctx.sender, ...input }),
    )
    .command('withdraw', unit, { weight: 20n * BigInt(WITHDRAWN_MAX) }, (ctx) => withdraw(ctx, ctx.sender))
    .command('collect', struct({ delegate: address }), { weight: 100n }, (ctx, input) =>
      collect(ctx, ctx.sender, input.delegate),
    )
    .query('delegate', struct({ delegate: address }), option(shownDelegate), (ctx, { delegate: who }) => {
      const profile = ctx.state.delegates.get(who)
      const done = ctx.state.duties.get(who)
      if (!profile || !done) return null
      const { votes, pot } = ctx.state.tallies.get(who)
      return { profile, duty: done, votes, pot, votesTotal: ctx.state.votesTotal.get() }
    })
    .query(
      'delegateNamed',
      struct({ name }),
      option(address),
      (ctx, input) => ctx.state.names.get(input.name) ?? null,
    )
    .query(
      'ranking',
      struct({ after: option(struct({ delegate: address, votes: u64 })), limit: u16 }),
      list(struct({ delegate: address, votes: u64 }), { max: PAGE_MAX }),
      ({ state }, { after, limit }) => {
        const from = after ? { from: rankKey(after.votes, after.delegate) } : {}
        const rows = [
          ...state.ranking.entries({ ...from, limit: Math.min(limit, PAGE_MAX) + (after ? 1 : 0) }),
        ]
          .map(([[, delegate]]) => ({ delegate, votes: state.tallies.get(delegate).votes }))
          .filter(({ delegate }) => delegate !== after?.delegate)
        return rows.slice(0, Math.min(limit, PAGE_MAX))
      },
    )
    .query('rank', struct({ delegate: address }), option(u32), ({ state }, { delegate: who }) => {
      const { ranked, votes } = state.tallies.get(who)
      return ranked ? state.ranking.countBefore(rankKey(votes, who)) + 1 : null
    })
    .query('voter', struct({ voter: address }), shownVoter, ({ state, params: { weight } }, { voter }) => ({
      locked: state.voters.get(voter).locked,
      votes: [...state.votes.entries({ prefix: [voter] })].map(([[, delegate], given]) => ({
        ...{ delegate, amount: given.amount },
        earned: earned(weight, given, state.tallies.get(delegate)),
      })),
      unbonding: [...state.unbonding.entries({ prefix: [voter], limit: PAGE_MAX })].map(
        ([[, free], value]) => ({
          ...{ free, amount: value },
        }),
      ),
    }))
    .query('epoch', unit, shownEpoch, ({ state, block }) => {
      const { epoch, turn, blocks, seats, seed } = state.progress.get()
      const { validators, epochStartTurn } = block.validators
      const turnsPassed = turn + 1n - epochStartTurn
      const away = [...state.away.entries()].map(([[until, delegate]]) => ({ delegate, until }))
      return {
        ...{ epoch, turn, epochStartTurn, seats, seed, away },
        withheld: turnsPassed - blocks,
        ruling: validators.map((one) => one.address),
        elected: state.elected.get().map((one) => one.address),
      }
    })
    .query(
      'forecast',
      unit,
      struct({
        turns: list(struct({ turn: u64, delegate: address }), { max: SEATS_MAX }),
        thereafter: seatList,
      }),
      ({ state, block }) => {
        const { validators, epochStartTurn } = block.validators
        const { turn } = state.progress.get()
        const turns = validators
          .map((one, i) => ({ turn: epochStartTurn + BigInt(i), delegate: one.address }))
          .filter((one) => one.turn > turn)
        return { turns, thereafter: state.elected.get().map((one) => one.address) }
      },
    )
    .query(
      'offences',
      struct({ height }),
      list(struct({ culprit: address, kind: text({ bytesMax: 32 }) }), { max: PAGE_MAX }),
      ({ state }, input) =>
        [...state.offences.entries({ prefix: [input.height], limit: PAGE_MAX })].map(
          ([[, culprit, kind]]) => ({
            ...{ culprit, kind },
          }),
        ),
    )
    .invariant('the ranking holds every candidate at its votes, and nobody else', rankingIsExact)
    .invariant('votes of delegates are what their voters gave', votesAddUp)
    .invariant('what a voter has locked fits its votes', locksFitVotes)
    .invariant('no pot owes its voters more than it holds', potsCover)
    .invariant('no more seats are empty than may be faulty', fewAreAway)
}
