import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import {
  type Amount,
  amount,
  type Chain,
  type Documents,
  defineChain,
  defineModule,
  height,
  list,
  memoryStore,
  type Store,
  solo,
  struct,
  text,
  u8,
  u64,
  unit,
} from '@mmtchain/kernel'
import { createNode, type Host, memorySigner, type Node, silentLog } from '@mmtchain/node-runtime'
import type { Address } from '@mmtchain/primitives'
import {
  RPC_SETTINGS_DEFAULT,
  type RpcLimits,
  type RpcOptions,
  type RpcSettings,
  serveRpc,
} from '@mmtchain/rpc'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { signTransaction, type Transaction, transaction, transactionId } from '@mmtchain/tx'
import { expect } from 'vitest'
import { WebSocket } from 'ws'

export const [alice, bob] = [testAccount('alice'), testAccount('bob')] as const

/** A module with every shape of a query's input. */
const shapes = defineModule('shapes')
  .query('nothing', unit, u8, () => 1)
  .query('plain', text({ bytesMax: 8 }), text({ bytesMax: 8 }), (_, input) => input)
  .query('many', list(u8, { max: 3 }), u8, (_, input) => input.reduce((a, b) => a + b, 0))
  .query('pair', struct({ a: u8, b: u64 }), u64, (_, { a, b }) => BigInt(a) * b)

export const chain = defineChain({ id: 'rpc-test', consensus: solo() })
  .use(token({ symbol: 'TST', decimals: 2 }))
  .use(shapes)
export const documents = {
  token: {
    balances: [
      { owner: alice.address, amount: amount(900_000_000n) },
      { owner: bob.address, amount: amount(100_000n) },
    ],
    unclaimed: [],
  },
}

/** Settings with these limits, for callers on this machine too. */
export const limited = (limits: Partial<RpcLimits>, rest: Partial<RpcSettings> = {}): RpcSettings => ({
  ...RPC_SETTINGS_DEFAULT,
  ...rest,
  limits: { ...RPC_SETTINGS_DEFAULT.limits, limitLoopback: true, ...limits },
})

/** A node of a chain that makes blocks when it is told to, and its server. */
export async function start(options: Partial<Omit<RpcOptions, 'node'>> = {}) {
  return startChain(chain, documents, options)
}

export async function startChain<M>(
  of: Chain<M>,
  given: Documents<M>,
  options: Partial<Omit<RpcOptions, 'node'>> = {},
  store: Store = memoryStore(),
) {
  const { genesis } = testChain(of, given)
  const validator = testAccount('validator')
  let nowMs = genesis.value.timeMs
  let timer: { readonly atMs: bigint; readonly fire: () => void } | undefined
  const host: Host = {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    setTimer(atMs, fire) {
      timer = { atMs, fire }
      return () => {
        timer = undefined
      }
    },
    log: silentLog,
  }
  const node = await createNode({
    genesis,
    store,
    host,
    validator: memorySigner({ address: validator.address, suite: secp256k1, secret: validator.secret }),
  })
  const rpc = await serveRpc({
    node,
    info: { name: 'test', version: '1.2.3' },
    log: silentLog,
    port: 0,
    ...options,
  })

  /** Makes one block of what waits. */
  async function makeBlock(): Promise<void> {
    const before = node.tip.header.height
    await until(() => timer !== undefined)
    const { atMs, fire } = timer as { atMs: bigint; fire: () => void }
    timer = undefined
    nowMs = atMs
    fire()
    await until(() => node.tip.header.height > before)
  }
  return {
    node,
    rpc,
    genesis,
    makeBlock,
    async makeBlocks(count: number) {
      for (let i = 0; i < count; i++) await makeBlock()
    },
    /** One call over HTTP; the whole answer. */
    async call(method: string, params?: unknown, headers: Record<string, string> = {}) {
      const response = await post(rpc.url, { jsonrpc: '2.0', id: 1, method, params }, headers)
      return (await response.json()) as Answer
    },
    async stop() {
      await rpc.close()
      await node.stop()
    },
  }
}

export interface Answer {
  readonly jsonrpc: '2.0'
  readonly id: unknown
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: { readonly code: string; readonly values: object; readonly hint: string }
  }
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
}

/** A signed transaction of alice's with one call, whose nonce comes `after` others. */
export async function sign(
  node: Node,
  { module, command, input, after = 0n }: { module: string; command: string; input: unknown; after?: bigint },
): Promise<Transaction> {
  const { machine, store, tip, genesis } = node
  const spec = machine.release(store).modules.find((used) => used.spec.name === module)?.spec
  const codec = spec?.commands.get(command)?.input
  if (!codec) throw new Error(`the chain has no command ${module}.${command}`)
  const { nonce } = machine.query(store, tip, {
    module: 'kernel',
    query: 'account',
    input: { address: alice.address },
  }) as { nonce: bigint }
  const draft = {
    fingerprint: genesis.fingerprint,
    sender: alice.address,
    authority: alice.authority,
    nonce: nonce + after,
    validUntil: height(tip.header.height + 50n),
    fee: amount(0n),
    weightMax: 0n,
    payer: null,
    calls: [{ module, command, input: encode(codec, input) }],
  }
  const { fee, weight } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
  const signed = await signTransaction({ body: { ...draft, fee, weightMax: weight }, signer: alice.signer })
  return signed.transaction
}

/** A signed payment of alice's, as the bytes that `tx_submit` takes. */
export async function payment(
  node: Node,
  { to = bob.address, value = amount(1n), after = 0n }: { to?: Address; value?: Amount; after?: bigint } = {},
): Promise<{ readonly id: string; readonly bytes: string; readonly transaction: Transaction }> {
  const input = { to, amount: value }
  const signed = await sign(node, { module: 'token', command: 'transfer', input, after })
  const bytes = Buffer.from(encode(transaction, signed)).toString('hex')
  return { id: transactionId(signed.body), bytes, transaction: signed }
}

/** Waits for something that comes. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`this did not come: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** A WebSocket to a server, with what it received. */
export async function connect(
  url: string,
  options: { readonly headers?: Record<string, string>; readonly protocols?: string[] } = {},
) {
  const { headers = {}, protocols = [] } = options
  const socket = new WebSocket(`${url.replace('http', 'ws')}/rpc`, protocols, { headers })
  const received: (Answer & { readonly method?: string; readonly params?: Notification })[] = []
  socket.on('message', (data) => received.push(JSON.parse(String(data))))
  let closed: number | undefined
  socket.on('close', (code) => {
    closed = code
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_, response) => {
      response.setEncoding('utf8')
      let body = ''
      response.on('data', (part) => {
        body += part
      })
      response.on('end', () => reject(Object.assign(new Error(body), { status: response.statusCode })))
    })
  })
  socket.on('error', () => undefined)
  let last = 0
  return {
    socket,
    received,
    get closed() {
      return closed
    },
    /** The notifications of a subscription so far. */
    notices: (id: unknown) =>
      received.flatMap(({ params }) => (params !== undefined && params.subscription === id ? [params] : [])),
    async call(method: string, params?: unknown): Promise<Answer> {
      last += 1
      const id = `c${last}`
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
      await until(() => received.some((one) => one.id === id) || closed !== undefined)
      const found = received.find((one) => one.id === id)
      expect(found).toBeDefined()
      return found as Answer
    },
  }
}

export interface Notification {
  readonly subscription: string
  readonly height: string
  readonly result: Record<string, unknown>
  readonly error?: { readonly data: { readonly code: string } }
}
