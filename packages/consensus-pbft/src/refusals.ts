import { consensusRefusals } from '@mmtchain/kernel'
import { type Address, failures, type Hash } from '@mmtchain/primitives'

/** Why the engine cannot be defined. */
export const pbftRefusals = {
  BAD_OPTIONS: (d: { why: string }) => ({
    message: `The engine cannot be defined: ${d.why}.`,
    hint: 'Correct the options of pbft() in the chain file.',
  }),
}
export const pbftFail = failures('pbft', pbftRefusals)

/** The refusals that every engine has for blocks and seals. */
export const consensusFail = failures('consensus', consensusRefusals)

/** What the module `validators` refuses. */
export const validatorsRefusals = {
  NOTHING_TO_CHANGE: (_: object) => ({
    message: 'The change names nobody who joins or leaves.',
    hint: 'Name at least one validator.',
  }),
  NOT_A_VALIDATOR: (d: { validator: Address }) => ({
    message: `${d.validator} is not among the validators of the next epoch.`,
    hint: 'The query next lists who is.',
  }),
  ALREADY_A_VALIDATOR: (d: { validator: Address }) => ({
    message: `${d.validator} is among the validators of the next epoch already.`,
    hint: 'To change its key, let it leave and join in the same change.',
  }),
  KEY_NOT_ACCEPTED: (d: { suite: number }) => ({
    message: `The consensus key is no key of suite ${d.suite}, or this chain does not accept that suite.`,
    hint: 'Make a key of a suite that the chain file lists.',
  }),
  KEY_TAKEN: (d: { validator: Address }) => ({
    message: `The consensus key was used by ${d.validator}.`,
    hint: 'Make a new key; one that was used by another is never used again.',
  }),
  BAD_PROOF: (d: { validator: Address }) => ({
    message: `The proof of possession of ${d.validator} is not a signature by its consensus key.`,
    hint: 'Sign the text of possession for this chain, this account and this key (docs/spec/consensus.md, section 10).',
  }),
  NO_VALIDATORS: (_: object) => ({
    message: 'Nobody would be left to rule.',
    hint: 'Let others join in the same change.',
  }),
  TOO_MANY_VALIDATORS: (d: { max: number; got: number }) => ({
    message: `There would be ${d.got} validators; at most ${d.max} are possible.`,
    hint: 'Let some leave first.',
  }),
}

/** Why the light client does not take a header. */
export const lightRefusals = {
  BAD_HEADER: (d: { why: string }) => ({
    message: `The header is not that of a certified block: ${d.why}.`,
    hint: 'Ask another node.',
  }),
  TRUST_EXPIRED: (d: { trustedMs: bigint; untilMs: bigint; nowMs: bigint }) => ({
    message: `The trusted header of ${d.trustedMs} could be trusted until ${d.untilMs}; now it is ${d.nowMs}.`,
    hint: 'Get a newer header from somebody you trust; those who signed it may have taken back their deposits.',
  }),
  FROM_FUTURE: (d: { timeMs: bigint; nowMs: bigint }) => ({
    message: `The header is of ${d.timeMs}, after the time ${d.nowMs} of this machine.`,
    hint: 'Check the clock of this machine, or ask another node.',
  }),
  TOO_FEW_TRUSTED: (d: { want: number; got: number }) => ({
    message: `${d.got} of the trusted validators signed the header; ${d.want} are needed to skip to it.`,
    hint: 'Take a header between the two first; follow() does.',
  }),
  SET_CHANGED: (d: { trusted: bigint; got: bigint }) => ({
    message: `Others rule height ${d.got} than those whom height ${d.trusted} names, and this chain has no bonds.`,
    hint: 'Take a header between the two first; follow() does.',
  }),
  NOT_AFTER: (d: { trusted: bigint; got: bigint }) => ({
    message: `The header of height ${d.got} does not come after the trusted one of height ${d.trusted}.`,
    hint: 'Ask for a newer header.',
  }),
  CONFLICT: (d: { height: bigint; ids: readonly [Hash, Hash] }) => ({
    message: `Two certified blocks have the height ${d.height}: ${d.ids.join(' and ')}.`,
    hint: 'More than a third of the validators lied; keep both as proof and ask the alliance.',
  }),
}
export const lightFail = failures('light', lightRefusals)
