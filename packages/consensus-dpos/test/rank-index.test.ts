import { encodeKey } from '@mmtchain/codec'
import { election, rankIndex } from '@mmtchain/consensus-dpos'
import { type StateChanges, tablePrefix } from '@mmtchain/kernel'
import { addressFromBytes } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ann, at, coins, field } from './harbour.ts'

const table = election({ seats: 4 }).spec.state.ranking as { key: Parameters<typeof encodeKey>[0] }
const keyOf = (votes: number, who: number) =>
  tablePrefix('election', 'ranking') +
  encodeKey(table.key, [(1n << 64n) - 1n - BigInt(votes), addressOf(who)] as never)
const addressOf = (who: number) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, who)
  return addressFromBytes(bytes)
}

test('the index has every candidate at the place that sorting gives it, however votes change', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(5_000), fc.nat(40)), { minLength: 0, maxLength: 3_000, size: 'max' }),
      fc.array(fc.tuple(fc.nat(5_000), fc.option(fc.nat(40))), { maxLength: 300 }),
      (start, changes) => {
        const votes = new Map(start)
        const rows = [...votes].map(([who, given]) => keyOf(given, who)).sort()
        const index = rankIndex({
          get: () => undefined,
          entries: () => rows.map((key) => [key, new Uint8Array()] as const).values(),
        })
        for (const [who, given] of changes) {
          const before = votes.get(who)
          const block: [string, Uint8Array | null][] = []
          if (before !== undefined && before !== given) block.push([keyOf(before, who), null])
          if (given === null) votes.delete(who)
          else block.push([keyOf(given, who), new Uint8Array(1)])
          if (given !== null) votes.set(who, given)
          index.apply(block.sort(([a], [b]) => (a < b ? -1 : 1)) as StateChanges)
        }
        const order = [...votes].sort(([a, x], [b, y]) => y - x || a - b).map(([who]) => addressOf(who))
        expect(index.size).toBe(order.length)
        expect(index.from(1, order.length + 1)).toEqual(order)
        const middle = Math.floor(order.length / 2)
        expect(index.from(middle + 1, 7)).toEqual(order.slice(middle, middle + 7))
        for (const [i, who] of order.entries()) if (i % 97 === 0) expect(index.rank(who)).toBe(i + 1)
        expect(index.rank(addressOf(9_999))).toBeUndefined()
      },
    ),
    { numRuns: 30 },
  )
})

test('it agrees with what the chain answers', () => {
  const on = field({ options: { seats: 4 }, validators: ['v1', 'v2', 'v3', 'v4'] })
  on.as(ann).election.vote({ delegate: at('v3'), amount: coins(10) })
  const index = rankIndex(on.state)
  for (const name of ['v1', 'v2', 'v3', 'v4', 'ann'])
    expect(index.rank(at(name)) ?? null).toBe(on.read.election.rank({ delegate: at(name) }))
})
