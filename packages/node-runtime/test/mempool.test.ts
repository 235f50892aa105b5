import { ethereumAddress, secp256k1, sha256, signEthereumText } from '@mmtchain/crypto'
import {
  createMachine,
  defineChain,
  height,
  type ModulesOf,
  memoryStore,
  type Prepared,
  solo,
  type Tip,
} from '@mmtchain/kernel'
import { createMempool } from '@mmtchain/node-runtime'
import { type Address, amount, ChainError, utf8 } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const chain = defineChain({ id: 'pool-test', consensus: solo() }).use(token({ symbol: 'TST', decimals: 2 }))
const funds = [alice, bob].map((owner) => ({ owner, amount: amount(100_000n) }))
const documents = { token: { balances: funds, unclaimed: [] } }

/** A mempool over the genesis state, and transactions for it. */
function start(
  limits?: { countMax: number; bytesMax: number; perSenderMax: number },
  given: Parameters<typeof testChain<ModulesOf<typeof chain>>>[1] = documents,
) {
  const model = testChain(chain, given)
  const machine = createMachine(model.genesis)
  const store = memoryStore()
  const begun = machine.begin(store)
  const none = new Uint8Array()
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  const tip: Tip = begun.tip
  const pool = createMempool({ machine, view: () => ({ state: store, tip }), ...(limits && { limits }) })
  const transfer = (
    sender: Address,
    nonce: bigint,
    more: { fee?: bigint; validUntil?: bigint } = {},
  ): Prepared => {
    const to = sender === alice ? bob : alice
    const body = model.body(sender, [
      { module: 'token', command: 'transfer', input: { to, amount: amount(1n) } },
    ])
    const changed = {
      ...body,
      nonce,
      fee: amount(more.fee ?? body.fee),
      validUntil: height(more.validUntil ?? body.validUntil),
    }
    return machine.prepare(model.sign(changed))
  }
  return { pool, transfer, machine, store, tip, model }
}

const code = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

test('the same transaction twice is the same answer and one entry', () => {
  const { pool, transfer } = start()
  const one = transfer(alice, 0n)
  expect(pool.add(one)).toBe(pool.add(transfer(alice, 0n)))
  expect(pool.count).toBe(1)
})

test('candidates come best price first, each sender’s in order of nonce, without gaps', () => {
  const { pool, transfer } = start()
  const [a0, a1, b0, b2] = [
    transfer(alice, 0n, { fee: 60n }),
    transfer(alice, 1n, { fee: 900n }),
    transfer(bob, 0n, { fee: 100n }),
    transfer(bob, 2n, { fee: 5_000n }),
  ]
  for (const one of [a1, b2, a0, b0]) pool.add(one)
  expect(pool.candidates().map(({ id }) => id)).toEqual([b0, a0, a1].map(({ id }) => id))
  expect(pool.nextNonce(alice, 0n)).toBe(2n)
  expect(pool.nextNonce(bob, 0n)).toBe(1n)
})

test('what could never be in a block is refused at the door', () => {
  const { pool, transfer } = start()
  expect(code(() => pool.add(transfer(alice, 0n, { fee: 1n })))).toBe('kernel/FEE_TOO_LOW')
  expect(code(() => pool.add(transfer(alice, 0n, { fee: 1_000_000n })))).toBe('token/CANNOT_PAY_FEE')
  expect(code(() => pool.add(transfer(alice, 0n, { validUntil: 0n })))).toBe('kernel/EXPIRED')
  expect(code(() => pool.add(transfer(alice, 64n)))).toBe('node/NONCE_TOO_FAR')
  expect(pool.count).toBe(0)
})

test('a replacement must offer a tenth more', () => {
  const { pool, transfer } = start()
  pool.add(transfer(alice, 0n, { fee: 100n }))
  expect(code(() => pool.add(transfer(alice, 0n, { fee: 110n })))).toBe('node/NONCE_TAKEN')
  const better = transfer(alice, 0n, { fee: 111n })
  pool.add(better)
  expect(pool.candidates().map(({ id }) => id)).toEqual([better.id])
})

test('counts are bounded overall', () => {
  const { pool, transfer } = start({ countMax: 2, bytesMax: 1_000_000, perSenderMax: 64 })
  pool.add(transfer(alice, 0n))
  pool.add(transfer(alice, 1n))
  expect(code(() => pool.add(transfer(bob, 0n)))).toBe('node/POOL_FULL')
})

test('bytes are bounded overall', () => {
  const { pool, transfer } = start({ countMax: 100, bytesMax: 500, perSenderMax: 64 })
  pool.add(transfer(alice, 0n))
  expect(code(() => pool.add(transfer(bob, 0n)))).toBe('node/POOL_FULL')
})

test('a full pool evicts what offers least for what offers more', () => {
  const { pool, transfer } = start({ countMax: 2, bytesMax: 1_000_000, perSenderMax: 64 })
  const [cheap, dear] = [transfer(alice, 0n, { fee: 100n }), transfer(bob, 0n, { fee: 200n })]
  pool.add(cheap)
  pool.add(transfer(alice, 1n, { fee: 90n }))
  pool.add(dear)
  expect(pool.candidates().map(({ id }) => id)).toEqual([dear.id, cheap.id])
  expect(code(() => pool.add(transfer(bob, 1n, { fee: 80n })))).toBe('node/POOL_FULL')
})

test('one balance cannot back more fees than it holds', () => {
  const { pool, transfer } = start()
  pool.add(transfer(alice, 0n, { fee: 60_000n }))
  expect(code(() => pool.add(transfer(alice, 1n, { fee: 60_000n })))).toBe('token/CANNOT_PAY_FEE')
  pool.add(transfer(alice, 1n, { fee: 40_000n }))
})

test('a dropped transaction is remembered with its reason', () => {
  const { pool, transfer } = start()
  const one = transfer(alice, 0n)
  pool.add(one)
  pool.drop(one.id, new ChainError({ code: 'kernel/EXPIRED', message: 'late', hint: 'again' }))
  expect([pool.has(one.id), pool.droppedFor(one.id)?.code]).toEqual([false, 'kernel/EXPIRED'])
})

test('a transaction without a fee waits only as the next of its sender', () => {
  const secret = sha256(utf8('holder'))
  const holder = ethereumAddress(secp256k1.publicKey(secret))
  const claimable = { token: { balances: funds, unclaimed: [{ holder, amount: amount(5n) }] } }
  const { pool, model, machine } = start(undefined, claimable)
  const signature = signEthereumText({ text: model.read.token.claimText({ to: alice }), secret })
  const body = model.body(alice, [{ module: 'token', command: 'claim', input: { to: alice, signature } }])
  expect(body.fee).toBe(0n)
  const early = machine.prepare(model.sign({ ...body, nonce: 1n }))
  expect(code(() => pool.add(early))).toBe('node/FREE_ONLY_NEXT')
  pool.add(machine.prepare(model.sign(body)))
  expect(pool.count).toBe(1)
})

test('a committed block takes its transactions, their rivals and what has expired out of the pool', () => {
  const { pool, transfer, machine, store, tip } = start()
  const [mine, rival, brief] = [
    transfer(alice, 0n, { fee: 100n }),
    transfer(alice, 0n, { fee: 200n }),
    transfer(bob, 0n, { validUntil: 1n }),
  ]
  pool.add(rival)
  pool.add(brief)
  const request = {
    timeMs: tip.header.timeMs + 10_000n,
    round: 0,
    consensus: new Uint8Array(),
    evidence: [],
    missProofs: [],
  }
  const built = machine.build(store, {
    parent: tip,
    proposer: testAccount('validator').address,
    request,
    candidates: [mine],
  })
  expect(built.transactionIds).toEqual([mine.id])
  pool.committed(built.block, built.transactionIds)
  expect(pool.count).toBe(0)
})
