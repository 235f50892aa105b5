import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { createClient, describeChain, httpTransport, subscribe } from '@mmtchain/client'
import { amount } from '@mmtchain/kernel'
import { ChainError, hash } from '@mmtchain/primitives'
import { RPC_SETTINGS_DEFAULT } from '@mmtchain/rpc'
import { expect, test } from 'vitest'
import { alice, bob, chain, proxyTo, start } from './running.ts'

test('a submission whose answer was lost is sent again, and happens once', async () => {
  const { url, node, stop } = await start()
  const way = await proxyTo(url)
  const client = createClient({ chain, url: way.url, signer: alice.signer })
  const before = await client.read.token.balance({ owner: bob.address })
  const request: typeof client.request = async (method, params, options) => {
    if (method !== 'tx_submit') return client.request(method, params, options)
    way.setDeaf(true)
    const answering = client.request(method, params, options)
    // The node has it by now; the first answer never arrives.
    while (node.mempool.count === 0 && (await balance()) === before)
      await new Promise((resolve) => setTimeout(resolve, 1))
    way.setDeaf(false)
    return answering
  }
  const direct = createClient({ chain, url })
  const balance = () => direct.read.token.balance({ owner: bob.address })
  const careful = createClient({ chain, transport: request, signer: alice.signer })
  const sent = await careful.send.token.transfer({ to: bob.address, amount: amount(7n) })
  expect(sent.final).toBe(true)
  expect(await balance()).toBe(before + 7n)
  await way.stop()
  await stop()
})

test('what is not safe to do twice is not tried again, and what never got an answer says that it may have happened', async () => {
  const { url, stop } = await start()
  const way = await proxyTo(url)
  const request = httpTransport({ url: way.url, retries: 3 })
  const tries = async (method: string, options?: { repeatable: boolean }) => {
    const before = way.connections
    await expect(request(method, {}, options)).rejects.toMatchObject({ code: 'client/UNREACHABLE' })
    return way.connections - before
  }
  way.setDeaf(true)
  expect(await tries('something_unknown')).toBe(1)
  expect(await tries('something_unknown', { repeatable: true })).toBe(4)
  expect(await tries('chain_status')).toBe(4)
  way.setDeaf(false)

  const client = createClient({ chain, url: way.url, signer: alice.signer, retries: 0 })
  const deafAtSubmission: typeof client.request = (method, params, options) => {
    way.setDeaf(method === 'tx_submit')
    return client.request(method, params, options)
  }
  const careless = createClient({ chain, transport: deafAtSubmission, signer: alice.signer })
  const sending = careless.send.token.transfer({ to: bob.address, amount: amount(1n) })
  await expect(sending).rejects.toMatchObject({
    code: 'client/OUTCOME_UNKNOWN',
    values: { id: expect.any(String) },
  })
  await way.stop()
  await stop()
})

test('a node that is lost while a transaction is waited for leaves its id, and no word that it was not sent', async () => {
  const { url, stop } = await start()
  const way = await proxyTo(url)
  const client = createClient({ chain, url: way.url, signer: alice.signer, retries: 0 })
  const to = (amountSent: bigint) => ({ to: bob.address, amount: amount(amountSent) })
  const deafAfterSubmission: typeof client.request = async (method, params, options) => {
    const answer = await client.request(method, params, options)
    way.setDeaf(method === 'tx_submit')
    return answer
  }
  const left = createClient({ chain, transport: deafAfterSubmission, signer: alice.signer })
  const unknown = { code: 'client/OUTCOME_UNKNOWN', values: { id: expect.any(String) } }
  await expect(left.send.token.transfer(to(1n))).rejects.toMatchObject(unknown)
  way.setDeaf(false)
  // A node that took too long to answer may have it, too.
  const late: typeof client.request = async (method, params, options) => {
    const answer = await client.request(method, params, options)
    if (method === 'tx_submit')
      throw new ChainError({ code: 'rpc/TIMEOUT', message: 'late', hint: '', values: {} })
    return answer
  }
  const slow = createClient({ chain, transport: late, signer: alice.signer })
  await expect(slow.send.token.transfer(to(1n))).rejects.toMatchObject(unknown)
  await way.stop()
  await stop()
})

test('a rate limit is waited out', async () => {
  const limits = { ...RPC_SETTINGS_DEFAULT.limits, limitLoopback: true, addressRate: 2 }
  const { url, stop } = await start({ ...RPC_SETTINGS_DEFAULT, limits })
  const request = httpTransport({ url, retries: 20 })
  for (let i = 0; i < 6; i++) expect(await request('chain_status')).toMatchObject({ chainId: 'client-test' })
  const hasty = httpTransport({ url, retries: 0 })
  const many = Promise.all(Array.from({ length: 10 }, () => hasty('chain_status')))
  await expect(many).rejects.toMatchObject({ code: 'rpc/RATE_LIMITED', values: { perSecond: 2 } })
  await stop()
})

test('a silent server is given up after the timeout, and at once when the signal says so', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).on('data', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const request = httpTransport({ url, timeoutMs: 50, retries: 1 })
  await expect(request('chain_status')).rejects.toMatchObject({
    code: 'client/UNREACHABLE',
    message: expect.stringContaining('50 ms'),
  })
  const patient = httpTransport({ url, timeoutMs: 3_600_000 })
  const stop = new AbortController()
  const asking = patient('chain_status', {}, { signal: stop.signal })
  const reading = subscribe({ url, timeoutMs: 3_600_000 }, { topic: 'heads' }, { signal: stop.signal }).next()
  reading.catch(() => undefined)
  const why = new Error('enough')
  stop.abort(why)
  await expect(asking).rejects.toBe(why)
  await expect(patient('chain_status', {}, { signal: stop.signal })).rejects.toBe(why)
  await expect(reading).rejects.toBe(why)
  server.close()
})

test('a signal ends the waiting for a transaction', async () => {
  const { url, stop } = await start()
  const client = createClient({ chain, url, signer: alice.signer })
  const stopped = new AbortController()
  const sending = client.send.token.transfer(
    { to: bob.address, amount: amount(1n) },
    { signal: stopped.signal },
  )
  stopped.abort(new Error('enough'))
  await expect(sending).rejects.toThrow('enough')
  await stop()
})

test('a token opens what is closed to others, over HTTP and for subscriptions', async () => {
  const sha256 = hash(createHash('sha256').update('let-me').digest('hex'))
  const tokens = [{ name: 'wallet', sha256, roles: ['read', 'submit'] }]
  const { url, stop } = await start({ ...RPC_SETTINGS_DEFAULT, anonymous: [], tokens })
  const stranger = createClient({ chain, url })
  await expect(stranger.status()).rejects.toMatchObject({ code: 'rpc/ROLE_NEEDED' })
  await expect(createClient({ chain, url, token: 'let' }).status()).rejects.toMatchObject({
    code: 'rpc/UNKNOWN_TOKEN',
  })
  await expect(stranger.heads().next()).rejects.toMatchObject({ code: 'rpc/ROLE_NEEDED' })
  const client = createClient({ chain, url, token: 'let-me', signer: alice.signer })
  const sent = await client.send.token.transfer({ to: bob.address, amount: amount(1n) }, { wait: 'included' })
  for await (const { height } of client.heads({ fromHeight: 1n })) if (height >= (sent.height ?? 0n)) break
  await stop()
})

test('refusals come with their values, and are told apart by codes that the compiler knows', async () => {
  const { url, stop } = await start()
  const client = createClient({ chain, url, signer: bob.signer })
  const error = await client.send.token
    .transfer({ to: alice.address, amount: amount(99_999_999n) })
    .catch((one) => one)
  expect(error).toBeInstanceOf(Error)
  expect(client.isRefusal(error, 'token/INSUFFICIENT_BALANCE')).toBe(true)
  expect(client.isRefusal(error, 'token/CANNOT_PAY_FEE')).toBe(false)
  expect(error).toMatchObject({ name: 'ChainError', values: { want: '99999999' }, hint: expect.any(String) })
  await stop()
})

test('one account may send at the same time as often as it likes', async () => {
  const { url, stop } = await start()
  const client = createClient({ chain, url, signer: alice.signer })
  const before = await client.read.token.balance({ owner: bob.address })
  const input = { to: bob.address, amount: amount(1n) }
  const calls = [client.call.token.transfer(input), client.call.token.transfer(input)]
  // The dearer ones would take the places of the cheaper ones if they were given the same nonce.
  await Promise.all([
    ...Array.from({ length: 8 }, () => client.send.token.transfer(input)),
    client.sendAll(calls),
    client.sendAll(calls),
  ])
  expect(await client.read.token.balance({ owner: bob.address })).toBe(before + 12n)
  await stop()
})

test('queries whose input is no struct are asked alike by the typed client and by tools', async () => {
  const { url, stop } = await start()
  const client = createClient({ chain, url })
  expect([await client.read.shapes.plain('abc'), await client.read.shapes.many([1, 2, 3])]).toEqual([
    'abc',
    6,
  ])
  const described = await describeChain(client.request)
  expect([
    await described.read('shapes', 'plain', 'abc'),
    await described.read('shapes', 'many', [1, 2]),
  ]).toEqual(['abc', 3])
  expect(await described.read('token', 'supply', null)).toBe('1000000')
  await stop()
})
