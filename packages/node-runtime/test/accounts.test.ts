import { secp256k1 } from '@mmtchain/crypto'
import {
  address,
  amount,
  amountSum,
  defineChain,
  defineModule,
  fixedBytes,
  hash,
  list,
  map,
  memoryStore,
  option,
  set,
  solo,
  struct,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  union,
  unit,
} from '@mmtchain/kernel'
import { createNode, type Host, memorySigner, silentLog } from '@mmtchain/node-runtime'
import type { Address } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const shape = struct({
  plain: address,
  some: option(address),
  none: option(address),
  listed: list(tuple(u8, address), { max: 4 }),
  named: set(address, { max: 4 }),
  mapped: map(address, struct({ by: address }), { max: 4 }),
  either: union({ nobody: unit, somebody: address }),
  neither: union({ nobody: unit, somebody: address }),
})
/** Each part has one length. */
const even = struct({
  ...{ a: u8, b: u16, c: u32, d: u64, e: u128, f: amount, g: amountSum, h: hash, i: fixedBytes(3), j: unit },
  plain: address,
  pair: tuple(u8, address, struct({ by: address, again: address })),
  rest: tuple(address, address, address, address, address, address, address, address),
})
const people = list(address, { max: 2_000 })

/** Says what it is given, in events. */
const speaker = defineModule('speaker', { events: { shaped: shape, even, crowd: people, number: u8 } })
  .command('say', shape, (ctx, input) => ctx.emit.shaped(input))
  .command('even', even, (ctx, input) => ctx.emit.even(input))
  .command('crowd', people, (ctx, input) => {
    ctx.emit.number(7)
    return ctx.emit.crowd(input)
  })
const chain = defineChain({ id: 'accounts-test', slotMs: 1_000, consensus: solo() })
  .use(token({ symbol: 'TST', decimals: 2 }))
  .use(speaker)

const [plain, some, listed, named, key, by, somebody, other] = testAddresses(
  ...(['plain', 'some', 'listed', 'named', 'key', 'by', 'somebody', 'other'] as const),
)
const alice = testAccount('alice')

/** A node whose time moves only when the test says so, with one block of one command. */
async function commit(call: { readonly command: string; readonly input: unknown }) {
  const model = testChain(chain, {
    token: { balances: [{ owner: alice.address, amount: amount(100_000n) }], unclaimed: [] },
  })
  let now = model.genesis.value.timeMs
  const timers = new Set<() => void>()
  const host: Host = {
    log: silentLog,
    nowMs: () => now,
    monotonicMs: () => Number(now),
    setTimer(atMs, fire) {
      const due = () => {
        if (atMs > now) return
        timers.delete(due)
        fire()
      }
      timers.add(due)
      return () => timers.delete(due)
    },
  }
  const { address: validator, secret } = testAccount('validator')
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host,
    validator: memorySigner({ address: validator, suite: secp256k1, secret }),
  })
  const id = await node.submit(
    model.sign(model.body(alice.address, [{ module: 'speaker', ...call } as never])),
  )
  await new Promise<void>((resolve) => {
    node.onBlock(() => resolve())
    now += 1_000n
    for (const due of timers) due()
  })
  const historyOf = async (account: Address) =>
    (await node.store.history({ address: account, limit: 10 })).map((found) => found.id)
  return { node, id, historyOf }
}

test('a transaction is in the history of every account that its events name, wherever the event has it', async () => {
  const { node, id, historyOf } = await commit({
    command: 'say',
    input: {
      ...{ plain, some, none: null, listed: [[1, listed]], named: [named] },
      mapped: new Map([[key, { by }]]),
      either: { kind: 'somebody', value: somebody },
      neither: { kind: 'nobody', value: null },
    },
  })
  for (const account of [alice.address, plain, some, listed, named, key, by, somebody])
    expect(await historyOf(account)).toEqual([id])
  expect(await historyOf(other)).toEqual([])
  await node.stop()
})

test('an event of parts that have one length each names its accounts too, each once', async () => {
  const crowd = testAddresses(...Array.from({ length: 7 }, (_, i) => `one of the crowd, ${i}`))
  const { node, id, historyOf } = await commit({
    command: 'even',
    input: {
      ...{ a: 1, b: 2, c: 3, d: 4n, e: 5n, f: amount(6n), g: 7n, h: hash('08'.repeat(32)) },
      ...{
        i: new Uint8Array(3),
        j: null,
        plain,
        pair: [9, some, { by, again: some }],
        rest: [...crowd, plain],
      },
    },
  })
  for (const account of [alice.address, plain, some, by, ...crowd])
    expect(await historyOf(account)).toEqual([id])
  expect(await historyOf(other)).toEqual([])
  await node.stop()
})

test('of a crowd the first thousand are in, and the sender always', async () => {
  const crowd = testAddresses(...Array.from({ length: 1_100 }, (_, i) => `one of the crowd, ${i}`))
  const { node, id, historyOf } = await commit({ command: 'crowd', input: crowd })
  for (const i of [0, 1, 1_023]) expect(await historyOf(crowd[i] as Address)).toEqual([id])
  expect(await historyOf(crowd[1_024] as Address)).toEqual([])
  expect(await historyOf(alice.address)).toEqual([id])
  await node.stop()
})
