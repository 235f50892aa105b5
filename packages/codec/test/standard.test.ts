import { address, amount, list, set, struct, u8 } from '@mmtchain/codec'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapesWithValue } from './shapes.ts'

/** Validates as a library that knows only Standard Schema does. */
function validate(schema: StandardSchemaV1, value: unknown) {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new Error('A codec answers at once.')
  return result
}

describe('as a Standard Schema of version 1', () => {
  const payment = struct({ to: address, amount })
  const to = 'mmt1gas9c2a5l8q5rnyg6ha2hq6l49jj3e3ekgrjdny75argfx4mfwts9xfupc'

  test('a codec names its version and its vendor', () => {
    fc.assert(
      fc.property(shapesWithValue, ([{ codec }]) => {
        expect(codec['~standard']).toMatchObject({ version: 1, vendor: 'mmtchain' })
      }),
    )
  })

  test('it reads the JSON form of a value, with an address of any chain', () => {
    expect(validate(payment, { to, amount: '5' })).toEqual({
      value: { to: '0x47605c2bb4f9c141cc88d5faab835fa96528e639b20726cc9ea746849abb4b97', amount: 5n },
    })
  })

  test('it answers with the issue and the path of a wrong value, and never throws', () => {
    expect(validate(list(payment, { max: 1 }), [{ to, amount: 5 }])).toEqual({
      issues: [
        {
          path: [0, 'amount'],
          message: `0.amount: expected a decimal string from "0" to "${2n ** 64n - 1n}", got 5.`,
        },
      ],
    })
    expect(validate(struct({ seats: set(u8, { max: 2 }) }), { seats: [1, 1] })).toEqual({
      issues: [{ path: ['seats'], message: 'seats: Expected distinct set items, got 1 twice.' }],
    })
    fc.assert(
      fc.property(shapesWithValue, fc.anything(), ([{ codec }], value) => {
        const { issues } = validate(codec, value)
        if (issues) expect(issues).toHaveLength(1)
      }),
    )
  })
})
