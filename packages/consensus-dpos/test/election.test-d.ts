import { election } from '@mmtchain/consensus-dpos'
import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { test } from 'vitest'

test('what must not compile', () => {
  const chain = () => defineChain({ id: 'harbour-1', consensus: solo() })
  const withToken = () => chain().use(token({ symbol: 'HKT' }))
  const all = ['lock', 'unlock', 'burn', 'move'] as const

  withToken().use(election({ seats: 4 }), { grants: { token: all } })
  // @ts-expect-error: it locks and cuts deposits, which the chain file grants by name
  ;() => withToken().use(election({ seats: 4 }))
  // @ts-expect-error: without `burn` there is no cut
  ;() => withToken().use(election({ seats: 4 }), { grants: { token: ['lock', 'unlock', 'move'] } })
  // @ts-expect-error: it needs a token
  ;() => chain().use(election({ seats: 4 }))
  // @ts-expect-error: seats must be named
  ;() => election({})
  // @ts-expect-error: this chain has only these three ways to weigh a vote
  ;() => election({ seats: 4, weight: 'double' })
})
