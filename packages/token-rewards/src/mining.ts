// Time mining: what a day has to share goes to those who were there, by signed answers inside windows of time.
import {
  address,
  amount,
  amountSum,
  encode,
  hash,
  list,
  option,
  struct,
  u16,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
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
import {
  type Address,
  type Amount,
  ChainError,
  type Hash,
  hashToBytes,
  amount as toAmount,
  hash as toHash,
} from '@mmtchain/primitives'
import type { Lock } from './books.ts'

/** What a chain file says of its time mining. Amounts are in the smallest unit of the token. */
export interface MiningOptions {
  /** The account out of which days are paid; the genesis fills it. A day pays `perDay` until it is empty, the last one what is left. */
  readonly account: Address
  /** What all share in a day. */
  readonly perDay: Amount
  /** The most that one identity gets for a day. */
  readonly perDayMax: Amount
  /** What an identity has locked while it takes part. */
  readonly bond: Amount
  /** What an answer costs; nothing by default. */
  readonly beatFee?: Amount
  /** How often a day asks, 2 to 1,440; 24 by default. */
  readonly windowsPerDay?: number
  /** How many identities make it as hard as it gets; 100,000 by default. */
  readonly crowd?: number
  /** For how many days what a day gave can be collected; 30 by default. */
  readonly collectDays?: number
  /** How long a day is, in milliseconds; 86,400,000 by default. */
  readonly dayMs?: number
  /** Accounts that do not circulate, for the report of each quarter; the mining account never does. */
  readonly reserves?: readonly Address[]
}

/** All that time mining asks of a token, by the chain file's grants and for reading. */
export interface MiningStakes {
  lock(args: Lock): undefined
  unlock(args: Lock): undefined
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
}
export interface MiningReads {
  balance(owner: Address): Amount
  waiting(owner: Address): Amount
  supply(): bigint
}

/** Days of a quarter of a year. */
const QUARTER_DAYS = 91n
const PURPOSE = 'mining'
const CHALLENGE_TAG = tag('mmt/mining/1')
const ZERO = toAmount(0n)
const NO_HASH = toHash('0'.repeat(64))

const parameters = struct({
  ...{ account: address, perDay: amount, perDayMax: amount, bond: amount, beatFee: amount },
  ...{ windowsPerDay: u16, crowd: u32, collectDays: u16, dayMs: u32, reserves: list(address, { max: 16 }) },
})

/** Where an identity stands: how often it was there in the last day in which it was. */
const minerFields = { day: u64, count: u16, window: u64 }
const miner = struct(minerFields)
const today = struct({
  day: u64,
  /** The windows since the beginning; the newest one asks for `challenge`. */
  window: u64,
  challenge: hash,
  /** How many windows of the day one must be there to share. */
  needed: u16,
  /** Who was there at all, and the windows of those who have been there often enough. */
  identities: u32,
  presence: u64,
})
/** A day that is over: what it shares, among how many windows, and what nobody has collected. */
const closed = struct({ amount, needed: u16, presence: u64, left: amount })

/**
 * Shares an amount each day among identities by how many windows of the day they answered in. An answer is a transaction with the
 * window's challenge, which nobody knows before the window begins. Whoever is there in too few windows gets nothing for the day; the more
 * take part, the more are needed.
 */
export const timeMining = (options: MiningOptions) => {
  const given = checkOptions(options)
  return nouns(given)
    .beginBlock((ctx) => passTime(ctx))
    .command('join', unit, (ctx) => {
      if (ctx.state.miners.has(ctx.sender)) throw ctx.fail.ALREADY_JOINED({})
      if (ctx.params.bond > 0n)
        ctx.needs.token.lock({ owner: ctx.sender, purpose: PURPOSE, amount: ctx.params.bond })
      ctx.state.miners.set(ctx.sender, { day: ctx.state.today.get().day, count: 0, window: 0n })
      ctx.emit.joined({ who: ctx.sender })
    })
    .command('beat', struct({ challenge: hash }), { fee: given.beatFee }, (ctx, { challenge }) => {
      const now = ctx.state.today.get()
      const found = ctx.state.miners.get(ctx.sender)
      if (!found) throw ctx.fail.NOT_JOINED({})
      if (challenge !== now.challenge) throw ctx.fail.BAD_CHALLENGE({ want: now.challenge })
      if (found.count > 0 && found.window === now.window) throw ctx.fail.ALREADY_THERE({ window: now.window })
      const isNew = found.day !== now.day || found.count === 0
      if (found.day !== now.day) pay(ctx, ctx.sender)
      const count = isNew ? 1 : found.count + 1
      ctx.state.miners.set(ctx.sender, { day: now.day, count, window: now.window })
      const { identities, presence } = now
      // All of its windows count from the one on with which they are enough.
      const more = count < now.needed ? 0 : count === now.needed ? count : 1
      ctx.state.today.set({
        ...now,
        identities: isNew ? identities + 1 : identities,
        presence: presence + BigInt(more),
      })
    })
    .command('collect', unit, (ctx) => {
      if (!ctx.state.miners.has(ctx.sender)) throw ctx.fail.NOT_JOINED({})
      if (pay(ctx, ctx.sender) === 0n) throw ctx.fail.NOTHING_TO_COLLECT({})
    })
    .command('leave', unit, (ctx) => {
      if (!ctx.state.miners.has(ctx.sender)) throw ctx.fail.NOT_JOINED({})
      pay(ctx, ctx.sender)
      const found = ctx.state.miners.get(ctx.sender)
      const now = ctx.state.today.get()
      // What it did today is given up, so that a bond serves one identity at a time.
      if (found && found.day === now.day && found.count >= now.needed)
        ctx.state.today.set({ ...now, presence: now.presence - BigInt(found.count) })
      ctx.state.miners.delete(ctx.sender)
      if (ctx.params.bond > 0n)
        ctx.needs.token.unlock({ owner: ctx.sender, purpose: PURPOSE, amount: ctx.params.bond })
      ctx.emit.left({ who: ctx.sender })
    })
    .query('today', unit, today, (ctx) => ctx.state.today.get())
    .query('day', struct({ day: u64 }), option(closed), (ctx, { day }) => ctx.state.days.get(day) ?? null)
    .query(
      'miner',
      struct({ who: address }),
      option(struct({ ...minerFields, due: amount })),
      (ctx, { who }) => {
        const found = ctx.state.miners.get(who)
        return found ? { ...found, due: dueOf(ctx, found) } : null
      },
    )
    .query('circulation', unit, amountSum, circulating)
    .invariant(
      'the mining account holds what days that are over have not paid',
      ({ state, needs, params }) => {
        let left = 0n
        for (const [, day] of state.days.entries()) left += day.left
        return left === state.owed.get() && needs.token.balance(params.account) >= left
      },
    )
}

function nouns(given: ReturnType<typeof checkOptions>) {
  return defineModule('mining', {
    params: params(parameters, given),
    needs: { token: need<{}, MiningStakes, MiningReads>() },
    state: {
      miners: table(address, miner),
      days: table(u64, closed),
      today: cell(today, {
        ...{ day: 0n, window: 0n, challenge: NO_HASH, needed: 1, identities: 0, presence: 0n },
      }),
      /** The time of the first block with this module. */
      startMs: cell(u64, 0n),
      /** What days that are over have not paid. */
      owed: cell(amount, ZERO),
      /** What was paid since the beginning. */
      mined: cell(amountSum, 0n),
    },
    events: {
      joined: struct({ who: address }),
      left: struct({ who: address }),
      dayClosed: struct({ day: u64, amount, identities: u32, presence: u64 }),
      paid: struct({ who: address, day: u64, amount }),
      /** Once a quarter of a year. */
      reported: struct({ quarter: u64, mined: amountSum, circulating: amountSum }),
    },
    errors: {
      ALREADY_JOINED: (_: object) => ({
        message: 'The account takes part already.',
        hint: 'Send beat in each window.',
      }),
      NOT_JOINED: (_: object) => ({ message: 'The account does not take part.', hint: 'Send join first.' }),
      BAD_CHALLENGE: (d: { want: Hash }) => ({
        message: `The window asks for ${d.want}.`,
        hint: 'Ask the query today in each window anew, and answer before it ends.',
      }),
      ALREADY_THERE: (d: { window: bigint }) => ({
        message: `The account has answered in window ${d.window}.`,
        hint: 'Wait for the next window.',
      }),
      NOTHING_TO_COLLECT: (_: object) => ({
        message: 'Nothing of a day that is over waits for this account.',
        hint: 'A day is paid when it is over, to those who were there in as many windows as it needed.',
      }),
    },
  })
}
type MiningContext = WriteOf<ReturnType<typeof nouns>>
type MiningReader = Read<TypesOf<ReturnType<typeof nouns>>>

/** Opens windows and closes days. Days on which the chain stood still shared nothing; nothing visits them. */
function passTime(ctx: MiningContext): undefined {
  const { state, block, params: own } = ctx
  if (state.startMs.get() === 0n) state.startMs.set(block.timeMs)
  const passedMs = block.timeMs - state.startMs.get()
  const windows = BigInt(own.windowsPerDay)
  const window = (passedMs * windows) / BigInt(own.dayMs) + 1n
  const before = state.today.get()
  if (window === before.window) return
  const day = (window - 1n) / windows
  const challenge = challengeAfter(ctx, before.challenge)
  if (before.window > 0n && day === before.day) {
    state.today.set({ ...before, window, challenge })
    return
  }
  if (before.window > 0n) closeDay(ctx)
  const needed = neededWindows(own, before.identities)
  state.today.set({ day, window, challenge, needed, identities: 0, presence: 0n })
  if (day / QUARTER_DAYS > before.day / QUARTER_DAYS)
    ctx.emit.reported({
      ...{ quarter: before.day / QUARTER_DAYS, mined: state.mined.get(), circulating: circulating(ctx) },
    })
}

/** What the window asks for: not known before the block with which it begins. */
function challengeAfter({ block }: MiningContext, before: Hash): Hash {
  const { seed, reveal = new Uint8Array(), timeMs } = block
  return toHash(
    hashTagged(CHALLENGE_TAG, hashToBytes(before), hashToBytes(seed), encode(u64, timeMs), reveal),
  )
}

/** Half of the windows when nobody was there the day before, nine tenths from `crowd` identities on. */
export function neededWindows(
  { windowsPerDay, crowd }: { readonly windowsPerDay: number; readonly crowd: number },
  identities: number,
): number {
  const many = Math.min(identities, crowd)
  return Math.ceil((windowsPerDay * (5 * crowd + 4 * many)) / (10 * crowd))
}

/** Sets aside what the day shares. What was not collected of the oldest day goes back to the days to come. */
function closeDay(ctx: MiningContext): void {
  const { state, params: own, needs } = ctx
  const { day, needed, identities, presence } = state.today.get()
  for (const [oldest, { left }] of state.days.entries({ limit: 2 })) {
    if (oldest + BigInt(own.collectDays) > day) break
    state.days.delete(oldest)
    state.owed.set(toAmount(state.owed.get() - left))
  }
  const free = needs.token.balance(own.account) - state.owed.get()
  const shared = presence === 0n ? ZERO : toAmount(free < own.perDay ? free : own.perDay)
  ctx.emit.dayClosed({ day, amount: shared, identities, presence })
  if (shared === 0n) return
  state.days.set(day, { amount: shared, needed, presence, left: shared })
  state.owed.set(toAmount(state.owed.get() + shared))
}

/** What an identity has earned in the last day in which it was there, when that is over. */
function dueOf({ state, params: own }: MiningReader, { day, count }: { day: bigint; count: number }): Amount {
  const over = day < state.today.get().day ? state.days.get(day) : undefined
  if (!over || count < over.needed) return ZERO
  const part = (over.amount * BigInt(count)) / over.presence
  return toAmount(part < own.perDayMax ? part : own.perDayMax)
}

function pay(ctx: MiningContext, who: Address): Amount {
  const { state, params: own, needs } = ctx
  const found = state.miners.get(who)
  const due = found ? dueOf(ctx, found) : ZERO
  const over = found && state.days.get(found.day)
  if (!found || !over || due === 0n) return ZERO
  state.miners.set(who, { ...found, count: 0 })
  state.days.set(found.day, { ...over, left: toAmount(over.left - due) })
  state.owed.set(toAmount(state.owed.get() - due))
  state.mined.set(state.mined.get() + due)
  needs.token.move({ from: own.account, to: who, amount: due })
  ctx.emit.paid({ who, day: found.day, amount: due })
  return due
}

/** The supply without what waits in the mining account, in reserves, and for time to unlock it there. */
function circulating({ params: own, needs }: MiningReader): bigint {
  const still = [own.account, ...own.reserves].map(
    (one) => needs.token.balance(one) + needs.token.waiting(one),
  )
  return still.reduce((rest, one) => rest - one, needs.token.supply())
}

/** The options with their defaults. Throws `mining/BAD_OPTIONS`. */
function checkOptions(options: MiningOptions) {
  const chosen = {
    ...{ beatFee: ZERO, windowsPerDay: 24, crowd: 100_000, collectDays: 30, dayMs: 86_400_000 },
    ...options,
    reserves: [...(options.reserves ?? [])],
  }
  const { windowsPerDay, crowd, collectDays, dayMs } = chosen
  const isIn = (value: number, min: number, max: number) =>
    Number.isInteger(value) && value >= min && value <= max
  const why = !isIn(windowsPerDay, 2, 1_440)
    ? 'windowsPerDay is not 2 to 1440'
    : !isIn(crowd, 1, 100_000_000)
      ? 'crowd is not 1 to 100000000'
      : !isIn(collectDays, 1, 365)
        ? 'collectDays is not 1 to 365'
        : !isIn(dayMs, 1_000, 86_400_000)
          ? 'dayMs is not 1000 to 86400000'
          : new Set([chosen.account, ...chosen.reserves]).size <= chosen.reserves.length
            ? 'an account is named twice'
            : undefined
  if (why === undefined) return chosen
  const hint = 'Correct the mining in the chain file.'
  throw new ChainError({ code: 'mining/BAD_OPTIONS', message: `The mining cannot be defined: ${why}.`, hint })
}
