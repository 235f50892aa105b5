import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Transport } from '@mmtchain/client'
import { amount as amountCodec, encode, encodeKey, fromJson, type Json, toJson } from '@mmtchain/codec'
import {
  address,
  amount,
  blockId,
  ChainError,
  defineChain,
  defineModule,
  header as headerCodec,
  type KernelGranted,
  list,
  need,
  option,
  sealMessage,
  solo,
  stateRoot,
  struct,
  table,
  tablePrefix,
  u8,
  unit,
  validator,
  validatorsHash,
  writeGenesisHead,
} from '@mmtchain/kernel'
import { type Height, hash, toHex } from '@mmtchain/primitives'
import { RPC_LIMITS_DEFAULT, RPC_SETTINGS_DEFAULT } from '@mmtchain/rpc'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { alice, bob, start } from './running.ts'

/** MMT_SEED repeats a run. */
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
/** A small generator of pseudo-random numbers (xorshift32, Marsaglia 2003). */
function generator(seed: number) {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  return (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const mallory = testAccount('mallory')

/** Queries with many rows, a range of rows, a refusal, and one that hides what it could not read. */
const many = defineModule('many', {
  state: { rows: table(u8, u8) },
})
  .query('first', u8, list(option(u8), { max: 255 }), (ctx, count) =>
    Array.from({ length: count }, (_, i) => ctx.state.rows.get(i) ?? null),
  )
  .query('each', unit, list(u8, { max: 255 }), (ctx) =>
    [...ctx.state.rows.entries()].map(([, value]) => value),
  )
  .query('full', unit, u8, () => {
    throw new ChainError({ code: 'many/EMPTY', message: 'There is nothing.', hint: 'Write.', values: {} })
  })
  .query('careless', unit, struct({ found: option(u8) }), (ctx) => {
    try {
      return { found: ctx.state.rows.get(1) ?? 7 }
    } catch {
      return { found: null }
    }
  })
const chain = defineChain({ id: 'prove-test', slotMs: 20, consensus: solo() })
  .use(token({ symbol: 'TST', decimals: 2 }))
  .use(many)

type Answer = { [name: string]: Json }
/** What a liar makes of an answer of the node; `ask` is the node itself. */
type Lie = (args: {
  readonly method: string
  readonly params: Answer
  readonly result: never
  readonly ask: (method: string, params: object) => Promise<never>
}) => unknown

let path: string
let running: Awaited<ReturnType<typeof start>>
let proxy: Awaited<ReturnType<typeof liar>>
let lie: Lie | undefined
let requests = 0

/** A server in front of a node that changes its answers. */
async function liar(url: string) {
  async function post(body: string) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/rpc`, { method: 'POST', headers, body })
    return (await response.json()) as { readonly result: never }
  }
  const ask = async (method: string, params: object) =>
    (await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).result
  async function answer(text: string): Promise<string> {
    const { method, params } = JSON.parse(text)
    requests += 1
    const honest = await post(text)
    if (!lie || honest.result === undefined) return JSON.stringify(honest)
    return JSON.stringify({ ...honest, result: await lie({ method, params, result: honest.result, ask }) })
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    response.end(await answer(text))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'mmt-prove-'))
  running = await start(undefined, chain as never, await merkleStore({ path, keepHeights: 'all' }))
  proxy = await liar(running.url)
  const client = createClient({ chain, url: running.url, signer: alice.signer })
  await client.send.token.transfer({ to: bob.address, amount: amount(70n) })
  for await (const { height } of client.heads()) if (height > 2n) break
})
afterEach(() => {
  lie = undefined
})
afterAll(async () => {
  await proxy.stop()
  await running.stop()
  await rm(path, { recursive: true, force: true })
})

/** A client of the liar that knows the chain by its fingerprint alone. */
const clientOf = () => createClient({ chain, url: proxy.url, fingerprint: running.fingerprint })
const balance = () => clientOf().prove.token.balance({ owner: bob.address })
const balanceKey = (owner: typeof bob.address) => tablePrefix('token', 'balances') + encodeKey(address, owner)

/** Lies about proofs alone. */
const onProofs = (change: (result: Answer & { rows: Answer[] }, args: Parameters<Lie>[0]) => unknown) => {
  lie = (args) => (args.method === 'chain_proof' ? change(args.result, args) : args.result)
}
/** Lies about the row of bob's balance alone. */
const onBalance = (change: (result: Answer & { rows: Answer[] }, args: Parameters<Lie>[0]) => unknown) =>
  onProofs((result, args) =>
    result.rows[0]?.key === balanceKey(bob.address) ? change(result, args) : result,
  )

test('a query is answered from proven rows as the node answers it, with the header that certifies them', async () => {
  const client = clientOf()
  const proven = await client.prove.token.balance({ owner: bob.address })
  expect(proven.value).toBe(100_070n)
  expect(proven.value).toBe(await client.read.token.balance({ owner: bob.address }))
  const stored = await running.node.store.block({ height: proven.header.height })
  expect([proven.id, proven.header]).toEqual([stored?.id, stored?.block.header])
  expect((await client.prove.token.balance({ owner: mallory.address })).value).toBe(0n)
  expect((await client.prove.token.supply()).value).toBe(1_000_000n)
  expect((await client.prove.kernel.account({ address: alice.address })).value.nonce).toBe(1n)
})

test('a height may be asked for; what is not kept is refused by name', async () => {
  const client = clientOf()
  const { header } = await client.prove.token.supply()
  const before = await client.prove.token.balance({ owner: bob.address }, { height: header.height })
  expect([before.value, before.header]).toEqual([100_070n, header])
  const height = 1_000_000n as Height
  await expect(client.prove.token.supply(null, { height })).rejects.toMatchObject({ code: 'store/NOT_KEPT' })
  const first = client.prove.token.supply(null, { height: 0n as Height })
  await expect(first).rejects.toMatchObject({ code: 'client/NO_SEAL' })
})

test('a row is asked for once, and a refusal of the query is its own', async () => {
  const client = clientOf()
  await client.prove.token.supply()
  requests = 0
  // One request for the header and what every query begins with, one for each row.
  expect((await client.prove.many.first(5)).value).toEqual([null, null, null, null, null])
  expect(requests).toBe(6)
  await expect(client.prove.many.full()).rejects.toMatchObject({ code: 'many/EMPTY' })
  expect((await client.prove.many.careless()).value).toEqual({ found: 7 })
})

test('a query over a range of rows is refused by name, and so is one over too many', async () => {
  for (const reading of [
    clientOf().prove.many.each(),
    clientOf().prove.token.holdings({ owner: bob.address }),
  ])
    await expect(reading).rejects.toMatchObject({ code: 'client/NOT_PROVABLE' })
  await expect(clientOf().prove.many.first(255)).rejects.toMatchObject({ code: 'client/TOO_MANY_ROWS' })
})

test('nothing is proven to a client that knows neither fingerprint nor genesis; the genesis says both', async () => {
  const ignorant = createClient({ chain, url: proxy.url })
  await expect(ignorant.prove.token.supply()).rejects.toMatchObject({ code: 'client/NOTHING_TRUSTED' })
  const asked: string[] = []
  lie = ({ method, result }) => {
    asked.push(method)
    return result
  }
  const { genesis } = running
  const knowing = createClient({ chain, url: proxy.url, genesis })
  expect((await knowing.prove.token.supply()).value).toBe(1_000_000n)
  expect(asked).not.toContain('chain_genesis')
})

test('a changed value is refused', async () => {
  onBalance((result) => ({ ...result, rows: [{ ...result.rows[0], value: 'ffffffffffffff00' }] }))
  await expect(balance()).rejects.toMatchObject({ code: 'store/BAD_PROOF' })
})

test('a row that is there cannot be said to be absent, nor one that is not to be there', async () => {
  onBalance((result) => ({ ...result, rows: [{ ...result.rows[0], value: null }] }))
  await expect(balance()).rejects.toMatchObject({ code: 'store/BAD_PROOF' })
  onProofs((result) => ({
    ...result,
    rows: result.rows.map((row) => ({ ...row, value: row.value ?? '07' })),
  }))
  await expect(clientOf().prove.many.first(1)).rejects.toMatchObject({ code: 'store/BAD_PROOF' })
})

test('the proof of another row is refused, whether or not it pretends', async () => {
  const keys = [balanceKey(alice.address)]
  onBalance((_, { ask, params }) => ask('chain_proof', { ...params, keys }))
  await expect(balance()).rejects.toMatchObject({ code: 'client/OTHER_ROWS' })
  onBalance(async (result, { ask, params }) => {
    const other: Answer & { rows: Answer[] } = await ask('chain_proof', { ...params, keys })
    return { ...other, rows: [{ ...other.rows[0], key: result.rows[0]?.key }] }
  })
  await expect(balance()).rejects.toMatchObject({ code: 'store/BAD_PROOF' })
  onBalance((result) => ({ ...result, rows: [] }))
  await expect(balance()).rejects.toMatchObject({ code: 'client/OTHER_ROWS' })
})

test('a proof of another height is refused', async () => {
  // The row as it was before the payment, with a proof that is right for that time.
  onBalance((_, { ask, params }) => ask('chain_proof', { ...params, height: '0' }))
  await expect(balance()).rejects.toMatchObject({ code: 'store/BAD_PROOF' })
  onProofs((_, { ask, params }) => ask('chain_proof', { ...params, height: '1' }))
  const asked = clientOf().prove.token.supply(null, { height: 2n as Height })
  await expect(asked).rejects.toMatchObject({ code: 'client/OTHER_HEIGHT', values: { want: 2n, got: 1n } })
})

test('another header is refused: its seal is of the one that was sealed', async () => {
  for (const change of [
    { timeMs: '1' },
    { stateRoot: '11'.repeat(32) },
    { nextValidatorsHash: '11'.repeat(32) },
  ]) {
    onProofs((result) => ({ ...result, header: { ...(result.header as Answer), ...change } }))
    await expect(balance()).rejects.toMatchObject({ code: 'consensus/BAD_SEAL' })
  }
  onProofs((result) => ({ ...result, seal: '' }))
  await expect(balance()).rejects.toMatchObject({ code: 'consensus/BAD_SEAL' })
  onProofs(async (result, { ask, params }) => {
    const other: Answer = await ask('chain_proof', { ...params, height: '1' })
    return { ...result, seal: other.seal }
  })
  await expect(balance()).rejects.toMatchObject({ code: 'consensus/BAD_SEAL' })
})

/** A state, a proof and a header of mallory's own making, with mallory's seal. */
function forged(result: Answer & { rows: Answer[] }, change: object = {}) {
  const rows = result.rows.map(({ key }) => ({ key, value: '2a' }))
  const root = stateRoot(rows.slice(0, 1).map(({ key, value }) => [String(key), Buffer.from(value, 'hex')]))
  const json = { ...(result.header as Answer), stateRoot: root, ...change }
  const header = fromJson(headerCodec, json, { addressPrefix: 'mmt' })
  const { fingerprint } = running
  const message = sealMessage(fingerprint, blockId(fingerprint, header))
  const suite = [...chain.suites.values()][0] as { sign(message: Uint8Array, secret: Uint8Array): Uint8Array }
  return { ...result, header: json, seal: toHex(suite.sign(message, mallory.secret)), rows, proof: '0101' }
}

test('the seal of another key is refused', async () => {
  onProofs((result) => forged(result))
  await expect(balance()).rejects.toMatchObject({ code: 'consensus/BAD_SEAL' })
})

test('validators that are not those of the genesis are refused, with their own seal too', async () => {
  const key = mallory.authority.keys[0] as never
  const set = { ...running.genesis.validators, validators: [{ address: mallory.address, key }] }
  const own = validatorsHash(running.fingerprint, set)
  onProofs((result) => forged(result, { validatorsHash: own }))
  await expect(balance()).rejects.toMatchObject({ code: 'client/OTHER_VALIDATORS', values: { got: own } })
})

test('a genesis that is not the one of the fingerprint is refused', async () => {
  const { genesis: other } = testChain(chain, { token: { balances: [], unclaimed: [] } })
  const lieAbout = (change: (head: Answer) => object) => {
    lie = ({ method, result }) => (method === 'chain_genesisHead' ? (change(result) as Json) : result)
  }
  lieAbout(() => writeGenesisHead(other))
  await expect(balance()).rejects.toMatchObject({ code: 'client/WRONG_CHAIN' })
  const key = mallory.authority.keys[0] as never
  const mine = toJson(validator, { address: mallory.address, key }, chain)
  const changes: readonly ((head: Answer) => object)[] = [
    (head) => ({ ...head, timeMs: '1' }),
    (head) => ({ ...head, validators: [mine] }),
    (head) => ({ ...head, documents: [] }),
    (head) => ({ ...head, documents: [{ ...Object((head.documents as Json[])[0]), hash: '11'.repeat(32) }] }),
  ]
  for (const change of changes) {
    lieAbout(change)
    await expect(balance()).rejects.toMatchObject({
      code: 'kernel/GENESIS_MISMATCH',
      values: { field: 'fingerprint' },
    })
  }
  lie = undefined
  const wrong = createClient({ chain, url: proxy.url, fingerprint: hash('00'.repeat(32)) })
  await expect(wrong.prove.token.supply()).rejects.toMatchObject({ code: 'client/WRONG_CHAIN' })
})

test('what is read of a chain with a genesis too large to answer with is proven all the same', async () => {
  const balances = Array.from({ length: 400 }, (_, i) => ({
    owner: testAccount(`holder ${i}`).address,
    amount: amount(BigInt(i + 1)),
  }))
  const limits = { ...RPC_LIMITS_DEFAULT, answerBytesMax: 8_192 }
  const large = await start(
    { ...RPC_SETTINGS_DEFAULT, limits },
    chain as never,
    await merkleStore({ path: join(path, 'large') }),
    { token: { balances, unclaimed: [] } },
  )
  try {
    const client = createClient({ chain, url: large.url, fingerprint: large.fingerprint })
    await expect(client.request('chain_genesis')).rejects.toMatchObject({ code: 'rpc/ANSWER_TOO_LARGE' })
    for await (const { height } of client.heads()) if (height > 1n) break
    const owner = testAccount('holder 41').address
    expect((await client.prove.token.balance({ owner })).value).toBe(42n)
  } finally {
    await large.stop()
  }
})

test('a price that governance has raised is paid when the node proves it, and not on its word', async () => {
  const governor = defineModule('governor', {
    needs: { kernel: need<{}, Pick<KernelGranted, 'setParameter'>>() },
  }).command('raise', struct({ fee: amountCodec }), (ctx, { fee }) =>
    ctx.needs.kernel.setParameter({
      module: 'token',
      name: 'commandFee',
      value: encode(amountCodec, fee),
    }),
  )
  const governed = defineChain({ id: 'governed-test', slotMs: 20, consensus: solo() })
    .use(governor, { grants: { kernel: ['setParameter'] } })
    .use(token({ symbol: 'TST', decimals: 2 }), { governable: ['commandFee'] })
  const other = await start(
    undefined,
    governed as never,
    await merkleStore({ path: join(path, 'governed'), keepHeights: 'all' }),
  )
  try {
    const { url, fingerprint } = other
    const trusting = createClient({ chain: governed, url, signer: alice.signer })
    const client = createClient({ chain: governed, url, signer: alice.signer, fingerprint })
    const pay = (by: typeof client) => by.send.token.transfer({ to: bob.address, amount: amount(1n) })
    expect((await pay(client)).fee).toBe(50n)
    await client.send.governor.raise({ fee: amount(80n) })
    expect((await pay(client)).fee).toBe(80n)
    const unlisted = { code: 'client/FEE_NOT_LISTED', values: { want: 80n, listed: 50n } }
    await expect(pay(trusting)).rejects.toMatchObject(unlisted)
    const greedy: Transport = async (method, params, options) => {
      const answer = await client.request(method, params, options)
      return method === 'tx_simulate' ? { ...(answer as object), fee: '81' } : answer
    }
    const robbed = createClient({ chain: governed, transport: greedy, signer: alice.signer, fingerprint })
    await expect(pay(robbed)).rejects.toMatchObject({
      code: 'client/FEE_NOT_LISTED',
      values: { want: 81n, listed: 80n },
    })
  } finally {
    await other.stop()
  }
})

test('an answer without the shape of a proof is refused', async () => {
  for (const answer of [null, [], {}, { header: {} }]) {
    onProofs(() => answer)
    await expect(balance()).rejects.toMatchObject({ code: 'codec/BAD_JSON' })
  }
})

test('no change of one digit makes a wrong answer', async () => {
  const random = generator(SEED)
  const places = (value: Json): readonly { get(): string; set(text: string): void }[] =>
    Object.entries(Object(value)).flatMap(([name, member]) => {
      const owner = value as Answer
      if (typeof member !== 'string') return places(member as Json)
      const set = (text: string) => {
        owner[name] = text
      }
      return member.length > 0 ? [{ get: () => member, set }] : []
    })
  const told = { refused: 0, right: 0 }
  for (let i = 0; i < 300; i++) {
    onProofs((result) => {
      const all = places(result)
      const { get, set } = all[random(all.length)] as (typeof all)[number]
      const [text, at] = [get(), random(get().length)]
      const digit = '0123456789abcdef'[random(16)] as string
      set(text.slice(0, at) + digit + text.slice(at + 1))
      return result
    })
    // What is changed to itself, or plays no part in what was asked, leaves the answer as it is.
    const value = await balance().then(
      (proven) => proven.value,
      (error) => String(error.code),
    )
    if (typeof value === 'bigint') expect(value, `seed ${SEED}, change ${i}`).toBe(100_070n)
    else
      expect(value, `seed ${SEED}, change ${i}`).toMatch(/^(client|codec|consensus|store|rpc)\/[A-Z_0-9]+$/)
    told[typeof value === 'bigint' ? 'right' : 'refused'] += 1
  }
  expect(told.refused).toBeGreaterThan(told.right)
})
