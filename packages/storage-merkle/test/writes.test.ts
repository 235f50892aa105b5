import { memoryStore, type StateChanges, stateRoot } from '@mmtchain/kernel'
import { height, isChainError } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import type { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { newLevel } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

/** Has the n-th write of a level throw, and all after it. Answers how many there were. */
function failFrom(level: MemoryLevel<Uint8Array, Uint8Array>, n: number): () => number {
  const batch = level.batch.bind(level)
  let writes = 0
  level.batch = ((...args: []) => {
    const made = batch(...args)
    if (++writes < n) return made
    made.write = () => made.close().then(() => Promise.reject(new Error('the disk is full')))
    return made
  }) as typeof level.batch
  return () => {
    level.batch = batch
    return writes
  }
}

const changesOf = (block: number): StateChanges =>
  Array.from({ length: 12 }, (_, i) => {
    const key = `aa00${((block * 5 + i) % 60).toString(16).padStart(4, '0')}`
    return [key, (block + i) % 4 === 0 ? null : Uint8Array.of(block, i)] as const
  }).sort(([a], [b]) => (a < b ? -1 : 1))

/** Everything that a store writes: blocks, pruning, blocks taken back, blocks again. */
async function work(store: MerkleStore, { firstSeed = 0 } = {}): Promise<void> {
  const commit = (seed: number) =>
    store.commit(sampleCommit({ store, changes: changesOf(seed), seed: firstSeed + seed }))
  for (let block = 0; block < 8; block++) await commit(block)
  await store.prune()
  await store.revertTo(height((store.tip()?.header.height as bigint) - 2n))
  for (let block = 20; block < 24; block++) await commit(block)
  await store.prune()
}

test('a store whose n-th write fails stops at a whole block and opens again, for every n', async () => {
  for (let n = 1; ; n++) {
    const level = newLevel()
    const writesOf = failFrom(level, n)
    const failure = await (async () => {
      const store = await merkleStore({ level, keepHeights: 3 })
      try {
        await work(store)
      } catch (error) {
        if (!isChainError(error)) throw error
        expect(error.code).toBe('store/WRITE_FAILED')
        // Every later write is refused, reads go on.
        const next = sampleCommit({ store, changes: [], seed: 1 })
        await expect(store.commit(next)).rejects.toBe(error)
        await expectWhole(store)
      } finally {
        await store.close()
      }
    })().catch((error) => error as Error)
    if (n === 1) expect(failure).toMatchObject({ code: 'store/CANNOT_OPEN' })
    else expect(failure).toBeUndefined()
    const writes = writesOf()
    const again = await merkleStore({ level, keepHeights: 3 })
    await expectWhole(again)
    await work(again, { firstSeed: 1000 })
    await expectWhole(again)
    await again.close()
    if (writes < n) {
      expect(n).toBeGreaterThan(14)
      return
    }
  }
})

test('a store that fails once with a bad block, then goes on, is the same as one that never met it', async () => {
  const store = await merkleStore({ level: newLevel() })
  const oracle = memoryStore()
  for (let seed = 0; seed < 6; seed++) {
    const changes = changesOf(seed)
    const good = sampleCommit({ store, changes, seed })
    const header = { ...good.block.header, consensus: new Uint8Array(5000) }
    await expect(store.commit({ ...good, block: { ...good.block, header } })).rejects.toMatchObject({
      code: 'codec/TOO_LONG',
    })
    // So many stages that the first ones have to be computed again.
    for (let other = 0; other < 20; other++) store.stage(changesOf(other + 50))
    await store.commit(good)
    await oracle.commit({ ...good, staged: oracle.stage(changes) })
    expect(stateRoot(store.entries({ prefix: '' }))).toBe(oracle.tip()?.header.stateRoot)
  }
  await expectWhole(store)
  await store.close()
})

test('a level that somebody else has closed is told of by a coded refusal', async () => {
  const level = newLevel()
  const store = await merkleStore({ level })
  const commit = sampleCommit({ store, changes: changesOf(1), seed: 1 })
  await level.close()
  await expect((async () => store.commit(commit))()).rejects.toMatchObject({
    code: 'store/WRITE_FAILED',
    values: { height: 0n },
  })
})
