import { type DescribedChain, describeChain, httpTransport, type Transport } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { type Home, homeAt, isHome, keyNames, openKey, readConfig, readJson, readKey } from '@mmtchain/node'
import { type Address, DEFAULT_ADDRESS_PREFIX, parseAddress } from '@mmtchain/primitives'
import { type Signer, secretSigner, singleKey } from '@mmtchain/tx'
import type { Command } from 'commander'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'

/** The options that every command has. */
export interface CommonOptions {
  readonly home?: string
  readonly rpc?: string
  readonly json?: boolean
}

/** Adds `--home`, `--json` and an example to a command. */
export function common(command: Command, example: string): Command {
  return command
    .option('--home <dir>', 'the data folder (MMT_HOME; .mmt)')
    .option('--json', 'print JSON with a stable shape')
    .addHelpText('after', `\nExample:\n  $ ${example}`)
}

/** The same for commands that ask a node. */
export function remote(command: Command, example: string): Command {
  return common(command.option('--rpc <url>', 'the node to ask (MMT_RPC; the one of the home)'), example)
}

export function homeOf({ home }: CommonOptions): Home {
  return homeAt(home ?? process.env.MMT_HOME ?? '.mmt')
}

/** The node to ask: what the user names, or the one of the home, or the default port of this machine. Throws `cli/BAD_ARGUMENT`. */
export function transportOf(options: CommonOptions): Transport {
  return httpTransport({ url: rpcUrl(options) })
}

export function rpcUrl(options: CommonOptions): string {
  const named = options.rpc ?? process.env.MMT_RPC
  if (named) {
    if (/^https?:\/\//.test(named) && URL.canParse(named)) return named
    const name = options.rpc === undefined ? 'MMT_RPC' : '--rpc'
    throw cliFail.BAD_ARGUMENT({ name, value: named, want: 'a URL such as http://127.0.0.1:7200' })
  }
  const home = homeOf(options)
  const { host, port } = isHome(home) ? readConfig(home).rpc : { host: '127.0.0.1', port: 7200 }
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
}

export function describe(options: CommonOptions): Promise<DescribedChain> {
  return describeChain(transportOf(options))
}

/** The address prefix of the home's chain, for keys that are made before any node runs. */
export function prefixOf(home: Home): string {
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
  readKey(home.keys, name)
  return secretSigner({ suite: secp256k1, secret: await openKey(home.keys, name, askPassphrase) })
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
