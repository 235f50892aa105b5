import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { inPlace, mmtDev, type Place, type RunningChain, root, startChain } from './chain-process.ts'
import { ask, submit, type Transfer, transfersOf } from './load.ts'

const WAIT = { timeout: 60_000, interval: 100 }

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

/** Makes a home with a chain that has begun. */
async function makeHome(): Promise<void> {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await chain.end('SIGTERM')
}

const mmtNode = () => startChain(place, ['apps/node/dist/main.js'])
const inHome = (name: string) => join(place.home, name)
const setConfig = (change: (config: Record<string, unknown>) => void) => {
  const config = JSON.parse(readFileSync(inHome('config.json'), 'utf8')) as Record<string, unknown>
  change(config)
  writeFileSync(inHome('config.json'), JSON.stringify(config))
}

async function isInBlock({ id }: Transfer): Promise<boolean> {
  return (await ask<{ final: boolean }>(place, 'chain_transaction', { id })).final
}

test('transactions that wait when a node is killed or stopped are in a block after the next start', async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const transfers = await transfersOf(place, ['demo1', 'demo2', 'demo3'])
  const sent: Transfer[] = []
  const journalBytes = () => statSync(inHome('mempool.journal')).size
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    let bytes = 0
    for (let i = 0; i < 30; i++) {
      const transfer = await transfers.next()
      await submit(place, transfer)
      sent.push(transfer)
      bytes += transfer.bytes.length / 2
    }
    // A process that dies loses what it has not yet handed to the system: the journal follows at once, not in the same instant.
    if (signal === 'SIGKILL') await vi.waitFor(() => expect(journalBytes()).toBeGreaterThan(bytes), WAIT)
    await chain.end(signal)
    chain = mmtDev(place)
    await chain.printed(/goes on from height/)
    await vi.waitFor(async () => expect(await Promise.all(sent.map(isInBlock))).not.toContain(false), WAIT)
  }
})

test('a damaged or foreign journal is dropped with one line, and the node starts', async () => {
  await makeHome()
  writeFileSync(inHome('mempool.journal'), 'something else\n')
  chain = mmtNode()
  const [line] = await chain.printed(/^.*some other file.*$/m)
  expect(JSON.parse(line)).toMatchObject({ component: 'mempool', level: 40 })
  await chain.printed(/"msg":"block committed"/)
})

test('a node can be watched: alive, ready, measured, and checked one by one', async () => {
  await makeHome()
  chain = mmtNode()
  await chain.printed(/block committed/)
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${place.port}${path}`)
    return [response.status, await response.text()] as const
  }
  expect((await get('/healthz'))[0]).toBe(200)
  const [status, body] = await get('/readyz')
  expect([status, body]).toEqual([200, expect.stringContaining('"ready":true')])
  const { checks } = await ask<{ checks: { name: string; found: string }[] }>(place, 'node_health', {})
  const names = checks.map(({ name }) => name)
  for (const name of ['crypto', 'blocks', 'clock', 'mempool', 'event-loop', 'disk', 'key-files'])
    expect(names).toContain(name)
  const [, metrics] = await get('/metrics')
  expect(metrics).toMatch(/^mmt_block_height [1-9]/m)
  expect(metrics).toMatch(/^mmt_data_bytes [1-9]/m)
  expect(metrics).toMatch(/^process_resident_memory_bytes /m)
})

test('a wrong or unknown value in config.json is refused with its path', async () => {
  await makeHome()
  const good = readFileSync(inHome('config.json'), 'utf8')
  const cases: readonly (readonly [(config: Record<string, unknown>) => void, RegExp])[] = [
    [
      (config) => Object.assign(config.rpc as object, { port: 70_000 }),
      /rpc\.port: wanted an integer from 0/,
    ],
    [(config) => Object.assign(config.rpc as object, { prot: 1 }), /rpc\.prot: there is no such setting/],
    [
      (config) => Object.assign(config, { mempool: { countMax: -1 } }),
      /mempool\.countMax: wanted an integer/,
    ],
    [
      (config) => Object.assign(config.rpc as object, { anonymous: ['root'] }),
      /setting anonymous .* is wrong/,
    ],
    [(config) => Object.assign(config, { log: 'loud' }), /log: \\"loud\\" is no level/],
  ]
  for (const [change, pattern] of cases) {
    writeFileSync(inHome('config.json'), good)
    setConfig(change)
    chain = mmtNode()
    expect(await chain.ended).toBe(1)
    expect(chain.out()).toMatch(/home\/BAD_CONFIG|rpc\/BAD_SETTINGS/)
    expect(chain.out()).toMatch(pattern)
  }
})

test('log levels come from the configuration, per component, and MMT_LOG goes before it', async () => {
  await makeHome()
  const levels = () =>
    new Set(
      (chain as RunningChain)
        .out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { component?: string; msg: string })
        .map(({ component, msg }) => `${component ?? 'node'}: ${msg}`),
    )
  setConfig((config) => Object.assign(config, { log: 'info,blocks=warn' }))
  chain = mmtNode()
  await chain.printed(/"msg":"node started"/)
  await vi.waitFor(async () => {
    const { height } = await ask<{ height: string }>(place, 'chain_status', {})
    expect(Number(height)).toBeGreaterThan(2)
  }, WAIT)
  await chain.end('SIGINT')
  expect([...levels()].sort()).toEqual(['node: node started', 'node: node stopped'])

  place.env.MMT_LOG = 'silent,blocks=info'
  chain = mmtNode()
  await chain.printed(/block committed/)
  expect(await chain.end('SIGTERM')).toBe(0)
  expect([...levels()]).toEqual(['blocks: block committed'])
})

test('a node whose log nobody reads any more stops cleanly', async () => {
  await makeHome()
  for (const words of [['apps/node/dist/main.js'], ['apps/cli/dist/main.js', 'start']]) {
    const child = spawn(process.execPath, words, {
      cwd: root,
      env: place.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      err += piece
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = await once(child, 'exit')
    expect([code, err], words.join(' ')).toEqual([0, ''])
  }
  chain = mmtDev(place)
  await chain.printed(/goes on from height \d+/)
})

test('a node stops on SIGTERM while a client leaves the answer of a batch unread, and loses nothing of it', {
  timeout: 300_000,
}, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const transfers = await transfersOf(place, ['demo1', 'demo2', 'demo3'])
  const sent: Transfer[] = []
  for (let i = 0; i < 20; i++) sent.push(await transfers.next())
  const calls = [
    ...sent.map(({ bytes }) => ({ method: 'tx_submit', params: { bytes } })),
    // More than the buffers of both ends hold, so that the answer is under way until the client reads.
    ...Array.from({ length: 80 }, () => ({ method: 'rpc.discover', params: {} })),
  ]
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
  const socket = connect(place.port, '127.0.0.1').pause()
  socket.on('error', () => undefined)
  const head = ['POST /rpc HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json']
  socket.write(`${[...head, `content-length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`)
  const isKnown = (id: string) => ask(place, 'chain_transaction', { id }).then(Boolean, () => false)
  for (const { id } of sent) await vi.waitFor(async () => expect(await isKnown(id)).toBe(true), WAIT)

  expect(await chain.end('SIGTERM')).toBe(0)
  socket.destroy()
  chain = mmtDev(place)
  await chain.printed(/^height \d+ /m)
  await vi.waitFor(async () => expect(await Promise.all(sent.map(isInBlock))).not.toContain(false), WAIT)
})
