import { admin } from '@mmtchain/admin'
import { pbft, validators } from '@mmtchain/consensus-pbft'
import { defineChain, type Engine } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'

/** How many blocks of one second a vote takes. Half a minute, so that one can watch it; an alliance would take days. */
export const VOTE_HEIGHTS = 30

/**
 * An alliance that governs itself: organisations agree on its parameters, its validators and its members, a council that they elect every
 * year decides on freezes, and what anybody did is in the audit log.
 */
export const alliance = (consensus: Engine) =>
  defineChain({ id: 'harbour-council-1', addressPrefix: 'harbour', slotMs: 1_000, consensus })
    .use(token({ symbol: 'HKT', decimals: 8 }), { governable: ['commandFee'] })
    .use(validators())
    .use(
      admin({
        rule: {
          body: 'organisations',
          participationPercent: 60,
          winPercent: 66,
          votingHeights: VOTE_HEIGHTS,
        },
        rules: {
          freeze: { body: 'council', participationPercent: 51, winPercent: 66, votingHeights: VOTE_HEIGHTS },
        },
        council: { electors: 'organisations' },
        validators: true,
      }),
      {
        grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'], validators: ['change'] },
        governable: ['rules'],
      },
    )

/** The members agree on each block. */
export const chain = alliance(pbft())
