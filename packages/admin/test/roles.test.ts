import { describe, expect, test } from 'vitest'
import { act, at, enact, type Harbour, newest, propose, roles, standings, start } from './harbour.ts'

const [releaser] = roles
const release = (on: Harbour, name: string) => on.as(at(name)).cargo.release(null)
/** Makes somebody a member of customs. */
function enrol(on: Harbour, name: string, standing: keyof typeof standings = 'member') {
  act(on, 'c1', 'invite', { who: at(name), standing: standings[standing] })
  on.as(at(name)).admin.join({ organisation: 'customs' })
}
const role = (definition: object) => ({ kind: 'role', value: { ...releaser, ...definition } }) as never

describe('a role', () => {
  test('is what its commands take, and a refusal names it and who could grant it', () => {
    const on = start()
    const { code, refusal } = release(on, 'ann')
    expect(code).toBe('admin/NOT_PERMITTED')
    expect(refusal?.message).toMatch(/may not send cargo.release: it takes the role releaser\./)
    expect(refusal?.hint).toBe(
      'Approvers of customs, harbour can grant it to their members (act grantRole), or organisations by a proposal of the kind grantRole.',
    )
    expect(on.as(at('ann')).cargo.inspect(null).code).toBeUndefined()
    expect(on.read.admin.permission({ who: at('ann'), module: 'cargo', command: 'release' })).toEqual({
      ...{ allowed: false, roles: ['releaser'] },
    })
  })

  test('is granted and revoked by organisations to their own members', () => {
    const on = start()
    const ann = { who: at('ann'), role: 'releaser' }
    expect(act(on, 'c1', 'grantRole', { ...ann, role: 'nothing' }).code).toBe('admin/UNKNOWN_ROLE')
    const { code, refusal } = act(on, 'b1', 'grantRole', ann)
    expect([code, refusal?.hint]).toEqual([
      ...['admin/NOT_A_GRANTOR', 'customs, harbour may, to their members; any other way is a proposal.'],
    ])
    expect(act(on, 'c1', 'grantRole', ann).code).toBe('admin/NOT_OF_ORGANISATION')
    enrol(on, 'ann')
    expect(act(on, 'c1', 'grantRole', ann).events).toEqual(['admin.roleGranted'])
    expect(act(on, 'c1', 'grantRole', ann).code).toBe('admin/ROLE_HELD')
    expect(release(on, 'ann').code).toBeUndefined()
    expect(act(on, ['h1', 'h2'], 'revokeRole', ann).code).toBe('admin/ROLE_NOT_HELD')
    expect(act(on, 'b1', 'revokeRole', ann).code).toBe('admin/NOT_A_GRANTOR')
    expect(act(on, 'c1', 'revokeRole', ann).events).toEqual(['admin.roleRevoked'])
    expect(act(on, 'c1', 'revokeRole', ann).code).toBe('admin/ROLE_NOT_HELD')
    expect(release(on, 'ann').code).toBe('admin/NOT_PERMITTED')
  })

  test('goes with the membership in which it was granted, and does not come back with a new one', () => {
    const on = start()
    enrol(on, 'ann')
    act(on, 'c1', 'grantRole', { who: at('ann'), role: 'releaser' })
    on.as(at('ann')).admin.leave(null)
    expect(release(on, 'ann').code).toBe('admin/NOT_PERMITTED')
    enrol(on, 'ann')
    expect(release(on, 'ann').code).toBe('admin/NOT_PERMITTED')
    const page = { role: 'releaser', from: null, limit: 9 }
    expect(on.read.admin.holders(page)).toMatchObject([{ who: at('ann'), holds: false }])
    act(on, 'c1', 'grantRole', { who: at('ann'), role: 'releaser' })
    expect(on.read.admin.holders(page)).toMatchObject([{ who: at('ann'), holds: true }])
  })

  test('is granted to anybody by a proposal, and revoked by one', () => {
    const on = start()
    const grant = { kind: 'grantRole', value: { who: at('ann'), role: 'releaser' } } as const
    expect(enact(on, grant)).toMatchObject({ kind: 'executed' })
    expect(propose(on, grant).code).toBe('admin/ROLE_HELD')
    expect(release(on, 'ann').code).toBeUndefined()
    expect(enact(on, { ...grant, kind: 'revokeRole' })).toMatchObject({ kind: 'executed' })
    expect(propose(on, { ...grant, kind: 'revokeRole' }).code).toBe('admin/ROLE_NOT_HELD')
    expect(release(on, 'ann').code).toBe('admin/NOT_PERMITTED')
  })

  test('is defined by a proposal that names commands of this chain, other than of admin and kernel', () => {
    const on = start()
    const commands = (module: string, command: string) =>
      propose(on, role({ commands: [{ module, command }] })).code
    expect(propose(on, role({ role: 'No role' })).code).toBe('admin/BAD_ID')
    expect(commands('cargo', 'relaese')).toBe('admin/UNKNOWN_COMMAND')
    expect(commands('crago', 'release')).toBe('admin/UNKNOWN_COMMAND')
    expect(commands('admin', 'vote')).toBe('admin/CANNOT_RESTRICT')
    expect(commands('kernel', 'rotate')).toBe('admin/CANNOT_RESTRICT')
    expect(propose(on, role({ grantors: ['nobody'] })).code).toBe('admin/UNKNOWN_ORGANISATION')
  })

  test('opens a command again when it lets go of it, and shows so before', () => {
    const on = start()
    const inspect = { module: 'cargo', command: 'inspect' }
    propose(on, role({ commands: [inspect], grantors: ['harbour'] }))
    expect(on.read.admin.diff({ proposal: newest(on) })).toEqual([
      { what: 'cargo.inspect', before: 'everybody', after: 'role releaser' },
      { what: 'cargo.release', before: 'role releaser', after: 'everybody' },
      { what: 'grantors of releaser', before: 'customs, harbour', after: 'harbour' },
    ])
    enact(on, role({ commands: [inspect], grantors: ['harbour'] }))
    expect([release(on, 'ann').code, on.as(at('ann')).cargo.inspect(null).code]).toEqual([
      ...[undefined, 'admin/NOT_PERMITTED'],
    ])
    expect(on.read.admin.roles({ from: '', limit: 9 })).toHaveLength(1)
  })

  test('is one of eight at most that permit a command, and any of them will do', () => {
    const on = start()
    for (let n = 2; n <= 8; n++) enact(on, role({ role: `releaser-${n}` }))
    expect(propose(on, role({ role: 'releaser-9' })).code).toBe('admin/TOO_MANY_ROLES')
    expect(propose(on, role({})).code).toBeUndefined()
    enact(on, { kind: 'grantRole', value: { who: at('ann'), role: 'releaser-5' } })
    expect(release(on, 'ann').code).toBeUndefined()
    expect(on.read.admin.auditOf({ who: at('ann'), from: 1n, limit: 9 })).toMatchObject([
      { what: 'cargo.release', right: 'role releaser-5, granted by a proposal' },
    ])
  })
})

describe('a regulator', () => {
  test('reads, and changes nothing but its keys and its membership', () => {
    const on = start()
    enrol(on, 'ann', 'regulator')
    const ann = on.as(at('ann'))
    const outcomes = [
      ...[
        ann.cargo.inspect(null),
        ann.token.transfer({ to: at('ben'), amount: 1n as never }),
        ann.admin.stand(null),
      ],
    ]
    expect(outcomes.map(({ code }) => code)).toEqual(Array(3).fill('admin/READ_ONLY'))
    expect(on.read.admin.audit({ from: 1n, limit: 256 }).length).toBeGreaterThan(1)
    expect(ann.admin.leave(null).code).toBeUndefined()
    expect(ann.cargo.inspect(null).code).toBeUndefined()
  })

  test('is free of it where its organisation is no more, and where it gets another standing', () => {
    const on = start()
    enrol(on, 'ann', 'regulator')
    act(on, 'c1', 'setStanding', { who: at('ann'), standing: standings.member })
    expect(on.as(at('ann')).cargo.inspect(null).code).toBeUndefined()
    act(on, 'c1', 'setStanding', { who: at('ann'), standing: standings.regulator })
    expect(on.as(at('ann')).cargo.inspect(null).code).toBe('admin/READ_ONLY')
    act(on, 'c1', 'disband', null)
    expect(on.as(at('ann')).cargo.inspect(null).code).toBeUndefined()
  })
})

describe('before a command', () => {
  test('a freeze is told before a regulator’s bar, that before a frozen module, that before a missing role', () => {
    const on = start()
    enrol(on, 'ann', 'regulator')
    const frozen = { account: at('ann'), frozen: true }
    enact(on, { kind: 'freezeModule', value: { module: 'cargo', frozen: true } })
    enact(on, { kind: 'freezeAccount', value: frozen })
    const codes = [release(on, 'ann').code]
    enact(on, { kind: 'freezeAccount', value: { ...frozen, frozen: false } })
    codes.push(release(on, 'ann').code)
    act(on, 'c1', 'setStanding', { who: at('ann'), standing: standings.member })
    codes.push(release(on, 'ann').code)
    enact(on, { kind: 'freezeModule', value: { module: 'cargo', frozen: false } })
    codes.push(release(on, 'ann').code)
    expect(codes).toEqual([
      ...['admin/FROZEN', 'admin/READ_ONLY', 'admin/MODULE_FROZEN', 'admin/NOT_PERMITTED'],
    ])
  })
})
