import { prepareCrypto, secp256k1, secp256k1Backend } from '@mmtchain/crypto'
import { readGenesis } from '@mmtchain/kernel'
import { createNode, type Log, type Node, systemHost, type ValidatorKey } from '@mmtchain/node-runtime'
import { type RpcServer, serveRpc } from '@mmtchain/rpc'
import { merkleStore } from '@mmtchain/storage-merkle'
import { loadBundle } from './chain-file.ts'
import { type Home, isHome, readConfig, readJson } from './home.ts'
import { type AskPassphrase, openKey, passphraseFromFile, readKey } from './keyring.ts'
import { listenRefused } from './port.ts'
import { homeFail } from './refusals.ts'
import { VERSION } from './version.ts'

/** A node that runs from a home, with its RPC server. */
export interface RunningNode {
  readonly node: Node
  readonly rpc: RpcServer
  /** Resolves when node and RPC have stopped, and rejects with the reason if the node had to stop by itself. */
  readonly stopped: Promise<void>
  /** Stops cleanly: no new calls, the block under way is finished, the store is closed. */
  stop(): Promise<void>
}

/** Runs the node of a home. Throws `home/…`, `kernel/GENESIS_MISMATCH`, `node/…` or `store/…` naming what is wrong. */
export async function runNode(args: {
  readonly home: Home
  readonly log: Log
  readonly ask?: AskPassphrase
  /** Replaces the port of the configuration. */
  readonly rpcPort?: number | undefined
}): Promise<RunningNode> {
  const { home, log, ask = passphraseFromFile } = args
  if (!isHome(home)) throw homeFail.NOT_A_HOME({ home: home.path })
  const config = readConfig(home)
  await prepareCrypto()
  const chain = await loadBundle(home.chain)
  const genesis = readGenesis(chain, readJson(home.genesis))
  const validator = config.validator === null ? undefined : await validatorKey(home, config.validator, ask)
  const store = await merkleStore({ path: home.data })
  let node: Node
  try {
    node = await createNode({ genesis, store, host: systemHost(log, { dataPath: home.data }), validator })
  } catch (error) {
    await store.close()
    throw error
  }
  const { host } = config.rpc
  const port = args.rpcPort ?? config.rpc.port
  try {
    const info = { name: 'mmt-node', version: VERSION }
    const rpc = await serveRpc({ node, info, log, host, port })
    const stopped = node.stopped.finally(() => rpc.close())
    stopped.catch(() => undefined)
    log.info(
      { home: home.path, rpc: rpc.url, secp256k1: secp256k1Backend(), chain: chain.id },
      'node started',
    )
    return {
      node,
      rpc,
      stopped,
      async stop() {
        await rpc.close()
        await node.stop()
        await stopped.catch(() => undefined)
      },
    }
  } catch (error) {
    await node.stop()
    throw listenRefused(error, { host, port })
  }
}

async function validatorKey(home: Home, name: string, ask: AskPassphrase): Promise<ValidatorKey> {
  const { address } = readKey(home.keys, name)
  return { address, suite: secp256k1, secret: await openKey(home.keys, name, ask) }
}
