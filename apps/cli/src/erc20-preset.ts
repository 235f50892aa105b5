import type { Preset } from './erc20-allocation.ts'

/**
 * The early holders of MMT (SPEC M24): 2,000,000,000 issued, of which all moves but half of the team's, which unlocks over 5
 * years. What share of the angels' tokens moves is not fixed; a file may set it.
 */
export const MMT: Preset = {
  name: 'mmt',
  ratio: '20:1',
  supply: 2_000_000_000n,
  classes: {
    community: { share: '1', percent: 25n },
    ecosystem: { share: '1', percent: 40n },
    foundation: { share: '1', percent: 15n, holders: 108 },
    team: { share: '1/2', unlock: { years: 5 }, percent: 15n },
    angels: { share: '1', percent: 5n },
  },
}
