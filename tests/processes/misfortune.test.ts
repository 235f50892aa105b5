import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePorts } from '../free-ports.ts'
import { inPlace, mmt, mmtJson, type Place, root } from './chain-process.ts'

let place: Place

inPlace((made) => {
  place = made
})

/** Runs `mmt` with its standard streams where the test wants them, and answers its exit code and what it complained of. */
async function mmtWith(
  words: readonly string[],
  { out = 'ignore', env = {} }: { readonly out?: number | 'ignore'; readonly env?: NodeJS.ProcessEnv },
) {
  const child = spawn(process.execPath, [join(root, 'apps/cli/bin/mmt.mjs'), ...words], {
    ...{ cwd: root, env: { ...place.env, ...env } },
    stdio: ['ignore', out, 'pipe'],
  })
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    err += piece
  })
  const [code] = await once(child, 'close')
  return { code: code as number, err }
}

test('what befalls an operator is told by code, never by a stack', { timeout: 300_000 }, async () => {
  const said = async (
    code: string,
    exit: number,
    run: Promise<{ readonly code: number; readonly err: string }>,
  ) => {
    const { code: ended, err } = await run
    expect(err).toMatch(new RegExp(`^${code}: `))
    expect(err).not.toMatch(/^ {4}at /m)
    expect(ended).toBe(exit)
  }
  const keys = join(place.home, 'keys')
  mkdirSync(keys, { recursive: true })
  const noPassphrase = { env: { MMT_PASSPHRASE_FILE: '' } }

  // A device that is always full, as Linux has it.
  await said('cli/SYSTEM', 1, mmtWith(['keys', 'list'], { out: openSync('/dev/full', 'w') }))
  await said('home/PASSPHRASE_NEEDED', 1, mmtWith(['keys', 'new', 'ann'], noPassphrase))
  await said(
    'crypto/BAD_PASSPHRASE',
    1,
    mmtWith(['keys', 'new', 'ann'], { env: { MMT_PASSPHRASE_FILE: '/dev/null' } }),
  )
  await said(
    'home/BAD_FILE',
    1,
    mmtWith(['keys', 'new', 'ann'], { env: { MMT_PASSPHRASE_FILE: join(place.folder, 'absent') } }),
  )

  writeFileSync(join(keys, 'torn.json'), '{"name":"torn"')
  await said('home/BAD_FILE', 1, mmtWith(['keys', 'show', 'torn'], {}))
  writeFileSync(join(keys, 'torn.json'), '{}')
  await said('home/BAD_FILE', 1, mmtWith(['keys', 'list'], {}))

  const file = join(place.folder, 'file')
  writeFileSync(file, '')
  await said('cli/SYSTEM', 1, mmtWith(['keys', 'new', 'ann', '--home', join(file, 'home')], {}))
  // A place that takes no folders, whoever asks: there `mkdir` of Node.js goes round for ever.
  await said('cli/SYSTEM', 1, mmtWith(['keys', 'new', 'ann', '--home', '/proc/mmt/home'], {}))
  await said('cli/SYSTEM', 1, mmtWith(['contract', 'new', '/proc/mmt/counter'], {}))
  await said('cli/CANNOT_WRITE', 1, mmtWith(['create', '/proc/mmt/chain', '--yes'], {}))
})

/** Nobody writes into the folder until `undo`: to root, only a mount says no. */
function makeReadOnly(folder: string): { undo(): void } {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500)
    return { undo: () => chmodSync(folder, 0o700) }
  }
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,bind,ro', folder])
  return { undo: () => execFileSync('umount', [folder]) }
}

test('a home on a read-only disk is refused by name, and doctor tells the cure', {
  timeout: 300_000,
}, async () => {
  const port = String(await freePorts(1))
  const dir = join(place.folder, 'net')
  const words = ['--validators', '1', '--dir', dir, '--chain', 'examples/01-token/chain.ts', '--no-run']
  await mmtJson(place, ['testnet', ...words, '--base-port', port])
  const home = join(dir, 'node0')
  const { undo } = makeReadOnly(home)
  try {
    const started = await mmt(place, ['start', '--home', home])
    expect([started.code, started.err]).toEqual([1, expect.stringMatching(/^store\/CANNOT_OPEN: /)])
    const { out, code } = await mmt(place, ['doctor', '--home', home])
    expect([code, out]).toEqual([1, expect.stringMatching(/^home: .*\n.*not mounted read-only\.$/m)])
  } finally {
    undo()
  }
  expect((await mmt(place, ['doctor', '--home', home])).out).not.toMatch(/^home: /m)
})

test('a terminal that can nothing gets plain text', { timeout: 120_000 }, async () => {
  const dumb = { ...place, env: { ...place.env, TERM: 'dumb', NO_COLOR: '' } }
  const { out, code } = await mmt(dumb, ['--help'])
  expect(code).toBe(0)
  expect(out).not.toContain('\u001b')
})
