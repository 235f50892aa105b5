import { address, amount, amountSum, option, struct, u8, u16, u32, u64, unit } from '@mmtchain/codec'
import {
  cell,
  defineModule,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import { type Address, type Amount, ChainError, amount as toAmount } from '@mmtchain/primitives'
import { type Curve, curve, rewardAt, rewardsUpTo } from './curve.ts'

/** Who gets how much of an amount, in hundredths of a per cent. What is left, and what rounding leaves, is the producer's. */
export interface Shares {
  /** Those who vote for the producer, by their votes; the producer's while nobody does. */
  readonly voters?: number
  /** Those who made blocks in the epoch, by their blocks, paid when it is over. */
  readonly participants?: number
  readonly foundation?: number
}

/** What a chain file says of its rewards. */
export interface RewardsOptions {
  /** What blocks earn. */
  readonly curve: Curve
  /** How much of it they get, in per cent, 0 to 100; all by default. Modules such as `terms` change it where it is governable. */
  readonly rewardPercent?: number
  /** All units that there may be, those of the genesis among them; rewards stop there. Without it they go on. */
  readonly supplyMax?: Amount
  /** Who shares the reward; all of it is the producer's by default. */
  readonly reward?: Shares
  /** Who shares the fees; all of them are the participants' by default. */
  readonly fees?: Shares
  /** Where the foundation's part goes. */
  readonly foundation?: Address
}

/** All that rewards ask of a token, by the chain file's grants and for reading. */
export interface Treasury {
  mint(args: { readonly to: Address; readonly amount: Amount }): undefined
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
  takeFees(args: { readonly to: Address }): Amount
}
export interface TreasuryReads {
  supply(): bigint
  balance(owner: Address): Amount
}

/** All that rewards ask of an election. */
export interface Sharing {
  share(args: { readonly from: Address; readonly delegate: Address; readonly amount: Amount }): undefined
}
export interface SharingReads {
  votes(delegate: Address): bigint
}

/** What every later module may ask. */
export interface RewardsReads {
  /** How much of the curve's reward blocks get, in per cent, as it is in force. */
  rewardPercent(): number
}

const WHOLE = 10_000
const UNITS_MAX = (1n << 64n) - 1n
const ZERO = toAmount(0n)
const shares = struct({ voters: u16, participants: u16, foundation: u16 })

/** Where every unit came from and went: made + fees + drawn = paid + pool. */
const books = struct({
  made: amountSum,
  fees: amountSum,
  /** Out of the account of a curve `pool`. */
  drawn: amountSum,
  paid: amountSum,
  /** What participants of the epoch will share. */
  pool: amount,
  /** What rewards may still make; undefined before the first block, and without a `supplyMax`. */
  room: option(amount),
})

/**
 * Pays those who make blocks: a reward for each by a curve, and the fees of its transactions, shared between the producer, its
 * voters, the participants of the epoch and a foundation.
 */
export const rewards = (options: RewardsOptions) =>
  nouns(options)
    .provides<{}, {}, RewardsReads>({
      reads: (ctx) => ({ rewardPercent: () => ctx.params.rewardPercent }),
    })
    .beginBlock((ctx) => {
      const { state, block } = ctx
      if (block.epoch !== state.epoch.get()) payParticipants(ctx)
      const { supplyMax } = ctx.params
      if (supplyMax === null || state.books.get().room !== null) return
      // What was made before is the genesis, also where the module joins a chain later; what is burned does not come back.
      const room = supplyMax - ctx.needs.token.supply()
      state.books.set({ ...state.books.get(), room: toAmount(room > 0n ? room : 0n) })
    })
    .endBlock((ctx) => {
      const { state, block } = ctx
      const fees = ctx.needs.token.takeFees({ to: ctx.self })
      const reward = receive(ctx)
      state.books.set({ ...state.books.get(), fees: state.books.get().fees + fees })
      const parts = [divide(ctx.params.reward, reward), divide(ctx.params.fees, fees)]
      const sum = (part: 'producer' | 'voters' | 'participants' | 'foundation') =>
        toAmount(parts.reduce((total, one) => total + one[part], 0n))
      const voters = ctx.needs.election.votes(block.proposer) > 0n ? sum('voters') : ZERO
      if (voters > 0n) ctx.needs.election.share({ from: ctx.self, delegate: block.proposer, amount: voters })
      pay(ctx, block.proposer, toAmount(sum('producer') + (sum('voters') - voters)))
      if (ctx.params.foundation !== null) pay(ctx, ctx.params.foundation, sum('foundation'))
      const { paid, pool, ...before } = state.books.get()
      state.books.set({ ...before, paid: paid + voters, pool: toAmount(pool + sum('participants')) })
      state.produced.set(block.proposer, state.produced.get(block.proposer) + 1)
    })
    .query('books', unit, books, (ctx) => ctx.state.books.get())
    .query('reward', struct({ height: u64 }), amount, (ctx, { height }) =>
      height === 0n ? ZERO : rewardAt(ctx.params.curve, height),
    )
    .query('rewardsUpTo', struct({ height: u64 }), amountSum, (ctx, { height }) =>
      rewardsUpTo(ctx.params.curve, height),
    )
    .query('produced', struct({ delegate: address }), u32, (ctx, { delegate }) =>
      ctx.state.produced.get(delegate),
    )
    .invariant(
      'what was made, taken as fees and drawn is what was paid and what waits in the pool',
      ({ state }) => {
        const { made, fees, drawn, paid, pool } = state.books.get()
        return made + fees + drawn === paid + pool
      },
    )
    .invariant('the module’s account holds the pool', holdsPool)

/** What rewards own and need. They refuse nothing: a hook that did would stop the chain. */
function nouns(options: RewardsOptions) {
  return defineModule('rewards', {
    params: params(
      struct({
        ...{ curve, supplyMax: option(amount), reward: shares, fees: shares, foundation: option(address) },
        rewardPercent: u8,
      }),
      checkOptions(options),
    ),
    needs: {
      token: need<{}, Treasury, TreasuryReads>(),
      election: need<{}, Sharing, SharingReads>(),
    },
    state: {
      books: cell(books, { made: 0n, fees: 0n, drawn: 0n, paid: 0n, pool: ZERO, room: null }),
      /** How many blocks each made in the epoch. */
      produced: table(address, u32, 0),
      /** The epoch that `produced` counts. */
      epoch: cell(u64, 0n),
    },
  })
}
type RewardsContext = WriteOf<ReturnType<typeof nouns>>
type RewardsReader = Read<TypesOf<ReturnType<typeof nouns>>>

/** The options with their defaults. Throws `rewards/BAD_OPTIONS`. */
function checkOptions({
  curve: given,
  supplyMax,
  reward = {},
  fees = { participants: WHOLE },
  foundation,
  rewardPercent = 100,
}: RewardsOptions) {
  const heights = given.kind === 'steps' ? given.value.map(({ from }) => from) : []
  const sums = [reward, fees].map((one) => [one.voters ?? 0, one.participants ?? 0, one.foundation ?? 0])
  const why = heights.some((from, i) => from < 1n || from <= (heights[i - 1] ?? 0n))
    ? 'the heights of its steps do not ascend from 1'
    : given.kind === 'halving' && given.value.every === 0n
      ? 'it halves every 0 blocks'
      : sums.flat().some((one) => !Number.isInteger(one) || one < 0)
        ? 'a share is no whole number of hundredths of a per cent'
        : sums.some((one) => one.reduce((total, part) => total + part, 0) > WHOLE)
          ? 'shares are more than the whole'
          : foundation === undefined && sums.some((one) => (one[2] ?? 0) > 0)
            ? 'a foundation has a share and no account'
            : !Number.isInteger(rewardPercent) || rewardPercent < 0 || rewardPercent > 100
              ? 'rewardPercent is no whole number from 0 to 100'
              : undefined
  if (why !== undefined) {
    const hint = 'Correct the rewards in the chain file.'
    throw new ChainError({
      code: 'rewards/BAD_OPTIONS',
      message: `The rewards cannot be defined: ${why}.`,
      hint,
    })
  }
  const whole = ({ voters = 0, participants = 0, foundation: part = 0 }: Shares) => ({
    voters,
    participants,
    foundation: part,
  })
  return {
    ...{ curve: given, supplyMax: supplyMax ?? null },
    ...{ reward: whole(reward), fees: whole(fees), foundation: foundation ?? null, rewardPercent },
  }
}

/** Gets the reward of this block into the module's account. */
function receive(ctx: RewardsContext): Amount {
  const { params: own, state, block, needs, self } = ctx
  const before = state.books.get()
  const wanted = (rewardAt(own.curve, block.height) * BigInt(own.rewardPercent)) / 100n
  if (own.curve.kind === 'pool') {
    const { account } = own.curve.value
    const drawn = smaller(wanted, needs.token.balance(account))
    if (drawn > 0n) needs.token.move({ from: account, to: self, amount: drawn })
    state.books.set({ ...before, drawn: before.drawn + drawn })
    return drawn
  }
  // Nothing beyond what the token can count: a refusal here would stop the chain.
  const made = smaller(smaller(wanted, before.room ?? wanted), UNITS_MAX - needs.token.supply())
  if (made > 0n) needs.token.mint({ to: self, amount: made })
  const room = before.room === null ? null : toAmount(before.room - made)
  state.books.set({ ...before, made: before.made + made, room })
  return made
}

/** An amount in parts: each rounded down, the rest the producer's. */
function divide(given: RewardsContext['params']['reward'], whole: Amount) {
  const part = (share: number) => (whole * BigInt(share)) / BigInt(WHOLE)
  const [voters, participants, foundation] = [
    part(given.voters),
    part(given.participants),
    part(given.foundation),
  ]
  return { voters, participants, foundation, producer: whole - voters - participants - foundation }
}

function pay(ctx: RewardsContext, to: Address, value: Amount): void {
  if (value === 0n) return
  ctx.needs.token.move({ from: ctx.self, to, amount: value })
  const before = ctx.state.books.get()
  ctx.state.books.set({ ...before, paid: before.paid + value })
}

/** Shares the pool among those who made blocks in the epoch that is over; what does not divide evenly stays for the next. */
function payParticipants(ctx: RewardsContext): void {
  const { state, block } = ctx
  const { pool } = state.books.get()
  const rows = [...state.produced.entries()]
  const blocks = rows.reduce((sum, [, count]) => sum + BigInt(count), 0n)
  let left = pool
  for (const [delegate, count] of rows) {
    const part = toAmount((pool * BigInt(count)) / blocks)
    pay(ctx, delegate, part)
    left = toAmount(left - part)
    state.produced.delete(delegate)
  }
  state.books.set({ ...state.books.get(), pool: left })
  state.epoch.set(block.epoch)
}

function holdsPool({ state, needs, self }: RewardsReader): boolean {
  return needs.token.balance(self) >= state.books.get().pool
}

function smaller(a: bigint, b: bigint): Amount {
  return toAmount(a < b ? a : b)
}
