import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KEEP_HEIGHTS_DEFAULT, merkleStore } from '@mmtchain/storage-merkle'
import { sampleCommit } from '@mmtchain/testkit'
import { expect, test, vi } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, startChain } from './chain-process.ts'

/** Keys of people cost a second of scrypt each time; on a busy machine that adds up. */
const SLOW = { timeout: 400_000 }

let place: Place

inPlace((made) => {
  place = made
})

interface Snapshot {
  readonly folder: string
  readonly height: string
  readonly id: string
  readonly chunks: number
  readonly rows: number
}

/** The error that a command ends with. */
async function refusal(
  words: readonly string[],
  at: Place = place,
): Promise<{ code: string; values: object }> {
  const { code, out, err } = await mmt(at, [...words, '--json'])
  expect([code, out], `mmt ${words.join(' ')}\n${err}`).toEqual([1, ''])
  return (JSON.parse(err) as { error: { code: string; values: object } }).error
}

/** Another home of the same chain, as `mmt init` makes it, without any data. */
async function emptyHome(name: string): Promise<Place> {
  const home = join(place.folder, name)
  await cp(place.home, home, { recursive: true })
  await rm(join(home, 'data'), { recursive: true })
  return { ...place, home, env: { ...place.env, MMT_HOME: home } }
}

async function configureStore({ home }: Place, store: object): Promise<void> {
  const file = join(home, 'config.json')
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), store }))
}

/** The oldest height whose state a home has. */
async function keptFrom({ home }: Place): Promise<bigint> {
  const store = await merkleStore({ path: join(home, 'data'), keepHeights: 'all' })
  const { oldest } = store.kept()
  await store.close()
  return oldest
}

async function tipOf({ home }: Place) {
  const store = await merkleStore({ path: join(home, 'data'), keepHeights: 'all' })
  const tip = store.tip()
  await store.close()
  if (!tip) throw new Error('there is no block')
  return { height: `${tip.header.height}`, id: tip.id, stateRoot: tip.header.stateRoot }
}

test(
  'a stopped home is written as a snapshot, checked, restored into another home that goes on, pruned and reverted',
  SLOW,
  async () => {
    const chain = mmtDev(place)
    await chain.printed(/^height 2 /m)
    const transfer = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--from', 'demo1']
    const sent = await mmtJson<{ height: string }>(place, transfer)
    await chain.printed(new RegExp(`^height ${Number(sent.height) + 2} `, 'm'))
    const folder = join(place.folder, 'snapshot')
    for (const words of [['prune'], ['revert', '--to', '1']])
      expect((await refusal(words)).code).toBe('store/LOCKED')
    expect(await chain.end('SIGINT')).toBe(0)
    const tip = await tipOf(place)

    const made = await mmtJson<Snapshot>(place, ['snapshot', 'create', '--out', folder])
    expect(made).toMatchObject({ folder, height: tip.height, chunks: 1 })
    expect((await refusal(['snapshot', 'create', '--out', folder])).code).toBe('cli/NOT_EMPTY')
    expect(await mmtJson(place, ['snapshot', 'verify', folder])).toEqual(made)
    expect(await mmtJson(place, ['snapshot', 'verify', folder, '--block', tip.id])).toEqual(made)
    expect((await refusal(['snapshot', 'verify', folder, '--block', '00'.repeat(32)])).code).toBe(
      'cli/OTHER_BLOCK',
    )
    expect((await mmt(place, ['snapshot', 'verify', folder, '--block', 'x'])).code).toBe(2)

    const other = await emptyHome('other')
    const chunk = join(folder, 'chunk-000000')
    const good = await readFile(chunk)
    await writeFile(
      chunk,
      good.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    )
    for (const command of ['verify', 'restore']) {
      expect(await refusal(['snapshot', command, folder], other)).toMatchObject({
        code: 'store/BAD_SNAPSHOT',
        values: { file: 'chunk-000000' },
      })
    }
    await writeFile(chunk, good)
    expect(await mmtJson(other, ['snapshot', 'restore', folder])).toEqual(made)
    expect(await tipOf(other)).toEqual(tip)
    expect((await refusal(['snapshot', 'restore', folder], other)).code).toBe('store/NOT_EMPTY')
    expect(await mmtJson(other, ['verify'])).toEqual({
      ...tip,
      ok: true,
      transactions: 0,
      rows: made.rows,
    })
    const again = startChain(other, ['apps/cli/dist/main.js', 'start', '--rpc-port', String(place.port)])
    await again.printed(/node started/)
    const next = BigInt(tip.height) + 1n
    await vi.waitFor(async () => expect((await mmt(other, ['show', 'block', `${next}`])).code).toBe(0), {
      timeout: 60_000,
      interval: 500,
    })
    expect(await again.end('SIGINT')).toBe(0)

    const empty = join(place.folder, 'nothing')
    await mkdir(empty)
    expect(await refusal(['snapshot', 'verify', empty])).toMatchObject({
      code: 'store/BAD_SNAPSHOT',
      values: { file: 'manifest' },
    })

    const pruned = await mmtJson<{ oldest: string; bytesBefore: number; bytesAfter: number }>(place, [
      'prune',
      '--keep',
      '2',
    ])
    expect(pruned.oldest).toBe(`${BigInt(tip.height) - 2n}`)
    // So few blocks take less room than what LevelDB itself writes; that space comes back is tested with more of them.
    expect(Math.min(pruned.bytesBefore, pruned.bytesAfter)).toBeGreaterThan(0)
    await configureStore(place, { keepHeights: 3 })
    expect(await mmtJson(place, ['prune'])).toMatchObject({ oldest: pruned.oldest })
    expect(await refusal(['revert', '--to', '0'])).toMatchObject({
      code: 'store/NOT_KEPT',
      values: { oldest: pruned.oldest },
    })
    const to = `${BigInt(tip.height) - 1n}`
    const reverted = await mmtJson<{ from: string; height: string; id: string }>(place, [
      'revert',
      '--to',
      to,
    ])
    expect(reverted).toMatchObject({ from: tip.height, height: to })
    expect(await tipOf(place)).toMatchObject({ height: to, id: reverted.id })
    expect(await mmtJson(place, ['verify'])).toMatchObject({ ok: true, height: to })
    expect((await mmt(place, ['revert', '--to', 'back'])).code).toBe(2)

    await configureStore(place, { keepHeights: 2 })
    const small = startChain(place, ['apps/cli/dist/main.js', 'start', '--rpc-port', String(place.port)])
    await small.printed(/node started/)
    const far = `${BigInt(tip.height) + 4n}`
    await vi.waitFor(async () => expect((await mmt(place, ['show', 'block', far])).code).toBe(0), {
      timeout: 120_000,
      interval: 500,
    })
    expect(await small.end('SIGINT')).toBe(0)
    expect(await keptFrom(place)).toBeGreaterThan(BigInt(pruned.oldest))

    const chinese = await mmt(place, ['prune', '--lang', 'zh'])
    expect([chinese.code, chinese.out.includes('MiB')]).toEqual([0, true])
  },
)

test('nobody who looks at an archive drops its past', SLOW, async () => {
  const chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  expect(await chain.end('SIGINT')).toBe(0)
  await rm(join(place.home, 'data'), { recursive: true })
  await configureStore(place, { keepHeights: null })
  const store = await merkleStore({ path: join(place.home, 'data'), keepHeights: 'all' })
  const blocks = KEEP_HEIGHTS_DEFAULT + 10
  for (let seed = 0; seed < blocks; seed++) {
    const changes = [['aa00', Uint8Array.of(seed & 0xff)]] as const
    await store.commit(sampleCommit({ store, changes, seed, transactions: 0 }))
  }
  await store.close()
  // These blocks are of no chain, so that some of the commands refuse what they have opened.
  for (const words of [['doctor'], ['verify'], ['prune'], ['revert', '--to', '9000']]) await mmt(place, words)
  expect(await keptFrom(place)).toBe(0n)
  await configureStore(place, {})
  expect(await mmtJson(place, ['prune'])).toMatchObject({ oldest: `${blocks - 1 - KEEP_HEIGHTS_DEFAULT}` })
})
