import { type DescribedChain, quoteCalls, type SendOptions, sendCalls } from '@mmtchain/client'
import type { Json } from '@mmtchain/codec'
import { type Amount, ChainError, type Hash, isChainError, parseAmount } from '@mmtchain/primitives'
import { Command } from 'commander'
import { type CommonOptions, describe, homeOf, remote, signerOf, transportOf, watcherOf } from './context.ts'
import { addFields, readFields, showAmount, showValue, type Unit, unitOf } from './fields.ts'
import { print, rows } from './output.ts'
import { cliFail } from './refusals.ts'

/** `mmt tx` and `mmt query`: made from the chain's own metadata, so partners' modules are there, too. */
export function addTx(program: Command): void {
  dynamic(program, {
    name: 'tx',
    description: 'send a command of any module as a transaction',
    example: 'mmt tx token transfer --to ben --amount 12.5 --from ann',
    list: (chain) =>
      chain.metadata.modules.flatMap(({ name, commands }) => commands.map((one) => `${name} ${one.name}`)),
    prepare(command, chain, [module, name]) {
      addFields(command, chain.command(module, name).input)
      command
        .requiredOption('--from <key>', 'the key that signs')
        .option('--fee-max <amount>', 'the highest fee to pay, in whole tokens')
        .option('--dry-run', 'show fee and outcome, and send nothing')
        .option('--wait <state>', 'submitted, included or finalised', 'finalised')
    },
    run: sendTransaction,
  })
  dynamic(program, {
    name: 'query',
    description: 'ask a query of any module',
    example: 'mmt query token balance --owner ann',
    list: (chain) =>
      chain.metadata.modules.flatMap(({ name, queries }) => queries.map((one) => `${name} ${one.name}`)),
    prepare: (command, chain, [module, name]) => addFields(command, chain.query(module, name).input),
    async run(chain, [module, name], options) {
      const { input, output } = chain.query(module, name)
      const unit = unitOf(chain)
      const fields = readFields(input, options, {
        home: homeOf(options),
        prefix: chain.metadata.addressPrefix,
        unit,
      })
      const answer = await chain.read(module, name, fields)
      print(options, answer, [showValue(output, answer, unit)])
    },
  })
}

type Given = CommonOptions & Readonly<Record<string, unknown>>
type Names = readonly [module: string, name: string]

interface Dynamic {
  readonly name: string
  readonly description: string
  readonly example: string
  list(chain: DescribedChain): readonly string[]
  prepare(command: Command, chain: DescribedChain, names: Names): void
  run(chain: DescribedChain, names: Names, options: Given): Promise<void>
}

/** A command whose flags are known only after the node has described its chain: it is parsed twice. */
function dynamic(program: Command, { name, description, example, list, prepare, run }: Dynamic): void {
  remote(program.command(name).description(description), example)
    .argument('[module]')
    .argument('[name]')
    .argument('[fields...]')
    .passThroughOptions()
    .allowUnknownOption()
    .action(
      async (_module: unknown, _name: unknown, _fields: unknown, outer: CommonOptions, self: Command) => {
        const [module, verb, ...rest] = self.args
        const asksHelp = self.args.some((word) => word === '--help' || word === '-h')
        const asked = describe({ ...outer, ...nodeFlags(self.args) })
        // Help needs no node; with one, it knows the chain's names.
        const chain = asksHelp ? await asked.catch(() => undefined) : await asked
        if (!chain) return self.outputHelp()
        if (!isName(module) || !isName(verb)) {
          const all = list(chain).filter((one) => !isName(module) || one.startsWith(`${module} `))
          if (asksHelp) self.outputHelp()
          return print(outer, all, [
            `${asksHelp ? '\n' : ''}${chain.metadata.chainId} has:`,
            ...all.map((one) => `  mmt ${name} ${one}`),
          ])
        }
        const command = remote(new Command(`mmt ${name} ${module} ${verb}`), example)
          .copyInheritedSettings(program)
          .exitOverride()
        prepare(command, chain, [module, verb])
        command.parse(rest, { from: 'user' })
        await run(chain, [module, verb], { ...outer, ...command.opts() })
      },
    )
}

function isName(word: string | undefined): word is string {
  return word !== undefined && !word.startsWith('-')
}

/** The flags that say which node to ask, which must be known before the others can be read. */
function nodeFlags(words: readonly string[]): CommonOptions {
  const after = (flag: string) => {
    const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`))
    const word = words[at]
    return word === flag ? words[at + 1] : word?.slice(flag.length + 1)
  }
  const [home, rpc] = [after('--home'), after('--rpc')]
  return { ...(home !== undefined && { home }), ...(rpc !== undefined && { rpc }) }
}

async function sendTransaction(chain: DescribedChain, [module, name]: Names, options: Given): Promise<void> {
  const home = homeOf(options)
  const unit = unitOf(chain)
  const prefix = chain.metadata.addressPrefix
  const input = readFields(chain.command(module, name).input, options, { home, prefix, unit })
  const wait = String(options.wait) as NonNullable<SendOptions['wait']>
  if (!['submitted', 'included', 'finalised'].includes(wait)) {
    throw cliFail.BAD_ARGUMENT({ name: '--wait', value: wait, want: 'submitted, included or finalised' })
  }
  const calls = [chain.call(module, name, input)]
  const feeMax = typeof options.feeMax === 'string' ? feeMaxOf(options.feeMax, unit) : undefined
  const from = String(options.from)
  const signer = options.dryRun ? watcherOf(home, from) : await signerOf(home, from)
  const send: SendOptions = { signer, wait, ...(feeMax !== undefined && { feeMax }) }
  const args = { fingerprint: chain.metadata.fingerprint as Hash, calls, options: send }
  if (options.dryRun) {
    const { body, refusal } = await quoteCalls(transportOf(options), args).catch((error) =>
      inTokens(error, unit),
    )
    const fee = showAmount(body.fee, unit)
    const outcome = refusal ? `refused: ${refusal.code} ${refusal.message}` : 'would be done'
    print(
      options,
      { fee: body.fee.toString(), weight: body.weightMax.toString(), refusal },
      rows([
        ['fee', fee],
        ['outcome', outcome],
      ]),
    )
    return
  }
  const sent = await sendCalls(transportOf(options), args).catch((error) => inTokens(error, unit))
  const done = sent.final
    ? `final at height ${sent.height}`
    : sent.height
      ? `in block ${sent.height}`
      : 'submitted'
  print(
    options,
    {
      id: sent.id,
      fee: sent.fee.toString(),
      height: sent.height?.toString() ?? null,
      final: sent.final,
      events: sent.events,
    },
    [
      done,
      ...rows([
        ['id', sent.id],
        ['fee', showAmount(sent.fee, unit)],
        ...sent.events.map((event) => eventRow(chain, event, unit)),
      ]),
    ],
  )
}

function feeMaxOf(text: string, { decimals }: Unit): Amount {
  try {
    return parseAmount(text, { decimals })
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_FIELD({ flag: 'fee-max', value: text, why: `${error.message} ${error.hint}` })
  }
}

/** Throws the client's refusal of a fee, which counts in the smallest unit, as people count. */
function inTokens(error: unknown, unit: Unit): never {
  if (!isChainError(error) || error.code !== 'client/FEE_TOO_HIGH') throw error
  const { code, values } = error
  const { want, max } = values as { want: bigint; max: bigint }
  throw new ChainError({
    code,
    message: `The transaction costs ${showAmount(want, unit)}, over the maximum of ${showAmount(max, unit)}.`,
    hint: 'Raise --fee-max if you agree to the price.',
    values,
  })
}

function eventRow(
  chain: DescribedChain,
  event: { readonly module: string; readonly name: string; readonly data: Json },
  unit: Unit,
): readonly [string, string] {
  const schema = chain.module(event.module).events.find(({ name }) => name === event.name)?.data
  const properties = Object(schema?.properties) as Record<string, { readonly 'x-bcs'?: string }>
  const fields = Object.entries(Object(event.data) as Record<string, Json>).map(
    ([name, value]) =>
      `${name} ${properties[name] ? showValue(properties[name], value, unit) : JSON.stringify(value)}`,
  )
  return ['event', `${event.module}.${event.name}: ${fields.join(', ')}`]
}
