// What must and must not compile of process, against the built declarations.
import { amount, defineChain, defineModule, need, solo, unit } from '@mmtchain/kernel'
import { type Definition, type ProcessReads, process } from '@mmtchain/process'
import { token } from '@mmtchain/token-rewards'
import { test } from 'vitest'
import { permit, start } from './permit.ts'

interface Move {
  move(args: { readonly from: never; readonly to: never; readonly amount: never }): undefined
}
const chain = () => defineChain({ id: 'harbour-1', consensus: solo() })
const withToken = () => chain().use(token({ symbol: 'HKT' }))

test('a definition has its parts', () => {
  const given: Definition = permit
  void given
  const { sets: _, ...without } = permit
  // @ts-expect-error: a definition says which fields a start sets
  const bare: Definition = without
  void bare
  const endless: Definition['states'][number] = {
    id: 'a',
    final: false,
    sub: null,
    // @ts-expect-error: a deadline leads somewhere
    deadline: { afterMs: 1n },
  }
  void endless
  const on = start()
  const by = () => on.as(on.validators.validators[0]?.address as never).process
  // @ts-expect-error: instances are numbered by bigints
  ;() => by().act({ instance: 1, transition: 'a', set: [], attachments: [] })
  // @ts-expect-error: a value has its kind
  ;() => by().start({ process: 'permit', set: [{ field: 'name', value: 'North quay' }] })
})

test('effects have the powers that they need, and no others', () => {
  chain().use(process())
  const paying = process({
    needs: { token: need<{}, Move>() },
    effects: {
      pay: ({ needs }) => {
        void needs.token.move
        // @ts-expect-error: it asked for `move` alone
        needs.token.mint
      },
    },
  })
  withToken().use(paying, { grants: { token: ['move'] } })
  // @ts-expect-error: what effects do in other modules is granted by name
  ;() => withToken().use(paying)
  // @ts-expect-error: and these come first
  ;() => chain().use(paying, { grants: { token: ['move'] } })
  void amount
})

test('other modules read where an instance is', () => {
  const gate = () =>
    defineModule('gate', { needs: { process: need<{}, {}, ProcessReads>() } }).command(
      'open',
      unit,
      (ctx) => {
        const found = ctx.needs.process.stateOf(1n)
        // @ts-expect-error: there may be none
        found.state
        // @ts-expect-error: only process moves an instance
        ctx.needs.process.act
      },
    )
  chain().use(process()).use(gate())
  // @ts-expect-error: process comes first
  ;() => chain().use(gate())
})
