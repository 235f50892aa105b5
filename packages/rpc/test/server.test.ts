import { defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, silentLog, systemHost } from '@mmtchain/node-runtime'
import { serveRpc } from '@mmtchain/rpc'
import { testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'

/** An observer's server, and how to ask it. */
async function start() {
  const { genesis } = testChain(defineChain({ id: 'server-test', consensus: solo() }), {})
  const node = await createNode({ genesis, store: memoryStore(), host: systemHost(silentLog) })
  const rpc = await serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port: 0 })
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${rpc.url}${path}`, init)
    return [response.status, await response.json()] as const
  }
  return { node, rpc, ask }
}

test('health is good while the node runs and bad once it has stopped', async () => {
  const { node, rpc, ask } = await start()
  expect(await ask('/healthz')).toEqual([200, { ok: true, height: '0' }])
  await node.stop()
  expect(await ask('/healthz')).toEqual([503, { ok: false, height: '0' }])
  await rpc.close()
})

test('an unknown path and an oversized body are refused by code', async () => {
  const { node, rpc, ask } = await start()
  expect(await ask('/nowhere')).toMatchObject([404, { error: { code: 'rpc/NOT_FOUND' } }])
  const body = `"${'x'.repeat(9 * 1024 * 1024)}"`
  expect(await ask('/rpc', { method: 'POST', body })).toMatchObject([
    413,
    { error: { code: 'rpc/BODY_TOO_LARGE' } },
  ])
  await rpc.close()
  await node.stop()
})
