import { Agent, request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { payment, start } from './running.ts'

// MMT_SOAK_SCALE is the percentage of a million requests; MMT_SEED repeats a run.
const REQUESTS = Math.ceil(10_000 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
/** How many requests are under way at a time. */
const LANES = 16
/** Every so many requests of a lane its connection is thrown away. */
const ROUND = 100
/** How many blocks are made meanwhile. The store keeps them in memory, so that they are few. */
const BLOCKS = 100
const HEAP_GROWTH_MAX = 24 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A small generator of pseudo-random numbers (xorshift32, Marsaglia 2003), so that a seed repeats a run. */
function generator(seed: number) {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  return (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Random = ReturnType<typeof generator>
interface Corpus {
  readonly methods: readonly {
    readonly name: string
    readonly params: readonly { readonly name: string }[]
  }[]
  readonly texts: readonly string[]
}

/** A value of some kind: what is asked for somewhere, what is at an edge, what is nonsense. */
function someValue(random: Random, { texts }: Corpus, depth = 0): unknown {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T
  switch (random(depth > 3 ? 5 : 8)) {
    case 0:
    case 1:
    case 2:
      return pick(texts)
    case 3:
      return pick([0, 1, -1, 255, 256, 2 ** 32, 2 ** 53, 1e300, -0, 0.5])
    case 4:
      return pick([
        null,
        true,
        false,
        '',
        '0',
        '1',
        '-1',
        '007',
        '18446744073709551616',
        '\u0000',
        '\ud800',
        '__proto__',
      ])
    case 5:
      return Array.from({ length: random(4) }, () => someValue(random, { texts, methods: [] }, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random(4) }, () => [
          pick(['kind', 'value', 'input', 'height', 'constructor', '__proto__', 'toString', 'length']),
          someValue(random, { texts, methods: [] }, depth + 1),
        ]),
      )
  }
}

function someRequest(random: Random, corpus: Corpus): unknown {
  const method = corpus.methods[random(corpus.methods.length)] as Corpus['methods'][number]
  const value = () => someValue(random, corpus)
  const named = Object.fromEntries(
    method.params.filter(() => random(4) > 0).map(({ name }) => [name, value()]),
  )
  const params = [named, named, method.params.map(value), undefined, value()][random(5)]
  const whole = { jsonrpc: '2.0', id: random(1_000), method: method.name, params }
  switch (random(12)) {
    case 0:
      return { ...whole, id: value() }
    case 1:
      return { ...whole, method: value() }
    case 2:
      return { ...whole, jsonrpc: value() }
    case 3:
      return { ...whole, id: undefined }
    default:
      return whole
  }
}

/** The text of a message: a request, a batch, or one of them damaged. */
function someMessage(random: Random, corpus: Corpus): string {
  const batch = random(8) === 0
  const value = batch
    ? Array.from({ length: random(8) }, () => someRequest(random, corpus))
    : someRequest(random, corpus)
  const text = JSON.stringify(random(20) === 0 ? someValue(random, corpus) : value)
  if (random(5) > 0) return text
  const [from, to] = [random(text.length + 1), random(text.length + 1)].sort((a, b) => a - b)
  const cut = text.slice(0, from) + text.slice(to)
  return [cut, text.slice(0, from), text.slice(0, to) + text.slice(from), '['.repeat(random(200)) + text][
    random(4)
  ] as string
}

/** What is wrong with the text of an answer; nothing when it is as JSON-RPC 2.0 and this server have it. */
function flaw(text: string): string | undefined {
  const answer = JSON.parse(text)
  const all = Array.isArray(answer) ? answer : [answer]
  if (all.length === 0) return 'an empty batch'
  for (const { jsonrpc, id, method, params, result, error, ...rest } of all) {
    if (jsonrpc !== '2.0' || Object.keys(rest).length > 0) return 'other members'
    if (method !== undefined) {
      if (method !== 'chain_subscription' || typeof params.subscription !== 'string') return 'a notification'
      continue
    }
    if (!(id === null || typeof id === 'string' || typeof id === 'number')) return 'the id'
    if ((result === undefined) === (error === undefined)) return 'result and error'
    if (error === undefined) continue
    if (![-32700, -32600, -32601, -32602, -32000].includes(error.code)) return `the number ${error.code}`
    const { code, values, hint } = error.data
    if (!/^[a-z-]+\/[A-Z][A-Z0-9_]*$/.test(code) || typeof hint !== 'string' || hint === '')
      return `the code ${code}`
    if (typeof error.message !== 'string' || typeof values !== 'object' || values === null) return 'the error'
  }
  return undefined
}

test(`${REQUESTS} random requests over HTTP, WebSocket and bare sockets: every answer is well-formed, nothing breaks, memory is flat (seed ${SEED})`, async () => {
  const faults: unknown[] = []
  const note = (...args: unknown[]) => void faults.push(args)
  const { node, rpc, makeBlock, call, stop } = await start({
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: note },
  })
  const { id, bytes, transaction } = await payment(node)
  await node.submit(transaction)
  await makeBlock()
  const { methods } = (await call('rpc.discover')).result as Corpus
  const { sender } = ((await call('chain_transaction', { id })).result as { transaction: { sender: string } })
    .transaction
  const texts = [
    id,
    bytes,
    sender,
    node.tip.id,
    'heads',
    'events',
    'token',
    'transferred',
    '0',
    '1',
    '2',
    'x'.repeat(3_000),
  ]
  const corpus = { methods, texts }
  const flaws: string[] = []
  let left = REQUESTS
  let heapBefore = 0
  let nextBlockAt = REQUESTS
  let making: Promise<void> = Promise.resolve()

  const check = (text: string, sent: string) => {
    const found = flaw(text)
    if (found !== undefined) flaws.push(`${found}: ${sent.slice(0, 500)} → ${text.slice(0, 500)}`)
  }

  async function overHttp(random: Random): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < ROUND && left > 0; i++, left--) {
      const sent = someMessage(random, corpus)
      const answer = await new Promise<{ status?: number | undefined; text: string }>((resolve, reject) => {
        const outgoing = request(`${rpc.url}/rpc`, { method: 'POST', agent }, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part) => {
            text += part
          })
          response.on('end', () => resolve({ status: response.statusCode, text }))
        })
        outgoing.on('error', reject)
        outgoing.end(sent)
      })
      if (answer.status === 204) expect(answer.text).toBe('')
      else check(answer.text, sent)
    }
    agent.destroy()
  }

  async function overWebSocket(random: Random): Promise<void> {
    const socket = new WebSocket(`${rpc.url.replace('http', 'ws')}/rpc`)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    let last = ''
    const ended = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        const text = String(data)
        if (text.includes('"the end"')) resolve()
        check(text, last)
      })
      socket.on('close', () => resolve())
    })
    for (let i = 0; i < ROUND && left > 0; i++, left--) {
      last = someMessage(random, corpus)
      socket.send(random(50) === 0 ? Buffer.from(last) : last)
    }
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'the end', method: 'chain_status' }))
    await ended
    expect(socket.readyState).toBe(socket.OPEN)
    if (random(2) === 0) socket.terminate()
    else socket.close()
  }

  /** Bytes that are no HTTP, or end early: whatever comes back, the connection ends. */
  async function overTcp(random: Random): Promise<void> {
    for (let i = 0; i < ROUND / 10 && left > 0; i++, left--) {
      const head = `${['POST', 'GET', 'OPTIONS', 'PUT', '\u0000'][random(5)]} /rpc HTTP/1.${random(3)}\r\n`
      const upgrade =
        'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: x\r\n'
      const headers = [
        'host: 127.0.0.1\r\n',
        'content-length: 99\r\n',
        'transfer-encoding: chunked\r\n',
        upgrade,
        'x'.repeat(random(30_000)),
      ]
      const text =
        head +
        headers.filter(() => random(2) === 0).join('') +
        ['\r\n', ''][random(2)] +
        someMessage(random, corpus)
      await new Promise<void>((resolve) => {
        const socket = connectTcp(Number(new URL(rpc.url).port), '127.0.0.1', () => socket.end(text))
        socket.on('error', () => undefined)
        socket.on('data', () => undefined)
        socket.on('close', () => resolve())
      })
    }
  }

  async function lane(number: number): Promise<void> {
    const random = generator(SEED + number * 7919)
    while (left > 0) {
      const kind = random(20)
      if (kind === 0) await overTcp(random)
      else if (kind < 10) await overHttp(random)
      else await overWebSocket(random)
      if (left < nextBlockAt) {
        nextBlockAt -= REQUESTS / BLOCKS
        making = making.then(makeBlock)
        await making
      }
      if (heapBefore === 0 && left < REQUESTS * 0.8) heapBefore = heapNow()
    }
  }

  await Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)))
  expect(flaws).toEqual([])
  expect(faults).toEqual([])
  expect(node.running).toBe(true)
  expect((await call('chain_status')).result).toMatchObject({ height: node.tip.header.height.toString() })
  const grown = heapNow() - heapBefore
  console.log(
    `${REQUESTS} requests, ${node.tip.header.height} blocks, the heap grew by ${Math.round(grown / 1024)} KiB`,
  )
  expect(grown).toBeLessThan(HEAP_GROWTH_MAX)
  await stop()
})

function heapNow(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
