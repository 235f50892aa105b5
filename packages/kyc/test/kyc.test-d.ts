// What must and must not compile of kyc, against the built declarations.
import { amount, defineChain, defineModule, need, solo, unit } from '@mmtchain/kernel'
import { guard, type KycOpen, type KycReads, kyc } from '@mmtchain/kyc'
import { test } from 'vitest'
import { at, coins, options, start } from './harbour.ts'

test('a rule fits the command that it names', () => {
  const tiers = [{ level: 0, perCall: amount(1n) }]
  guard(coins, 'transfer', { amount: 'amount', counterparty: 'to', tiers })
  // @ts-expect-error: the module has no such command
  ;() => guard(coins, 'print', { tiers })
  // @ts-expect-error: the command has no such field
  ;() => guard(coins, 'transfer', { amount: 'sum', tiers })
  // @ts-expect-error: a rule has tiers
  ;() => guard(coins, 'transfer', { amount: 'amount' })
  // @ts-expect-error: limits are amounts, not numbers
  ;() => guard(coins, 'transfer', { amount: 'amount', tiers: [{ level: 0, perDay: 5 }] })
})

test('registrars are named, and claims are commitments', () => {
  // @ts-expect-error: somebody attests
  ;() => kyc({})
  const on = start()
  const by = () => on.as(at('registrar')).kyc
  const reason = { kind: 'keyLost', value: null } as const
  ;() => by().revoke({ holder: at('ann'), reason })
  // @ts-expect-error: a reason is one of the list, not free text
  ;() => by().revoke({ holder: at('ann'), reason: 'she moved away' })
  // @ts-expect-error: what says who a person is has no place on the chain
  ;() => by().attest({ holder: at('ann'), level: 1, untilMs: 1n, person: 'Ann Harbour', digest: 'x' })
})

test('other modules ask for levels, when they come after it', () => {
  const chain = () => defineChain({ id: 'harbour-1', consensus: solo() })
  const vault = () =>
    defineModule('vault', { needs: { kyc: need<KycOpen, {}, KycReads>() } }).command('open', unit, (ctx) => {
      ctx.needs.kyc.requireLevel(2)
      // @ts-expect-error: only registrars attest, by a command
      ctx.needs.kyc.attest
    })
  chain().use(kyc(options)).use(vault())
  // @ts-expect-error: kyc comes first
  ;() => chain().use(vault())
})
