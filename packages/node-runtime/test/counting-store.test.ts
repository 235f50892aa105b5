import { encodeKey } from '@mmtchain/codec'
import {
  counted,
  createMachine,
  defineChain,
  defineModule,
  memoryStore,
  type Store,
  solo,
  table,
  tablePrefix,
  u32,
  unit,
} from '@mmtchain/kernel'
import { countingStore, createNode, memorySigner } from '@mmtchain/node-runtime'
import { height } from '@mmtchain/primitives'
import { manualClock, sampleCommit, testChain } from '@mmtchain/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostOf, validator } from './nodes.ts'

const queue = defineModule('queue', { state: { rows: counted(table(u32, unit)), other: table(u32, unit) } })
  .command('join', u32, (ctx, number) => ctx.state.rows.set(number, null))
  .command('leave', u32, (ctx, number) => ctx.state.rows.delete(number))
  .command('joinAndCount', u32, (ctx, number) => {
    ctx.state.rows.set(number, null)
    ctx.state.other.set(ctx.state.rows.countBefore(1_000), null)
  })
  .query('before', u32, u32, (ctx, number) => ctx.state.rows.countBefore(number))
  .query('counts', unit, u32, (ctx) => [...ctx.state.other.entries()].at(-1)?.[0] ?? 0)
const chain = defineChain({ id: 'queue-1', slotMs: 1_000, consensus: solo() }).use(queue)
const genesis = testChain(chain, {}).genesis
const PREFIX = tablePrefix('queue', 'rows')
const keyOf = (number: number) => PREFIX + encodeKey(u32, number)

/** A store that counts how many rows were visited. */
function visited(store: Store) {
  const counts = { rows: 0 }
  const entries: Store['entries'] = function* (range) {
    for (const row of store.entries(range)) {
      counts.rows += 1
      yield row
    }
  }
  return { store: Object.assign(Object.create(store) as Store, { entries }), counts }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('block' as const),
    add: fc.uniqueArray(fc.nat(2_000), { maxLength: 400, size: 'max' }),
    drop: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('revert' as const), by: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('again' as const) }),
)

test('the count before a key is that of sorting, through any commits, reverts and restarts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const under = memoryStore()
      let store = countingStore(under, genesis)
      await store.commit(sampleCommit({ store, changes: [], seed: 1 }))
      const past: number[][] = [[]]
      for (const [i, one] of steps.entries()) {
        const now = past.at(-1) as number[]
        if (one.kind === 'again') store = countingStore(under, genesis)
        else if (one.kind === 'revert') {
          const left = Math.max(1, past.length - one.by)
          past.length = left
          await store.revertTo(height(BigInt(left - 1)))
        } else {
          const dropped = now.filter((_, at) => (at * 7919) % 100 < one.drop * 100)
          const added = one.add.filter((number) => !dropped.includes(number))
          const changes = [
            ...dropped.map((number) => [keyOf(number), null] as const),
            ...added.map((number) => [keyOf(number), new Uint8Array()] as const),
            [`${tablePrefix('queue', 'other')}00000001`, new Uint8Array()] as const,
          ].sort(([a], [b]) => (a < b ? -1 : 1))
          await store.commit(sampleCommit({ store, changes, seed: i }))
          const left = new Set([...now, ...added])
          for (const number of dropped) left.delete(number)
          past.push([...left].sort((a, b) => a - b))
        }
        const rows = past.at(-1) as number[]
        for (const number of [0, 1, 500, 1_999, 2_001, ...rows.slice(0, 5), ...rows.slice(-5)])
          expect(store.countBefore?.(PREFIX, keyOf(number))).toBe(rows.filter((row) => row < number).length)
      }
    }),
    { numRuns: 60 },
  )
})

test('a revert deeper than what is remembered reads the table anew', async () => {
  const store = countingStore(memoryStore(), genesis)
  await store.commit(sampleCommit({ store, changes: [], seed: 1 }))
  const all = Array.from({ length: 30_000 }, (_, i) => i)
  for (let block = 0; block < 6; block++) {
    const value = block % 2 === 0 ? new Uint8Array() : null
    const changes = all.map((number) => [keyOf(number), value] as const)
    await store.commit(sampleCommit({ store, changes, seed: block }))
  }
  expect(store.countBefore?.(PREFIX, keyOf(20_000))).toBe(0)
  await store.revertTo(height(5n))
  expect(store.countBefore?.(PREFIX, keyOf(20_000))).toBe(20_000)
  await store.revertTo(height(0n))
  expect(store.countBefore?.(PREFIX, keyOf(20_000))).toBe(0)
})

test('a store of a chain without a counted table stays as it is', () => {
  const plain = defineChain({ id: 'plain-1', consensus: solo() })
  const store = memoryStore()
  expect(countingStore(store, testChain(plain, {}).genesis)).toBe(store)
})

test('a running node answers a count without visiting rows, after a restart too', async () => {
  const { store, counts } = visited(memoryStore())
  const machine = createMachine(genesis)
  const begun = machine.begin(store)
  const changes = Array.from({ length: 20_000 }, (_, i) => [keyOf(3 * i), new Uint8Array()] as const)
  await store.commit({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
  await store.commit(sampleCommit({ store, changes, seed: 1 }))
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const node = await createNode({
    genesis,
    store,
    host: hostOf(clock),
    validator: memorySigner(validator),
  })
  const ask = (input: number) =>
    node.machine.query(node.store, node.tip, { module: 'queue', query: 'before', input })
  counts.rows = 0
  expect([0, 1, 2_999, 3_000, 3_001, 60_000].map(ask)).toEqual([0, 1, 1_000, 1_000, 1_001, 20_000])
  expect(counts.rows).toBe(0)
  await node.stop()
})

test('in a block the count has what the block changed', () => {
  const on = testChain(chain, {})
  const { queue: say } = on.as(validator.address)
  say.join(7)
  say.join(9)
  say.leave(7)
  say.joinAndCount(3)
  expect(on.read.queue.counts(null)).toBe(2)
  expect(on.read.queue.before(9)).toBe(1)
})
