import { readFileSync } from 'node:fs'
import { memoryStore, type StateChanges, type Store, stateRoot, ZERO_HASH } from '@mmtchain/kernel'
import { fromHex, utf8 } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test } from 'vitest'
import { inTempFolder } from './temp-store.ts'

interface TreeVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly rows: readonly { readonly key: string; readonly value: string }[]
    readonly root: string
  }[]
}
interface KeyVectors {
  readonly vectors: readonly { readonly name: string; readonly key: string }[]
  readonly ordered: readonly { readonly name: string; readonly keys: readonly string[] }[]
}

const vectors = new URL('../../../docs/spec/vectors/', import.meta.url)
const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, vectors), 'utf8'))
const trees = read('state-tree.json') as TreeVectors
const keys = read('state-keys.json') as KeyVectors

describe('the golden vectors of state trees', () => {
  test.each(trees.vectors)('$name', async ({ rows, root }) => {
    const changes = sorted(rows.map(({ key, value }) => [key, fromHex(value)]))
    expect(stateRoot(rows.map(({ key, value }) => [key, fromHex(value)]))).toBe(root)
    await inStore(async (store) => {
      for (const each of [store, memoryStore()]) {
        expect(each.stage(changes).root).toBe(root)
        await each.commit(sampleCommit({ store: each, changes, seed: 1 }))
        expect([...each.entries({ prefix: '' })]).toEqual(changes)
        // One row at a time, on disk between two rows, the order reversed: the same tree.
        await each.commit(
          sampleCommit({ store: each, changes: changes.map(([key]) => [key, null]), seed: 1 }),
        )
        expect(each.tip()?.header.stateRoot).toBe(ZERO_HASH)
        for (const change of [...changes].reverse()) {
          await each.commit(sampleCommit({ store: each, changes: [change], seed: 1 }))
        }
        expect(each.tip()?.header.stateRoot).toBe(root)
      }
    })
  })
})

test('rows under the golden keys have the same root in every store, and are read in order', async () => {
  const changes = sorted(keys.vectors.map(({ key, name }) => [key, utf8(name)]))
  await inStore(async (store) => {
    const root = stateRoot(changes as [string, Uint8Array][])
    for (const each of [store, memoryStore()]) {
      await each.commit(sampleCommit({ store: each, changes, seed: 1 }))
      expect(each.tip()?.header.stateRoot).toBe(root)
      expect([...each.entries({ prefix: '' })]).toEqual(changes)
    }
  })
})

describe('the golden orders of keys', () => {
  test.each(keys.ordered)('$name', async ({ keys: ordered }) => {
    const rows = ordered.map((key) => [`64656d6f00726f777300${key}`, fromHex(key)] as const)
    await inStore(async (store) => {
      await store.commit(sampleCommit({ store, changes: rows, seed: 1 }))
      expect([...store.entries({ prefix: '64656d6f' })]).toEqual(rows)
      expect([...store.entries({ prefix: '64656d6f', reverse: true })]).toEqual([...rows].reverse())
    })
  })
})

test('a tree of thousands of nodes has the right root while its nodes are given back and taken again', async () => {
  await inStore(async (store) => {
    const state = new Map<string, Uint8Array>()
    for (let block = 0; block < 12; block++) {
      const changes = Array.from({ length: 6_000 }, (_, i) => {
        const isGone = block % 3 === 2 && i % 2 === 0
        return [`00${i.toString(16).padStart(4, '0')}`, isGone ? null : utf8(`${block} ${i}`)] as const
      }).filter((_, i) => block === 0 || (i * 7 + block) % 5 < 3)
      await store.commit(sampleCommit({ store, changes, seed: block, transactions: 0 }))
      for (const [key, value] of changes) {
        if (value) state.set(key, value)
        else state.delete(key)
      }
      expect(store.tip()?.header.stateRoot).toBe(stateRoot([...state]))
    }
  })
})

test('what no kept state has is pruned', async () => {
  await inTempFolder(async (path) => {
    const rows = Array.from(
      { length: 300 },
      (_, i) => [`00${i.toString(16).padStart(4, '0')}`, utf8(`${i}`)] as const,
    )
    const steps: readonly StateChanges[] = [
      rows,
      rows.filter((_, i) => i % 3 > 0).map(([key]) => [key, null]),
      rows.filter((_, i) => i % 2 > 0),
      rows.slice(1).map(([key]) => [key, null]),
      rows.slice(0, 2),
      rows.map(([key]) => [key, null]),
    ]
    const state = new Map<string, Uint8Array>()
    for (const changes of steps) {
      const store = await merkleStore({ path, keepHeights: 0 })
      await store.commit(sampleCommit({ store, changes, seed: 1, transactions: 0 }))
      await store.prune()
      await store.close()
      for (const [key, value] of changes) {
        if (value) state.set(key, value)
        else state.delete(key)
      }
      const { o: old = 0, c: changed = 0, v: versions, s: now = 0, n: nodes } = await entriesOnDisk(path)
      expect({ old, changed, versions, now }).toEqual({ old: 0, changed: 0, versions: 1, now: state.size })
      expect(nodes).toBe((await entriesOfFreshStore([...state])).n)
    }
    expect(await entriesOnDisk(path)).not.toHaveProperty('n')
    expect(await entriesOnDisk(path)).not.toHaveProperty('p')
  })
})

async function entriesOfFreshStore(rows: StateChanges): Promise<Readonly<Record<string, number>>> {
  return inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    await store.commit(sampleCommit({ store, changes: sorted(rows), seed: 1 }))
    await store.close()
    return entriesOnDisk(path)
  })
}

/** How many entries of each kind there are. */
async function entriesOnDisk(path: string): Promise<Readonly<Record<string, number>>> {
  const level = new ClassicLevel(path, { keyEncoding: 'hex' })
  const counts: Record<string, number> = {}
  for await (const key of level.keys()) {
    const letter = String.fromCharCode(Number.parseInt(key.slice(0, 2), 16))
    counts[letter] = (counts[letter] ?? 0) + 1
  }
  await level.close()
  return counts
}

async function inStore(use: (store: Store) => Promise<void>): Promise<void> {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    await use(store)
    await store.close()
  })
}

function sorted(rows: StateChanges): StateChanges {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
}
