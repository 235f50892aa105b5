// Ways to unlock over time, as rows of the token's genesis document.
import { type Address, type Amount, amount as toAmount } from '@mmtchain/primitives'
import { SCHEDULES_MAX } from './vesting.ts'

/** An amount of an account that unlocks from a time on, in Unix milliseconds. */
export interface Grant {
  readonly owner: Address
  readonly amount: Amount
  readonly startMs: bigint
}
/** A row of `vesting`. */
type Row = Grant & { readonly spanMs: bigint }

/** Evenly over a time. */
export function linear(grant: Grant, spanMs: bigint): readonly Row[] {
  return [{ ...grant, spanMs }]
}

/** As `linear`, but nothing before `cliffMs` have passed, and then all at once that would have unlocked by then. */
export function cliff(
  grant: Grant,
  { cliffMs, spanMs }: { readonly cliffMs: bigint; readonly spanMs: bigint },
): readonly Row[] {
  const { owner, amount, startMs } = grant
  const first = toAmount((amount * cliffMs) / spanMs)
  const from = startMs + cliffMs
  return rowsOf([
    { owner, amount: first, startMs: from - 1n, spanMs: 1n },
    { owner, amount: toAmount(amount - first), startMs: from, spanMs: spanMs - cliffMs },
  ])
}

/** In equal parts, the first one `everyMs` after the start: ten parts of a year are a tenth a year. What does not divide is in the last. */
export function parts(
  grant: Grant,
  { count, everyMs }: { readonly count: number; readonly everyMs: bigint },
): readonly Row[] {
  const { owner, amount, startMs } = grant
  if (!Number.isInteger(count) || count < 1 || count > SCHEDULES_MAX)
    throw new RangeError(`${count} is not 1 to ${SCHEDULES_MAX} parts`)
  const part = amount / BigInt(count)
  const rows = Array.from({ length: count }, (_, i) => ({
    ...{ owner, startMs: startMs + everyMs * BigInt(i + 1) - 1n, spanMs: 1n },
    amount: toAmount(i === count - 1 ? amount - part * BigInt(count - 1) : part),
  }))
  return rowsOf(rows)
}

/** A row of nothing is no row. */
function rowsOf(rows: readonly Row[]): readonly Row[] {
  return rows.filter(({ amount, spanMs }) => amount > 0n && spanMs > 0n)
}
