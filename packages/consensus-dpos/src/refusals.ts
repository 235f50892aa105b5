import { type Address, type Amount, failures, type Height } from '@mmtchain/primitives'

/** What the election refuses, and why a block cannot be. */
export const electionRefusals = {
  BAD_OPTIONS: (d: { why: string }) => ({
    message: `The election cannot be defined: ${d.why}.`,
    hint: 'Correct the election in the chain file.',
  }),
  ALREADY_REGISTERED: (d: { delegate: Address }) => ({
    message: `${d.delegate} has registered before.`,
    hint: 'An account registers once; use another account.',
  }),
  NOT_REGISTERED: (d: { delegate: Address }) => ({
    message: `${d.delegate} is not registered as a delegate.`,
    hint: 'Check the address, or register first.',
  }),
  RESIGNED: (d: { delegate: Address }) => ({
    message: `${d.delegate} has resigned.`,
    hint: 'Name a delegate that stands for election.',
  }),
  BAD_NAME: (d: { name: string }) => ({
    message: `"${d.name}" is no name of a delegate.`,
    hint: 'Use 1 to 20 of a-z, 0-9, hyphen, underscore and point.',
  }),
  NAME_TAKEN: (d: { name: string; delegate: Address }) => ({
    message: `The name ${d.name} belongs to ${d.delegate}.`,
    hint: 'Choose another name.',
  }),
  BAD_URL: (d: { url: string }) => ({
    message: `"${d.url}" is no URL.`,
    hint: 'Give one that begins with https:// or http://, in ASCII without spaces, or an empty one.',
  }),
  KEY_NOT_ACCEPTED: (d: { suite: number }) => ({
    message: `The consensus key is no key of suite ${d.suite}, or this chain does not accept that suite.`,
    hint: 'Make a key of a suite that the chain file lists.',
  }),
  KEY_TAKEN: (d: { delegate: Address }) => ({
    message: `The consensus key has been registered by ${d.delegate}.`,
    hint: 'Make a new key; one that was used is never used again.',
  }),
  BAD_PROOF: (_: object) => ({
    message: 'The proof of possession is not a signature by the consensus key.',
    hint: 'Sign the text of possession for this chain, this account and this key (formats.md, section 17).',
  }),
  BAD_ONION: (d: { layers: number; max: number }) => ({
    message: `${d.layers} is no number of layers.`,
    hint: `Use 1 to ${d.max} layers.`,
  }),
  DEPOSIT_TOO_SMALL: (d: { have: Amount; want: Amount }) => ({
    message: `The deposit is ${d.have} units, but ${d.want} are needed.`,
    hint: 'Deposit more.',
  }),
  ZERO_AMOUNT: (_: object) => ({ message: 'The amount is 0.', hint: 'Name at least one unit.' }),
  VOTE_TOO_SMALL: (d: { have: Amount; want: Amount }) => ({
    message: `The vote would be ${d.have} units; the least is ${d.want}.`,
    hint: 'Vote with more, or take the whole vote back.',
  }),
  TOO_MANY_VOTES: (d: { max: number }) => ({
    message: `The account votes for ${d.max} delegates, the most for one voter.`,
    hint: 'Take a vote back first.',
  }),
  INSUFFICIENT_VOTE: (d: { have: Amount; want: Amount }) => ({
    message: `The vote is ${d.have} units, less than ${d.want}.`,
    hint: 'The query votes shows what is there.',
  }),
  NOTHING_FREE: (d: { from: Height | null }) => ({
    message: `Nothing of this account can be withdrawn now${d.from === null ? '' : `; the next part from height ${d.from}`}.`,
    hint: 'What was taken back stays locked for the time of unbonding (query unbonding).',
  }),
  NOTHING_TO_COLLECT: (d: { delegate: Address }) => ({
    message: `No reward waits for this voter at ${d.delegate}.`,
    hint: 'The query votes shows what waits.',
  }),
  NOT_JAILED: (d: { delegate: Address }) => ({
    message: `${d.delegate} is not jailed.`,
    hint: 'A suspended delegate returns by itself.',
  }),
  STILL_JAILED: (d: { until: bigint }) => ({
    message: `The delegate is jailed until epoch ${d.until}.`,
    hint: 'Try again in that epoch.',
  }),
  NO_VOTES: (d: { delegate: Address }) => ({
    message: `Nobody votes for ${d.delegate}, so that there is nobody to share with.`,
    hint: 'Look at the delegate’s votes first.',
  }),
  BAD_REVEAL: (d: { proposer: Address }) => ({
    message: `${d.proposer} did not reveal the next layer of its onion.`,
    hint: 'Reveal the layer within the one that the chain has last, from an onion that is not used up.',
  }),
  BAD_MISS: (d: { why: string }) => ({
    message: `The block charges a miss that cannot be charged: ${d.why}.`,
    hint: 'Charge a miss once, in the block that passed over it or in one of the next epoch’s length.',
  }),
  REPEATED_EVIDENCE: (d: { culprit: Address; height: Height }) => ({
    message: `The offence of ${d.culprit} at height ${d.height} has been charged before.`,
    hint: 'Take the evidence out of the block.',
  }),
  EXPIRED_EVIDENCE: (d: { height: Height; heightMin: bigint }) => ({
    message: `The evidence is of height ${d.height}; only that from height ${d.heightMin} on still counts, and none of heights to come.`,
    hint: 'Take the evidence out of the block.',
  }),
  BAD_VALIDATORS: (d: { delegate: Address }) => ({
    message: `The genesis names the validator ${d.delegate}, but no delegate with that address and key.`,
    hint: 'List every validator of the genesis among the delegates of the document.',
  }),
}
export const electionFail = failures('election', electionRefusals)
