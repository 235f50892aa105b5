import { admin } from '@mmtchain/admin'
import { defineChain, solo } from '@mmtchain/kernel'
import { testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { act, at, close, enact, type Harbour, newest, OPTIONS, propose, standings, start } from './harbour.ts'

/** As many acts of harbour as may wait, in one block. */
function many(on: Harbour) {
  const actions = Array.from({ length: 32 }, (_, n) => ({ kind: 'setApprovalsNeeded', value: 100 + n }))
  return on.block(
    actions.map((action) => ({ sender: at('h1'), module: 'admin', command: 'act', input: { action } })),
  )
}

describe('an organisation', () => {
  test('acts once as many of its approvers want the same as it asks for', () => {
    const on = start()
    const invitation = { who: at('ann'), standing: standings.member }
    expect(act(on, 'h1', 'invite', invitation).events).toEqual(['admin.approved'])
    expect(on.read.admin.invitation({ organisation: 'harbour', who: at('ann') })).toBeNull()
    expect(on.read.admin.acts({ organisation: 'harbour' })).toMatchObject([
      { action: { kind: 'invite', value: invitation }, approvals: [at('h1')] },
    ])
    expect(act(on, 'h1', 'invite', invitation).code).toBe('admin/ALREADY_APPROVED')
    // Another standing is another act.
    expect(act(on, 'h2', 'invite', { ...invitation, standing: standings.regulator }).events).toEqual([
      'admin.approved',
    ])
    expect(act(on, 'h3', 'invite', invitation).events).toEqual(['admin.invited'])
    expect(on.read.admin.invitation({ organisation: 'harbour', who: at('ann') })?.standing).toEqual(
      standings.member,
    )
    expect(on.read.admin.acts({ organisation: 'harbour' })).toHaveLength(1)
  })

  test('refuses who is no member, then who is no approver, then a second approval, then too many acts', () => {
    const on = start()
    act(on, 'c1', 'invite', { who: at('ann'), standing: standings.member })
    on.as(at('ann')).admin.join({ organisation: 'customs' })
    const needed = (value: number) => act(on, 'h1', 'setApprovalsNeeded', value)
    expect(act(on, 'ben', 'setApprovalsNeeded', 1).code).toBe('admin/NOT_A_MEMBER')
    expect(act(on, 'ann', 'setApprovalsNeeded', 1).code).toBe('admin/NOT_AN_APPROVER')
    expect(many(on).every(({ code }) => code === undefined)).toBe(true)
    expect(needed(100).code).toBe('admin/ALREADY_APPROVED')
    expect(needed(132).code).toBe('admin/TOO_MANY_ACTS')
  })

  test('forgets approvals that have run out', () => {
    const on = start()
    act(on, 'h1', 'setApprovalsNeeded', 3)
    on.advance({ blocks: 21 })
    expect(act(on, 'h2', 'setApprovalsNeeded', 3).events).toEqual(['admin.approved'])
    expect(act(on, 'h1', 'setApprovalsNeeded', 3).events).toEqual(['admin.approvalsNeededSet'])
    many(on)
    on.advance({ blocks: 21 })
    expect(act(on, 'h1', 'setApprovalsNeeded', 2).code).toBeUndefined()
    expect(on.read.admin.acts({ organisation: 'harbour' })).toHaveLength(1)
  })

  test('does not count the approval of who may approve no more', () => {
    const on = start()
    act(on, 'h1', 'setApprovalsNeeded', 1)
    act(on, ['h2', 'h3'], 'setStanding', { who: at('h1'), standing: standings.member })
    expect(act(on, 'h2', 'setApprovalsNeeded', 1).events).toEqual(['admin.approved'])
    act(on, ['h2', 'h3'], 'setStanding', { who: at('h1'), standing: standings.approver })
    enact(on, { kind: 'freezeAccount', value: { account: at('h2'), frozen: true } })
    expect(act(on, 'h3', 'setApprovalsNeeded', 1).events).toEqual(['admin.approved'])
  })

  test('has members that join by invitation and leave, in one organisation at a time', () => {
    const on = start()
    const ann = on.as(at('ann')).admin
    act(on, 'c1', 'invite', { who: at('ann'), standing: standings.member })
    act(on, 'b1', 'invite', { who: at('ann'), standing: standings.approver })
    expect(ann.join({ organisation: 'nobody' }).code).toBe('admin/UNKNOWN_ORGANISATION')
    expect(ann.join({ organisation: 'harbour' }).code).toBe('admin/NOT_INVITED')
    expect(ann.join({ organisation: 'customs' }).events).toEqual(['admin.joined'])
    expect(ann.join({ organisation: 'bank' }).code).toBe('admin/ALREADY_A_MEMBER')
    expect(act(on, 'b1', 'invite', { who: at('ann'), standing: standings.member }).code).toBe(
      'admin/ALREADY_A_MEMBER',
    )
    const page = { organisation: 'customs', from: null, limit: 9 }
    expect(
      on.read.admin
        .members(page)
        .map(({ who }) => who)
        .sort(),
    ).toEqual([at('ann'), at('c1')].sort())
    expect(on.read.admin.member({ who: at('ann') })).toMatchObject({
      organisation: 'customs',
      standing: standings.member,
    })
    expect(ann.leave(null).events).toEqual(['admin.left'])
    expect(ann.leave(null).code).toBe('admin/NOT_A_MEMBER')
    expect(on.read.admin.member({ who: at('ann') })).toBeNull()
    expect(ann.join({ organisation: 'customs' }).code).toBe('admin/NOT_INVITED')
    expect(ann.join({ organisation: 'bank' }).code).toBeUndefined()
    expect(act(on, 'ann', 'invite', { who: at('ben'), standing: standings.member }).code).toBeUndefined()
    expect(on.as(at('ben')).admin.decline({ organisation: 'bank' }).events).toEqual(['admin.declined'])
    act(on, 'b1', 'invite', { who: at('ben'), standing: standings.member })
    expect(act(on, 'b2', 'withdrawInvitation', { who: at('ben') }).events).toEqual([
      'admin.invitationWithdrawn',
    ])
    act(on, 'b1', 'invite', { who: at('ben'), standing: standings.member })
    on.advance({ blocks: 21 })
    expect(on.as(at('ben')).admin.join({ organisation: 'bank' }).code).toBe('admin/NOT_INVITED')
  })

  test('keeps as many approvers as it needs, whoever goes and however', () => {
    const on = start()
    expect(on.as(at('c1')).admin.leave(null).code).toBe('admin/TOO_FEW_APPROVERS')
    expect(act(on, 'c1', 'expel', { who: at('c1') }).code).toBe('admin/TOO_FEW_APPROVERS')
    expect(act(on, 'c1', 'setStanding', { who: at('c1'), standing: standings.member }).code).toBe(
      'admin/TOO_FEW_APPROVERS',
    )
    expect(act(on, 'c1', 'setApprovalsNeeded', 2).code).toBe('admin/TOO_FEW_APPROVERS')
    expect(act(on, 'c1', 'setApprovalsNeeded', 0).code).toBe('admin/TOO_FEW_APPROVERS')
    expect(act(on, 'c1', 'setApprovalsNeeded', 1).code).toBe('admin/NOTHING_TO_CHANGE')
    expect(act(on, 'b1', 'expel', { who: at('c1') }).code).toBe('admin/NOT_OF_ORGANISATION')
    expect(act(on, 'b1', 'expel', { who: at('b2') }).events).toEqual(['admin.expelled'])
    expect(act(on, 'b1', 'setStanding', { who: at('b1'), standing: standings.approver }).code).toBe(
      'admin/NOTHING_TO_CHANGE',
    )
    // The other approver is frozen, so it does not count.
    expect(on.as(at('h1')).admin.leave(null).code).toBeUndefined()
    expect(on.as(at('h2')).admin.leave(null).code).toBe('admin/TOO_FEW_APPROVERS')
  })

  test('is admitted and excluded by proposals; its members, invitations and acts go with it', () => {
    const on = start()
    const guild = { id: 'guild', name: 'Guild', approvers: ['ann', 'ben'].map(at), approvalsNeeded: 2 }
    const admitted = (change: object) => propose(on, { kind: 'admit', value: { ...guild, ...change } }).code
    expect(admitted({ id: 'Guild' })).toBe('admin/BAD_ID')
    expect(admitted({ id: 'bank' })).toBe('admin/ORGANISATION_EXISTS')
    expect(admitted({ approvers: [at('ann'), at('h1')] })).toBe('admin/ALREADY_A_MEMBER')
    expect(admitted({ approvalsNeeded: 3 })).toBe('admin/TOO_FEW_APPROVERS')
    expect(admitted({ approvalsNeeded: 0 })).toBe('admin/TOO_FEW_APPROVERS')
    expect(enact(on, { kind: 'admit', value: guild })).toMatchObject({ kind: 'executed' })
    expect(on.read.admin.organisations(null).map(({ id }) => id)).toEqual([
      'bank',
      'customs',
      'guild',
      'harbour',
    ])
    act(on, ['ann', 'ben'], 'invite', { who: at('cat'), standing: standings.member })
    const number = on.read.admin.organisation({ id: 'guild' })?.number
    expect(propose(on, { kind: 'exclude', value: { id: 'nobody' } }).code).toBe('admin/UNKNOWN_ORGANISATION')
    expect(enact(on, { kind: 'exclude', value: { id: 'guild' } })).toMatchObject({ kind: 'executed' })
    expect([at('ann'), at('ben')].map((who) => on.read.admin.member({ who }))).toEqual([null, null])
    expect(on.as(at('cat')).admin.join({ organisation: 'guild' }).code).toBe('admin/UNKNOWN_ORGANISATION')
    // One of the same id is another organisation: the invitation of the first is void.
    enact(on, { kind: 'admit', value: guild })
    expect(on.read.admin.organisation({ id: 'guild' })?.number).not.toBe(number)
    expect(on.as(at('cat')).admin.join({ organisation: 'guild' }).code).toBe('admin/NOT_INVITED')
  })

  test('has at most sixteen approvers, the alliance at most 128 organisations', () => {
    const names = Array.from({ length: 16 }, (_, n) => `approver ${n}`)
    const rule = { ...OPTIONS.rule, participationPercent: 1 }
    const small = defineChain({ id: 'harbour-5', slotMs: 1_000, consensus: solo() }).use(admin({ rule }), {
      grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] },
    })
    const many = Array.from({ length: 127 }, (_, n) => ({
      ...{ id: `member-${n}`, name: 'One of many', approvers: [at(`member ${n}`)], approvalsNeeded: 1 },
    }))
    const full = { id: 'full', name: 'Full', approvers: names.map(at), approvalsNeeded: 1 }
    const on = testChain(small, { admin: { organisations: [...many, full] } })
    const send = (name: string, kind: string, value: unknown) =>
      on.as(at(name)).admin.act({ action: { kind, value } as never }).code
    const guild = { id: 'guild', name: 'Guild', approvers: [at('ann')], approvalsNeeded: 1 }
    const change = { kind: 'admit', value: guild }
    expect(send('member 3', 'propose', { title: 'One more', change, executeAt: null })).toBe(
      'admin/TOO_MANY_ORGANISATIONS',
    )
    expect(send('approver 0', 'invite', { who: at('ann'), standing: standings.approver })).toBeUndefined()
    expect(on.as(at('ann')).admin.join({ organisation: 'full' }).code).toBe('admin/TOO_MANY_APPROVERS')
    expect(send('approver 0', 'invite', { who: at('ann'), standing: standings.member })).toBeUndefined()
    expect(on.as(at('ann')).admin.join({ organisation: 'full' }).code).toBeUndefined()
    expect(send('approver 0', 'setStanding', { who: at('ann'), standing: standings.approver })).toBe(
      'admin/TOO_MANY_APPROVERS',
    )
  })

  test('leaves the alliance by itself, unless the others could not decide without it', () => {
    const on = start()
    propose(on, { kind: 'freezeModule', value: { module: 'cargo', frozen: true } })
    expect(act(on, 'b1', 'disband', null).events).toEqual(['admin.disbanded'])
    expect(close(on, newest(on))).toEqual({ kind: 'rejected', value: null })
    expect(act(on, 'c1', 'disband', null).code).toBeUndefined()
    // Harbour alone decides now; without it nobody would.
    expect(act(on, ['h1', 'h2'], 'disband', null).code).toBe('admin/BODY_CANNOT_DECIDE')
  })
})
