import { amount } from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { chain } from './chain.ts'

const [supplier, buyer] = testAddresses('supplier', 'buyer')
const funds = { owner: supplier, amount: amount(1_000_000_000n) }
const start = () =>
  testChain(chain, { token: { balances: [funds, { ...funds, owner: buyer }], unclaimed: [] } })
const due = { id: 'INV-1', buyer, amount: amount(70n) }

test('an invoice is paid once, by its buyer, in full', () => {
  const harbour = start()

  expect(harbour.as(supplier).invoice.issue(due).events).toEqual(['invoice.issued'])
  expect(harbour.as(supplier).invoice.issue(due).code).toBe('invoice/ALREADY_OPEN')
  expect(harbour.as(supplier).invoice.pay(due).code).toBe('invoice/NOT_BUYER')
  expect(harbour.as(buyer).invoice.pay(due).events).toEqual(['token.transferred', 'invoice.paid'])
  expect(harbour.as(buyer).invoice.pay(due).code).toBe('invoice/NOT_OPEN')
})

test('a refused payment leaves no trace but nonce and fee', () => {
  const harbour = start()
  harbour.as(supplier).invoice.issue({ ...due, amount: amount(2_000_000_000n) })

  const outcome = harbour.as(buyer).invoice.pay(due)

  expect(outcome.code).toBe('token/INSUFFICIENT_BALANCE')
  expect(outcome.events).toEqual([])
  expect(harbour.read.token.balance({ owner: buyer })).toBe(funds.amount - 50_000_000n)
  expect(harbour.as(buyer).invoice.pay(due).code).toBe('token/INSUFFICIENT_BALANCE') // The invoice is still open.
})
