import { type Address, amount } from '@mmtchain/contract'
import { people, testContract } from '@mmtchain/contract/test'
import { expect, test } from 'vitest'
import { contract } from '../templates/escrow/contract.ts'

const [ann, ben, cat, dan] = people as [Address, Address, Address, Address]
const price = amount(1_000_000n)
const START = 1_700_000_000_000n
const open = () =>
  testContract(contract, new URL('../templates/escrow/contract.ts', import.meta.url), {
    init: { buyer: ann, seller: ben, arbiter: cat, price, untilMs: START + 60_000n, purpose: 'A bicycle' },
  })

test('the buyer pays, confirms, and the seller has the money', async () => {
  const escrow = await open()
  expect(escrow.as(ann).confirm(null).code).toBe('contract/NOT_NOW')
  expect(escrow.as(ben).pay(null, { amount: price }).code).toBe('contract/NOT_YOU')
  expect(escrow.as(ann).pay(null, { amount: 5n })).toMatchObject({
    ...{ code: 'contract/WRONG_AMOUNT', why: expect.stringContaining('The price is 1000000 units.') },
  })
  expect(escrow.as(ann).pay(null, { amount: price }).events).toEqual([{ name: 'paid', data: { price } }])
  expect(escrow.as(ann).pay(null, { amount: price }).code).toBe('contract/NOT_NOW')
  const before = escrow.balance(ben)
  expect(escrow.as(ann).confirm(null).code).toBeUndefined()
  expect(escrow.balance(ben)).toBe(before + price)
  expect(escrow.as(ann).confirm(null).code).toBe('contract/NOT_NOW')
  expect(escrow.balance(escrow.address)).toBe(0n)
  expect(escrow.read.deal(null).purpose).toBe('A bicycle')
  expect(escrow.gasReport()).toMatch(/^pay: \d+ to \d+ gas in 1 calls\nconfirm: /)
})

test('the arbiter decides what is disputed, and nothing else', async () => {
  const escrow = await open()
  escrow.as(ann).pay(null, { amount: price })
  expect(escrow.as(cat).decide({ forSeller: true }).code).toBe('contract/NOT_NOW')
  expect(escrow.as(ben).dispute(null).code).toBe('contract/NOT_YOU')
  escrow.as(ann).dispute(null)
  expect(escrow.as(dan).decide({ forSeller: true }).code).toBe('contract/NOT_YOU')
  const before = escrow.balance(ann)
  expect(escrow.as(cat).decide({ forSeller: false }).code).toBeUndefined()
  expect(escrow.balance(ann)).toBe(before + price)
  expect(escrow.read.progress(null)).toEqual({ isPaid: true, isDisputed: true, isOver: true })
})

test('a seller whose buyer says nothing has the money when the time is over', async () => {
  const escrow = await open()
  escrow.as(ann).pay(null, { amount: price })
  expect(escrow.as(ben).claim(null).code).toBe('contract/NOT_NOW')
  escrow.advance({ toMs: START + 61_000n })
  expect(escrow.as(ann).dispute(null).code).toBe('contract/NOT_NOW')
  expect(escrow.as(ben).claim(null).code).toBeUndefined()
  expect(escrow.balance(escrow.address)).toBe(0n)
})
