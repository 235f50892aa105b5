import { election } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { defineChain } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'

/** The reference alliance: holders of the token elect up to 27 validators, who agree on each block. A block a second, final at once. */
export const chain = defineChain({
  id: 'harbour-alliance-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: pbft(),
})
  .use(token({ symbol: 'HKT', decimals: 8 }))
  .use(election({ seats: 27 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
