export type { Claim, Reason } from './claims.ts'
export { type KycOpen, type KycReads, kyc } from './kyc.ts'
export { kycRefusals } from './refusals.ts'
export {
  type GuardOptions,
  guard,
  type KycOptions,
  LEVEL_MAX,
  REGISTRARS_MAX,
  RULES_MAX,
  type Rule,
  type Tier,
  type TierOptions,
} from './rules.ts'
