import { resolve } from 'node:path'
import { prepareCrypto } from '@mmtchain/crypto'
import { blockId, createMachine, readGenesis, validatorsHash } from '@mmtchain/kernel'
import { type Home, homeFail, isHome, loadBundle, readJson } from '@mmtchain/node'
import { readSnapshots } from '@mmtchain/p2p-http'
import { isChainError } from '@mmtchain/primitives'
import {
  restoreSnapshot,
  type SnapshotSummary,
  snapshotFolder,
  verifySnapshot,
} from '@mmtchain/storage-merkle'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf, withExample } from './context.ts'
import { say, type WordKey } from './language.ts'
import { look, type Progress, print, progress, rows } from './output.ts'
import { cliFail } from './refusals.ts'
import { createSnapshot } from './snapshot-create.ts'

type Certify = Parameters<typeof verifySnapshot>[0]['check']

/** `mmt snapshot create / verify / restore`: the state of a home as files that prove themselves. */
export function addSnapshot(program: Command): void {
  const snapshot = withExample(program.command('snapshot'), 'mmt snapshot create --out snapshot').description(
    say('snapshot.about'),
  )
  common(
    snapshot.command('create').description(say('snapshot.create.about')),
    'mmt snapshot create --home node1 --out snapshot',
  )
    .requiredOption('--out <folder>', say('snapshot.folder'))
    .action(async (options: CommonOptions & { out: string }) => {
      const folder = resolve(options.out)
      const made = await createSnapshot(existingHome(options), folder, () =>
        progress(options, { label: say('snapshot.create.label') }),
      )
      show(options, folder, made, 'snapshot.create.done')
    })

  const checked = (name: 'verify', example: string) =>
    common(snapshot.command(name).description(say(`snapshot.${name}.about`)), example)
      .argument(`<${say('arg.folder')}>`)
      .option('--block <id>', say('snapshot.block'))

  checked('verify', 'mmt snapshot verify snapshot --home node2').action(
    async (name: string, options: CommonOptions & { block?: string }) => {
      const folder = resolve(name)
      const check = await certifier(existingHome(options), options.block)
      const found = await shown(options, say('snapshot.verify.label'), (onChunk) =>
        verifySnapshot({ files: snapshotFolder(folder), check, onChunk }),
      )
      show(options, folder, found, 'snapshot.verify.done')
    },
  )

  common(
    snapshot.command('restore').description(say('snapshot.restore.about')),
    'mmt snapshot restore http://10.1.2.3:7000 http://10.1.2.4:7000 --block ID --home node2',
  )
    .argument(`<${say('arg.places')}...>`)
    .option('--block <id>', say('snapshot.block'))
    .action(async (places: readonly string[], options: CommonOptions & { block?: string }) => {
      const home = existingHome(options)
      const check = await certifier(home, options.block)
      const isRemote = places.every((place) => /^https?:\/\//.test(place))
      if (!isRemote && places.length > 1)
        throw cliFail.BAD_ARGUMENT({
          name: say('arg.places'),
          value: places.join(' '),
          want: say('want.places'),
        })
      const found = await shown(options, say('snapshot.restore.label'), (onChunk) =>
        isRemote
          ? restoreRemote({ urls: places, check, path: home.data, onChunk })
          : restoreSnapshot({
              ...{ files: snapshotFolder(resolve(places[0] as string)), check, path: home.data, onChunk },
            }),
      )
      show(options, places.join(' '), found, 'snapshot.restore.done')
    })
}

/** Restores from nodes. What one of them gives that is not right is told, and asked of the others. */
async function restoreRemote(args: {
  readonly urls: readonly string[]
  readonly check: Certify
  readonly path: string
  readonly onChunk: (done: number, chunks: number) => void
}): Promise<SnapshotSummary> {
  const reads = await readSnapshots({ urls: args.urls.map((url) => url.replace(/\/+$/, '')) })
  const files = { read: reads.read, write: () => Promise.reject(new Error('it is only read')) }
  for (;;) {
    try {
      return await restoreSnapshot({ ...args, files })
    } catch (error) {
      const file = isChainError(error) && error.code === 'store/BAD_SNAPSHOT' ? error.values.file : undefined
      const from = typeof file === 'string' ? reads.refuse(file) : undefined
      if (from === undefined) throw error
      process.stderr.write(`${say('snapshot.restore.bad', { from, why: (error as Error).message })}\n`)
    }
  }
}

/** The home that a command names. Throws `home/NOT_A_HOME`. */
export function existingHome(options: CommonOptions): Home {
  const home = homeOf(options)
  if (!isHome(home)) throw homeFail.NOT_A_HOME({ home: home.path })
  return home
}

/**
 * What certifies a snapshot's block: the id that the user trusts, or a seal of the validators of the genesis. A later set of
 * validators cannot be known before there is a state.
 */
async function certifier(home: Home, trusted: string | undefined): Promise<Certify> {
  if (trusted !== undefined && !/^[0-9a-f]{64}$/.test(trusted))
    throw cliFail.BAD_ARGUMENT({ name: '--block', value: trusted, want: say('want.id') })
  await prepareCrypto()
  const { genesis, engineChain } = createMachine(
    readGenesis(await loadBundle(home.chain), readJson(home.genesis)),
  )
  const { chain, fingerprint, validators } = genesis
  return ({ header, id, seal }) => {
    const { height } = header
    const got = blockId(fingerprint, header)
    if (got !== id || (trusted !== undefined && trusted !== id))
      throw cliFail.OTHER_BLOCK({ height, want: trusted ?? got, got: id })
    if (trusted !== undefined) return
    // The block of the genesis has no seal.
    if (height === 0n || header.validatorsHash !== validatorsHash(fingerprint, validators))
      throw cliFail.NOT_CERTIFIED({ height, id })
    chain.engine.checkSeal({ chain: engineChain, header, id, seal, validators })
  }
}

/** Shows how many chunks are done. */
async function shown<T>(
  options: CommonOptions,
  label: string,
  work: (onChunk: (done: number, chunks: number) => void) => Promise<T>,
): Promise<T> {
  let bar: Progress | undefined
  try {
    return await work((done, chunks) => {
      bar ??= progress(options, { label, total: chunks })
      bar.at(done)
    })
  } finally {
    bar?.end()
  }
}

function show(
  options: CommonOptions,
  folder: string,
  found: Omit<SnapshotSummary, 'height' | 'id'> & {
    readonly height: bigint | string
    readonly id: string
  },
  done: WordKey & `snapshot.${string}.done`,
): void {
  const { height, id, chunks } = found
  print(options, { folder, height: `${height}`, id, chunks, rows: found.rows }, [
    look(say(done, { height, folder }), 'good'),
    ...rows([
      [say('row.snapshot'), id],
      [say('row.chunks'), String(chunks)],
      [say('row.rows'), String(found.rows)],
    ]),
  ])
}
