// Processor time of one command as the records of admin grow to 100,000: a command that takes a role (one line of the audit log each), a vote of coins,
// an invitation. Prints microseconds by tenths of the way, and the slope from the first tenth to the last.
// Run: node packages/admin/bench/records.mjs [records]   (100,000 by default)
import { admin } from '@mmtchain/admin'
import { encode } from '@mmtchain/codec'
import { createMachine, defineChain, defineModule, memoryStore, solo, unit } from '@mmtchain/kernel'
import { addressFromBytes, amount, height } from '@mmtchain/primitives'
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
function run(title, first, command) {
  const machine = createMachine(genesis)
  const store = memoryStore()
  const none = new Uint8Array()
  const commit = (execution) => store.commitNow({ ...execution, seal: none, checkpoint: none })
  let { tip } = begin()
  let nonce = 0n
  let at = 0

  function begin() {
    const execution = machine.begin(store)
    commit(execution)
    return execution
  }
  function prepared({ module, command: name, input }) {
    const spec = chain.modules.find((used) => used.spec.name === module).spec.commands.get(name)
    const body = {
      ...{
        fingerprint: genesis.fingerprint,
        sender: ann.address,
        authority: ann.authority,
        nonce: nonce++,
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
    const id = (at++).toString(16).padStart(64, '0')
    return { transaction, id, bytes: new Uint8Array(200) }
  }
  function block(calls) {
    const candidates = calls.map(prepared)
    const request = {
      timeMs: tip.header.timeMs + 1_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const before = process.cpuUsage()
    const built = machine.build(store, { parent: tip, proposer: validator.address, request, candidates })
    const { user, system } = process.cpuUsage(before)
    const refused = built.refusals.find((one) => one !== null) ?? built.skipped[0]?.error
    if (refused) throw new Error(`${refused.code}: ${refused.message}`)
    commit(built)
    tip = built.tip
    return user + system
  }

  for (const call of first) block([call])
  const blocks = Math.ceil(records / BLOCK)
  const best = Array(TENTHS).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < blocks; i++) {
    const spent = block(Array.from({ length: BLOCK }, (_, j) => command(i * BLOCK + j))) / BLOCK
    const tenth = Math.floor((i * TENTHS) / blocks)
    best[tenth] = Math.min(best[tenth], spent)
  }
  // The first tenth is also where the code becomes warm, so the second is the measure.
  const slope = (best.at(-1) / best[1] - 1) * 100
  console.log(
    `${title}: ${best.map((us) => us.toFixed(1)).join(' ')} µs; slope ${slope.toFixed(1)} % from the second tenth to the last`,
  )
}

const act = (kind, value) => ({ module: 'admin', command: 'act', input: { action: { kind, value } } })
const choice = ['yes', 'no', 'abstain'].map((kind) => ({ kind, value: null }))
console.log(`${records} records, blocks of ${BLOCK}, the best block of each tenth`)
run('a command that nobody restricts', [], () => ({
  module: 'token',
  command: 'transfer',
  input: { to: validator.address, amount: amount(1n) },
}))
run('a command that takes a role', [act('grantRole', { who: ann.address, role: 'releaser' })], () => ({
  ...{ module: 'cargo', command: 'release', input: null },
}))
run(
  'a vote of coins',
  [
    { module: 'admin', command: 'stake', input: { amount: amount(1_000_000n) } },
    act('propose', { title: 'Hello', change: { kind: 'text', value: 'Hello' }, executeAt: null }),
  ],
  (n) => ({ module: 'admin', command: 'vote', input: { proposal: 1n, choice: choice[n % 3] } }),
)
run('an invitation, each of somebody else', [], (n) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, Math.imul(n, 2_654_435_761) >>> 0)
  return act('invite', { who: addressFromBytes(bytes), standing: { kind: 'member', value: null } })
})
