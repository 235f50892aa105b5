// Who pays for what was not done, and who gets it back.
import { secp256k1 } from '@mmtchain/crypto'
import { amount, utf8 } from '@mmtchain/primitives'
import { testAccountAt } from '@mmtchain/testkit'
import { payerMessage, transactionId } from '@mmtchain/tx'
import { expect, test } from 'vitest'
import { alice, bob, COUNTER, call, DEPOSIT, GAS, type Harbour, harbour, made, validator } from './harbour.ts'

const BASE = 10_000_000n
const balance = (on: Harbour, owner: string) => on.read.token.balance({ owner: owner as never })
const adding = (contract: string, method = 'add', gas = GAS) => ({
  ...{ module: 'contracts', command: 'call' },
  input: {
    ...{ contract, method, input: utf8('1'), amount: amount(0n), gas, depositMax: DEPOSIT },
  },
})

/** A call of alice's for which bob pays. */
function paidByBob(on: Harbour, contract: string, method: string) {
  const own = on.body(alice, [adding(contract, method)])
  const unsigned = { ...own, payer: bob, weightMax: own.weightMax + BigInt(secp256k1.weight) }
  const { authority, secret } = testAccountAt(bob)
  const feeMax = unsigned.fee
  const message = payerMessage({
    ...{ fingerprint: on.genesis.fingerprint, id: transactionId(unsigned), feeMax },
  })
  const signatures = [{ index: 0, signature: secp256k1.sign(message, secret) }]
  return on.submit({ ...on.sign(unsigned), payerConsent: { authority, feeMax, signatures } })
}

test('gas that was not used goes back to the payer, and a deposit is the sender’s', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const [sender, payer] = [balance(on, alice), balance(on, bob)]
  const done = paidByBob(on, counter, 'add')
  const fee = done.receipt?.fee ?? 0n
  expect(done.code).toBeUndefined()
  expect(fee).toBeGreaterThan(BASE)
  expect(fee).toBeLessThan(BASE + 20_000_000n)
  expect(payer - balance(on, bob)).toBe(fee)
  // The new row is of 66 bytes, which the sender deposits: a payer pays for work, not for what is stored.
  expect(sender - balance(on, alice)).toBe(66n * 10_000n)
})

test('the payer of a call that fails gets back what it did not use, and the sender pays nothing', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const [sender, payer] = [balance(on, alice), balance(on, bob)]
  const done = paidByBob(on, counter, 'missing')
  expect(done.code).toBe('sandbox/NO_METHOD')
  expect(done.receipt?.fee).toBeLessThan(BASE + 20_000_000n)
  expect(payer - balance(on, bob)).toBe(done.receipt?.fee)
  expect(balance(on, alice)).toBe(sender)
})

test('gas of calls whose turn did not come is given back, all of it', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const alone = call(on, counter, 'missing').receipt?.fee ?? 0n
  const before = balance(on, alice)
  const calls = [adding(counter, 'missing'), adding(counter), adding(counter, 'add', 200_000_000n)]
  const done = on.transaction(alice, calls)
  expect(done.code).toBe('sandbox/NO_METHOD')
  // Three commands, and the gas of the one that ran.
  expect(done.receipt?.fee).toBe(alone + 2n * BASE)
  expect(before - balance(on, alice)).toBe(done.receipt?.fee)
})

test('runs that are due are no free way to keep those of others waiting: who cancels pays for them, and they run', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const plan = { contract: counter, method: 'add', gas: GAS, depositMax: DEPOSIT }
  on.as(bob).contracts.listen({ ...plan, source: counter, event: 'counted', runs: 50 } as never)
  // Each call says `counted`; the runs are due in the block after, and the plan is cancelled within the block that makes them due.
  const say = { sender: alice, ...adding(counter) }
  const cancel = { sender: bob, module: 'contracts', command: 'cancel', input: { plan: 0n } }
  const before = balance(on, bob)
  const done = on.block([say, say, say, cancel])
  expect(done.map(({ code }) => code)).toEqual(Array(4).fill(undefined))
  const back = (BASE + 20_000_000n + DEPOSIT) * 47n
  expect(balance(on, bob) - before).toBe(back - (done[3]?.receipt?.fee ?? 0n))
  expect(on.read.contracts.plan({ plan: 0n })).toMatchObject({ runs: 3, due: 3 })
  const earned = balance(on, validator)
  on.advance({ blocks: 1 })
  expect(on.hookEvents.filter((event) => event === 'contracts.ran')).toHaveLength(3)
  // What they say makes nothing due any more.
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
  expect(balance(on, validator) - earned).toBeGreaterThan(3n * BASE)
})
