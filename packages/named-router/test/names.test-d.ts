import { defineChain, solo } from '@mmtchain/kernel'
import { names } from '@mmtchain/named-router'
import { token } from '@mmtchain/token-rewards'
import { expectTypeOf, test } from 'vitest'
import { fees } from './harbour.ts'

test('names that cost something need a token before them, and others do not', () => {
  const base = () => defineChain({ id: 'harbour-1', consensus: solo() })
  base().use(names({ root: 'harbour' }))
  base()
    .use(token({ symbol: 'HKT' }))
    .use(names({ root: 'harbour', fees }))
  // @ts-expect-error: nothing here can be paid.
  base().use(names({ root: 'harbour', fees }))
})

test('options have their types', () => {
  // @ts-expect-error: the root is missing.
  names({})
  expectTypeOf(names({ root: 'a' }).spec.name).toBeString()
})
