import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readGenesis, type StoredBlock } from '@mmtchain/kernel'
import {
  type AnyChain,
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
  type RunningNode,
  readDocumentPart,
  readJson,
  readKey,
  replaceChainFile,
  runNode,
} from '@mmtchain/node'
import { silentLog } from '@mmtchain/node-runtime'
import { formatAddress, isChainError } from '@mmtchain/primitives'
import { type Command, Option } from 'commander'
import { type CommonOptions, common, homeOf, prefixOf } from './context.ts'
import { DEMO_KEYS, demoParts } from './demo-parts.ts'
import { demandHost } from './dev-host.ts'
import { watchChainFile } from './dev-watch.ts'
import { explainError, say } from './language.ts'
import { look, rows } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { portOf } from './start.ts'
import { transactionsText } from './watch.ts'

const CHAIN_FILE_DEFAULT = 'chain.ts'

interface DevOptions extends CommonOptions {
  readonly chain?: string
  readonly document: readonly string[]
  readonly rpcPort?: string
  readonly blocks: 'slot' | 'demand'
  readonly fresh?: boolean
}

/** `mmt dev`: a chain of one validator on this machine, made on the first start and continued on the next. */
export function addDev(program: Command): void {
  common(program.command('dev').description(say('dev.about')), 'mmt dev --chain chain.ts')
    .option('--chain <file>', say('dev.chain', { file: CHAIN_FILE_DEFAULT }))
    .option(
      '--document <module=file>',
      say('dev.document'),
      (one, all: readonly string[]) => [...all, one],
      [],
    )
    .option('--rpc-port <port>', say('option.rpcPort'))
    .addOption(new Option('--blocks <when>', say('dev.blocks')).choices(['slot', 'demand']).default('slot'))
    .option('--fresh', say('dev.fresh'))
    .action(async (options: DevOptions) => {
      const home = homeOf(options)
      portOf(options.rpcPort)
      if (options.fresh) await checkNotInUse(home)
      const isNew = options.fresh === true || !isHome(home)
      if (isNew) await makeDevHome(home, options)
      else await goOn(home, options)
      await runUntilStopped(home, options, isNew)
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
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(Date.now()),
    validators: [validator],
    parts: await demoParts({ chain, funded, ruling: [{ home, name: validator.name }], given: parts }),
  })
  const config = { ...CONFIG_DEFAULT, rpc, validator: 'validator' }
  if (options.fresh) await clearHome(home)
  await createHome(home, { config, genesis, chain: bundle })
}

/** Takes over a chain file that has changed since the last start. Throws `home/OTHER_CHAIN` and `home/ALREADY_BEGUN`. */
async function goOn(home: Home, options: DevOptions): Promise<void> {
  const file = options.chain ?? CHAIN_FILE_DEFAULT
  if (options.chain !== undefined || existsSync(file)) {
    const { bundle, chain } = await loadChainFile(file)
    if (!existsSync(home.chain) || bundle !== (await readFile(home.chain, 'utf8'))) {
      checkSameChain(home, chain)
      await replaceChainFile(home, bundle)
      process.stderr.write(`${say('dev.changed', { file })}\n`)
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

/** Runs the chain, and again whenever its chain file has changed, until somebody stops it. */
async function runUntilStopped(home: Home, options: DevOptions, isNew: boolean): Promise<void> {
  const stop = stopRequest()
  const file = options.chain ?? CHAIN_FILE_DEFAULT
  let port = portOf(options.rpcPort)
  for (let begins: Beginning = isNew ? 'begins' : 'goesOn'; ; begins = 'again') {
    const demand = options.blocks === 'demand' ? demandHost() : undefined
    const changes = existsSync(file)
      ? watchChainFile(file, (found) => isUsable(home, file, found))
      : undefined
    // Blocks may come while the node still starts: what they print comes after its first lines.
    const early: StoredBlock[] = []
    let tell = (stored: StoredBlock): unknown => early.push(stored)
    try {
      const running = await runNode({
        home,
        log: { ...silentLog, warn: complain, error: complain },
        ask: askPassphrase,
        rpcPort: port,
        missingSignState: 'make',
        onBlock: (stored) => void tell(stored),
        ...(demand && { wrapHost: demand.wrap }),
      })
      // A free port that was found once stays, so that those who use the chain find it again.
      port = Number(new URL(running.rpc.url).port)
      demand?.watch(running.node.mempool)
      const { height } = (early[0]?.block ?? running.node.tip).header
      announce(home, options, { running, begins, height: early.length > 0 ? height - 1n : height })
      tell = (stored) => tellBlock(options, stored)
      early.forEach(tell)
      const next = await Promise.race([running.stopped, stop, ...(changes ? [changes.changed] : [])])
      demand?.stop()
      await running.stop()
      if (typeof next !== 'string') {
        const { height } = running.node.tip.header
        if (!options.json) process.stdout.write(`${say('dev.stopped', { height })}\n`)
        return
      }
      await replaceChainFile(home, next)
      process.stderr.write(`${say('dev.changed', { file })}\n`)
    } finally {
      changes?.close()
      demand?.stop()
    }
  }
}

type Beginning = 'begins' | 'goesOn' | 'again'

/** Resolves when somebody wants the chain to stop: Ctrl-C, SIGTERM, or a reader that has gone, as after `mmt dev | head -3`. */
function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
    process.stdout.once('error', () => resolve())
  })
}

/** True for a changed chain file that goes on with the chain of the home; says what is wrong with any other. */
function isUsable(home: Home, file: string, { chain, bundle }: { chain: AnyChain; bundle: string }): boolean {
  if (bundle === readFileSync(home.chain, 'utf8')) return false
  try {
    checkSameChain(home, chain)
    return true
  } catch (error) {
    process.stderr.write(`${explainError(error)}\n${say('dev.keepsOld', { file })}\n`)
    return false
  }
}

function announce(
  home: Home,
  options: DevOptions,
  args: { readonly running: RunningNode; readonly begins: Beginning; readonly height: bigint },
): void {
  const { running, begins, height } = args
  const { node, rpc } = running
  const { chain, fingerprint } = node.genesis
  const out = (text: string) => process.stdout.write(`${text}\n`)
  const urls = { rpc: `${rpc.url}/rpc`, health: `${rpc.url}/healthz` }
  if (options.json) out(JSON.stringify({ chainId: chain.id, fingerprint, ...urls, home: home.path }))
  else {
    out(
      look(
        begins === 'begins'
          ? say('dev.begins', { chain: chain.id })
          : say('dev.goesOn', { chain: chain.id, height }),
        'title',
      ),
    )
    if (begins !== 'again') {
      const about = rows([
        ['RPC', urls.rpc],
        [say('row.health'), urls.health],
        [say('row.home'), home.path],
        ...demoRows(home),
      ])
      out([...about, say('dev.stop')].join('\n'))
    }
  }
}

function tellBlock(options: DevOptions, { block, id }: StoredBlock): void {
  const { height } = block.header
  const count = block.transactions.length
  const happened = count === 0 ? '' : `  ${transactionsText(count)}`
  const line = options.json
    ? JSON.stringify({ height: height.toString(), id, transactions: count })
    : `${say('word.height')} ${height}  ${id.slice(0, 16)}…${happened}`
  process.stdout.write(`${line}\n`)
}

function demoRows(home: Home): readonly (readonly [string, string])[] {
  const demo = keyNames(home.keys).filter((name) => name === 'demo1')
  return demo.map((name) => [
    say('dev.fundedKeys'),
    say('dev.demoKeys', {
      last: DEMO_KEYS,
      address: formatAddress(readKey(home.keys, name).address, { prefix: prefixOf(home) }),
    }),
  ])
}

function complain(fields: unknown, message = say('node.unclean')): void {
  process.stderr.write(`${message} ${fields instanceof Error ? fields.stack : JSON.stringify(fields)}\n`)
}
