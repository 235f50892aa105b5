// What a name costs as the names grow to 1,000,000: a name below another, which makes them grow, a registration, a renewal, a record, and the query of a name
// four levels deep. Run: node packages/named-router/bench/names.mjs [names] [MiB of the store's memory]   (1,000,000 and the store's default otherwise)

import { defineChain, solo } from '@mmtchain/kernel'
import { commitmentOf, names } from '@mmtchain/named-router'
import { amount } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { limits, measureKinds } from '../../../bench/records.mjs'

const records = Number(process.argv[2] ?? 1_000_000)
const memoryMib = process.argv[3]
const SENDERS = 64
const senders = Array.from({ length: SENDERS }, (_, i) => testAccount(`sender ${i}`))
const [sender] = senders
const fees = { terms: [amount(1n)], subname: amount(1n), to: testAccount('treasury').address }
const chain = defineChain({ id: 'bench-1', slotMs: 1_000, consensus: solo(), limits })
  .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
  .use(names({ root: 'bench', fees, revealAfterHeights: 1 }))
const documents = {
  token: { balances: senders.map(({ address: owner }) => ({ owner, amount: amount(10n ** 12n) })) },
}
// The fingerprint binds commitments, so it must be that of the chain that is measured.
const { fingerprint } = chain.genesis({
  timeMs: 0n,
  validators: [{ address: sender.address, key: sender.authority.keys[0] }],
  documents,
})

const call = (command, input, by = sender) => ({ sender: by, module: 'names', command, input })
const below = (name) => call('createSubname', { name, owner: sender.address })
const secret = new Uint8Array(32)
/** Commits to a label, then registers it: an account has eight commitments open at most. */
function registration(label, by) {
  const owner = by.address
  const commitment = commitmentOf({ fingerprint, sender: owner, owner, label, secret })
  return [call('commit', { commitment }, by), call('register', { label, owner, terms: 1, secret }, by)]
}
const each = (size, of) => Array.from({ length: size }, (_, n) => of(n, senders[n % SENDERS]))
/** Blocks that register new labels, each by the sender whose turn it is. */
const registrations = (batch, size) => {
  const pairs = each(size, (n, by) => registration(`label-${batch}-${n}`, by))
  return [0, 1].map((at) => pairs.map((pair) => pair[at]))
}
const record = { kind: 'text', value: { key: 'motd', value: 'hello' } }

console.log(`${records} names`)
await measureKinds({
  ...{ chain, documents, sender, records, fee: 1n },
  ...(memoryMib !== undefined && { memoryBytes: Number(memoryMib) * 2 ** 20 }),
  first: [...registration('top', sender), ...['a.top', 'b.a.top', 'c.b.a.top'].map(below)],
  grow: (n) => below(`n${n}.top`),
  kinds: {
    'a name below another': (batch, size) => [each(size, (n) => below(`s${batch}-${n}.top`))],
    registration: registrations,
    renewal: (batch, size) => [
      ...registrations(batch, size),
      each(size, (n, by) => call('renew', { label: `label-${batch}-${n}`, terms: 1 }, by)),
    ],
    record: (batch, size) => [
      ...registrations(batch, size),
      each(size, (n, by) => call('setRecord', { name: `label-${batch}-${n}`, record }, by)),
    ],
    'a query four levels deep': { query: { module: 'names', query: 'name', input: { name: 'c.b.a.top' } } },
  },
})
