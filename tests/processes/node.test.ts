import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain, root } from './chain-process.ts'

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

async function rpc(body: string): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`http://127.0.0.1:${place.port}/rpc`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
}

const call = async (method: string, params: object) =>
  (await rpc(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).json as {
    result?: unknown
    error?: { code: number; message: string; data: { code: string; hint: string } }
  }

test('a second process on one home is refused by name, and the first goes on', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const second = mmtDev(place, ['--rpc-port', '0'])
  await second.printed(/store\/LOCKED/)
  expect(await second.ended).toBe(1)
  await chain.printed(/^height [3-9] /m)
})

test('a clean stop ends with code 0 on SIGINT and SIGTERM, also while transactions arrive', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    chain = mmtDev(place)
    await chain.printed(/^height \d+ /m)
    const sending = mmt(place, [
      'tx',
      'token',
      'transfer',
      '--to',
      'demo2',
      '--amount',
      '1',
      '--from',
      'demo1',
    ])
    expect(await chain.end(signal)).toBe(0)
    expect(chain.out()).toMatch(/stopped at height \d+/)
    await sending
  }
})

test('a fee is bounded by the chain file of the home, or by what the user says', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const rpc = ['--rpc', `http://127.0.0.1:${place.port}`]
  const pay = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--from', 'demo1', ...rpc]
  expect((await mmt(place, pay)).code).toBe(0)

  // Keys without a home: what the calls cost is the node's word alone.
  const wallet = join(place.folder, 'wallet')
  cpSync(join(place.home, 'keys'), join(wallet, 'keys'), { recursive: true })
  const elsewhere = { ...place, env: { ...place.env, MMT_HOME: wallet } }
  const refused = await mmt(elsewhere, pay)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('client/FEE_MAX_NEEDED')
  expect(refused.err).toContain('--fee-max')
  expect((await mmt(elsewhere, [...pay, '--dry-run'])).code).toBe(0)
  expect((await mmt(elsewhere, [...pay, '--fee-max', '1'])).code).toBe(0)
  expect((await mmt(elsewhere, [...pay, '--fee-max', '0'])).err).toContain('client/FEE_TOO_HIGH')
})

test('demo keys are encrypted under a random passphrase in a file that only the owner reads', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const file = join(place.home, 'keys', 'demo-passphrase')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8').trim()).toMatch(/^[0-9a-f]{64}$/)
  expect(statSync(join(place.home, 'keys', 'demo1.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(place.home, 'keys', 'demo1.json'), 'utf8')).toContain('BEGIN AGE ENCRYPTED FILE')
})

test('bad input at the RPC gets a coded error with the cure, and changes nothing', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const cases: readonly (readonly [string, object, number, string])[] = [
    ['no_such_method', {}, -32601, 'rpc/METHOD_NOT_FOUND'],
    ['token_balance', { owner: 'harbour1nonsense' }, -32602, 'codec/BAD_JSON'],
    ['token_balance', {}, -32602, 'codec/BAD_JSON'],
    ['token_balance', { owner: 'x', more: 1 }, -32602, 'codec/BAD_JSON'],
    ['chain_block', { height: '999999' }, -32000, 'rpc/BLOCK_NOT_FOUND'],
    ['chain_block', {}, -32000, 'rpc/AMBIGUOUS_PARAMS'],
    ['chain_transaction', { id: '00'.repeat(32) }, -32000, 'rpc/TRANSACTION_NOT_FOUND'],
    ['tx_submit', { bytes: '00' }, -32000, 'codec/ENDS_EARLY'],
    ['tx_submit', { bytes: 'zz' }, -32602, 'codec/BAD_JSON'],
  ]
  for (const [method, params, number, code] of cases) {
    const { error } = await call(method, params)
    expect([error?.code, error?.data.code], `${method} ${JSON.stringify(params)}`).toEqual([number, code])
    expect(error?.data.hint.length).toBeGreaterThan(10)
  }
  expect((await rpc('not json')).json).toMatchObject({ id: null, error: { code: -32700 } })
  expect((await rpc('[]')).json).toMatchObject({ id: null, error: { code: -32600 } })
  expect((await rpc('{"jsonrpc":"2.0","method":"chain_status"}')).status).toBe(204)
  expect(await mmtJson(place, ['query', 'token', 'supply'])).toBe(String(10n * 1_000_000n * 100_000_000n))
})

test('bad words on the command line end with code 2, an unreachable node with 3, a refusal with 1', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const transfer = ['tx', 'token', 'transfer', '--to', 'demo2', '--from', 'demo1']
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [[...transfer, '--amount', '1.123456789'], 2, 'cli/BAD_FIELD'],
    [[...transfer, '--amount', 'many'], 2, 'cli/BAD_FIELD'],
    [[...transfer, '--amount', '1', '--amount', '2'], 2, 'cli/BAD_FIELD'],
    [['dev', '--chain', 'examples/01-token/chain.ts', '--home', '/dev/null/x'], 1, 'cli/SYSTEM: '],
    [transfer, 2, "required option '--amount"],
    [[...transfer, '--amount', '1', '--unknown', '2'], 2, "unknown option '--unknown'"],
    [['tx', 'token', 'steal'], 1, 'client/UNKNOWN_NAME'],
    [['nonsense'], 2, "unknown command 'nonsense'"],
    [[...transfer, '--amount', '2000000'], 1, 'token/INSUFFICIENT_BALANCE'],
    [[...transfer, '--amount', '1', '--fee-max', '0.1'], 1, 'client/FEE_TOO_HIGH'],
    [['status', '--rpc', 'http://127.0.0.1:1'], 3, 'client/UNREACHABLE'],
    [['status', '--rpc', 'notaurl'], 2, 'cli/BAD_ARGUMENT'],
    [[...transfer, '--amount', '1', '--fee-max', 'abc'], 2, 'cli/BAD_FIELD'],
    [[...transfer, '--amount', '1', '--fee-max', '0.1'], 1, '0.5 HKT, over the maximum of 0.1 HKT'],
    [['show', 'block', 'abc'], 2, 'cli/BAD_ARGUMENT'],
    [['show', 'tx', 'abc'], 2, 'cli/BAD_ARGUMENT'],
    [['keys', 'export', 'demo1', '--out', join(place.folder, 'no/such/file')], 1, 'cli/CANNOT_WRITE'],
    [['show', 'tx', 'ff'.repeat(32)], 1, 'rpc/TRANSACTION_NOT_FOUND'],
    [['keys', 'show', 'nobody'], 1, 'home/UNKNOWN_KEY'],
    [['keys', 'new', '../evil'], 1, 'home/BAD_KEY_NAME'],
    [['keys', 'new', 'demo1'], 1, 'home/KEY_EXISTS'],
  ]
  const check = async ([words, code, text]: (typeof cases)[number]) => {
    const done = await mmt(place, words)
    expect([done.code, done.err.includes(text)], `mmt ${words.join(' ')}\n${done.err}`).toEqual([code, true])
  }
  await Promise.all(cases.map(check))
  const { nonce } = await mmtJson<{ nonce: string }>(place, ['show', 'account', 'demo1'])
  expect(nonce).toBe('0')
})

test('a dry run shows fee and outcome without a passphrase', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await mmtJson(place, ['keys', 'new', 'ann'])
  const words = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--dry-run', '--from']
  const noPassphrase = { ...place, env: { ...place.env, MMT_PASSPHRASE_FILE: '' } }
  expect(await mmtJson(noPassphrase, [...words, 'demo1'])).toMatchObject({ fee: '50000000', refusal: null })
  expect((await mmt(noPassphrase, [...words, 'ann'])).err).not.toContain('home/PASSPHRASE_NEEDED')
})

test('help needs no node, and with one it knows the chain’s names', async () => {
  const cases: readonly (readonly string[])[] = [
    ['tx', '--help'],
    ['tx', 'token', '--help'],
    ['tx', 'token', 'transfer', '--help'],
    ['query', '--help'],
    ['query', 'token', '-h'],
    ['query', 'token', 'balance', '--help'],
  ]
  const nowhere = { ...place, env: { ...place.env, MMT_RPC: 'http://127.0.0.1:1' } }
  const check = async (words: readonly string[]) => {
    const { code, out, err } = await mmt(nowhere, words)
    expect([code, err], words.join(' ')).toEqual([0, ''])
    expect(out).toContain(`Usage: mmt ${words[0]} `)
  }
  await Promise.all(cases.map(check))
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const done = await Promise.all(cases.map((words) => mmt(place, words)))
  expect(done.map(({ code }) => code)).toEqual(cases.map(() => 0))
  expect((await mmt(place, ['tx', 'token', '--help'])).out).toContain('mmt tx token transfer')
  expect((await mmt(place, ['tx', 'token', 'transfer', '--help'])).out).toContain('--amount <amount>')
})

test('of two processes that make one key at once, one makes it and the other is refused', async () => {
  const done = await Promise.all([1, 2].map(() => mmt(place, ['keys', 'new', 'ann', '--json'])))
  const [made, refused] = done.sort((a, b) => a.code - b.code)
  expect([made?.code, refused?.code]).toEqual([0, 1])
  expect(refused?.err).toContain('home/KEY_EXISTS')
  const { address } = JSON.parse(made?.out ?? '') as { address: string }
  expect(await mmtJson(place, ['keys', 'show', 'ann'])).toMatchObject({ address })
  expect(readdirSync(join(place.home, 'keys'))).toEqual(['ann.json'])
})

test('with --json wrong usage is one JSON object on standard error', async () => {
  for (const words of [['status', '--nonsense'], ['keys'], ['nonsense'], ['keys', 'new']]) {
    const { code, out, err } = await mmt(place, [...words, '--json'])
    expect([code, out], words.join(' ')).toEqual([2, ''])
    const { error } = JSON.parse(err) as { error: { code: string; message: string; hint: string } }
    expect(error.code).toBe('cli/USAGE')
    expect(error.message).not.toMatch(/^error:/)
  }
})

test('with --json a refusal is one JSON object on standard error', async () => {
  const { code, err } = await mmt(place, ['keys', 'show', 'nobody', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'home/UNKNOWN_KEY', values: { name: 'nobody' } } })
})

test('mmt genesis build, init and start run the same chain from files, and refuse another chain file', async () => {
  const file = (name: string) => join(place.folder, name)
  await mmtJson(place, ['keys', 'new', 'val', '--prefix', 'harbour'])
  const build = [
    'genesis',
    'build',
    '--chain',
    'examples/01-token/chain.ts',
    '--validator',
    'val',
    '--balance',
    'val=1000',
  ]
  const twice = ['--balance', 'val=1000=5', '--out', file('genesis.json')]
  expect(await mmt(place, [...build, ...twice])).toMatchObject({
    code: 2,
    err: expect.stringContaining('cli/BAD_ARGUMENT') as string,
  })
  const built = await mmtJson<{ fingerprint: string }>(place, [
    ...build,
    '--time',
    '1700000000000',
    '--out',
    file('genesis.json'),
  ])
  const other = [
    'init',
    '--chain',
    'examples/02-own-module/chain.ts',
    '--genesis',
    file('genesis.json'),
    '--validator',
    'val',
  ]
  expect((await mmt(place, other)).err).toContain('kernel/GENESIS_MISMATCH')
  const init = [
    'init',
    '--chain',
    'examples/01-token/chain.ts',
    '--genesis',
    file('genesis.json'),
    '--validator',
    'val',
  ]
  await mmtJson(place, [...init, '--rpc-port', String(place.port)])
  expect((await mmt(place, init)).err).toContain('home/EXISTS')

  const node = spawn(process.execPath, ['apps/cli/dist/main.js', 'start'], {
    cwd: root,
    env: place.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  node.stdout.setEncoding('utf8').on('data', (piece: string) => {
    log += piece
  })
  try {
    while (!log.includes('"height":"2"')) await once(node.stdout, 'data')
    const status = await mmtJson<{ fingerprint: string }>(place, ['status'])
    expect(status.fingerprint).toBe(built.fingerprint)
    expect(await mmtJson(place, ['query', 'token', 'balance', '--owner', 'val'])).toBe(
      String(1000n * 100_000_000n),
    )
  } finally {
    node.kill('SIGTERM')
    const [code] = await once(node, 'exit')
    expect(code).toBe(0)
  }
})
