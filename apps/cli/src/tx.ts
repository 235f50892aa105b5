import { type DescribedChain, quoteCalls, type SendOptions, sendCalls } from '@mmtchain/client'
import type { Json } from '@mmtchain/codec'
import { type Hash, parseAmount } from '@mmtchain/primitives'
import { Command } from 'commander'
import { type CommonOptions, describe, homeOf, remote, signerOf, transportOf } from './context.ts'
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
        const chain = await describe({ ...outer, ...nodeFlags(rest) })
        if (module === undefined || verb === undefined) {
          const all = list(chain)
          return print(outer, all, [
            `${chain.metadata.chainId} has:`,
            ...all.map((one) => `  mmt ${name} ${one}`),
          ])
        }
        const command = remote(new Command(`mmt ${name} ${module} ${verb}`), example).exitOverride()
        prepare(command, chain, [module, verb])
        command.parse(rest, { from: 'user' })
        await run(chain, [module, verb], { ...outer, ...command.opts() })
      },
    )
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
  const signer = await signerOf(home, String(options.from))
  const feeMax =
    typeof options.feeMax === 'string' ? parseAmount(options.feeMax, { decimals: unit.decimals }) : undefined
  const send: SendOptions = { signer, wait, ...(feeMax !== undefined && { feeMax }) }
  const args = { fingerprint: chain.metadata.fingerprint as Hash, calls, options: send }
  if (options.dryRun) {
    const { body, refusal } = await quoteCalls(transportOf(options), args)
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
  const sent = await sendCalls(transportOf(options), args)
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
