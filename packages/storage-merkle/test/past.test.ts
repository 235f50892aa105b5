import { type StateKey, stateRoot } from '@mmtchain/kernel'
import { type Address, type Hash, height, toHex } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { inTempFolder, newLevel } from './temp-store.ts'

const keyOf = (row: number): StateKey => `5a00${toHex(Uint8Array.of(row >> 8, row))}`
const written = (block: number, row: number) => new Uint8Array(1 + (row % 70)).fill(block + row)

/** How often each row changes: row 0 with every block, row 1 with every second one, and so on; and now and then one goes for some blocks. */
function changesOf(block: number, rows: number): readonly (readonly [StateKey, Uint8Array | null])[] {
  const changed = Array.from({ length: rows }, (_, row) => row).filter((row) => block % (row + 1) === 0)
  return changed.map((row) => [
    keyOf(row),
    block > 0 && (block / (row + 1)) % 7 === 3 ? null : written(block, row),
  ])
}

test('every row of every kept height is found, however often it was replaced since', async () => {
  const store = await merkleStore({ level: newLevel(), keepHeights: 'all', memoryBytes: 1 << 16 })
  const [blocks, rows] = [45, 300]
  const states: Map<StateKey, Uint8Array>[] = []
  const roots: Hash[] = []
  const write = async (block: number) => {
    const state = new Map(states.at(-1))
    const changes = changesOf(block, rows)
    for (const [key, value] of changes) {
      if (value) state.set(key, value)
      else state.delete(key)
    }
    await store.commit(sampleCommit({ store, changes, seed: block }))
    states.push(state)
    roots.push(store.tip()?.header.stateRoot as Hash)
  }
  for (let block = 0; block < blocks; block++) await write(block)
  await expectStates(store, states, roots)
  // The same after blocks were taken back, and after others.
  states.length = 31
  roots.length = 31
  await store.revertTo(height(30n))
  expect(stateRoot(store.entries({ prefix: '' }))).toBe(roots[30])
  await expectStates(store, states, roots)
  for (let block = 31; block < 40; block++) await write(block + 60)
  await expectStates(store, states, roots)
  await store.close()
})

async function expectStates(
  store: MerkleStore,
  states: readonly ReadonlyMap<StateKey, Uint8Array>[],
  roots: readonly Hash[],
): Promise<void> {
  for (const [block, state] of states.entries()) {
    const at = height(BigInt(block))
    expect(new Map(store.at(at).entries({ prefix: '' }))).toEqual(state)
    const keys = [0, 1, 2, 5, 7, 44, 299].map(keyOf)
    const { values, proof } = await store.prove({ keys, height: at })
    expect(values).toEqual(keys.map((key) => state.get(key)))
    const shown = keys.map((key) => ({ key, value: state.get(key) }))
    verifyStateProof({ root: roots[block] as Hash, rows: shown, proof })
  }
}

test('a block of many rows leaves them in many parts, from which they are read, taken back and pruned', async () => {
  const level = newLevel()
  const store = await merkleStore({ level, keepHeights: 1 })
  const all = (block: number) =>
    Array.from({ length: 3000 }, (_, row) => [keyOf(row), written(block, row)] as const)
  for (const block of [0, 1, 2]) await store.commit(sampleCommit({ store, changes: all(block), seed: block }))
  const parts = async () =>
    (await level.keys({ gte: Uint8Array.of(0x6f), lt: Uint8Array.of(0x70) }).all()).length
  await store.prune()
  expect(await parts()).toBe(64)
  const before = store.at(height(1n))
  for (let row = 0; row < 3000; row++) expect(before.get(keyOf(row))).toEqual(written(1, row))
  await store.revertTo(height(1n))
  expect(await parts()).toBe(0)
  for (let row = 0; row < 3000; row++) expect(store.get(keyOf(row))).toEqual(written(1, row))
  await store.close()
})

test('what is read while a block is written is the state before it, also when the database shows the new one', async () => {
  await inTempFolder(async (path) => {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    })
    let finish: (() => void) | undefined
    const told = () => new Promise<void>((resolve) => (finish = resolve))
    let isHeld = false
    const batch = level.batch.bind(level)
    level.batch = ((...args: []) => {
      const made = batch(...args)
      const write = made.write.bind(made)
      // LevelDB is done, and nobody knows yet.
      made.write = (options?: object) => write(options as never).then(() => (isHeld ? told() : undefined))
      return made
    }) as typeof level.batch
    const store = await merkleStore({ level, keepHeights: 2, memoryBytes: 1 << 12 })
    const rows = (block: number, from: number) =>
      Array.from({ length: 200 }, (_, i) => [keyOf(from + i), written(block, i)] as const)
    await store.commit(sampleCommit({ store, changes: rows(0, 0), seed: 0 }))
    for (let block = 1; block < 5; block++) {
      isHeld = true
      const commit = store.commit(sampleCommit({ store, changes: rows(block, 100 * block), seed: block }))
      await expect.poll(() => finish, { timeout: 60_000 }).toBeDefined()
      for (let i = 0; i < 200; i++)
        expect(store.get(keyOf(100 * (block - 1) + i))).toEqual(written(block - 1, i))
      expect(store.get(keyOf(100 * block + 150))).toBeUndefined()
      isHeld = false
      finish?.()
      finish = undefined
      await commit
      expect(store.get(keyOf(100 * block + 150))).toEqual(written(block, 150))
      // Dropping old states is a write, too.
      await store.prune()
      for (let i = 0; i < 200; i++) expect(store.get(keyOf(100 * block + i))).toEqual(written(block, i))
    }
    await store.close()
  })
})

test('the history of an account is read while blocks are committed', async () => {
  const level = newLevel()
  const store = await merkleStore({ level })
  const commits = []
  for (let seed = 0; seed < 4; seed++) {
    const commit = sampleCommit({ store, changes: [], seed, transactions: 3 })
    await store.commit(commit)
    commits.push(commit)
  }
  const address = commits[0]?.block.transactions[0]?.body.sender as Address
  const before = await store.history({ address, limit: 20 })
  expect(before.length).toBeGreaterThan(0)
  const keys = level.keys.bind(level)
  level.keys = ((...args: Parameters<typeof keys>) => {
    const found = keys(...args)
    return (async function* () {
      for await (const key of found) {
        await store.commit(sampleCommit({ store, changes: [], seed: 99 + commits.length }))
        yield key
      }
    })()
  }) as unknown as typeof level.keys
  expect(await store.history({ address, limit: 20 })).toEqual(before)
  level.keys = keys as typeof level.keys
  await store.close()
})
