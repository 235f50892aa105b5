import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AnyChain,
  buildGenesis,
  CONFIG_DEFAULT,
  checkPort,
  checkThreadsFor,
  clearHome,
  createHome,
  type DocumentPart,
  type Home,
  homeAt,
  isHome,
  keyNames,
  loadChainFile,
  makeDemoKeys,
  nodeName,
  readKey,
} from '@mmtchain/node'
import { DEMO_KEYS, demoParts } from './demo-parts.ts'
import { cliFail } from './refusals.ts'

const HOST = '127.0.0.1'
/** The ports of JSON-RPC are so far above those of the nodes' own. */
const RPC_OFFSET = 200

/** How many nodes there are, and where their ports begin. */
export interface TestnetPlan {
  readonly dir: string
  readonly chain: string
  readonly validators: number
  readonly observers: number
  readonly basePort: number
  readonly parts: readonly DocumentPart[]
}

/** The homes of the nodes in a folder, in their order; none when there are none. */
export function testnetHomes(dir: string): readonly Home[] {
  if (!existsSync(dir)) return []
  const numbers = readdirSync(dir).flatMap((name) => /^node(\d{1,4})$/.exec(name)?.[1] ?? [])
  return numbers
    .sort((a, b) => Number(a) - Number(b))
    .map((number) => homeAt(join(dir, `node${number}`)))
    .filter(isHome)
}

/** Removes the chain of each home; keys stay. Throws `store/LOCKED` while one of them runs. */
export async function clearTestnet(dir: string): Promise<void> {
  for (const home of testnetHomes(dir)) await clearHome(home)
}

/**
 * Writes homes whose nodes know each other: one for each validator, then the observers. An engine of one validator has the others
 * observe. The folder itself is the wallet with the demo keys. Throws `home/…`, and `cli/BAD_ARGUMENT` for a port that does not exist.
 */
export async function makeTestnet(plan: TestnetPlan): Promise<readonly Home[]> {
  const { dir, basePort, observers } = plan
  const { bundle, chain } = await loadChainFile(plan.chain)
  const count = plan.validators + observers
  const validators = chain.engine.name === 'solo' ? 1 : plan.validators
  if (basePort + RPC_OFFSET + count > 65_535)
    throw cliFail.BAD_ARGUMENT({ name: '--base-port', value: String(basePort), want: 'a lower port' })
  const homes = Array.from({ length: count }, (_, i) => homeAt(join(dir, `node${i}`)))
  const portsOf = (i: number) => ({ p2p: basePort + i, rpc: basePort + RPC_OFFSET + i })
  for (const i of homes.keys())
    for (const port of Object.values(portsOf(i))) await checkPort({ host: HOST, port })
  const names: string[] = []
  for (const [i, home] of homes.entries()) {
    await makeKeys(home, chain, i < validators ? [`validator${i}`] : [])
    names.push(await nodeName(home))
  }
  const wallet = homeAt(dir)
  const demo = Array.from({ length: DEMO_KEYS }, (_, i) => `demo${i + 1}`)
  await makeKeys(wallet, chain, demo)
  const funded = demo.map((name) => readKey(wallet.keys, name))
  const ruling = homes.slice(0, validators).map((home, i) => ({ home, name: `validator${i}` }))
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(Date.now()),
    validators: ruling.map(({ home, name }) => readKey(home.keys, name)),
    parts: await demoParts({ chain, funded, ruling, given: plan.parts }),
  })
  for (const [i, home] of homes.entries()) {
    const { p2p, rpc } = portsOf(i)
    // Each names all others, so that it does not matter who is up first.
    const peers = names.flatMap((name, j) => (j === i ? [] : [`${name}@${HOST}:${portsOf(j).p2p}`]))
    const config = {
      ...CONFIG_DEFAULT,
      rpc: { ...CONFIG_DEFAULT.rpc, port: rpc },
      p2p: { ...CONFIG_DEFAULT.p2p, port: p2p, peers, private: true },
      validator: i < validators ? `validator${i}` : null,
      // They share the cores, and a thread for whom none is free only adds to the work.
      checkThreads: checkThreadsFor(count),
    }
    await createHome(home, { config, genesis, chain: bundle })
  }
  return homes
}

async function makeKeys(home: Home, { addressPrefix }: AnyChain, names: readonly string[]): Promise<void> {
  const there = keyNames(home.keys)
  await makeDemoKeys(home.keys, { names: names.filter((name) => !there.includes(name)), addressPrefix })
}
