import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type DescribedChain, describeChain, httpTransport, type Transport } from '@mmtchain/client'
import { prepareCrypto, secp256k1 } from '@mmtchain/crypto'
import type { GenesisData } from '@mmtchain/kernel'
import {
  type AnyChain,
  type Home,
  homeAt,
  homeFail,
  isHome,
  keyNames,
  loadBundle,
  openKey,
  readConfig,
  readHomeGenesis,
  readJson,
  readKey,
} from '@mmtchain/node'
import { type Address, DEFAULT_ADDRESS_PREFIX, parseAddress } from '@mmtchain/primitives'
import { type Signer, secretSigner, singleKey } from '@mmtchain/tx'
import { type Command, Option } from 'commander'
import { say } from './language.ts'
import { look } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'

/** The options that every command has. */
export interface CommonOptions {
  readonly home?: string
  readonly rpc?: string
  readonly json?: boolean
  readonly lang?: string
}

/** Words to type, or how they are made of what a command has once it is complete. */
type Example = string | (() => string)

/** Adds an example to the help of a command. */
export function withExample(command: Command, example: Example): Command {
  const text = () => (typeof example === 'string' ? example : example())
  return command.addHelpText('after', () => `\n${look(say('help.example'), 'title')}\n  $ ${text()}`)
}

/** Adds `--home`, `--json`, `--lang` and an example to a command. */
export function common(command: Command, example: Example): Command {
  return withExample(command, example)
    .option('--home <dir>', say('option.home'))
    .option('--json', say('option.json'))
    .addOption(languageOption())
}

/** `--lang`, which may stand before a command or after it. `language.ts` reads it before there are commands. */
export function languageOption(): Option {
  return new Option('--lang <language>', say('option.lang')).choices(['en', 'zh'])
}

/** The same for commands that ask a node. */
export function remote(command: Command, example: Example): Command {
  return common(command.option('--rpc <url>', say('option.rpc')), example)
}

/** The home whose node a folder stands for: itself, or the first of a network that `mmt testnet` made there. */
export function nodeHomeOf(home: Home): Home {
  const first = homeAt(join(home.path, 'node0'))
  return !isHome(home) && isHome(first) ? first : home
}

export function homeOf({ home }: CommonOptions): Home {
  return homeAt(home ?? process.env.MMT_HOME ?? '.mmt')
}

/**
 * The node to ask: what the user names, or the one of the home, or the first of a network there, or the default port of this machine. Throws `cli/BAD_ARGUMENT`, and
 * `home/NOT_A_HOME` for a home that is named and not there.
 */
export function transportOf(options: CommonOptions): Transport {
  return httpTransport({ url: rpcUrl(options) })
}

export function rpcUrl(options: CommonOptions): string {
  const named = options.rpc ?? process.env.MMT_RPC
  if (named) {
    if (/^https?:\/\//.test(named) && URL.canParse(named)) return named
    const name = options.rpc === undefined ? 'MMT_RPC' : '--rpc'
    throw cliFail.BAD_ARGUMENT({ name, value: named, want: say('want.url') })
  }
  const home = nodeHomeOf(homeOf(options))
  const isNamed = (options.home ?? process.env.MMT_HOME) !== undefined
  // A folder with keys alone is a wallet, whose node is the one of this machine.
  if (isNamed && !isHome(home) && !existsSync(home.keys)) throw homeFail.NOT_A_HOME({ home: home.path })
  const { host, port } = isHome(home) ? readConfig(home).rpc : { host: '127.0.0.1', port: 7200 }
  const near = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}

export function describe(options: CommonOptions): Promise<DescribedChain> {
  return describeChain(transportOf(options))
}

/** The genesis of the home, with its chain. Throws `home/NOT_A_HOME`. */
export async function genesisOf(options: CommonOptions): Promise<GenesisData & { readonly chain: AnyChain }> {
  const home = nodeHomeOf(homeOf(options))
  if (!isHome(home)) throw homeFail.NOT_A_HOME({ home: home.path })
  await prepareCrypto()
  return (await readHomeGenesis(home, await loadBundle(home.chain))).genesis
}

/** The address prefix of the home's chain, for keys that are made before any node runs. */
export function prefixOf(folder: Home): string {
  const home = nodeHomeOf(folder)
  if (!isHome(home)) return DEFAULT_ADDRESS_PREFIX
  const { addressPrefix } = Object(readJson(home.genesis)) as { addressPrefix?: unknown }
  return typeof addressPrefix === 'string' ? addressPrefix : DEFAULT_ADDRESS_PREFIX
}

/** An address, or the name of a key of the home. */
export function addressOf(text: string, home: Home, prefix: string): Address {
  return keyNames(home.keys).includes(text)
    ? readKey(home.keys, text).address
    : parseAddress(text, { prefix })
}

/** The signer of a key, after its passphrase. */
export async function signerOf(home: Home, name: string): Promise<Signer> {
  const { address } = readKey(home.keys, name)
  const secret = await openKey(home.keys, name, askPassphrase)
  return secretSigner({ suite: secp256k1, secret, address })
}

/** The account of a key, without its secret: enough to price calls. */
export function watcherOf(home: Home, name: string): Signer {
  const { address, publicKey } = readKey(home.keys, name)
  return {
    address,
    authority: singleKey({ suite: secp256k1.code, key: publicKey }),
    sign: () => {
      throw new Error('a dry run signs nothing')
    },
  }
}
