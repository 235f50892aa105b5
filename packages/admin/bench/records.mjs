// Processor time of one command of admin as its records grow: a command that takes a role (one line of the audit log each), a vote of
// coins, an invitation. Run: node packages/admin/bench/records.mjs [records]   (100,000 by default)

import { admin } from '@mmtchain/admin'
import { defineChain, defineModule, solo, unit } from '@mmtchain/kernel'
import { addressFromBytes, amount } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { limits, measure } from '../../../bench/records.mjs'

const records = Number(process.argv[2] ?? 100_000)
const cargo = defineModule('cargo', {}).command('release', unit, () => undefined)
const rule = { body: 'organisations', participationPercent: 50, winPercent: 50, votingHeights: 1_000_000 }
const chain = defineChain({
  id: 'bench-1',
  slotMs: 1_000,
  consensus: solo(),
  limits,
})
  .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
  .use(cargo)
  .use(admin({ rule, rules: { text: { ...rule, body: 'stake' } }, stake: { deposit: amount(1n) } }), {
    grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'], token: ['lock', 'unlock'] },
  })
const ann = testAccount('ann')
const documents = {
  token: { balances: [{ owner: ann.address, amount: amount(10n ** 12n) }] },
  admin: {
    organisations: [{ id: 'port', name: 'Port', approvers: [ann.address], approvalsNeeded: 1 }],
    roles: [{ role: 'releaser', commands: [{ module: 'cargo', command: 'release' }], grantors: ['port'] }],
  },
}
const act = (kind, value) => ({ module: 'admin', command: 'act', input: { action: { kind, value } } })
const choice = ['yes', 'no', 'abstain'].map((kind) => ({ kind, value: null }))
const run = (title, first, command) =>
  measure({ title, chain, documents, sender: ann, first, command, records, fee: 1n })

console.log(`${records} records, the best block of each tenth`)
await run('a command that nobody restricts', [], () => ({
  module: 'token',
  command: 'transfer',
  input: { to: testAccount('validator').address, amount: amount(1n) },
}))
await run('a command that takes a role', [act('grantRole', { who: ann.address, role: 'releaser' })], () => ({
  ...{ module: 'cargo', command: 'release', input: null },
}))
await run(
  'a vote of coins',
  [
    { module: 'admin', command: 'stake', input: { amount: amount(1_000_000n) } },
    act('propose', { title: 'Hello', change: { kind: 'text', value: 'Hello' }, executeAt: null }),
  ],
  (n) => ({ module: 'admin', command: 'vote', input: { proposal: 1n, choice: choice[n % 3] } }),
)
await run('an invitation, each of somebody else', [], (n) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, Math.imul(n, 2_654_435_761) >>> 0)
  return act('invite', { who: addressFromBytes(bytes), standing: { kind: 'member', value: null } })
})
