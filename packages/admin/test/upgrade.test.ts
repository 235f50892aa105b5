import { admin } from '@mmtchain/admin'
import { defineChain, defineModule, releaseHash, solo, unit } from '@mmtchain/kernel'
import { hash, height } from '@mmtchain/primitives'
import { laterVersion, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { at, choices, OPTIONS, organisations, standings } from './harbour.ts'

const rule = { ...OPTIONS.rule, participationPercent: 34 }
const kernel = ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] as const
const base = () =>
  defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: solo(), limits: { upgradeNoticeHeights: 2 } })

const first = () => base().use(admin({ rule }), { grants: { kernel } })
const second = () =>
  base()
    .use(laterVersion(admin({ rule }), { rows: 'members', count: 'headcount' }), { grants: { kernel } })
    .use(defineModule('pier', {}).command('moor', unit, () => undefined))

test('a release of version 2 that a proposal schedules finds every row of version 1, and the votes that go on', () => {
  const on = testChain(first().upgrade(second()), { admin: { organisations } })
  const act = (kind: string, value: unknown) =>
    on.as(at('c1')).admin.act({ action: { kind, value } as never })
  act('invite', { who: at('ann'), standing: standings.member })
  on.as(at('ann')).admin.join({ organisation: 'customs' })
  const release = hash(releaseHash(on.genesis.fingerprint, second()))
  const upgrade = (value: object | null) =>
    act('propose', { title: 'Release 2', executeAt: null, change: { kind: 'upgrade', value } })
  expect(upgrade({ height: height(on.height + 1n), release }).code).toBe('admin/UPGRADE_TOO_SOON')
  expect(upgrade(null).code).toBe('admin/NOTHING_TO_CHANGE')
  const at20 = height(20n)
  upgrade({ height: at20, release })
  expect(on.read.admin.diff({ proposal: 1n })).toEqual([
    { what: 'upgrade', before: '-', after: `release ${release} from height 20 on` },
  ])
  act('vote', { proposal: 1n, choice: choices.yes })
  on.as(at('b1')).admin.act({ action: { kind: 'vote', value: { proposal: 1n, choice: choices.yes } } })
  on.advance({ blocks: Number(17n - on.height) })
  expect(on.read.kernel.upgrade(null)).toEqual({ height: 20n, release })
  // Taken back by one more proposal it would be; this one is still open when the release begins.
  upgrade(null)
  act('vote', { proposal: 2n, choice: choices.no })
  const before = on.read.admin.audit({ from: 1n, limit: 256 })
  on.advance({ blocks: 1 })
  const read = on.read as unknown as { admin: { headcount(input: null): number } }
  expect(read.admin.headcount(null)).toBe(7)
  expect(on.read.admin.audit({ from: 1n, limit: 256 })).toEqual(before)
  const dock = { commands: [{ module: 'pier', command: 'moor' }], grantors: ['customs'], role: 'pilot' }
  expect(
    act('propose', { title: 'Pilots', executeAt: null, change: { kind: 'role', value: dock } }).code,
  ).toBeUndefined()
  on.advance({ blocks: 5 })
  expect(on.read.admin.proposal({ proposal: 2n })?.proposal.status).toEqual({ kind: 'rejected', value: null })
})
