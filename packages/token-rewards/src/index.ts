export type { Lock } from './books.ts'
export { claimText } from './claim.ts'
export { type Curve, curve, rewardAt, rewardsUpTo, STEPS_MAX, steps } from './curve.ts'
export {
  type MiningOptions,
  type MiningReads,
  type MiningStakes,
  neededWindows,
  timeMining,
} from './mining.ts'
export type { TokenOptions } from './nouns.ts'
export {
  POOLS_MAX,
  type PoolMoves,
  type PoolPayments,
  type PoolReads,
  type PoolsGranted,
  pools,
} from './pools.ts'
export {
  type RewardsOptions,
  type RewardsReads,
  rewards,
  type Shares,
  type Sharing,
  type SharingReads,
  type Treasury,
  type TreasuryReads,
} from './rewards.ts'
export {
  jointValue,
  type TermsOfElection,
  type TermsOfRewards,
  type TermsOfToken,
  type TermsOptions,
  terms,
} from './terms.ts'
export { type TokenGranted, type TokenOpen, type TokenReads, token } from './token.ts'
export { cliff, type Grant, linear, parts } from './unlocking.ts'
