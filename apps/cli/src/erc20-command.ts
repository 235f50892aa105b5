import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type CommonOptions, common } from './context.ts'
import { FILE_BYTES_MAX } from './erc20-holders.ts'
import { importErc20Fail } from './erc20-refusals.ts'
import { writeNew } from './files.ts'
import {
  importErc20,
  parseAllocation,
  parseRatio,
  reportJson,
  writeImport,
  writeImportRows,
} from './import-erc20.ts'
import { say } from './language.ts'
import { print, progress } from './output.ts'
import { cliFail } from './refusals.ts'

/** `mmt genesis import-erc20`. */
export function addImportErc20(genesis: Command): void {
  common(
    genesis.command('import-erc20').argument('<holders.csv>').description(say('erc20.about')),
    'mmt genesis import-erc20 holders.csv --allocation allocation.json --out unclaimed.json',
  )
    .option('--allocation <file>', say('erc20.allocation'))
    .option('--ratio <old:new>', say('erc20.ratio'))
    .option('--decimals-from <n>', say('erc20.decimalsFrom'), '18')
    .option('--decimals-to <n>', say('erc20.decimalsTo'), '8')
    .option('--out <file>', say('erc20.out'), 'unclaimed.json')
    .option('--report <file>', say('erc20.report'))
    .option('--rows <file>', say('erc20.rows'))
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
  const shown = progress(options, { label: say('erc20.reading'), total: size })
  const csv = createReadStream(file)
  const result = await given(file, () =>
    importErc20({ csv, ratio, decimals, allocation, onBytes: (bytes) => shown.at(bytes) }).finally(() =>
      shown.end(),
    ),
  )
  const written = writeImport(result)
  await writeNew(options.out, written.document)
  if (options.report !== undefined) await writeNew(options.report, written.report)
  if (options.rows !== undefined) await writeNew(options.rows, writeImportRows(result))
  print(options, { file: options.out, ...reportJson(result.report) }, [
    written.report.trimEnd(),
    '',
    say('erc20.done', { file: options.out }),
  ])
}

/** Runs what reads a file that the user has named. Throws `cli/BAD_ARGUMENT` when it cannot be read. */
function given<T>(file: string, read: () => T): T {
  const refuse = (error: unknown): never => {
    const { code, syscall } = error as { code?: string; syscall?: string }
    if (syscall === undefined) throw error
    throw cliFail.BAD_ARGUMENT({
      name: say('name.file'),
      value: file,
      want: say('want.readable', { why: String(code) }),
    })
  }
  try {
    const value = read()
    return value instanceof Promise ? (value.catch(refuse) as T) : value
  } catch (error) {
    return refuse(error)
  }
}

function count(name: string, text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.decimals') })
  return Number(text)
}
