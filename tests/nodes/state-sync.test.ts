import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from '@mmtchain/codec'
import { type Height, tablePrefix } from '@mmtchain/kernel'
import { silentLog } from '@mmtchain/node-runtime'
import { httpNetwork, readSnapshots } from '@mmtchain/p2p-http'
import { hash, height, isChainError } from '@mmtchain/primitives'
import { merkleStore, restoreSnapshot, snapshotFolder } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { expect, test } from 'vitest'

const ID = hash('ab'.repeat(32))

/** Row keys as the state has them. */
const keyOf = (number: number) => tablePrefix('notes', 'rows') + number.toString(16).padStart(8, '0')

async function serveSnapshot(number: number, folder: string, spoil?: (name: string) => boolean) {
  const files = snapshotFolder(folder)
  const network = httpNetwork({
    ...{ nodeSecret: new Uint8Array(32).fill(number), version: '1.0.0' },
    ...{ listen: { host: '127.0.0.1', port: 0 }, log: silentLog },
  })
  const membership = await network.join<string>({
    ...{ fingerprint: ID, addressPrefix: 'mmt', messageBytesMax: 1_000, message: text({ bytesMax: 9 }) },
    ...{ onMessage: () => undefined, onJoined: () => undefined, onLeft: () => undefined },
  })
  network.serve({
    status: () => ({
      ...{ height: height(1n), id: ID, finalised: height(1n), catchingUp: false },
    }),
    block: async () => undefined,
    snapshots: {
      heights: async (): Promise<readonly Height[]> => [height(1n)],
      async read(_, name) {
        const found = await files.read(name)
        return found && spoil?.(name) ? found.map((byte, i) => (i === 100 ? byte ^ 1 : byte)) : found
      },
    },
  })
  return { url: `http://${network.address}`, leave: () => membership.leave() }
}

test('a state is restored from several nodes over sockets; who gives a chunk that is not right is found and asked no more', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mmt-state-'))
  try {
    const store = await merkleStore({ path: join(folder, 'store') })
    const value = new Uint8Array(1_000).fill(7)
    const changes = Array.from({ length: 20_000 }, (_, i) => [keyOf(i), value] as const)
    await store.commit(sampleCommit({ store, changes: [], seed: 1 }))
    await store.commit(sampleCommit({ store, changes, seed: 2 }))
    const made = await store.snapshot(snapshotFolder(join(folder, 'snapshot')))
    expect(made.chunks).toBeGreaterThan(4)
    const honest = [
      await serveSnapshot(1, join(folder, 'snapshot')),
      await serveSnapshot(2, join(folder, 'snapshot')),
    ]
    const liar = await serveSnapshot(3, join(folder, 'snapshot'), (name) => name.startsWith('chunk'))
    const refused: (string | undefined)[] = []
    const reads = await readSnapshots({ urls: [liar, ...honest].map(({ url }) => url) })
    const files = { read: reads.read, write: () => Promise.reject(new Error('it is only read')) }
    const restore = () => restoreSnapshot({ path: join(folder, 'restored'), files, check: () => undefined })
    for (let isDone = false; !isDone; ) {
      try {
        await restore()
        isDone = true
      } catch (error) {
        if (!isChainError(error) || error.code !== 'store/BAD_SNAPSHOT') throw error
        refused.push(reads.refuse(String(error.values.file)))
      }
    }
    expect(refused).toEqual([liar.url])
    const restored = await merkleStore({ path: join(folder, 'restored') })
    expect(restored.tip()?.header.stateRoot).toBe(store.tip()?.header.stateRoot)
    expect(restored.get(keyOf(19_999))).toEqual(value)
    await restored.close()
    await store.close()
    for (const node of [liar, ...honest]) await node.leave()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('nodes that offer nothing, or nothing that is right, are refused by name', async () => {
  await expect(readSnapshots({ urls: ['http://127.0.0.1:1'] })).rejects.toThrow(/127\.0\.0\.1:1/)
})
