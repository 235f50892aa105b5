// Processor time of one command on the store of a node as the names grow to 1,000,000: a name below another (which makes them), and at each
// tenth of the way registrations, renewals, records, and the query of a name four levels deep. Prints microseconds by tenths, of execution and of the
// new state root, whose tree grows with the state, and the slope of each from the second tenth to the last.
// Run: node packages/named-router/bench/names.mjs [names]   (1,000,000 by default)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { createMachine, defineChain, solo } from '@mmtchain/kernel'
import { commitmentOf, names } from '@mmtchain/named-router'
import { amount, height } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

const total = Number(process.argv[2] ?? 1_000_000)
const BLOCK = 512
const TENTHS = 10
const SENDERS = 64

const accounts = Array.from({ length: SENDERS }, (_, i) => testAccount(`sender ${i}`))
const [owner] = accounts
const validator = testAccount('validator')
const fees = { terms: [amount(1n)], subname: amount(1n), to: validator.address }
const chain = defineChain({
  id: 'bench-1',
  slotMs: 1_000,
  consensus: solo(),
  limits: { blockBytesMax: 8_000_000, blockWeightMax: 10n ** 9n, validHeightsMax: 1_000_000 },
})
  .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
  .use(names({ root: 'bench', fees, revealAfterHeights: 1 }))
const genesis = chain.genesis({
  timeMs: 0n,
  validators: [{ address: validator.address, key: validator.authority.keys[0] }],
  documents: {
    token: { balances: accounts.map((one) => ({ owner: one.address, amount: amount(10n ** 12n) })) },
  },
})

const path = mkdtempSync(join(tmpdir(), 'mmt-names-bench-'))
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
const nonces = new Map()
let ids = 0

function prepared({ sender, command, input }) {
  const spec = chain.modules.find((used) => used.spec.name === 'names').spec.commands.get(command)
  const nonce = nonces.get(sender.address) ?? 0n
  nonces.set(sender.address, nonce + 1n)
  const body = {
    ...{
      fingerprint: genesis.fingerprint,
      sender: sender.address,
      authority: sender.authority,
      nonce,
      payer: null,
    },
    ...{ validUntil: height(tip.header.height + 100_000n), fee: amount(1n), weightMax: 100_000n },
    calls: [{ module: 'names', command, input: encode(spec.input, input) }],
  }
  const transaction = { body, signatures: [{ index: 0, signature: new Uint8Array(64) }], payerConsent: null }
  return { transaction, id: (ids++).toString(16).padStart(64, '0'), bytes: new Uint8Array(200) }
}

/** Executes a block without signatures, which cost the same everywhere. Gives microseconds a command. */
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
  return { execution: (all - stagedUs) / calls.length, root: stagedUs / calls.length }
}

function spent(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const secret = new Uint8Array(32)
const owned = (n) => accounts[n % SENDERS]
/** Registers a block of labels, one for each commitment that the senders may have. */
async function registrations(tenth) {
  const labels = Array.from({ length: BLOCK }, (_, n) => `label-${tenth}-${n}`)
  const { fingerprint } = genesis
  await block(
    labels.map((label, n) => {
      const sender = owned(n)
      const commitment = commitmentOf({
        fingerprint,
        sender: sender.address,
        owner: sender.address,
        label,
        secret,
      })
      return { sender, command: 'commit', input: { commitment } }
    }),
  )
  return block(
    labels.map((label, n) => {
      const sender = owned(n)
      return { sender, command: 'register', input: { label, owner: sender.address, terms: 1, secret } }
    }),
  )
}

await registrations('first')
const [top] = ['label-first-0']
for (const name of [`a.${top}`, `b.a.${top}`, `c.b.a.${top}`])
  await block([{ sender: owner, command: 'createSubname', input: { name, owner: owner.address } }])
const found = { 'a name below another': {}, registration: {}, renewal: {}, record: {}, query: {} }
const blocks = Math.ceil(total / BLOCK)
for (let i = 0; i < blocks; i++) {
  const tenth = Math.floor((i * TENTHS) / blocks)
  const least = (of, parts) => {
    for (const [part, us] of Object.entries(parts)) {
      found[of][part] ??= []
      found[of][part][tenth] = Math.min(found[of][part][tenth] ?? Number.POSITIVE_INFINITY, us)
    }
  }
  const create = (_, n) => ({
    sender: owner,
    command: 'createSubname',
    input: { name: `n${i * BLOCK + n}.${top}`, owner: owner.address },
  })
  least('a name below another', await block(Array.from({ length: BLOCK }, create)))
  // The last two blocks of each tenth are followed by one of each other kind.
  const last = Math.ceil(((tenth + 1) * blocks) / TENTHS) - 1
  if (i <= last - 2) continue
  least('registration', await registrations(`${i}`))
  const renewed = Array.from({ length: BLOCK }, (_, n) => `label-${i}-${n}`)
  least(
    'renewal',
    await block(
      renewed.map((label, n) => ({ sender: owned(n), command: 'renew', input: { label, terms: 1 } })),
    ),
  )
  const record = { kind: 'text', value: { key: 'motd', value: 'hello' } }
  least(
    'record',
    await block(
      renewed.map((name, n) => ({ sender: owned(n), command: 'setRecord', input: { name, record } })),
    ),
  )
  const before = process.cpuUsage()
  for (let n = 0; n < 2_000; n++)
    machine.query(store, tip, { module: 'names', query: 'name', input: { name: `c.b.a.${top}` } })
  least('query', { execution: spent(before) / 2_000 })
}
await store.close()
rmSync(path, { recursive: true })
console.log(`${total} names, blocks of ${BLOCK}, the best block of each tenth`)
for (const [of, parts] of Object.entries(found))
  for (const [part, all] of Object.entries(parts)) {
    // In the first tenth the code becomes warm, so the second is the measure.
    const slope = (all.at(-1) / all[1] - 1) * 100
    console.log(
      `  ${of}, ${part}: ${all.map((us) => us.toFixed(1)).join(' ')} µs; slope ${slope.toFixed(1)} %`,
    )
  }
