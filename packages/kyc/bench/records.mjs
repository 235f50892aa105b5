// Processor time of one command of kyc as its records grow: a claim on an ever new holder, and a transfer under a rule with limits, each to somebody else.
// Run: node packages/kyc/bench/records.mjs [records]   (100,000 by default)

import { defineChain, solo } from '@mmtchain/kernel'
import { guard, kyc } from '@mmtchain/kyc'
import { addressFromBytes, amount, hash } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { limits, measure } from '../../../bench/records.mjs'

const records = Number(process.argv[2] ?? 100_000)
const ann = testAccount('ann')
const coins = token({ symbol: 'BEN', commandFee: amount(0n) })
const chain = (id, rules) =>
  defineChain({ id, slotMs: 1_000, consensus: solo(), limits })
    .use(coins)
    .use(kyc({ registrars: [ann.address], rules }))
const documents = { token: { balances: [{ owner: ann.address, amount: amount(10n ** 12n) }] } }
const max = amount(10n ** 12n)
const rule = guard(coins, 'transfer', {
  ...{ amount: 'amount', counterparty: 'to' },
  tiers: [{ level: 0, perCall: max, perDay: max, perCounterpartyPerDay: max }],
})

/** Numbers in no order, each once. */
function bytesOf(n) {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, Math.imul(n + 1, 2_654_435_761) >>> 0)
  return bytes
}
const transfer = (n) => ({
  ...{ module: 'token', command: 'transfer' },
  input: { to: addressFromBytes(bytesOf(n)), amount: amount(1n) },
})

console.log(`${records} records, the best block of each tenth`)
const run = (title, rules, command) =>
  measure({ title, chain: chain('bench-1', rules), documents, sender: ann, command, records })
await run('a transfer to somebody new, without a rule', [], transfer)
await run('the same under a rule with limits', [rule], transfer)
await run('a claim on somebody new', [], (n) => ({
  ...{ module: 'kyc', command: 'attest' },
  input: {
    ...{ holder: addressFromBytes(bytesOf(n)), level: 1, digest: hash(bytesOf(n)), person: hash(bytesOf(n)) },
    untilMs: 86_400_000n,
  },
}))
