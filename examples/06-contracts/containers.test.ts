import { fileURLToPath } from 'node:url'
import { type Address, amount } from '@mmtchain/contract'
import { buildContract } from '@mmtchain/contract/build'
import { people, testContract } from '@mmtchain/contract/test'
import { contractAddress } from '@mmtchain/contracts'
import { sha256 } from '@mmtchain/crypto'
import { hash, utf8 } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { chain } from './chain.ts'
import { contract } from './containers.ts'

const [depot, ann, ben] = people as [Address, Address, Address]
const deposit = amount(500_000_000n)
const file = new URL('./containers.ts', import.meta.url)

test('a container is lent against a deposit, and whoever has it gets that back', async () => {
  const on = await testContract(contract, file, { init: { depot, deposit } })
  expect(on.as(ann).lend({ number: 'MSKU1234565' }, { amount: 5n }).code).toBe('contract/WRONG_DEPOSIT')
  expect(on.as(ann).lend({ number: 'MSKU1234565' }, { amount: deposit }).code).toBeUndefined()
  expect(on.as(ben).lend({ number: 'MSKU1234565' }, { amount: deposit }).code).toBe('contract/OUT')
  on.as(ben).lend({ number: 'HLXU2345678' }, { amount: deposit })
  expect(on.read.out(null).map(({ number }) => number)).toEqual(['HLXU2345678', 'MSKU1234565'])
  expect(on.as(ann).takeBack({ number: 'MSKU1234565' }).code).toBe('contract/NOT_DEPOT')
  const before = on.balance(ann)
  expect(on.as(depot).takeBack({ number: 'MSKU1234565' }).events).toEqual([
    { name: 'returned', data: { number: 'MSKU1234565', by: ann } },
  ])
  expect(on.balance(ann)).toBe(before + deposit)
  expect(on.as(depot).takeBack({ number: 'MSKU1234565' }).code).toBe('contract/NOT_OUT')
  expect(on.balance(on.address)).toBe(deposit)
})

test('the chain of this folder takes the contract as it is built', async () => {
  const { code } = await buildContract(fileURLToPath(file))
  const [carol] = testAddresses('carol')
  const on = testChain(chain, { token: { balances: [{ owner: carol, amount: amount(10n ** 14n) }] } })
  on.as(carol).contracts.deploy({ code, gas: 100_000_000n })
  const made = on.as(carol).contracts.instantiate({
    ...{ code: hash(sha256(utf8(code))), input: null, admin: null, amount: amount(0n) },
    ...{ gas: 100_000_000n, depositMax: amount(10n ** 12n) },
  })
  expect(made.code).toBeUndefined()
  const out = on.read.contracts.view({
    contract: contractAddress(0n),
    method: 'out',
    input: new Uint8Array(),
  })
  expect(out).toEqual(Uint8Array.of(0))
})
