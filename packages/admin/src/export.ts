// The audit log for spreadsheets and log tools, read from a node page by page.
import type { Json } from '@mmtchain/codec'

/** Where queries are asked, by names and in JSON form: the untyped client (`describeChain`) is one. */
export interface Asked {
  read(module: string, query: string, input: Json): Promise<Json>
}

/** What of the log is wanted. */
export interface ExportOptions {
  /** The first line; 1 by default. */
  readonly from?: bigint
  /** Only what this account did. */
  readonly who?: string
}

const COLUMNS = ['number', 'at', 'timeMs', 'who', 'organisation', 'what', 'subject', 'right'] as const
const PAGE = 256

type Line = { readonly [column: string]: Json }

/** The audit log as JSON lines: one object a line, oldest first. */
export async function* auditAsJsonLines(
  chain: Asked,
  options: ExportOptions = {},
): AsyncGenerator<string, void> {
  for await (const line of lines(chain, options)) yield `${JSON.stringify(line)}\n`
}

/** The audit log as CSV (RFC 4180) with a row of names. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export async function* auditAsCsv(chain: Asked, options: ExportOptions = {}): AsyncGenerator<string, void> {
  yield `${COLUMNS.join(',')}\r\n`
  for await (const line of lines(chain, options))
    yield `${COLUMNS.map((column) => cellOf(line[column])).join(',')}\r\n`
}

async function* lines(chain: Asked, { from = 1n, who }: ExportOptions): AsyncGenerator<Line, void> {
  for (let next = from; ; ) {
    const range = { from: String(next), limit: PAGE }
    const page = (await (who === undefined
      ? chain.read('admin', 'audit', range)
      : chain.read('admin', 'auditOf', { who, ...range }))) as readonly Line[]
    yield* page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    next = BigInt(String(last.number)) + 1n
  }
}

/** A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is run by spreadsheets; quotes do not keep them from it. */
function cellOf(value: Json | undefined): string {
  const text = String(value ?? '')
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
