import { ChainError, failures, isChainError, primitivesRefusals } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'

const fail = failures('token', {
  INSUFFICIENT_BALANCE: (d: { have: bigint; want: bigint }) => ({
    message: `Wanted ${d.want}, got ${d.have}.`,
    hint: `Add ${d.want - d.have}.`,
  }),
  FROZEN: (_: object) => ({ message: 'The account is frozen.', hint: 'Ask the registrar.' }),
})

describe('a declared refusal', () => {
  test('is an error with a code, values, a message and a hint', () => {
    const error = fail.INSUFFICIENT_BALANCE({ have: 3n, want: 5n })
    expect(error).toBeInstanceOf(ChainError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'ChainError',
      code: 'token/INSUFFICIENT_BALANCE',
      message: 'Wanted 5, got 3.',
      hint: 'Add 2.',
      values: { have: 3n, want: 5n },
    })
    expect(String(error)).toBe('ChainError: Wanted 5, got 3.')
    expect(error.stack).toContain('errors.test.ts')
  })

  test('keeps its values when the caller’s object changes', () => {
    const values = { have: 3n, want: 5n }
    const error = fail.INSUFFICIENT_BALANCE(values)
    values.have = 9n
    expect(error.values).toEqual({ have: 3n, want: 5n })
  })

  test('shows its texts as the caller wants them shown', () => {
    const loud = failures('a', { B: (_: object) => ({ message: 'no', hint: 'yes' }) }, (text) =>
      text.toUpperCase(),
    )
    expect(loud.B({})).toMatchObject({ code: 'a/B', message: 'NO', hint: 'YES' })
  })

  test('cannot be replaced', () => {
    expect(Object.isFrozen(fail)).toBe(true)
  })
})

describe('a ChainError', () => {
  test('carries the error behind it', () => {
    const cause = new Error('disk full')
    const error = new ChainError({ code: 'a/B', message: 'm', hint: 'h', cause })
    expect(error.cause).toBe(cause)
    expect('cause' in new ChainError({ code: 'a/B', message: 'm', hint: 'h' })).toBe(false)
    expect(error.values).toEqual({})
  })

  test('of another copy of this package is known too; nothing else is', () => {
    const foreign = Object.assign(new Error('m'), { name: 'ChainError', code: 'a/B', hint: 'h', values: {} })
    expect(isChainError(foreign)).toBe(true)
    for (const other of [
      new Error('m'),
      Object.assign(new Error('m'), { code: 'EIO' }),
      { name: 'ChainError', code: 'a/B' },
      null,
      undefined,
      'a/B',
    ])
      expect(isChainError(other)).toBe(false)
  })
})

test('codes of this package are upper case, as formats.md 9.1 has them', () => {
  for (const key of Object.keys(primitivesRefusals)) expect(key).toMatch(/^[A-Z][A-Z0-9_]{0,47}$/)
})
