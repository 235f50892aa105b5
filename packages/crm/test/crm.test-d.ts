// What must and must not compile of crm, against the built declarations.
import { type CrmReads, crm } from '@mmtchain/crm'
import { defineChain, defineModule, need, solo, unit } from '@mmtchain/kernel'
import { expectTypeOf, test } from 'vitest'
import { at, blank, first, port, start } from './harbour.ts'

test('what must not compile', () => {
  const on = start()
  const clerk = () => on.as(at('clerk')).crm
  ;() => clerk().addCustomer({ ...port, ...blank })
  // @ts-expect-error: what says who a customer is has no place on the chain
  ;() => clerk().addCustomer({ ...port, ...blank, name: 'Ann' })
  // @ts-expect-error: a digest is a hash, not any text
  ;() => clerk().addCustomer({ ...port, ...blank, digest: 'ann' })
  // @ts-expect-error: customers are numbered by bigints
  ;() => clerk().forgetCustomer({ ...port, customer: 1 })
  // @ts-expect-error: a grant to read has an end
  ;() => clerk().share({ ...first, reader: 'bank', purpose: 'loan' })
  // @ts-expect-error: and a purpose
  ;() => clerk().share({ ...first, reader: 'bank', untilMs: 1n })
  // @ts-expect-error: a task is done or cancelled
  ;() => clerk().closeTask({ ...port, task: 1n, outcome: { kind: 'forgotten', value: null } })
  // @ts-expect-error: there are no options
  ;() => crm({})
  expectTypeOf(on.read.crm.mayRead).returns.toEqualTypeOf<{
    readonly purpose: string
    readonly untilMs: bigint
  } | null>()
})

test('other modules read who may read, when they come after it', () => {
  const chain = () => defineChain({ id: 'harbour-1', consensus: solo() })
  const desk = () =>
    defineModule('desk', { needs: { crm: need<{}, {}, CrmReads>() } }).command('show', unit, (ctx) => {
      const grant = ctx.needs.crm.mayRead({ organisation: 'port', customer: 1n, reader: 'bank' })
      // @ts-expect-error: nobody has to have a grant
      grant.purpose
      // @ts-expect-error: only crm writes what it owns
      ctx.needs.crm.share
    })
  chain().use(crm()).use(desk())
  // @ts-expect-error: crm comes first
  ;() => chain().use(desk())
})
