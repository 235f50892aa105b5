export { DEPTH_MAX } from './calls.ts'
export { type Capability, type CapabilitySpec, type Offer, offer } from './capabilities.ts'
export { contractAddress } from './commands.ts'
export {
  type ContractsGranted,
  type ContractsNeeds,
  type ContractsOptions,
  contracts,
  type Offers,
} from './contracts.ts'
export { CONTRACT_BYTES, DUE_BYTES, PLAN_BYTES, ROW_BYTES } from './deposits.ts'
export { GAS_PER_WEIGHT, gasFee } from './gas.ts'
export {
  CODE_BYTES_MAX,
  calledEvent,
  EVENT_BYTES_MAX,
  INPUT_BYTES_MAX,
  KEY_BYTES_MAX,
  type Money,
  type MoneyReads,
  RESULT_BYTES_MAX,
  ROW_BYTES_MAX,
  saidEvent,
} from './nouns.ts'
export { RUNS_MAX, TRIGGERS_MAX } from './plans.ts'
export { contractsRefusals } from './refusals.ts'
