import { election } from '@mmtchain/consensus-dpos'
import { type Address, defineChain, type Engine } from '@mmtchain/kernel'
import { rewards, timeMining, token } from '@mmtchain/token-rewards'
import { type Allocation, coins } from './allocation.ts'

/** JMT: all 50,000,000,000 are there at genesis; time mining pays 15 of them out day by day from an account of the genesis. */
export const jmt = (
  consensus: Engine,
  { mining, reserves }: { readonly mining: Address; readonly reserves: readonly Address[] },
) =>
  defineChain({ id: 'jmt-1', addressPrefix: 'jmt', slotMs: 10_000, consensus })
    .use(token({ symbol: 'JMT', decimals: 8 }))
    .use(election({ seats: 108 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
    .use(rewards({ curve: { kind: 'none', value: null } }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
    })
    .use(
      timeMining({
        ...{ account: mining, perDay: JMT_MINING.perDay, reserves },
        // Choices of this preset, which the paper leaves open: a thousandth of a day at most for one, and a bond of 100 tokens.
        ...{ perDayMax: coins(4_100n), bond: coins(100n) },
      }),
      { grants: { token: ['lock', 'unlock', 'move'] } },
    )

/** What time mining shares each day, for so many days, and on the last. */
export const JMT_MINING = { perDay: coins(4_100_000n), days: 3_658n, lastDay: coins(2_200_000n) }

export const jmtAllocation: readonly Allocation[] = [
  { name: 'mining', amount: coins(15_000_000_000n) },
  { name: 'ecosystem', amount: coins(15_000_000_000n) },
  { name: 'foundation', amount: coins(15_000_000_000n) },
  { name: 'founders', amount: coins(5_000_000_000n), years: 10n },
]
