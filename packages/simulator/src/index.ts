export { addCoverage, type Coverage, NOTHING_COVERED } from './coverage.ts'
export { CALM, type Fault, LIES, type Liar, type Lie, type Plan, type PlanOptions, planOf } from './plan.ts'
export { type Outcome, runPlan } from './run.ts'
export type { Hearing, LieTools, Played, RoundScript, Scenario, Stage, StageOptions } from './scenario.ts'
export {
  ATTACKS,
  type AttackKind,
  drawnAttack,
  drawnTwins,
  type Scenarios,
  twinScenarios,
} from './scenarios.ts'
export type { Setup, SetupBlock, SetupGenesis } from './setup.ts'
export { planText, type Shrunk, shrink, timelineText } from './shrink.ts'
export { createStage } from './stage.ts'
export type { Violation } from './violation.ts'
export type { Passage, Weather } from './wire.ts'
export type { Moment } from './world.ts'
