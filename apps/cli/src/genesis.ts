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
import { addressOf, type CommonOptions, common, homeOf, withExample } from './context.ts'
import { addImportErc20 } from './erc20-command.ts'
import { writeNew } from './files.ts'
import { explain, say } from './language.ts'
import { look, print, rows } from './output.ts'
import { cliFail } from './refusals.ts'

const repeated = (one: string, all: readonly string[]) => [...all, one]

/** `mmt genesis`: documents for the beginning of a chain. */
export function addGenesis(program: Command): void {
  const genesis = withExample(
    program.command('genesis').description(say('genesis.about')),
    'mmt genesis build --chain chain.ts --validator alice --balance alice=1000 --out genesis.json',
  )

  common(
    genesis.command('build').description(say('genesis.build.about')),
    'mmt genesis build --chain chain.ts --validator alice --balance alice=1000 --out genesis.json',
  )
    .requiredOption('--chain <file>', say('option.chain'))
    .requiredOption('--validator <key>', say('genesis.validator'), repeated, [])
    .option('--document <module=file>', say('genesis.document'), repeated, [])
    .option('--balance <owner=amount>', say('genesis.balance'), repeated, [])
    .option('--time <ms>', say('genesis.time'))
    .requiredOption('--out <file>', say('option.out'))
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
    throw cliFail.BAD_ARGUMENT({ name: '--time', value: options.time, want: say('want.unixMs') })
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
    look(say('genesis.done', { file: options.out }), 'good'),
    ...rows([
      [say('row.chain'), chain.id],
      [say('row.fingerprint'), genesis.fingerprint],
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
    throw cliFail.BAD_ARGUMENT({
      name: '--balance',
      value: text,
      want: say('want.balance', { why: explain(error).message }),
    })
  }
}
