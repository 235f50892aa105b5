import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, readConfig, storeOptions } from '@mmtchain/node'
import { type Height, height as toHeight } from '@mmtchain/primitives'
import { type MerkleStore, merkleStore } from '@mmtchain/storage-merkle'
import type { Command } from 'commander'
import { type CommonOptions, common } from './context.ts'
import { say } from './language.ts'
import { look, print, progress } from './output.ts'
import { cliFail } from './refusals.ts'
import { existingHome } from './snapshot.ts'

/** `mmt prune` and `mmt revert`: what an operator does to the data of a stopped node. */
export function addUpkeep(program: Command): void {
  common(program.command('prune').description(say('prune.about')), 'mmt prune --home node1 --keep 100')
    .option('--keep <heights>', say('prune.keep'))
    .action(async (options: CommonOptions & { keep?: string }) => {
      const home = existingHome(options)
      const keepHeights =
        options.keep === undefined
          ? storeOptions(readConfig(home)).keepHeights
          : wholeOf('--keep', options.keep)
      const before = await bytesOf(home.data)
      const store = await openChain(home, keepHeights)
      const bar = progress(options, { label: say('prune.label') })
      let oldest: Height
      try {
        await store.compact()
        oldest = store.kept().oldest
      } finally {
        bar.end()
        await store.close()
      }
      const after = await bytesOf(home.data)
      print(options, { oldest: `${oldest}`, bytesBefore: before, bytesAfter: after }, [
        look(say('prune.done', { oldest, before: megabytes(before), after: megabytes(after) }), 'good'),
      ])
    })

  common(program.command('revert').description(say('revert.about')), 'mmt revert --home node1 --to 1200')
    .requiredOption('--to <height>', say('revert.to'))
    .action(async (options: CommonOptions & { to: string }) => {
      const home = existingHome(options)
      const to = toHeight(BigInt(wholeOf('--to', options.to)))
      const store = await openChain(home, 'all')
      const bar = progress(options, { label: say('revert.label') })
      try {
        const from = tipOf(store).header.height
        await store.revertTo(to)
        const { header, id } = tipOf(store)
        print(options, { from: `${from}`, height: `${header.height}`, id, stateRoot: header.stateRoot }, [
          look(say('revert.done', { count: from - header.height, height: header.height }), 'good'),
        ])
      } finally {
        bar.end()
        await store.close()
      }
    })
}

/** Opens the data of a stopped node. Throws `cli/NOTHING_STORED`, and `store/LOCKED` while the node runs. */
async function openChain(home: Home, keepHeights: number | 'all'): Promise<MerkleStore> {
  const store = await merkleStore({ path: home.data, keepHeights })
  if (store.tip()) return store
  await store.close()
  throw cliFail.NOTHING_STORED({ home: home.path })
}

function tipOf(store: MerkleStore): NonNullable<ReturnType<MerkleStore['tip']>> {
  const tip = store.tip()
  if (!tip) throw new Error('a chain has a tip')
  return tip
}

function wholeOf(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.whole') })
  return Number(text)
}

/** The size of a folder's files; 0 for no folder. */
async function bytesOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  // LevelDB of a node that runs may drop a file meanwhile.
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
