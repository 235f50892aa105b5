// The rows of a CSV file of token holders, as explorers export it, read piece by piece.
import { finished } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import {
  type Columns,
  type Complaint,
  columnsOf,
  misfitOf,
  parseBalance,
  parseEthereumAddress,
} from './erc20-cells.ts'
import { type BadRow, importErc20Fail } from './erc20-refusals.ts'

/** The rows of a CSV, in the byte order of their holders: a few flat lists, so that a million of them fit in little memory. */
export interface Holders {
  readonly count: number
  /** 40 lower-case hex digits. */
  holder(at: number): string
  /** In the old token's smallest unit. */
  units(at: number): bigint
  /** The balance was a large number in scientific notation, which spreadsheets write when they have rounded. */
  rounded(at: number): boolean
  /** The explorer said that the balance was about to change. */
  pending(at: number): boolean
}

/** A CSV file however it comes. */
export type Csv = string | Uint8Array | AsyncIterable<Uint8Array | string>

const ROWS_MAX = 1_000_000
export const FILE_BYTES_MAX = 200_000_000
const RECORD_BYTES_MAX = 10_000
const BAD_ROWS_LISTED_MAX = 10_000
const CHUNK_BYTES = 65_536
const HOLDER_BYTES = 20
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf)
const CR = 13
const LF = 10
const ROUNDED = 1
const PENDING = 2

/**
 * Reads an explorer's CSV piece by piece. Throws `cli/ERC20_NOT_UTF8`, `cli/ERC20_FILE_TOO_LARGE`, `cli/ERC20_NO_ROWS`, and
 * `cli/ERC20_BAD_ROWS` with everything that is wrong with any row.
 */
export async function readHolders(
  csv: Csv,
  {
    decimals,
    onBytes,
  }: { readonly decimals: number; readonly onBytes?: ((count: number) => void) | undefined },
): Promise<Holders> {
  const bad = newBadRows()
  const rows = newRows()
  let columns: Columns | Complaint | undefined
  let count = 0
  const readRecord = (record: readonly string[], line: number) => {
    if (count > ROWS_MAX || record.every((cell) => cell === '')) return
    if (columns === undefined) {
      columns = columnsOf(record)
      if ('code' in columns) bad.report(line, columns)
      else if (columns.headed) return
    }
    // Without the right columns no later row can be judged.
    if ('code' in columns) return
    if (++count > ROWS_MAX) {
      const message = `The file has more than ${ROWS_MAX} rows; a genesis takes no more.`
      return bad.report(line, { code: 'TOO_MANY_ROWS', message })
    }
    const misfit = misfitOf(record, columns)
    if (misfit) return bad.report(line, misfit)
    const address = parseEthereumAddress(record[columns.address] ?? '')
    const balance = parseBalance(record[columns.balance] ?? '', decimals)
    if ('code' in address) bad.report(line, address)
    if ('code' in balance) bad.report(line, balance)
    if ('code' in address) return
    const { units, rounded } = 'code' in balance ? { units: 0n, rounded: false } : balance
    const pending = columns.pending !== undefined && !/^(no|false)?$/i.test(record[columns.pending] ?? '')
    const flags = (rounded ? ROUNDED : 0) | (pending ? PENDING : 0)
    rows.add({ holder: address.holder, units, flags, line })
  }

  await eachRecord(csv, { readRecord, report: bad.report, onBytes })
  const sorted = rows.sorted((line, first, holder) =>
    bad.report(line, {
      code: 'DUPLICATE_ADDRESS',
      message: `0x${holder} stands on line ${first} already.`,
    }),
  )
  bad.throwAny()
  if (sorted.count === 0) throw importErc20Fail.ERC20_NO_ROWS({})
  return sorted
}

function newBadRows() {
  const rows: BadRow[] = []
  let total = 0
  return {
    report(line: number, found: Complaint): void {
      total++
      if (rows.length < 2 * BAD_ROWS_LISTED_MAX) rows.push({ line, ...found })
    },
    throwAny(): void {
      if (total === 0) return
      rows.sort((a, b) => a.line - b.line)
      throw importErc20Fail.ERC20_BAD_ROWS({ rows: rows.slice(0, BAD_ROWS_LISTED_MAX), total })
    },
  }
}

function newRows() {
  let holders = Buffer.alloc(HOLDER_BYTES * 1024)
  const units: bigint[] = []
  const flags: number[] = []
  const lines: number[] = []
  return {
    add(row: {
      readonly holder: string
      readonly units: bigint
      readonly flags: number
      readonly line: number
    }): void {
      const at = units.length * HOLDER_BYTES
      if (at === holders.length) holders = Buffer.concat([holders, Buffer.alloc(at)])
      holders.write(row.holder, at, 'hex')
      units.push(row.units)
      flags.push(row.flags)
      lines.push(row.line)
    },
    /** The rows in order; a holder that is there again is told with its line and the first one. */
    sorted(onDuplicate: (line: number, first: number, holder: string) => void): Holders {
      const words = new DataView(holders.buffer, holders.byteOffset, holders.length)
      const order = Uint32Array.from(units.keys()).sort((a, b) => compareHolders(words, a, b) || a - b)
      const holder = (at: number) => {
        const start = (order[at] as number) * HOLDER_BYTES
        return holders.toString('hex', start, start + HOLDER_BYTES)
      }
      const lineOf = (at: number) => lines[order[at] as number] as number
      for (let at = 1, first = 0; at < order.length; at++) {
        if (compareHolders(words, order[first] as number, order[at] as number) !== 0) first = at
        else onDuplicate(lineOf(at), lineOf(first), holder(at))
      }
      const hasFlag = (at: number, flag: number) => ((flags[order[at] as number] as number) & flag) !== 0
      return {
        count: order.length,
        holder,
        units: (at) => units[order[at] as number] as bigint,
        rounded: (at) => hasFlag(at, ROUNDED),
        pending: (at) => hasFlag(at, PENDING),
      }
    },
  }
}

/** By bytes, four at a time. */
function compareHolders(words: DataView, a: number, b: number): number {
  for (let at = 0; at < HOLDER_BYTES; at += 4) {
    const difference = words.getUint32(a * HOLDER_BYTES + at) - words.getUint32(b * HOLDER_BYTES + at)
    if (difference !== 0) return difference
  }
  return 0
}

/** Calls `readRecord` with the trimmed cells of each record and the line on which it begins. */
async function eachRecord(
  csv: Csv,
  to: {
    readRecord(record: readonly string[], line: number): void
    report(line: number, complaint: Complaint): void
    readonly onBytes?: ((count: number) => void) | undefined
  },
): Promise<void> {
  // csv-parse counts a CR LF within quotes as two lines and names a record's last line, so lines are counted here. The window
  // holds what was given to the parser from the record on that is not complete yet; it begins at offset `start`.
  let window: Uint8Array = new Uint8Array()
  let start = 0
  let line = 1
  const parser = parse({
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    trim: true,
    max_record_size: RECORD_BYTES_MAX,
    on_record(record: string[], { bytes: end }) {
      to.readRecord(
        record.map((cell) => cell.trim()),
        line,
      )
      const length = end - start
      for (let at = 0; at < length; at++) {
        if (window[at] === LF || (window[at] === CR && window[at + 1] !== LF)) line++
      }
      window = window.subarray(length)
      start = end
      // Nothing is kept by the parser.
      return null
    },
  })
  // Whoever writes or waits is told as well; without a listener an error would end the process.
  parser.on('error', () => undefined)
  try {
    let given = 0
    for await (const chunk of checkedChunks(csv)) {
      window = Buffer.concat([window, chunk])
      given += chunk.length
      await new Promise<void>((resolve, reject) => {
        parser.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
      to.onBytes?.(given)
    }
    parser.end()
    await finished(parser.resume())
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const what =
      error.code === 'CSV_MAX_RECORD_SIZE'
        ? `The row has more than ${RECORD_BYTES_MAX} bytes, as if a quote were not closed`
        : 'A quote is not closed, or stands in the middle of a cell'
    to.report(line, { code: 'BAD_QUOTES', message: `${what}; the lines below were not read.` })
  }
}

/** The bytes of a CSV without a byte order mark. Throws `cli/ERC20_FILE_TOO_LARGE` and `cli/ERC20_NOT_UTF8`. */
async function* checkedChunks(csv: Csv): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let head: Uint8Array | undefined = new Uint8Array()
  for await (const chunk of chunksOf(csv)) {
    decoded(chunk, { stream: true })
    if (!head) yield chunk
    else {
      head = Buffer.concat([head, chunk])
      if (head.length < BOM.length) continue
      yield withoutMark(head)
      head = undefined
    }
  }
  decoded(new Uint8Array(), {})
  if (head) yield withoutMark(head)

  function decoded(bytes: Uint8Array, options: TextDecodeOptions): void {
    try {
      decoder.decode(bytes, options)
    } catch {
      throw importErc20Fail.ERC20_NOT_UTF8({})
    }
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return BOM.every((byte, at) => bytes[at] === byte) ? bytes.subarray(BOM.length) : bytes
}

async function* chunksOf(csv: Csv): AsyncGenerator<Uint8Array> {
  const whole = typeof csv === 'string' || csv instanceof Uint8Array
  let length = 0
  for await (const piece of whole ? [csv] : csv) {
    const bytes = Buffer.from(piece)
    length += bytes.length
    if (length > FILE_BYTES_MAX) throw importErc20Fail.ERC20_FILE_TOO_LARGE({ bytesMax: FILE_BYTES_MAX })
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
  }
}
