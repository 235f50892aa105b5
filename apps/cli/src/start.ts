import { readGenesis } from '@mmtchain/kernel'
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
import { say } from './language.ts'
import { look, print } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'

/** `mmt init` and `mmt start`: one real node. */
export function addStart(program: Command): void {
  common(
    program.command('init').description(say('init.about')),
    'mmt init --chain chain.ts --genesis genesis.json --home node1 --validator alice',
  )
    .requiredOption('--chain <file>', say('option.chain'))
    .requiredOption('--genesis <file>', say('init.genesis'))
    .option('--validator <key>', say('init.validator'))
    .option('--rpc-port <port>', say('option.rpcPort'))
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
        await createHome(home, { config, genesis, chain: bundle })
        print(options, { home: home.path, fingerprint: genesis.fingerprint }, [
          look(say('init.done', { home: home.path }), 'good'),
          `  mmt start --home ${options.home ?? homeAt('.mmt').path}`,
        ])
      },
    )

  common(program.command('start').description(say('start.about')), 'mmt start --home node1')
    .option('--rpc-port <port>', say('start.rpcPort'))
    .option('--after-total-loss', say('start.afterTotalLoss'))
    .action(async (options: CommonOptions & { rpcPort?: string; afterTotalLoss?: boolean }) => {
      process.exitCode = await serveHome({
        home: homeOf(options),
        ask: askPassphrase,
        rpcPort: portOf(options.rpcPort),
        missingSignState: options.afterTotalLoss ? 'lost' : 'refuse',
      })
    })
}

/** A port number, or undefined when none is given. Throws `cli/BAD_ARGUMENT`. */
export function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw cliFail.BAD_ARGUMENT({ name: '--rpc-port', value: text, want: say('want.port') })
  }
  return Number(text)
}
