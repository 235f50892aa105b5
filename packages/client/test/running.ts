import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { secp256k1 } from '@mmtchain/crypto'
import {
  amount,
  type Chain,
  type Documents,
  defineChain,
  defineModule,
  list,
  memoryStore,
  type Store,
  solo,
  text,
  u8,
} from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { type RpcSettings, serveRpc } from '@mmtchain/rpc'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const [alice, bob] = [testAccount('alice'), testAccount('bob')] as const

/** Queries whose input is no struct. */
const shapes = defineModule('shapes')
  .query('plain', text({ bytesMax: 8 }), text({ bytesMax: 8 }), (_, input) => input)
  .query('many', list(u8, { max: 3 }), u8, (_, input) => input.reduce((a, b) => a + b, 0))

export const chain = defineChain({ id: 'client-test', slotMs: 20, consensus: solo() })
  .use(token({ symbol: 'TST', decimals: 2 }))
  .use(shapes)
export const documents: Documents<typeof chain extends Chain<infer M> ? M : never> = {
  token: {
    balances: [
      { owner: alice.address, amount: amount(900_000n) },
      { owner: bob.address, amount: amount(100_000n) },
    ],
    unclaimed: [],
  },
}

/** A node that makes a block every slot, and its server. */
export async function start(
  settings?: RpcSettings,
  of: Chain<never> = chain as never,
  store: Store = memoryStore(),
  beginning: object = documents,
) {
  const { genesis } = testChain(of, beginning as never)
  const validator = testAccount('validator')
  const node = await createNode({
    genesis,
    store,
    host: systemHost(silentLog),
    validator: memorySigner({ address: validator.address, suite: secp256k1, secret: validator.secret }),
  })
  const rpc = await serveRpc({
    node,
    info: { name: 'test', version: '0' },
    log: silentLog,
    port: 0,
    settings,
  })
  return {
    node,
    url: rpc.url,
    genesis,
    fingerprint: genesis.fingerprint,
    async stop() {
      await rpc.close()
      await node.stop()
    },
  }
}

/** A way to a server that can be cut: the node goes on, the connections do not. */
export async function proxyTo(url: string) {
  const open = new Set<Socket>()
  let target = Number(new URL(url).port)
  let deaf = false
  let connections = 0
  const server = createServer((near) => {
    connections += 1
    const far = connectTcp(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
    near.pipe(far)
    // While it is deaf, what is asked is done, and the answer is lost.
    far.on('data', (data) => {
      if (deaf) near.destroy()
      else near.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    get connections() {
      return connections
    },
    cut() {
      for (const socket of open) socket.destroy()
    },
    setDeaf(is: boolean) {
      deaf = is
    },
    /** Leads to another server from the next connection on. */
    redirect(to: string) {
      target = Number(new URL(to).port)
    },
    async stop() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
