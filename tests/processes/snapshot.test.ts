import { existsSync, readdirSync, statSync } from 'node:fs'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, startChain } from './chain-process.ts'

const SLOW = { timeout: 400_000 }

let place: Place

inPlace((made) => {
  place = made
})

interface Snapshot {
  readonly height: string
  readonly id: string
}

interface Status {
  readonly height: string
  readonly id: string
}

/** A home of the same chain without any data. */
async function emptyHome(name: string): Promise<Place> {
  const home = join(place.folder, name)
  await cp(place.home, home, { recursive: true })
  for (const gone of ['data', 'snapshots', 'admin.json', 'mempool.journal'])
    await rm(join(home, gone), { recursive: true, force: true })
  return { ...place, home, env: { ...place.env, MMT_HOME: home } }
}

interface Answer {
  readonly result: { readonly run: number; readonly state: string; readonly folder: string }
  readonly error?: { readonly data: { readonly code: string } }
}

async function post(body: object, token?: string): Promise<Answer> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const url = `http://127.0.0.1:${place.port}/rpc`
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as Answer
}

const ask = (method: string, params: object, token?: string) =>
  post({ jsonrpc: '2.0', id: 1, method, params }, token)

test(
  'a running node writes a snapshot while the chain goes on; it is whole, and another home starts with it',
  SLOW,
  async () => {
    const chain = mmtDev(place)
    await chain.printed(/^height 2 /m)
    const folder = join(place.folder, 'out', 'snapshot')
    const made = await mmtJson<Snapshot>(place, ['snapshot', 'create', '--out', folder])
    const later = await mmtJson<Status>(place, ['status'])
    await chain.printed(new RegExp(`^height ${BigInt(later.height) + 2n} `, 'm'))
    expect(await mmtJson(place, ['snapshot', 'verify', folder])).toEqual(made)
    const { id } = await mmtJson<{ id: string }>(place, ['show', 'block', made.height])
    expect(await mmtJson(place, ['snapshot', 'verify', folder, '--block', id])).toEqual(made)
    // It was moved, and nothing half made is left.
    expect(readdirSync(join(place.home, 'snapshots'))).toEqual([])

    // Only who may read the secrets of the home has the role.
    const admin = join(place.home, 'admin.json')
    expect(statSync(admin).mode & 0o777).toBe(0o600)
    const { token } = JSON.parse(await readFile(admin, 'utf8')) as { token: string }
    expect((await ask('node_snapshot', {})).error?.data.code).toBe('rpc/ROLE_NEEDED')
    expect((await ask('node_snapshot', {}, '00')).error?.data.code).toBe('rpc/UNKNOWN_TOKEN')
    expect((await ask('node_snapshot', { run: 99 }, token)).error?.data.code).toBe('rpc/SNAPSHOT_NOT_FOUND')
    // Two at a time are one.
    const both = await post(
      [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'node_snapshot' })),
      token,
    )
    const [one, two] = both as unknown as readonly [Answer, Answer]
    expect(one.result.run).toBe(two.result.run)
    await vi.waitFor(
      async () => {
        const { result } = await ask('node_snapshot', { run: one.result.run }, token)
        expect(result.state).toBe('done')
        expect(existsSync(join(result.folder, 'manifest'))).toBe(true)
      },
      { timeout: 60_000, interval: 100 },
    )
    const taken = await mmt(place, ['snapshot', 'create', '--out', folder])
    expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('cli/NOT_EMPTY')])
    expect(await chain.end('SIGINT')).toBe(0)
    expect(existsSync(admin)).toBe(false)

    const other = await emptyHome('other')
    expect(await mmtJson(other, ['snapshot', 'restore', folder])).toEqual(made)
    // Of the blocks after the snapshot this home knows only that its validator signed them; nobody else has them.
    await rm(join(other.home, 'sign-state'))
    const start = ['apps/cli/dist/main.js', 'start', '--rpc-port', String(place.port), '--after-total-loss']
    const again = startChain(other, start)
    await again.printed(/node started/)
    const rpc = ['--rpc', `http://127.0.0.1:${place.port}`]
    expect(await mmtJson(other, ['show', 'block', made.height, ...rpc])).toMatchObject({ id })
    expect(await mmtJson(other, ['query', 'token', 'supply', '--prove', ...rpc])).toMatchObject({
      height: made.height,
    })
    expect(await again.end('SIGINT')).toBe(0)
  },
)

test('a block that no known validator has sealed is certified by its id alone', SLOW, async () => {
  const chain = mmtDev(place, ['--blocks', 'demand'])
  await chain.printed(/rpc/i)
  const folder = join(place.folder, 'snapshot')
  expect(await mmtJson(place, ['snapshot', 'create', '--out', folder])).toMatchObject({ height: '0' })
  const { id } = await mmtJson<Status>(place, ['show', 'block', '0'])
  const other = await emptyHome('other')
  for (const command of ['verify', 'restore']) {
    const { code, err } = await mmt(other, ['snapshot', command, folder])
    expect([code, err]).toEqual([1, expect.stringContaining('cli/NOT_CERTIFIED')])
  }
  expect(existsSync(join(other.home, 'data'))).toBe(false)
  expect(await mmtJson(other, ['snapshot', 'restore', folder, '--block', id])).toMatchObject({ height: '0' })
  expect(await chain.end('SIGINT')).toBe(0)
})
