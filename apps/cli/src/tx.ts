import { type DescribedChain, quoteCalls, type SendOptions, sendCalls } from '@mmtchain/client'
import type { Hash } from '@mmtchain/primitives'
import { Command, Option } from 'commander'
import { type CommonOptions, describe, homeOf, remote, signerOf, transportOf, watcherOf } from './context.ts'
import { feeMaxOf, inTokens, listedByHome } from './fee-bound.ts'
import { addFields, readFields, showAmount, showValue, unitOf } from './fields.ts'
import { explain, say } from './language.ts'
import { describeHome, isAlone, type OfflineOptions, writeOffline } from './offline.ts'
import { look, print, progress, rows } from './output.ts'
import { isProving, type ProvingChain, type ProvingOptions, provingChain } from './prove.ts'
import { printSent } from './sent.ts'
import { refuseTwice } from './usage.ts'

const WAITS = ['submitted', 'included', 'finalised'] as const

/** `mmt tx` and `mmt query`: made from the chain's own metadata, so partners' modules are there, too. */
export function addTx(program: Command): void {
  dynamic(program, {
    name: 'tx',
    description: say('tx.about'),
    example: 'mmt tx token transfer --to ben --amount 12.5 --from ann',
    list: (chain) =>
      chain.metadata.modules.flatMap(({ name, commands }) => commands.map((one) => `${name} ${one.name}`)),
    prepare(command, chain, [module, name]) {
      command
        .requiredOption('--from <key>', say('tx.from'))
        .option('--fee-max <amount>', say('tx.feeMax'))
        .option('--dry-run', say('tx.dryRun'))
        .option('--offline <file>', say('tx.offline'))
        .option('--unsigned', say('tx.unsigned'))
        .option('--nonce <number>', say('tx.nonce'))
        .option('--valid-until <height>', say('tx.validUntil'))
        .addOption(new Option('--wait <state>', say('tx.wait')).choices(WAITS).default('finalised'))
      addFields(command, chain.command(module, name).input)
    },
    run: sendTransaction,
  })
  dynamic(program, {
    name: 'query',
    description: say('query.about'),
    example: 'mmt query token balance --owner ann',
    list: (chain) =>
      chain.metadata.modules.flatMap(({ name, queries }) => queries.map((one) => `${name} ${one.name}`)),
    prepare(command, chain, [module, name]) {
      addFields(command, chain.query(module, name).input)
      command
        .option('--prove', say('query.prove'))
        .option('--chain <file>', say('query.chain'))
        .option('--fingerprint <hex>', say('query.fingerprint'))
    },
    async run(chain, [module, name], options) {
      const { input, output } = chain.query(module, name)
      const unit = unitOf(chain)
      const fields = readFields(input, options, {
        home: homeOf(options),
        prefix: chain.metadata.addressPrefix,
        unit,
      })
      if (isProving(chain)) {
        const { value, header, id } = await chain.prove(module, name, fields)
        const [height, time] = [String(header.height), new Date(Number(header.timeMs)).toISOString()]
        return print(options, { value, height, id, timeMs: String(header.timeMs) }, [
          showValue(output, value, unit),
          look(say('query.proven', { height, time }), 'good'),
        ])
      }
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
        const given = { ...outer, ...nodeFlags(self.args) }
        const asked = described(name, self.args, given)
        // Help needs no node; with one, it knows the chain's names.
        const chain = asksHelp ? await asked.catch(() => undefined) : await asked
        if (!chain) return self.outputHelp()
        if (!isName(module) || !isName(verb)) {
          const all = list(chain).filter((one) => !isName(module) || one.startsWith(`${module} `))
          if (asksHelp) self.outputHelp()
          return print(given, all, [
            ...(asksHelp ? [''] : []),
            look(say('tx.list', { chain: chain.metadata.chainId }), 'title'),
            ...all.map((one) => `  mmt ${name} ${one}`),
          ])
        }
        const title = `mmt ${name} ${module} ${verb}`
        const command: Command = remote(new Command(title), () => exampleOf(title, command))
          .copyInheritedSettings(program)
          .exitOverride()
        prepare(command, chain, [module, verb])
        refuseTwice(command)
        command.parse(rest, { from: 'user' })
        await run(chain, [module, verb], { ...outer, ...command.opts() })
      },
    )
}

/** The command with all that it cannot do without, as somebody might type it. */
function exampleOf(title: string, { options }: Command): string {
  const samples: Readonly<Record<string, string>> = {
    ...{ key: 'ann', address: 'ben', amount: '12.5', amountSum: '12.5', text: 'hello', bool: 'true' },
    ...{ bytes: '00ff', fixedBytes: '00ff', hash: '00ff', list: "'[]'", set: "'[]'", map: "'[]'" },
  }
  const words = options
    .filter(({ mandatory }) => mandatory)
    .map(({ long, flags }) => {
      const type = /<(.*)>/.exec(flags)?.[1] ?? ''
      return `${long} ${samples[type] ?? (/^u\d+$/.test(type) ? '1' : "'{…}'")}`
    })
  return [title, ...words].join(' ')
}

/** The chain as the node describes it, or as its own code does where the node is not asked or not trusted. */
function described(
  name: string,
  words: readonly string[],
  given: ProvingOptions,
): Promise<DescribedChain | ProvingChain> {
  if (name === 'query' && words.includes('--prove')) return provingChain(given)
  return isAlone(words) ? describeHome(given) : describe(given)
}

function isName(word: string | undefined): word is string {
  return word !== undefined && !word.startsWith('-')
}

/** The flags that must be known before the others can be read: which node to ask, and how to answer. */
function nodeFlags(words: readonly string[]): ProvingOptions {
  const after = (flag: string) => {
    const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`))
    const word = words[at]
    return word === flag ? words[at + 1] : word?.slice(flag.length + 1)
  }
  const [home, rpc, chain, fingerprint] = ['--home', '--rpc', '--chain', '--fingerprint'].map(after)
  return {
    ...(home !== undefined && { home }),
    ...(rpc !== undefined && { rpc }),
    ...(chain !== undefined && { chain }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(words.includes('--json') && { json: true }),
  }
}

async function sendTransaction(chain: DescribedChain, [module, name]: Names, options: Given): Promise<void> {
  const home = homeOf(options)
  const unit = unitOf(chain)
  const prefix = chain.metadata.addressPrefix
  const input = readFields(chain.command(module, name).input, options, { home, prefix, unit })
  const calls = [chain.call(module, name, input)]
  const feeMax = feeMaxOf(options.feeMax, unit)
  const from = String(options.from)
  if (typeof options.offline === 'string')
    return writeOffline(chain, {
      calls,
      from,
      feeMax,
      options: { ...options, offline: options.offline } as OfflineOptions,
    })
  const signer = options.dryRun ? watcherOf(home, from) : await signerOf(home, from)
  const wait = options.wait as NonNullable<SendOptions['wait']>
  const fingerprint = chain.metadata.fingerprint as Hash
  if (options.dryRun) {
    const { body, refusal } = await quoteCalls(transportOf(options), {
      ...{ fingerprint, calls },
      options: { signer, feeMax: feeMax ?? 'any' },
    }).catch((error) => inTokens(error, unit))
    const outcome = refusal
      ? look(say('tx.wouldBeRefused', { code: refusal.code, why: explain(refusal).message }), 'bad')
      : look(say('tx.wouldBeDone'), 'good')
    return print(
      options,
      { fee: body.fee.toString(), weight: body.weightMax.toString(), refusal },
      rows([
        [say('row.fee'), showAmount(body.fee, unit)],
        [say('row.outcome'), outcome],
      ]),
    )
  }
  const args = {
    ...{ fingerprint, calls },
    options: { signer, wait, ...(feeMax !== undefined && { feeMax }) },
    ...(await listedByHome(options, chain, calls)),
  }
  const shown = progress(options, { label: say('tx.waiting') })
  const sent = await sendCalls(transportOf(options), args)
    .catch((error) => inTokens(error, unit))
    .finally(() => shown.end())
  printSent(options, chain, sent)
}
