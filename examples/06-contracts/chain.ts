import { contracts } from '@mmtchain/contracts'
import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'

/** A chain on which anybody deploys contracts. Governance could change what gas and data cost, had the chain a module for that. */
export const chain = defineChain({
  id: 'harbour-contracts-1',
  addressPrefix: 'harbour',
  slotMs: 1_000,
  consensus: solo(),
})
  .use(token({ symbol: 'HKT', decimals: 8 }))
  .use(contracts({ sandbox: createSandbox }), {
    grants: { kernel: ['attempt'], token: ['move'] },
    governable: ['gasPrice', 'depositPerByte', 'guardians'],
  })
