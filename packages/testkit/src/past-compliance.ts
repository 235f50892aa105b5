// What every store must do with states and blocks that are no longer the newest: an oracle store is led beside it.
import {
  type BlockCommit,
  type MemoryStore,
  memoryStore,
  type StateChanges,
  type Store,
} from '@mmtchain/kernel'
import { type Address, type Height, height, isChainError } from '@mmtchain/primitives'
import { check, equal, refused } from './checks.ts'
import { type Random, sampleCommit, times } from './sample-commit.ts'
import { sampleChanges, sampleKey, sampleKeys } from './sample-rows.ts'
import type { Bench } from './store-compliance.ts'

/** A store and the oracle that has the same blocks. */
interface Pair {
  readonly store: Store
  readonly oracle: MemoryStore
  readonly random: Random
}

export const pastCases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async 'proofs of rows and absences are the ones that the specification allows, at every kept height'(
    bench,
  ) {
    const pair = { ...bench, oracle: memoryStore() }
    for (let block = 0; block < 12; block++) {
      await commitBoth(pair, sampleChanges(bench.random, block === 0 ? 1 : 40))
      await sameProofs(pair)
    }
  },

  async 'a proof is for no more than 256 keys of a height that is there'({ store, random }) {
    await refused('store/NOT_KEPT', () => store.prove({ keys: [] }))
    await store.commit(sampleCommit({ store, changes: sampleChanges(random, 9), seed: 1 }))
    await refused('store/NOT_KEPT', () => store.prove({ keys: [], height: height(1n) }))
    await refused('store/TOO_MANY_KEYS', () => store.prove({ keys: times(257, () => sampleKey(random)) }))
    equal((await store.prove({ keys: times(256, () => sampleKey(random)) })).height, 0n, 'the height')
  },

  async 'the state of every kept height is read as it was'(bench) {
    const pair = { ...bench, oracle: memoryStore() }
    for (let block = 0; block < 12; block++) await commitBoth(pair, sampleChanges(bench.random, 40))
    await samePast(pair)
    const past = bench.store.at(height(11n))
    const before = [...past.entries({ prefix: '' })]
    await commitBoth(pair, sampleChanges(bench.random, 60))
    equal([...past.entries({ prefix: '' })], before, 'the rows of a height that is no longer the tip')
    await refused('store/NOT_KEPT', () => bench.store.at(height(13n)))
  },

  async 'the history of an account has the transactions that concern it, newest first'(bench) {
    const pair = { ...bench, oracle: memoryStore() }
    for (let block = 0; block < 8; block++) await commitBoth(pair, [])
    await sameHistory(pair)
  },

  async 'a store that takes blocks back is what it was, and goes on with others'(bench) {
    const pair = { ...bench, oracle: memoryStore() }
    for (let block = 0; block < 14; block++) await commitBoth(pair, sampleChanges(bench.random, 40))
    for (const back of [1n, 5n, 0n, 3n]) {
      const tip = tipOf(pair.store)
      const target = height(tip - back)
      const stale = pair.store.stage([])
      const gone = await goneAfter(pair.oracle, target)
      await pair.store.revertTo(target)
      await pair.oracle.revertTo(target)
      equal(pair.store.tip(), pair.oracle.tip(), 'the tip')
      equal(pair.store.checkpoint(), pair.oracle.checkpoint(), 'the checkpoint')
      equal(rowsOf(pair.store), rowsOf(pair.oracle), 'the rows')
      await sameBlocks(pair, gone)
      await sameHistory(pair)
      await sameProofs(pair)
      if (back > 0n) {
        const next = sampleCommit({ store: pair.store, changes: [], seed: 1 })
        await refused('store/STALE_STAGE', () => pair.store.commit({ ...next, staged: stale }))
      }
      for (let block = 0; block < 2; block++) await commitBoth(pair, sampleChanges(bench.random, 40))
      await samePast(pair)
    }
    await refused('store/NOT_KEPT', () => pair.store.revertTo(height(tipOf(pair.store) + 1n)))
    if (!bench.reopen) return
    const again = { ...pair, store: await bench.reopen() }
    await sameBlocks(again, [])
    await samePast(again)
    await sameProofs(again)
  },
}

function tipOf(store: Store): bigint {
  return store.tip()?.header.height ?? -1n
}

const rowsOf = (store: Pick<Store, 'entries'>) => [...store.entries({ prefix: '' })]

/** Commits the same block to both; some of its transactions concern accounts of earlier ones. */
async function commitBoth({ store, oracle, random }: Pair, changes: StateChanges): Promise<void> {
  const made = sampleCommit({ store, changes, seed: random.below(2 ** 32), transactions: random.below(8) })
  const known = await senders(oracle)
  const accounts = made.transactionIds.map(() =>
    known.length > 0 && random.below(2) === 0 ? [random.pick(known), random.pick(known)] : [],
  )
  const commit: BlockCommit = { ...made, accounts }
  const staged = oracle.stage(changes)
  equal(made.staged.root, staged.root, 'the root')
  await store.commit(commit)
  await oracle.commit({ ...commit, staged })
}

async function senders(store: Store): Promise<readonly Address[]> {
  const found: Address[] = []
  for (let at = 0n; at <= tipOf(store); at++) {
    const block = await store.block({ height: height(at) })
    found.push(...(block?.block.transactions.map(({ body }) => body.sender) ?? []))
  }
  return found
}

async function sameProofs({ store, oracle, random }: Pair): Promise<void> {
  for (const at of await keptHeights(store)) {
    for (const count of [0, 1, 1, 3, 20]) {
      const request = { keys: sampleKeys(random, count), height: at }
      equal(await store.prove(request), await oracle.prove(request), `the proof at height ${at}`)
    }
  }
  const keys = sampleKeys(random, 5).toReversed()
  equal(await store.prove({ keys }), await oracle.prove({ keys }), 'the proof at the tip')
}

async function samePast({ store, oracle, random }: Pair): Promise<void> {
  for (const at of await keptHeights(store)) {
    const [past, want] = [store.at(at), oracle.at(at)]
    equal(rowsOf(past), rowsOf(want), `the rows of height ${at}`)
    for (const key of sampleKeys(random, 10)) {
      equal(past.get(key), want.get(key), `row ${key} of height ${at}`)
      const range = { prefix: key.slice(0, 2 * random.below(key.length / 2)), from: key, reverse: true }
      equal([...past.entries(range)], [...want.entries(range)], `a range of height ${at}`)
    }
  }
}

/** The heights whose state a store has: the tip's at least, and no height is missing between two. */
async function keptHeights(store: Store): Promise<readonly Height[]> {
  const heights = times(Number(tipOf(store)) + 1, (at) => height(BigInt(at)))
  const kept = heights.map((at) => {
    try {
      return store.at(at) !== undefined
    } catch (error) {
      if (isChainError(error) && error.code === 'store/NOT_KEPT') return false
      throw error
    }
  })
  check(kept.at(-1) === true, 'the state of the tip is not kept')
  equal(kept, kept.toSorted(), 'the kept heights have a gap')
  return heights.filter((_, i) => kept[i])
}

async function sameHistory({ store, oracle }: Pair): Promise<void> {
  for (const address of new Set(await senders(oracle))) {
    const want = await oracle.history({ address, limit: 100 })
    equal(await store.history({ address, limit: 100 }), want, `the history of ${address}`)
    equal(await store.history({ address, limit: 1 }), want.slice(0, 1), 'a history of one')
    const end = { height: height(2n ** 64n - 1n), index: 0 }
    equal(
      await store.history({ address, before: end, limit: 100 }),
      want,
      'a history from the end of heights',
    )
    for (const [i, before] of want.entries())
      equal(
        await store.history({ address, before, limit: 2 }),
        want.slice(i + 1, i + 3),
        'the rest of a history',
      )
  }
}

async function goneAfter(store: Store, last: Height): Promise<readonly BlockCommit['id'][]> {
  const blocks = times(Number(tipOf(store) - last), (i) =>
    store.block({ height: height(last + 1n + BigInt(i)) }),
  )
  return (await Promise.all(blocks)).flatMap((block) => (block ? [block.id, ...block.transactionIds] : []))
}

/** Both have the same blocks, and neither has what was taken back. */
async function sameBlocks({ store, oracle }: Pair, gone: readonly BlockCommit['id'][]): Promise<void> {
  for (let at = 0n; at <= tipOf(oracle) + 1n; at++) {
    const want = await oracle.block({ height: height(at) })
    equal(await store.block({ height: height(at) }), want, `block ${at}`)
    for (const id of want?.transactionIds ?? [])
      equal(await store.transaction(id), await oracle.transaction(id), `transaction ${id}`)
  }
  for (const id of gone) {
    equal(await store.block({ id }), undefined, `block ${id}`)
    equal(await store.transaction(id), undefined, `transaction ${id}`)
  }
}
