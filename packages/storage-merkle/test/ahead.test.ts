import { type BlockCommit, memoryStore, type StateKey, type StateStore, type Store } from '@mmtchain/kernel'
import { height, toHex } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import type { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { inTempFolder, newLevel } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

type Rows = ReadonlyMap<StateKey, Uint8Array>
type Change = readonly [StateKey, Uint8Array | null]

const seed = Number(process.env.MMT_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** A generator of whole numbers below 2^32 (mulberry32). */
function numbersFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Changes of few rows, so that blocks after one another change, delete and make the same ones. */
function changesOf(next: () => number, rows: number): readonly Change[] {
  const changed = new Map<StateKey, Uint8Array | null>()
  for (let i = next() % 60; i >= 0; i--) {
    const key = `6d00${toHex(Uint8Array.of((next() % rows) >> 8, next() % 251))}`
    changed.set(key, next() % 4 === 0 ? null : new Uint8Array(next() % 200).fill(next()))
  }
  return [...changed].sort(([a], [b]) => (a < b ? -1 : 1))
}

function after(rows: Rows, changes: readonly Change[]): Rows {
  const all = new Map(rows)
  for (const [key, value] of changes) {
    if (value) all.set(key, value)
    else all.delete(key)
  }
  return all
}

/** In text, which compares much faster than arrays do here. */
const textOf = (rows: Iterable<readonly [StateKey, Uint8Array]>) =>
  Array.from(rows, ([key, value]) => `${key}=${toHex(value)}`).join()

function expectRows(got: Pick<Store, 'entries' | 'get'>, want: Rows): void {
  const sorted = [...want].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(textOf(got.entries({ prefix: '6d' }))).toBe(textOf(sorted))
  expect(textOf(sorted.map(([key]) => [key, got.get(key) as Uint8Array]))).toBe(textOf(sorted))
  expect(textOf(got.entries({ prefix: '', reverse: true }))).toBe(textOf(sorted.reverse()))
  expect(got.get('6d01')).toBeUndefined()
}

/** A block on the state that a stage stands on, and not on the tip. */
function commitOn(
  on: Pick<StateStore, 'stage'>,
  tip: ReturnType<Store['tip']>,
  changes: readonly Change[],
  number: number,
) {
  const store = { tip: () => tip, stage: on.stage } as Store
  return sampleCommit({ store, changes, seed: number })
}

const tipAfter = ({ block, id }: BlockCommit) => ({ header: block.header, id })

/** Commits blocks, each staged while the one before is being written, and compares with a plain store. */
async function runAhead(
  store: MerkleStore,
  { blocks, first }: { readonly blocks: number; readonly first: number },
) {
  const next = numbersFrom(first)
  const oracle = memoryStore()
  let rows: Rows = new Map()
  const states: Rows[] = []
  let commit: BlockCommit | undefined
  let done: Promise<void> = Promise.resolve()
  let blocksAhead = 0
  for (let block = 0; block < blocks; block++) {
    const changes = changesOf(next, 300)
    const before = rows
    const ahead = commit && store.ahead(commit.staged)
    const isAhead = store.tip()?.id !== commit?.id
    if (ahead) expectRows(ahead, before)
    if (isAhead && ahead) blocksAhead++
    if (isAhead) expectRows(store, states.at(-2) ?? new Map())
    if (!ahead) await done
    // Others on the same block, of which nothing comes.
    const on = ahead ?? store
    for (let other = next() % 12; other > 0; other--) on.stage(changesOf(next, 300))
    const made = commitOn(on, commit && tipAfter(commit), changes, block)
    rows = after(before, changes)
    states.push(rows)
    const staged = oracle.stage(changes)
    expect(made.staged.root).toBe(staged.root)
    await oracle.commit({ ...made, staged })
    const madeDone = store.commit(made)
    madeDone.catch(() => undefined)
    // What is next may be asked for before it is its turn.
    if (isAhead && ahead) expect(store.ahead(made.staged)).toBeUndefined()
    await done
    expectRows(store, before)
    ;[commit, done] = [made, madeDone]
  }
  await done
  expectRows(store, rows)
  return { states, blocksAhead }
}

describe(`blocks that are staged while the one before is written (seed ${seed})`, () => {
  test.each([
    ['with room for everything', 1 << 26, 39],
    ['with little memory', 1 << 17, 1],
    ['with less', 1 << 14, 0],
  ])('are what they are in turn, %s', async (_, memoryBytes, least) => {
    const level = newLevel()
    const store = await merkleStore({ level, keepHeights: 'all', memoryBytes })
    const { states, blocksAhead } = await runAhead(store, { blocks: 40, first: seed })
    expect(blocksAhead).toBeGreaterThanOrEqual(least)
    for (const [at, rows] of states.entries()) expectRows(store.at(height(BigInt(at))), rows)
    await expectWhole(store)
    await store.revertTo(height(31n))
    expectRows(store, states[31] as Rows)
    await store.verify()
    await store.close()
    const again = await merkleStore({ level, keepHeights: 3 })
    await again.prune()
    expectRows(again, states[31] as Rows)
    await expectWhole(again)
    await again.close()
  })

  test('the same on disk, while old states are dropped', async () => {
    await inTempFolder(async (path) => {
      const store = await merkleStore({ path, keepHeights: 2, memoryBytes: 1 << 20 })
      await runAhead(store, { blocks: 25, first: seed + 1 })
      await store.prune()
      await store.verify()
      await store.close()
      const again = await merkleStore({ path })
      await expectWhole(again)
      await again.close()
    })
  })
})

/** Has writes wait until they are let go, or fail. */
function gated(level: MemoryLevel<Uint8Array, Uint8Array>) {
  const batch = level.batch.bind(level)
  const waiting: { readonly go: () => void; readonly fail: () => void }[] = []
  level.batch = ((...args: []) => {
    const made = batch(...args)
    const write = made.write.bind(made)
    made.write = (options?: object) =>
      new Promise<void>((resolve, reject) => {
        const go = () => void write(options as never).then(resolve, reject)
        const fail = () => void made.close().then(() => reject(new Error('the disk is full')))
        waiting.push({ go, fail })
      })
    return made
  }) as typeof level.batch
  return {
    /** The next write that waits. */
    async next() {
      await expect.poll(() => waiting.length, { timeout: 60_000 }).toBeGreaterThan(0)
      return waiting.shift() as (typeof waiting)[number]
    },
    count: () => waiting.length,
  }
}

const row = (value: number): readonly Change[] => [['aa00', Uint8Array.of(value)]]

/** A store with one block, and one that is being written. */
async function withOneWriting() {
  const level = newLevel()
  const store = await merkleStore({ level })
  await store.commit(sampleCommit({ store, changes: row(0), seed: 0 }))
  const gate = gated(level)
  const first = sampleCommit({ store, changes: row(1), seed: 1 })
  const firstDone = store.commit(first)
  return { level, store, gate, first, firstDone }
}

test('a block is written when the one before is on disk, and not seen before that', async () => {
  const { store, gate, first, firstDone } = await withOneWriting()
  const ahead = store.ahead(first.staged) as StateStore
  expect(ahead.get('aa00')).toEqual(Uint8Array.of(1))
  expect(store.get('aa00')).toEqual(Uint8Array.of(0))
  const second = commitOn(ahead, tipAfter(first), row(2), 2)
  const secondDone = store.commit(second)
  const write = await gate.next()
  expect(gate.count()).toBe(0)
  // Only one block may be ahead of the one that is being written.
  expect(store.ahead(second.staged)).toBeUndefined()
  expect(() => ahead.get('aa00')).toThrow(expect.objectContaining({ code: 'store/STALE_STAGE' }))
  await expect(store.commit(sampleCommit({ store, changes: row(9), seed: 9 }))).rejects.toMatchObject({
    code: 'store/STALE_STAGE',
  })
  write.go()
  await firstDone
  expect(store.get('aa00')).toEqual(Uint8Array.of(1))
  expect(store.tip()?.id).toBe(first.id)
  expect(store.ahead(second.staged)?.get('aa00')).toEqual(Uint8Array.of(2))
  ;(await gate.next()).go()
  await secondDone
  expect(() => store.ahead(first.staged)).toThrow(expect.objectContaining({ code: 'store/STALE_STAGE' }))
  expect(store.get('aa00')).toEqual(Uint8Array.of(2))
  // Also after its commit a block can be stood on, for as long as it is the tip.
  const third = commitOn(store.ahead(second.staged) as StateStore, tipAfter(second), row(3), 3)
  const thirdDone = store.commit(third)
  ;(await gate.next()).go()
  await thirdDone
  expect(store.ahead(sampleCommit({ store, changes: [], seed: 4 }).staged)).toBeUndefined()
  await expectWhole(store)
  await store.close()
})

test('a block whose parent was not written fails with it, and nothing of either is there', async () => {
  const { level, store, gate, first, firstDone } = await withOneWriting()
  const ahead = store.ahead(first.staged) as StateStore
  const secondDone = store.commit(commitOn(ahead, tipAfter(first), row(2), 2))
  secondDone.catch(() => undefined)
  ;(await gate.next()).fail()
  await expect(firstDone).rejects.toMatchObject({ code: 'store/WRITE_FAILED' })
  await expect(secondDone).rejects.toMatchObject({ code: 'store/WRITE_FAILED' })
  expect(gate.count()).toBe(0)
  expect(store.get('aa00')).toEqual(Uint8Array.of(0))
  expect(() => ahead.stage(row(3))).toThrow(expect.objectContaining({ code: 'store/STALE_STAGE' }))
  await store.close()
  const again = await merkleStore({ level })
  expect(again.tip()?.header.height).toBe(0n)
  await again.close()
})

test('blocks are taken back, and a store is closed, when both blocks are written', async () => {
  const { store, gate, first, firstDone } = await withOneWriting()
  const secondDone = store.commit(
    commitOn(store.ahead(first.staged) as StateStore, tipAfter(first), row(2), 2),
  )
  const reverted = store.revertTo(height(0n))
  for (let write = 0; write < 4; write++) (await gate.next()).go()
  await Promise.all([firstDone, secondDone, reverted])
  expect(store.get('aa00')).toEqual(Uint8Array.of(0))
  await expectWhole(store)
  const next = sampleCommit({ store, changes: row(5), seed: 5 })
  const nextDone = store.commit(next)
  const last = store.commit(commitOn(store.ahead(next.staged) as StateStore, tipAfter(next), row(6), 6))
  const closed = store.close()
  ;(await gate.next()).go()
  ;(await gate.next()).go()
  await Promise.all([nextDone, last, closed])
  expect(() => store.ahead(next.staged)).toThrow(expect.objectContaining({ code: 'store/CLOSED' }))
})
