// What JSON-RPC adds to HTTP: calls of `chain_status` over POST, one by one, in batches of 100 and over a WebSocket, beside the
// requests to a bare `node:http` server that answers with bytes of the same length. Server and callers share
// one process, and its processor time is what counts.
import { Agent, createServer, request } from 'node:http'
import { defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, silentLog, systemHost } from '@mmtchain/node-runtime'
import { serveRpc } from '@mmtchain/rpc'
import { testChain } from '@mmtchain/testkit'
import { WebSocket } from 'ws'

const SECONDS = 1
const ROUNDS = Number(process.argv[2] ?? 5)
const LANES = 32
const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_status' })
const batch = `[${Array(100).fill(call).join(',')}]`

const { genesis } = testChain(defineChain({ id: 'bench', consensus: solo() }), {})
const node = await createNode({ genesis, store: memoryStore(), host: systemHost(silentLog) })
const rpc = await serveRpc({ node, info: { name: 'bench', version: '0' }, log: silentLog, port: 0 })
const answer = await (await fetch(`${rpc.url}/rpc`, { method: 'POST', body: call })).text()
const bare = createServer((incoming, outgoing) => {
  incoming.resume().on('end', () => outgoing.end(answer))
})
await new Promise((resolve) => bare.listen(0, '127.0.0.1', resolve))

const agent = new Agent({ keepAlive: true, maxSockets: LANES })
const post = (url, body) =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent }, (incoming) =>
      incoming.resume().on('end', resolve),
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })

/** How often `work` is done in a second of processor time, by 32 at a time. */
async function rate(work) {
  const until = performance.now() + SECONDS * 1_000
  const before = process.cpuUsage()
  let done = 0
  const lane = async () => {
    for (; performance.now() < until; done++) await work()
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const { user, system } = process.cpuUsage(before)
  return done / ((user + system) / 1_000_000)
}

const socket = new WebSocket(`${rpc.url.replace('http', 'ws')}/rpc`)
await new Promise((resolve) => socket.once('open', resolve))
const waiting = []
socket.on('message', () => waiting.shift()())
const overSocket = () => new Promise((resolve) => socket.send(call, () => waiting.push(resolve)))

const url = `http://127.0.0.1:${bare.address().port}/`
const works = [
  ['bare node:http', 1, () => post(url, call)],
  ['POST, one by one', 1, () => post(`${rpc.url}/rpc`, call)],
  ['POST, batches of 100', 100, () => post(`${rpc.url}/rpc`, batch)],
  ['WebSocket', 1, overSocket],
]
const found = works.map(() => [])
// In turn, so that what else the machine does falls on all of them; the first round warms up.
for (let round = 0; round <= ROUNDS; round++)
  for (const [i, [, calls, work]] of works.entries()) {
    const once = calls * (await rate(work))
    if (round > 0) found[i].push(once)
  }
const median = (rates) => rates.sort((a, b) => a - b)[ROUNDS >> 1]
const limit = median(found[0])
for (const [i, [name]] of works.entries()) {
  const calls = median(found[i])
  const shown = Math.round(calls).toString().padStart(8)
  console.log(
    `${name.padEnd(22)} ${shown} calls per second of processor time, ${(calls / limit).toFixed(2)} of bare HTTP`,
  )
}

agent.destroy()
socket.terminate()
bare.close()
await rpc.close()
await node.stop()
