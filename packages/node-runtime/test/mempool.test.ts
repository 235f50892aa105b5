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
import { createMempool, type MempoolLimits } from '@mmtchain/node-runtime'
import { type Address, amount, ChainError, utf8 } from '@mmtchain/primitives'
import { testAccount, testAccountAt, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { payerMessage, type Transaction, type TransactionBody, transactionId } from '@mmtchain/tx'
import { expect, test } from 'vitest'

const [alice, bob, carol] = testAddresses('alice', 'bob', 'carol')
const chain = defineChain({ id: 'pool-test', consensus: solo() }).use(token({ symbol: 'TST', decimals: 2 }))
const funds = [alice, bob].map((owner) => ({ owner, amount: amount(100_000n) }))
const documents = { token: { balances: funds, unclaimed: [] } }

/** A mempool over the genesis state, and transactions for it. */
function start(
  limits: Partial<MempoolLimits> = {},
  given: Parameters<typeof testChain<ModulesOf<typeof chain>>>[1] = documents,
) {
  const model = testChain(chain, given)
  const machine = createMachine(model.genesis)
  const store = memoryStore()
  const begun = machine.begin(store)
  const none = new Uint8Array()
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  let tip: Tip = begun.tip
  const pool = createMempool({ machine, view: () => ({ state: store, tip }), limits })
  const transfer = (
    sender: Address,
    nonce: bigint,
    more: { fee?: bigint; validUntil?: bigint; amount?: bigint; payer?: Address } = {},
  ): Prepared => {
    const to = sender === alice ? bob : alice
    const body = model.body(sender, [
      { module: 'token', command: 'transfer', input: { to, amount: amount(more.amount ?? 1n) } },
    ])
    const changed = {
      ...body,
      nonce,
      fee: amount(more.fee ?? body.fee),
      validUntil: height(more.validUntil ?? body.validUntil),
    }
    return machine.prepare(more.payer ? sponsored(changed, more.payer) : model.sign(changed))
  }
  /** A transaction of another account's fee. */
  const sponsored = (unsigned: TransactionBody, payer: Address): Transaction => {
    const body = { ...unsigned, payer, weightMax: unsigned.weightMax + BigInt(secp256k1.weight) }
    const { authority, secret } = testAccountAt(payer)
    const { fee: feeMax, fingerprint } = body
    const message = payerMessage({ fingerprint, id: transactionId(body), feeMax })
    const signatures = [{ index: 0, signature: secp256k1.sign(message, secret) }]
    return { ...model.sign(body), payerConsent: { authority, feeMax, signatures } }
  }
  /** Makes the next block of these, or of what the pool offers, and tells the pool. */
  const commit = (candidates: Iterable<Prepared> = pool.candidates(), { tell = true } = {}) => {
    const request = {
      timeMs: tip.header.timeMs + 10_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const proposer = testAccount('validator').address
    const built = machine.build(store, { parent: tip, proposer, request, candidates })
    store.commitNow({ ...built, seal: none, checkpoint: none })
    tip = built.tip
    if (tell) pool.committed(built.block, built.transactionIds)
    return built
  }
  const ids = () => [...pool.candidates()].map(({ id }) => id)
  return { pool, transfer, machine, commit, ids, model }
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
  expect([...pool.candidates()].map(({ id }) => id)).toEqual([b0, a0, a1].map(({ id }) => id))
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
  expect([...pool.candidates()].map(({ id }) => id)).toEqual([better.id])
})

test('counts are bounded overall', () => {
  const { pool, transfer } = start({ countMax: 2 })
  pool.add(transfer(alice, 0n))
  pool.add(transfer(alice, 1n))
  expect(code(() => pool.add(transfer(bob, 0n)))).toBe('node/POOL_FULL')
})

test('a full pool knows without a look at the state who finds no place', () => {
  const { pool, transfer } = start({ countMax: 2 })
  const look = (one: ReturnType<typeof transfer>) => () => pool.checkRoom('peer', one.transaction, one.bytes)
  const [first, second] = [transfer(alice, 0n, { fee: 100n }), transfer(alice, 1n, { fee: 90n })]
  pool.add(first)
  look(transfer(alice, 1n))()
  pool.add(second)
  expect(code(look(transfer(alice, 2n, { fee: 90n })))).toBe('node/POOL_FULL')
  // These have other answers: one that waits, a better offer, a replacement, and a sender of whom nothing is known.
  for (const one of [second, transfer(alice, 2n, { fee: 91n }), transfer(alice, 1n), transfer(bob, 0n)])
    look(one)()
})

test('the last tenth of the places is for what other nodes have let in', () => {
  const { pool, transfer } = start({ countMax: 10 })
  for (let nonce = 0n; nonce < 9n; nonce++) pool.add(transfer(alice, nonce, { fee: 90n }))
  const { transaction, bytes } = transfer(alice, 9n, { fee: 90n })
  expect(code(() => pool.checkRoom('client', transaction, bytes))).toBe('node/POOL_FULL')
  pool.checkRoom('peer', transaction, bytes)
  const dearer = transfer(alice, 9n, { fee: 91n })
  pool.checkRoom('client', dearer.transaction, dearer.bytes)
})

test('bytes are bounded overall', () => {
  const { pool, transfer } = start({ bytesMax: 500 })
  pool.add(transfer(alice, 0n))
  expect(code(() => pool.add(transfer(bob, 0n)))).toBe('node/POOL_FULL')
})

test('a full pool evicts what offers least for what offers more', () => {
  const { pool, transfer } = start({ countMax: 2 })
  const [cheap, dear] = [transfer(alice, 0n, { fee: 100n }), transfer(bob, 0n, { fee: 200n })]
  pool.add(cheap)
  pool.add(transfer(alice, 1n, { fee: 90n }))
  pool.add(dear)
  expect([...pool.candidates()].map(({ id }) => id)).toEqual([dear.id, cheap.id])
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
  const { pool, model, machine } = start({}, claimable)
  const signature = signEthereumText({ text: model.read.token.claimText({ to: alice }), secret })
  const body = model.body(alice, [{ module: 'token', command: 'claim', input: { to: alice, signature } }])
  expect(body.fee).toBe(0n)
  const early = machine.prepare(model.sign({ ...body, nonce: 1n }))
  expect(code(() => pool.add(early))).toBe('node/FREE_ONLY_NEXT')
  pool.add(machine.prepare(model.sign(body)))
  expect(pool.count).toBe(1)
})

test('a committed block takes its transactions, their rivals and what has expired out of the pool, and says why', () => {
  const { pool, transfer, commit } = start()
  const [mine, rival, brief] = [
    transfer(alice, 0n, { fee: 100n }),
    transfer(alice, 0n, { fee: 200n }),
    transfer(bob, 0n, { validUntil: 1n }),
  ]
  pool.add(rival)
  pool.add(brief)
  expect(commit([mine]).transactionIds).toEqual([mine.id])
  expect([pool.count, pool.bytes, pool.senders]).toEqual([0, 0, 0])
  expect(pool.droppedFor(rival.id)?.code).toBe('node/NONCE_USED')
  expect(pool.droppedFor(brief.id)?.code).toBe('node/OUTDATED')
})

test('what a block has made impossible is dropped when it is checked again', () => {
  const { pool, transfer, commit } = start()
  const spend = transfer(alice, 0n, { amount: 99_890n, fee: 60n })
  const next = transfer(alice, 1n, { fee: 60n })
  pool.add(transfer(alice, 0n, { fee: 50n }))
  pool.add(next)
  pool.add(transfer(bob, 0n))
  commit([spend])
  expect(pool.droppedFor(next.id)?.code).toBe('token/CANNOT_PAY_FEE')
  expect(pool.count).toBe(1)
})

test('with a small budget those that no block has touched are checked again in turn', () => {
  const { pool, transfer, commit } = start({ recheckMax: 1 })
  pool.add(transfer(alice, 0n))
  // Bob pays for Carol, who has nothing. Then his balance goes, without the pool seeing how.
  for (const nonce of [0n, 1n]) pool.add(transfer(carol, nonce, { payer: bob, fee: 60n }))
  commit([transfer(bob, 0n, { amount: 99_950n })], { tell: false })
  const senders = () => [...pool.all()].map(({ transaction: { body } }) => body.sender).sort()
  commit([])
  expect(senders()).toEqual([alice, carol, carol].sort())
  commit([])
  expect(senders()).toEqual([alice])
})

test('fees that wait stay reserved on the next tip, though nothing was checked again', () => {
  const { pool, transfer, commit, ids } = start({ recheckMax: 0 })
  const first = transfer(alice, 0n, { fee: 60_000n })
  pool.add(first)
  commit([])
  expect(code(() => pool.add(transfer(alice, 1n, { fee: 50_000n })))).toBe('token/CANNOT_PAY_FEE')
  const next = transfer(alice, 1n, { fee: 30_000n })
  pool.add(next)
  expect(ids()).toEqual([first.id, next.id])
})

test('what waits and can be in no block any more keeps nobody out who can pay', () => {
  const { pool, transfer, commit, ids } = start({ recheckMax: 0 })
  const first = transfer(alice, 0n, { fee: 60_000n })
  pool.add(first)
  commit([transfer(alice, 0n)], { tell: false })
  commit([])
  expect(ids()).toEqual([first.id])
  const next = transfer(alice, 1n, { fee: 90_000n })
  pool.add(next)
  expect(ids()).toEqual([next.id])
  expect(pool.droppedFor(first.id)?.code).toBe('kernel/NONCE_MISMATCH')
})

test('what waits behind a gap is worth nothing: it is evicted first, and evicts nothing', () => {
  const { pool, transfer, ids } = start({ countMax: 2 })
  const [cheap, far] = [transfer(alice, 0n, { fee: 60n }), transfer(bob, 1n, { fee: 9_000n })]
  pool.add(far)
  pool.add(cheap)
  expect(ids()).toEqual([cheap.id])
  expect(code(() => pool.add(transfer(bob, 2n, { fee: 9_000n })))).toBe('node/POOL_FULL')
  const next = transfer(alice, 1n, { fee: 50n })
  pool.add(next)
  expect(pool.droppedFor(far.id)?.code).toBe('node/EVICTED')
  expect(ids()).toEqual([cheap.id, next.id])
})

test('a transaction is worth no more than what must go before it', () => {
  const { pool, transfer, ids } = start({ countMax: 3 })
  const [a0, a1, b0] = [
    transfer(alice, 0n, { fee: 60n }),
    transfer(alice, 1n, { fee: 9_000n }),
    transfer(bob, 0n, { fee: 70n }),
  ]
  for (const one of [a1, a0, b0]) pool.add(one)
  expect(ids()).toEqual([b0.id, a0.id, a1.id])
  const better = transfer(bob, 1n, { fee: 65n })
  pool.add(better)
  expect(pool.droppedFor(a1.id)?.code).toBe('node/EVICTED')
  expect(ids()).toEqual([b0.id, better.id, a0.id])
})

test('when a gap closes, those behind it take their place', () => {
  const { pool, transfer, ids } = start()
  const [a0, a1, a2, b0] = [
    transfer(alice, 0n, { fee: 500n }),
    transfer(alice, 1n, { fee: 400n }),
    transfer(alice, 2n, { fee: 450n }),
    transfer(bob, 0n, { fee: 420n }),
  ]
  for (const one of [a2, b0, a0]) pool.add(one)
  expect(ids()).toEqual([a0.id, b0.id])
  pool.add(a1)
  expect(ids()).toEqual([a0.id, b0.id, a1.id, a2.id])
  pool.drop(a1.id, new ChainError({ code: 'test/GONE', message: '', hint: '' }))
  expect(ids()).toEqual([a0.id, b0.id])
})

test('a replacement may use the balance that the one before it had reserved', () => {
  const { pool, transfer, ids } = start()
  const first = transfer(alice, 0n, { fee: 60_000n })
  pool.add(first)
  expect(code(() => pool.add(transfer(alice, 0n, { fee: 100_001n })))).toBe('token/CANNOT_PAY_FEE')
  const better = transfer(alice, 0n, { fee: 90_000n })
  pool.add(better)
  expect(ids()).toEqual([better.id])
  expect(pool.droppedFor(first.id)?.code).toBe('node/REPLACED')
  expect(code(() => pool.add(transfer(alice, 1n, { fee: 10_001n })))).toBe('token/CANNOT_PAY_FEE')
  pool.add(transfer(alice, 1n, { fee: 10_000n }))
})

test('a refusal leaves nothing reserved', () => {
  const { pool, transfer } = start({ countMax: 2 })
  pool.add(transfer(bob, 0n, { fee: 900n }))
  pool.add(transfer(bob, 1n, { fee: 900n }))
  expect(code(() => pool.add(transfer(alice, 2n, { fee: 60_000n })))).toBe('node/POOL_FULL')
  expect(code(() => pool.add(transfer(alice, 64n, { fee: 60_000n })))).toBe('node/NONCE_TOO_FAR')
  pool.add(transfer(alice, 0n, { fee: 60_000n }))
})

test('count and bytes are bounded per sender, and the transactions that one account pays for', () => {
  const many = start({ perSenderMax: 2 })
  for (const nonce of [0n, 1n]) many.pool.add(many.transfer(alice, nonce))
  expect(code(() => many.pool.add(many.transfer(alice, 2n)))).toBe('node/SENDER_QUEUE_FULL')

  const large = start({ perSenderBytesMax: 700 })
  const [first, second] = [large.transfer(alice, 0n), large.transfer(alice, 1n)]
  expect(first.bytes.length * 2 < 700 && first.bytes.length * 3 > 700).toBe(true)
  large.pool.add(first)
  large.pool.add(second)
  expect(code(() => large.pool.add(large.transfer(alice, 2n)))).toBe('node/SENDER_QUEUE_LARGE')

  const paid = start({ perPayerMax: 2 })
  for (const nonce of [0n, 1n]) paid.pool.add(paid.transfer(carol, nonce, { payer: alice }))
  expect(code(() => paid.pool.add(paid.transfer(bob, 0n, { payer: alice })))).toBe('node/PAYER_QUEUE_FULL')
  paid.pool.add(paid.transfer(carol, 0n, { payer: alice, fee: 900n }))
  paid.pool.add(paid.transfer(bob, 0n))
})

test('a transaction larger than a sender’s share may wait alone', () => {
  const { pool, transfer } = start({ perSenderBytesMax: 10 })
  pool.add(transfer(alice, 0n))
  expect(code(() => pool.add(transfer(alice, 1n)))).toBe('node/SENDER_QUEUE_LARGE')
})
