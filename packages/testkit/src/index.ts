export { type TestAccount, testAccount, testAccountAt, testAddresses } from './accounts.ts'
export { engineCompliance } from './engine-compliance.ts'
export { laterVersion } from './later-version.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type NetworksUnderTest, networkCompliance } from './network-compliance.ts'
export { type RefusalWalk, refusalsInReadme, refusalsOnTheWay } from './refusal-order.ts'
export {
  type ComplianceCase,
  type StoreUnderTest,
  sampleCommit,
  storeCompliance,
} from './store-compliance.ts'
export {
  type Answers,
  type Commands,
  type Outcome,
  type Readers,
  type Senders,
  type TestCall,
  type TestChain,
  type TestOptions,
  testChain,
} from './test-chain.ts'
export { type TurnsPlan, turnRequest, turns } from './turns.ts'
