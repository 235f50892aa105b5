import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type CommonOptions, common } from './context.ts'
import { FILE_BYTES_MAX } from './erc20-holders.ts'
import { importErc20Fail } from './erc20-refusals.ts'
import {
  importErc20,
  parseAllocation,
  parseRatio,
  reportJson,
  writeImport,
  writeImportRows,
} from './import-erc20.ts'
import { writeNew } from './keys.ts'
import { print } from './output.ts'
import { cliFail } from './refusals.ts'

/** `mmt genesis import-erc20`. */
export function addImportErc20(genesis: Command): void {
  common(
    genesis
      .command('import-erc20')
      .argument('<holders.csv>')
      .description('turn a list of ERC-20 holders into unclaimed balances, exact to the unit'),
    'mmt genesis import-erc20 holders.csv --allocation allocation.json --out unclaimed.json',
  )
    .option('--allocation <file>', 'classes of holders: which share of theirs moves, and when it unlocks')
    .option('--ratio <old:new>', 'how many old tokens become how many new ones (20:1)')
    .option('--decimals-from <n>', 'decimals of the old token', '18')
    .option('--decimals-to <n>', 'decimals of the new token', '8')
    .option('--out <file>', 'the part of the token’s genesis document to write', 'unclaimed.json')
    .option('--report <file>', 'also write the report to a file')
    .option('--rows <file>', 'write what became of every row, as CSV, for an auditor')
    .action(importHolders)
}

interface ImportOptions extends CommonOptions {
  readonly allocation?: string
  readonly ratio?: string
  readonly decimalsFrom: string
  readonly decimalsTo: string
  readonly out: string
  readonly report?: string
  readonly rows?: string
}

async function importHolders(file: string, options: ImportOptions): Promise<void> {
  // Before the work: three files are written, or none.
  for (const out of [options.out, options.report, options.rows])
    if (out !== undefined && existsSync(out)) throw cliFail.NOT_EMPTY({ file: out })
  const allocation =
    options.allocation === undefined
      ? undefined
      : given(options.allocation, () => parseAllocation(readFileSync(options.allocation as string, 'utf8')))
  const ratio = options.ratio === undefined ? undefined : parseRatio(options.ratio)
  const decimals = {
    from: count('--decimals-from', options.decimalsFrom),
    to: count('--decimals-to', options.decimalsTo),
  }
  const { size } = given(file, () => statSync(file))
  if (size > FILE_BYTES_MAX) throw importErc20Fail.ERC20_FILE_TOO_LARGE({ bytesMax: FILE_BYTES_MAX })
  const progress = progressOn(process.stderr, size)
  const csv = createReadStream(file)
  const result = await given(file, () =>
    importErc20({ csv, ratio, decimals, allocation, onBytes: progress.show }).finally(progress.clear),
  )
  const written = writeImport(result)
  await writeNew(options.out, written.document)
  if (options.report !== undefined) await writeNew(options.report, written.report)
  if (options.rows !== undefined) await writeNew(options.rows, writeImportRows(result))
  print(options, { file: options.out, ...reportJson(result.report) }, [
    written.report.trimEnd(),
    '',
    `${options.out} is written; give it to mmt genesis build or mmt dev as --document token=${options.out}`,
  ])
}

/** A line on a terminal that counts up; nothing anywhere else. */
function progressOn(stream: NodeJS.WriteStream, size: number) {
  let shown = -1
  return {
    show(bytes: number): void {
      const percent = Math.floor((bytes * 100) / Math.max(size, 1))
      if (!stream.isTTY || percent === shown) return
      shown = percent
      stream.write(`\r\u001b[KReading the holders: ${percent} %`)
    },
    clear(): void {
      if (shown >= 0) stream.write('\r\u001b[K')
    },
  }
}

/** Runs what reads a file that the user has named. Throws `cli/BAD_ARGUMENT` when it cannot be read. */
function given<T>(file: string, read: () => T): T {
  const refuse = (error: unknown): never => {
    const { code, syscall } = error as { code?: string; syscall?: string }
    if (syscall === undefined) throw error
    throw cliFail.BAD_ARGUMENT({ name: 'the file', value: file, want: `readable (${code})` })
  }
  try {
    const value = read()
    return value instanceof Promise ? (value.catch(refuse) as T) : value
  } catch (error) {
    return refuse(error)
  }
}

function count(name: string, text: string): number {
  if (!/^\d{1,2}$/.test(text))
    throw cliFail.BAD_ARGUMENT({ name, value: text, want: 'a number from 0 to 99' })
  return Number(text)
}
