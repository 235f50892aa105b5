import { firstNotBelow } from '@mmtchain/primitives'
import { expect, test } from 'vitest'

test('the first key that is not below a bound, for every bound beside and between the keys', () => {
  const keys = ['b', 'd', 'd1', 'f']
  for (const bound of ['', 'a', 'b', 'c', 'd', 'd0', 'd1', 'e', 'f', 'g']) {
    const first = keys.findIndex((key) => key >= bound)
    expect([bound, firstNotBelow(keys, bound)]).toEqual([bound, first < 0 ? keys.length : first])
  }
  expect(firstNotBelow([], 'a')).toBe(0)
})
