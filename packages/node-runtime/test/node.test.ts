import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secp256k1 } from '@mmtchain/crypto'
import {
  defineChain,
  defineModule,
  type Engine,
  type MemoryStore,
  memoryStore,
  solo,
  struct,
  type Tip,
  u8,
} from '@mmtchain/kernel'
import {
  createNode,
  fileJournal,
  type Host,
  type Journal,
  type MempoolLimits,
  memorySigner,
  silentLog,
} from '@mmtchain/node-runtime'
import { type Address, amount } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test, vi } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const documents = { token: { balances: [{ owner: alice, amount: amount(100_000n) }], unclaimed: [] } }
const chainNamed = (id: string, consensus = solo()) =>
  defineChain({ id, slotMs: 1_000, consensus }).use(token({ symbol: 'TST', decimals: 2 }))
const { secret, address } = testAccount('validator')
const validator = { address, suite: secp256k1, secret }

/** Time that moves only when the test says so. */
function manualHost(journal?: Journal): Host & { advance(ms: bigint): void } {
  let now = 1_700_000_000_000n
  const timers = new Set<{ readonly atMs: bigint; readonly fire: () => void }>()
  return {
    log: silentLog,
    ...(journal && { journal }),
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
  args: {
    store?: MemoryStore
    id?: string
    secret?: Uint8Array
    observer?: boolean
    journal?: Journal
    consensus?: Engine
    mempool?: Partial<MempoolLimits>
  } = {},
) {
  const chain = chainNamed(args.id ?? 'node-test', args.consensus)
  const model = testChain(chain, documents)
  const host = manualHost(args.journal)
  const store = args.store ?? memoryStore()
  const node = await createNode({
    genesis: model.genesis,
    store,
    host,
    ...(args.mempool && { mempool: args.mempool }),
    validator: args.observer ? undefined : memorySigner({ ...validator, secret: args.secret ?? secret }),
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

test('a block whose evidence the chain refuses is built without it, transactions and all', async () => {
  const plain = solo()
  /** Solo, but for evidence that it asks for and then refuses. */
  const accusing: Engine = {
    ...plain,
    step(state, input) {
      const step = plain.step(state, input)
      const effects = step.effects.map((effect) =>
        effect.kind === 'buildBlock'
          ? { ...effect, request: { ...effect.request, evidence: [Uint8Array.of(1)] } }
          : effect,
      )
      return { ...step, effects }
    },
  }
  const { node, slot, transfer } = await start({ consensus: accusing })
  const id = await node.submit(transfer(alice, bob))
  await slot()
  expect(await node.store.transaction(id)).toEqual({ height: 1n, index: 0 })
  expect((await node.store.block({ height: node.tip.header.height }))?.block.evidence).toEqual([])
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

test('a node without room neither checks signatures nor reads its store to refuse what finds no place', async () => {
  const store = memoryStore()
  let reads = 0
  const transaction: MemoryStore['transaction'] = (id) => {
    reads += 1
    return store.transaction(id)
  }
  const { node, model, transfer } = await start({
    store: { ...store, transaction },
    mempool: { countMax: 1 },
  })
  const first = transfer(alice, bob)
  await node.submit(first)
  const next = model.sign({ ...first.body, nonce: 1n })
  const [{ index, signature }] = next.signatures as [(typeof next.signatures)[number]]
  const forged = { ...next, signatures: [{ index, signature: signature.map((byte) => byte ^ 1) }] }
  for (const one of [next, forged])
    await expect(node.submit(one)).rejects.toMatchObject({ code: 'node/POOL_FULL' })
  expect(reads).toBe(0)
  // What waits already is no matter of room.
  await node.submit(first)
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

test('what waits when a node stops waits again when it starts, also after a kill', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mmt-node-'))
  const open = () => fileJournal({ path: join(folder, 'mempool.journal'), log: silentLog })
  try {
    const first = await start({ journal: await open() })
    const ids: string[] = []
    for (const nonce of [0n, 1n, 2n]) {
      const input = { to: bob, amount: amount(1n) }
      const body = first.model.body(alice, [{ module: 'token', command: 'transfer', input }])
      ids.push(await first.node.submit(first.model.sign({ ...body, nonce })))
    }
    const store = first.store.fork()
    const killed = first.store.fork()
    await first.node.stop()

    // This one dies without closing anything.
    const second = await start({ store: killed, journal: await open() })
    await vi.waitFor(() => expect(second.node.mempool.count).toBe(3))

    const third = await start({ store, journal: await open() })
    await vi.waitFor(() => expect(third.node.mempool.count).toBe(3))
    await third.slot()
    const block = await third.node.store.block({ height: third.node.tip.header.height })
    expect(block?.transactionIds).toEqual(ids)
    await third.node.stop()

    const other = await start({ id: 'another-chain', journal: await open() })
    await other.slot()
    expect(other.node.mempool.count).toBe(0)
    await other.node.stop()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a transaction that exhausts the stack is dropped, and the chain goes on', async () => {
  const dig = (depth: number): number => depth + dig(depth + 1)
  const deep = defineModule('deep').command('dig', struct({ n: u8 }), (_ctx, { n }) => {
    if (n > 0) dig(n)
  })
  const chain = defineChain({ id: 'deep', slotMs: 1_000, consensus: solo() }).use(deep)
  const model = testChain(chain, {})
  const host = manualHost()
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host,
    validator: memorySigner(validator),
  })
  const dug = (sender: Address, n: number) =>
    model.sign(model.body(sender, [{ module: 'deep', command: 'dig', input: { n } }]))
  const bad = await node.submit(dug(alice, 1))
  const good = await node.submit(dug(bob, 0))
  const one = new Promise<void>((resolve) => node.onBlock(() => setImmediate(resolve)))
  host.advance(1_000n)
  await one
  const stored = await node.store.block({ height: node.tip.header.height })
  expect(stored?.transactionIds).toEqual([good])
  expect(node.mempool.droppedFor(bad)?.code).toBe('node/EXHAUSTING')
  await expect(node.submit(dug(alice, 1))).rejects.toMatchObject({ code: 'node/EXHAUSTING' })
  await node.stop()
})

test('health names what is wrong and how to cure it, and turns with the node', async () => {
  const { node, slot, host } = await start()
  const check = async (name: string) => (await node.health()).checks.find((one) => one.name === name)
  await slot()
  expect(await check('blocks')).toMatchObject({ ok: true, cure: '' })
  expect((await node.health()).ready).toBe(true)
  await node.stop()
  host.advance(60_000n)
  expect(await check('blocks')).toMatchObject({ ok: false, cure: expect.stringMatching(/./) as string })
  expect((await node.health()).ready).toBe(false)
})

test('metrics tell of blocks, transactions and the mempool', async () => {
  const { node, slot, transfer } = await start()
  await node.submit(transfer(alice, bob))
  await expect(node.submit(transfer(bob, alice))).rejects.toMatchObject({ code: 'token/CANNOT_PAY_FEE' })
  expect(await node.metrics.text()).toContain('mmt_mempool_transactions 1\n')
  await slot()
  const text = await node.metrics.text()
  for (const line of [
    'mmt_block_height 1',
    'mmt_mempool_transactions 0',
    'mmt_transactions_total{outcome="done"} 1',
    'mmt_mempool_submissions_total{outcome="accepted"} 1',
    'mmt_mempool_submissions_total{outcome="token/CANNOT_PAY_FEE"} 1',
    'mmt_block_commit_duration_seconds_count 1',
  ])
    expect(text).toContain(`${line}\n`)
  await node.stop()
})

test('a genesis far ahead is worth a warning', async () => {
  const warnings: object[] = []
  const chain = chainNamed('far')
  const { genesis } = testChain(chain, documents)
  const host = manualHost()
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) }
  const past = { ...host, log, nowMs: () => host.nowMs() - 86_400_000n }
  const node = await createNode({
    genesis,
    store: memoryStore(),
    host: past,
    validator: memorySigner(validator),
  })
  expect(warnings).toEqual([{ begins: '2023-11-14T22:13:20.000Z', inHours: 24 }])
  expect((await node.health()).checks.find(({ name }) => name === 'blocks')).toMatchObject({ ok: true })
  await node.stop()
})

test('a listener that throws does not stop the chain', async () => {
  const { node, slot } = await start()
  node.onBlock(() => {
    throw new Error('a bug of the listener')
  })
  await slot()
  await slot()
  expect(node.tip.header.height).toBe(2n)
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
  const node = await createNode({ genesis, store: memoryStore(), host, validator: memorySigner(validator) })
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
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host,
    validator: memorySigner(validator),
  })
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
