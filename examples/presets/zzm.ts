import { election } from '@mmtchain/consensus-dpos'
import { type Address, defineChain, type Engine } from '@mmtchain/kernel'
import { pools, rewards, token } from '@mmtchain/token-rewards'
import { type Allocation, coins } from './allocation.ts'

/** ZZM: 200,000,000 tokens, never more; blocks are paid out of the 5 % that genesis puts into the account for rewards. */
export const zzm = (
  consensus: Engine,
  {
    rewardsAccount,
    reward = coins(1n),
  }: { readonly rewardsAccount: Address; readonly reward?: ReturnType<typeof coins> },
) =>
  defineChain({ id: 'zzm-1', addressPrefix: 'zzm', slotMs: 10_000, consensus })
    .use(token({ symbol: 'ZZM', decimals: 8 }))
    .use(election({ seats: 27 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
    .use(
      rewards({
        curve: { kind: 'pool', value: { account: rewardsAccount, amount: reward } },
        supplyMax: ZZM_SUPPLY,
        // Holders share what the ecosystem earns, by the stake that they vote with.
        fees: { voters: 10_000 },
      }),
      { grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] } },
    )
    // What is for projects is frozen; a chain's governance is granted `thaw`, and buy-backs refill it.
    .use(pools(), { grants: { token: ['move'] } })

export const ZZM_SUPPLY = coins(200_000_000n)
/** What circulates at the start: the rest waits in the accounts of its purpose. */
export const ZZM_CIRCULATING = coins(30_000_000n)

export const zzmAllocation: readonly Allocation[] = [
  { name: 'expansion', amount: coins(100_000_000n) },
  { name: 'privateSale', amount: coins(50_000_000n) },
  { name: 'team', amount: coins(40_000_000n) },
  { name: 'rewards', amount: coins(10_000_000n) },
]

/** The genesis document of the frozen pool: all of what is for expansion. */
export const zzmPools = (expansion: Address) => ({
  pools: [{ pool: 'expansion', from: expansion, amount: coins(100_000_000n) }],
})
