import { readFileSync } from 'node:fs'
import { writeGenesis } from '@mmtchain/kernel'
import {
  type AnyChain,
  buildGenesis,
  type DocumentPart,
  type Home,
  loadChainFile,
  readDocumentPart,
  readKey,
} from '@mmtchain/node'
import { formatAddress, isChainError, parseAmount } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { addressOf, type CommonOptions, common, homeOf } from './context.ts'
import { importErc20, parseAllocation, parseRatio, writeImport, writeImportRows } from './import-erc20.ts'
import { writeNew } from './keys.ts'
import { print, rows } from './output.ts'
import { cliFail } from './refusals.ts'

const repeated = (one: string, all: readonly string[]) => [...all, one]

/** `mmt genesis`: documents for the beginning of a chain. */
export function addGenesis(program: Command): void {
  const genesis = program.command('genesis').description('build the beginning of a chain')

  common(
    genesis.command('build').description('put documents together into genesis.json'),
    'mmt genesis build --chain chain.ts --validator alice --balance alice=1000 --out genesis.json',
  )
    .requiredOption('--chain <file>', 'the chain file')
    .requiredOption('--validator <key>', 'a key of the home that makes blocks; may be repeated', repeated, [])
    .option('--document <module=file>', 'a genesis document, or a part of one; may be repeated', repeated, [])
    .option(
      '--balance <owner=amount>',
      'gives a key or address an amount of the token; may be repeated',
      repeated,
      [],
    )
    .option('--time <ms>', 'the time of block 0 in Unix milliseconds (now)')
    .requiredOption('--out <file>', 'the file to write')
    .action(build)

  common(
    genesis
      .command('import-erc20')
      .argument('<holders.csv>')
      .description('turn a list of ERC-20 holders into unclaimed balances, exact to the unit'),
    'mmt genesis import-erc20 holders.csv --out unclaimed.json',
  )
    .option('--allocation <file>', 'classes of holders and the share of each that moves, as JSON')
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
  const result = await importErc20({
    csv: readGiven(file),
    ratio: options.ratio === undefined ? undefined : parseRatio(options.ratio),
    decimals: {
      from: count('--decimals-from', options.decimalsFrom),
      to: count('--decimals-to', options.decimalsTo),
    },
    allocation:
      options.allocation === undefined
        ? undefined
        : parseAllocation(readGiven(options.allocation).toString('utf8')),
  })
  const written = writeImport(result)
  await writeNew(options.out, written.document)
  if (options.report !== undefined) await writeNew(options.report, written.report)
  if (options.rows !== undefined) await writeNew(options.rows, writeImportRows(result))
  const { total } = result.report
  const json = {
    file: options.out,
    rows: total.rows,
    imported: total.imported,
    input: `${total.input}`,
    issued: `${total.issued}`,
    remainder: `${total.remainder}`,
  }
  print(options, json, [
    written.report.trimEnd(),
    '',
    `${options.out} is written; give it to mmt genesis build or mmt dev as --document token=${options.out}`,
  ])
}

function readGiven(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw cliFail.BAD_ARGUMENT({
      name: 'the file',
      value: file,
      want: `readable (${(error as { code?: string }).code ?? error})`,
    })
  }
}

function count(name: string, text: string): number {
  if (!/^\d{1,2}$/.test(text))
    throw cliFail.BAD_ARGUMENT({ name, value: text, want: 'a number from 0 to 99' })
  return Number(text)
}

interface BuildOptions extends CommonOptions {
  readonly chain: string
  readonly validator: readonly string[]
  readonly document: readonly string[]
  readonly balance: readonly string[]
  readonly time?: string
  readonly out: string
}

async function build(options: BuildOptions): Promise<void> {
  const home = homeOf(options)
  if (options.time !== undefined && !/^\d{1,15}$/.test(options.time)) {
    throw cliFail.BAD_ARGUMENT({ name: '--time', value: options.time, want: 'Unix milliseconds' })
  }
  const { chain } = await loadChainFile(options.chain)
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(options.time ?? Date.now()),
    validators: options.validator.map((name) => readKey(home.keys, name)),
    parts: [
      ...options.document.map(readDocumentPart),
      ...options.balance.map((text) => balancePart(chain, home, text)),
    ],
  })
  await writeNew(options.out, `${JSON.stringify(writeGenesis(genesis), null, 2)}\n`)
  print(options, { file: options.out, fingerprint: genesis.fingerprint }, [
    `${options.out} is written.`,
    ...rows([
      ['chain', chain.id],
      ['fingerprint', genesis.fingerprint],
    ]),
  ])
}

function balancePart(chain: AnyChain, home: Home, text: string): DocumentPart {
  const [, owner = '', value = ''] = /^([^=]*)=(.*)$/.exec(text) ?? []
  const token = chain.modules.find(({ spec }) => spec.name === 'token')?.spec.params?.value
  const { decimals = 0 } = Object(token) as { decimals?: number }
  try {
    const address = formatAddress(addressOf(owner, home, chain.addressPrefix), {
      prefix: chain.addressPrefix,
    })
    return {
      module: 'token',
      document: { balances: [{ owner: address, amount: parseAmount(value, { decimals }).toString() }] },
    }
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_ARGUMENT({ name: '--balance', value: text, want: `OWNER=AMOUNT (${error.message})` })
  }
}
