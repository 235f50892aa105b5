import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@mmtchain/crypto'
import { buildGenesis, CONFIG_DEFAULT, createHome, homeAt, loadChainFile, makeDemoKeys } from '@mmtchain/node'
import { addressFromBytes, formatAddress, utf8 } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtJson, type Place, root, startChain } from './chain-process.ts'

let place: Place
inPlace((made) => {
  place = made
})

/** So many that block 0 is made in a process of its own. */
const LARGE = 40_000
const UNITS = 1_000_000

/** A home whose token document names `accounts` owners, the last as often as `times` says. */
async function makeHome({ accounts, times = 1 }: { accounts: number; times?: number }): Promise<void> {
  const home = homeAt(place.home)
  const { bundle, chain } = await loadChainFile(join(root, 'examples/01-token/chain.ts'))
  const { addressPrefix } = chain
  const validators = await makeDemoKeys(home.keys, { names: ['validator'], addressPrefix })
  const balances = Array.from({ length: accounts }, (_, i) => ({
    owner: formatAddress(addressFromBytes(sha256(utf8(`account ${i}`))), { prefix: addressPrefix }),
    amount: String(UNITS),
  }))
  balances.push(
    ...Array.from({ length: times - 1 }, () => ({ ...(balances.at(-1) as (typeof balances)[0]) })),
  )
  const genesis = buildGenesis({
    chain,
    timeMs: BigInt(Date.now() - 60_000),
    validators,
    parts: [{ module: 'token', document: { balances } }],
  })
  const config = {
    ...CONFIG_DEFAULT,
    rpc: { ...CONFIG_DEFAULT.rpc, port: place.port },
    validator: 'validator',
  }
  await createHome(home, { config, genesis, chain: bundle })
}

const startNode = () => startChain(place, ['apps/node/dist/main.js'])
const supply = () =>
  mmtJson<string>(place, ['query', 'token', 'supply', '--rpc', `http://127.0.0.1:${place.port}`])

/** Several starts with many accounts. */
const SLOW = { timeout: 400_000 }

test(
  'a large genesis is read once: block 0 is made apart, and later starts only hash the file',
  SLOW,
  async () => {
    await makeHome({ accounts: LARGE })
    const first = startNode()
    await first.printed(/block committed/)
    expect(first.out()).toMatch(/block 0 is being made[\s\S]*block 0 is made/)
    expect(await supply()).toBe(String(LARGE * UNITS))
    expect(await first.end('SIGTERM')).toBe(0)

    const again = startNode()
    await again.printed(/block committed/)
    expect(again.out()).not.toContain('block 0')
    expect(await supply()).toBe(String(LARGE * UNITS))
    expect(await again.end('SIGTERM')).toBe(0)

    // What was remembered is of no use for other data, and damage to it does no harm.
    rmSync(join(place.home, 'data'), { recursive: true })
    rmSync(join(place.home, 'sign-state'))
    writeFileSync(join(place.home, 'genesis-head.json'), '{')
    const anew = startChain(place, ['apps/cli/dist/main.js', 'start', '--after-total-loss'])
    await anew.printed(/block 0 is made[\s\S]*node started/)
    expect(await supply()).toBe(String(LARGE * UNITS))
  },
)

test(
  'a start that makes block 0 of a large genesis stops when it is told to, and the next one begins',
  SLOW,
  async () => {
    await makeHome({ accounts: LARGE })
    const chain = startNode()
    await chain.printed(/block 0 is being made/)
    expect(await chain.end('SIGTERM')).toBe(0)
    expect(chain.out()).not.toContain('node started')
    const again = startNode()
    await again.printed(/block committed/)
    expect(await supply()).toBe(String(LARGE * UNITS))
  },
)

test('documents that a module refuses are refused by name, also in a large genesis', SLOW, async () => {
  await makeHome({ accounts: LARGE, times: 2 })
  const chain = startNode()
  expect(await chain.ended).toBe(1)
  expect(chain.out()).toContain('kernel/BAD_GENESIS')
})

test.each([2, LARGE])(
  'another genesis or chain file than before is refused by name, with %d accounts',
  SLOW,
  async (accounts) => {
    await makeHome({ accounts })
    const chain = startNode()
    await chain.printed(/block committed/)
    await chain.end('SIGTERM')

    const files = homeAt(place.home)
    const [genesis, bundle] = [files.genesis, files.chain].map((file) => readFileSync(file, 'utf8')) as [
      string,
      string,
    ]
    const refusedWith = async (code: string) => {
      const refused = startNode()
      expect(await refused.ended).toBe(1)
      expect(refused.out()).toContain(code)
    }
    writeFileSync(files.genesis, genesis.replace(`"amount": "${UNITS}"`, '"amount": "7"'))
    await refusedWith('kernel/GENESIS_MISMATCH')
    writeFileSync(files.genesis, genesis.slice(0, -9))
    await refusedWith('home/BAD_FILE')
    writeFileSync(files.genesis, genesis)
    writeFileSync(files.chain, bundle.replaceAll('harbour-demo-1', 'harbour-demo-2'))
    await refusedWith('kernel/GENESIS_MISMATCH')

    // The same words in other places are the same genesis.
    writeFileSync(files.chain, bundle)
    writeFileSync(files.genesis, JSON.stringify(JSON.parse(genesis)))
    const again = startNode()
    await again.printed(/block committed/)
    const { code, out } = await mmt(place, ['doctor', '--json'])
    expect([0, 1]).toContain(code)
    expect(out).toContain((JSON.parse(genesis) as { fingerprint: string }).fingerprint)
  },
)
