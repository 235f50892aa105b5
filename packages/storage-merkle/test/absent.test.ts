import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { countReads, newLevel } from './temp-store.ts'

test('a row that the tree in memory does not have is not looked for in the database', async () => {
  const level = newLevel()
  const readsOf = countReads(level)
  const changes = Array.from({ length: 50 }, (_, i) => [`aa${10 + i}`, Uint8Array.of(i)] as const)
  let store = await merkleStore({ level })
  await store.commit(sampleCommit({ store, changes, seed: 1 }))
  readsOf()
  for (let i = 10; i < 60; i++) expect(store.get(`bb${i}`)).toBeUndefined()
  expect(readsOf()).toBe(0)
  // With nothing in memory the database answers, and rows are there as before.
  await store.close()
  store = await merkleStore({ level })
  expect(store.get('bb10')).toBeUndefined()
  expect(store.get('aa11')).toEqual(Uint8Array.of(1))
  await store.close()
})
