import type { Action, Change } from '@mmtchain/admin'
import { encode } from '@mmtchain/codec'
import { possessionMessage } from '@mmtchain/consensus-pbft'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import { amount } from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { testAddresses, testChain, turns } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { alliance, VOTE_HEIGHTS } from './chain.ts'

const [port, second, customs, bank, thief, ivy] = testAddresses(
  'port',
  'second',
  'customs',
  'bank',
  'thief',
  'ivy',
)
const council = testAddresses('judge', 'captain', 'broker')
const validators = testAddresses('v1', 'v2', 'v3', 'v4')
const [joining] = testAddresses('v5')
const yes = { kind: 'yes', value: null } as const
const funds = [port, second, customs, bank, thief, ivy, ...council].map((owner) => ({
  ...{ owner, amount: amount(100_000_000_000n) },
}))

/** Two of two approvers act for the port, one for each of the others. */
const organisations = [
  { id: 'port', name: 'Port authority', approvers: [port, second], approvalsNeeded: 2 },
  { id: 'customs', name: 'Customs', approvers: [customs], approvalsNeeded: 1 },
  { id: 'bank', name: 'Bank of the harbour', approvers: [bank], approvalsNeeded: 1 },
]
const start = () =>
  testChain(
    alliance(turns()),
    { token: { balances: funds }, admin: { organisations, council } },
    { validators },
  )
type Harbour = ReturnType<typeof start>

/** Customs proposes, port and bank agree, and the vote takes its time. */
function decide(on: Harbour, title: string, change: Change) {
  const send = (who: typeof port, action: Action) =>
    expect(on.as(who).admin.act({ action }).code).toBeUndefined()
  send(customs, { kind: 'propose', value: { title, change, executeAt: null } })
  const [opened] = on.read.admin.proposals({ from: 1n, limit: 256 }).slice(-1)
  const proposal = opened?.number ?? 0n
  const diff = on.read.admin.diff({ proposal })
  for (const who of [port, second, bank, customs])
    send(who, { kind: 'vote', value: { proposal, choice: yes } })
  on.advance({ blocks: VOTE_HEIGHTS })
  return { diff, status: on.read.admin.proposal({ proposal })?.proposal.status.kind }
}

test('organisations change what a command costs', () => {
  const on = start()
  const value = encode(amount, amount(10_000_000n))
  expect(
    decide(on, 'Cheaper transfers', {
      kind: 'parameter',
      value: { module: 'token', name: 'commandFee', value },
    }),
  ).toEqual({
    diff: [{ what: 'token.commandFee', before: '50000000', after: '10000000' }],
    status: 'executed',
  })
  expect(on.as(thief).token.transfer({ to: port, amount: amount(1n) }).receipt?.fee).toBe(10_000_000n)
})

test('organisations let a fifth validator in, which rules from the next epoch on', () => {
  const on = start()
  const secret = sha256(utf8('a key of its own'))
  const key = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
  const { fingerprint } = on.genesis
  const proof = secp256k1.sign(possessionMessage({ fingerprint, validator: joining, key }), secret)
  const change: Change = {
    kind: 'validators',
    value: { join: [{ validator: { address: joining, key }, proof }], leave: [] },
  }
  const { diff, status } = decide(on, 'The dry dock joins', change)
  expect(status).toBe('executed')
  expect(diff).toContainEqual({ what: 'validators', before: '4', after: '5' })
  on.advance({ blocks: 8 })
  expect(on.validators.validators.map((one) => one.address)).toContain(joining)
})

test('the council freezes an account, and the audit log says under which right', () => {
  const on = start()
  const change = { kind: 'freezeAccount', value: { account: thief, frozen: true } } as const
  const [judge, captain] = council
  on.as(judge).admin.propose({ title: 'Stop the thief', change, executeAt: null })
  for (const who of [judge, captain]) on.as(who).admin.vote({ proposal: 1n, choice: yes })
  expect(on.as(thief).token.transfer({ to: port, amount: amount(1n) }).code).toBeUndefined()
  on.advance({ blocks: VOTE_HEIGHTS })

  expect(on.as(thief).token.transfer({ to: port, amount: amount(1n) }).code).toBe('admin/FROZEN')
  expect(on.read.admin.audit({ from: 1n, limit: 256 }).map(({ what, right }) => `${what}: ${right}`)).toEqual(
    [
      'admin.propose: seat in the council',
      'admin.vote: seat in the council',
      'admin.vote: seat in the council',
      'admin.freezeAccount: vote of council: 2 yes, 0 no, 0 abstained',
    ],
  )
})

test('a regulator of the customs reads and changes nothing', () => {
  const on = start()
  const standing = { kind: 'regulator', value: null } as const
  on.as(customs).admin.act({ action: { kind: 'invite', value: { who: ivy, standing } } })
  on.as(ivy).admin.join({ organisation: 'customs' })
  expect(on.as(ivy).token.transfer({ to: port, amount: amount(1n) }).code).toBe('admin/READ_ONLY')
})
