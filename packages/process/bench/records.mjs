// Processor time of one command of process as its records grow: ever new instances, and steps of one instance, whose history grows.
// Run: node packages/process/bench/records.mjs [records]   (100,000 by default)

import { defineChain, solo } from '@mmtchain/kernel'
import { process as processes } from '@mmtchain/process'
import { testAccount } from '@mmtchain/testkit'
import { limits, measure } from '../../../bench/records.mjs'

const records = Number(process.argv[2] ?? 100_000)
const ann = testAccount('ann')
const chain = defineChain({ id: 'bench-1', slotMs: 1_000, consensus: solo(), limits }).use(processes())
const anyone = { kind: 'anyone', value: null }
const step = (id, from, to) => ({
  ...{ id, title: id, from: [from], to, by: anyone, approvals: 1, otherThan: [], sets: ['count'], needs: [] },
  ...{ guards: [], attachments: [], effect: null },
})
const open = { id: 'open', final: false, deadline: { afterMs: 86_400_000_000n, to: 'shut' }, sub: null }
const definition = {
  ...{ id: 'talk', title: 'Talk', starters: anyone, sets: ['count'], start: 'open', roles: [] },
  fields: [{ id: 'count', kind: { kind: 'number', value: null } }],
  states: [open, { id: 'shut', final: true, deadline: null, sub: null }],
  transitions: [step('say', 'open', 'open'), step('leave', 'open', 'shut')],
}
const call = (command, input) => ({ module: 'process', command, input })
const count = (n) => [{ field: 'count', value: { kind: 'number', value: BigInt(n) } }]
const publish = call('publish', { definition })
const start = (n) => call('start', { process: 'talk', set: count(n) })

console.log(`${records} records, the best block of each tenth`)
const run = (title, first, command) =>
  measure({ title, chain, documents: {}, sender: ann, first, command, records })
await run('a new instance with a deadline', [publish], start)
await run('a step of one instance', [publish, start(0)], (n) =>
  call('act', { instance: 1n, transition: 'say', set: count(n), attachments: [] }),
)
