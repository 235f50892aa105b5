import { memoryStore } from '@mmtchain/kernel'
import { storeCompliance } from '@mmtchain/testkit'
import { describe, test } from 'vitest'
import { openForCase, openInMemoryForCase } from './temp-store.ts'

const seeds = [1, 2, 3]

describe.each(seeds)('the Merkle store keeps the store contract, seed %i', (seed) => {
  for (const { name, run } of storeCompliance({ name: 'merkleStore', open: openForCase, seed }))
    test(name, run)
})

describe.each(seeds)('the Merkle store on memory-level keeps the store contract, seed %i', (seed) => {
  for (const { name, run } of storeCompliance({ name: 'merkleStore', open: openInMemoryForCase, seed }))
    test(name, run)
})

describe.each(seeds)('the memory store keeps the store contract, seed %i', (seed) => {
  const open = async () => {
    const store = memoryStore()
    return { store, destroy: () => store.close() }
  }
  for (const { name, run } of storeCompliance({ name: 'memoryStore', open, seed })) test(name, run)
})
