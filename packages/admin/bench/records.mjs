// Processor time of one command on the store of a node as the records of admin grow to 100,000: a command that takes a role (one line of
// the audit log each), a vote of coins, an invitation. Prints microseconds by tenths of the way, of execution and of the new state root, and
// the slope of each from the second tenth to the last.
// Run: node packages/admin/bench/records.mjs [records]   (100,000 by default)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { admin } from '@mmtchain/admin'
import { encode } from '@mmtchain/codec'
import { createMachine, defineChain, defineModule, solo, unit } from '@mmtchain/kernel'
import { addressFromBytes, amount, height } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

const records = Number(process.argv[2] ?? 100_000)
const BLOCK = 500
const TENTHS = 10

const cargo = defineModule('cargo', {}).command('release', unit, () => undefined)
const rule = { body: 'organisations', participationPercent: 50, winPercent: 50, votingHeights: 1_000_000 }
const chain = defineChain({
  id: 'bench-1',
  slotMs: 1_000,
  consensus: solo(),
  limits: { blockBytesMax: 8_000_000, blockWeightMax: 10n ** 9n, validHeightsMax: 1_000_000 },
})
  .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
  .use(cargo)
  .use(admin({ rule, rules: { text: { ...rule, body: 'stake' } }, stake: { deposit: amount(1n) } }), {
    grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'], token: ['lock', 'unlock'] },
  })
const ann = testAccount('ann')
const validator = testAccount('validator')
const genesis = chain.genesis({
  timeMs: 0n,
  validators: [{ address: validator.address, key: validator.authority.keys[0] }],
  documents: {
    token: { balances: [{ owner: ann.address, amount: amount(10n ** 12n) }] },
    admin: {
      organisations: [{ id: 'port', name: 'Port', approvers: [ann.address], approvalsNeeded: 1 }],
      roles: [{ role: 'releaser', commands: [{ module: 'cargo', command: 'release' }], grantors: ['port'] }],
    },
  },
})

/** Executes a command many times, without signatures, which cost the same everywhere. */
async function run(title, first, command) {
  const path = mkdtempSync(join(tmpdir(), 'mmt-admin-bench-'))
  const store = await merkleStore({ path })
  const machine = createMachine(genesis)
  const none = new Uint8Array()
  const commit = (execution) => store.commit({ ...execution, seal: none, checkpoint: none })
  let stagedUs = 0
  const timed = Object.assign(Object.create(store), {
    stage(changes) {
      const before = process.cpuUsage()
      const staged = store.stage(changes)
      stagedUs = spent(before)
      return staged
    },
  })
  const begun = machine.begin(timed)
  await commit(begun)
  let { tip } = begun
  let nonce = 0n

  function prepared({ module, command: name, input }) {
    const spec = chain.modules.find((used) => used.spec.name === module).spec.commands.get(name)
    const body = {
      ...{
        fingerprint: genesis.fingerprint,
        sender: ann.address,
        authority: ann.authority,
        nonce,
        payer: null,
      },
      ...{ validUntil: height(tip.header.height + 100_000n), fee: amount(1n), weightMax: 100_000n },
      calls: [{ module, command: name, input: encode(spec.input, input) }],
    }
    const transaction = {
      body,
      signatures: [{ index: 0, signature: new Uint8Array(64) }],
      payerConsent: null,
    }
    const id = (nonce++).toString(16).padStart(64, '0')
    return { transaction, id, bytes: new Uint8Array(200) }
  }
  async function block(calls) {
    const candidates = calls.map(prepared)
    const request = {
      timeMs: tip.header.timeMs + 1_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const before = process.cpuUsage()
    const built = machine.build(timed, { parent: tip, proposer: validator.address, request, candidates })
    const all = spent(before)
    const refused = built.refusals.find((one) => one !== null) ?? built.skipped[0]?.error
    if (refused) throw new Error(`${refused.code}: ${refused.message}`)
    await commit(built)
    tip = built.tip
    return { execution: all - stagedUs, root: stagedUs }
  }

  for (const call of first) await block([call])
  const blocks = Math.ceil(records / BLOCK)
  const best = { execution: [], root: [] }
  for (let i = 0; i < blocks; i++) {
    const found = await block(Array.from({ length: BLOCK }, (_, j) => command(i * BLOCK + j)))
    const tenth = Math.floor((i * TENTHS) / blocks)
    for (const part of ['execution', 'root'])
      best[part][tenth] = Math.min(best[part][tenth] ?? Number.POSITIVE_INFINITY, found[part] / BLOCK)
  }
  await store.close()
  rmSync(path, { recursive: true })
  console.log(title)
  for (const [part, all] of Object.entries(best)) {
    // In the first tenth the code becomes warm, so the second is the measure.
    const slope = (all.at(-1) / all[1] - 1) * 100
    console.log(`  ${part} ${all.map((us) => us.toFixed(1)).join(' ')} µs; slope ${slope.toFixed(1)} %`)
  }
}

function spent(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const act = (kind, value) => ({ module: 'admin', command: 'act', input: { action: { kind, value } } })
const choice = ['yes', 'no', 'abstain'].map((kind) => ({ kind, value: null }))
console.log(`${records} records, blocks of ${BLOCK}, the best block of each tenth`)
await run('a command that nobody restricts', [], () => ({
  module: 'token',
  command: 'transfer',
  input: { to: validator.address, amount: amount(1n) },
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
