import { sha256 } from '@mmtchain/crypto'
import { memoryStore, type Store, stateRoot, tablePrefix } from '@mmtchain/kernel'
import { type Hash, height, toHex } from '@mmtchain/primitives'
import {
  merkleStore,
  restoreSnapshot,
  type SnapshotFiles,
  snapshotFolder,
  verifySnapshot,
} from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { inMemory, inTempFolder, newLevel } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

const prefix = tablePrefix('notes', 'rows')
const rowKey = (at: number) => prefix + at.toString(16).padStart(8, '0')
const value = (seed: number, bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => seed * 31 + i)

/** A few blocks; `bytes` is the size of each of `rows` rows. */
async function fill(
  store: Store,
  { rows, bytes, seal }: { rows: number; bytes: number; seal?: Uint8Array },
): Promise<void> {
  for (let block = 0; block < 3; block++) {
    const changes = Array.from({ length: rows }, (_, i) => [rowKey(i), value(block + i, bytes)] as const)
    const some = changes.filter((_, i) => block === 0 || i % (block + 1) === 0)
    const commit = sampleCommit({ store, changes: some, seed: block, transactions: 3 })
    await store.commit(seal ? { ...commit, seal } : commit)
  }
}

/** memory-level never leaves the queue of microtasks by itself. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function filesInMemory(): SnapshotFiles & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    read: async (name) => files.get(name),
    async write(name, bytes) {
      await nextTurn()
      files.set(name, bytes.slice())
    },
  }
}

/** Trusts the header whose block has this id. */
const trusts =
  (id: Hash | undefined) =>
  (origin: { readonly id: Hash }): void => {
    expect(origin.id).toBe(id)
  }

/** Keys and the hashes of values: comparing large values byte by byte takes minutes here. */
function rowsOf(store: Pick<Store, 'entries'>, { reverse = false } = {}): readonly (readonly string[])[] {
  return [...store.entries({ prefix: '', reverse })].map(([key, bytes]) => [key, toHex(sha256(bytes))])
}

async function expectSame(restored: Store, original: Store): Promise<void> {
  const rows = rowsOf(original)
  expect(restored.tip()).toEqual(original.tip())
  expect(rowsOf(restored)).toEqual(rows)
  expect(rowsOf(restored, { reverse: true })).toEqual(rows.toReversed())
  const keys = rows.slice(0, 5).map(([key]) => key as string)
  const [got, want] = await Promise.all(
    [restored, original].map((store) => store.prove({ keys: [...keys, `${prefix}ff`] })),
  )
  expect(toHex(got?.proof as Uint8Array)).toBe(toHex(want?.proof as Uint8Array))
}

test('a restored store has the state, the block and the proofs of the tip, and goes on alike', async () => {
  await inTempFolder(async (path) => {
    for (const rows of [0, 1, 2, 700]) {
      const original = await merkleStore({ path: `${path}/original-${rows}` })
      await fill(original, { rows, bytes: 60 })
      const files = snapshotFolder(`${path}/snapshot-${rows}`)
      const summary = await original.snapshot(files)
      expect(summary).toMatchObject({ height: 2n, rows, chunks: 1 })
      const check = trusts(original.tip()?.id)
      expect(await verifySnapshot({ files, check })).toEqual(summary)
      const place = { path: `${path}/restored-${rows}` }
      expect(await restoreSnapshot({ ...place, files, check })).toEqual(summary)
      const restored = await merkleStore(place)
      await expectSame(restored, original)
      const at = { height: height(2n) }
      const { refusals: _local, ...block } = (await original.block(at)) as NonNullable<
        Awaited<ReturnType<Store['block']>>
      >
      expect(await restored.block(at)).toMatchObject(block)
      expect(await restored.transaction(block.transactionIds[1] as Hash)).toEqual({ ...at, index: 1 })
      expect(await restored.block({ height: height(1n) })).toBeUndefined()
      await expect(restored.revertTo(height(1n))).rejects.toMatchObject({ code: 'store/NOT_KEPT' })
      const changes = [[rowKey(5), null] as const, [rowKey(9999), value(1, 20)] as const]
      for (const store of [original, restored]) await store.commit(sampleCommit({ store, changes, seed: 9 }))
      await expectSame(restored, original)
      await expectWhole(restored, { first: 3n })
      await restored.revertTo(height(2n))
      expect(restored.tip()?.id).toBe(block.id)
      await Promise.all([original.close(), restored.close()])
    }
  })
})

describe('a snapshot of several chunks', () => {
  async function made() {
    const store = await inMemory()
    await fill(store, { rows: 70, bytes: 200_000 })
    const files = filesInMemory()
    const summary = await store.snapshot(files)
    return { store, files, summary, check: trusts(store.tip()?.id) }
  }

  test('has no file over 4 MiB, and is the same from another store with this state', async () => {
    const { store, files, summary } = await made()
    expect(summary.chunks).toBeGreaterThan(3)
    for (const bytes of files.files.values()) expect(bytes.length).toBeLessThanOrEqual(4 << 20)
    const again = filesInMemory()
    const other = await inMemory()
    await fill(other, { rows: 70, bytes: 200_000 })
    await other.snapshot(again)
    expect([...again.files.keys()]).toEqual([...files.files.keys()])
    for (const [name, bytes] of files.files)
      expect(Buffer.compare(again.files.get(name) as Buffer, bytes)).toBe(0)
    await Promise.all([store.close(), other.close()])
  })

  // Every file is read many times over, which a busy machine takes minutes for.
  test('is refused by the name of the file that is altered, missing, or in the place of another', {
    timeout: 600_000,
  }, async () => {
    const { store, files, check } = await made()
    const names = [...files.files.keys()]
    const altered = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 8 : byte))
    for (const name of names) {
      const whole = files.files.get(name) as Uint8Array
      const other = files.files.get(names[(names.indexOf(name) + 1) % names.length] as string) as Uint8Array
      const lies = [
        altered(whole, whole.length >> 1),
        altered(whole, 2),
        whole.subarray(0, -1),
        other,
        undefined,
      ]
      for (const lie of lies) {
        if (lie) files.files.set(name, lie)
        else files.files.delete(name)
        const refusal = await verifySnapshot({ files, check }).then(
          () => undefined,
          (error) => error,
        )
        // The seal lies outside the block's id: a manifest with another one is for the engine's check to refuse.
        if (refusal) expect(refusal).toMatchObject({ code: 'store/BAD_SNAPSHOT' })
        if (refusal && name !== 'manifest') expect(refusal.values.file).toBe(name)
        expect(refusal !== undefined || name === 'manifest').toBe(true)
        files.files.set(name, whole)
      }
    }
    await verifySnapshot({ files, check })
    await store.close()
  })

  test('is not applied beyond a bad chunk, and its restoring goes on after it is fetched anew', async () => {
    const { store, files, summary, check } = await made()
    const level = newLevel()
    const name = 'chunk-000002'
    const whole = files.files.get(name) as Uint8Array
    files.files.set(name, whole.subarray(0, -1))
    const done: number[] = []
    const onChunk = (count: number) => done.push(count)
    const restoring = () => restoreSnapshot({ level, files, check, onChunk })
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(restoring()).rejects.toMatchObject({ code: 'store/BAD_SNAPSHOT', values: { file: name } })
    expect(done).toEqual([1, 2])
    await expect(merkleStore({ level })).rejects.toMatchObject({
      code: 'store/RESTORING',
      values: { next: 2 },
    })
    files.files.set(name, whole)
    await restoring()
    expect(done).toEqual(Array.from({ length: summary.chunks }, (_, i) => i + 1))
    const restored = await merkleStore({ level })
    await expectSame(restored, store)
    await restored.close()
    await expect(restoring()).rejects.toMatchObject({ code: 'store/NOT_EMPTY' })
    await store.close()
  })

  test('goes on with that of another node, which has another seal of the same block', async () => {
    const { store, files, check } = await made()
    const other = await inMemory()
    await fill(other, { rows: 70, bytes: 200_000, seal: Uint8Array.of(1, 2, 3) })
    const others = filesInMemory()
    await other.snapshot(others)
    expect(others.files.get('manifest')).not.toEqual(files.files.get('manifest'))
    files.files.delete('chunk-000002')
    const level = newLevel()
    const done: number[] = []
    const onChunk = (count: number) => done.push(count)
    await expect(restoreSnapshot({ level, files, check, onChunk })).rejects.toMatchObject({
      code: 'store/BAD_SNAPSHOT',
    })
    const { chunks } = await restoreSnapshot({ level, files: others, check, onChunk })
    expect(done).toEqual(Array.from({ length: chunks }, (_, i) => i + 1))
    const restored = await merkleStore({ level })
    await expectSame(restored, store)
    await Promise.all([restored, store, other].map((one) => one.close()))
  })

  test('can be restored after an interruption at any write', async () => {
    const { store, files, check } = await made()
    let wasInterrupted = true
    for (let failAt = 1; wasInterrupted; failAt++) {
      const level = newLevel()
      const batch = level.batch.bind(level)
      let writes = 0
      level.batch = ((...args: []) => {
        if (++writes === failAt) throw new Error('the plug is pulled')
        return batch(...args)
      }) as typeof level.batch
      const restoring = () => restoreSnapshot({ level, files, check })
      wasInterrupted = await restoring().then(
        () => false,
        () => true,
      )
      expect(wasInterrupted).toBe(writes >= failAt)
      if (wasInterrupted) await restoring()
      const restored = await merkleStore({ level })
      expect(restored.tip()).toEqual(store.tip())
      expect(stateRoot(restored.entries({ prefix: '' }))).toBe(store.tip()?.header.stateRoot)
      await restored.close()
      if (failAt === 2) expect(wasInterrupted).toBe(true)
    }
    await store.close()
  })

  test('of a header that the engine does not certify is not touched', async () => {
    const { store, files } = await made()
    const check = () => Promise.reject(new Error('no certificate'))
    await expect(verifySnapshot({ files, check })).rejects.toThrow('no certificate')
    const level = newLevel()
    await expect(restoreSnapshot({ level, files, check })).rejects.toThrow('no certificate')
    const empty = await merkleStore({ level })
    expect(empty.tip()).toBeUndefined()
    await Promise.all([empty.close(), store.close()])
  })

  test('is of the tip at which it began, while blocks go on', async () => {
    const { store, check } = await made()
    const before = rowsOf(store)
    const files = filesInMemory()
    let done = false
    const making = store.snapshot(files).finally(() => {
      done = true
    })
    for (let seed = 0; !done || seed === 0; seed++) {
      await store.commit(sampleCommit({ store, changes: [[rowKey(seed % 70), null]], seed }))
      await nextTurn()
    }
    const level = newLevel()
    expect(await restoreSnapshot({ level, files, check })).toEqual(await making)
    const restored = await merkleStore({ level })
    expect(rowsOf(restored)).toEqual(before)
    await Promise.all([restored.close(), store.close()])
  })
})

test('a store with blocks is not restored over, and a store without has no snapshot', async () => {
  const store = await inMemory()
  const files = filesInMemory()
  await expect(store.snapshot(files)).rejects.toMatchObject({ code: 'store/NO_BLOCKS' })
  await fill(store, { rows: 3, bytes: 3 })
  await store.snapshot(files)
  const level = newLevel()
  const other = await merkleStore({ level })
  await other.commit(sampleCommit({ store: other, changes: [], seed: 1 }))
  await other.close()
  const restoring = restoreSnapshot({ level, files, check: () => undefined })
  await expect(restoring).rejects.toMatchObject({ code: 'store/NOT_EMPTY' })
  await store.close()
})

test('a row that fits in no file is refused by its key', async () => {
  const store = await inMemory()
  await store.commit(sampleCommit({ store, changes: [[rowKey(1), value(1, 4 << 20)]], seed: 1 }))
  await expect(store.snapshot(filesInMemory())).rejects.toMatchObject({
    code: 'store/ROW_TOO_LARGE',
    values: { key: rowKey(1) },
  })
  await store.close()
})

describe('pruning, snapshots and reverting in any order', () => {
  const steps = ['prune', 'snapshot', 'revert', 'reopen'] as const
  const orders = steps.flatMap((a) => steps.flatMap((b) => steps.map((c) => [a, b, c] as const)))
  test.each(orders)('%s, %s, %s', async (...order) => {
    const level = newLevel()
    const keepHeights = 4
    let store = await merkleStore({ level, keepHeights })
    const oracle = memoryStore()
    let seed = 0
    const commit = async () => {
      const changes = [0, 3, 7, 11].map(
        (i) => [rowKey((seed + i) % 40), (seed + i) % 5 === 0 ? null : value(seed, 9)] as const,
      )
      const sorted = changes.sort(([a], [b]) => (a < b ? -1 : 1))
      const made = sampleCommit({ store, changes: sorted, seed: seed++ })
      await oracle.commit({ ...made, staged: oracle.stage(sorted) })
      await store.commit(made)
    }
    for (let block = 0; block < 8; block++) await commit()
    for (const step of order) {
      if (step === 'prune') {
        await store.prune()
        const kept = height((store.tip()?.header.height as bigint) - BigInt(keepHeights) - 1n)
        expect(() => store.at(kept)).toThrow(expect.objectContaining({ code: 'store/NOT_KEPT' }))
      } else if (step === 'snapshot') {
        const files = filesInMemory()
        await store.snapshot(files)
        const other = newLevel()
        await restoreSnapshot({ level: other, files, check: trusts(oracle.tip()?.id) })
        const restored = await merkleStore({ level: other })
        await expectSame(restored, oracle)
        await restored.close()
      } else if (step === 'revert') {
        const target = height((store.tip()?.header.height as bigint) - 2n)
        await Promise.all([store.revertTo(target), oracle.revertTo(target)])
      } else {
        await store.close()
        store = await merkleStore({ level, keepHeights })
      }
      await commit()
      await expectSame(store, oracle)
      const past = height((store.tip()?.header.height as bigint) - 1n)
      expect([...store.at(past).entries({ prefix: '' })]).toEqual([
        ...oracle.at(past).entries({ prefix: '' }),
      ])
    }
    expect(stateRoot(store.entries({ prefix: '' }))).toBe(oracle.tip()?.header.stateRoot)
    expect(toHex(store.checkpoint())).toBe(toHex(oracle.checkpoint()))
    await store.close()
  })
})
