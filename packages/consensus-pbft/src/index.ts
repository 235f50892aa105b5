export { type AggregateScheme, signatureList } from './certificates.ts'
export { pbft } from './engine.ts'
export { type Evidence, evidence } from './evidence.ts'
export {
  type Certificate,
  certificate,
  type Message,
  message,
  type Signed,
  type Statement,
  type Status,
  signMessage,
  statement,
  type ToSign,
} from './messages.ts'
export { type MissProof, missProof } from './misses.ts'
export { faultsMax, honestMin, quorum } from './quorum.ts'
export { lightRefusals, pbftRefusals, validatorsRefusals } from './refusals.ts'
export type { PbftOptions } from './timing.ts'
export { type ConsensusFields, consensusFields } from './turns.ts'
export {
  type Joining,
  possessionMessage,
  type ValidatorsGranted,
  type ValidatorsReads,
  validators,
} from './validators.ts'
