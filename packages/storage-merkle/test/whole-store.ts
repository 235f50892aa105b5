import { type Store, type StoredBlock, stateRoot, ZERO_HASH } from '@mmtchain/kernel'
import { type Height, height } from '@mmtchain/primitives'
import { expect } from 'vitest'

/** Reads all that a store has and checks that it is one whole chain: every block from `first` on, every row, every tree node. */
export async function expectWhole(
  store: Store,
  { first = 0n }: { readonly first?: bigint } = {},
): Promise<void> {
  const rows = [...store.entries({ prefix: '' })]
  const tip = store.tip()
  expect(stateRoot(rows)).toBe(tip?.header.stateRoot ?? ZERO_HASH)
  // To delete every row, the tree must load every node, and it checks the hash of each.
  expect(store.stage(rows.map(([key]) => [key, null])).root).toBe(ZERO_HASH)
  for (const [key, value] of rows) expect(store.get(key)).toEqual(value)
  for (let at = first; tip && at <= tip.header.height; at++) await expectBlock(store, height(at))
  expect(await store.block({ height: height((tip?.header.height ?? -1n) + 1n) })).toBeUndefined()
}

async function expectBlock(store: Store, at: Height): Promise<void> {
  const found = (await store.block({ height: at })) as StoredBlock
  const { block, id, receipts, transactionIds, refusals } = found
  expect(block.header.height).toBe(at)
  expect(await store.block({ id })).toEqual(found)
  if (at > 0n) expect((await store.block({ height: height(at - 1n) }))?.id).toBe(block.header.parent)
  expect(receipts.transactions).toHaveLength(block.transactions.length)
  expect(refusals).toHaveLength(block.transactions.length)
  for (const [index, transaction] of transactionIds.entries()) {
    expect(await store.transaction(transaction)).toEqual({ height: at, index })
  }
}
