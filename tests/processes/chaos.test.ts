import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { prepareCrypto } from '@mmtchain/crypto'
import { expect, test } from 'vitest'
import { copyBuild } from '../chaos/builds.ts'
import { makeNetwork } from '../chaos/nodes.ts'
import { runChaos, table } from '../chaos/run.ts'
import { heightOf, verdict } from '../chaos/verdict.ts'
import { root } from './chain-process.ts'

const chain = join(root, 'examples/04-alliance/chain.ts')
const program = resolve(root, 'apps/cli/dist/main.js')
const newFolder = () => mkdtemp(join(tmpdir(), 'mmt-chaos-'))

test('the reference alliance outlives kills one by one and at once, a wiped folder, links that fall silent and an upgrade, and loses nothing final', {
  timeout: 900_000,
}, async () => {
  await prepareCrypto()
  const dir = await newFolder()
  const next = copyBuild({ root, dir: join(dir, 'next'), version: '99.0.0-next' })
  const seed = Number(process.env.MMT_CHAOS_SEED ?? Date.now() % 1_000_000)
  const report = await runChaos({
    ...{ seed, chain, ms: 20_000, dir, programs: [program, next] },
    faults: [
      'SIGKILL',
      'SIGKILL of several at once',
      'silent links',
      'wiped data folder',
      'upgrade one by one',
    ],
    tell: () => undefined,
  })
  console.log(table(report))
  expect(report.problems, `MMT_CHAOS_SEED=${seed}`).toEqual([])
  expect(report.kills).toBeGreaterThan(7)
  expect(report.finals).toBeGreaterThan(0)
})

test('the verdict names an end that nobody asked for, and a final transaction that is not there', {
  timeout: 300_000,
}, async () => {
  const dir = await newFolder()
  const network = await makeNetwork({ dir, chain, program, validators: 1, observers: 0 })
  try {
    const [node] = network.nodes
    if (!node) throw new Error('a network has nodes')
    network.start(node)
    const isUp = () =>
      expect.poll(() => heightOf(node).catch(() => -1), { timeout: 120_000 }).toBeGreaterThan(0)
    await isUp()
    expect(await verdict(network, { dir, finals: [] })).toEqual([])
    const id = 'ab'.repeat(32)
    expect(await verdict(network, { dir, finals: [{ id, height: '1' }] })).toEqual([
      `node0 does not have transaction ${id}, final at 1`,
    ])
    node.process?.kill('SIGKILL')
    await expect.poll(() => network.unasked, { timeout: 60_000 }).toEqual(['node0 ended with SIGKILL'])
    network.start(node)
    await isUp()
    expect(await verdict(network, { dir, finals: [] })).toEqual(['node0 ended with SIGKILL'])
  } finally {
    await network.close()
    await rm(dir, { recursive: true, force: true })
  }
})
