import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { homeAt, readConfig } from '@mmtchain/node'
import { expect, test } from 'vitest'
import { type ChaosNode, makeNetwork } from '../chaos/nodes.ts'
import { heightOf } from '../chaos/verdict.ts'
import { root } from './chain-process.ts'

const chain = join(root, 'examples/04-alliance/chain.ts')
const program = resolve(root, 'apps/cli/dist/main.js')
const PATIENCE = { timeout: 200_000, interval: 200 }
const EVERY_HEIGHTS = 4

test('a new node takes the state from four running validators, of which three give wrong bytes, and follows them without their old blocks', {
  timeout: 600_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mmt-state-'))
  const network = await makeNetwork({ dir, chain, program, validators: 4, observers: 1 })
  const [validators, late] = [network.nodes.slice(0, 4), network.nodes[4]]
  if (!late) throw new Error('the network has five nodes')
  try {
    for (const node of validators) {
      const home = homeAt(node.home)
      const config = readConfig(home)
      writeFileSync(home.config, JSON.stringify({ ...config, snapshotHeights: EVERY_HEIGHTS }, null, 2))
      network.start(node)
    }
    const sharedBy = async (home: string) => {
      const names = await readdir(homeAt(home).sharedSnapshots).catch(() => [])
      return names.filter((name) => /^\d+$/.test(name))
    }
    /** A height of which all validators have a snapshot: they give the same bytes. */
    const common = async () => {
      const all = await Promise.all(validators.map(({ home }) => sharedBy(home)))
      return all.reduce((some, names) => some.filter((name) => names.includes(name))).at(-1)
    }
    await expect.poll(common, PATIENCE).toBeDefined()
    // One height from now on, which validators that go on would replace by the next ones.
    await Promise.all(validators.map((node) => network.end(node, 'SIGTERM')))
    const height = await common()
    if (height === undefined) throw new Error('the snapshots of the validators have no height in common')
    for (const node of validators) {
      const home = homeAt(node.home)
      writeFileSync(home.config, JSON.stringify({ ...readConfig(home), snapshotHeights: 1_000_000 }, null, 2))
    }
    const [honest, ...liars] = validators as [ChaosNode, ...ChaosNode[]]
    for (const { home } of liars) {
      const folder = join(homeAt(home).sharedSnapshots, height)
      for (const name of await readdir(folder))
        if (name !== 'manifest') writeFileSync(join(folder, name), new Uint8Array(64))
    }
    for (const node of validators) network.start(node)
    await expect
      .poll(async () => Math.min(...(await Promise.all(validators.map(heightOf)))), PATIENCE)
      .toBeGreaterThan(Number(height))

    const { id } = (await honest.ask('chain_block', { height })) as { readonly id: string }
    const urls = validators.map(({ home }) => `http://127.0.0.1:${readConfig(homeAt(home)).p2p.port}`)
    const words = ['snapshot', 'restore', ...urls, '--block', id, '--home', late.home, '--json']
    // The id that the operator has from a partner certifies the state; nothing else does, since an election has come between.
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words])
    expect(JSON.parse(stdout)).toMatchObject({ height })

    network.start(late)
    const target = (await heightOf(honest)) + 2
    await expect.poll(() => heightOf(late).catch(() => -1), PATIENCE).toBeGreaterThanOrEqual(target)
    expect(network.unasked).toEqual([])
    const block = (node: ChaosNode, at: string) =>
      node.ask('chain_block', { height: at }) as Promise<{ readonly id: string }>
    expect((await block(late, String(target))).id).toBe((await block(honest, String(target))).id)
    // Nothing was played again: the first blocks are not there.
    await expect(block(late, '1')).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_FOUND|NOT_KEPT/),
    })
  } finally {
    await network.close()
    await rm(dir, { recursive: true, force: true })
  }
})
