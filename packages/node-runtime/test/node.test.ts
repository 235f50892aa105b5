import { secp256k1 } from '@mmtchain/crypto'
import {
  defineChain,
  defineModule,
  type MemoryStore,
  memoryStore,
  solo,
  struct,
  type Tip,
  u8,
} from '@mmtchain/kernel'
import { createNode, type Host, silentLog } from '@mmtchain/node-runtime'
import { type Address, amount } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const documents = { token: { balances: [{ owner: alice, amount: amount(100_000n) }], unclaimed: [] } }
const chainNamed = (id: string) =>
  defineChain({ id, slotMs: 1_000, consensus: solo() }).use(token({ symbol: 'TST', decimals: 2 }))
const { secret, address } = testAccount('validator')
const validator = { address, suite: secp256k1, secret }

/** Time that moves only when the test says so. */
function manualHost(): Host & { advance(ms: bigint): void } {
  let now = 1_700_000_000_000n
  const timers = new Set<{ readonly atMs: bigint; readonly fire: () => void }>()
  return {
    log: silentLog,
    nowMs: () => now,
    monotonicMs: () => Number(now),
    setTimer(atMs, fire) {
      const timer = { atMs, fire }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      now += ms
      for (const timer of [...timers]) {
        if (timer.atMs > now) continue
        timers.delete(timer)
        timer.fire()
      }
    },
  }
}

/** A node under a manual clock; `slot` lets one block be made. */
async function start(
  args: { store?: MemoryStore; id?: string; secret?: Uint8Array; observer?: boolean } = {},
) {
  const chain = chainNamed(args.id ?? 'node-test')
  const model = testChain(chain, documents)
  const host = manualHost()
  const store = args.store ?? memoryStore()
  const node = await createNode({
    genesis: model.genesis,
    store,
    host,
    validator: args.observer ? undefined : { ...validator, secret: args.secret ?? secret },
  })
  const slot = () =>
    new Promise<void>((resolve) => {
      const stop = node.onBlock(() => {
        stop()
        setImmediate(resolve)
      })
      host.advance(1_000n)
    })
  const transfer = (sender: Address, to: Address) =>
    model.sign(
      model.body(sender, [{ module: 'token', command: 'transfer', input: { to, amount: amount(5n) } }]),
    )
  return { node, store, host, slot, transfer, model }
}

test('a node makes a block each slot and puts submitted transactions into it', async () => {
  const { node, slot, transfer } = await start()
  const id = await node.submit(transfer(alice, bob))
  await slot()
  expect(node.tip.header.height).toBe(1n)
  expect(await node.store.transaction(id)).toEqual({ height: 1n, index: 0 })
  expect(node.mempool.count).toBe(0)
  await slot()
  expect(node.tip.header.timeMs).toBe(1_700_000_002_000n)
  await node.stop()
})

test('every block carries a seal of its id by the validator', async () => {
  const { node, slot } = await start()
  await slot()
  const stored = await node.store.block({ height: node.tip.header.height })
  const { engine } = node.genesis.chain
  const check = (seal: Uint8Array) =>
    engine.checkSeal({
      chain: node.machine.engineChain,
      header: node.tip.header,
      id: node.tip.id,
      seal,
      validators: node.genesis.validators,
    })
  check(stored?.seal as Uint8Array)
  const forged = Uint8Array.from(stored?.seal as Uint8Array)
  forged[5] = (forged[5] as number) ^ 1
  expect(() => check(forged)).toThrow(/seal/)
  await node.stop()
})

test('the same transaction is the same answer, also when it is in a block', async () => {
  const { node, slot, transfer } = await start()
  const once = transfer(alice, bob)
  const id = await node.submit(once)
  await slot()
  expect(await node.submit(once)).toBe(id)
  expect(node.mempool.count).toBe(0)
  await node.stop()
})

test('a transaction that the block before it has made unpayable is dropped, and the reason kept', async () => {
  const { node, slot, model } = await start()
  const spend = (nonce: bigint) => {
    const input = { to: bob, amount: amount(99_920n) }
    return model.sign({ ...model.body(alice, [{ module: 'token', command: 'transfer', input }]), nonce })
  }
  // Both fees are covered when they queue; the first transfer leaves too little for the second fee.
  await node.submit(spend(0n))
  const second = await node.submit(spend(1n))
  await slot()
  expect(node.mempool.has(second)).toBe(false)
  expect(node.mempool.droppedFor(second)?.code).toBe('token/CANNOT_PAY_FEE')
  expect(await node.store.transaction(second)).toBeUndefined()
  await node.stop()
})

test('a store of another chain is refused, and so is a key that is not the validator’s', async () => {
  const first = await start()
  await first.slot()
  const store = first.store.fork()
  await first.node.stop()
  await expect(start({ store, id: 'another-chain' })).rejects.toMatchObject({ code: 'node/WRONG_CHAIN_DATA' })
  await expect(start({ secret: testAccount('mallory').secret })).rejects.toMatchObject({
    code: 'node/NOT_A_VALIDATOR',
  })
})

test('a node goes on from the tip that its store holds', async () => {
  const first = await start()
  await first.slot()
  await first.slot()
  const store = first.store.fork()
  const tip: Tip = first.node.tip
  await first.node.stop()
  const second = await start({ store })
  expect(second.node.tip.id).toBe(tip.id)
  await second.node.stop()
})

test('a node without a key observes and makes no block', async () => {
  const { node, host } = await start({ observer: true })
  host.advance(10_000n)
  await new Promise((resolve) => setImmediate(resolve))
  expect(node.tip.header.height).toBe(0n)
  await node.stop()
})

test('a stopped node takes no transactions', async () => {
  const { node, transfer } = await start()
  await node.stop()
  await node.stop()
  expect(node.running).toBe(false)
  await expect(node.submit(transfer(alice, bob))).rejects.toThrow(/not running/)
})

test('a hook that fails stops the node before it signs, and says why', async () => {
  const broken = defineModule('broken').beginBlock((ctx) => {
    if (ctx.block.height === 2n) throw new TypeError('a bug in a hook')
  })
  const chain = defineChain({ id: 'broken-hook', slotMs: 1_000, consensus: solo() }).use(broken)
  const host = manualHost()
  const account = testAccount('validator')
  const [key] = account.authority.keys
  const genesis = chain.genesis({
    timeMs: host.nowMs(),
    validators: [{ address, key: key as { suite: number; key: Uint8Array } }],
    documents: {},
  })
  const node = await createNode({ genesis, store: memoryStore(), host, validator })
  const one = new Promise<void>((resolve) => node.onBlock(() => setImmediate(resolve)))
  host.advance(1_000n)
  await one
  host.advance(1_000n)
  await expect(node.stopped).rejects.toThrow('a bug in a hook')
  expect(node.tip.header.height).toBe(1n)
})

test('a command that fails with a bug is refused, and the chain goes on', async () => {
  const buggy = defineModule('buggy').command('run', struct({ n: u8 }), (_ctx, { n }) => {
    throw new TypeError(`a bug ${n}`)
  })
  const chain = defineChain({ id: 'buggy', slotMs: 1_000, consensus: solo() }).use(buggy)
  const model = testChain(chain, {})
  expect(() => model.as(alice).buggy.run({ n: 1 })).toThrow('a bug 1') // The test kit shows bugs to the author.
  const host = manualHost()
  const node = await createNode({ genesis: model.genesis, store: memoryStore(), host, validator })
  const id = await node.submit(
    model.sign(model.body(alice, [{ module: 'buggy', command: 'run', input: { n: 1 } }])),
  )
  const one = new Promise<void>((resolve) => node.onBlock(() => setImmediate(resolve)))
  host.advance(1_000n)
  await one
  const stored = await node.store.block({ height: node.tip.header.height })
  expect(stored?.transactionIds).toEqual([id])
  expect(stored?.receipts.transactions[0]?.error).toEqual({ code: 'kernel/MODULE_FAULT', call: 0 })
  await node.stop()
})
