// The rows of a CSV file of token holders, as explorers export it.
import { isUtf8 } from 'node:buffer'
import { keccak256 } from '@mmtchain/crypto'
import { toHex, utf8 } from '@mmtchain/primitives'
import { CsvError, parse } from 'csv-parse/sync'
import { type BadRow, importErc20Fail } from './erc20-refusals.ts'

/** One row of the CSV. `holder` is 40 lower-case hex digits, `units` counts the old token's smallest unit. */
export interface HolderRow {
  readonly holder: string
  readonly units: bigint
  /** The balance was a large number in scientific notation, which spreadsheets write when they have rounded. */
  readonly rounded: boolean
  /** The explorer said that the balance was about to change. */
  readonly pending: boolean
}

const ROWS_MAX = 1_000_000
const FILE_BYTES_MAX = 200_000_000
const RECORD_BYTES_MAX = 10_000
const BALANCE_CHARACTERS_MAX = 100
const BAD_ROWS_SHOWN_MAX = 100
const UINT256_MAX = (1n << 256n) - 1n
const BOM = [0xef, 0xbb, 0xbf]
const CR = 13
const LF = 10

/** All bytes of a CSV however it comes. Throws `cli/ERC20_FILE_TOO_LARGE`. */
export async function gatherBytes(
  csv: string | Uint8Array | AsyncIterable<Uint8Array | string>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const add = (chunk: Uint8Array | string) => {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > FILE_BYTES_MAX) throw importErc20Fail.ERC20_FILE_TOO_LARGE({ bytesMax: FILE_BYTES_MAX })
    chunks.push(bytes)
  }
  if (typeof csv === 'string' || csv instanceof Uint8Array) add(csv)
  else for await (const chunk of csv) add(chunk)
  return Buffer.concat(chunks)
}

/**
 * The rows of an explorer's CSV, in the order of the file. Throws `cli/ERC20_NOT_UTF8`, `cli/ERC20_NO_ROWS`, and
 * `cli/ERC20_BAD_ROWS` with everything that is wrong with any row.
 */
export function readHolders(file: Uint8Array, { decimals }: { readonly decimals: number }): HolderRow[] {
  if (!isUtf8(file)) throw importErc20Fail.ERC20_NOT_UTF8({})
  const bytes = BOM.every((byte, at) => file[at] === byte) ? file.subarray(BOM.length) : file
  const rows: HolderRow[] = []
  const bad: BadRow[] = []
  let total = 0
  const report = (line: number, found: Complaint) => {
    total++
    if (bad.length < BAD_ROWS_SHOWN_MAX) bad.push({ line, ...found })
  }

  const lineOf = new Map<string, number>()
  let columns: Columns | Complaint | undefined
  let count = 0
  const readRecord = (record: readonly string[], line: number) => {
    if (count > ROWS_MAX || record.every((cell) => cell === '')) return
    if (columns === undefined) {
      columns = columnsOf(record)
      if ('code' in columns) report(line, columns)
      else if (columns.headed) return
    }
    // Without the right columns no later row can be judged.
    if ('code' in columns) return
    if (++count > ROWS_MAX) {
      return report(line, {
        code: 'TOO_MANY_ROWS',
        message: `The file has more than ${ROWS_MAX} rows; a genesis takes no more.`,
      })
    }
    const misfit = misfitOf(record, columns)
    if (misfit) return report(line, misfit)
    const address = parseEthereumAddress(record[columns.address] ?? '')
    const balance = parseBalance(record[columns.balance] ?? '', decimals)
    if ('code' in address) report(line, address)
    if ('code' in balance) report(line, balance)
    if ('code' in address) return
    const first = lineOf.get(address.holder)
    if (first === undefined) lineOf.set(address.holder, line)
    else
      report(line, {
        code: 'DUPLICATE_ADDRESS',
        message: `0x${address.holder} stands on line ${first} already.`,
      })
    if ('code' in balance) return
    const pending = columns.pending !== undefined && !/^(no|false)?$/i.test(record[columns.pending] ?? '')
    rows.push({ holder: address.holder, ...balance, pending })
  }

  eachRecord(bytes, { readRecord, report })
  if (total > 0) throw importErc20Fail.ERC20_BAD_ROWS({ rows: bad, total })
  if (rows.length === 0) throw importErc20Fail.ERC20_NO_ROWS({})
  return rows
}

type Complaint = Omit<BadRow, 'line'>

/** Calls `readRecord` with the trimmed cells of each record and the line on which it begins. */
function eachRecord(
  bytes: Uint8Array,
  to: {
    readRecord(record: readonly string[], line: number): void
    report(line: number, complaint: Complaint): void
  },
): void {
  // csv-parse counts a CR LF within quotes as two lines and names a record's last line, so lines are counted here.
  let line = 1
  let start = 0
  const goTo = (end: number) => {
    for (; start < end; start++) {
      if (bytes[start] === LF || (bytes[start] === CR && bytes[start + 1] !== LF)) line++
    }
  }
  try {
    parse(bytes, {
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      trim: true,
      max_record_size: RECORD_BYTES_MAX,
      on_record(record: string[], { bytes: end }) {
        to.readRecord(
          record.map((cell) => cell.trim()),
          line,
        )
        goTo(end)
        // Nothing is kept by the parser.
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const what =
      error.code === 'CSV_MAX_RECORD_SIZE'
        ? `The row has more than ${RECORD_BYTES_MAX} bytes, as if a quote were not closed`
        : 'A quote is not closed, or stands in the middle of a cell'
    to.report(line, { code: 'BAD_QUOTES', message: `${what}; the lines below were not read.` })
  }
}

interface Columns {
  readonly headed: boolean
  readonly count: number
  readonly address: number
  readonly balance: number
  readonly pending?: number | undefined
}

/** Where the columns are, by the first record: a header, or else the first of rows `address,balance`. */
function columnsOf(record: readonly string[]): Columns | Complaint {
  const names = record.map((cell) => cell.toLowerCase().replace(/[^a-z]/g, ''))
  const placesOf = (...wanted: string[]) => names.flatMap((name, at) => (wanted.includes(name) ? [at] : []))
  const addresses = placesOf('address', 'holderaddress')
  const balances = placesOf('balance')
  const [address, balance] = [addresses[0], balances[0]]
  if (address !== undefined && balance !== undefined && addresses.length + balances.length === 2) {
    const [pending] = placesOf('pendingbalanceupdate')
    return { headed: true, count: record.length, address, balance, pending }
  }
  if (addresses.length + balances.length === 0 && record.some((cell) => /\d/.test(cell))) {
    return { headed: false, count: 2, address: 0, balance: 1 }
  }
  return {
    code: 'MISSING_COLUMN',
    message: `The header must name one column address (or HolderAddress) and one column balance, but it is ${quoted(record.join(','))}.`,
  }
}

function misfitOf(record: readonly string[], { count }: Columns): Complaint | undefined {
  if (record.length === count) return undefined
  const found = `The row has ${record.length} ${record.length === 1 ? 'cell' : 'cells'}, not ${count}`
  return record.length < count
    ? { code: 'MISSING_COLUMN', message: `${found}; address and balance are separated by a comma.` }
    : {
        code: 'EXTRA_COLUMN',
        message: `${found}; a balance with commas must stand in quotes, and more columns need a header.`,
      }
}

/** The 40 lower-case hex digits of `0x…`; an address in mixed case must carry the checksum of EIP-55. */
export function parseEthereumAddress(text: string): { readonly holder: string } | Complaint {
  const digits = /^0[xX]([0-9a-fA-F]{40})$/.exec(text)?.[1]
  if (digits === undefined) {
    return { code: 'BAD_ADDRESS', message: `${quoted(text)} is not 0x and 40 hex digits.` }
  }
  const holder = digits.toLowerCase()
  if (digits === holder || digits === digits.toUpperCase() || digits === checksummed(holder))
    return { holder }
  return {
    code: 'BAD_CHECKSUM',
    message: `${text} fails its checksum (EIP-55): a digit is wrong, or the case of a letter was changed.`,
  }
}

/** EIP-55: a letter is upper-case where the same place of the Keccak-256 of the lower-case text has a digit above 7. */
function checksummed(holder: string): string {
  const mask = toHex(keccak256(utf8(holder)))
  return Array.from(holder, (digit, at) => ((mask[at] ?? '') > '7' ? digit.toUpperCase() : digit)).join('')
}

/** `1234.5`, `1,234.5` or `1.2E-7` in the smallest unit, without any rounding. */
function parseBalance(
  text: string,
  decimals: number,
): { readonly units: bigint; readonly rounded: boolean } | Complaint {
  const refuse = (why: string): Complaint => ({ code: 'BAD_BALANCE', message: `${quoted(text)} ${why}.` })
  if (text.startsWith('-')) return refuse('is negative')
  const match =
    text.length > BALANCE_CHARACTERS_MAX
      ? null
      : (/^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ??
        /^(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(text))
  if (!match) return refuse('is not a balance such as 1234.5, "1,234.5" or 1.2E-7')
  const [, whole = '', fraction = '', exponent] = match
  const digits = BigInt(whole.replaceAll(',', '') + fraction)
  const shift = Number(exponent ?? 0) - fraction.length + decimals
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % scale !== 0n) return refuse(`has more than ${decimals} decimals`)
  const units = shift < 0 ? digits / scale : digits * scale
  if (units > UINT256_MAX) return refuse('is more than any ERC-20 token can hold')
  return { units, rounded: Number(exponent ?? 0) > 0 }
}

/** A piece of the file in a message, short and without control characters. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
