import { cp, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { sha256 } from '@mmtchain/crypto'
import { type Store, tablePrefix } from '@mmtchain/kernel'
import {
  type Address,
  addressToBytes,
  type ChainError,
  type Hash,
  hashToBytes,
  height,
  isChainError,
  toHex,
} from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test, vi } from 'vitest'
import { inTempFolder } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

const BLOCKS = 4
const prefix = tablePrefix('notes', 'rows')
const rowKey = (at: number) => prefix + toHex(Uint8Array.of(at))

interface Made {
  readonly ids: readonly Hash[]
  readonly senders: readonly Address[]
  readonly transactions: readonly Hash[]
}

/** A few blocks, each with five new rows and one deleted. */
async function makeBlocks(path: string, blocks = BLOCKS): Promise<Made> {
  const store = await merkleStore({ path })
  const ids: Hash[] = []
  const transactions: Hash[] = []
  const senders: Address[] = []
  for (let block = 0; block < blocks; block++) {
    const first = (5 * block) % 250
    const rows = [0, 1, 2, 3, 4].map((i) => [rowKey(first + i), Uint8Array.of(block, i)] as const)
    const changes = block === 0 ? rows : [[rowKey(first - 1), null] as const, ...rows]
    const commit = sampleCommit({ store, changes, seed: block, transactions: 2 })
    await store.commit(commit)
    ids.push(commit.id)
    transactions.push(...commit.transactionIds)
    senders.push(...commit.block.transactions.map(({ body }) => body.sender))
  }
  await store.close()
  return { ids, transactions, senders }
}

const damages: Readonly<Record<string, (value: Uint8Array) => Uint8Array | undefined>> = {
  'with a flipped bit': (value) => value.map((byte, i) => (i === value.length >> 1 ? byte ^ 4 : byte)),
  'cut short': (value) => value.subarray(0, -1),
  'without bytes': () => new Uint8Array(),
  'of garbage': () => new Uint8Array(40).fill(0xab),
  removed: () => undefined,
}

const u64 = (value: number) => [0, 0, 0, 0, 0, 0, 0, value]
const u48 = (value: number) => u64(value).slice(2)
const pathOf = (row: number) => sha256(Buffer.from(rowKey(row), 'hex'))
const opened = async () => undefined

/** For each kind of record: where it lies, what meets it, and what it is called. */
const records: readonly {
  readonly name: string
  readonly key: (made: Made) => readonly number[]
  readonly use: (store: Store, made: Made) => Promise<unknown>
  readonly absent?: 'is not found' | 'is a foreign database'
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
    name: 'the history of ',
    key: ({ senders }) => [0x61, ...addressToBytes(senders[3] as Address), ...u64(1)],
    use: (store, { senders }) => store.history({ address: senders[3] as Address, limit: 9 }),
    absent: 'is not found',
  },
  {
    name: `the row of path ${toHex(pathOf(1))}`,
    key: () => [0x73, ...pathOf(1)],
    use: async (store) => [...store.entries({ prefix })],
  },
  {
    name: `the row of path ${toHex(pathOf(1))}`,
    key: () => [0x73, ...pathOf(1)],
    use: async (store) => store.get(rowKey(1)),
  },
  {
    name: 'part 0 of the rows that block 1 replaced',
    key: () => [0x6f, ...u48(1), 0, 0],
    use: async (store) => store.at(height(0n)).get(rowKey(4)),
  },
  {
    name: 'part 0 of the rows that block 3 replaced',
    key: () => [0x6f, ...u48(3), 0, 0],
    use: (store) => store.revertTo(height(2n)),
  },
  {
    name: 'tree node 00000000000300',
    key: () => [0x6e, ...u48(3), 0],
    use: async (store) => store.stage([[rowKey(1), null]]),
  },
  {
    name: 'tree node 00000000000100',
    key: () => [0x6e, ...u48(1), 0],
    use: async (store) => store.prove({ keys: [rowKey(1)], height: height(1n) }),
  },
  {
    name: 'index page 00000000000300000000',
    key: () => [0x70, ...u48(3), 0, 0, 0, 0],
    use: async (store) => [...store.entries({ prefix })],
  },
  { name: 'the state of height 3', key: () => [0x76, ...u64(3)], use: opened },
  { name: 'the state of height 1', key: () => [0x76, ...u64(1)], use: async (store) => store.at(height(1n)) },
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
    const at = (row: number) => Uint8Array.of(0x73, ...pathOf(row))
    const other = (await level.get(at(1))) as Uint8Array
    for (const record of [other, sealed(at(2), other.subarray(0, -4))]) {
      await level.open()
      await level.put(at(2), record)
      await level.close()
      const error = await openAndUse(path, async (store) => store.get(rowKey(2)))
      expect(error).toMatchObject({ code: 'store/DAMAGED' })
    }
  })
})

describe.each(Object.entries(damages))('pruning that meets a record %s', (_, change) => {
  test('says so once, keeps what it cannot drop, and lets blocks go on', async () => {
    await inTempFolder(async (path) => {
      await makeBlocks(path)
      await alter(path, Uint8Array.of(0x63, ...u64(2)), change)
      const told: ChainError[] = []
      const store = await merkleStore({ path, keepHeights: 0, onDamage: (error) => told.push(error) })
      const values = { record: 'the changes of block 2' }
      await vi.waitFor(() => expect(told).toMatchObject([{ code: 'store/DAMAGED', values }]), 60_000)
      await store.commit(sampleCommit({ store, changes: [], seed: 9 }))
      await expect(store.prune()).rejects.toMatchObject({ code: 'store/DAMAGED', values })
      expect(told).toHaveLength(1)
      await store.close()
    })
  })
})

test('a tip whose tree is not that of its block is refused', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path)
    const key = Uint8Array.of(0x76, ...u64(3))
    await alter(path, key, (value) => {
      const body = value.slice(0, -4)
      // The kind of the tree's root comes first, then its hash.
      body[1] = (body[1] as number) ^ 1
      return sealed(key, body)
    })
    await expect(merkleStore({ path })).rejects.toMatchObject({
      code: 'store/DAMAGED',
      values: { record: 'the state of height 3', why: 'its state root is not that of its block' },
    })
  })
})

test('a tree node that is whole but of another state is refused', async () => {
  await inTempFolder(async (path) => {
    await makeBlocks(path, 2)
    const [older, newer] = [0, 1].map((born) => Uint8Array.of(0x6e, ...u48(born), 0)) as [
      Uint8Array,
      Uint8Array,
    ]
    let body = new Uint8Array()
    await alter(path, older, (value) => {
      body = value.slice(0, -4)
      return value
    })
    await alter(path, newer, () => sealed(newer, body))
    const error = await openAndUse(path, async (again) => again.stage([[rowKey(1), null]]))
    expect(error).toMatchObject({
      code: 'store/DAMAGED',
      values: { record: 'tree node 00000000000100', why: 'its hash is not what its parent says' },
    })
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

/** A record with a checksum that fits. */
function sealed(key: Uint8Array, body: Uint8Array): Uint8Array {
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body, crc32(key)))
  return Uint8Array.of(...body, ...checksum)
}

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
