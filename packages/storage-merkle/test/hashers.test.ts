import { memoryStore, type StateChanges } from '@mmtchain/kernel'
import { toHex } from '@mmtchain/primitives'
import { sampleCommit } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { inMemory } from './temp-store.ts'

/** Bytes that depend on a number. */
function someBytes(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from * 31 + i * 7 + (i >> 3)) & 0xff)
}

/** Rows whose keys and values have every length of up to five blocks of the hash, and around them. */
function rowsOf(count: number, version: number): StateChanges {
  const rows = Array.from({ length: count }, (_, i) => {
    const key = `${toHex(someBytes(4, 0))}${i.toString(16).padStart(6, '0')}${toHex(someBytes(i % 331, i))}`
    return [key, someBytes((i * 3 + version) % 331, i + version)] as const
  })
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

describe.each(['native', 'wasm', 'portable', undefined] as const)('hashing by %s', (pairHasher) => {
  const open = () => inMemory(pairHasher ? { pairHasher } : {})

  test('gives the roots of the plain tree, whatever keys and values are long', async () => {
    const store = await open()
    const plain = memoryStore()
    for (const [version, count] of [700, 1, 333, 65, 64, 63, 3].entries()) {
      const changes = rowsOf(count, version)
      const root = plain.stage(changes).root
      expect(store.stage(changes).root).toBe(root)
      await plain.commit(sampleCommit({ store: plain, changes, seed: 1 }))
      await store.commit(sampleCommit({ store, changes, seed: 1 }))
      expect(store.tip()?.header.stateRoot).toBe(root)
    }
    await store.close()
  })

  test('goes on after changes that were refused half-way', async () => {
    const store = await open()
    const changes = rowsOf(400, 0)
    const unsorted = [...changes.slice(0, 390), ...changes.slice(0, 1)]
    expect(() => store.stage(unsorted)).toThrow(expect.objectContaining({ code: 'store/UNSORTED' }))
    expect(() => store.stage([...changes.slice(0, 390), ['zz', null]])).toThrow(
      expect.objectContaining({ code: 'primitives/NOT_HEX' }),
    )
    const few = rowsOf(5, 1)
    expect(store.stage(few).root).toBe(memoryStore().stage(few).root)
    await store.close()
  })
})
