export { ACTS_MAX, type Action } from './acts.ts'
export { type AdminNeeds, type AdminReads, admin } from './admin.ts'
export type { AuditLine } from './audit.ts'
export { type Admission, type Change, change, type RoleDefinition } from './change.ts'
export { type Asked, auditAsCsv, auditAsJsonLines, type ExportOptions } from './export.ts'
export {
  ORGANISATIONS_MAX,
  type StakeLocks,
  type StakeReads,
  type ValidatorChanges,
  type ValidatorReads,
} from './nouns.ts'
export { organisationAddress } from './organisations.ts'
export type { Choice } from './proposals.ts'
export { adminRefusals } from './refusals.ts'
export {
  type AdminOptions,
  type Body,
  KINDS,
  type Kind,
  type Rule,
  type RuleOptions,
  type Rules,
  rules,
} from './rules.ts'
