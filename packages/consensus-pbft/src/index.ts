export { type AggregateScheme, signatureList } from './certificates.ts'
export { pbft } from './engine.ts'
export { lightRefusals, pbftRefusals, validatorsRefusals } from './refusals.ts'
export type { PbftOptions } from './timing.ts'
