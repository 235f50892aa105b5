import { pbft } from '@mmtchain/consensus-pbft'
import { defineChain } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'

/** An alliance whose members agree on each block: final at once, a block every second, a token. */
export const chain = defineChain({
  id: 'harbour-alliance-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: pbft(),
}).use(token({ symbol: 'HKT', decimals: 8 }))
