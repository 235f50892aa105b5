import {
  type BlockCommit,
  blockId,
  memoryStore,
  type StateChanges,
  type StateKey,
  type Store,
  type StoredBlock,
  stateRoot,
  tablePrefix,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { height, toHex } from '@mmtchain/primitives'
import { check, equal, refused } from './checks.ts'
import { pastCases } from './past-compliance.ts'
import { FINGERPRINT, type Random, randomFrom, sampleCommit, sampleHash, times } from './sample-commit.ts'
import { apply, type Rows, rangeOf, sampleChanges, sampleKey, sampleKeys } from './sample-rows.ts'

export { sampleCommit } from './sample-commit.ts'

/** One behaviour of a port, as a sentence for any test runner. `run` throws when an implementation lacks it. */
export interface ComplianceCase {
  readonly name: string
  run(): Promise<void>
}

/** A new, empty store for one case. */
export interface StoreUnderTest {
  readonly store: Store
  /** Closes the store and opens again what it has kept; absent when it keeps nothing. */
  reopen?(): Promise<Store>
  /** Closes what is open and removes it. */
  destroy(): Promise<void>
}

export interface Bench {
  readonly store: Store
  readonly random: Random
  readonly reopen: (() => Promise<Store>) | undefined
}

/**
 * What every store must do, whoever wrote it: `for (const { name, run } of storeCompliance(…)) test(name, run)`.
 * Rows and blocks come from `seed`, which is in the message of every failure.
 */
export function storeCompliance(options: {
  readonly name: string
  open(): Promise<StoreUnderTest>
  readonly seed?: number
}): readonly ComplianceCase[] {
  const { name: storeName, seed = 1 } = options
  return Object.entries(cases).map(([name, check]) => ({
    name,
    async run() {
      const { store, reopen, destroy } = await options.open()
      try {
        await check({ store, random: randomFrom(seed), reopen })
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new Error(`${storeName}: ${name}: ${why} (seed ${seed})`, { cause: error })
      } finally {
        await destroy()
      }
    },
  }))
}

const cases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  ...pastCases,

  async 'an empty store has nothing'({ store, random }) {
    equal(store.tip(), undefined, 'the tip')
    equal(store.checkpoint(), new Uint8Array(), 'the checkpoint')
    equal(store.get(sampleKey(random)), undefined, 'a row')
    equal([...store.entries({ prefix: '' })], [], 'all rows')
    equal(await store.block({ height: height(0n) }), undefined, 'block 0')
    equal(store.stage([]).root, ZERO_HASH, 'the root of no row')
    equal(
      store.stage([[sampleKey(random), null]]).root,
      ZERO_HASH,
      'the root after deleting a row that is not there',
    )
  },

  async 'roots and rows are those of the plain state after each of many blocks'({ store, random }) {
    const rows: Rows = new Map()
    for (let block = 0; block < 30; block++) {
      await commitRows(store, rows, random, sampleChanges(random, random.below(60)))
      for (const key of sampleKeys(random, 20)) equal(store.get(key), rows.get(key), `row ${key}`)
    }
  },

  async 'deleting every row leads back to the empty root, and rows come back after it'({ store, random }) {
    const rows: Rows = new Map()
    await commitRows(store, rows, random, sampleChanges(random, 80))
    const [survivor, ...others] = [...rows.keys()].sort()
    await commitRows(
      store,
      rows,
      random,
      others.map((key) => [key, null] as const),
    )
    equal(rows.size, 1, 'rows left')
    await commitRows(store, rows, random, [[survivor as StateKey, null]])
    equal(store.tip()?.header.stateRoot, ZERO_HASH, 'the root of no row')
    await commitRows(store, rows, random, sampleChanges(random, 40))
  },

  async 'a range has the rows of its prefix, from a key, in either direction'({ store, random }) {
    const rows: Rows = new Map()
    await commitRows(store, rows, random, sampleChanges(random, 120))
    await commitRows(store, rows, random, sampleChanges(random, 60))
    for (let attempt = 0; attempt < 400; attempt++) {
      const key = sampleKey(random)
      const prefix = key.slice(0, 2 * random.below(key.length / 2 + 1))
      const from = random.below(3) === 0 ? undefined : sampleKey(random)
      const reverse = random.below(2) === 0
      const range = { prefix, from, reverse }
      equal([...store.entries(range)], rangeOf(rows, range), `the range ${JSON.stringify(range)}`)
    }
  },

  async 'a range that is read while a block is committed gives no row twice, unsorted or without value'(
    bench,
  ) {
    const { store, random } = bench
    const rows: Rows = new Map()
    await commitRows(store, rows, random, sampleChanges(random, 120))
    const seen: StateKey[] = []
    for (const [key, value] of store.entries({ prefix: '' })) {
      check(value instanceof Uint8Array, `row ${key} has no value`)
      seen.push(key)
      if (seen.length === 20) await commitRows(store, rows, random, sampleChanges(random, 100))
    }
    equal(seen, [...new Set(seen)].sort(), 'the keys')
  },

  async 'staging changes nothing, and one of several stages can be committed'({ store, random }) {
    const rows: Rows = new Map()
    await commitRows(store, rows, random, sampleChanges(random, 40))
    const before = [...store.entries({ prefix: '' })]
    const proposals = times(3, () => sampleChanges(random, 20))
    const commits = proposals.map((changes, seed) => sampleCommit({ store, changes, seed }))
    for (const [i, changes] of proposals.entries()) {
      const after = new Map(rows)
      apply(after, changes)
      equal(commits[i]?.staged.root, stateRoot(after), `the root of stage ${i}`)
    }
    equal([...store.entries({ prefix: '' })], before, 'the rows after staging')
    equal(store.tip()?.header.height, 0n, 'the height after staging')
    await store.commit(commits[1] as BlockCommit)
    apply(rows, proposals[1] as StateChanges)
    equal([...store.entries({ prefix: '' })], rangeOf(rows), 'the rows')
  },

  async 'a stage of an earlier tip, of another store, or used before is refused and changes nothing'(bench) {
    const { store, random } = bench
    const first = sampleCommit({ store, changes: sampleChanges(random, 10), seed: 1 })
    const stale = store.stage(sampleChanges(random, 10))
    await store.commit(first)
    const rows = [...store.entries({ prefix: '' })]
    const next = sampleCommit({ store, changes: [], seed: 2 })
    const other = memoryStore().stage([])
    for (const staged of [stale, first.staged, other]) {
      await refused('store/STALE_STAGE', () => store.commit({ ...next, staged }))
    }
    await refused('store/STALE_STAGE', () => store.commit(first))
    equal(store.tip()?.id, first.id, 'the tip')
    equal([...store.entries({ prefix: '' })], rows, 'the rows')
    await store.commit(next)
    equal(store.tip()?.id, next.id, 'the tip')
  },

  async 'of two commits at once on one tip the second is refused'({ store, random }) {
    const [one, two] = times(2, (seed) => sampleCommit({ store, changes: sampleChanges(random, 9), seed }))
    const first = store.commit(one as BlockCommit)
    await refused('store/STALE_STAGE', () => store.commit(two as BlockCommit))
    await first
    equal(store.tip()?.id, one?.id, 'the tip')
  },

  async 'a block of another height than the next is refused, and its stage stays good'({ store, random }) {
    for (let block = 0; block < 3; block++) {
      const commit = sampleCommit({ store, changes: sampleChanges(random, 5), seed: block })
      const next = commit.block.header.height
      for (const wrong of [next + 1n, next + 2n ** 32n, next - 1n, 0n]) {
        if (wrong === next || wrong < 0n) continue
        const header = { ...commit.block.header, height: height(wrong) }
        const id = blockId(FINGERPRINT, header)
        await refused('store/NOT_NEXT', () =>
          store.commit({ ...commit, id, block: { ...commit.block, header } }),
        )
      }
      await store.commit(commit)
      equal(store.tip()?.header.height, next, 'the height')
    }
  },

  async 'blocks and transactions are found as they were given'({ store, random }) {
    const commits: BlockCommit[] = []
    for (let seed = 0; seed < 12; seed++) {
      const commit = sampleCommit({ store, changes: sampleChanges(random, 5), seed })
      commits.push(commit)
      await store.commit(commit)
      equal(store.tip(), { header: commit.block.header, id: commit.id }, 'the tip')
      equal(store.checkpoint(), commit.checkpoint, 'the checkpoint')
    }
    await foundIn(store, commits)
  },

  async 'what is not there is undefined'({ store, random }) {
    await store.commit(sampleCommit({ store, changes: sampleChanges(random, 5), seed: 1 }))
    const stranger = sampleHash(random)
    equal(await store.block({ height: height(1n) }), undefined, 'block 1')
    equal(await store.block({ height: height(2n ** 64n - 1n) }), undefined, 'block 2^64 - 1')
    equal(await store.block({ id: stranger }), undefined, 'the block of an unknown id')
    equal(await store.transaction(stranger), undefined, 'an unknown transaction')
    equal(store.get(`${tablePrefix('nobody', 'rows')}00`), undefined, 'an unknown row')
  },

  async 'the words of a refusal never stop a block'({ store }) {
    const commit = sampleCommit({ store, changes: [], seed: 1, transactions: 2 })
    const odd = { code: 'notes/ODD', message: 'cut in the middle: \ud83d', hint: 'x'.repeat(1_000_000) }
    const plain = { code: 'notes/PLAIN', message: 'Ein Satz mit „Zeichen“ 🚢.', hint: '' }
    await store.commit({ ...commit, refusals: [odd, plain] })
    const found = await store.block({ height: height(0n) })
    equal(found?.refusals[0]?.code, 'notes/ODD', 'the code')
    equal(found?.refusals[1], plain, 'a plain refusal')
  },

  async 'values are copies on the way in and out'({ store, random }) {
    const key = sampleKey(random)
    const value = Uint8Array.of(1, 2, 3)
    const commit = sampleCommit({ store, changes: [[key, value]], seed: 1 })
    const checkpoint = Uint8Array.of(4, 5)
    value[0] = 99
    const done = store.commit({ ...commit, checkpoint })
    value[1] = 99
    checkpoint[0] = 99
    await done
    const readers = [() => store.get(key), () => [...store.entries({ prefix: key })][0]?.[1]]
    for (const read of [...readers, ...readers]) {
      const got = read()
      equal(got, Uint8Array.of(1, 2, 3), 'the row')
      got?.fill(77)
    }
    for (let i = 0; i < 2; i++) {
      const got = store.checkpoint()
      equal(got, Uint8Array.of(4, 5), 'the checkpoint')
      got.fill(77)
    }
  },

  async 'while a commit is under way every read is of one and the same block'({ store, random }) {
    const prefix = tablePrefix('notes', 'heights')
    for (let block = 0; block < 12; block++) {
      const value = Uint8Array.of(block)
      const changes: StateChanges = [
        ...(block > 0 ? [[prefix + toHex(Uint8Array.of(block - 1)), null] as const] : []),
        [prefix + toHex(value), value],
      ]
      const commit = sampleCommit({ store, changes, seed: block })
      let pending = true
      const done = store.commit({ ...commit, checkpoint: value }).finally(() => {
        pending = false
      })
      while (pending) {
        readsAreOfOneBlock(store, prefix)
        await (random.below(2) === 0 ? Promise.resolve() : nextTurn())
      }
      await done
      readsAreOfOneBlock(store, prefix)
      equal(store.tip()?.header.height, BigInt(block), 'the height after the commit')
    }
  },

  async 'a store that is opened again has everything and goes on'({ store: opened, random, reopen }) {
    if (!reopen) return
    equal((await reopen()).tip(), undefined, 'the tip of an empty store')
    let store = await reopen()
    const rows: Rows = new Map()
    const commits: BlockCommit[] = []
    for (let round = 0; round < 4; round++) {
      for (let block = 0; block < 4; block++) {
        commits.push(await commitRows(store, rows, random, sampleChanges(random, 40)))
      }
      const stale = store.stage([])
      const last = commits.at(-1) as BlockCommit
      store = await reopen()
      equal(store.tip(), { header: last.block.header, id: last.id }, 'the tip')
      equal(store.checkpoint(), last.checkpoint, 'the checkpoint')
      equal([...store.entries({ prefix: '' })], rangeOf(rows), 'the rows')
      const next = sampleCommit({ store, changes: [], seed: 1 })
      await refused('store/STALE_STAGE', () => store.commit({ ...next, staged: stale }))
    }
    await foundIn(store, commits)
    check(opened !== store, 'reopen gave the closed store')
  },

  async 'closing waits for a commit that is under way'({ store, random, reopen }) {
    const commit = sampleCommit({ store, changes: sampleChanges(random, 50), seed: 1 })
    const done = store.commit(commit)
    await Promise.all([done, store.close()])
    if (reopen) equal((await reopen()).tip()?.id, commit.id, 'the tip')
  },

  async 'a closed store refuses everything, and closing it again does nothing'({ store, random }) {
    const commit = sampleCommit({ store, changes: sampleChanges(random, 5), seed: 1 })
    await store.commit(commit)
    const next = sampleCommit({ store, changes: [], seed: 2 })
    await store.close()
    await store.close()
    const uses: readonly (() => unknown)[] = [
      () => store.get(sampleKey(random)),
      () => [...store.entries({ prefix: '' })],
      () => store.tip(),
      () => store.checkpoint(),
      () => store.stage([]),
      () => store.commit(next),
      () => store.block({ height: height(0n) }),
      () => store.transaction(sampleHash(random)),
      () => store.history({ address: commit.block.header.proposer, limit: 1 }),
      () => store.at(height(0n)),
      () => store.prove({ keys: [] }),
      () => store.revertTo(height(0n)),
    ]
    for (const use of uses) await refused('store/CLOSED', use)
  },
}

/** Commits the next block with these changes and compares root and rows with the plain state, which it updates. */
async function commitRows(
  store: Store,
  rows: Rows,
  random: Random,
  changes: StateChanges,
): Promise<BlockCommit> {
  const commit = sampleCommit({ store, changes, seed: random.below(2 ** 32) })
  apply(rows, changes)
  equal(commit.staged.root, stateRoot(rows), `the root after ${changes.length} changes`)
  await store.commit(commit)
  equal([...store.entries({ prefix: '' })], rangeOf(rows), 'the rows')
  return commit
}

/** The checkpoint and the only row under `prefix` say the height of their block; before block 0 there is neither. */
function readsAreOfOneBlock(store: Store, prefix: StateKey): void {
  const tip = store.tip()
  const value = tip ? Uint8Array.of(Number(tip.header.height)) : new Uint8Array()
  equal(store.checkpoint(), value, 'the checkpoint of the tip')
  equal([...store.entries({ prefix })], tip ? [[prefix + toHex(value), value]] : [], 'the rows of the tip')
  if (tip) equal(store.get(prefix + toHex(value)), value, 'the row of the tip')
}

async function foundIn(store: Store, commits: readonly BlockCommit[]): Promise<void> {
  for (const { staged: _staged, checkpoint: _checkpoint, ...stored } of commits) {
    const { height } = stored.block.header
    const want: StoredBlock = stored
    equal(await store.block({ height }), want, `block ${height}`)
    equal(await store.block({ id: stored.id }), want, `block ${stored.id}`)
    for (const [index, id] of stored.transactionIds.entries()) {
      equal(await store.transaction(id), { height, index }, `transaction ${id}`)
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
