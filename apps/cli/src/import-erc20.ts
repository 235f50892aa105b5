// Moves the holders of an ERC-20 token into the genesis of a chain (SPEC M24): every row becomes an unclaimed balance, or one
// that unlocks by time, and what the floor of a division leaves over is accounted for to the last unit.
import {
  ALL,
  type Allocation,
  type AllocationClass,
  COMMUNITY,
  checkRatio,
  type Preset,
  parseRatio,
  type Ratio,
  type Share,
  type Unlock,
} from './erc20-allocation.ts'
import { type Csv, type Holders, readHolders } from './erc20-holders.ts'
import { importErc20Fail } from './erc20-refusals.ts'

export {
  type Allocation,
  type AllocationClass,
  parseAllocation,
  parseRatio,
  type Ratio,
  type Share,
  type Unlock,
} from './erc20-allocation.ts'
export {
  type AllocationProblem,
  type BadRow,
  type BadRowCode,
  importErc20Refusals,
} from './erc20-refusals.ts'
export { reportJson, writeImport, writeImportRows } from './erc20-report.ts'

export interface ImportArguments {
  /** The explorer's export: a header row and `address,balance`, or columns by name. At most 1,000,000 rows and 200 MB. */
  readonly csv: Csv
  /** Wins over a missing ratio of the allocation, must equal a given one; 20:1 when both are missing. */
  readonly ratio?: Ratio | undefined
  /** Decimals of the old and the new token; 18 and 8. */
  readonly decimals?: { readonly from: number; readonly to: number } | undefined
  readonly allocation?: Allocation | undefined
  /** Told how many bytes of the CSV have been read. */
  readonly onBytes?: ((count: number) => void) | undefined
}

/**
 * Amounts that belong together. Old amounts count the old token's smallest unit, `issued` and `locked` the new token's. Always
 * `input × price.new = issued × price.old + (notMoved × price.new) + remainder`.
 */
export interface Sums {
  readonly input: bigint
  /** What its class leaves behind; it is not issued. */
  readonly notMoved: bigint
  readonly issued: bigint
  /** The part of `issued` that unlocks by time. */
  readonly locked: bigint
  /** What is worth less than one new unit, row by row, in 1/`price.new` of the old token's smallest unit. */
  readonly remainder: bigint
}

export interface ImportedRow extends Sums {
  readonly holder: string
  readonly class: AllocationClass
}

export interface Totals extends Sums {
  readonly rows: number
  /** Rows with at least one new unit: those of the genesis document. */
  readonly imported: number
  /** Rows that move something, but less than one new unit. */
  readonly dustRows: number
  /** The sum of those rows, in the old token's smallest unit; a part of `remainder`. */
  readonly dust: bigint
}

export interface ClassReport extends Totals {
  readonly name: string
  readonly share: Share
  readonly unlock: Unlock | undefined
}

export type WarningCode = 'LISTED_WITHOUT_ROW' | 'PENDING_BALANCE' | 'ROUNDED_BALANCE' | 'ZERO_BALANCE'

export interface ImportWarning {
  readonly code: WarningCode
  readonly count: number
  /** The first 100, in byte order. */
  readonly holders: readonly string[]
}

/** Where the list of holders is not what the preset says. Amounts are in the old token's smallest unit. */
export interface Difference {
  readonly what: 'supply' | 'amount' | 'holders'
  /** Undefined for the supply. */
  readonly class?: string
  readonly want: bigint
  readonly got: bigint
}

export interface ImportReport {
  readonly ratio: Ratio
  readonly decimals: { readonly from: number; readonly to: number }
  /** `price.old` of the old smallest units cost `price.new` of the new ones: the ratio with the decimals, reduced. */
  readonly price: Ratio
  readonly total: Totals
  /** In the order of their names. */
  readonly classes: readonly ClassReport[]
  readonly preset: string | undefined
  readonly differences: readonly Difference[]
  readonly warnings: readonly ImportWarning[]
}

export interface ImportResult {
  readonly report: ImportReport
  /** Every row of the file, in the byte order of the holders; computed anew each time, so that they take no memory. */
  rows(): IterableIterator<ImportedRow>
}

const DECIMALS_MAX = 77
/** The supply that the token's ledger can count. */
const SUPPLY_MAX = (1n << 64n) - 1n
const WARNED_SHOWN_MAX = 100
const DEFAULT_RATIO = '20:1'
const HUNDRED_PERCENT = 100n

/**
 * Converts the holders of an ERC-20 token; the result does not depend on the order of the rows, the locale or the clock.
 * Throws `cli/ERC20_BAD_ROWS` with all that is wrong in the file, `cli/ERC20_NO_ROWS`, `cli/ERC20_NOT_UTF8`,
 * `cli/ERC20_FILE_TOO_LARGE`, `cli/ERC20_BAD_RATIO`, `cli/ERC20_BAD_DECIMALS`, `cli/ERC20_BAD_ALLOCATION`,
 * `cli/ERC20_SUPPLY_TOO_LARGE`.
 */
export async function importErc20(args: ImportArguments): Promise<ImportResult> {
  const { allocation, decimals = { from: 18, to: 8 } } = args
  const ratio = agreedRatio(args.ratio, allocation?.ratio)
  const price = priceOf(ratio, decimals)
  const holders = await readHolders(args.csv, { decimals: decimals.from, onBytes: args.onBytes })

  const community: AllocationClass = { name: COMMUNITY, share: ALL, holders: [] }
  const classes = [community, ...(allocation?.classes ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  const classOf = new Map(classes.flatMap((one) => one.holders.map((holder) => [holder, one] as const)))
  function* rows(): IterableIterator<ImportedRow> {
    for (let at = 0; at < holders.count; at++) {
      const holder = holders.holder(at)
      const found = classOf.get(holder) ?? community
      yield { holder, class: found, ...convert({ units: holders.units(at), of: found, price }) }
    }
  }
  const reports = classReports(classes, rows(), price)
  const total = reports.reduce<Totals>(added, NOTHING)
  if (total.issued > SUPPLY_MAX)
    throw importErc20Fail.ERC20_SUPPLY_TOO_LARGE({ units: total.issued, max: SUPPLY_MAX })
  const { preset } = allocation ?? {}
  const differences = preset ? differencesFrom(preset, { total, classes: reports, decimals }) : []
  const warnings = warningsOf(holders, classOf)
  return {
    report: { ratio, decimals, price, total, classes: reports, preset: preset?.name, differences, warnings },
    rows,
  }
}

/** Two floors: what moves is a whole number of old units, what is issued a whole number of new ones. */
function convert(args: {
  readonly units: bigint
  readonly of: AllocationClass
  readonly price: Ratio
}): Sums {
  const { units, price } = args
  const { share, unlock } = args.of
  const moved = (units * share.numerator) / share.denominator
  const value = moved * price.new
  const issued = value / price.old
  const locked = unlock ? issued : 0n
  return { input: units, notMoved: units - moved, issued, locked, remainder: value - issued * price.old }
}

const NOTHING: Totals = {
  rows: 0,
  imported: 0,
  input: 0n,
  notMoved: 0n,
  issued: 0n,
  locked: 0n,
  remainder: 0n,
  dustRows: 0,
  dust: 0n,
}

function added(a: Totals, b: Totals): Totals {
  return {
    rows: a.rows + b.rows,
    imported: a.imported + b.imported,
    input: a.input + b.input,
    notMoved: a.notMoved + b.notMoved,
    issued: a.issued + b.issued,
    locked: a.locked + b.locked,
    remainder: a.remainder + b.remainder,
    dustRows: a.dustRows + b.dustRows,
    dust: a.dust + b.dust,
  }
}

function classReports(
  classes: readonly AllocationClass[],
  rows: Iterable<ImportedRow>,
  price: Ratio,
): readonly ClassReport[] {
  const totals = new Map(classes.map((one) => [one, { ...NOTHING }]))
  for (const row of rows) {
    const total = totals.get(row.class)
    if (!total) throw new Error('A row is of no class; this is a mistake of the program.')
    total.rows++
    for (const field of ['input', 'notMoved', 'issued', 'locked', 'remainder'] as const)
      total[field] += row[field]
    if (row.issued > 0n) total.imported++
    else if (row.input > row.notMoved) {
      total.dustRows++
      total.dust += row.input - row.notMoved
    }
  }
  return classes.map((one) => {
    const total: Totals = totals.get(one) ?? NOTHING
    const { input, notMoved, issued, remainder } = total
    if (input * price.new !== issued * price.old + notMoved * price.new + remainder) {
      throw new Error('The import lost or made units; this is a mistake of the program.')
    }
    return { name: one.name, share: one.share, unlock: one.unlock, ...total }
  })
}

function differencesFrom(
  preset: Preset,
  { total, classes, decimals }: Pick<ImportReport, 'total' | 'classes' | 'decimals'>,
): readonly Difference[] {
  const supply = preset.supply * 10n ** BigInt(decimals.from)
  const found: Difference[] = [{ what: 'supply', want: supply, got: total.input }]
  for (const { name, input, rows } of classes) {
    const { percent, holders } = preset.classes[name] ?? {}
    if (percent !== undefined)
      found.push({ what: 'amount', class: name, want: (supply * percent) / HUNDRED_PERCENT, got: input })
    if (holders !== undefined)
      found.push({ what: 'holders', class: name, want: BigInt(holders), got: BigInt(rows) })
  }
  return found.filter(({ want, got }) => want !== got)
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
  const ratio = checkRatio(asked ?? filed ?? parseRatio(DEFAULT_RATIO))
  if (filed && filed.old * ratio.new !== ratio.old * filed.new) {
    const message = `Its ratio is ${filed.old}:${filed.new}, but ${ratio.old}:${ratio.new} was asked for.`
    throw importErc20Fail.ERC20_BAD_ALLOCATION({ problems: [{ message }], total: 1 })
  }
  return ratio
}

function warningsOf(holders: Holders, listed: ReadonlyMap<string, unknown>): readonly ImportWarning[] {
  const found: Record<WarningCode, { count: number; holders: string[] }> = {
    LISTED_WITHOUT_ROW: { count: 0, holders: [] },
    PENDING_BALANCE: { count: 0, holders: [] },
    ROUNDED_BALANCE: { count: 0, holders: [] },
    ZERO_BALANCE: { count: 0, holders: [] },
  }
  const warn = (code: WarningCode, holder: string) => {
    found[code].count++
    if (found[code].holders.length < WARNED_SHOWN_MAX) found[code].holders.push(holder)
  }
  const missing = new Set(listed.keys())
  for (let at = 0; at < holders.count; at++) {
    if (missing.size > 0) missing.delete(holders.holder(at))
    if (holders.pending(at)) warn('PENDING_BALANCE', holders.holder(at))
    if (holders.rounded(at)) warn('ROUNDED_BALANCE', holders.holder(at))
    if (holders.units(at) === 0n) warn('ZERO_BALANCE', holders.holder(at))
  }
  for (const holder of [...missing].sort()) warn('LISTED_WITHOUT_ROW', holder)
  return Object.entries(found).flatMap(([code, one]) =>
    one.count > 0 ? [{ code: code as WarningCode, ...one }] : [],
  )
}
