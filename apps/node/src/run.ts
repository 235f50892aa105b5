import { prepareCrypto, secp256k1, secp256k1Backend } from '@mmtchain/crypto'
import type { GenesisData } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  fileJournal,
  type Host,
  type Log,
  logOf,
  type Node,
  type RawFile,
  systemFile,
  systemHost,
  type ValidatorKey,
  workerThreads,
} from '@mmtchain/node-runtime'
import type { HttpNetwork } from '@mmtchain/p2p-http'
import type { ChainError } from '@mmtchain/primitives'
import { type RpcServer, serveRpc } from '@mmtchain/rpc'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { ownToken } from './admin.ts'
import { beginLarge } from './begin.ts'
import { loadBundle } from './chain-file.ts'
import { homeChecks, pruningCheck } from './checks.ts'
import { type Config, checkThreadsFor, storeOptions } from './config.ts'
import { type Home, isHome, readConfig } from './home.ts'
import { readHomeGenesis } from './home-genesis.ts'
import { type AskPassphrase, openKey, passphraseFromFile, readKey } from './keyring.ts'
import { startLog } from './log.ts'
import { networkChecks, openNetwork, serveNode } from './network.ts'
import { hasReveals, openReveals } from './onion.ts'
import { listenRefused } from './port.ts'
import { homeFail } from './refusals.ts'
import { type MissingSignState, openSigner } from './sign-state.ts'
import { shareSnapshots, snapshotsOf } from './snapshots.ts'
import { VERSION } from './version.ts'

/** A node that runs from a home, with its RPC server. */
export interface RunningNode {
  readonly node: Node
  readonly rpc: RpcServer
  readonly log: Log
  /** Resolves when node and RPC have stopped, and rejects with the reason if the node had to stop by itself. */
  readonly stopped: Promise<void>
  /** Stops cleanly: no new calls, the block under way is finished, the store is closed. */
  stop(): Promise<void>
}

export interface RunNodeArgs {
  readonly home: Home
  /** JSON lines on standard output, at the levels of the configuration, when absent. */
  readonly log?: Log | undefined
  /** Nobody reads those lines any more. */
  readonly onLogClosed?: () => void
  readonly ask?: AskPassphrase
  /** Replaces the port of the configuration. */
  readonly rpcPort?: number | undefined
  /** Stands between the node and its surroundings, as a development chain does with its timers. */
  readonly wrapHost?: (host: Host) => Host
  /** Told of every block from the first one on, also of those that are made before `runNode` resolves. */
  readonly onBlock?: Parameters<Node['onBlock']>[0]
  /** What to do about a missing sign state; refuse it when absent. */
  readonly missingSignState?: MissingSignState
  /** Gives up a start that takes long. */
  readonly signal?: AbortSignal
}

/** Runs the node of a home. Throws `home/…`, `kernel/GENESIS_MISMATCH`, `node/…` or `store/…` naming what is wrong. */
export async function runNode(args: RunNodeArgs): Promise<RunningNode> {
  const { home, ask = passphraseFromFile } = args
  if (!isHome(home)) throw homeFail.NOT_A_HOME({ home: home.path })
  const config = readConfig(home)
  const log =
    args.log ?? startLog({ levels: config.log, ...(args.onLogClosed && { onClosed: args.onLogClosed }) })
  await prepareCrypto()
  const chain = await loadBundle(home.chain)
  await beginLarge(home, log, args.signal)
  const { genesis, settle } = await readHomeGenesis(home, chain)
  const validator = config.validator === null ? undefined : await validatorKey(home, config.validator, ask)
  const { node, network, store } = await openNode({ home, config, genesis, validator, log, args })
  const { host } = config.rpc
  const port = args.rpcPort ?? config.rpc.port
  // The next start is slower without it, and that is all.
  const settled = settle().catch((error) =>
    log.warn({ error: String(error) }, 'genesis-head.json is not written'),
  )
  try {
    const own = ownToken(home, config.rpc)
    const rpc = await serveRpc({
      node,
      info: { name: 'mmt-node', version: VERSION },
      log: logOf(log, 'rpc'),
      host,
      port,
      settings: own.settings,
      peers: network?.peers,
      snapshots: snapshotsOf(home, { store, log: logOf(log, 'store') }),
    })
    await own.publish(rpc.url)
    const stopped = node.stopped.finally(() => Promise.all([own.remove(), rpc.close()]))
    stopped.catch(() => undefined)
    log.info(
      { home: home.path, rpc: rpc.url, secp256k1: secp256k1Backend(), chain: chain.id, version: VERSION },
      'node started',
    )
    return {
      node,
      rpc,
      log,
      stopped,
      async stop() {
        await rpc.close()
        await settled
        await node.stop()
        await stopped.catch(() => undefined)
      },
    }
  } catch (error) {
    await node.stop()
    throw listenRefused(error, { host, port })
  }
}

/** Opens what lies in the home, the store with its lock first, and starts the node on it. */
async function openNode(opened: {
  readonly home: Home
  readonly config: Config
  readonly genesis: GenesisData
  readonly validator: ValidatorKey | undefined
  readonly log: Log
  readonly args: Pick<RunNodeArgs, 'wrapHost' | 'missingSignState' | 'onBlock'>
}): Promise<{
  readonly node: Node
  readonly network: HttpNetwork | undefined
  readonly store: MerkleStore
}> {
  const { home, config, genesis, validator: key, log } = opened
  const { wrapHost = (host) => host, missingSignState: missing = 'refuse' } = opened.args
  let damage: ChainError | undefined
  const store = await merkleStore({
    path: home.data,
    ...storeOptions(config),
    onDamage(error) {
      damage = error
      const { code, message } = error
      logOf(log, 'store').error({ code, why: message }, 'old states are no longer dropped')
    },
  })
  const network = await openNetwork(home, config, logOf(log, 'network')).catch(async (error) => {
    await store.close()
    throw error
  })
  const threadsMax = config.checkThreads ?? checkThreadsFor(1)
  const threads = threadsMax > 0 ? { checkThreads: workerThreads({ max: threadsMax, log }) } : {}
  const journal = await fileJournal({ path: home.mempool, log: logOf(log, 'mempool') })
  let validator: ConsensusSigner | undefined
  let inputLog: RawFile | undefined
  try {
    const { fingerprint } = genesis
    const tip = store.tip()?.header.height ?? 0n
    validator = key && (await openSigner(home, { key, fingerprint, tip, missing, log }))
    const reveals =
      key && config.validator !== null && hasReveals(genesis.chain)
        ? openReveals(home, { validator: config.validator, address: key.address, log: logOf(log, 'blocks') })
        : undefined
    if (genesis.chain.engine.logged) inputLog = await systemFile(home.inputs, 'create')
    const node = await createNode({
      genesis,
      store,
      host: wrapHost(systemHost(log, { dataPath: home.data, journal, ...threads })),
      validator,
      inputLog,
      ...(reveals && { reveal: reveals.at }),
      mempool: config.mempool,
      healthChecks: [
        ...homeChecks(home),
        pruningCheck(() => damage),
        ...(reveals ? [reveals.health] : []),
        ...(network ? [() => networkChecks(network)] : []),
      ],
      ...(network && { network, metrics: [network.metrics] }),
    })
    if (opened.args.onBlock) node.onBlock(opened.args.onBlock)
    const everyHeights = config.snapshotHeights
    const shared = shareSnapshots(home, { store, log: logOf(log, 'store'), node, everyHeights })
    if (network) serveNode(network, node, shared)
    return { node, network, store }
  } catch (error) {
    await validator?.close()
    await inputLog?.close()
    await journal.close()
    await store.close()
    const { host, port } = config.p2p
    throw port === null ? error : listenRefused(error, { host, port })
  }
}

async function validatorKey(home: Home, name: string, ask: AskPassphrase): Promise<ValidatorKey> {
  const { address } = readKey(home.keys, name)
  return { address, suite: secp256k1, secret: await openKey(home.keys, name, ask) }
}
