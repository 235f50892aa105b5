export { type DposOptions, dpos } from './dpos.ts'
export { type ElectionGranted, type ElectionReads, election } from './election.ts'
export type { Stake, Stakes } from './nouns.ts'
export {
  foldSeed,
  LAYER_BYTES,
  LAYERS_MAX,
  makeOnion,
  type Onion,
  onionLayer,
  possessionMessage,
} from './onion.ts'
export { type ElectionOptions, SEATS_MAX, VOTES_MAX } from './options.ts'
export { electionRefusals } from './refusals.ts'
export { readSealMessage, sealMessage } from './seal.ts'
export { faultsMax, type Load, type SeatRule, type SeatState, seatsAfter } from './seats.ts'
export { contradict, noVotes, quorumOf, type VoteHeader, type Votes, withBlock } from './votes.ts'
export { WITHDRAWN_MAX } from './voting.ts'
