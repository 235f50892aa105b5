import {
  createClient,
  describeChain,
  httpTransport,
  quoteCalls,
  sendCalls,
  submitBytes,
  type Transport,
} from '@mmtchain/client'
import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { amount, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { type Amount, formatAddress, hash } from '@mmtchain/primitives'
import { serveRpc } from '@mmtchain/rpc'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { signTransaction, transaction } from '@mmtchain/tx'
import { afterAll, beforeAll, expect, test } from 'vitest'

const [alice, bob, validator] = [testAccount('alice'), testAccount('bob'), testAccount('validator')] as const
const chain = defineChain({ id: 'client-test', slotMs: 100, consensus: solo() }).use(
  token({ symbol: 'TST', decimals: 2 }),
)
const model = testChain(chain, {
  token: {
    balances: [
      { owner: alice.address, amount: amount(900_000n) },
      { owner: bob.address, amount: amount(100_000n) },
    ],
    unclaimed: [],
  },
})

let url: string
let stop: () => Promise<void>

beforeAll(async () => {
  const key = { address: validator.address, suite: secp256k1, secret: validator.secret }
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host: systemHost(silentLog),
    validator: memorySigner(key),
  })
  const rpc = await serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port: 0 })
  url = rpc.url
  stop = async () => {
    await rpc.close()
    await node.stop()
  }
})
afterAll(() => stop())

test('a command is sent, final, and read back, typed from the chain file', async () => {
  const client = createClient({ chain, url, signer: alice.signer, fingerprint: model.genesis.fingerprint })
  const before = await client.read.token.balance({ owner: bob.address })
  const sent = await client.send.token.transfer({ to: bob.address, amount: amount(70n) })
  expect(sent.final).toBe(true)
  expect(sent.fee).toBe(50n)
  expect(sent.events).toEqual([
    {
      module: 'token',
      name: 'transferred',
      data: {
        from: formatAddress(alice.address, { prefix: 'mmt' }),
        to: formatAddress(bob.address, { prefix: 'mmt' }),
        amount: '70',
      },
    },
  ])
  expect(await client.read.token.balance({ owner: bob.address })).toBe(before + 70n)
  expect(await client.read.token.supply()).toBe(1_000_000n)
})

test('several calls go as one transaction, all or nothing', async () => {
  const client = createClient({ chain, url, signer: alice.signer })
  const before = await client.read.token.balance({ owner: bob.address })
  const calls = [amount(1n), amount(2n)].map((value) =>
    client.call.token.transfer({ to: bob.address, amount: value }),
  )
  const sent = await client.sendAll(calls)
  expect([sent.fee, sent.events.length]).toEqual([100n, 2])
  const broken = [...calls, client.call.token.transfer({ to: bob.address, amount: amount(999_999_999n) })]
  await expect(client.sendAll(broken)).rejects.toMatchObject({ code: 'token/INSUFFICIENT_BALANCE' })
  expect(await client.read.token.balance({ owner: bob.address })).toBe(before + 3n)
})

test('transactions that are sent at the same time queue up by nonce', async () => {
  const client = createClient({ chain, url, signer: alice.signer })
  const before = await client.read.token.balance({ owner: bob.address })
  for (let i = 0; i < 5; i++) {
    await client.send.token.transfer({ to: bob.address, amount: amount(1n) }, { wait: 'submitted' })
  }
  await client.send.token.transfer({ to: bob.address, amount: amount(1n) })
  expect(await client.read.token.balance({ owner: bob.address })).toBe(before + 6n)
})

test('another account pays the fee, up to its own maximum', async () => {
  const client = createClient({ chain, url, signer: alice.signer })
  await client.send.token.transfer({ to: bob.address, amount: amount(500n) })
  const poor = testAccount('poor')
  const payer = { signer: bob.signer, feeMax: amount(50n) }
  await client.send.token.transfer({ to: poor.address, amount: amount(5n) })
  await client.send.token.transfer({ to: alice.address, amount: amount(5n) }, { signer: poor.signer, payer })
  expect(await client.read.token.balance({ owner: poor.address })).toBe(0n)
  const stingy = { signer: bob.signer, feeMax: amount(49n) }
  const sending = client.send.token.transfer({ to: bob.address, amount: amount(5n) }, { payer: stingy })
  await expect(sending).rejects.toMatchObject({ code: 'client/FEE_TOO_HIGH' })
})

test('a transaction that can no longer be paid fails with the reason, whether the node learns it before or after it queued it', async () => {
  const client = createClient({ chain, url, signer: alice.signer })
  const brief = testAccount('brief')
  await client.send.token.transfer({ to: brief.address, amount: amount(120n) })
  // Either could go alone. Once the first has left, what remains does not pay the fee of the second.
  const input = { to: bob.address, amount: amount(40n) }
  await client.send.token.transfer(input, { signer: brief.signer, wait: 'submitted' })
  const second = client.send.token.transfer(input, { signer: brief.signer })
  await expect(second).rejects.toMatchObject({ code: 'token/CANNOT_PAY_FEE' })
})

test('the same bytes are the same answer, also after they are in a block; other bytes with their nonce are not', async () => {
  const client = createClient({ chain, url, signer: alice.signer })
  const { fingerprint } = await client.status()
  const call = client.call.token.transfer({ to: bob.address, amount: amount(1n) })
  const options = { signer: alice.signer, feeMax: 'any' } as const
  const { body } = await quoteCalls(client.request, { fingerprint, calls: [call], options })
  const signed = await signTransaction({ body, signer: alice.signer })
  const bytes = encode(transaction, signed.transaction)
  expect([await submitBytes(client.request, bytes), await submitBytes(client.request, bytes)]).toEqual([
    signed.id,
    signed.id,
  ])
  // Its successor can only be final after it, so the first is in a block by then.
  await client.send.token.transfer({ to: bob.address, amount: amount(1n) })
  expect(await client.request('chain_transaction', { id: signed.id })).toMatchObject({ final: true })
  expect(await submitBytes(client.request, bytes)).toBe(signed.id)

  const other = { ...body, calls: [call, call], fee: amount(100n), weightMax: 1_000n }
  const late = await signTransaction({ body: other, signer: alice.signer })
  const sending = submitBytes(client.request, encode(transaction, late.transaction))
  await expect(sending).rejects.toMatchObject({ code: 'kernel/NONCE_MISMATCH' })
})

test('refusals arrive with code, hint and values', async () => {
  const client = createClient({ chain, url, signer: bob.signer })
  const sending = client.send.token.transfer({ to: alice.address, amount: amount(99_999_999n) })
  await expect(sending).rejects.toMatchObject({
    code: 'token/INSUFFICIENT_BALANCE',
    hint: expect.stringContaining('Lower'),
  })
  const dear = client.send.token.transfer({ to: alice.address, amount: amount(1n) }, { feeMax: amount(1n) })
  await expect(dear).rejects.toMatchObject({ code: 'client/FEE_TOO_HIGH' })
})

test('a node that names another price than the chain file gets no signature, unless one agrees to it', async () => {
  const greedy: Transport = async (method, params, options) => {
    const answer = await httpTransport({ url })(method, params, options)
    return method === 'tx_simulate' ? { ...(answer as object), fee: '51' } : answer
  }
  const send = (given: { feeMax?: Amount | 'any' }, transport = greedy) =>
    createClient({ chain, transport, signer: alice.signer }).send.token.transfer(
      { to: bob.address, amount: amount(1n) },
      given,
    )
  await expect(send({})).rejects.toMatchObject({
    code: 'client/FEE_NOT_LISTED',
    values: { want: 51n, listed: 50n },
    hint: expect.stringContaining('feeMax'),
  })
  await expect(send({ feeMax: amount(50n) })).rejects.toMatchObject({ code: 'client/FEE_TOO_HIGH' })
  expect((await send({ feeMax: amount(51n) })).fee).toBe(51n)
  expect((await send({ feeMax: 'any' })).fee).toBe(51n)
})

test('without the chain file nothing is priced until somebody says what it may cost', async () => {
  const request = httpTransport({ url })
  const described = await describeChain(request)
  const call = described.call('token', 'transfer', {
    to: formatAddress(bob.address, { prefix: 'mmt' }),
    amount: '1',
  })
  const args = { fingerprint: model.genesis.fingerprint, calls: [call] }
  const sending = sendCalls(request, { ...args, options: { signer: alice.signer } })
  await expect(sending).rejects.toMatchObject({ code: 'client/FEE_MAX_NEEDED', values: { want: 50n } })
  const sent = await sendCalls(request, { ...args, options: { signer: alice.signer, feeMax: 'any' } })
  expect(sent.fee).toBe(50n)
})

test('a node of another chain and a silent address are refused by name', async () => {
  const other = defineChain({ id: 'other', consensus: solo() }).use(token({ symbol: 'X' }))
  await expect(createClient({ chain: other, url }).read.token.supply()).rejects.toMatchObject({
    code: 'client/WRONG_CHAIN',
  })
  const fingerprint = hash('00'.repeat(32))
  await expect(createClient({ chain, url, fingerprint }).read.token.supply()).rejects.toMatchObject({
    code: 'client/WRONG_CHAIN',
  })
  const silent = createClient({ chain, url: 'http://127.0.0.1:1' })
  await expect(silent.read.token.supply()).rejects.toMatchObject({ code: 'client/UNREACHABLE' })
})

test('a tool that has only the metadata makes the same call bytes as the typed client', async () => {
  const described = await describeChain(httpTransport({ url }))
  const typed = createClient({ chain, url }).call.token.transfer({ to: bob.address, amount: amount(70n) })
  const to = formatAddress(bob.address, { prefix: 'mmt' })
  expect(described.call('token', 'transfer', { to, amount: '70' })).toEqual(typed)
  expect(() => described.call('token', 'transfer', { to, amount: '-1' })).toThrow(/amount/)
  expect(() => described.call('token', 'steal', {})).toThrow(/no command/)
  expect(await described.read('token', 'supply', null)).toBe('1000000')
})
