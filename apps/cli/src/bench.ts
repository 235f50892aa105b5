import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeChain, httpTransport } from '@mmtchain/client'
import {
  balancesPart,
  buildGenesis,
  CONFIG_DEFAULT,
  createHome,
  homeAt,
  loadChainFile,
  makeDemoKeys,
  makeFolder,
  readKey,
  type StoredKey,
} from '@mmtchain/node'
import { type Amount, formatAddress, type Hash } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { benchNetwork } from './bench-network.ts'
import {
  benchAccount,
  type LoadJob,
  type Measured,
  type Order,
  type PartName,
  type Report,
  runPart,
} from './bench-parts.ts'
import { PARTS, type Shares } from './bench-profile.ts'
import { type CommonOptions, common } from './context.ts'
import { say } from './language.ts'
import { look, print, progress, rows, table } from './output.ts'
import { cliFail } from './refusals.ts'

const ACCOUNTS = 1_024
const CORES = 2
/** What a node takes before it is measured, so that its code is compiled as it is in one that has run for a while. */
const WARM_UP = 16 * ACCOUNTS
/** What it takes while it is profiled, in a run of its own: a profiler takes a tenth of the processor for itself. */
const PROFILED = 8 * ACCOUNTS
/** Enough that there is work for every thread while another one is busy. */
const CONNECTIONS = { oneByOne: 256, batches: 32 }
/** More requests a second than any machine sends, so that the machine is the limit. */
const RATE = 1_000_000

/** `mmt bench`: what one node does on two cores with transfers over HTTP from another process. */
export function addBench(program: Command): void {
  common(program.command('bench').description(say('bench.about')), 'mmt bench')
    .option('--transactions <count>', say('bench.transactions'), '40000')
    .option('--slot <ms>', say('bench.slot'))
    .option('--profiles <dir>', say('bench.profiles'))
    .option('--validators <count>', say('bench.validators'))
    .option('--seconds <count>', say('bench.seconds'), '20')
    .option('--idle', say('bench.idle'))
    .action(async (options: BenchOptions) => {
      if (options.validators === undefined) return bench(options)
      const plan = {
        validators: positive('--validators', options.validators),
        seconds: positive('--seconds', options.seconds),
        slotMs: positive('--slot', options.slot ?? '1000'),
        isIdle: options.idle === true,
      }
      await benchNetwork(options, plan, await signatureLimit(options))
    })
  program
    .command('bench-part', { hidden: true })
    .argument('<name>')
    .action((name: string) => runPart(name as PartName))
}

interface BenchOptions extends CommonOptions {
  readonly transactions: string
  readonly slot?: string
  readonly validators?: string
  readonly seconds: string
  readonly idle?: boolean
  readonly profiles?: string
}

/** One way to send, measured. */
interface Run {
  readonly batch: number
  readonly perSecond: number
  readonly measured: Measured
  readonly shares: Shares
  readonly loadCpuMs: number
  readonly retries: number
}

async function bench(options: BenchOptions): Promise<void> {
  // Every account sends as many, so that the second run begins where the first has ended for all of them.
  const count = Math.ceil(positive('--transactions', options.transactions) / ACCOUNTS) * ACCOUNTS
  const slotMs = positive('--slot', options.slot ?? '500')
  if (options.profiles !== undefined) await makeFolder(resolve(options.profiles))
  const folder = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
  try {
    const limit = await signatureLimit(options)
    await makeBenchHome(folder, slotMs)
    const one = await measure(options, { folder, count, batch: 1 })
    const hundred = await measure(options, { folder, count, batch: 100 })
    report(options, { limit, slotMs, runs: [one, hundred] })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.count') })
  return Number(text)
}

export interface Limit {
  readonly backend: string
  readonly oneCore: number
  readonly allCores: number
}

/** How many signatures the machine checks when it does nothing else, on one core and on both. */
async function signatureLimit(options: BenchOptions): Promise<Limit> {
  const shown = progress(options, { label: say('bench.limit') })
  const parts = await Promise.all(Array.from({ length: CORES }, () => startPart('check')))
  try {
    const [first] = parts as [Part]
    const alone = await first.ask({ kind: 'start' }, 'checked')
    const together = await Promise.all(parts.map((part) => part.ask({ kind: 'start' }, 'checked')))
    const allCores = together.reduce((sum, { perSecond }) => sum + perSecond, 0)
    return { backend: alone.backend, oneCore: alone.perSecond, allCores }
  } finally {
    for (const part of parts) await part.end()
    shown.end()
  }
}

/** A chain of one validator and a token, as a user would write it, with limits that leave the machine to be the limit. */
function chainText(slotMs: number): string {
  const from = (name: string) => JSON.stringify(fileURLToPath(import.meta.resolve(name)))
  return `import { amount, defineChain, solo } from ${from('@mmtchain/kernel')}
import { token } from ${from('@mmtchain/token-rewards')}
export const chain = defineChain({
  id: 'bench',
  slotMs: ${slotMs},
  consensus: solo(),
  limits: { blockBytesMax: 16_000_000, blockWeightMax: 10n ** 12n },
}).use(token({ symbol: 'BEN', decimals: 2, commandFee: amount(1n) }))
`
}

async function makeBenchHome(folder: string, slotMs: number): Promise<void> {
  const home = homeAt(folder)
  const file = join(folder, 'bench-chain.ts')
  await writeFile(file, chainText(slotMs))
  const { bundle, chain } = await loadChainFile(file)
  await makeDemoKeys(home.keys, { names: ['validator'], addressPrefix: chain.addressPrefix })
  const funded = Array.from({ length: ACCOUNTS }, (_, i) => benchAccount(i)) as unknown as StoredKey[]
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(Date.now()),
    validators: [readKey(home.keys, 'validator')],
    parts: [balancesPart(chain, funded, 1_000_000_000n as Amount)],
  })
  const { rpc: usual } = CONFIG_DEFAULT
  const rpc = { ...usual, limits: { ...usual.limits, connectionRate: RATE, addressRate: RATE } }
  // Room for all that the accounts may have waiting: what is evicted is not sent again, and what comes after it would wait for ever.
  const { mempool: pool } = CONFIG_DEFAULT
  const mempool = { ...pool, countMax: pool.perSenderMax * ACCOUNTS }
  await createHome(home, {
    config: { ...CONFIG_DEFAULT, validator: 'validator', rpc, mempool },
    genesis,
    chain: bundle,
  })
}

async function measure(
  options: BenchOptions,
  { folder, count, batch }: { readonly folder: string; readonly count: number; readonly batch: number },
): Promise<Run> {
  const node = await startPart('node', { MMT_HOME: folder })
  const load = await startPart('load')
  try {
    const url = node.url as string
    const { job, nonce } = await jobFor(url)
    const total = WARM_UP + count + PROFILED
    const signing = progress(options, { label: say('bench.signing'), total })
    load.onProgress((done) => signing.at(done))
    await load.ask({ kind: 'prepare', count: total, from: nonce, job }, 'ready')
    signing.end()
    const sending = progress(options, { label: say('bench.sending', { batch }) })
    const connections = batch === 1 ? CONNECTIONS.oneByOne : CONNECTIONS.batches
    const send = async (from: number, count: number) => {
      const sent = await load.ask({ kind: 'send', load: { url, batch, connections, from, count } }, 'sent')
      await allCommitted(url)
      return sent
    }
    await send(0, WARM_UP)
    await node.ask({ kind: 'start' }, 'ready')
    const { retries, cpuMs: loadCpuMs } = await send(WARM_UP, count)
    const { measured } = await node.ask({ kind: 'stop' }, 'measured')
    await node.ask({ kind: 'startProfile', ...profileOf(options, batch) }, 'ready')
    await send(WARM_UP + count, PROFILED)
    const { shares } = await node.ask({ kind: 'stopProfile' }, 'profiled')
    sending.end()
    return { batch, perSecond: rateOf(measured), measured, shares, loadCpuMs, retries }
  } finally {
    await load.end()
    await node.end()
  }
}

/**
 * Transactions a second from the first block to the last but one: what a node does that is kept busy. The first block holds what
 * came before it, and the last one waits for its slot when nothing is left to send. Of too few blocks it is the mean of all.
 */
function rateOf({ blocks, committed, wallMs }: Measured): number {
  const [first, ...rest] = blocks.slice(0, -1)
  const last = rest.at(-1)
  if (!first || !last) return committed / (wallMs / 1_000)
  const transactions = rest.reduce((sum, block) => sum + block.transactions, 0)
  return transactions / ((last.atMs - first.atMs) / 1_000)
}

function profileOf({ profiles }: BenchOptions, batch: number): { readonly file?: string } {
  return profiles === undefined ? {} : { file: join(resolve(profiles), `batch-${batch}.cpuprofile`) }
}

async function jobFor(url: string): Promise<{ readonly job: LoadJob; readonly nonce: number }> {
  const transport = httpTransport({ url })
  const chain = await describeChain(transport)
  const command = chain.command('token', 'transfer')
  const address = formatAddress(benchAccount(0).address, { prefix: chain.metadata.addressPrefix })
  const { nonce } = (await transport('account_get', { address })) as { nonce: string }
  const fingerprint = chain.metadata.fingerprint as Hash
  const job = { fingerprint, accounts: ACCOUNTS, input: command.input, fee: '1', weightMax: '1000' }
  return { job, nonce: Number(nonce) }
}

/** Waits until no transaction waits any more. */
async function allCommitted(url: string): Promise<void> {
  const transport = httpTransport({ url })
  for (;;) {
    const { count } = (await transport('tx_pool')) as { count: number }
    if (count === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function report(
  options: BenchOptions,
  { limit, slotMs, runs }: { readonly limit: Limit; readonly slotMs: number; readonly runs: readonly Run[] },
): void {
  const json = {
    signatures: {
      backend: limit.backend,
      perSecondOneCore: Math.round(limit.oneCore),
      perSecondTwoCores: Math.round(limit.allCores),
    },
    slotMs,
    runs: runs.map(({ batch, perSecond, measured, shares, loadCpuMs, retries }) => ({
      batch,
      transactions: measured.committed,
      refused: measured.refused,
      blocks: measured.blocks.length,
      perSecond: Math.round(perSecond),
      shareOfLimit: share(perSecond / limit.allCores),
      shareOfOneCore: share(perSecond / limit.oneCore),
      retries,
      nodeCpuMs: Math.round(measured.cpuMs),
      nodeMainThreadCpuMs: measured.mainCpuMs,
      loadCpuMs: Math.round(loadCpuMs),
      wallMs: measured.wallMs,
      rssBytes: measured.rssBytes,
      mainThread: Object.fromEntries(PARTS.map((part) => [part, share(shares[part])])),
    })),
  }
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`
  const perSecond = (value: number) => `${Math.round(value).toLocaleString('en')}/s`
  print(options, json, [
    look(say('bench.limitTitle', { backend: limit.backend }), 'title'),
    ...rows([
      [say('bench.oneCore'), perSecond(limit.oneCore)],
      [say('bench.twoCores'), perSecond(limit.allCores)],
    ]),
    '',
    look(say('bench.committedTitle'), 'title'),
    ...table(
      runs.map((run) => [
        run.batch === 1 ? say('bench.oneByOne') : say('bench.batches', { batch: run.batch }),
        perSecond(run.perSecond),
        percent(run.perSecond / limit.allCores),
        percent(run.perSecond / limit.oneCore),
        microsEach(run, run.measured.cpuMs),
        microsEach(run, run.measured.mainCpuMs),
        `${(run.measured.cpuMs / run.measured.wallMs).toFixed(2)}`,
        `${(run.loadCpuMs / run.measured.wallMs).toFixed(2)}`,
      ]),
      [
        say('bench.sent'),
        say('bench.committed'),
        say('bench.ofTwo'),
        say('bench.ofOne'),
        say('bench.cpuEach'),
        say('bench.mainCpuEach'),
        say('bench.nodeCores'),
        say('bench.loadCores'),
      ],
    ),
    '',
    look(say('bench.partsTitle'), 'title'),
    ...table(
      PARTS.map((part) => [say(`bench.part.${part}`), ...runs.map(({ shares }) => percent(shares[part]))]),
      [
        '',
        ...runs.map((run) =>
          run.batch === 1 ? say('bench.oneByOne') : say('bench.batches', { batch: run.batch }),
        ),
      ],
    ),
  ])
}

/** Processor time for each committed transaction; steadier than the rate on a machine that does other things too. */
function microsEach({ measured }: Run, ms: number | null): string {
  return ms === null ? '' : `${Math.round((1_000 * ms) / measured.committed)} µs`
}

function share(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

/** A process of the bench. */
export interface Part {
  readonly url: string | undefined
  /** Gives an order and waits for the report of this kind. Rejects when the process ends before. */
  ask<K extends Report['kind']>(order: Order, kind: K): Promise<Extract<Report, { kind: K }>>
  onProgress(listener: (done: number) => void): void
  end(): Promise<void>
}

export async function startPart(name: PartName, env: NodeJS.ProcessEnv = {}): Promise<Part> {
  const child = fork(process.argv[1] as string, ['bench-part', name], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ready = await reportOf(child, 'ready')
  return {
    url: ready.url,
    ask(order, kind) {
      const reported = reportOf(child, kind)
      child.send(order)
      return reported
    },
    onProgress(listener) {
      child.on('message', (report: Report) => {
        if (report.kind === 'progress') listener(report.done)
      })
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

function reportOf<K extends Report['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Report, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (report: Report) => {
      if (report.kind !== kind) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(report as Extract<Report, { kind: K }>)
    }
    const onExit = (code: number | null) =>
      reject(cliFail.BENCH_FAILED({ why: `a process ended with ${code}` }))
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
