import { type ChainEvent, createClient, type EventPlace, subscribe } from '@mmtchain/client'
import { type Amount, amount, defineChain, solo } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { alice, bob, chain, proxyTo, start } from './running.ts'

const upTo = (first: bigint, last: bigint) =>
  Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i))

test('heads go on after every cut of the connection, without gap or duplicate', async () => {
  const { url, node, stop } = await start()
  const way = await proxyTo(url)
  const client = createClient({ chain, url: way.url })
  const heights: bigint[] = []
  for await (const { height, id, header } of client.finalisedHeads({ fromHeight: 1n })) {
    expect(header.height).toBe(height)
    if (height === 3n) expect(id).toBe((await node.store.block({ height }))?.id)
    heights.push(height)
    if (heights.length % 7 === 0) way.cut()
    if (heights.length === 60) break
  }
  expect(heights).toEqual(upTo(1n, 60n))
  expect(way.connections).toBeGreaterThan(8)
  await way.stop()
  await stop()
})

test('what is sent at once when a subscription begins comes over the one connection', async () => {
  const { url, node, stop } = await start()
  while (node.tip.header.height < 40n) await new Promise((resolve) => setTimeout(resolve, 20))
  const way = await proxyTo(url)
  const heights: bigint[] = []
  for await (const { height } of subscribe({ url: way.url }, { topic: 'heads' }, { fromHeight: 1n })) {
    heights.push(height)
    if (height === 40n) break
  }
  expect(heights).toEqual(upTo(1n, 40n))
  // One of HTTP and one WebSocket.
  expect(way.connections).toBe(2)
  await way.stop()
  await stop()
})

test('events come typed, each once, whatever happens to the connection, and go on after a place', async () => {
  const { url, stop } = await start()
  const way = await proxyTo(url)
  const client = createClient({ chain, url: way.url, signer: alice.signer })
  const direct = createClient({ chain, url, signer: alice.signer })
  const sending = (async () => {
    for (let i = 1n; i <= 30n; i++) {
      const call = direct.call.token.transfer({ to: bob.address, amount: amount(i) })
      await direct.sendAll([call, call], { wait: 'submitted' })
    }
  })()
  const seen: ChainEvent<{ from: Address; to: Address; amount: Amount }>[] = []
  let last: EventPlace | undefined
  // A reader that begins anew now and then, in the middle of a block too, and goes on after the last event that it had.
  while (seen.length < 60) {
    for await (const event of client.events.token.transferred(last ? { after: last } : { fromHeight: 0n })) {
      seen.push(event)
      last = event
      if (seen.length % 5 === 0) way.cut()
      if (seen.length % 13 === 0 || seen.length === 60) break
    }
  }
  await sending
  expect(seen.map(({ data }) => data.amount)).toEqual(upTo(1n, 30n).flatMap((i) => [i, i]))
  expect(seen[0]).toMatchObject({
    data: { from: alice.address, to: bob.address },
    transaction: expect.any(String),
  })
  await way.stop()
  await stop()
})

test('a reader that is slower than the chain loses nothing', async () => {
  const { url, node, stop } = await start(
    undefined,
    defineChain({ id: 'client-test', slotMs: 1, consensus: solo() }).use(
      token({ symbol: 'TST', decimals: 2 }),
    ) as never,
  )
  const updates = subscribe({ url }, { topic: 'heads' }, { fromHeight: 1n })
  const heights = [(await updates.next()).value?.height]
  // More than a connection keeps for its reader.
  const want = 150n
  while (node.tip.header.height < want) await new Promise((resolve) => setTimeout(resolve, 20))
  for await (const { height } of updates) {
    heights.push(height)
    if (height === want) break
  }
  expect(heights).toEqual(upTo(1n, want))
  await stop()
})

test('a transaction is followed to its end', async () => {
  const { url, fingerprint, stop } = await start()
  const client = createClient({ chain, url, signer: alice.signer, fingerprint })
  const { id } = await client.send.token.transfer(
    { to: bob.address, amount: amount(1n) },
    { wait: 'submitted' },
  )
  for await (const { result } of subscribe({ url, fingerprint }, { topic: 'transaction', id })) {
    expect(result).toMatchObject({ id })
    if ((result as { final: boolean }).final) break
  }
  await stop()
})

test('a signal ends a subscription, and what cannot be subscribed to is refused by name', async () => {
  const { url, stop } = await start()
  const client = createClient({ chain, url })
  const { signal, ...enough } = ((controller) => ({
    signal: controller.signal,
    abort: () => controller.abort(new Error('enough')),
  }))(new AbortController())
  const read = (async () => {
    for await (const { height } of client.heads({ signal })) if (height > 3n) enough.abort()
  })()
  await expect(read).rejects.toThrow('enough')
  const wrong = subscribe({ url }, { topic: 'events', module: 'nope' }).next()
  await expect(wrong).rejects.toMatchObject({ code: 'rpc/BAD_TOPIC' })
  const silent = createClient({ chain, url: 'http://127.0.0.1:1', retries: 0 }).heads().next()
  await expect(silent).rejects.toMatchObject({ code: 'client/UNREACHABLE' })
  // @ts-expect-error there is no such event
  await expect(client.events.token.stolen().next()).rejects.toMatchObject({ code: 'client/UNKNOWN_NAME' })
  await stop()
})

test('a node of another chain that takes over the address is refused', async () => {
  const [first, second] = [
    await start(),
    await start(
      undefined,
      defineChain({ id: 'other', slotMs: 20, consensus: solo() }).use(token({ symbol: 'X' })) as never,
    ),
  ]
  const way = await proxyTo(first.url)
  const heads = createClient({ chain, url: way.url }).heads()
  await heads.next()
  way.redirect(second.url)
  way.cut()
  const reading = (async () => {
    for await (const _ of heads);
  })()
  await expect(reading).rejects.toMatchObject({ code: 'client/WRONG_CHAIN' })
  await way.stop()
  await first.stop()
  await second.stop()
})
