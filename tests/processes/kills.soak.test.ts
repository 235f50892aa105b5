import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePlace, mmtDev, mmtJson, type Place, type RunningChain } from './chain-process.ts'

let place: Place
let chain: RunningChain | undefined

beforeEach(async () => {
  place = await makePlace()
})
afterEach(async () => {
  await chain?.end('SIGKILL')
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

async function ask<T>(method: string, params: object): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${place.port}/rpc`, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    headers: { 'content-type': 'application/json' },
  })
  return ((await response.json()) as { result: T }).result
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
      const found = await ask<{ height: string; final: boolean }>('chain_transaction', { id })
      expect([found.height, found.final]).toEqual([height, true])
    }
    for (const [height, id] of seen) {
      expect((await ask<{ id: string }>('chain_header', { height })).id).toBe(id)
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
    const block = await ask<BlockJson>('chain_block', { height: height.toString() })
    if (parent) expect(block.header.parent).toBe(parent)
    parent = block.id
  }
})
