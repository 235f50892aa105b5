import { isChainError } from '@mmtchain/primitives'
import { type TokenOptions, token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const refused: readonly (readonly [why: string, options: TokenOptions])[] = [
  ['an empty symbol', { symbol: '' }],
  ['a symbol with a newline', { symbol: 'A\nB' }],
  ['a symbol of 17 letters', { symbol: 'ABCDEFGHIJKLMNOPQ' }],
  ['negative decimals', { symbol: 'A', decimals: -1 }],
  ['half a decimal', { symbol: 'A', decimals: 1.5 }],
  ['19 decimals', { symbol: 'A', decimals: 19 }],
]

test.each(refused)('a token with %s is refused by code', (_why, options) => {
  let error: unknown
  try {
    token(options)
  } catch (thrown) {
    error = thrown
  }
  expect(isChainError(error) && error.code).toBe('token/BAD_OPTIONS')
})

test('commands of a token that cannot be halved are not free unless the chain file says so', () => {
  const fee = (options: TokenOptions) => Object(token(options).spec.params?.value).commandFee as bigint
  expect(fee({ symbol: 'A', decimals: 0 })).toBe(1n)
  expect(fee({ symbol: 'A', decimals: 1 })).toBe(5n)
  expect(fee({ symbol: 'A' })).toBe(50_000_000n)
})
