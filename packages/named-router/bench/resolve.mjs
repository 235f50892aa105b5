// Resolutions a second, with and without proof, of one resolver against one node in another process, beside the same node's bare JSON-RPC answers
// (chain_status), all in one run and interleaved; processor time of this side a resolution; and how evenly 4,000 requests of 16 at a time spread over four equal
// places. Run: node packages/named-router/bench/resolve.mjs [seconds]   (12 by default)
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, httpTransport } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, solo } from '@mmtchain/kernel'
import { commitmentOf, names } from '@mmtchain/named-router'
import { createResolver } from '@mmtchain/named-router/resolve'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { RPC_LIMITS_DEFAULT, RPC_SETTINGS_DEFAULT, serveRpc } from '@mmtchain/rpc'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount, testChain } from '@mmtchain/testkit'

const chain = defineChain({ id: 'bench-1', slotMs: 1_000, consensus: solo() }).use(
  names({ root: 'harbour', revealAfterHeights: 1 }),
)
const lab = testAccount('lab')

if (process.send) await runNode()
else await measure(Number(process.argv[2] ?? 12))

async function runNode() {
  const path = mkdtempSync(join(tmpdir(), 'mmt-resolve-bench-'))
  const { genesis } = testChain(chain, {})
  const { address, secret } = testAccount('validator')
  const store = await merkleStore({ path })
  const validator = memorySigner({ address, suite: secp256k1, secret })
  const node = await createNode({ genesis, store, host: systemHost(silentLog), validator })
  const limits = { ...RPC_LIMITS_DEFAULT, limitLoopback: false }
  const settings = { ...RPC_SETTINGS_DEFAULT, limits }
  const rpc = await serveRpc({
    node,
    info: { name: 'bench', version: '0' },
    log: silentLog,
    port: 0,
    settings,
  })
  process.send({ url: rpc.url, fingerprint: genesis.fingerprint })
  await once(process, 'message')
  await rpc.close()
  await node.stop()
  await store.close()
  rmSync(path, { recursive: true })
  process.exit()
}

async function measure(seconds) {
  const node = fork(import.meta.filename)
  const [{ url, fingerprint }] = await once(node, 'message')
  const client = createClient({ chain, url, signer: lab.signer })
  const [owner, secret] = [lab.address, new Uint8Array(32)]
  const commitment = commitmentOf({ fingerprint, sender: owner, owner, label: 'lab', secret })
  const { height } = await client.send.names.commit({ commitment })
  for await (const head of client.heads()) if (head.height > height) break
  await client.send.names.register({ label: 'lab', owner, terms: 1, secret })
  for (const name of ['report.lab', 'page.report.lab']) await client.send.names.createSubname({ name, owner })
  const counts = [0, 0, 0, 0]
  const servers = await Promise.all(
    counts.map(async (_, i) => {
      const server = createServer((_, response) => {
        counts[i] += 1
        response.end('here')
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const places = servers.map((server) => `http://127.0.0.1:${server.address().port}/`)
  const record = { kind: 'url', value: { places } }
  await client.send.names.setRecord({ name: 'page.report.lab', record })

  const resolver = createResolver({
    roots: { harbour: { fingerprint, endpoints: [{ rpc: url }] } },
    ...{ lagMax: 600, timeoutMs: 30_000, privatePlaces: true },
  })
  const name = 'page.report.lab.harbour'
  const transport = httpTransport({ url })
  const kinds = {
    'proven resolutions': () => resolver.resolve(name),
    'resolutions on a node’s word': () => resolver.resolve(name, { proven: false }),
    'bare JSON-RPC answers': () => transport('chain_status'),
  }
  const best = Object.fromEntries(
    Object.keys(kinds).map((kind) => [kind, { rate: 0, us: Number.POSITIVE_INFINITY }]),
  )
  const ROUNDS = 4
  for (let round = 0; round < ROUNDS; round++)
    for (const [kind, run] of Object.entries(kinds)) {
      const until = performance.now() + (seconds * 1_000) / ROUNDS / 3
      const [begun, before] = [performance.now(), process.cpuUsage()]
      let done = 0
      const one = async () => {
        for (; performance.now() < until; done++) await run()
      }
      await Promise.all(Array.from({ length: 8 }, one))
      const { user, system } = process.cpuUsage(before)
      const found = best[kind]
      found.rate = Math.max(found.rate, (done * 1_000) / (performance.now() - begun))
      found.us = Math.min(found.us, (user + system) / done)
    }
  const bare = best['bare JSON-RPC answers'].rate
  for (const [kind, { rate, us }] of Object.entries(best))
    console.log(
      `${kind}: ${rate.toFixed(0)}/s, ${(rate / bare).toFixed(2)} of the bare ones; ${us.toFixed(0)} µs of processor time here each`,
    )

  counts.fill(0)
  const REQUESTS = 4_000
  const resolution = await resolver.resolve(name)
  let left = REQUESTS
  const get = async () => {
    while (left-- > 0) await resolver.get(resolution)
  }
  await Promise.all(Array.from({ length: 16 }, get))
  const ideal = REQUESTS / counts.length
  const off = Math.max(...counts.map((count) => Math.abs(count / ideal - 1))) * 100
  console.log(
    `load of four equal places: ${counts.join(', ')}; at most ${off.toFixed(1)} % off the ideal ${ideal}`,
  )
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  node.send('stop')
  await once(node, 'exit')
  process.exit()
}
