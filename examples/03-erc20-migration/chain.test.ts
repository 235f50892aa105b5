import { ethereumAddress, secp256k1, sha256, signEthereumText } from '@mmtchain/crypto'
import { amount, utf8 } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { chain } from './chain.ts'

const [ann, ben] = testAddresses('ann', 'ben')
const secret = sha256(utf8('mmt example holder 1'))
const holder = ethereumAddress(secp256k1.publicKey(secret))
const harbour = () =>
  testChain(chain, { token: { balances: [], unclaimed: [{ holder, amount: amount(1_000n) }] } })

test('an Ethereum holder claims its balance once, without a fee', () => {
  const migrated = harbour()
  const signature = signEthereumText({ text: migrated.read.token.claimText({ to: ann }), secret })

  expect(migrated.as(ann).token.claim({ to: ann, signature }).events).toEqual(['token.claimed'])

  expect(migrated.read.token.balance({ owner: ann })).toBe(1_000n)
  expect(migrated.read.token.unclaimed({ holder })).toBe(0n)
  expect(migrated.as(ann).token.claim({ to: ann, signature }).code).toBe('token/NOTHING_TO_CLAIM')
})

test('nobody can turn a claim to another account', () => {
  const migrated = harbour()
  const signature = signEthereumText({ text: migrated.read.token.claimText({ to: ann }), secret })

  // Another text recovers another holder, who has nothing here.
  expect(migrated.as(ben).token.claim({ to: ben, signature }).code).toBe('token/NOTHING_TO_CLAIM')
  expect(migrated.read.token.unclaimed({ holder })).toBe(1_000n)
})
