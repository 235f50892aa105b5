import { subscribe, type Topic, type Update } from '@mmtchain/client'
import { expect, test, vi } from 'vitest'
import { inPlace, mmtDev, mmtJson, type Place } from './chain-process.ts'

let place: Place

inPlace((made) => {
  place = made
})

test('heads and events come each once and without a gap while the node is killed and started again', {
  timeout: 400_000,
}, async () => {
  let chain = mmtDev(place)
  await chain.printed(/^height 2 /m)
  const endpoint = { url: `http://127.0.0.1:${place.port}` }
  const stop = new AbortController()
  const heads: { height: bigint; id: string }[] = []
  const events: string[] = []
  const follow = async (topic: Topic, take: (update: Update) => void) => {
    for await (const update of subscribe(endpoint, topic, { fromHeight: 0n, signal: stop.signal }))
      take(update)
  }
  const ends = [
    follow({ topic: 'heads' }, ({ height, result }) => {
      heads.push({ height, id: (result as { id: string }).id })
    }),
    follow({ topic: 'events', module: 'token', event: 'transferred' }, ({ result }) => {
      const { events: said } = result as { events: readonly { data: { amount: string } }[] }
      events.push(...said.map(({ data }) => data.amount))
    }),
  ].map((reading) => reading.catch((error) => error))

  const amounts = [1, 2, 3, 4]
  for (const amount of amounts) {
    const words = [
      'tx',
      'token',
      'transfer',
      '--to',
      'demo2',
      '--amount',
      `0.0000000${amount}`,
      '--from',
      'demo1',
    ]
    await mmtJson(place, words)
    if (amount === amounts.length) break
    await chain.end(amount % 2 === 0 ? 'SIGINT' : 'SIGKILL')
    chain = mmtDev(place)
    await chain.printed(/^height \d+ /m)
  }
  await vi.waitFor(() => expect(events).toEqual(amounts.map(String)), { timeout: 60_000, interval: 200 })
  const { height } = await mmtJson<{ height: string }>(place, ['status'])
  await vi.waitFor(() => expect(heads.at(-1)?.height).toBeGreaterThanOrEqual(BigInt(height)), {
    timeout: 60_000,
    interval: 200,
  })
  stop.abort(new Error('enough'))
  for (const end of ends) expect(await end).toMatchObject({ message: 'enough' })
  expect(heads.map((one) => one.height)).toEqual(heads.map((_, i) => BigInt(i)))
  for (const one of heads.filter(({ height: at }) => at <= BigInt(height))) {
    if (one.height % 5n !== 0n) continue
    expect(await mmtJson(place, ['show', 'block', `${one.height}`])).toMatchObject({ id: one.id })
  }
  expect(await chain.end('SIGINT')).toBe(0)
})
