import { election } from '@mmtchain/consensus-dpos'
import { defineChain, type Engine } from '@mmtchain/kernel'
import { rewards, token } from '@mmtchain/token-rewards'
import { type Allocation, coins } from './allocation.ts'

/** JMT: all 50,000,000,000 are there at genesis; time mining pays them out day by day from the account `mining`. */
export const jmt = (consensus: Engine) =>
  defineChain({ id: 'jmt-1', addressPrefix: 'jmt', slotMs: 10_000, consensus })
    .use(token({ symbol: 'JMT', decimals: 8 }))
    .use(election({ seats: 108 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
    .use(rewards({ curve: { kind: 'none', value: null } }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
    })

/** What time mining shares each day, for so many days, and on the last. */
export const JMT_MINING = { perDay: coins(4_100_000n), days: 3_658n, lastDay: coins(2_200_000n) }

export const jmtAllocation: readonly Allocation[] = [
  { name: 'mining', amount: coins(15_000_000_000n) },
  { name: 'ecosystem', amount: coins(15_000_000_000n) },
  { name: 'foundation', amount: coins(15_000_000_000n) },
  { name: 'founders', amount: coins(5_000_000_000n), years: 10n },
]
