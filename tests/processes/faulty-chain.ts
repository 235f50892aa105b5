import { defineChain, defineModule, solo } from '@mmtchain/kernel'

/** A module with a mistake that shows at height 3. */
const faulty = defineModule('faulty', {}).beginBlock((ctx) => {
  if (ctx.block.height === 3n) throw new Error('the hook fails at height 3')
})

/** A chain that begins well, and that no node can continue. */
export const chain = defineChain({
  id: 'faulty-1',
  addressPrefix: 'faulty',
  slotMs: 200,
  consensus: solo(),
}).use(faulty)
