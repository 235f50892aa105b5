import { type StateChanges, type StateKey, type Store, stateRoot } from '@mmtchain/kernel'
import { height } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import { sampleCommit } from '@mmtchain/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inTempFolder, newLevel } from './temp-store.ts'

const scale = Number(process.env.MMT_SOAK_SCALE ?? 1)
/** Changed rows and reads over all runs: 100,000 at full scale. */
const OPERATIONS = 1000 * scale
const PER_STEP = 40
const KEEP = 6

type Rows = ReadonlyMap<StateKey, Uint8Array>
type Step =
  | { readonly kind: 'commit'; readonly changes: readonly (readonly [number, number | null])[] }
  | { readonly kind: 'revert'; readonly back: number }
  | { readonly kind: 'reopen' | 'prune' | 'past' }

const change = fc.tuple(fc.nat(300), fc.option(fc.nat(255), { freq: 3 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      changes: fc.array(change, { maxLength: PER_STEP }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revert' as const), back: fc.nat(KEEP) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'prune', 'past') }) },
)

/** Keys of several lengths, some the beginning of others, whose order is not that of their numbers. */
const keyOf = (number: number): StateKey =>
  `6e00${((number * 7919) % 301).toString(16).padStart(4, '0')}${'ab'.repeat(number % 3)}`

/** Runs steps on a store and on a plain sorted map for each height. */
async function run(steps: readonly Step[], open: () => Promise<MerkleStore>): Promise<void> {
  let store = await open()
  let heights: Rows[] = []
  /** No height below it need be kept, also after blocks were taken back. */
  let oldest = 0
  for (const [seed, step] of steps.entries()) {
    if (step.kind === 'commit') {
      const changes = changesOf(step.changes)
      const rows = new Map(heights.at(-1) ?? [])
      for (const [key, value] of changes) {
        if (value) rows.set(key, value)
        else rows.delete(key)
      }
      const commit = sampleCommit({ store, changes, seed })
      expect(commit.staged.root).toBe(stateRoot(rows))
      await store.commit(commit)
      heights.push(rows)
      oldest = Math.max(oldest, heights.length - 1 - KEEP)
    } else if (step.kind === 'reopen') {
      await store.close()
      store = await open()
    } else if (step.kind === 'prune') await store.prune()
    else if (step.kind === 'revert' && heights.length - 1 - step.back >= oldest) {
      const target = heights.length - 1 - step.back
      await store.revertTo(height(BigInt(target)))
      heights = heights.slice(0, target + 1)
    } else if (step.kind === 'past') {
      for (let at = oldest; at < heights.length; at++)
        sameRows(store.at(height(BigInt(at))), heights[at] as Rows)
    }
    sameRows(store, heights.at(-1) ?? new Map())
    await sameProof(store, heights, seed)
  }
  await store.close()
}

function changesOf(changes: readonly (readonly [number, number | null])[]): StateChanges {
  const distinct = new Map(changes.map(([key, value]) => [keyOf(key), value] as const))
  return [...distinct]
    .map(([key, value]) => [key, value === null ? null : new Uint8Array(value % 50).fill(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** In text, which compares much faster than arrays do here. */
function sameRows(got: Pick<Store, 'entries' | 'get'>, want: Rows): void {
  const text = (rows: Iterable<readonly [StateKey, Uint8Array]>) =>
    Array.from(rows, ([key, value]) => `${key}=${Buffer.from(value).toString('hex')}`).join()
  const sorted = [...want].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(text(got.entries({ prefix: '' }))).toBe(text(sorted))
  expect(text(got.entries({ prefix: '6e00', reverse: true }))).toBe(text(sorted.reverse()))
}

async function sameProof(store: Store, heights: readonly Rows[], seed: number): Promise<void> {
  const rows = heights.at(-1)
  if (!rows) return
  const keys = [seed, seed + 50, seed + 100].map((number) => keyOf(number % 300))
  const { values, proof } = await store.prove({ keys })
  expect(values).toEqual(keys.map((key) => rows.get(key)))
  const root = store.tip()?.header.stateRoot as Parameters<typeof verifyStateProof>[0]['root']
  verifyStateProof({ root, rows: keys.map((key) => ({ key, value: rows.get(key) })), proof })
}

const steps = fc.array(step, { minLength: 10, maxLength: 40, size: 'max' })
const numRuns = Math.max(1, Math.round(OPERATIONS / (25 * PER_STEP)))

test('any commits, reverts, prunings and reopenings leave what they leave in a sorted map, in memory', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const level = newLevel()
      await run(steps, () => merkleStore({ level, keepHeights: KEEP, memoryBytes: 1 << 16 }))
    }),
    { numRuns },
  )
})

test('the same on disk', async () => {
  await fc.assert(
    fc.asyncProperty(steps, (steps) =>
      inTempFolder((path) => run(steps, () => merkleStore({ path, keepHeights: KEEP }))),
    ),
    { numRuns: Math.max(1, Math.round(numRuns / 4)) },
  )
})
