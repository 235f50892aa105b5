// Processor time of one command of crm as its records grow: ever new customers, interactions with one, points for one.
// Run: node packages/crm/bench/records.mjs [records]   (100,000 by default)

import { crm } from '@mmtchain/crm'
import { defineChain, solo } from '@mmtchain/kernel'
import { hash } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { limits, measure } from '../../../bench/records.mjs'

const records = Number(process.argv[2] ?? 100_000)
const ann = testAccount('ann')
const chain = defineChain({ id: 'bench-1', slotMs: 1_000, consensus: solo(), limits }).use(crm())
const port = { organisation: 'port' }
const call = (command, input) => ({ module: 'crm', command, input: { ...port, ...input } })
const digest = (n) =>
  hash(
    Math.imul(n + 1, 2_654_435_761)
      .toString(16)
      .replace('-', 'f')
      .padStart(64, '0'),
  )
const add = (n) =>
  call('addCustomer', { digest: digest(n), account: null, indexes: [digest(n), digest(n >> 3)] })
const club = { programme: 'club', tiers: [{ id: 'blue', from: 0n }], validDays: 30 }

console.log(`${records} records, the best block of each tenth`)
const run = (title, first, command) =>
  measure({ title, chain, documents: {}, sender: ann, first, command, records })
await run('a new customer with two blind indexes', [call('found', {})], add)
await run('an interaction with one customer', [call('found', {}), add(0)], (n) =>
  call('addInteraction', { customer: 1n, kind: 'call', digest: digest(n) }),
)
await run('points for one member', [call('found', {}), add(0), call('openProgramme', club)], () =>
  call('earn', { programme: 'club', customer: 1n, points: 1n }),
)
