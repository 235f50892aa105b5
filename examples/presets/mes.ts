import { election } from '@mmtchain/consensus-dpos'
import { defineChain, type Engine } from '@mmtchain/kernel'
import { rewards, token } from '@mmtchain/token-rewards'
import { MMT_STEP, mmtCurve } from './mmt.ts'

/**
 * MES: witnesses are elected, and one that misses its turn loses the seat; seats follow congestion; supporters of a witness
 * share half of what it earns.
 */
export const mes = (consensus: Engine) =>
  defineChain({ id: 'mes-1', addressPrefix: 'mes', slotMs: 1_000, consensus })
    .use(token({ symbol: 'MES', decimals: 8 }))
    .use(election({ seats: 108, missesToSuspend: 1, dec: {} }), {
      grants: { token: ['lock', 'unlock', 'burn', 'move'] },
    })
    .use(rewards({ curve: mmtCurve(10n * MMT_STEP), reward: { voters: 5_000 } }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
    })
