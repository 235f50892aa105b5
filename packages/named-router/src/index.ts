export { faultOfLabel, faultOfName, LABEL_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX } from './labels.ts'
export { type Commitment, commitmentOf } from './leases.ts'
export { type NamesNeeds, type NamesReads, names } from './names.ts'
export { COMMITMENTS_MAX, type NameFees, type NamePayments, type NamesOptions, TERMS_MAX } from './nouns.ts'
export {
  ENDPOINTS_MAX,
  type Endpoint,
  type NameRecord,
  PLACES_MAX,
  TEXTS_MAX,
  type Which,
} from './records.ts'
export { namesRefusals } from './refusals.ts'
