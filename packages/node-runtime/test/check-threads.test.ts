import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost, workerThreads } from '@mmtchain/node-runtime'
import { amount, utf8 } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { type Transaction, transaction, transactionId } from '@mmtchain/tx'
import { afterEach, beforeEach, expect, test } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const chain = defineChain({ id: 'threads', slotMs: 60_000, consensus: solo() }).use(
  token({ symbol: 'TST', decimals: 2 }),
)
const model = testChain(chain, {
  token: { balances: [{ owner: alice, amount: amount(100_000n) }], unclaimed: [] },
})
const { secret, address } = testAccount('validator')

let threads: ReturnType<typeof workerThreads>
let node: Awaited<ReturnType<typeof createNode>>

beforeEach(async () => {
  threads = workerThreads({ max: 2, log: silentLog })
  const host = systemHost(silentLog, { checkThreads: threads })
  node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host,
    validator: memorySigner({ address, suite: secp256k1, secret }),
  })
})
afterEach(() => node.stop())

/** Transfers of Alice with nonces 0, 1, …; the signatures of some are broken. */
function transfers(count: number, isBroken: (n: number) => boolean = () => false): readonly Transaction[] {
  return Array.from({ length: count }, (_, n) => {
    const call = { module: 'token', command: 'transfer', input: { to: bob, amount: amount(1n) } }
    const signed = model.sign({ ...model.body(alice, [call]), nonce: BigInt(n) })
    if (!isBroken(n)) return signed
    return { ...signed, signatures: [{ index: 0, signature: new Uint8Array(64).fill(1) }] }
  })
}

test('many at once get the same answers from threads as one by one', async () => {
  const all = transfers(40, (n) => n % 5 === 4)
  const answers = await Promise.allSettled(all.map((one) => node.submit(one)))
  for (const [n, answer] of answers.entries()) {
    if (n % 5 === 4) expect(answer).toMatchObject({ reason: { code: 'tx/BAD_SIGNATURE' } })
    else expect(answer.status).toBe('fulfilled')
  }
  expect(node.mempool.count).toBe(32)
  const again = await Promise.all(all.filter((_, n) => n % 5 !== 4).map((one) => node.submit(one)))
  expect(new Set(again).size).toBe(32)
  expect(node.mempool.count).toBe(32)
})

test('many in one call get the same answers, as values and as bytes, in their order', async () => {
  const all = transfers(60, (n) => n === 11)
  const given = all.map((one, n) => (n === 20 ? utf8('none') : n % 2 === 0 ? encode(transaction, one) : one))
  const answers = await node.submitAll(given)
  expect(answers[11]).toMatchObject({ error: { code: 'tx/BAD_SIGNATURE' } })
  expect(answers[20]).toMatchObject({ error: { code: 'codec/ENDS_EARLY' } })
  const ids = all.map((one, n) => (n === 11 || n === 20 ? undefined : transactionId(one.body)))
  expect(answers.map((answer) => ('id' in answer ? answer.id : undefined))).toEqual(ids)
  const again = await node.submitAll([...given].reverse())
  expect(again.map((answer) => ('id' in answer ? answer.id : undefined))).toEqual([...ids].reverse())
  expect(node.mempool.count).toBe(58)
})

test('threads answer valid transactions with the id, and nothing to few, to broken ones and after the end', async () => {
  const all = transfers(20, (n) => n === 7)
  const known = { fingerprint: model.genesis.fingerprint, suiteCodes: [1] }
  const bytesOf = (one: Transaction) => {
    const { bytes } = node.machine.prepare(one)
    return bytes
  }
  const bytes = all.map((one, n) => (n === 7 ? new Uint8Array(300) : bytesOf(one)))
  const ids = await threads.check(known, bytes)
  expect(ids.map((id) => id !== undefined)).toEqual(all.map((_, n) => n !== 7))
  expect(ids[0]).toBe(node.machine.prepare(all[0] as Transaction).id)
  expect(await threads.check(known, bytes.slice(0, 1))).toEqual([undefined])
  await threads.close()
  expect(await threads.check(known, bytes)).toEqual(bytes.map(() => undefined))
  expect(await node.submit(all[0] as Transaction)).toBe(ids[0])
})
