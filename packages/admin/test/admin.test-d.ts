// What must and must not compile of admin, against the built declarations.
import { type AdminReads, admin } from '@mmtchain/admin'
import { validators } from '@mmtchain/consensus-pbft'
import { amount, defineChain, defineModule, need, solo, unit } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { test } from 'vitest'

test('what must not compile', () => {
  const rule = { body: 'organisations', participationPercent: 50, winPercent: 50, votingHeights: 5 } as const
  const stake = { deposit: amount(1n) }
  const kernel = ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] as const
  const chain = () => defineChain({ id: 'harbour-1', consensus: solo() })
  const withAll = () =>
    chain()
      .use(token({ symbol: 'HKT' }))
      .use(validators())

  chain().use(admin({ rule }), { grants: { kernel }, governable: ['rules'] })
  withAll().use(admin({ rule, stake, validators: true }), {
    grants: { kernel, token: ['lock', 'unlock'], validators: ['change'] },
  })
  // @ts-expect-error: the powers of the kernel are granted by name
  ;() => chain().use(admin({ rule }))
  // @ts-expect-error: without `cancelUpgrade` no upgrade is taken back
  ;() => chain().use(admin({ rule }), { grants: { kernel: ['setParameter', 'scheduleUpgrade'] } })
  // @ts-expect-error: where coins vote there must be coins
  ;() => chain().use(admin({ rule, stake }), { grants: { kernel } })
  // @ts-expect-error: stakes are locked and unlocked, which the chain file grants by name
  ;() => withAll().use(admin({ rule, stake }), { grants: { kernel, token: ['lock'] } })
  // @ts-expect-error: validators change by a granted power
  ;() => withAll().use(admin({ rule, validators: true }), { grants: { kernel } })
  // @ts-expect-error: a rule must be named
  ;() => admin({})
  // @ts-expect-error: there are three bodies
  ;() => admin({ rule: { ...rule, body: 'everybody' } })
  // @ts-expect-error: and seven kinds of rules
  ;() => admin({ rule, rules: { weather: rule } })

  const gate = () =>
    defineModule('gate', { needs: { admin: need<{}, {}, Pick<AdminReads, 'holds'>>() } }).command(
      'open',
      unit,
      (ctx) => {
        const holds: boolean = ctx.needs.admin.holds({ who: ctx.sender, role: 'keeper' })
        // @ts-expect-error: it asked for `holds` alone
        ctx.needs.admin.isFrozen
        void holds
      },
    )
  chain().use(admin({ rule }), { grants: { kernel } }).use(gate())
  // @ts-expect-error: admin comes first
  ;() => chain().use(gate())
})
