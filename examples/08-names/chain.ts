import { election } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { defineChain } from '@mmtchain/kernel'
import { names } from '@mmtchain/named-router'
import { token } from '@mmtchain/token-rewards'

/** An alliance of elected validators with names that end with `harbour`. They cost the fees of their commands. */
export const chain = defineChain({
  id: 'harbour-names-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: pbft(),
})
  .use(token({ symbol: 'HKT', decimals: 8 }))
  .use(election({ seats: 27 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
  .use(names({ root: 'harbour', revealAfterHeights: 2 }))
