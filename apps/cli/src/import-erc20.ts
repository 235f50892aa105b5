// Moves the holders of an ERC-20 token into the genesis of a chain (SPEC M24): every row becomes an unclaimed balance,
// and what the floor of a division leaves over is accounted for to the last unit.
import {
  ALL,
  type Allocation,
  type AllocationClass,
  COMMUNITY,
  checkRatio,
  type Ratio,
  type Share,
} from './erc20-allocation.ts'
import { gatherBytes, type HolderRow, readHolders } from './erc20-holders.ts'
import { importErc20Fail } from './erc20-refusals.ts'

export {
  type Allocation,
  type AllocationClass,
  parseAllocation,
  parseRatio,
  type Ratio,
  type Share,
} from './erc20-allocation.ts'
export { type BadRow, type BadRowCode, importErc20Refusals } from './erc20-refusals.ts'
export { writeImport, writeImportRows } from './erc20-report.ts'

export interface ImportArguments {
  /** The explorer's export: a header row and `address,balance`, or columns by name. At most 1,000,000 rows and 200 MB. */
  readonly csv: string | Uint8Array | AsyncIterable<Uint8Array | string>
  /** Wins over a missing ratio of the allocation, must equal a given one; 20:1 when both are missing. */
  readonly ratio?: Ratio | undefined
  /** Decimals of the old and the new token; 18 and 8. */
  readonly decimals?: { readonly from: number; readonly to: number } | undefined
  readonly allocation?: Allocation | undefined
}

/** One entry of `unclaimed` in the genesis document of the token, in its JSON form. */
export interface UnclaimedRow {
  /** 40 lower-case hex digits. */
  readonly holder: string
  /** The new token's smallest unit. */
  readonly amount: string
}

/**
 * Amounts that belong together. Old amounts count the old token's smallest unit, `issued` the new token's. Always
 * `input × price.new = issued × price.old + (notMoved × price.new) + remainder`.
 */
export interface Sums {
  readonly input: bigint
  /** What its class leaves behind; it is not issued. */
  readonly notMoved: bigint
  readonly issued: bigint
  /** What is worth less than one new unit, row by row, in 1/`price.new` of the old token's smallest unit. */
  readonly remainder: bigint
}

export interface ImportedRow extends Sums {
  readonly holder: string
  readonly class: string
}

export interface ClassReport extends Sums {
  readonly name: string
  readonly share: Share
  readonly rows: number
  /** Rows with at least one new unit: those of `unclaimed`. */
  readonly imported: number
  /** Rows that move something, but less than one new unit. */
  readonly dustRows: number
  /** The sum of those rows, in the old token's smallest unit; a part of `remainder`. */
  readonly dust: bigint
}

export type WarningCode = 'LISTED_WITHOUT_ROW' | 'PENDING_BALANCE' | 'ROUNDED_BALANCE' | 'ZERO_BALANCE'

export interface ImportWarning {
  readonly code: WarningCode
  readonly count: number
  /** The first 100, in byte order. */
  readonly holders: readonly string[]
}

export interface ImportReport {
  readonly ratio: Ratio
  readonly decimals: { readonly from: number; readonly to: number }
  /** `price.old` of the old smallest units cost `price.new` of the new ones: the ratio with the decimals, reduced. */
  readonly price: Ratio
  readonly total: Omit<ClassReport, 'name' | 'share'>
  /** In the order of their names. */
  readonly classes: readonly ClassReport[]
  /** Every row of the file, by holder. */
  readonly rows: readonly ImportedRow[]
  readonly warnings: readonly ImportWarning[]
}

export interface ImportResult {
  /** In the byte order of the holders. */
  readonly unclaimed: readonly UnclaimedRow[]
  readonly report: ImportReport
}

const DECIMALS_MAX = 77
/** The supply that the token's ledger can count. */
const SUPPLY_MAX = (1n << 64n) - 1n
const WARNED_SHOWN_MAX = 100
const DEFAULT_RATIO: Ratio = { old: 20n, new: 1n }

/**
 * Converts the holders of an ERC-20 token; the result does not depend on the order of the rows. Throws
 * `cli/ERC20_BAD_ROWS` with all that is wrong in the file, `cli/ERC20_NO_ROWS`, `cli/ERC20_NOT_UTF8`,
 * `cli/ERC20_FILE_TOO_LARGE`, `cli/ERC20_BAD_RATIO`, `cli/ERC20_BAD_DECIMALS`, `cli/ERC20_BAD_ALLOCATION`,
 * `cli/ERC20_SUPPLY_TOO_LARGE`.
 */
export async function importErc20(args: ImportArguments): Promise<ImportResult> {
  const { allocation, decimals = { from: 18, to: 8 } } = args
  const ratio = agreedRatio(args.ratio, allocation?.ratio)
  const price = priceOf(ratio, decimals)
  const holders = readHolders(await gatherBytes(args.csv), { decimals: decimals.from })
  // Hex digits of one case sort as the bytes that they stand for.
  holders.sort((a, b) => (a.holder < b.holder ? -1 : 1))

  const community: AllocationClass = { name: COMMUNITY, share: ALL, holders: [] }
  const classes = [community, ...(allocation?.classes ?? [])]
  const classOf = new Map(classes.flatMap((one) => one.holders.map((holder) => [holder, one] as const)))
  const rows = holders.map(({ holder, units }): ImportedRow => {
    const { name, share } = classOf.get(holder) ?? community
    return { holder, class: name, ...convert({ units, share, price }) }
  })
  const rowsOf = new Map(classes.map(({ name }) => [name, [] as ImportedRow[]]))
  for (const row of rows) rowsOf.get(row.class)?.push(row)
  const reports = classes
    .map(({ name, share }) => ({ name, share, ...totalOf(rowsOf.get(name) ?? [], price) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const total = totalOf(rows, price)
  if (total.issued > SUPPLY_MAX)
    throw importErc20Fail.ERC20_SUPPLY_TOO_LARGE({ units: total.issued, max: SUPPLY_MAX })
  return {
    unclaimed: rows.flatMap(({ holder, issued }) =>
      issued === 0n ? [] : [{ holder, amount: issued.toString() }],
    ),
    report: { ratio, decimals, price, total, classes: reports, rows, warnings: warningsOf(holders, classOf) },
  }
}

/** Two floors: what moves is a whole number of old units, what is issued a whole number of new ones. */
function convert({ units, share, price }: { units: bigint; share: Share; price: Ratio }): Sums {
  const moved = (units * share.numerator) / share.denominator
  const value = moved * price.new
  const issued = value / price.old
  return { input: units, notMoved: units - moved, issued, remainder: value - issued * price.old }
}

function totalOf(rows: readonly ImportedRow[], price: Ratio): ImportReport['total'] {
  const total = {
    input: 0n,
    notMoved: 0n,
    issued: 0n,
    remainder: 0n,
    rows: 0,
    imported: 0,
    dustRows: 0,
    dust: 0n,
  }
  for (const { input, notMoved, issued, remainder } of rows) {
    total.rows++
    total.input += input
    total.notMoved += notMoved
    total.issued += issued
    total.remainder += remainder
    if (issued > 0n) total.imported++
    else if (input > notMoved) {
      total.dustRows++
      total.dust += input - notMoved
    }
  }
  const { input, notMoved, issued, remainder } = total
  if (input * price.new !== issued * price.old + notMoved * price.new + remainder) {
    throw new Error('The import lost or made units; this is a mistake of the program.')
  }
  return total
}

function priceOf(ratio: Ratio, { from, to }: { readonly from: number; readonly to: number }): Ratio {
  const sound = [from, to].every((one) => Number.isInteger(one) && one >= 0 && one <= DECIMALS_MAX)
  if (!sound) throw importErc20Fail.ERC20_BAD_DECIMALS({ from, to })
  const price = { old: ratio.old * 10n ** BigInt(from), new: ratio.new * 10n ** BigInt(to) }
  const divisor = greatestCommonDivisor(price.old, price.new)
  return { old: price.old / divisor, new: price.new / divisor }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}

function agreedRatio(asked: Ratio | undefined, filed: Ratio | undefined): Ratio {
  const ratio = checkRatio(asked ?? filed ?? DEFAULT_RATIO)
  if (filed && filed.old * ratio.new !== ratio.old * filed.new) {
    throw importErc20Fail.ERC20_BAD_ALLOCATION({
      problems: [`Its ratio is ${filed.old}:${filed.new}, but ${ratio.old}:${ratio.new} was asked for.`],
    })
  }
  return ratio
}

function warningsOf(holders: readonly HolderRow[], listed: ReadonlyMap<string, unknown>): ImportWarning[] {
  const present = new Set(holders.map(({ holder }) => holder))
  const named = (rows: readonly HolderRow[]) => rows.map(({ holder }) => holder)
  const found: readonly (readonly [WarningCode, readonly string[]])[] = [
    ['LISTED_WITHOUT_ROW', [...listed.keys()].filter((holder) => !present.has(holder)).sort()],
    ['PENDING_BALANCE', named(holders.filter(({ pending }) => pending))],
    ['ROUNDED_BALANCE', named(holders.filter(({ rounded }) => rounded))],
    ['ZERO_BALANCE', named(holders.filter(({ units }) => units === 0n))],
  ]
  return found
    .filter(([, all]) => all.length > 0)
    .map(([code, all]) => ({ code, count: all.length, holders: all.slice(0, WARNED_SHOWN_MAX) }))
}
