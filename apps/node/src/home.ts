import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type GenesisData, writeGenesis } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { makeFolder, writeAtomic } from './atomic-file.ts'
import { type Config, configSchemaText, configText, readConfigJson } from './config.ts'
import { readKey } from './keyring.ts'
import { homeFail } from './refusals.ts'
import { makeSignState, ownerOf } from './sign-state.ts'

/** Where things lie in a node's home folder. */
export interface Home {
  readonly path: string
  readonly config: string
  readonly configSchema: string
  readonly genesis: string
  /** What the genesis says beside its documents, for later starts; it is made anew when it is missing. */
  readonly genesisHead: string
  /** The chain file, bundled into one module that runs anywhere. */
  readonly chain: string
  readonly keys: string
  /** The key by which other nodes know this one, PEM. */
  readonly nodeKey: string
  readonly data: string
  /** Transactions that wait for a block, so that they outlast the process. */
  readonly mempool: string
  /** What the validator signed last. Without it a validator does not start. */
  readonly signState: string
  /** What the engine has heard since the newest block, where it asks for that. */
  readonly inputs: string
  /** Where other nodes were, for the next start. */
  readonly peers: string
  /** What was made by a running node, each in a folder named by its height. */
  readonly snapshots: string
  /** Those that other nodes may restore, likewise. */
  readonly sharedSnapshots: string
  /** Where the running node answers, and a token with all roles that is good until it stops. */
  readonly admin: string
}

export function homeAt(path: string): Home {
  const at = (name: string) => join(resolve(path), name)
  return {
    path: resolve(path),
    config: at('config.json'),
    configSchema: at('config.schema.json'),
    genesis: at('genesis.json'),
    genesisHead: at('genesis-head.json'),
    chain: at('chain.mjs'),
    keys: at('keys'),
    nodeKey: at('keys/node.key'),
    data: at('data'),
    mempool: at('mempool.journal'),
    signState: at('sign-state'),
    inputs: at('inputs.log'),
    peers: at('peers.json'),
    snapshots: at('snapshots'),
    sharedSnapshots: at('snapshots/shared'),
    admin: at('admin.json'),
  }
}

/** True for a folder that `createHome` has finished. */
export function isHome(home: Home): boolean {
  return existsSync(home.genesis)
}

/** Reads the configuration. Throws `home/BAD_FILE`, and `home/BAD_CONFIG` with the path of the wrong value. */
export function readConfig(home: Home): Config {
  return readConfigJson(readJson(home.config), home.config)
}

/**
 * Writes a new home. `genesis.json` comes last: a folder that has it is complete. Throws `home/EXISTS`, and `home/UNKNOWN_KEY` for a
 * validator whose key is not there.
 */
export async function createHome(
  home: Home,
  files: { readonly config: Config; readonly genesis: GenesisData; readonly chain: string },
): Promise<void> {
  if (isHome(home)) throw homeFail.EXISTS({ home: home.path })
  const { validator } = files.config
  const { fingerprint } = files.genesis
  const owner = validator === null ? undefined : ownerOf(fingerprint, readKey(home.keys, validator))
  await makeFolder(home.keys, { mode: 0o700 })
  await writeAtomic(home.chain, files.chain)
  await writeAtomic(home.configSchema, configSchemaText())
  await writeAtomic(home.config, configText(files.config))
  await makeSignState(home, { fingerprint, owner })
  try {
    await writeAtomic(home.genesis, pretty(writeGenesis(files.genesis)), { isNew: true })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw homeFail.EXISTS({ home: home.path })
    throw error
  }
}

/** Throws `store/LOCKED` while a node runs on this home. */
export async function checkNotInUse(home: Home): Promise<void> {
  if (!existsSync(home.data)) return
  try {
    await (await merkleStore({ path: home.data, keepHeights: 'all' })).close()
  } catch (error) {
    // Whatever else is wrong with the data, no node runs on it.
    if (isChainError(error) && error.code === 'store/LOCKED') throw error
  }
}

/**
 * Removes the chain of a home: its data, genesis, chain file and configuration. Keys and files that are not ours stay. Throws
 * `store/LOCKED` while a node runs on it, and removes nothing.
 */
export async function clearHome(home: Home): Promise<void> {
  await checkNotInUse(home)
  // The genesis first: what an interruption leaves is no home, and the next start makes the rest anew.
  const { genesis, genesisHead, data, mempool, signState, inputs, peers } = home
  const { chain, config, configSchema, snapshots, admin } = home
  const state = [genesis, genesisHead, data, mempool, signState, inputs, peers, snapshots, admin]
  const all = [...state, chain, config, configSchema]
  for (const path of all) await rm(path, { recursive: true, force: true })
}

/** Replaces the chain file of a home by the bundle of a newer one. Throws `store/LOCKED` while a node runs on it. */
export async function replaceChainFile(home: Home, bundle: string): Promise<void> {
  await checkNotInUse(home)
  await writeAtomic(home.chain, bundle)
}

/** Reads a JSON file. Throws `home/BAD_FILE`. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw homeFail.BAD_FILE({ file, why: error instanceof Error ? `${error.message}.` : String(error) })
  }
}

function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
