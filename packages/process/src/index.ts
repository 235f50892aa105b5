export {
  type Actor,
  DEPTH_MAX,
  type Definition,
  definition,
  faultsOf,
  type Guard,
  type Published,
  type State,
  type Transition,
  type Value,
} from './definition.ts'
export { DUE_MAX, type Instance } from './instances.ts'
export type { Effect, EffectCall, ProcessOptions } from './nouns.ts'
export { type ProcessReads, process } from './process.ts'
export { processRefusals } from './refusals.ts'
export { historyKey, historyStep } from './rows.ts'
