import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secp256k1 } from '@mmtchain/crypto'
import { amount, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { serveRpc } from '@mmtchain/rpc'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

test('promtool finds nothing wrong with the metrics of a node that has worked', async () => {
  const dataPath = mkdtempSync(join(tmpdir(), 'mmt-metrics-'))
  const [alice, bob] = testAddresses('alice', 'bob')
  const chain = defineChain({ id: 'metrics', slotMs: 50, consensus: solo() }).use(
    token({ symbol: 'TST', decimals: 2 }),
  )
  const balances = [{ owner: alice, amount: amount(100_000n) }]
  const model = testChain(chain, { token: { balances, unclaimed: [] } })
  const { address, secret } = testAccount('validator')
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host: systemHost(silentLog, { dataPath }),
    validator: memorySigner({ address, suite: secp256k1, secret }),
  })
  const info = { name: 'test', version: '0' }
  const rpc = await serveRpc({ node, info, log: silentLog, port: 0 })
  try {
    const transfer = (sender: typeof alice, fee: bigint) => {
      const input = { to: bob, amount: amount(1n) }
      const body = model.body(sender, [{ module: 'token', command: 'transfer', input }])
      return model.sign({ ...body, fee: amount(fee) })
    }
    await node.submit(transfer(alice, 50n))
    await expect(node.submit(transfer(bob, 60n))).rejects.toMatchObject({ code: 'token/CANNOT_PAY_FEE' })
    await new Promise<void>((resolve) => {
      const unsubscribe = node.onBlock(({ transactionIds }) => {
        if (transactionIds.length === 0) return
        unsubscribe()
        resolve()
      })
    })
    const response = await fetch(`${rpc.url}/metrics`)
    expect(response.headers.get('content-type')).toBe(node.metrics.contentType)
    const text = await response.text()
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name)
    for (const name of [
      'mmt_block_height',
      'mmt_block_finalised_height',
      'mmt_block_round',
      'mmt_peers',
      'mmt_mempool_transactions',
      'mmt_mempool_submissions_total',
      'mmt_block_build_duration_seconds',
      'mmt_block_commit_duration_seconds',
      'mmt_transaction_check_duration_seconds',
      'mmt_data_bytes',
      'mmt_disk_free_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
    ])
      expect(names).toContain(name)
    const run = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect(run.error).toBeUndefined()
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', ''])
  } finally {
    await rpc.close()
    await node.stop()
    rmSync(dataPath, { recursive: true })
  }
})
