import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toJson } from '@mmtchain/codec'
import { hash } from '@mmtchain/primitives'
import { RPC_SETTINGS_DEFAULT, rpcSettings } from '@mmtchain/rpc'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Answer, limited, payment, post, start, until } from './running.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** A request with any headers, as a browser or a strange program sends it. */
function send(
  url: string,
  {
    path = '/rpc',
    method = 'POST',
    headers = {},
    body = '',
  }: {
    path?: string
    method?: string
    headers?: Record<string, string>
    body?: string
  },
) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }>(
    (resolve, reject) => {
      const sent = request(`${url}${path}`, { method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: text }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    },
  )
}
const status = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_status' })
const codeIn = (body: string) => JSON.parse(body).error?.data?.code

test('health is good while the node runs and bad once it has stopped; readiness says what was looked at', async () => {
  const { node, rpc, call } = await start()
  const ask = async (path: string) => {
    const response = await fetch(`${rpc.url}${path}`)
    return [response.status, await response.json()] as const
  }
  expect(await ask('/healthz')).toEqual([200, { ok: true, height: '0' }])
  const ready = await ask('/readyz')
  expect(ready).toEqual([200, await node.health()])
  expect((await call('node_health')).result).toEqual(ready[1])
  await node.stop()
  expect(await ask('/healthz')).toEqual([503, { ok: false, height: '0' }])
  expect(await ask('/readyz')).toMatchObject([503, { ready: false }])
  await rpc.close()
})

test('metrics are those of the node, as Prometheus reads them', async () => {
  const { rpc, stop } = await start()
  const metrics = await fetch(`${rpc.url}/metrics`)
  expect([metrics.status, metrics.headers.get('content-type')]).toMatchObject([
    200,
    expect.stringContaining('version=0.0.4'),
  ])
  expect(await metrics.text()).toMatch(/^mmt_\w*height\S* 0$/m)
  await stop()
})

test('an unknown path, an oversized body, a broken one and an empty one are refused by code', async () => {
  const { rpc, stop } = await start()
  const { url } = rpc
  expect(await send(url, { path: '/nowhere', method: 'GET' })).toMatchObject({ status: 404 })
  expect(codeIn((await send(url, { path: '/nowhere', method: 'GET' })).body)).toBe('rpc/NOT_FOUND')
  const large = await post(url, 'x'.repeat(8 * 1024 * 1024 + 1))
  expect([large.status, codeIn(await large.text())]).toEqual([413, 'rpc/BODY_TOO_LARGE'])
  // One that does not say how long it is.
  const unsized = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024))
    },
  })
  const endless = await fetch(`${url}/rpc`, { method: 'POST', body: unsized, duplex: 'half' } as RequestInit)
  expect([endless.status, codeIn(await endless.text())]).toEqual([413, 'rpc/BODY_TOO_LARGE'])
  for (const body of ['{', '', '\u0000', '{"jsonrpc":"2.0"'])
    expect(JSON.parse((await send(url, { body })).body)).toMatchObject({ error: { code: -32700 } })
  const { body } = await send(url, { headers: { 'content-type': 'application/octet-stream' }, body: status })
  expect(JSON.parse(body)).toMatchObject({ result: { chainId: 'rpc-test' } })
  await stop()
})

test('a notification is answered with 204 and nothing', async () => {
  const { rpc, stop } = await start()
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'chain_status' })
  expect(await send(rpc.url, { body })).toMatchObject({ status: 204, body: '' })
  await stop()
})

test('a page of another origin cannot call, whatever it sends; a listed one can, and the server’s own', async () => {
  const listed = 'https://explorer.example'
  const { rpc, node, stop, makeBlock } = await start({
    settings: { ...RPC_SETTINGS_DEFAULT, origins: [listed] },
  })
  const { bytes, id } = await payment(node)
  const submit = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tx_submit', params: { bytes } })
  for (const origin of [
    'https://evil.example',
    'null',
    `${rpc.url}0`,
    'http://localhost',
    'https://explorer.example.evil',
  ]) {
    // A form or `fetch` with mode no-cors sends such a body without asking first.
    const sent = await send(rpc.url, { headers: { origin, 'content-type': 'text/plain' }, body: submit })
    expect([origin, sent.status, codeIn(sent.body)]).toEqual([origin, 403, 'rpc/ORIGIN_NOT_ALLOWED'])
    expect(sent.headers['access-control-allow-origin']).toBeUndefined()
    const preflight = await send(rpc.url, { method: 'OPTIONS', headers: { origin } })
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([403, undefined])
  }
  await makeBlock()
  expect(node.tip.header.height).toBe(1n)
  expect(await node.store.transaction(id as never)).toBeUndefined()

  const preflight = await send(rpc.url, { method: 'OPTIONS', headers: { origin: listed } })
  expect(preflight).toMatchObject({
    status: 204,
    headers: {
      'access-control-allow-origin': listed,
      'access-control-allow-methods': 'POST',
      vary: 'origin',
    },
  })
  const sent = await send(rpc.url, { headers: { origin: listed }, body: submit })
  expect([sent.headers['access-control-allow-origin'], JSON.parse(sent.body)]).toMatchObject([
    listed,
    { result: { id } },
  ])
  const own = await send(rpc.url, { headers: { origin: rpc.url }, body: status })
  expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, undefined])
  await stop()
})

test('a name that was pointed at this machine is refused, and one that is listed is not', async () => {
  const { rpc, stop } = await start({ settings: { ...RPC_SETTINGS_DEFAULT, hosts: ['node.example'] } })
  const ask = async (host: string) => {
    const origin = `http://${host}`
    const { status: code, body } = await send(rpc.url, { headers: { host, origin }, body: status })
    return code === 200 ? 200 : codeIn(body)
  }
  for (const host of [
    'evil.example',
    'evil.example:7200',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'x@127.0.0.1',
  ])
    expect([host, await ask(host)]).toEqual([host, 'rpc/HOST_NOT_ALLOWED'])
  for (const host of [
    'localhost',
    'LOCALHOST:7200',
    '127.0.0.1:7200',
    '[::1]:7200',
    '10.0.0.7',
    'node.example:80',
  ])
    expect([host, await ask(host)]).toEqual([host, 200])
  await stop()
})

test('probes and metrics are for the same callers as /rpc', async () => {
  const { rpc, stop } = await start({ settings: { ...RPC_SETTINGS_DEFAULT, hosts: ['node.example'] } })
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    const ask = (headers: Record<string, string>) => send(rpc.url, { path, method: 'GET', headers })
    expect([path, codeIn((await ask({ host: 'evil.example' })).body)]).toEqual([path, 'rpc/HOST_NOT_ALLOWED'])
    expect([path, (await ask({ host: 'node.example' })).status]).not.toEqual([path, 403])
    expect([path, (await ask({ host: '10.0.0.7' })).status]).not.toEqual([path, 403])
    const origin = { host: '127.0.0.1', origin: 'https://evil.example' }
    expect([path, codeIn((await ask(origin)).body)]).toEqual([path, 'rpc/ORIGIN_NOT_ALLOWED'])
  }
  await stop()
})

test('what stands behind a question mark changes nothing, over HTTP and WebSocket alike', async () => {
  const { rpc, stop } = await start({})
  expect((await send(rpc.url, { path: '/rpc?x=1', body: status })).status).toBe(200)
  const socket = new WebSocket(`${rpc.url.replace('http', 'ws')}/rpc?x=1`)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  socket.close()
  await stop()
})

test('tokens give roles; an unknown one is refused by name; a role that is missing too', async () => {
  const sha256 = (text: string) => hash(createHash('sha256').update(text).digest('hex'))
  const running = await start({
    settings: {
      ...RPC_SETTINGS_DEFAULT,
      anonymous: [],
      tokens: [
        { name: 'explorer', sha256: sha256('read-me'), roles: ['read'] },
        { name: 'wallet', sha256: sha256('send-me'), roles: ['read', 'submit'] },
      ],
    },
  })
  const { rpc, node, call } = running
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const { bytes, id } = await payment(node)
  expect((await call('chain_status')).error?.data).toMatchObject({
    code: 'rpc/ROLE_NEEDED',
    values: { role: 'read' },
  })
  expect((await call('chain_status', {}, bearer('read-me'))).result).toBeDefined()
  expect((await call('tx_submit', { bytes }, bearer('read-me'))).error?.data.code).toBe('rpc/ROLE_NEEDED')
  expect((await call('tx_submit', { bytes }, bearer('send-me'))).result).toEqual({ id })
  for (const authorization of ['Bearer read-m', 'Bearer ', 'Basic cmVhZC1tZTo=', 'read-me']) {
    const { status: code, headers, body } = await send(rpc.url, { headers: { authorization }, body: status })
    expect([authorization, code, headers['www-authenticate'], codeIn(body)]).toEqual([
      authorization,
      401,
      'Bearer',
      'rpc/UNKNOWN_TOKEN',
    ])
  }
  const metrics = (headers: Record<string, string>) =>
    send(rpc.url, { path: '/metrics', method: 'GET', headers })
  expect((await metrics({})).status).toBe(403)
  expect((await metrics(bearer('read-me'))).status).toBe(200)
  expect((await send(rpc.url, { path: '/healthz', method: 'GET' })).status).toBe(200)
  await running.stop()
})

test('settings that cannot be are refused by their path', async () => {
  const token = { name: 'a', sha256: hash('00'.repeat(32)), roles: ['read'] }
  for (const [settings, path] of [
    [{ anonymous: ['write'] }, 'anonymous'],
    [{ tokens: [{ ...token, roles: ['root'] }] }, 'tokens.a.roles'],
    [{ tokens: [token, { ...token, name: 'b' }] }, 'tokens'],
    [{ limits: { ...RPC_SETTINGS_DEFAULT.limits, bodyBytesMax: 0 } }, 'limits.bodyBytesMax'],
    [{ limits: { ...RPC_SETTINGS_DEFAULT.limits, batchMax: 0 } }, 'limits.batchMax'],
    [{ limits: { ...RPC_SETTINGS_DEFAULT.limits, requestTimeoutMs: 2 ** 31 } }, 'limits.requestTimeoutMs'],
  ] as const)
    await expect(start({ settings: { ...RPC_SETTINGS_DEFAULT, ...settings } })).rejects.toMatchObject({
      code: 'rpc/BAD_SETTINGS',
      values: { path },
    })
  // The defaults have the form that a configuration file has.
  expect(toJson(rpcSettings, RPC_SETTINGS_DEFAULT, { addressPrefix: 'mmt' })).toEqual(RPC_SETTINGS_DEFAULT)
})

test('who asks too often is refused by name until time has passed, each call of a batch counted', async () => {
  const { rpc, stop } = await start({ settings: limited({ connectionRate: 1_000, addressRate: 1 }) })
  const [first, second, third] = [
    await post(rpc.url, status),
    await post(rpc.url, status),
    await post(rpc.url, status),
  ]
  expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
  expect(third.headers.get('retry-after')).toBe('1')
  expect(codeIn(await third.text())).toBe('rpc/RATE_LIMITED')
  const pages = await Promise.all(Array.from({ length: 20 }, () => fetch(`${rpc.url}/readyz`)))
  expect(pages.map(({ status: code }) => code)).toContain(429)
  let calm = await post(rpc.url, `[${status},${status},${status}]`)
  while (calm.status === 429) calm = await post(rpc.url, `[${status},${status},${status}]`)
  const answers = (await calm.json()) as { result?: unknown; error?: { data: { code: string } } }[]
  expect(answers[0]?.result).toBeDefined()
  expect(answers[2]?.error?.data.code).toBe('rpc/RATE_LIMITED')
  await stop()
})

const query = { jsonrpc: '2.0', id: 1, method: 'shapes_nothing' }
/** Asks until a query is refused for the work that it is; a batch has a hundred. */
async function tire(url: string) {
  for (;;) {
    const answers = (await (await post(url, Array(100).fill(query))).json()) as readonly Answer[]
    const refused = answers.find(({ error }) => error)
    if (refused) return refused.error?.data
  }
}

test('queries and trials that take too much of the node wait; what else it is asked does not', async () => {
  const rates = { addressRate: 1_000_000, connectionRate: 1_000_000 }
  const { rpc, node, call, stop } = await start({ settings: limited({ ...rates, addressWorkMs: 1 }) })
  const { bytes } = await payment(node)
  expect((await call('shapes_nothing')).result).toBe(1)
  const refused = { code: 'rpc/WORK_LIMITED', values: { msPerSecond: 1, of: 'address' } }
  expect(await tire(rpc.url)).toMatchObject(refused)
  await tire(rpc.url)
  expect((await call('chain_status')).error).toBeUndefined()
  expect((await call('tx_submit', { bytes })).error).toBeUndefined()
  expect((await fetch(`${rpc.url}/healthz`)).status).toBe(200)
  // Time pays the debt off, and a trial is counted as well.
  const tryOut = async () => (await call('tx_simulate', { bytes })).result
  await expect.poll(tryOut, { timeout: 60_000, interval: 100 }).toBeTruthy()
  await stop()
})

test('long answers count by their length as work does: blocks, lists of them, the description of the chain', async () => {
  const rates = { addressRate: 1_000_000, connectionRate: 1_000_000 }
  const { rpc, makeBlocks, call, stop } = await start({ settings: limited({ ...rates, addressWorkMs: 1 }) })
  await makeBlocks(3)
  const long = {
    'rpc.discover': {},
    chain_metadata: {},
    chain_block: { height: '1' },
    chain_blocks: { from: '0' },
  }
  for (const [method, params] of Object.entries(long)) {
    const ask = { jsonrpc: '2.0', id: 1, method, params }
    const first = async () => (await call(method, params)).error
    await expect.poll(first, { timeout: 60_000, interval: 100 }).toBeUndefined()
    const answers = (await (await post(rpc.url, Array(100).fill(ask))).json()) as readonly Answer[]
    expect(answers.at(-1)?.error?.data.code).toBe('rpc/WORK_LIMITED')
  }
  expect((await call('chain_status')).error).toBeUndefined()
  await stop()
})

test('all callers together take no more of the node than it gives them', async () => {
  const rates = { addressRate: 1_000_000, connectionRate: 1_000_000 }
  const { rpc, stop } = await start({ settings: limited({ ...rates, addressWorkMs: 1_000, workMs: 1 }) })
  expect(await tire(rpc.url)).toMatchObject({ values: { msPerSecond: 1, of: 'all' } })
  await stop()
})

test('callers on this machine are not limited unless the operator says so', async () => {
  const { rpc, stop } = await start({
    settings: limited({ addressRate: 1, connectionRate: 1, limitLoopback: false }),
  })
  for (let i = 0; i < 20; i++) expect((await post(rpc.url, status)).status).toBe(200)
  await stop()
})

test('connections beyond those that one address may hold are closed at once, and new ones taken when others end', async () => {
  const { rpc, stop } = await start({ settings: limited({ connectionsPerAddressMax: 2 }) })
  const open = () => {
    const socket = connectTcp(Number(new URL(rpc.url).port), '127.0.0.1')
    const state = { open: false, closed: false }
    socket.on('connect', () => {
      state.open = true
    })
    socket.on('close', () => {
      state.closed = true
    })
    socket.on('error', () => undefined)
    return { socket, state }
  }
  const [a, b] = [open(), open()]
  await until(() => a.state.open && b.state.open)
  const c = open()
  await until(() => c.state.closed)
  expect([a.state.closed, b.state.closed]).toEqual([false, false])
  a.socket.destroy()
  await until(() => a.state.closed)
  // The server learns of the end a moment later, so a try or two may still be refused.
  let taken = false
  while (!taken)
    taken = await post(rpc.url, status).then(
      ({ status: code }) => code === 200,
      () => false,
    )
  b.socket.destroy()
  await stop()
})

test('bodies that do not come to their end are bounded for all callers together, and who sent most of them is dropped', async () => {
  // Half of 8 answers of 2,000 bytes.
  const { rpc, stop } = await start({ settings: limited({ answerBytesMax: 2_000 }) })
  const open = () => {
    const socket = connectTcp(Number(new URL(rpc.url).port), '127.0.0.1')
    const state = { closed: false }
    socket.on('close', () => {
      state.closed = true
    })
    socket.on('error', () => undefined)
    socket.write('POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n')
    return { socket, state }
  }
  const [most, least] = [open(), open()]
  most.socket.write(' '.repeat(9_000))
  least.socket.write(' '.repeat(6_000))
  // Bodies that were answered count no more.
  for (let i = 0; i < 10; i++) expect((await post(rpc.url, `${status}${' '.repeat(500)}`)).status).toBe(200)
  expect([most.state.closed, least.state.closed]).toEqual([false, false])
  least.socket.write(' '.repeat(2_000))
  await until(() => most.state.closed)
  expect((await post(rpc.url, status)).status).toBe(200)
  expect(least.state.closed).toBe(false)
  least.socket.destroy()
  await stop()
})

test('a body in pieces of one byte is read whole, and takes no more of memory than a body does', async () => {
  const { rpc, stop } = await start()
  const socket = connectTcp(Number(new URL(rpc.url).port), '127.0.0.1')
  let answered = ''
  socket.setEncoding('utf8').on('data', (part) => {
    answered += part
  })
  socket.write('POST /rpc HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n')
  const inBytes = (text: string) => [...text].map((one) => `1\r\n${one}\r\n`).join('')
  const before = heapBytes()
  const spaces = inBytes(' '.repeat(50_000))
  for (let i = 0; i < 10; i++) await new Promise((resolve) => socket.write(spaces, resolve))
  // Once this is answered, nearly all of the above has been read.
  for (let i = 0; i < 20; i++) await post(rpc.url, status)
  // Kept apart, they take a hundred megabytes.
  expect(heapBytes() - before).toBeLessThan(32 * 1024 * 1024)
  socket.write(`${inBytes(status)}0\r\n\r\n`)
  await until(() => answered.includes('rpc-test'))
  socket.destroy()
  await stop()
})
