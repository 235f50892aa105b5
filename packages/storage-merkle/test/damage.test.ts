import { cp, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Store, tablePrefix } from '@mmtchain/kernel'
import { type Hash, hashToBytes, height, isChainError, toHex } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test } from 'vitest'
import { inTempFolder } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

const BLOCKS = 4
const prefix = tablePrefix('notes', 'rows')
const rowKey = (at: number) => prefix + toHex(Uint8Array.of(at))

interface Made {
  readonly ids: readonly Hash[]
  readonly transactions: readonly Hash[]
}

/** A few blocks, each with five new rows and one deleted. */
async function makeBlocks(path: string, blocks = BLOCKS): Promise<Made> {
  const store = await merkleStore({ path })
  const ids: Hash[] = []
  const transactions: Hash[] = []
  for (let block = 0; block < blocks; block++) {
    const first = (5 * block) % 250
    const rows = [0, 1, 2, 3, 4].map((i) => [rowKey(first + i), Uint8Array.of(block, i)] as const)
    const changes = block === 0 ? rows : [[rowKey(first - 1), null] as const, ...rows]
    const commit = sampleCommit({ store, changes, seed: block, transactions: 2 })
    await store.commit(commit)
    ids.push(commit.id)
    transactions.push(...commit.transactionIds)
  }
  await store.close()
  return { ids, transactions }
}

const damages: Readonly<Record<string, (value: Uint8Array) => Uint8Array | undefined>> = {
  'with a flipped bit': (value) => value.map((byte, i) => (i === value.length >> 1 ? byte ^ 4 : byte)),
  'cut short': (value) => value.subarray(0, -1),
  'without bytes': () => new Uint8Array(),
  'of garbage': () => new Uint8Array(40).fill(0xab),
  removed: () => undefined,
}

const u64 = (value: number) => [0, 0, 0, 0, 0, 0, 0, value]
const opened = async () => undefined

/** For each kind of record: where it lies, what meets it, and what it is called. */
const records: readonly {
  readonly name: string
  readonly key: (made: Made) => readonly number[]
  readonly use: (store: Store, made: Made) => Promise<unknown>
  readonly absent?: 'is not found' | 'is a foreign database' | 'is counted'
}[] = [
  { name: 'its format', key: () => [0x6d], use: opened, absent: 'is a foreign database' },
  { name: 'its tip', key: () => [0x74], use: opened },
  { name: 'block 3', key: () => [0x62, ...u64(3)], use: opened },
  { name: 'block 1', key: () => [0x62, ...u64(1)], use: (store) => store.block({ height: height(1n) }) },
  { name: 'the id of block 0', key: () => [0x68, ...u64(0)], use: opened },
  {
    name: 'the height of block ',
    key: ({ ids }) => [0x69, ...hashToBytes(ids[1] as Hash)],
    use: (store, { ids }) => store.block({ id: ids[1] as Hash }),
    absent: 'is not found',
  },
  {
    name: 'transaction ',
    key: ({ transactions }) => [0x78, ...hashToBytes(transactions[3] as Hash)],
    use: (store, { transactions }) => store.transaction(transactions[3] as Hash),
    absent: 'is not found',
  },
  {
    name: `row ${rowKey(1)}`,
    key: () => [0x73, ...Buffer.from(rowKey(1), 'hex')],
    use: async (store) => [...store.entries({ prefix })],
    absent: 'is counted',
  },
  {
    name: `row ${rowKey(1)}`,
    key: () => [0x73, ...Buffer.from(rowKey(1), 'hex')],
    use: async (store) => store.get(rowKey(1)),
    absent: 'is counted',
  },
  { name: 'tree node 00', key: () => [0x6e, 0], use: async (store) => store.stage([[rowKey(1), null]]) },
]

describe.each(Object.entries(damages))('a record %s', (damage, change) => {
  test.each(records.filter(({ absent }) => damage !== 'removed' || !absent))(
    '$name is refused by its name',
    async ({ name, key, use }) => {
      await inTempFolder(async (path) => {
        const made = await makeBlocks(path)
        await alter(path, Uint8Array.from(key(made)), change)
        // Twice: a refused opening lets go of the folder.
        for (let attempt = 0; attempt < 2; attempt++) {
          const error = await openAndUse(path, (store) => use(store, made))
          expect(error).toMatchObject({
            code: 'store/DAMAGED',
            values: { record: expect.stringContaining(name) },
          })
        }
      })
    },
  )
})

test('a whole record of another key does not pass for one', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path)
    const level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    })
    const at = (key: string) => Buffer.from(`73${key}`, 'hex')
    await level.put(at(rowKey(2)), (await level.get(at(rowKey(1)))) as Uint8Array)
    await level.close()
    const error = await openAndUse(path, async (store) => store.get(rowKey(2)))
    expect(error).toMatchObject({ code: 'store/DAMAGED' })
  })
})

test('a tip whose tree is not that of its block is refused', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path)
    // The record is the height, the tree, and what else there is; its checksum is made to fit.
    await alter(path, Buffer.from('t'), (value) => {
      const body = value.subarray(0, -4)
      body[0] = 2
      const checksum = Buffer.alloc(4)
      checksum.writeUInt32BE(crc32(body, crc32('t')))
      return Uint8Array.of(...body, ...checksum)
    })
    await expect(merkleStore({ path })).rejects.toMatchObject({
      code: 'store/DAMAGED',
      values: { record: 'its tip', why: 'its state root is not that of its block' },
    })
  })
})

test('a row that has vanished is noticed when the store opens', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path)
    await alter(path, Buffer.from(`73${rowKey(1)}`, 'hex'), () => undefined)
    await expect(merkleStore({ path })).rejects.toMatchObject({
      code: 'store/DAMAGED',
      values: { record: 'its rows' },
    })
  })
})

test('a tree node that is whole but of another state is refused', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path, 1)
    const key = Uint8Array.of(0x6e, 0)
    let older: Uint8Array | undefined
    await alter(path, key, (value) => {
      older = value
      return value
    })
    const store = await merkleStore({ path })
    await store.commit(sampleCommit({ store, changes: [[rowKey(0), Uint8Array.of(9)]], seed: 1 }))
    await store.close()
    await alter(path, key, () => older)
    const error = await openAndUse(path, async (again) => again.stage([[rowKey(1), null]]))
    expect(error).toMatchObject({ code: 'store/DAMAGED', values: { record: 'tree node 00' } })
  })
})

test('a write-ahead log that ends anywhere gives a store of whole blocks', async () => {
  await inTempFolder(async (folder) => {
    const whole = join(folder, 'whole')
    await makeBlocks(whole, 40)
    const log = await logOf(whole)
    const length = (await readFile(join(whole, log))).length
    const heights = new Set<bigint | undefined>()
    for (let cut = 0; cut < 40; cut++) {
      const path = join(folder, `cut-${cut}`)
      await cp(whole, path, { recursive: true })
      await truncate(join(path, log), Math.floor((length * cut) / 40) + (cut % 7))
      const store = await merkleStore({ path })
      await expectWhole(store)
      heights.add(store.tip()?.header.height)
      await store.close()
    }
    expect(heights.size).toBeGreaterThan(20)
  })
})

test('a flipped byte in the write-ahead log gives whole blocks or a coded error, never a hole', async () => {
  await inTempFolder(async (folder) => {
    const whole = join(folder, 'whole')
    await makeBlocks(whole, 40)
    const log = await logOf(whole)
    const bytes = await readFile(join(whole, log))
    const outcomes = new Set<string>()
    for (let flip = 0; flip < 60; flip++) {
      const path = join(folder, `flip-${flip}`)
      await cp(whole, path, { recursive: true })
      const damaged = Uint8Array.from(bytes)
      const at = Math.floor((bytes.length * flip) / 60)
      damaged[at] = (damaged[at] as number) ^ 0x10
      await writeFile(join(path, log), damaged)
      const error = await openAndUse(path, (store) => expectWhole(store))
      outcomes.add(error?.code ?? 'whole')
    }
    // The first record of the log is the format.
    expect([...outcomes].sort()).toEqual(['store/DAMAGED', 'store/UNKNOWN_FORMAT', 'whole'])
  })
})

/** Changes the bytes of a record under the closed store. */
async function alter(
  path: string,
  key: Uint8Array,
  change: (value: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  const before = await level.get(key)
  expect(before, 'the record is there').toBeDefined()
  const after = change(Uint8Array.from(before as Uint8Array))
  if (after) await level.put(key, after)
  else await level.del(key)
  await level.close()
}

/** The coded error that opening or using the store gives, if any; another one is a failure. */
async function openAndUse(path: string, use: (store: Store) => Promise<unknown>) {
  let store: Store | undefined
  try {
    store = await merkleStore({ path })
    await use(store)
    return undefined
  } catch (error) {
    if (!isChainError(error)) throw error
    return error
  } finally {
    await store?.close()
  }
}

async function logOf(path: string): Promise<string> {
  const logs = (await readdir(path)).filter((file) => file.endsWith('.log'))
  expect(logs).toHaveLength(1)
  return logs[0] as string
}
