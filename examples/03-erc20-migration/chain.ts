import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'

/** The chain that the holders move to: a genesis without any balance but theirs, until they claim. */
export const chain = defineChain({
  id: 'harbour-migrated-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: solo(),
}).use(token({ symbol: 'HKT', decimals: 8 }))
