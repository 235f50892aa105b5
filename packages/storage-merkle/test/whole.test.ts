import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { tablePrefix } from '@mmtchain/kernel'
import { height } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { inMemory, inTempFolder, newLevel } from './temp-store.ts'

const prefix = tablePrefix('notes', 'rows')

async function commitBlocks(store: MerkleStore, count: number): Promise<void> {
  for (let block = 0; block < count; block++) {
    const changes = Array.from({ length: 40 }, (_, i) => {
      const key = prefix + ((block * 3 + i) % 90).toString(16).padStart(4, '0')
      return [key, i % 7 === 0 ? null : new Uint8Array(500).fill(block + i)] as const
    }).sort(([a], [b]) => (a < b ? -1 : 1))
    await store.commit(sampleCommit({ store, changes, seed: Math.floor(Math.random() * 2 ** 32) }))
  }
}

test('a whole store is found whole, while blocks go on', async () => {
  const store = await inMemory({ keepHeights: 2 })
  await expect(store.verify()).rejects.toMatchObject({ code: 'store/NO_BLOCKS' })
  await commitBlocks(store, 9)
  const rows = [...store.entries({ prefix: '' })].length
  const [checked] = await Promise.all([store.verify(), commitBlocks(store, 3)])
  expect(checked).toMatchObject({ blocks: 9, rows })
  await store.close()
})

test('a bit that flips in any entry is found by verify or refuses the opening, by name', async () => {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    await commitBlocks(store, 3)
    await store.close()
    const open = () =>
      new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
    const first = open()
    const entries = await first.iterator().all()
    await first.close()
    const letters = new Set<string>()
    for (const [key, value] of entries) {
      letters.add(String.fromCharCode(key[0] as number))
      const bit = Math.floor(Math.random() * value.length * 8)
      const flipped = value.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      const level = open()
      await level.put(key, flipped)
      await level.close()
      const refusal = await (async () => {
        const damaged = await merkleStore({ path })
        try {
          await damaged.verify()
        } finally {
          await damaged.close()
        }
      })().catch((error) => error)
      expect(refusal).toMatchObject({ code: 'store/DAMAGED', values: { record: expect.any(String) } })
      const again = open()
      await again.put(key, value)
      await again.close()
    }
    expect([...letters].sort().join('')).toBe('abchimnopstvx')
  })
})

test('an entry that has vanished is found by verify', async () => {
  const level = newLevel()
  const store = await merkleStore({ level })
  await commitBlocks(store, 3)
  await store.close()
  await level.open()
  const [row] = await level.keys({ gte: Buffer.from('s'), lt: Buffer.from('t'), limit: 1 }).all()
  await level.del(row as Uint8Array)
  await level.close()
  const damaged = await merkleStore({ level })
  await expect(damaged.verify()).rejects.toMatchObject({ code: 'store/DAMAGED' })
  await damaged.close()
})

test('pruning goes on in the background until only the kept heights are there', async () => {
  const store = await inMemory({ keepHeights: 3 })
  await commitBlocks(store, 40)
  await expect
    .poll(
      () => {
        try {
          return store.at(height(35n)) !== undefined
        } catch {
          return false
        }
      },
      { timeout: 60_000 },
    )
    .toBe(false)
  expect(store.at(height(36n)).get(`${prefix}0001`)).toBeDefined()
  await store.close()
})

test('an archive keeps every state, and pruning it gives the space back', async () => {
  await inTempFolder(async (path) => {
    const archive = await merkleStore({ path, keepHeights: 'all' })
    await commitBlocks(archive, 150)
    for (const at of [0n, 70n, 149n]) expect([...archive.at(height(at)).entries({ prefix })]).not.toEqual([])
    await archive.close()
    const before = await bytesOf(path)
    const pruned = await merkleStore({ path, keepHeights: 0 })
    const rows = [...pruned.entries({ prefix: '' })]
    await pruned.compact()
    expect([...pruned.entries({ prefix: '' })]).toEqual(rows)
    expect(() => pruned.at(height(148n))).toThrow(expect.objectContaining({ code: 'store/NOT_KEPT' }))
    await pruned.verify()
    await pruned.close()
    expect(await bytesOf(path)).toBeLessThan(before / 3)
  })
})

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}
