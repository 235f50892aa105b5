import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMachine } from '@mmtchain/kernel'
import { buildGenesis, CONFIG_DEFAULT, createHome, homeAt, loadChainFile, runNode } from '@mmtchain/node'
import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit, testAccount } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A node of a home keeps so many states before the newest. */
const KEPT = 1024

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmt-damage-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function withLevel<T>(
  path: string,
  use: (level: ClassicLevel<Uint8Array, Uint8Array>) => Promise<T>,
): Promise<T> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    return await use(level)
  } finally {
    await level.close()
  }
}

/** What block 1 changed, by which pruning drops what those changes replaced. */
const CHANGES_OF_BLOCK_1 = Uint8Array.of(0x63, 0, 0, 0, 0, 0, 0, 0, 1)

test('damage that pruning meets beside the blocks is in the node’s health and log, and the node goes on', {
  timeout: 240_000,
}, async () => {
  const home = homeAt(join(folder, 'home'))
  const { chain, bundle } = await loadChainFile('examples/01-token/chain.ts')
  const { address, authority } = testAccount('validator')
  const publicKey = authority.keys[0]?.key as Uint8Array
  const validators = [{ name: 'validator', address, publicKey, keystore: '', passphraseFile: null }]
  const parts = [{ module: 'token', document: { balances: [], unclaimed: [] } }]
  const genesis = buildGenesis({ chain, timeMs: 1_700_000_000_000n, validators, parts })
  const rpc = { ...CONFIG_DEFAULT.rpc, port: 0 }
  await createHome(home, { config: { ...CONFIG_DEFAULT, rpc }, genesis, chain: bundle })

  const store = await merkleStore({ path: home.data, keepHeights: 'all' })
  const begun = createMachine(genesis).begin(store)
  await store.commit({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
  for (let seed = 1; seed <= KEPT + 8; seed++)
    await store.commit(sampleCommit({ store, changes: [], seed, transactions: 0 }))
  await store.close()
  await withLevel(home.data, async (level) => {
    const value = (await level.get(CHANGES_OF_BLOCK_1)) as Uint8Array
    await level.put(CHANGES_OF_BLOCK_1, value.with(0, (value[0] as number) ^ 1))
  })

  const errors: object[] = []
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => void errors.push(fields) }
  const running = await runNode({ home, log })
  try {
    const pruning = async () => (await running.node.health()).checks.find(({ name }) => name === 'pruning')
    await expect.poll(pruning, { timeout: 60_000 }).toMatchObject({ ok: false, code: 'STORE_DAMAGED' })
    expect(errors).toMatchObject([{ code: 'store/DAMAGED', why: expect.stringContaining('block 1') }])
    expect(running.node.running).toBe(true)
    const answer = await fetch(`${running.rpc.url}/readyz`)
    expect(await answer.text()).toContain('STORE_DAMAGED')
    expect(await (await fetch(`${running.rpc.url}/healthz`)).json()).toMatchObject({ ok: true })
  } finally {
    await running.stop()
  }
})
