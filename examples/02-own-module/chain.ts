import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { invoice } from './invoice.ts'

/** The chain of the first example with the partner's own module: one more line. */
export const chain = defineChain({
  id: 'harbour-trade-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: solo(),
})
  .use(token({ symbol: 'HKT', decimals: 8 }))
  .use(invoice())
