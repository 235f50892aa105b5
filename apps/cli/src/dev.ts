import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readGenesis, writeGenesis } from '@mmtchain/kernel'
import {
  type AnyChain,
  balancesPart,
  buildGenesis,
  CONFIG_DEFAULT,
  checkNotInUse,
  checkPort,
  clearHome,
  createHome,
  type Home,
  homeFail,
  isHome,
  keyNames,
  loadChainFile,
  makeDemoKeys,
  readDocumentPart,
  readJson,
  readKey,
  replaceChainFile,
  runNode,
} from '@mmtchain/node'
import { silentLog } from '@mmtchain/node-runtime'
import { type Amount, formatAddress, isChainError } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf, prefixOf } from './context.ts'
import { rows } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { portOf } from './start.ts'

const CHAIN_FILE_DEFAULT = 'chain.ts'
const DEMO_KEYS = 10
/** Units that each demo key owns: a million of a token with 8 decimals. */
const DEMO_UNITS = 100_000_000_000_000n as Amount

interface DevOptions extends CommonOptions {
  readonly chain?: string
  readonly document: readonly string[]
  readonly rpcPort?: string
  readonly fresh?: boolean
}

/** `mmt dev`: a chain of one validator on this machine, made on the first start and continued on the next. */
export function addDev(program: Command): void {
  common(
    program.command('dev').description('run a development chain of one validator, with funded demo keys'),
    'mmt dev --chain chain.ts',
  )
    .option('--chain <file>', `the chain file (${CHAIN_FILE_DEFAULT}; without one, that of the home)`)
    .option(
      '--document <module=file>',
      'a genesis document of a new chain, or a part of one; may be repeated',
      (one, all: readonly string[]) => [...all, one],
      [],
    )
    .option('--rpc-port <port>', 'the port of JSON-RPC (7200)')
    .option('--fresh', 'remove the chain of the home folder and begin anew; all keys stay')
    .action(async (options: DevOptions) => {
      const home = homeOf(options)
      portOf(options.rpcPort)
      if (options.fresh) await checkNotInUse(home)
      const isNew = options.fresh === true || !isHome(home)
      if (isNew) await makeDevHome(home, options)
      else await goOn(home, options)
      await run(home, options, isNew)
    })
}

/** Makes the home, in the place of an old one when `--fresh` says so. Whatever can be refused is refused before that one goes. */
async function makeDevHome(home: Home, options: DevOptions): Promise<void> {
  const { bundle, chain } = await loadChainFile(options.chain ?? CHAIN_FILE_DEFAULT)
  const parts = options.document.map(readDocumentPart)
  const rpc = { ...CONFIG_DEFAULT.rpc, port: portOf(options.rpcPort) ?? CONFIG_DEFAULT.rpc.port }
  await checkPort(rpc)
  const missing = (names: readonly string[]) => names.filter((name) => !keyNames(home.keys).includes(name))
  const names = ['validator', ...Array.from({ length: DEMO_KEYS }, (_, i) => `demo${i + 1}`)]
  await makeDemoKeys(home.keys, { names: missing(names), addressPrefix: chain.addressPrefix })
  const [validator, ...funded] = names.map((name) => readKey(home.keys, name))
  if (!validator) throw new Error('the validator key was just made')
  const hasToken = chain.modules.some(({ spec }) => spec.name === 'token')
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(Date.now()),
    validators: [validator],
    parts: hasToken ? [balancesPart(chain, funded, DEMO_UNITS), ...parts] : parts,
  })
  const config = { ...CONFIG_DEFAULT, rpc, validator: 'validator' }
  if (options.fresh) await clearHome(home)
  await createHome(home, { config, genesis: writeGenesis(genesis), chain: bundle })
}

/** Takes over a chain file that has changed since the last start. Throws `home/OTHER_CHAIN` and `home/ALREADY_BEGUN`. */
async function goOn(home: Home, options: DevOptions): Promise<void> {
  const file = options.chain ?? CHAIN_FILE_DEFAULT
  if (options.chain !== undefined || existsSync(file)) {
    const { bundle, chain } = await loadChainFile(file)
    if (!existsSync(home.chain) || bundle !== (await readFile(home.chain, 'utf8'))) {
      checkSameChain(home, chain)
      await replaceChainFile(home, bundle)
      process.stderr.write(`${file} has changed; the home has the new one now.\n`)
    }
  }
  if (options.document.length > 0) throw homeFail.ALREADY_BEGUN({ home: home.path })
}

function checkSameChain(home: Home, chain: AnyChain): void {
  const genesis = readJson(home.genesis)
  try {
    readGenesis(chain, genesis)
  } catch (error) {
    if (!isChainError(error)) throw error
    const { chainId } = Object(genesis) as { chainId?: unknown }
    throw homeFail.OTHER_CHAIN({
      home: home.path,
      want: String(chainId),
      got: chain.id,
      why: error.message,
    })
  }
}

async function run(home: Home, options: DevOptions, isNew: boolean): Promise<void> {
  const log = { ...silentLog, warn: complain, error: complain }
  const running = await runNode({ home, log, ask: askPassphrase, rpcPort: portOf(options.rpcPort) })
  const { node, rpc } = running
  const { chain, fingerprint } = node.genesis
  const say = (text: string) => process.stdout.write(`${text}\n`)
  if (options.json) {
    say(
      JSON.stringify({
        chainId: chain.id,
        fingerprint,
        rpc: `${rpc.url}/rpc`,
        health: `${rpc.url}/healthz`,
        home: home.path,
      }),
    )
  } else {
    say(`${chain.id} ${isNew ? 'begins' : `goes on from height ${node.tip.header.height}`}`)
    say(
      rows([
        ['RPC', `${rpc.url}/rpc`],
        ['health', `${rpc.url}/healthz`],
        ['home', home.path],
        ...demoRows(home),
      ]).join('\n'),
    )
    say('Ctrl-C stops it; the next start goes on from there.')
  }
  node.onBlock(({ block, id }) => {
    const { height } = block.header
    const count = block.transactions.length
    if (options.json) say(JSON.stringify({ height: height.toString(), id, transactions: count }))
    else
      say(
        `height ${height}  ${id.slice(0, 16)}…${count === 0 ? '' : `  ${count} transaction${count === 1 ? '' : 's'}`}`,
      )
  })
  const stop = () => void running.stop().catch(complain)
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // Nobody reads any more, as after `mmt dev | head -3`.
  process.stdout.once('error', stop)
  await running.stopped
  if (!options.json) say(`stopped at height ${node.tip.header.height}`)
}

function demoRows(home: Home): readonly (readonly [string, string])[] {
  const demo = keyNames(home.keys).filter((name) => name === 'demo1')
  return demo.map((name) => [
    'funded keys',
    `demo1 to demo${DEMO_KEYS}, for example ${formatAddress(readKey(home.keys, name).address, { prefix: prefixOf(home) })}`,
  ])
}

function complain(fields: unknown, message = 'the node did not stop cleanly'): void {
  process.stderr.write(`${message} ${fields instanceof Error ? fields.stack : JSON.stringify(fields)}\n`)
}
