import { type Address, type Amount, amount } from '@mmtchain/kernel'

/** Whole tokens of 8 decimals in the smallest unit. */
export const coins = (tokens: bigint): Amount => amount(tokens * 100_000_000n)

/** 365 days: what the papers mean by a year of unlocking. */
export const YEAR_MS = 31_536_000_000n

/** A part of the supply at genesis. */
export interface Allocation {
  readonly name: string
  readonly amount: Amount
  /** Over how many years it unlocks, evenly, from block 0 on; at once when absent. */
  readonly years?: bigint
}

/** The token's genesis document for these parts, each in the account that `owners` names for it. */
export function tokenDocument(allocations: readonly Allocation[], owners: (name: string) => Address) {
  const free = allocations.filter(({ years }) => years === undefined)
  const slow = allocations.filter(({ years }) => years !== undefined)
  return {
    balances: free.map(({ name, amount: value }) => ({ owner: owners(name), amount: value })),
    vesting: slow.map(({ name, amount: value, years = 1n }) => ({
      ...{ owner: owners(name), amount: value, startMs: null, spanMs: years * YEAR_MS },
    })),
  }
}

export const total = (allocations: readonly Allocation[]): bigint =>
  allocations.reduce((sum, one) => sum + one.amount, 0n)
