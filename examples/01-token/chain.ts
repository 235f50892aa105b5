import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'

/** A whole alliance chain: one validator, a block every second, a token. */
export const chain = defineChain({
  id: 'harbour-demo-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: solo(),
}).use(token({ symbol: 'HKT', decimals: 8 }))
