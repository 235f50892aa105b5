import { amount } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { chain } from './chain.ts'

const [alice, bob] = testAddresses('alice', 'bob')
const one = 100_000_000n

test('a transfer moves the amount, and its sender pays the fee', () => {
  const harbour = testChain(chain, {
    token: { balances: [{ owner: alice, amount: amount(10n * one) }], unclaimed: [] },
  })

  expect(harbour.as(alice).token.transfer({ to: bob, amount: amount(3n * one) }).events).toEqual([
    'token.transferred',
  ])

  expect(harbour.read.token.balance({ owner: bob })).toBe(3n * one)
  expect(harbour.read.token.balance({ owner: alice })).toBe(6n * one + one / 2n)
  expect(harbour.read.token.feePool(null)).toBe(one / 2n)
  expect(harbour.read.token.supply(null)).toBe(10n * one)
})

test('nobody can send more than they have', () => {
  const harbour = testChain(chain, {
    token: { balances: [{ owner: alice, amount: amount(one) }], unclaimed: [] },
  })

  expect(harbour.as(alice).token.transfer({ to: bob, amount: amount(one) }).code).toBe(
    'token/INSUFFICIENT_BALANCE',
  )
  expect(harbour.as(bob).token.transfer({ to: alice, amount: amount(one) }).code).toBe('token/CANNOT_PAY_FEE')
  expect(harbour.read.token.balance({ owner: alice })).toBe(one / 2n)
})
