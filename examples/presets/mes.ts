import { election } from '@mmtchain/consensus-dpos'
import { amount, defineChain, type Engine } from '@mmtchain/kernel'
import { rewards, terms, token } from '@mmtchain/token-rewards'
import { coins } from './allocation.ts'
import { MMT_STEP, mmtCurve } from './mmt.ts'

/** Inside what bounds witnesses set the reward, in per cent of the curve, and the fee of a command. */
export const MES_TERMS = {
  rewardPercent: { min: 50, max: 100 },
  commandFee: { min: amount(coins(1n) / 10n), max: coins(1n) },
}

/**
 * MES: witnesses are elected, and one that misses its turn loses the seat; seats follow congestion; supporters of a witness
 * share half of what it earns. Witnesses set reward and fee together, for each epoch anew: half to all of the curve, 0.1 to 1 token a command.
 */
export const mes = (consensus: Engine) =>
  defineChain({ id: 'mes-1', addressPrefix: 'mes', slotMs: 1_000, consensus })
    .use(token({ symbol: 'MES', decimals: 8 }), { governable: ['commandFee'] })
    .use(election({ seats: 108, missesToSuspend: 1, dec: {} }), {
      grants: { token: ['lock', 'unlock', 'burn', 'move'] },
    })
    .use(rewards({ curve: mmtCurve(10n * MMT_STEP), reward: { voters: 5_000 } }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
      governable: ['rewardPercent'],
    })
    .use(terms(MES_TERMS), { grants: { kernel: ['setParameter'] } })
