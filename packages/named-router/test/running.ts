import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createClient } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, solo } from '@mmtchain/kernel'
import { commitmentOf, type NameRecord, names } from '@mmtchain/named-router'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { RPC_LIMITS_DEFAULT, RPC_SETTINGS_DEFAULT, serveRpc } from '@mmtchain/rpc'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount, testChain } from '@mmtchain/testkit'

export const lab = testAccount('lab')
const secret = new Uint8Array(32).fill(9)

export const chainOf = (root: string) =>
  defineChain({ id: `${root}-1`, slotMs: 40, consensus: solo() }).use(
    names({ root, revealAfterHeights: 1, termMs: 3_600_000n }),
  )

/** A node of a chain with names, which makes a block every slot; and what a test does with it. */
export async function runChain(root: string, path: string) {
  const chain = chainOf(root)
  const { genesis } = testChain(chain, {}, { timeMs: BigInt(Date.now()) } as never)
  const validator = testAccount('validator')
  const store = await merkleStore({ path })
  const node = await createNode({
    ...{ genesis: genesis as never, store, host: systemHost(silentLog) },
    validator: memorySigner({ address: validator.address, suite: secp256k1, secret: validator.secret }),
  })
  const limits = { ...RPC_LIMITS_DEFAULT, limitLoopback: false }
  const settings = { ...RPC_SETTINGS_DEFAULT, limits }
  const rpc = await serveRpc({
    node,
    info: { name: 'test', version: '0' },
    log: silentLog,
    port: 0,
    settings,
  })
  const { url } = rpc
  const { fingerprint } = genesis
  const client = createClient({ chain, url, signer: lab.signer })
  return {
    ...{ url, fingerprint, client, node },
    /** Registers a name below the root, or makes one below another. */
    async give(name: string) {
      const owner = lab.address
      if (name.includes('.')) return client.send.names.createSubname({ name, owner })
      const commitment = commitmentOf({ fingerprint, sender: owner, owner, label: name, secret })
      const { height } = await client.send.names.commit({ commitment })
      for await (const head of client.heads()) if (head.height > (height ?? 0n)) break
      return client.send.names.register({ label: name, owner, terms: 1, secret })
    },
    set: (name: string, record: NameRecord) => client.send.names.setRecord({ name, record }),
    async stop() {
      await rpc.close()
      await node.stop()
      await store.close()
    },
  }
}
export type Running = Awaited<ReturnType<typeof runChain>>

/** A web server of somebody. */
export async function web(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A server that hands everything on to a node, and changes its answers. */
export const between = (url: string, change: (text: string, body: string) => string) =>
  web(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    const headers = { 'content-type': 'application/json' }
    try {
      const answer = await fetch(`${url}/rpc`, { method: 'POST', headers, body })
      response.end(change(await answer.text(), body))
    } catch {
      response.destroy()
    }
  })
