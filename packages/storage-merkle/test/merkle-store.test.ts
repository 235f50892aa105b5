import { spawnSync } from 'node:child_process'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { type BlockCommit, memoryStore, type StateChanges, ZERO_HASH } from '@mmtchain/kernel'
import { height } from '@mmtchain/primitives'
import { merkleStore, merkleStoreRefusals } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { expect, test, vi } from 'vitest'
import { inTempFolder } from './temp-store.ts'

const row = (value: number) => [['aa00', Uint8Array.of(value)]] as const

test('a folder that is open is refused to a second opening, here and in another process, until it is closed', async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, 'store')
    const byAnotherName = join(folder, 'link')
    const store = await merkleStore({ path })
    await symlink(path, byAnotherName)
    // A refused opening must not give up the lock, so another process tries after each.
    for (const name of [path, `${folder}/./store/`, byAnotherName, path]) {
      const error = await merkleStore({ path: name }).catch((caught) => caught)
      expect(error).toMatchObject({ code: 'store/LOCKED', values: { path: name } })
      expect(error.message).toContain(name)
      expect(error.hint).toContain('Stop the other node')
      expect(openInAnotherProcess(path)).toBe('store/LOCKED\n')
    }
    await store.commit(sampleCommit({ store, changes: row(1), seed: 1 }))
    await store.close()
    const again = await merkleStore({ path: byAnotherName })
    expect(again.get('aa00')).toEqual(Uint8Array.of(1))
    await again.close()
  })
})

test('a store of a format that this release does not know is refused and left alone', async () => {
  await inTempFolder(async (path) => {
    await (await merkleStore({ path })).close()
    const body = Uint8Array.of(99, 0, 0, 0)
    const checksum = new Uint8Array(4)
    new DataView(checksum.buffer).setUint32(0, crc32(body, crc32('m')))
    const level = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: 'view' })
    await level.put('m', Uint8Array.of(...body, ...checksum))
    await level.close()
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(merkleStore({ path })).rejects.toMatchObject({
        code: 'store/UNKNOWN_FORMAT',
        values: { path, want: 5, got: 99 },
      })
    }
  })
})

test('a database of another program is refused and left alone', async () => {
  await inTempFolder(async (path) => {
    const level = new ClassicLevel(path)
    await level.put('hello', 'world')
    await level.close()
    await expect(merkleStore({ path })).rejects.toMatchObject({ code: 'store/UNKNOWN_FORMAT' })
    await level.open()
    expect(await level.keys().all()).toEqual(['hello'])
    await level.close()
  })
})

test('a path that cannot be a folder is refused', async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, 'file')
    await writeFile(path, 'not a folder')
    await expect(merkleStore({ path })).rejects.toMatchObject({ code: 'store/CANNOT_OPEN', values: { path } })
  })
})

test('until its batch is on disk a block cannot be seen, then all of it at once', async () => {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    await store.commit(sampleCommit({ store, changes: row(0), seed: 0 }))
    const before = store.tip()
    for (let value = 1; value <= 20; value++) {
      const commit = sampleCommit({ store, changes: row(value), seed: value })
      const done = store.commit(commit)
      expect(store.tip()?.header.height).toBe(BigInt(value - 1))
      // LevelDB writes on another thread; while this one is busy, its batch gets done, and still nothing shows.
      for (const until = Date.now() + 5; Date.now() < until; ) {
        expect(store.get('aa00')).toEqual(Uint8Array.of(value - 1))
        expect(store.stage([]).root).toBe(store.tip()?.header.stateRoot)
      }
      expect(await store.block({ id: commit.id })).toBeUndefined()
      await done
      expect(store.get('aa00')).toEqual(Uint8Array.of(value))
      expect(await store.block({ id: commit.id })).toBeDefined()
    }
    expect(before?.header.height).toBe(0n)
    await store.close()
  })
})

test('many stages beside a block that is being written leave it and the next ones whole', async () => {
  await inTempFolder(async (path) => {
    // So little memory that reads between two blocks have to forget what they loaded.
    const store = await merkleStore({ path, memoryBytes: 1 << 16 })
    const oracle = memoryStore()
    const rows = (seed: number, count: number): StateChanges =>
      Array.from({ length: count }, (_, i) => [
        `aa${((i * 7 + seed) % 4096).toString(16).padStart(4, '0')}`,
        Uint8Array.of(seed, i),
      ]).sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)) as unknown as StateChanges
    for (let block = 0; block < 12; block++) {
      const changes = rows(block, block === 0 ? 4096 : 60)
      const done = store.commit(sampleCommit({ store, changes, seed: block }))
      for (let other = 0; other < 20; other++) store.stage(rows(100 + other, 50))
      if (block > 0) await store.prove({ keys: ['aa0001', 'aa0fff'] })
      await done
      await oracle.commit(sampleCommit({ store: oracle, changes, seed: block }))
      expect(store.tip()?.header.stateRoot).toBe(oracle.tip()?.header.stateRoot)
      expect(store.stage(rows(200, 300)).root).toBe(oracle.stage(rows(200, 300)).root)
    }
    await store.close()
  })
})

test('a block of another parent or root than the stage is refused, after staleness and height', async () => {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    const first = sampleCommit({ store, changes: row(1), seed: 1 })
    await store.commit(first)
    const good = sampleCommit({ store, changes: row(2), seed: 2 })
    const wrong = { height: height(7n), parent: ZERO_HASH, stateRoot: ZERO_HASH }
    const withHeader = (fields: object): BlockCommit => ({
      ...good,
      block: { ...good.block, header: { ...good.block.header, ...fields } },
    })
    const refusal = (commit: BlockCommit) =>
      store.commit(commit).catch(({ code, values }) => ({ code, values }))
    const { parent, stateRoot } = wrong
    expect(await refusal({ ...withHeader(wrong), staged: first.staged })).toMatchObject({
      code: 'store/STALE_STAGE',
    })
    expect(await refusal(withHeader(wrong))).toMatchObject({ code: 'store/NOT_NEXT' })
    expect(await refusal(withHeader({ parent, stateRoot }))).toMatchObject({
      code: 'store/MISMATCH',
      values: { field: 'parent', want: first.id },
    })
    expect(await refusal(withHeader({ stateRoot }))).toMatchObject({
      code: 'store/MISMATCH',
      values: { field: 'state root', want: good.staged.root },
    })
    await store.commit(good)
    await store.close()
  })
})

test('rows that are staged twice or out of order are refused', async () => {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    const value = Uint8Array.of(1)
    for (const second of ['aa', 'bb']) {
      const stage = () =>
        store.stage([
          ['bb', value],
          [second, null],
        ])
      expect(stage).toThrow(expect.objectContaining({ code: 'store/UNSORTED', values: { key: second } }))
    }
    await store.close()
  })
})

test('a block that cannot be encoded is refused and the store goes on', async () => {
  await inTempFolder(async (path) => {
    const store = await merkleStore({ path })
    const good = sampleCommit({ store, changes: row(1), seed: 1 })
    const consensus = new Uint8Array(5000)
    const bad = { ...good, block: { ...good.block, header: { ...good.block.header, consensus } } }
    await expect(store.commit(bad)).rejects.toMatchObject({ code: 'codec/TOO_LONG' })
    await store.commit(good)
    expect(store.tip()?.id).toBe(good.id)
    await store.close()
  })
})

test.each([
  [undefined, 16, 24],
  [2 ** 30, 40, 72],
])(
  'with %s bytes of memory LevelDB gathers more than %i and less than %i MiB before it writes a table',
  async (memoryBytes, fits, bursts) => {
    await inTempFolder(async (path) => {
      const store = await merkleStore({ path, ...(memoryBytes && { memoryBytes }) })
      const tables = async () => (await readdir(path)).filter((name) => name.endsWith('.ldb'))
      let written = 0
      const write = async (mebibytes: number) => {
        for (; written < mebibytes; written += 8) {
          const value = new Uint8Array(8 * 2 ** 20).fill(written)
          const changes = [[`bb${written.toString(16).padStart(2, '0')}`, value]] as const
          await store.commit(sampleCommit({ store, changes, seed: written }))
        }
      }
      await write(fits - 8)
      expect(await tables()).toEqual([])
      await write(bursts)
      // Tables are written beside.
      await vi.waitFor(async () => expect(await tables()).not.toEqual([]), { timeout: 30_000 })
      await store.close()
    })
  },
)

test('every refusal has a sentence and a cure', () => {
  for (const refusal of Object.values(merkleStoreRefusals)) {
    const { message, hint } = (refusal as (values: object) => { message: string; hint: string })({})
    expect(message).toMatch(/^[A-Z].*\.$/)
    expect(hint).toMatch(/^[A-Z].*\.$/)
  }
})

/** What a second process says that opens the store; it is stopped if it gets to commit. */
function openInAnotherProcess(path: string): string {
  const loop = fileURLToPath(new URL('commit-loop.mjs', import.meta.url))
  return spawnSync(process.execPath, [loop, path], {
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGKILL',
  }).stdout
}
