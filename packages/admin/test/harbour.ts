import { type Action, type AdminOptions, admin, type Change, type Choice } from '@mmtchain/admin'
import { possessionMessage, validators } from '@mmtchain/consensus-pbft'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import { type Address, amount, defineChain, defineModule, unit } from '@mmtchain/kernel'
import { type Height, utf8 } from '@mmtchain/primitives'
import { testAccount, testChain, turns } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const at = (name: string): Address => testAccount(name).address
const approver = { kind: 'approver', value: null } as const
export const standings = {
  approver,
  member: { kind: 'member', value: null },
  regulator: { kind: 'regulator', value: null },
} as const
export const choices = {
  yes: { kind: 'yes', value: null },
  no: { kind: 'no', value: null },
  abstain: { kind: 'abstain', value: null },
} as const satisfies { readonly [name: string]: Choice }

/** Something of a business to put roles on. */
const cargo = () =>
  defineModule('cargo', {})
    .command('release', unit, () => undefined)
    .command('inspect', unit, () => undefined)

export const VOTE = 5n
const byOrganisations = {
  body: 'organisations',
  participationPercent: 60,
  winPercent: 50,
  votingHeights: Number(VOTE),
} as const
export const OPTIONS = {
  rule: byOrganisations,
  rules: {
    parameter: { ...byOrganisations, body: 'stake', participationPercent: 10 },
    text: { ...byOrganisations, body: 'council', participationPercent: 50 },
  },
  approvalHeights: 20,
  council: { seats: 3, termMs: 100_000n, electors: 'stake' },
  stake: { deposit: amount(1_000n) },
  validators: true,
} as const satisfies AdminOptions

export const chainOf = () =>
  defineChain({
    id: 'harbour-1',
    addressPrefix: 'hbr',
    slotMs: 1_000,
    consensus: turns(),
    limits: { upgradeNoticeHeights: 2 },
  })
    .use(token({ symbol: 'HKT', decimals: 2, commandFee: amount(10n) }), { governable: ['commandFee'] })
    .use(validators())
    .use(cargo())

/** An alliance with everything that admin can have. */
export const chain = chainOf().use(admin(OPTIONS), {
  grants: {
    kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'],
    token: ['lock', 'unlock'],
    validators: ['change'],
  },
  governable: ['rules'],
})

/** Two of three act for harbour, one for customs, one of two for bank. */
export const organisations = [
  { id: 'harbour', name: 'Harbour authority', approvers: ['h1', 'h2', 'h3'].map(at), approvalsNeeded: 2 },
  { id: 'customs', name: 'Customs', approvers: [at('c1')], approvalsNeeded: 1 },
  { id: 'bank', name: 'Bank of the harbour', approvers: ['b1', 'b2'].map(at), approvalsNeeded: 1 },
]
export const council = ['k1', 'k2', 'k3']
export const people = ['h1', 'h2', 'h3', 'c1', 'b1', 'b2', ...council, 'ann', 'ben', 'cat', 'dan']
export const balances = people.map((name) => ({ owner: at(name), amount: amount(100_000n) }))
export const roles = [
  { role: 'releaser', commands: [{ module: 'cargo', command: 'release' }], grantors: ['harbour', 'customs'] },
]
export const validatorNames = ['v1', 'v2', 'v3', 'v4']
export const documents = { token: { balances }, admin: { organisations, council: council.map(at), roles } }

export const start = () => testChain(chain, documents, { validators: validatorNames.map(at) })
export type Harbour = ReturnType<typeof start>

/** An act, sent by one approver after the other; the outcome of the last. */
export function act(on: Harbour, names: string | readonly string[], kind: Action['kind'], value: unknown) {
  const outcomes = [names]
    .flat()
    .map((name) => on.as(at(name)).admin.act({ action: { kind, value } as Action }))
  const [last] = outcomes.slice(-1)
  if (!last) throw new Error('nobody acts')
  return last
}

/** Opens a proposal as customs. */
export function propose(on: Harbour, change: Change, title = 'a change', executeAt: Height | null = null) {
  return act(on, 'c1', 'propose', { title, change, executeAt })
}

/** The number of the newest proposal. */
export const newest = (on: Harbour): bigint =>
  on.read.admin.proposals({ from: 1n, limit: 256 }).at(-1)?.number ?? 0n

/** Lets organisations vote, each by one act of as many approvers as it needs. */
export function organisationsVote(on: Harbour, proposal: bigint, votes: { readonly [id: string]: Choice }) {
  const speakers = { harbour: ['h1', 'h2'], customs: ['c1'], bank: ['b1'] } as Record<
    string,
    readonly string[]
  >
  for (const [id, choice] of Object.entries(votes)) {
    const { code } = act(on, speakers[id] ?? [], 'vote', { proposal, choice })
    if (code) throw new Error(`${id} could not vote: ${code}`)
  }
}

/** Makes blocks until a proposal is over. */
export function close(on: Harbour, proposal: bigint) {
  for (;;) {
    const status = on.read.admin.proposal({ proposal })?.proposal.status
    if (!status) throw new Error(`there is no proposal ${proposal}`)
    if (status.kind !== 'open' && status.kind !== 'accepted') return status
    on.advance({ blocks: 1 })
  }
}

/** Has organisations decide and execute a change, all in favour. */
export function enact(on: Harbour, change: Change) {
  const { code } = propose(on, change)
  if (code) throw new Error(code)
  const proposal = newest(on)
  organisationsVote(on, proposal, { harbour: choices.yes, customs: choices.yes, bank: choices.yes })
  return close(on, proposal)
}

/** Somebody who joins the validators with a key of its own. */
export function newcomer(on: Harbour, name: string) {
  const secret = sha256(utf8(`key of ${name}`))
  const key = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
  const message = possessionMessage({ fingerprint: on.genesis.fingerprint, validator: at(name), key })
  return { validator: { address: at(name), key }, proof: secp256k1.sign(message, secret) }
}
