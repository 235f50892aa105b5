import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type DescribedChain, type Sent, sendCalls } from '@mmtchain/client'
import {
  codecFromSchema,
  decode,
  encode,
  fromJson,
  type Json,
  type JsonSchema,
  toJson,
} from '@mmtchain/codec'
import {
  type Artifact,
  buildContract,
  type DescribedMethod,
  inSource,
  readArtifact,
  readTemplate,
  TEMPLATES,
  templateNames,
} from '@mmtchain/contract/build'
import { sha256 } from '@mmtchain/crypto'
import { makeFolder } from '@mmtchain/node'
import {
  ChainError,
  formatAddress,
  fromHex,
  type Hash,
  isChainError,
  parseAmount,
  toHex,
  utf8,
} from '@mmtchain/primitives'
import { Command, Option } from 'commander'
import {
  addressOf,
  type CommonOptions,
  common,
  describe,
  homeOf,
  remote,
  signerOf,
  transportOf,
  withExample,
} from './context.ts'
import { COUNTER, COUNTER_TEST, manifestOf } from './contract-start.ts'
import { listedByHome } from './fee-bound.ts'
import { addFields, readFields, showValue, unitOf } from './fields.ts'
import { say } from './language.ts'
import { look, print, rows } from './output.ts'
import { cliFail } from './refusals.ts'
import { printSent } from './sent.ts'

const ARTIFACT = 'contract.json'
const GAS = '50000000'
const DEPOSIT = '100'

type Given = CommonOptions & Readonly<Record<string, unknown>>

/** `mmt contract`: an author's way from an empty folder to a contract on a chain. */
export function addContract(program: Command): void {
  const group = withExample(
    program.command('contract').description(say('contract.about')),
    'mmt contract new counter',
  )
  addNew(group)
  addBuild(group)
  addTest(group)
  addFamily(group, program)
}

function addNew(group: Command): void {
  common(group.command('new').description(say('contract.new')), 'mmt contract new counter')
    .argument('<folder>', say('contract.folder'))
    .addOption(new Option('--template <name>', say('contract.template')))
    .action(async (folder: string, options: CommonOptions & { template?: string }) => {
      const known = await templateNames()
      const { template } = options
      if (template !== undefined && !known.includes(template))
        throw cliFail.BAD_ARGUMENT({ name: '--template', value: template, want: known.join(' / ') })
      if (existsSync(folder)) throw cliFail.NOT_EMPTY({ file: folder })
      await makeFolder(resolve(folder))
      const text = template ? readFileSync(join(TEMPLATES, template, 'contract.ts'), 'utf8') : COUNTER
      const files: Record<string, string> = {
        'package.json': manifestOf(basename(resolve(folder))),
        'contract.ts': text,
        ...(template ? {} : { 'contract.test.ts': COUNTER_TEST }),
      }
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
      const form = template ? (await readTemplate(template)).about : undefined
      print(options, { folder, files: Object.keys(files) }, [
        look(say('contract.made', { folder }), 'good'),
        ...(form ? [form] : []),
        `  cd ${folder} && npm install && mmt contract build`,
      ])
    })
}

function addBuild(group: Command): void {
  common(group.command('build').description(say('contract.build')), 'mmt contract build contract.ts')
    .argument('[file]', say('contract.file'), 'contract.ts')
    .option('--out <file>', say('contract.out'), ARTIFACT)
    .action(async (file: string, options: CommonOptions & { out: string }) => {
      const artifact = await buildContract(file)
      writeFileSync(options.out, `${JSON.stringify(artifact)}\n`)
      const { methods, queries } = artifact.interface
      const names = (all: readonly DescribedMethod[]) => all.map(({ name }) => name).join(', ')
      const bytes = utf8(artifact.code).length
      print(options, { file: options.out, code: codeOf(artifact), bytes }, [
        look(say('contract.built', { file: options.out, bytes }), 'good'),
        ...rows([
          [say('contract.code'), codeOf(artifact)],
          [say('contract.methods'), names(methods)],
          [say('contract.queries'), names(queries)],
        ]),
      ])
    })
}

function addTest(group: Command): void {
  common(group.command('test').description(say('contract.test')), 'mmt contract test counter')
    .argument('[folder]', say('contract.testFolder'), '.')
    .action(async (folder: string) => {
      const child = spawn('npx', ['--no-install', 'vitest', 'run'], { cwd: folder, stdio: 'inherit' })
      const [code] = (await once(child, 'exit')) as [number | null]
      process.exitCode = code ?? 1
    })
}

const codeOf = ({ code }: Artifact): string => toHex(sha256(utf8(code)))

interface Member {
  readonly name: string
  readonly example: string
  /** How many words follow the artifact: the contract, the method. */
  readonly words: number
  readonly sends: boolean
  /** The method whose input the flags are. */
  method(artifact: Artifact, words: readonly string[]): DescribedMethod | undefined
  run(job: Job): Promise<void>
}

interface Job {
  readonly chain: DescribedChain
  readonly artifact: Artifact
  readonly words: readonly string[]
  readonly method: DescribedMethod | undefined
  readonly options: Given
}

/** The commands whose flags are known only after the built contract was read: they are parsed twice. */
function addFamily(group: Command, program: Command): void {
  const named = (all: readonly DescribedMethod[], name: string | undefined) => {
    const found = all.find((one) => one.name === name)
    if (!found)
      throw cliFail.BAD_ARGUMENT({
        name: say('contract.methods'),
        value: String(name),
        want: all.map((one) => one.name).join(' / '),
      })
    return found
  }
  const special = (name: string) => (artifact: Artifact) =>
    artifact.interface.methods.find((one) => one.name === name)
  const members: readonly Member[] = [
    {
      name: 'deploy',
      example: 'mmt contract deploy contract.json --from ann',
      words: 0,
      sends: true,
      method: special('init'),
      run: deploy,
    },
    {
      name: 'call',
      example: 'mmt contract call contract.json mmt1… add --by 3 --from ann',
      ...{ words: 2, sends: true },
      method: ({ interface: { methods } }, [, name]) => named(methods, name),
      run: call,
    },
    {
      name: 'view',
      example: 'mmt contract view contract.json mmt1… count',
      ...{ words: 2, sends: false },
      method: ({ interface: { queries } }, [, name]) => named(queries, name),
      run: view,
    },
    {
      name: 'upgrade',
      example: 'mmt contract upgrade contract.json mmt1… --from ann',
      ...{ words: 1, sends: true },
      method: special('migrate'),
      run: upgrade,
    },
  ]
  for (const member of members) addMember(group, program, member)
}

function addMember(group: Command, program: Command, member: Member): void {
  const about = { deploy: say('contract.deploy'), call: say('contract.call'), view: say('contract.view') }
  const text = about[member.name as keyof typeof about] ?? say('contract.upgrade')
  remote(group.command(member.name).description(text), member.example)
    .argument('[artifact]', say('contract.artifact'))
    .argument('[words...]')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (_artifact: unknown, _words: unknown, outer: CommonOptions, self: Command) => {
      const [file, ...rest] = self.args
      if (file === undefined || file.startsWith('-')) return self.outputHelp()
      const artifact = readArtifact(readFileSync(file, 'utf8'), file)
      const words = rest.slice(0, member.words)
      const method = member.method(artifact, words)
      const command: Command = remote(new Command(`mmt contract ${member.name}`), member.example)
        .copyInheritedSettings(program)
        .exitOverride()
      if (member.sends)
        command
          .requiredOption('--from <key>', say('tx.from'))
          .option('--gas <gas>', say('contract.gas'), GAS)
          .option('--deposit-max <amount>', say('contract.depositMax'), DEPOSIT)
      if (member.name === 'call' || member.name === 'deploy')
        command.option('--pay <amount>', say('contract.pay'), '0')
      if (member.name === 'deploy') command.option('--admin <account>', say('contract.admin'))
      if (method && isPlain(method.input)) command.requiredOption('--input <json>', say('contract.input'))
      else if (method) addFields(command, method.input)
      command.parse(rest.slice(member.words), { from: 'user' })
      const options: Given = { ...outer, ...command.opts() }
      const chain = await describe(options)
      await member.run({ chain, artifact, words, method, options }).catch((error) => {
        throw inAuthorsLines(error, artifact)
      })
    })
}

const isPlain = (schema: JsonSchema) => !['struct', 'unit'].includes(String(schema['x-bcs']))

function inAuthorsLines(error: unknown, { sourceMap }: Artifact): unknown {
  if (!isChainError(error) || !error.message.includes('contract:')) return error
  const { code, hint, values } = error
  return new ChainError({ code, hint, values, message: inSource(error.message, sourceMap) })
}

/** The bytes of a method's input, as the chain's JSON has them. */
function inputOf({ chain, method, options }: Job): string | null {
  if (!method) return null
  const { addressPrefix: prefix } = chain.metadata
  const json = isPlain(method.input)
    ? (JSON.parse(String(options.input)) as Json)
    : readFields(method.input, options, { home: homeOf(options), prefix, unit: unitOf(chain) })
  const codec = codecFromSchema(method.input)
  return toHex(encode(codec, fromJson(codec, json, { addressPrefix: prefix })))
}

const accountOf = ({ chain, options }: Job, text: string | undefined) =>
  formatAddress(addressOf(text ?? '', homeOf(options), chain.metadata.addressPrefix), {
    prefix: chain.metadata.addressPrefix,
  })

const unitsOf = ({ chain }: Job, text: unknown) =>
  parseAmount(String(text), { decimals: unitOf(chain).decimals }).toString()

const paid = (job: Job) => ({
  gas: String(job.options.gas),
  depositMax: unitsOf(job, job.options.depositMax),
})

async function send(job: Job, command: string, input: Json): Promise<Sent> {
  const { chain, options } = job
  const calls = [chain.call('contracts', command, input)]
  return sendCalls(transportOf(options), {
    ...{ fingerprint: chain.metadata.fingerprint as Hash, calls },
    options: { signer: await signerOf(homeOf(options), String(options.from)), wait: 'finalised' },
    ...(await listedByHome(options, chain, calls)),
  })
}

const eventOf = (sent: Sent, name: string) =>
  Object(sent.events.find((event) => event.module === 'contracts' && event.name === name)?.data) as Record<
    string,
    Json
  >

/** Stores the code where it is not, and makes a contract of it. */
async function deploy(job: Job): Promise<void> {
  const { options, artifact, chain } = job
  const code = codeOf(artifact)
  await store(job)
  const sent = await send(job, 'instantiate', {
    ...{ code, input: inputOf(job), amount: unitsOf(job, options.pay), ...paid(job) },
    admin: accountOf(job, String(options.admin ?? options.from)),
  })
  const { contract } = eventOf(sent, 'instantiated')
  print(options, { contract: contract ?? null, code, id: sent.id, fee: sent.fee.toString() }, [
    look(say('contract.deployed'), 'good'),
    ...rows([
      [say('contract.address'), String(contract)],
      [say('contract.code'), code],
      [say('row.fee'), showValue({ 'x-bcs': 'amount' }, sent.fee.toString(), unitOf(chain))],
    ]),
  ])
}

async function store(job: Job): Promise<void> {
  const known = await job.chain.read('contracts', 'code', { code: codeOf(job.artifact) })
  if (known === null) await send(job, 'deploy', { code: job.artifact.code, gas: paid(job).gas })
}

async function call(job: Job): Promise<void> {
  const { chain, options, method, words } = job
  const sent = await send(job, 'call', {
    ...{ contract: accountOf(job, words[0]), method: method?.name ?? '', input: inputOf(job) ?? '' },
    ...{ amount: unitsOf(job, options.pay), ...paid(job) },
  })
  const { result, gasUsed } = eventOf(sent, 'called')
  const value = readResult(job, String(result ?? ''))
  if (options.json) {
    const { id, fee, final } = sent
    return print(options, { id, fee: fee.toString(), final, gasUsed: gasUsed ?? null, result: value }, [])
  }
  printSent(options, chain, sent)
  if (method && value !== null) print(options, value, [showValue(method.output, value, unitOf(chain))])
}

async function view(job: Job): Promise<void> {
  const { chain, options, method, words } = job
  const answer = await chain.read('contracts', 'view', {
    ...{ contract: accountOf(job, words[0]), method: method?.name ?? '', input: inputOf(job) ?? '' },
  })
  const value = readResult(job, String(answer))
  print(options, value, [showValue(method?.output ?? {}, value, unitOf(chain))])
}

function readResult({ chain, method }: Job, hex: string): Json {
  if (!method) return null
  const codec = codecFromSchema(method.output)
  return toJson(codec, decode(codec, fromHex(hex)), chain.metadata)
}

/** Goes on with other code, which is stored first where it is not. */
async function upgrade(job: Job): Promise<void> {
  const code = codeOf(job.artifact)
  const contract = accountOf(job, job.words[0])
  await store(job)
  printSent(
    job.options,
    job.chain,
    await send(job, 'upgrade', { contract, code, input: inputOf(job), ...paid(job) }),
  )
}
