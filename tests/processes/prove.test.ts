import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain } from './chain-process.ts'

let place: Place
let chain: RunningChain
let liar: Server | undefined

inPlace((made) => {
  place = made
})
afterEach(async () => {
  liar?.close()
})

/** A server that hands everything on to the node, and says of every row that is proven that it is absent. */
async function lieAbout(port: number): Promise<string> {
  liar = createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${port}/rpc`, { method: 'POST', headers, body })
    response.end((await answer.text()).replace(/"value":"[0-9a-f]*"/g, '"value":null'))
  }).listen(0, '127.0.0.1')
  await once(liar, 'listening')
  return `http://127.0.0.1:${(liar.address() as { port: number }).port}`
}

interface Proven {
  readonly value: string
  readonly height: string
}

test('mmt query --prove checks what the node says, with the home’s chain or with a chain file and its fingerprint', {
  timeout: 240_000,
}, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 2 /m)
  const query = ['query', 'token', 'balance', '--owner', 'demo1']
  const balance = await mmtJson<string>(place, query)
  const proven = await mmtJson<Proven>(place, [...query, '--prove'])
  expect(proven.value).toBe(balance)
  expect(BigInt(proven.height)).toBeGreaterThan(0n)
  const shown = await mmt(place, [...query, '--prove'])
  expect(shown.out).toMatch(/^[\d.]+ \w+\nproven after block \d+ of \d{4}-/)

  const { address } = await mmtJson<{ address: string }>(place, ['keys', 'show', 'demo1'])
  const { fingerprint } = await fetch(`http://127.0.0.1:${place.port}/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_status' }),
  }).then(async (response) => ((await response.json()) as { result: { fingerprint: string } }).result)
  const url = await lieAbout(place.port)
  const elsewhere = { ...place, env: { ...place.env, MMT_HOME: join(place.folder, 'no-home') } }
  const anywhere = ['query', 'token', 'balance', '--owner', address, '--prove', '--rpc']
  const file = ['--chain', 'examples/01-token/chain.ts', '--fingerprint']
  const honest = `http://127.0.0.1:${place.port}`
  expect(await mmtJson<Proven>(elsewhere, [...anywhere, honest, ...file, fingerprint])).toMatchObject({
    value: balance,
  })

  const refused = [
    [place, [...query, '--prove', '--rpc', url], 'store/BAD_PROOF'],
    [elsewhere, [...anywhere, url, ...file, fingerprint], 'store/BAD_PROOF'],
    [elsewhere, [...anywhere, honest, ...file, '11'.repeat(32)], 'client/WRONG_CHAIN'],
    [elsewhere, [...anywhere, honest, ...file, 'abc'], 'cli/BAD_ARGUMENT'],
    [elsewhere, [...anywhere, honest, ...file.slice(0, 2)], 'cli/BAD_ARGUMENT'],
    [elsewhere, [...anywhere, honest], 'cli/NOTHING_TRUSTED'],
    [place, ['query', 'token', 'holdings', '--owner', 'demo1', '--prove'], 'client/NOT_PROVABLE'],
  ] as const
  for (const [where, words, code] of refused) {
    const done = await mmt(where, words)
    const exit = code === 'cli/BAD_ARGUMENT' ? 2 : 1
    expect([done.code, done.err.includes(code)], `mmt ${words.join(' ')}\n${done.err}`).toEqual([exit, true])
  }
})
