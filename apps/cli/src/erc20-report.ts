// An import on paper: the genesis document, a table for people, and the rows for an auditor. The same import gives the
// same bytes: no dates, no names of files, no locale, one order.
import { formatAmount } from '@mmtchain/primitives'
import type { Share, Unlock } from './erc20-allocation.ts'
import type {
  ClassReport,
  Difference,
  ImportedRow,
  ImportReport,
  ImportResult,
  Totals,
  WarningCode,
} from './import-erc20.ts'

const WARNINGS: Readonly<Record<WarningCode, string>> = {
  LISTED_WITHOUT_ROW: 'addresses of the allocation file without a row in the CSV',
  PENDING_BALANCE: 'balances that were about to change when the explorer wrote them',
  ROUNDED_BALANCE: 'balances like 1.2E+9; check that no spreadsheet has rounded them',
  ZERO_BALANCE: 'balances of zero',
}

const HOLDERS_SHOWN_MAX = 5
const LINES_A_PIECE = 1_000
const DAY_MS = 86_400_000n
const YEAR_MS = 365n * DAY_MS

/** The parts of the token's genesis document, `unclaimed` and `unclaimedVesting`, a row a line, and a report for people. */
export function writeImport({ rows, report }: ImportResult): {
  /** Text in pieces, each time anew. */
  readonly document: Iterable<string>
  readonly report: string
} {
  return {
    document: { [Symbol.iterator]: () => documentPieces(rows) },
    report: `${reportLines(report).join('\n')}\n`,
  }
}

/** A CSV of every row of the file with what became of it, to the last unit. */
export function writeImportRows({ rows, report }: ImportResult): Iterable<string> {
  const show = shownBy(report)
  function* lines() {
    yield 'address,class,old,notMoved,new,locked,remainder'
    for (const row of rows()) {
      const amounts = [
        show.old(row.input),
        show.old(row.notMoved),
        show.issued(row.issued),
        show.issued(row.locked),
        show.remainder(row.remainder),
      ]
      yield [`0x${row.holder}`, row.class.name, ...amounts].join(',')
    }
  }
  return { [Symbol.iterator]: () => pieces(lines(), '\n', '\n') }
}

function* documentPieces(rows: ImportResult['rows']): IterableIterator<string> {
  yield '{"unclaimed":[\n'
  yield* pieces(entries(rows(), undefined), ',\n', '\n')
  yield '],"unclaimedVesting":[\n'
  yield* pieces(entries(rows(), 'locked'), ',\n', '\n')
  yield ']}\n'
}

function* entries(rows: Iterable<ImportedRow>, kind: 'locked' | undefined): Generator<string> {
  for (const { holder, issued, class: of } of rows) {
    if (issued === 0n || (of.unlock !== undefined) !== (kind === 'locked')) continue
    const amount = `${issued}`
    if (!of.unlock) yield JSON.stringify({ holder, amount })
    else {
      const { startMs, spanMs } = of.unlock
      yield JSON.stringify({ holder, amount, startMs: startMs?.toString() ?? null, spanMs: `${spanMs}` })
    }
  }
}

/** Lines put together, so that a million of them are a thousand writes. */
function* pieces(lines: Iterable<string>, between: string, end: string): Generator<string> {
  let piece: string[] = []
  let first = true
  for (const line of lines) {
    piece.push(line)
    if (piece.length < LINES_A_PIECE) continue
    yield `${first ? '' : between}${piece.join(between)}`
    first = false
    piece = []
  }
  const rest = piece.length > 0 ? `${first ? '' : between}${piece.join(between)}` : ''
  yield first && rest === '' ? '' : `${rest}${end}`
}

function reportLines(report: ImportReport): readonly string[] {
  const { ratio, decimals, preset, total, classes, differences, warnings } = report
  const show = shownBy(report)
  const line = (one: Totals & Partial<Pick<ClassReport, 'name' | 'share' | 'unlock'>>) => [
    one.name ?? 'total',
    one.share ? showShare(one.share) : '',
    one.unlock ? showUnlock(one.unlock) : '',
    String(one.rows),
    String(one.imported),
    show.old(one.input),
    show.old(one.notMoved),
    show.issued(one.issued),
    show.issued(one.locked),
    show.remainder(one.remainder),
  ]
  const head = ['class', 'share', 'unlock', 'rows', 'imported', 'old tokens', 'not moved', 'new tokens']
  return [
    `ERC-20 import: ${ratio.old} old for ${ratio.new} new, ${decimals.from} to ${decimals.to} decimals${preset === undefined ? '' : `, preset ${preset}`}`,
    '',
    ...aligned([[...head, 'of them locked', 'remainder'], ...classes.map(line), line(total)]),
    '',
    'Conservation, exact: old tokens = new tokens at the ratio + not moved + remainder',
    `  ${show.old(total.input)} = ${show.issued(total.issued)} × ${ratio.old}/${ratio.new} + ${show.old(total.notMoved)} + ${show.remainder(total.remainder)}`,
    '',
    `Rows that move less than one new unit and get no entry: ${total.dustRows}, with ${show.old(total.dust)} old tokens, part of the remainder.`,
    'What is not moved and what remains is not issued.',
    ...(preset === undefined || differences.length > 0
      ? []
      : ['', `The holders are as the preset ${preset} says.`]),
    ...(differences.length > 0 ? ['', `Differences from the preset ${preset}`] : []),
    ...differences.map((one) => `  ${showDifference(one, show.old)}`),
    ...(warnings.length > 0 ? ['', 'Warnings'] : []),
    ...warnings.flatMap(({ code, count, holders }) => [
      `  ${code} (${count}): ${WARNINGS[code]}`,
      ...holders.slice(0, HOLDERS_SHOWN_MAX).map((holder) => `    0x${holder}`),
      ...(count > HOLDERS_SHOWN_MAX ? [`    … and ${count - HOLDERS_SHOWN_MAX} more`] : []),
    ]),
  ]
}

/** The report for programs: amounts in the smallest units, as decimal strings. */
export function reportJson({
  ratio,
  decimals,
  price,
  preset,
  total,
  classes,
  differences,
  warnings,
}: ImportReport) {
  return {
    ratio: `${ratio.old}:${ratio.new}`,
    decimals,
    price: { old: `${price.old}`, new: `${price.new}` },
    preset: preset ?? null,
    ...jsonTotals(total),
    classes: classes.map(({ name, share, unlock, ...sums }) => ({
      name,
      share: showShare(share),
      unlock: unlock ? { startMs: unlock.startMs?.toString() ?? null, spanMs: `${unlock.spanMs}` } : null,
      ...jsonTotals(sums),
    })),
    differences: differences.map(({ what, class: of, want, got }) => ({
      what,
      class: of ?? null,
      want: `${want}`,
      got: `${got}`,
    })),
    warnings,
  }
}

function jsonTotals({ rows, imported, dustRows, ...sums }: Totals) {
  return {
    rows,
    imported,
    input: `${sums.input}`,
    notMoved: `${sums.notMoved}`,
    issued: `${sums.issued}`,
    locked: `${sums.locked}`,
    remainder: `${sums.remainder}`,
    dustRows,
    dust: `${sums.dust}`,
  }
}

/** Units as tokens. A remainder can be a fraction of the smallest unit, which is added as such: `0.01 + 1/3 unit`. */
function shownBy({ decimals, price }: ImportReport) {
  const old = (units: bigint) => formatAmount(units, { decimals: decimals.from })
  const remainder = (parts: bigint) => {
    const fraction = parts % price.new
    return `${old(parts / price.new)}${fraction === 0n ? '' : ` + ${fraction}/${price.new} unit`}`
  }
  return { old, remainder, issued: (units: bigint) => formatAmount(units, { decimals: decimals.to }) }
}

function showShare({ numerator, denominator }: Share): string {
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`
}

function showUnlock({ startMs, spanMs }: Unlock): string {
  const [count, unit] = spanMs % YEAR_MS === 0n ? [spanMs / YEAR_MS, 'year'] : [spanMs / DAY_MS, 'day']
  const from = startMs === undefined ? '' : ` from ${new Date(Number(startMs)).toISOString().slice(0, 19)}Z`
  return `${count} ${unit}${count === 1n ? '' : 's'}${from}`
}

function showDifference({ what, class: of, want, got }: Difference, old: (units: bigint) => string): string {
  if (what === 'supply') return `all classes hold ${old(got)} old tokens, not ${old(want)}`
  return what === 'amount'
    ? `${of} holds ${old(got)} old tokens, not ${old(want)}`
    : `${of} has ${got} ${got === 1n ? 'row' : 'rows'}, not ${want}`
}

/** Columns: names to the left, numbers to the right. */
function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((cells) => (cells[at] ?? '').length)))
  const names = 3
  return table.map((cells) =>
    cells
      .map((cell, at) => (at < names ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
