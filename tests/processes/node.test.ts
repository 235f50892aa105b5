import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePlace, mmt, mmtDev, mmtJson, type Place, type RunningChain, root } from './chain-process.ts'

let place: Place
let chain: RunningChain | undefined

beforeEach(async () => {
  place = await makePlace()
})
afterEach(async () => {
  await chain?.end('SIGKILL')
  chain = undefined
  await place.remove()
})

const kills = Math.max(3, Number(process.env.MMT_SOAK_SCALE ?? '1'))

interface Status {
  readonly height: string
  readonly id: string
}
interface SentJson {
  readonly id: string
  readonly height: string
  readonly final: boolean
}
interface BlockJson {
  readonly id: string
  readonly header: { readonly height: string; readonly parent: string }
}

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

test(`a node killed ${kills} times while it works loses no final transaction and forks no block`, {
  timeout: 120_000 + kills * 15_000,
}, async () => {
  const final: SentJson[] = []
  const seen = new Map<string, string>()
  for (let i = 0; i < kills; i++) {
    chain = mmtDev(place)
    await chain.printed(/^height \d+ /m)
    if (i === 0) await mmtJson(place, ['keys', 'new', 'ann'])
    for (const { id, height } of final) {
      const found = (await call('chain_transaction', { id })).result as { height: string; final: boolean }
      expect([found.height, found.final]).toEqual([height, true])
    }
    for (const [height, id] of seen) {
      expect(((await call('chain_header', { height })).result as { id: string }).id).toBe(id)
    }
    final.push(
      await mmtJson<SentJson>(place, [
        'tx',
        'token',
        'transfer',
        '--to',
        'ann',
        '--amount',
        '1',
        '--from',
        'demo1',
      ]),
    )
    const status = await mmtJson<Status>(place, ['status'])
    seen.set(status.height, status.id)
    // Between 0 and 0.9 s later, so that the kill meets building, signing, writing and waiting alike.
    await new Promise((resolve) => setTimeout(resolve, (i * 300) % 1_000))
    await chain.end('SIGKILL')
  }
  chain = mmtDev(place)
  await chain.printed(/goes on from height \d+/)
  const balance = await mmtJson<string>(place, ['query', 'token', 'balance', '--owner', 'ann'])
  expect(balance).toBe(String(BigInt(kills) * 100_000_000n))
  let parent: string | undefined
  const { height: tip } = await mmtJson<Status>(place, ['status'])
  for (let height = 0n; height <= BigInt(tip); height++) {
    const block = (await call('chain_block', { height: height.toString() })).result as BlockJson
    if (parent) expect(block.header.parent).toBe(parent)
    parent = block.id
  }
})

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
    [transfer, 2, "required option '--amount"],
    [[...transfer, '--amount', '1', '--unknown', '2'], 2, "unknown option '--unknown'"],
    [['tx', 'token', 'steal'], 1, 'client/UNKNOWN_NAME'],
    [['nonsense'], 2, "unknown command 'nonsense'"],
    [[...transfer, '--amount', '2000000'], 1, 'token/INSUFFICIENT_BALANCE'],
    [[...transfer, '--amount', '1', '--fee-max', '0.1'], 1, 'client/FEE_TOO_HIGH'],
    [['status', '--rpc', 'http://127.0.0.1:1'], 3, 'client/UNREACHABLE'],
    [['show', 'tx', 'ff'.repeat(32)], 1, 'rpc/TRANSACTION_NOT_FOUND'],
    [['keys', 'show', 'nobody'], 1, 'home/UNKNOWN_KEY'],
    [['keys', 'new', '../evil'], 1, 'home/BAD_KEY_NAME'],
    [['keys', 'new', 'demo1'], 1, 'home/KEY_EXISTS'],
  ]
  for (const [words, code, text] of cases) {
    const done = await mmt(place, words)
    expect([done.code, done.err.includes(text)], `mmt ${words.join(' ')}\n${done.err}`).toEqual([code, true])
  }
  const { nonce } = await mmtJson<{ nonce: string }>(place, ['show', 'account', 'demo1'])
  expect(nonce).toBe('0')
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
