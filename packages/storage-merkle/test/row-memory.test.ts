import { memoryStore, type StateKey } from '@mmtchain/kernel'
import { toHex } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countReads, inMemory, newLevel } from './temp-store.ts'

const KEYS = 400
/** Keys of all lengths from two bytes on, some the beginning of others, a few longer than what is hashed in one go. */
const keyOf = (number: number): StateKey =>
  `${(number % 20).toString(16).padStart(4, '0')}${'5c'.repeat(Math.floor(number / 20) ** (number % 20 === 7 ? 2 : 1))}`
const filled = (length: number, number: number) => new Uint8Array(length).fill(number)

const step = fc.record({
  reads: fc.array(fc.nat(KEYS + 50), { maxLength: 200 }),
  changes: fc.array(fc.tuple(fc.nat(KEYS - 1), fc.option(fc.nat(300), { freq: 4 })), { maxLength: 80 }),
  revert: fc.nat(8).map((chance) => chance === 0),
})
const memories = [1, 4096, 30_000, 150_000, 2 ** 22]

describe('rows in memory', () => {
  test.each(memories)('are those of a plain map, in %i bytes', async (memoryBytes) => {
    const steps = fc.array(step, { minLength: 10, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const store = await inMemory({ memoryBytes })
        const plain = memoryStore()
        for (const [seed, { reads, changes, revert }] of steps.entries()) {
          for (const number of reads)
            expect(textOf(store.get(keyOf(number)))).toBe(textOf(plain.get(keyOf(number))))
          const tip = store.tip()
          if (revert && tip && tip.header.height > 1n) {
            const before = tip.header.height - 1n
            await store.revertTo(before as typeof tip.header.height)
            await plain.revertTo(before as typeof tip.header.height)
          }
          const rows = new Map(
            changes.map(([number, length]) => [
              keyOf(number),
              length === null ? null : filled(length, seed + number),
            ]),
          )
          const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
          const commit = sampleCommit({ store: plain, changes: sorted, seed })
          await plain.commit(commit)
          const staged = store.stage(sorted)
          expect(staged.root).toBe(commit.staged.root)
          await store.commit({ ...commit, staged })
        }
        await store.close()
      }),
      { numRuns: 12 },
    )
  })

  test('of many keys are told apart, also where hashes of 32 bits are the same', async () => {
    const count = 150_000
    const level = newLevel()
    const prefix = '6d616e7900'
    const changes = Array.from({ length: count }, (_, i) => {
      const bytes = Uint8Array.of(i >> 16, i >> 8, i)
      return [`${prefix}${toHex(bytes)}`, bytes] as const
    })
    let store = await merkleStore({ level })
    await store.commit(sampleCommit({ store, changes, seed: 1 }))
    const wrong = () =>
      changes.filter(([key, value]) => textOf(store.get(key)) !== textOf(value)).map(([key]) => key)
    expect(wrong()).toEqual([])
    await store.close()
    store = await merkleStore({ level })
    expect(wrong()).toEqual([])
    expect(wrong()).toEqual([])
    await store.close()
  })

  test('are asked of the database once, as long as there is memory for them', async () => {
    const count = 300
    const changes = Array.from({ length: count }, (_, i) => [`6d00${1000 + i}`, filled(100, i)] as const)
    for (const [memoryBytes, again] of [
      [2 ** 20, 0],
      [2 ** 10, count],
    ] as const) {
      const level = newLevel()
      const first = await merkleStore({ level })
      await first.commit(sampleCommit({ store: first, changes, seed: 1 }))
      await first.close()
      const readsOf = countReads(level)
      const store = await merkleStore({ level, memoryBytes })
      for (const expected of [count, again]) {
        readsOf()
        for (const [key] of changes) expect(store.get(key)).toBeDefined()
        expect(readsOf()).toBe(expected)
      }
      await store.close()
    }
  })

  test('are not found under what is no key, though digits of a key in memory are alike', async () => {
    const store = await inMemory()
    const changes = [['6d00ab', Uint8Array.of(1)]] as const
    await store.commit(sampleCommit({ store, changes, seed: 1 }))
    expect(store.get('6d00ab')).toEqual(Uint8Array.of(1))
    for (const key of [
      '6d00AB',
      '6D00ab',
      '6d00a',
      '6d00ab0',
      '6d00a\u0162',
      '6d00\u6162',
      '6d00a\u00e2',
      ' d00ab',
    ])
      expect(() => store.get(key)).toThrow(expect.objectContaining({ code: 'primitives/NOT_HEX' }))
    expect(store.get('6d00ab')).toEqual(Uint8Array.of(1))
    expect(store.get('')).toBeUndefined()
    await store.close()
  })
})

function textOf(value: Uint8Array | undefined): string | undefined {
  return value && toHex(value)
}
