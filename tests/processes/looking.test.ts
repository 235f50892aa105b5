import { once } from 'node:events'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  inPlace,
  mmt,
  mmtDev,
  mmtJson,
  type Place,
  type RunningChain,
  root,
  startChain,
} from './chain-process.ts'

/** Keys of people cost a second of scrypt each time; on a busy machine that adds up. */
const SLOW = { timeout: 400_000 }

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

/** The JSON of the README of the command line, by command: a line with the command in code, then a block fenced as json. */
function documented(): ReadonlyMap<string, unknown> {
  const text = readFileSync(join(root, 'apps/cli/README.md'), 'utf8')
  const blocks = [...text.matchAll(/^`mmt ([^`]+)`\n\n```json\n(.*?)\n```/gms)]
  return new Map(blocks.map(([, command, json]) => [command as string, JSON.parse(json as string)]))
}

/** The names and types of a value. `null` stands for a value that is not there, and fits all. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

/** Where two shapes differ: empty when they do not. */
function differences(got: unknown, want: unknown, at = ''): readonly string[] {
  if (got === null || want === null) return []
  if (Array.isArray(got) && Array.isArray(want))
    return got.length === 0 || want.length === 0 ? [] : differences(got[0], want[0], `${at}[]`)
  if (typeof got !== 'object' || typeof want !== 'object')
    return got === want ? [] : [`${at} is ${JSON.stringify(got)}, documented as ${JSON.stringify(want)}`]
  const [a, b] = [got, want] as Record<string, unknown>[]
  return [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])].flatMap((name) => {
    if (!Object.hasOwn(a ?? {}, name)) return [`${at}.${name} is documented, but missing`]
    if (!Object.hasOwn(b ?? {}, name)) return [`${at}.${name} is not documented`]
    return differences(a?.[name], b?.[name], `${at}.${name}`)
  })
}

test(
  'words that cannot be meant are refused by name, and help has examples that can be typed',
  SLOW,
  async () => {
    chain = mmtDev(place)
    await chain.printed(/^height 1 /m)
    const pay = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--from', 'demo1']
    for (const [flag, value] of [
      ['--from', 'demo2'],
      ['--fee-max', '1'],
      ['--nonce', '1'],
      ['--valid-until', '9'],
      ['--wait', 'included'],
      ['--rpc', `http://127.0.0.1:${place.port}`],
    ] as const) {
      const twice = await mmt(place, [...pay, flag, value, flag, value])
      expect([flag, twice.code]).toEqual([flag, 2])
      expect(twice.err).toMatch(new RegExp(`${flag}.* is given twice`))
    }
    expect(
      (await mmt(place, ['status', '--rpc', 'http://a', '--rpc', 'http://b', '--lang', 'zh'])).err,
    ).toContain('给出了两次')
    expect((await mmt(place, ['watch', '--count', '0'])).err).toContain('cli/BAD_ARGUMENT')
    const nowhere = { ...place, env: { ...place.env, MMT_HOME: undefined } }
    const noHome = await mmt(nowhere, ['status', '--home', join(place.folder, 'nope')])
    expect([noHome.code, noHome.err.split(':')[0]]).toEqual([1, 'home/NOT_A_HOME'])

    const help = await mmt(place, ['tx', 'token', 'claim', '--help'])
    expect(help.out).toMatch(/\$ mmt tx token claim .*--signature 00ff/)
    expect(help.out).not.toContain('$ mmt tx token transfer')

    rmSync(join(place.home, 'keys', 'demo-passphrase'))
    expect((await mmt(place, pay)).err).toContain('home/NO_PASSPHRASE_FILE')
  },
)

test('status names validators who made no block lately and shows the seal of the newest', SLOW, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 3 /m)
  const status = await mmtJson<{ attendance: object; certificate: { engine: string; seal: string } }>(place, [
    'status',
  ])
  expect(status.attendance).toEqual({ validators: 1, blocks: 3, missing: [] })
  expect(status.certificate.engine).toBe('solo')
  expect(status.certificate.seal).toMatch(/^[0-9a-f]{128}$/)
  const shown = await mmt(place, ['status', '--lang', 'zh'])
  expect(shown.out).toContain('无一缺席')
  expect(shown.out).toMatch(/区块 \d+ 距今/)
  const doctor = await mmt(place, ['doctor', '--lang', 'zh'])
  const sentences = doctor.out.split('\n').filter((line) => line.trim() !== '')
  // Names of checks, and what is a path, an address or a time, are the same in every language.
  const latin = sentences.filter(
    (line) => !/\p{Script=Han}/u.test(line) && /[a-z]{4,} [a-z]{2,} [a-z]{2,}/i.test(line),
  )
  expect(latin).toEqual([])
})

test('what --json prints has the shape that the README says, command by command', SLOW, async () => {
  const docs = documented()
  const seen = new Set<string>()
  const file = (name: string) => join(place.folder, name)
  const check = async (name: string, words: readonly string[], codes: readonly number[] = [0]) => {
    const { code, out, err } = await mmt(place, [...words, '--json'])
    expect(codes, `mmt ${words.join(' ')}\n${err}`).toContain(code)
    expect(out.trimEnd().split('\n'), `mmt ${words.join(' ')} prints one line`).toHaveLength(1)
    const value = JSON.parse(out) as unknown
    expect(docs.has(name), `the README documents mmt ${name}`).toBe(true)
    expect(differences(shapeOf(value), shapeOf(docs.get(name))), `mmt ${name}`).toEqual([])
    seen.add(name)
    return value as Record<string, unknown>
  }

  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await check('keys new', ['keys', 'new', 'ann'])
  await check('keys list', ['keys', 'list'])
  await check('keys show', ['keys', 'show', 'ann'])
  await check('keys export', ['keys', 'export', 'ann', '--out', file('ann.secret')])
  await check('keys import', ['keys', 'import', 'copy', '--secret', file('ann.secret')])
  const transfer = ['tx', 'token', 'transfer', '--to', 'ann', '--amount', '5', '--from', 'demo1']
  await check('tx MODULE COMMAND --dry-run', [...transfer, '--dry-run'])
  const { id, height } = await check('tx MODULE COMMAND', transfer)
  await check('tx', ['tx', 'token'])
  await check('query', ['query', 'token'])
  await check('tx MODULE COMMAND --offline', [...transfer, '--offline', file('a.json'), '--unsigned'])
  await check('sign', ['sign', file('a.json'), '--from', 'demo1', '--out', file('b.json')])
  await check('submit', ['submit', file('b.json')])
  await check('keys rotate', ['keys', 'rotate', 'ann'])
  await check('show block', ['show', 'block', String(height)])
  await check('show tx', ['show', 'tx', String(id)])
  await check('show account', ['show', 'account', 'ann'])
  await check('show validator', ['show', 'validator'])
  await check('show validator ID', ['show', 'validator', 'validator'])
  await check('watch', ['watch', '--from', String(height), '--count', '1'])
  await check('status', ['status'])
  // A machine that is busy may be no good place for a node, which is what doctor then says.
  await check('doctor', ['doctor'], [0, 1])
  await check('query MODULE QUERY', ['query', 'token', 'balance', '--owner', 'ann'])
  await check('query MODULE QUERY --prove', ['query', 'token', 'balance', '--owner', 'ann', '--prove'])
  const genesis = ['genesis', 'build', '--chain', 'examples/01-token/chain.ts', '--validator', 'demo2']
  await check('genesis build', [...genesis, '--out', file('genesis.json')])
  await chain.end('SIGINT')
  await check('verify', ['verify'])
  await check('snapshot create', ['snapshot', 'create', '--out', file('snapshot')])
  await check('snapshot verify', ['snapshot', 'verify', file('snapshot')])
  await check('prune', ['prune'])
  await check('revert', ['revert', '--to', String(height)])
  const other = { ...place, env: { ...place.env, MMT_HOME: file('other') } }
  const init = ['init', '--chain', 'examples/01-token/chain.ts', '--genesis', file('genesis.json'), '--json']
  const made = await mmtJson<unknown>(other, init.slice(0, -1))
  expect(differences(shapeOf(made), shapeOf(docs.get('init')))).toEqual([])
  await check('create', ['create', file('harbour')])
  // Those that run until they are stopped, for minutes, or in a folder of theirs, have tests of their own.
  const elsewhere = [
    'init',
    'module new',
    'bench',
    'sim',
    'sign-claim',
    'snapshot restore',
    'name resolve NAME',
    'names serve',
  ]
  expect([...docs.keys()].filter((name) => !seen.has(name) && !elsewhere.includes(name))).toEqual([])
})

/** The help of a command and of all below it, which its list of commands names. */
async function helpBelow(words: readonly string[], title: string): Promise<readonly string[]> {
  const { code, out, err } = await mmt(place, [...words, '--help'])
  expect([code, err], words.join(' ')).toEqual([0, ''])
  const [, list = ''] = out.split(`${title}\n`)
  const names = [...(list.split('\n\n')[0] ?? '').matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name as string)
  const below = await Promise.all(
    names.filter((name) => name !== 'help').map((name) => helpBelow([...words, name], title)),
  )
  return [out, ...below.flat()]
}

test(
  'every command has help with an example, in both languages, which differ in every description',
  SLOW,
  async () => {
    place.env.MMT_RPC = 'http://127.0.0.1:1'
    const english = await helpBelow([], 'Commands:')
    place.env.LANG = 'zh_CN.UTF-8'
    delete place.env.LC_ALL
    const chinese = await helpBelow([], '命令：')
    expect(english.length).toBeGreaterThan(25)
    expect(chinese).toHaveLength(english.length)
    for (const [i, help] of english.entries()) {
      expect(help).toMatch(/\n\nExample:\n {2}\$ .*mmt /)
      expect(chinese[i]).toMatch(/\n\n示例：\n {2}\$ .*mmt /)
      // No line that describes something is the same in both.
      const described = new Set(help.split('\n').filter((line) => /^ {2}\S.* {2,}[a-z]/.test(line)))
      expect(chinese[i]?.split('\n').filter((line) => described.has(line))).toEqual([])
    }
  },
)

test(
  'status, watch and doctor speak the language of the locale, and plainly when they are piped',
  SLOW,
  async () => {
    chain = mmtDev(place)
    await chain.printed(/^height 1 /m)
    const chinese = { ...place, env: { ...place.env, NO_COLOR: '', LC_ALL: 'zh_CN.UTF-8' } }
    const [status, help, refused, watched] = await Promise.all([
      mmt(chinese, ['status']),
      mmt(chinese, ['watch', '--help']),
      mmt(chinese, ['keys', 'show', 'nobody']),
      mmt(chinese, ['watch', '--from', '0', '--count', '2']),
    ])
    expect(status.out).toMatch(/ {2}高度 +\d+，最终确定 \d+/)
    expect(help.out).toContain('用法： mmt watch [选项]')
    expect(refused.err).toContain('home/UNKNOWN_KEY: 这里没有密钥 nobody。')
    expect(watched.out).toMatch(/^高度 0 .*\n高度 1 .*\n$/)
    const english = await mmt(chinese, ['keys', 'show', 'nobody', '--lang', 'en'])
    expect(english.err).toContain('There is no key nobody here.')
    for (const { out, err } of [status, help, refused, watched, english])
      expect(out + err).not.toContain(String.fromCharCode(27))
  },
)

test('watch prints each block once and in order, also across a restart of the node', SLOW, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const watching = startChain(place, ['apps/cli/dist/main.js', 'watch', '--from', '0'])
  await watching.printed(/^height 1 /m)
  await chain.end('SIGINT')
  chain = mmtDev(place)
  const [, from] = await chain.printed(/goes on from height (\d+)/)
  await watching.printed(new RegExp(`^height ${Number(from) + 2} `, 'm'))
  expect(await watching.end('SIGINT')).toBe(0)
  const heights = [...watching.out().matchAll(/^height (\d+) /gm)].map(([, height]) => Number(height))
  expect(heights).toEqual(heights.map((_, i) => i))
})

test(
  'the bench commits all that it sends, both ways, and gives every part of the time a name',
  SLOW,
  async () => {
    const bench = await mmtJson<Bench>(place, ['bench', '--transactions', '1024', '--slot', '200'])
    expect(differences(shapeOf(bench), shapeOf(documented().get('bench')))).toEqual([])
    expect(bench.runs.map(({ batch, transactions, refused }) => [batch, transactions, refused])).toEqual([
      [1, 1024, 0],
      [100, 1024, 0],
    ])
    for (const { mainThread } of bench.runs)
      expect(Object.values(mainThread).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1)
  },
)

interface Bench {
  readonly runs: readonly {
    readonly batch: number
    readonly transactions: number
    readonly refused: number
    readonly mainThread: Readonly<Record<string, number>>
  }[]
}

interface Doctor {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly found: string
    readonly cure: string
  }[]
}

test('doctor finds nothing in a home that is well, and names what is wrong with its cure', SLOW, async () => {
  const doctor = async () => {
    const { code, out } = await mmt(place, ['doctor', '--json'])
    const { ok, checks } = JSON.parse(out) as Doctor
    expect(code).toBe(ok ? 0 : 1)
    for (const check of checks) expect(check.cure === '', JSON.stringify(check)).toBe(check.ok)
    // What a node says of itself depends on how busy this machine is, and is its own test's.
    const own = checks.filter(({ name }) => !name.startsWith('node ') && name !== 'ready')
    return own.filter((check) => !check.ok).map(({ name }) => name)
  }
  expect(await doctor()).toEqual(['home'])
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await expect.poll(doctor, { timeout: 60_000 }).toEqual([])
  await chain.end('SIGINT')
  expect(await doctor()).toEqual([])

  const inHome = (name: string) => join(place.home, name)
  chmodSync(inHome('keys/demo1.json'), 0o644)
  expect(await doctor()).toEqual(['permissions'])
  chmodSync(inHome('keys/demo1.json'), 0o600)

  const server = createServer().listen(place.port, '127.0.0.1')
  await once(server, 'listening')
  expect(await doctor()).toEqual(['port'])
  server.close()
  await once(server, 'close')

  const broken = async (name: string, text: string, wrong: readonly string[]) => {
    const before = readFileSync(inHome(name), 'utf8')
    writeFileSync(inHome(name), text)
    expect(await doctor(), name).toEqual(wrong)
    writeFileSync(inHome(name), before)
  }
  await broken('config.json', '{"rpc":{"host":"127.0.0.1","port":-1}}', ['config'])
  await broken('chain.mjs', 'export const chain = 1', ['chain'])
  await broken('genesis.json', '{}', ['chain'])
  // The sign state belongs to the key, which cannot be read.
  await broken('keys/validator.json', '{}', ['keys', 'sign-state'])
  expect(await doctor()).toEqual([])

  const gone = await mmt(place, ['doctor', '--rpc', 'http://127.0.0.1:1', '--json'])
  expect(gone.code).toBe(1)
  expect((JSON.parse(gone.out) as Doctor).checks).toContainEqual(
    expect.objectContaining({ name: 'rpc', ok: false }),
  )
})
