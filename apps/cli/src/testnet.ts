import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { httpTransport } from '@mmtchain/client'
import { type Home, homeAt, keyNames, readConfig, readDocumentPart, readKey } from '@mmtchain/node'
import { formatAddress } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { type CommonOptions, common, prefixOf } from './context.ts'
import { say } from './language.ts'
import type { ChainStatus } from './node-view.ts'
import { look, print, rows } from './output.ts'
import { cliFail } from './refusals.ts'
import { clearTestnet, makeTestnet, testnetHomes } from './testnet-homes.ts'
import { youngSpaceFlags } from './young-space.ts'

const VALIDATORS_MAX = 108
const BASE_PORT = 7_000
const LOOK_MS = 250

interface TestnetOptions extends CommonOptions {
  readonly validators: string
  readonly observers: string
  readonly dir: string
  readonly chain: string
  readonly document: readonly string[]
  readonly basePort: string
  readonly run: boolean
  readonly fresh?: boolean
}

/** `mmt testnet`: a network of several nodes on this machine, each a process with a home of its own. */
export function addTestnet(program: Command): void {
  common(
    program.command('testnet').description(say('testnet.about')),
    'mmt testnet --validators 4 --dir net --chain chain.ts',
  )
    .requiredOption('--validators <count>', say('testnet.validators'))
    .requiredOption('--dir <folder>', say('testnet.dir'))
    .option('--observers <count>', say('testnet.observers'), '0')
    .option('--chain <file>', say('option.chain'), 'chain.ts')
    .option(
      '--document <module=file>',
      say('dev.document'),
      (one, all: readonly string[]) => [...all, one],
      [],
    )
    .option('--base-port <port>', say('testnet.basePort'), String(BASE_PORT))
    .option('--no-run', say('testnet.noRun'))
    .option('--fresh', say('testnet.fresh'))
    .action(async (options: TestnetOptions) => {
      const plan = {
        dir: resolve(options.dir),
        chain: options.chain,
        validators: countOf('--validators', options.validators, { least: 1, most: VALIDATORS_MAX }),
        observers: countOf('--observers', options.observers, { least: 0, most: VALIDATORS_MAX }),
        basePort: countOf('--base-port', options.basePort, { least: 1, most: 65_535 }),
        parts: options.document.map(readDocumentPart),
      }
      if (options.fresh) await clearTestnet(plan.dir)
      const there = testnetHomes(plan.dir)
      const count = plan.validators + plan.observers
      if (there.length > 0 && there.length !== count)
        throw cliFail.TESTNET_EXISTS({ dir: plan.dir, count: there.length })
      const homes = there.length > 0 ? there : await makeTestnet(plan)
      announce(options, homes, homeAt(plan.dir))
      if (options.run) process.exitCode = await runAll(options, homes)
    })
}

function countOf(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (count >= least && count <= most) return count
  throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.between', { least, most }) })
}

export const rpcOf = (home: Home) => {
  const { host, port } = readConfig(home).rpc
  return `http://${host}:${port}`
}

function announce(options: TestnetOptions, homes: readonly Home[], wallet: Home): void {
  const nodes = homes.map((home) => {
    const { p2p, validator } = readConfig(home)
    const url = rpcOf(home)
    const p2pUrl = `http://${p2p.host}:${p2p.port}`
    return { home: home.path, validator, rpc: `${url}/rpc`, metrics: `${url}/metrics`, p2p: p2pUrl }
  })
  const demo = keyNames(wallet.keys).filter((name) => /^demo\d+$/.test(name))
  print(options, { nodes }, [
    look(say('testnet.nodes', { count: nodes.length }), 'title'),
    ...nodes.flatMap(({ home, validator, rpc, metrics, p2p }) =>
      rows([
        [say('row.home'), home],
        ['', [validator ?? say('testnet.observer'), rpc, metrics, p2p].join('  ')],
      ]),
    ),
    ...rows(demo.length === 0 ? [] : [[say('dev.fundedKeys'), demoText(wallet, demo.length)]]),
  ])
}

function demoText(wallet: Home, last: number): string {
  const { address } = readKey(wallet.keys, 'demo1')
  return say('dev.demoKeys', { last, address: formatAddress(address, { prefix: prefixOf(wallet) }) })
}

export interface Running {
  readonly home: Home
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
}

/** Runs the nodes until Ctrl-C, SIGTERM or a reader that has gone. The exit code is 1 when one ended by itself in the wrong way. */
async function runAll(options: TestnetOptions, homes: readonly Home[]): Promise<number> {
  const stop = stopRequest()
  let isFailed = false
  const running = homes.map((home) => startNode(home))
  for (const { home, child } of running) {
    child.once('exit', (code, signal) => {
      if (code === 0) return
      isFailed ||= code !== null
      const log = join(home.path, 'node.log')
      process.stderr.write(`${say('testnet.ended', { home: home.path, why: String(code ?? signal), log })}\n`)
    })
  }
  if (!options.json) process.stdout.write(`${say('dev.stop')}\n`)
  const watching = watchHeights(options, homes)
  await Promise.race([stop, Promise.all(running.map(({ ended }) => ended))])
  watching.stop()
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all(running.map(({ ended }) => ended))
  const height = watching.newest()
  if (height !== undefined && !options.json) process.stdout.write(`${say('dev.stopped', { height })}\n`)
  return isFailed ? 1 : 0
}

/** `mmt start` in a process of its own, whose lines go to `node.log` in its home. */
export function startNode(home: Home): Running {
  const log = openSync(join(home.path, 'node.log'), 'a', 0o600)
  const flags = youngSpaceFlags({ execArgv: process.execArgv, nodeOptions: process.env.NODE_OPTIONS ?? '' })
  const words = [process.argv[1] as string, 'start', '--home', home.path]
  const child = spawn(process.execPath, [...flags, ...words], { stdio: ['ignore', log, log] })
  closeSync(log)
  return { home, child, ended: once(child, 'exit').catch(() => undefined) }
}

function stopRequest(): Promise<void> {
  return new Promise((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
    process.stdout.once('error', () => done())
  })
}

/** Prints each height that becomes final, and how many nodes have it by then. */
function watchHeights(
  options: TestnetOptions,
  homes: readonly Home[],
): { newest(): bigint | undefined; stop(): void } {
  const asks = homes.map((home) => httpTransport({ url: rpcOf(home) }))
  let printed: bigint | undefined
  let isStopped = false
  async function look(): Promise<void> {
    const found = await Promise.allSettled(asks.map((ask) => ask('chain_status') as Promise<ChainStatus>))
    const statuses = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const finals = statuses.map(({ finalisedHeight }) => BigInt(finalisedHeight))
    const newest = finals.reduce((a, b) => (b > a ? b : a), -1n)
    if (newest < 0n) return
    for (let height = (printed ?? newest - 1n) + 1n; height <= newest && !isStopped; height++)
      tell(height, finals.filter((final) => final >= height).length)
    printed = newest
  }
  function tell(height: bigint, nodes: number): void {
    const line = options.json
      ? JSON.stringify({ height: height.toString(), nodes })
      : say('testnet.height', { height, nodes, count: homes.length })
    process.stdout.write(`${line}\n`)
  }
  async function goOn(): Promise<void> {
    while (!isStopped) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref())
    }
  }
  void goOn()
  return {
    newest: () => printed,
    stop() {
      isStopped = true
    },
  }
}
