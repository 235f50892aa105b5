// Where every unit is, and how it gets from one place to another: balances, locks, schedules, the supply.
import { amount, list, struct, u64 } from '@mmtchain/codec'
import { type Address, type Amount, amount as toAmount } from '@mmtchain/primitives'
import { LOCKS_MAX, purpose, SUPPLY_MAX, type TokenContext, type TokenReader, ZERO } from './nouns.ts'
import { releasable, released, SCHEDULES_MAX, type Schedule, unlockedAt, unreleased } from './vesting.ts'

type State = Pick<TokenReader, 'state' | 'block'>

/** What an account can spend now: its balance with all that has unlocked meanwhile. */
export function balanceOf({ state, block }: State, owner: Address): Amount {
  return toAmount(state.balances.get(owner) + releasable(state.vesting.get(owner), block.timeMs))
}

/** What of an account's schedules has not unlocked by now. */
export function waitingOf({ state, block }: State, owner: Address): Amount {
  const all = state.vesting.get(owner)
  return toAmount(unreleased(all) - releasable(all, block.timeMs))
}

/** Amounts that unlock by time, as queries show them; `unlocked` is what has unlocked by now. */
export const shownSchedules = list(struct({ amount, unlocked: amount, startMs: u64, endMs: u64 }), {
  max: SCHEDULES_MAX,
})

/** All that an account owns: what it can spend, what modules have locked, what unlocks by time. */
export const holdings = struct({
  balance: amount,
  locks: list(struct({ purpose, amount }), { max: LOCKS_MAX }),
  vesting: shownSchedules,
  total: amount,
})

export function holdingsOf({ state, block }: State, owner: Address) {
  const schedules = state.vesting.get(owner)
  const locks = [...state.locks.entries({ prefix: [owner] })].map(([[, name], value]) => ({
    purpose: name,
    amount: value,
  }))
  const total =
    state.balances.get(owner) + unreleased(schedules) + locks.reduce((sum, one) => sum + one.amount, 0n)
  return {
    balance: balanceOf({ state, block }, owner),
    locks,
    vesting: schedules.map((one) => shownSchedule(one, block.timeMs)),
    total: toAmount(total),
  }
}

export function shownSchedule(one: Schedule, timeMs: bigint) {
  const { amount: whole, startMs, spanMs } = one
  return { amount: whole, unlocked: unlockedAt(one, timeMs), startMs, endMs: startMs + spanMs }
}

export function move(
  ctx: TokenContext,
  args: { readonly from: Address; readonly to: Address; readonly amount: Amount },
): undefined {
  if (args.amount === 0n) throw ctx.fail.ZERO_AMOUNT({})
  debit(ctx, args.from, args.amount)
  credit(ctx, args.to, args.amount)
  ctx.emit.transferred({ from: args.from, to: args.to, amount: args.amount })
}

export function debit(ctx: TokenContext, owner: Address, value: Amount): void {
  const have = drawn(ctx, owner, value)
  if (have < value) throw ctx.fail.INSUFFICIENT_BALANCE({ owner, have, want: value })
  setBalance(ctx, owner, toAmount(have - value))
}

export function credit(ctx: TokenContext, owner: Address, value: Amount): void {
  setBalance(ctx, owner, toAmount(ctx.state.balances.get(owner) + value))
}

/** An empty balance has no row, so that the state holds only what is owned. */
export function setBalance(ctx: TokenContext, owner: Address, value: Amount): void {
  if (value === 0n) ctx.state.balances.delete(owner)
  else ctx.state.balances.set(owner, value)
}

/** The balance row of an account. What has unlocked joins it first, but only if `want` needs it: most accounts never wait. */
export function drawn(ctx: TokenContext, owner: Address, want: Amount): Amount {
  const have = ctx.state.balances.get(owner)
  return have >= want ? have : toAmount(have + release(ctx, owner))
}

/** Moves what has unlocked from the schedules to the balance row. */
export function release(ctx: TokenContext, owner: Address): Amount {
  const { timeMs } = ctx.block
  const schedules = ctx.state.vesting.get(owner)
  const value = toAmount(releasable(schedules, timeMs))
  if (value === 0n) return ZERO
  setVesting(ctx, owner, released(schedules, timeMs))
  credit(ctx, owner, value)
  return value
}

export function setVesting(ctx: TokenContext, owner: Address, schedules: readonly Schedule[]): void {
  if (schedules.length === 0) ctx.state.vesting.delete(owner)
  else ctx.state.vesting.set(owner, schedules)
}

/** An amount of an account, and what it is locked for. */
export interface Lock {
  readonly owner: Address
  readonly purpose: string
  readonly amount: Amount
}

export function lock(ctx: TokenContext, { owner, purpose: name, amount: value }: Lock): undefined {
  if (value === 0n) throw ctx.fail.ZERO_AMOUNT({})
  const key = [owner, name] as const
  const before = ctx.state.locks.get(key)
  const isNew = before === 0n
  if (isNew && [...ctx.state.locks.entries({ prefix: [owner], limit: LOCKS_MAX })].length === LOCKS_MAX)
    throw ctx.fail.TOO_MANY_LOCKS({ owner, max: LOCKS_MAX })
  debit(ctx, owner, value)
  ctx.state.locks.set(key, toAmount(before + value))
  ctx.emit.locked({ owner, purpose: name, amount: value })
}

export function unlock(ctx: TokenContext, { owner, purpose: name, amount: value }: Lock): undefined {
  if (value === 0n) throw ctx.fail.ZERO_AMOUNT({})
  const key = [owner, name] as const
  const have = ctx.state.locks.get(key)
  if (have < value) throw ctx.fail.INSUFFICIENT_LOCK({ owner, purpose: name, have, want: value })
  if (have === value) ctx.state.locks.delete(key)
  else ctx.state.locks.set(key, toAmount(have - value))
  credit(ctx, owner, value)
  ctx.emit.unlocked({ owner, purpose: name, amount: value })
}

export function addSupply(ctx: TokenContext, value: bigint): void {
  const supply = ctx.state.supply.get() + value
  if (supply > SUPPLY_MAX) throw ctx.fail.SUPPLY_TOO_LARGE({ supply })
  ctx.state.supply.set(supply)
}

/** True when every unit of the supply is in exactly one place. */
export function balanced({ state }: Pick<TokenReader, 'state'>): boolean {
  let total: bigint = state.feePool.get()
  for (const table of [state.balances, state.unclaimed, state.locks])
    for (const [, value] of table.entries()) total += value
  for (const table of [state.vesting, state.unclaimedVesting])
    for (const [, schedules] of table.entries()) total += unreleased(schedules)
  return total === state.supply.get()
}
