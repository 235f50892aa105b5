import { change, KINDS, rules } from '@mmtchain/admin'
import { encode, u8 } from '@mmtchain/codec'
import { amount, height } from '@mmtchain/kernel'
import { testAccountAt } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  act,
  at,
  choices,
  close,
  enact,
  type Harbour,
  newcomer,
  newest,
  OPTIONS,
  organisationsVote,
  propose,
  start,
  VOTE,
} from './harbour.ts'

const { yes, no, abstain } = choices
const freeze = { kind: 'freezeModule', value: { module: 'cargo', frozen: true } } as const
const fee = (value: bigint) =>
  ({
    kind: 'parameter',
    value: { module: 'token', name: 'commandFee', value: encode(amount, amount(value)) },
  }) as const
const wins = (on: Harbour, proposal: bigint) => on.read.admin.proposal({ proposal })?.wins
const alone = (given: object) => ({ title: 'alone', executeAt: null, ...given }) as never
const coins = (value: bigint) => ({ amount: amount(value) })

describe('a vote of organisations', () => {
  test('takes the part of them that the rule asks for, and more than its share of yes', () => {
    const cases = [
      [{}, false],
      [{ customs: yes }, false],
      [{ customs: yes, bank: abstain }, true],
      [{ customs: yes, bank: yes }, true],
      [{ customs: yes, bank: no }, false],
      [{ customs: abstain, bank: abstain, harbour: abstain }, false],
      [{ customs: yes, bank: no, harbour: yes }, true],
    ] as const
    for (const [votes, won] of cases) {
      const on = start()
      propose(on, freeze)
      organisationsVote(on, 1n, votes)
      expect([votes, wins(on, 1n)]).toEqual([votes, won])
      expect(close(on, 1n).kind).toBe(won ? 'executed' : 'rejected')
    }
  })

  test('is over with its last block; a later vote of one organisation takes the place of the earlier one', () => {
    const on = start()
    propose(on, freeze)
    const { height: opened } = on
    organisationsVote(on, 1n, { customs: yes, bank: yes })
    organisationsVote(on, 1n, { customs: no, bank: yes })
    expect(wins(on, 1n)).toBe(false)
    organisationsVote(on, 1n, { customs: yes })
    expect(on.height).toBe(opened + VOTE)
    expect(on.hookEvents).toEqual(['admin.moduleFrozen', 'admin.decided'])
    expect(act(on, 'b1', 'vote', { proposal: 1n, choice: no }).code).toBe('admin/VOTE_OVER')
    expect(act(on, 'b1', 'vote', { proposal: 2n, choice: no }).code).toBe('admin/UNKNOWN_PROPOSAL')
    expect(on.as(at('k1')).admin.vote({ proposal: 1n, choice: yes }).code).toBe('admin/VOTE_OVER')
  })

  test('counts the organisations that are there when it ends', () => {
    const on = start()
    propose(on, freeze)
    organisationsVote(on, 1n, { bank: no, customs: yes })
    act(on, 'b1', 'disband', null)
    expect(on.read.admin.proposal({ proposal: 1n })).toMatchObject({ yes: 1n, no: 0n, electorate: 2n })
    expect(on.as(at('k1')).admin.vote({ proposal: 1n, choice: yes }).code).toBe('admin/NO_VOTE')
  })
})

describe('a vote of coins', () => {
  test('weighs what is locked, once for each proposal, and keeps it locked until the vote ends', () => {
    const on = start()
    const [ann, ben] = [on.as(at('ann')).admin, on.as(at('ben')).admin]
    expect(ann.stake(coins(0n)).code).toBe('admin/ZERO_AMOUNT')
    expect(ann.stake(coins(90_000n)).events).toEqual(['token.locked', 'admin.staked'])
    ben.stake(coins(60_000n))
    propose(on, fee(20n))
    expect(on.as(at('cat')).admin.vote({ proposal: 1n, choice: yes }).code).toBe('admin/NO_VOTE')
    expect(act(on, 'b1', 'vote', { proposal: 1n, choice: yes }).code).toBe('admin/NO_VOTE')
    ann.vote({ proposal: 1n, choice: no })
    ann.vote({ proposal: 1n, choice: yes })
    expect(on.read.admin.proposal({ proposal: 1n })).toMatchObject({
      ...{ yes: 90_000n, no: 0n, electorate: 1_300_000n, wins: false },
    })
    expect(close(on, 1n)).toEqual({ kind: 'rejected', value: null })
    propose(on, fee(20n))
    ann.vote({ proposal: 2n, choice: yes })
    ben.vote({ proposal: 2n, choice: no })
    expect(wins(on, 2n)).toBe(true)
    expect(ann.unstake(coins(1n)).code).toBe('admin/STAKE_VOTES')
    expect(close(on, 2n)).toMatchObject({ kind: 'executed' })
    expect(ann.unstake(coins(0n)).code).toBe('admin/ZERO_AMOUNT')
    expect(ann.unstake(coins(90_001n)).code).toBe('admin/INSUFFICIENT_STAKE')
    expect(ann.unstake(coins(90_000n)).events).toEqual(['token.unlocked', 'admin.unstaked'])
    expect(on.read.admin.stake({ owner: at('ann') })).toBeNull()
    expect(on.as(at('ann')).token.transfer({ to: at('ben'), amount: amount(1n) }).receipt?.fee).toBe(20n)
  })
})

describe('a proposal', () => {
  test('of one alone takes a seat in the council or a deposit, which comes back', () => {
    const on = start()
    const by = (name: string) =>
      on.as(at(name)).admin.propose(alone({ change: { kind: 'text', value: 'Hello' } }))
    expect(by('k1').events).toEqual(['admin.opened'])
    expect(by('ann').events).toEqual(['token.locked', 'admin.opened'])
    expect(on.read.token.holdings({ owner: at('ann') }).locks).toEqual([
      { purpose: 'admin.deposit', amount: 1_000n },
    ])
    for (let n = 2; n <= 4; n++) by('ann')
    close(on, newest(on))
    expect(on.read.token.holdings({ owner: at('ann') }).locks).toEqual([])
    on.as(at('ben')).token.transfer({ to: at('ann'), amount: amount(99_500n) })
    expect(by('ben').code).toBe('token/INSUFFICIENT_BALANCE')
  })

  test('of which four are open is refused first, then for its height, then for what it changes', () => {
    const on = start()
    const bad = { kind: 'freezeModule', value: { module: 'admin', frozen: true } } as const
    const early = height(1n)
    expect(propose(on, bad, 'early', early).code).toBe('admin/BAD_EXECUTION_HEIGHT')
    expect(propose(on, bad, 'late', height(20_000_000n)).code).toBe('admin/BAD_EXECUTION_HEIGHT')
    expect(propose(on, bad).code).toBe('admin/CANNOT_FREEZE')
    on.block(
      Array.from({ length: 4 }, () => ({
        ...{ sender: at('c1'), module: 'admin', command: 'act' },
        input: { action: { kind: 'propose', value: { title: 'Hello', executeAt: null, change: freeze } } },
      })),
    )
    expect(propose(on, bad, 'early', early).code).toBe('admin/TOO_MANY_PROPOSALS')
    close(on, newest(on))
    expect(propose(on, freeze).code).toBeUndefined()
  })

  test('that won waits for its height, and is checked again there', () => {
    const on = start()
    const at12 = height(12n)
    propose(on, freeze, 'first', at12)
    propose(on, freeze, 'second', at12)
    for (const proposal of [1n, 2n]) organisationsVote(on, proposal, { customs: yes, bank: yes })
    on.advance({ blocks: Number(10n - on.height) })
    expect(on.read.admin.proposals({ from: 1n, limit: 9 }).map(({ status }) => status.kind)).toEqual([
      ...['accepted', 'accepted'],
    ])
    on.advance({ blocks: 2 })
    expect(on.read.admin.proposals({ from: 1n, limit: 9 }).map(({ status }) => status)).toEqual([
      { kind: 'executed', value: 12n },
      { kind: 'failed', value: 'admin/NOTHING_TO_CHANGE' },
    ])
    expect(on.read.admin.frozenModules(null)).toEqual(['cargo'])
  })

  test('is one of eight that a block decides; the others are decided in the next one', () => {
    const on = start()
    const input = alone({ change: { kind: 'text', value: 'Hello' } })
    const names = ['k1', 'k2', 'k3']
    on.block(
      names.flatMap((name) =>
        Array.from({ length: 4 }, () => ({ sender: at(name), module: 'admin', command: 'propose', input })),
      ),
    )
    on.advance({ blocks: Number(VOTE) })
    expect(on.hookEvents).toHaveLength(8)
    on.advance({ blocks: 1 })
    expect(on.hookEvents).toHaveLength(4)
  })

  test('of a text is a vote of the council, and changes nothing', () => {
    const on = start()
    on.as(at('k1')).admin.propose(alone({ change: { kind: 'text', value: 'We build a lighthouse.' } }))
    expect(on.as(at('ann')).admin.vote({ proposal: 1n, choice: yes }).code).toBe('admin/NO_VOTE')
    for (const name of ['k1', 'k2']) on.as(at(name)).admin.vote({ proposal: 1n, choice: yes })
    expect(close(on, 1n)).toMatchObject({ kind: 'executed' })
    expect(on.read.admin.diff({ proposal: 1n })).toEqual([
      { what: 'text', before: '-', after: 'We build a lighthouse.' },
    ])
    expect(on.read.admin.votes({ proposal: 1n, from: null, limit: 9 })).toHaveLength(2)
  })
})

describe('a change of a parameter', () => {
  test('shows before and after, keeps what it showed, and binds from the next block on', () => {
    const on = start()
    on.as(at('ann')).admin.stake(coins(90_000n))
    on.as(at('ben')).admin.stake(coins(90_000n))
    propose(on, fee(20n))
    const diff = [{ what: 'token.commandFee', before: '10', after: '20' }]
    expect(on.read.admin.diff({ proposal: 1n })).toEqual(diff)
    for (const name of ['ann', 'ben']) on.as(at(name)).admin.vote({ proposal: 1n, choice: yes })
    close(on, 1n)
    expect(on.as(at('ann')).admin.stand(null).receipt?.fee).toBe(20n)
    expect(on.read.admin.diff({ proposal: 1n })).toEqual(diff)
    propose(on, fee(5n))
    expect(on.read.admin.diff({ proposal: 2n })).toEqual([
      { what: 'token.commandFee', before: '20', after: '5' },
    ])
  })

  test('is refused for one that is fixed, then for bytes of another type', () => {
    const on = start()
    const set = (module: string, name: string, value: Uint8Array) =>
      propose(on, { kind: 'parameter', value: { module, name, value } })
    const { code, refusal } = set('token', 'symbol', encode(u8, 1))
    expect([code, refusal?.hint]).toEqual([
      'admin/NOT_GOVERNABLE',
      'This chain can change admin.rules, token.commandFee.',
    ])
    expect(set('token', 'commandFee', encode(u8, 1)).code).toBe('admin/BAD_VALUE')
  })

  test('of the rules is refused where a body could not decide any more', () => {
    const on = start()
    const inForce = OPTIONS.rules.text
    const rule = { ...OPTIONS.rule, body: { kind: OPTIONS.rule.body, value: null } } as const
    const all = Object.fromEntries(KINDS.map((kind) => [kind, rule])) as never
    const set = (changed: object) => ({
      kind: 'parameter' as const,
      value: {
        module: 'admin',
        name: 'rules',
        value: encode(rules, { ...(all as object), ...changed } as never),
      },
    })
    const text = (changed: object) => propose(on, set({ text: { ...rule, ...changed } })).code
    for (const bad of [
      { participationPercent: 0 },
      { participationPercent: 101 },
      { winPercent: 49 },
      { winPercent: 100 },
    ])
      expect(text(bad)).toBe('admin/BAD_RULES')
    for (const bad of [{ votingHeights: 0 }, { votingHeights: 10_000_001 }])
      expect(text(bad)).toBe('admin/BAD_RULES')
    // A frozen organisation can be outvoted, but then all must not be asked for.
    enact(on, { kind: 'freezeAccount', value: { account: at('c1'), frozen: true } })
    const refused = act(on, 'b1', 'propose', {
      ...{ title: 'all', executeAt: null, change: set({ text: { ...rule, participationPercent: 67 } }) },
    })
    expect(refused.code).toBe('admin/BODY_CANNOT_DECIDE')
    expect(refused.refusal?.message).toMatch(/kind text could be decided any more: 2 of 3 \(organisations\)/)
    on.as(at('ann')).admin.stake(coins(90_000n))
    on.as(at('ben')).admin.stake(coins(90_000n))
    act(on, 'b1', 'propose', { title: 'organisations decide', executeAt: null, change: set({}) })
    const proposal = newest(on)
    expect(on.read.admin.diff({ proposal })).toContainEqual({
      ...{ what: 'admin.rules.text.body.kind', before: inForce.body, after: 'organisations' },
    })
    for (const name of ['ann', 'ben']) on.as(at(name)).admin.vote({ proposal, choice: yes })
    expect(close(on, proposal)).toMatchObject({ kind: 'executed' })
    act(on, 'b1', 'propose', { title: 'said', executeAt: null, change: { kind: 'text', value: 'Hello' } })
    expect(on.read.admin.proposal({ proposal: newest(on) })?.proposal.rule.body.kind).toBe('organisations')
  })
})

describe('a freeze', () => {
  test('is refused of admin and kernel, of unknown modules, and where nothing changes', () => {
    const on = start()
    const module = (name: string, frozen: boolean) =>
      propose(on, { kind: 'freezeModule', value: { module: name, frozen } }).code
    expect(['nothing', 'admin', 'kernel'].map((name) => module(name, true))).toEqual([
      ...['admin/UNKNOWN_MODULE', 'admin/CANNOT_FREEZE', 'admin/CANNOT_FREEZE'],
    ])
    expect(module('cargo', false)).toBe('admin/NOTHING_TO_CHANGE')
    expect(propose(on, { kind: 'freezeAccount', value: { account: at('ann'), frozen: false } }).code).toBe(
      'admin/NOTHING_TO_CHANGE',
    )
  })

  test('of an account or a module lasts until it is lifted', () => {
    const on = start()
    const send = () => on.as(at('ann')).token.transfer({ to: at('ben'), amount: amount(1n) }).code
    const account = (frozen: boolean) =>
      enact(on, { kind: 'freezeAccount', value: { account: at('ann'), frozen } })
    account(true)
    expect([send(), on.read.admin.frozen({ account: at('ann') })]).toEqual(['admin/FROZEN', true])
    account(false)
    expect(send()).toBeUndefined()
    enact(on, { kind: 'freezeModule', value: { module: 'token', frozen: true } })
    expect(send()).toBe('admin/MODULE_FROZEN')
    // Admin itself still locks stakes through it.
    expect(on.as(at('ann')).admin.stake(coins(5n)).code).toBeUndefined()
    enact(on, { kind: 'freezeModule', value: { module: 'token', frozen: false } })
    expect(send()).toBeUndefined()
  })

  test('is refused where those who are left could not decide', () => {
    const on = start()
    const account = (name: string) =>
      ({ kind: 'freezeAccount', value: { account: at(name), frozen: true } }) as const
    expect(enact(on, account('c1'))).toMatchObject({ kind: 'executed' })
    const by = (change: object) => act(on, 'b1', 'propose', { title: 'freeze', executeAt: null, change })
    // Two of three organisations can vote; 60 percent must. Harbour and bank have an approver to spare each.
    for (const name of ['b1', 'h1']) {
      const change = account(name)
      expect(act(on, 'b2', 'propose', { title: 'freeze', executeAt: null, change }).code).toBeUndefined()
      const proposal = newest(on)
      act(on, ['h2', 'h3'], 'vote', { proposal, choice: yes })
      act(on, 'b2', 'vote', { proposal, choice: yes })
      expect(close(on, proposal)).toMatchObject({ kind: 'executed' })
    }
    expect(by(account('b2')).code).toBe('admin/FROZEN')
    const refused = act(on, 'b2', 'propose', { title: 'freeze', executeAt: null, change: account('b2') })
    expect(refused.code).toBe('admin/BODY_CANNOT_DECIDE')
    expect(act(on, 'b2', 'propose', { title: 'freeze', executeAt: null, change: account('h2') }).code).toBe(
      'admin/BODY_CANNOT_DECIDE',
    )
  })
})

describe('a change of validators', () => {
  const ruling = (on: Harbour) =>
    on.validators.validators.map((one) => testAccountAt(one.address).name).sort()
  const set = (on: Harbour, join: readonly string[], leave: readonly string[] = []) =>
    ({
      kind: 'validators',
      value: { join: join.map((name) => newcomer(on, name)), leave: leave.map(at) },
    }) as const

  test('brings in as many at a time as may be down, and shows who comes and goes', () => {
    const on = start()
    expect(propose(on, set(on, [])).code).toBe('admin/NOTHING_TO_CHANGE')
    expect(propose(on, set(on, [], ['v9'])).code).toBe('admin/NOT_A_VALIDATOR')
    expect(propose(on, set(on, ['v1'])).code).toBe('admin/ALREADY_A_VALIDATOR')
    expect(propose(on, set(on, [], ['v1', 'v2', 'v3', 'v4'])).code).toBe('admin/NO_QUORUM')
    const { code, refusal } = propose(on, set(on, ['v5', 'v6', 'v7']))
    expect([code, refusal?.message]).toEqual([
      'admin/NO_QUORUM',
      '7 validators go on with 2 of them down, but 3 would be new and 0 are down now.',
    ])
    propose(on, set(on, ['v5'], ['v1']))
    expect(on.read.admin.diff({ proposal: 1n })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ before: '-', after: expect.stringMatching(/^secp256k1 key 0[23]/) }),
        { what: 'validators', before: '4', after: '4' },
        { what: 'validators that may be down', before: '1', after: '1' },
      ]),
    )
    expect(enact(on, set(on, ['v5']))).toMatchObject({ kind: 'executed' })
    // The newcomer has made no block yet.
    expect(propose(on, set(on, ['v6'])).code).toBe('admin/NO_QUORUM')
    for (const { epoch } = on.validators; on.validators.epoch === epoch; ) on.advance({ blocks: 1 })
    expect(ruling(on)).toEqual(['v1', 'v2', 'v3', 'v4', 'v5'])
    on.advance({ blocks: 5 })
    expect(on.read.admin.silent(null)).toEqual([])
    expect(propose(on, set(on, ['v6'])).code).toBeUndefined()
  })

  test('counts who missed its last turn, until it makes a block or leaves', () => {
    const on = start()
    const missing = on.proposer()
    on.advance({
      blocks: 1,
      round: 1,
      misses: [{ height: height(on.height + 1n), round: 0, proposer: missing }],
    })
    expect(on.read.admin.silent(null)).toMatchObject([{ validator: missing }])
    const [absent = ''] = [testAccountAt(missing).name]
    const present = ['v1', 'v2', 'v3', 'v4'].filter((name) => name !== absent)
    expect(propose(on, set(on, ['v5'])).code).toBe('admin/NO_QUORUM')
    expect(propose(on, set(on, [], present.slice(0, 1))).code).toBe('admin/NO_QUORUM')
    expect(propose(on, set(on, ['v5'], [absent])).code).toBeUndefined()
  })

  test('that the module validators refuses has failed, and nothing else', () => {
    const on = start()
    const wrong = set(on, ['v5'])
    const [joining] = wrong.value.join
    if (!joining) throw new Error('somebody joins')
    const proof = new Uint8Array(joining.proof.length)
    expect(enact(on, { ...wrong, value: { join: [{ ...joining, proof }], leave: [] } })).toEqual({
      ...{ kind: 'failed', value: 'validators/BAD_PROOF' },
    })
    expect(on.read.admin.silent(null)).toEqual([])
  })
})

test('a change is as long as a transaction can be, at most', () => {
  expect(change.bytesMax).toBeLessThan(131_072)
})
