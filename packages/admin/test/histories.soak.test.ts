import type { Action, Change } from '@mmtchain/admin'
import { encode } from '@mmtchain/codec'
import { amount } from '@mmtchain/kernel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, choices, type Harbour, newcomer, people, standings, start } from './harbour.ts'

// Random histories of the whole module. After each block the test chain has executed it twice and checked every invariant of admin and of
// the token; here it is compared with rules that are written a second time. MMT_SOAK_SCALE is the percentage of 100 histories; MMT_SEED repeats a run.
const HISTORIES = Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const STEPS = 50

const anybody = fc.constantFrom(...people)
const organisation = fc.constantFrom('harbour', 'customs', 'bank', 'guild')
const standing = fc.constantFrom(...Object.values(standings))
const choice = fc.constantFrom(...Object.values(choices))
const role = fc.constantFrom('releaser', 'inspector')
const bit = fc.boolean()

const commands = [
  { module: 'cargo', command: 'release' },
  { module: 'cargo', command: 'inspect' },
]
const change = fc.oneof(
  fc.record({
    kind: fc.constant('freezeAccount'),
    value: fc.record({ account: anybody.map(at), frozen: bit }),
  }),
  fc.record({
    kind: fc.constant('freezeModule'),
    value: fc.record({ module: fc.constantFrom('cargo', 'admin'), frozen: bit }),
  }),
  fc.record({
    kind: fc.constantFrom('grantRole', 'revokeRole'),
    value: fc.record({ who: anybody.map(at), role }),
  }),
  fc.record({
    kind: fc.constant('role'),
    value: fc.record({
      ...{ role, commands: fc.subarray(commands), grantors: fc.subarray(['harbour', 'customs', 'bank']) },
    }),
  }),
  fc.record({ kind: fc.constant('exclude'), value: fc.record({ id: organisation }) }),
  fc.record({
    kind: fc.constant('admit'),
    value: fc.record({
      ...{
        id: fc.constant('guild'),
        name: fc.constant('Guild'),
        approvalsNeeded: fc.integer({ min: 0, max: 2 }),
      },
      approvers: fc.subarray(['ann', 'ben', 'c1'], { minLength: 1 }).map((names) => names.map(at)),
    }),
  }),
  fc.record({
    kind: fc.constant('parameter'),
    value: fc.bigInt({ min: 1n, max: 20n }).map((fee) => ({
      ...{ module: 'token', name: 'commandFee', value: encode(amount, amount(fee)) },
    })),
  }),
  fc.record({ kind: fc.constant('text'), value: fc.constant('Hello') }),
)
const proposal = fc.record({ title: fc.constant('a change'), change, executeAt: fc.constant(null) })
const recent = fc.integer({ min: 0, max: 3 })
const action = fc.oneof(
  fc.record({
    kind: fc.constantFrom('invite', 'setStanding'),
    value: fc.record({ who: anybody.map(at), standing }),
  }),
  fc.record({
    kind: fc.constantFrom('withdrawInvitation', 'expel'),
    value: fc.record({ who: anybody.map(at) }),
  }),
  fc.record({ kind: fc.constant('setApprovalsNeeded'), value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({
    kind: fc.constantFrom('grantRole', 'revokeRole'),
    value: fc.record({ who: anybody.map(at), role }),
  }),
  fc.record({ kind: fc.constant('propose'), value: proposal }),
  fc.record({ kind: fc.constant('vote'), value: fc.record({ proposal: recent, choice }) }),
)
const coins = fc.bigInt({ min: 0n, max: 60_000n }).map((value) => ({ amount: amount(value) }))
const candidate = fc.record({ candidate: anybody.map(at) })
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ who: anybody, command: fc.constant('act'), input: fc.record({ action }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      who: anybody,
      command: fc.constantFrom('join', 'decline'),
      input: fc.record({ organisation }),
    }),
  },
  fc.record({
    who: anybody,
    command: fc.constantFrom('leave', 'stand', 'standDown'),
    input: fc.constant(null),
  }),
  fc.record({ who: anybody, command: fc.constantFrom('stake', 'unstake'), input: coins }),
  fc.record({ who: anybody, command: fc.constantFrom('back', 'unback'), input: candidate }),
  fc.record({ who: anybody, command: fc.constant('propose'), input: proposal }),
  {
    weight: 4,
    arbitrary: fc.record({
      who: anybody,
      command: fc.constant('vote'),
      input: fc.record({ proposal: recent, choice }),
    }),
  },
  fc.record({ who: anybody, command: fc.constantFrom('release', 'inspect'), input: fc.constant(null) }),
  { weight: 3, arbitrary: fc.constant({ who: 'all', command: 'carry', input: null }) },
)
interface Step {
  readonly who: string
  readonly command: string
  readonly input: unknown
}

const all = { from: 1n, limit: 256 }

/** By its meaning: enough took part, and more than the share of those who decided said yes. */
function shouldWin(on: Harbour, number: bigint): boolean {
  const found = on.read.admin.proposal({ proposal: number })
  if (!found) throw new Error('there is a proposal')
  const { rule } = found.proposal
  const votes = on.read.admin.votes({ proposal: number, from: null, limit: 256 })
  const seats =
    rule.body.kind === 'organisations'
      ? on.read.admin.organisations(null).map((one) => one.address)
      : rule.body.kind === 'council'
        ? on.read.admin.council(null).members
        : votes.map(({ voter }) => voter)
  const electorate = rule.body.kind === 'stake' ? on.read.token.supply(null) : BigInt(seats.length)
  const sum = (...kinds: readonly string[]) =>
    votes
      .filter(({ voter, choice: chosen }) => seats.includes(voter) && kinds.includes(chosen.kind))
      .reduce((total, { weight }) => total + weight, 0n)
  const decided = sum('yes', 'no')
  return (
    Number(sum('yes', 'no', 'abstain')) / Number(electorate) >= rule.participationPercent / 100 &&
    decided > 0n &&
    Number(sum('yes')) / Number(decided) > rule.winPercent / 100
  )
}

/** Whoever can vote on the newest proposal says yes. */
function carry(on: Harbour, proposal: bigint) {
  const given = { proposal, choice: choices.yes }
  on.block([
    ...people.map((name) => ({
      ...{
        sender: at(name),
        module: 'admin',
        command: 'act',
        input: { action: { kind: 'vote', value: given } },
      },
    })),
    ...people.map((name) => ({ sender: at(name), module: 'admin', command: 'vote', input: given })),
  ])
}

function play(on: Harbour, { who, command, input }: Step) {
  const last = BigInt(on.read.admin.proposals(all).length)
  if (command === 'carry') return carry(on, last)
  // Votes name one of the newest proposals.
  const named = (given: { proposal: number }) => ({
    ...given,
    proposal: last - BigInt(given.proposal) < 1n ? 1n : last - BigInt(given.proposal),
  })
  const ready =
    command === 'vote'
      ? named(input as { proposal: number })
      : command === 'act' && (input as { action: Action }).action.kind === 'vote'
        ? {
            action: {
              kind: 'vote',
              value: named((input as { action: { value: { proposal: number } } }).action.value),
            },
          }
        : input
  const module = command === 'release' || command === 'inspect' ? 'cargo' : 'admin'
  const permitted = on.read.admin.permission({ who: at(who), module, command }).allowed
  const lines = on.read.admin.auditOf({ who: at(who), from: 1n, limit: 256 }).length
  const [outcome] = on.block([{ sender: at(who), module, command, input: ready }])
  const { code } = outcome ?? {}
  // What the query permits is what the check before commands lets pass.
  const barred = ['admin/FROZEN', 'admin/READ_ONLY', 'admin/MODULE_FROZEN', 'admin/NOT_PERMITTED'].includes(
    code ?? '',
  )
  expect([command, barred]).toEqual([command, !permitted])
  // A refusal leaves no line of the log; what takes a right and is done leaves one.
  const now = on.read.admin.auditOf({ who: at(who), from: 1n, limit: 256 }).length
  if (code !== undefined) expect(now).toBe(lines)
  else if (['act', 'join', 'leave', 'propose', 'vote'].includes(command)) expect(now).toBe(lines + 1)
}

test(`random histories keep every invariant, and votes come out as counted (seed ${SEED})`, () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: STEPS, maxLength: STEPS }), fc.boolean(), (steps, joins) => {
      const on = start()
      if (joins) {
        const value = { join: [newcomer(on, 'v5')], leave: [] }
        const opening = { title: 'v5', executeAt: null, change: { kind: 'validators', value } as Change }
        on.as(at('c1')).admin.act({ action: { kind: 'propose', value: opening } })
      }
      for (const one of steps as readonly Step[]) {
        // A vote that ends with the next block is counted by the state before it, which is then empty.
        const ending = on.read.admin
          .proposals(all)
          .filter(({ status, voteUntil }) => status.kind === 'open' && voteUntil === on.height + 1n)
        const expected = ending.map(({ number }) => [number, shouldWin(on, number)] as const)
        if (ending.length > 0) on.advance({ blocks: 1 })
        for (const [number, won] of expected) {
          const status = on.read.admin.proposal({ proposal: number })?.proposal.status.kind ?? ''
          reached.add(status)
          // Another proposal that the same block executed may have changed who votes.
          if (expected.length === 1) expect([number, status !== 'rejected']).toEqual([number, won])
        }
        play(on, one)
      }
      expect(on.read.kernel.upgrade(null)).toBeNull()
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  )
  if (HISTORIES >= 20) expect([...reached]).toEqual(expect.arrayContaining(['executed', 'rejected']))
})
