// An import on paper: the genesis document, a table for people, and the rows for an auditor. The same import gives the
// same bytes: no dates, no names of files, one order.
import { formatAmount, utf8 } from '@mmtchain/primitives'
import type { Share } from './erc20-allocation.ts'
import type { ClassReport, ImportReport, ImportResult, WarningCode } from './import-erc20.ts'

const WARNINGS: Readonly<Record<WarningCode, string>> = {
  LISTED_WITHOUT_ROW: 'addresses of the allocation file without a row in the CSV',
  PENDING_BALANCE: 'balances that were about to change when the explorer wrote them',
  ROUNDED_BALANCE: 'balances like 1.2E+9; check that no spreadsheet has rounded them',
  ZERO_BALANCE: 'balances of zero',
}

const HOLDERS_SHOWN_MAX = 5

/** The bytes of the genesis document `{"unclaimed":[…]}`, a row a line, and a report for people. */
export function writeImport({ unclaimed, report }: ImportResult): {
  readonly document: Uint8Array
  readonly report: string
} {
  const rows = unclaimed.map((row) => JSON.stringify({ holder: row.holder, amount: row.amount }))
  return {
    document: utf8(`{"unclaimed":[\n${rows.join(',\n')}\n]}\n`),
    report: `${reportLines(report).join('\n')}\n`,
  }
}

/** A CSV of every row of the file with what became of it, to the last unit. */
export function writeImportRows({ report }: ImportResult): string {
  const show = shownBy(report)
  const lines = report.rows.map((row) =>
    [
      `0x${row.holder}`,
      row.class,
      ...[
        show.old(row.input),
        show.old(row.notMoved),
        show.issued(row.issued),
        show.remainder(row.remainder),
      ],
    ].join(','),
  )
  return `${['address,class,old,notMoved,new,remainder', ...lines].join('\n')}\n`
}

function reportLines(report: ImportReport): readonly string[] {
  const { ratio, decimals, total, classes, warnings } = report
  const show = shownBy(report)
  const line = (one: ClassReport | (typeof total & { name: string; share?: undefined })) => [
    one.name,
    one.share ? showShare(one.share) : '',
    String(one.rows),
    String(one.imported),
    show.old(one.input),
    show.old(one.notMoved),
    show.issued(one.issued),
    show.remainder(one.remainder),
  ]
  const head = ['class', 'share', 'rows', 'imported', 'old tokens', 'not moved', 'new tokens', 'remainder']
  return [
    `ERC-20 import: ${ratio.old} old for ${ratio.new} new, ${decimals.from} to ${decimals.to} decimals`,
    '',
    ...aligned([head, ...classes.map(line), line({ name: 'total', ...total })]),
    '',
    'Conservation, exact: old tokens = new tokens at the ratio + not moved + remainder',
    `  ${show.old(total.input)} = ${show.issued(total.issued)} × ${ratio.old}/${ratio.new} + ${show.old(total.notMoved)} + ${show.remainder(total.remainder)}`,
    '',
    `Rows that move less than one new unit and get no entry: ${total.dustRows}, with ${show.old(total.dust)} old tokens, part of the remainder.`,
    'What is not moved and what remains is not issued.',
    ...(warnings.length > 0 ? ['', 'Warnings'] : []),
    ...warnings.flatMap(({ code, count, holders }) => [
      `  ${code} (${count}): ${WARNINGS[code]}`,
      ...holders.slice(0, HOLDERS_SHOWN_MAX).map((holder) => `    0x${holder}`),
      ...(count > HOLDERS_SHOWN_MAX ? [`    … and ${count - HOLDERS_SHOWN_MAX} more`] : []),
    ]),
  ]
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

/** Columns: names to the left, numbers to the right. */
function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((cells) => (cells[at] ?? '').length)))
  return table.map((cells) =>
    cells
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
