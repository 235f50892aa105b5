import { readGenesis, writeGenesis } from '@mmtchain/kernel'
import {
  CONFIG_DEFAULT,
  createHome,
  homeAt,
  loadChainFile,
  readJson,
  readKey,
  serveHome,
} from '@mmtchain/node'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf } from './context.ts'
import { print } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'

/** `mmt init` and `mmt start`: one real node. */
export function addStart(program: Command): void {
  common(
    program.command('init').description('make the home of a node from a chain file and a genesis'),
    'mmt init --chain chain.ts --genesis genesis.json --home node1 --validator alice',
  )
    .requiredOption('--chain <file>', 'the chain file')
    .requiredOption('--genesis <file>', 'the genesis, as mmt genesis build wrote it')
    .option('--validator <key>', 'the key of this home with which the node signs blocks')
    .option('--rpc-port <port>', 'the port of JSON-RPC (7200)')
    .action(
      async (
        options: CommonOptions & { chain: string; genesis: string; validator?: string; rpcPort?: string },
      ) => {
        const home = homeOf(options)
        const { bundle, chain } = await loadChainFile(options.chain)
        const genesis = readGenesis(chain, readJson(options.genesis))
        if (options.validator !== undefined) readKey(home.keys, options.validator)
        const port = portOf(options.rpcPort) ?? CONFIG_DEFAULT.rpc.port
        const config = {
          ...CONFIG_DEFAULT,
          rpc: { ...CONFIG_DEFAULT.rpc, port },
          validator: options.validator ?? null,
        }
        await createHome(home, { config, genesis: writeGenesis(genesis), chain: bundle })
        print(options, { home: home.path, fingerprint: genesis.fingerprint }, [
          `${home.path} is ready: mmt start --home ${options.home ?? homeAt('.mmt').path}`,
        ])
      },
    )

  common(
    program.command('start').description('run the node of a home, logging JSON lines'),
    'mmt start --home node1',
  )
    .option('--rpc-port <port>', 'another port for JSON-RPC than the configuration’s')
    .action(async (options: CommonOptions & { rpcPort?: string }) => {
      process.exitCode = await serveHome({
        home: homeOf(options),
        ask: askPassphrase,
        rpcPort: portOf(options.rpcPort),
      })
    })
}

/** A port number, or undefined when none is given. Throws `cli/BAD_ARGUMENT`. */
export function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw cliFail.BAD_ARGUMENT({ name: '--rpc-port', value: text, want: 'a port from 0 to 65535' })
  }
  return Number(text)
}
