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
import { addImportErc20 } from './erc20-command.ts'
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

  addImportErc20(genesis)
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
