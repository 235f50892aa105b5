import type { Address, Hash } from '@mmtchain/primitives'

/** The refusals of the module `kyc`. */
export const kycRefusals = {
  // Before a command.
  LISTED: (d: { who: Address }) => ({
    message: `The person behind ${d.who} is on the sanctions list.`,
    hint: 'Only a registrar takes a person off the list (command lift).',
  }),
  LEVEL_TOO_LOW: (d: { who: Address; have: number; want: number; why: string }) => ({
    message: `${d.who} has level ${d.have}, but ${d.why} takes level ${d.want}.`,
    hint: 'Have a registrar attest that level, or renew a claim that has run out (query registrars).',
  }),
  OVER_LIMIT: (d: { rule: string; limit: string; max: bigint; want: bigint; level: number }) => ({
    message: `The rule ${d.rule} allows ${d.max} units ${d.limit} at level ${d.level}, but this makes ${d.want}.`,
    hint: 'Send less, wait for the next day (UTC) where the limit is one of a day, or have a registrar attest a higher level.',
  }),
  RULE_DOES_NOT_FIT: (d: { rule: string; field: string }) => ({
    message: `The rule ${d.rule} reads the field ${d.field}, which the command does not have in that form.`,
    hint: 'Correct the rule in the chain file, or by a change of the parameter rules.',
  }),

  // Claims.
  NOT_A_REGISTRAR: (d: { who: Address }) => ({
    message: `${d.who} is no registrar.`,
    hint: 'The query registrars lists them; the parameter registrars says who is one.',
  }),
  BAD_LEVEL: (d: { level: number; max: number }) => ({
    message: `The level is ${d.level}, not 1 to ${d.max}.`,
    hint: 'Level 0 is everybody without a claim.',
  }),
  BAD_VALIDITY: (d: { untilMs: bigint; nowMs: bigint; maxMs: bigint }) => ({
    message: `The claim would be valid until ${d.untilMs}, not between ${d.nowMs} and ${d.maxMs}.`,
    hint: 'Name a time to come, in milliseconds, no further than the parameter validityMs.',
  }),
  NO_CLAIM: (d: { holder: Address; registrar: Address }) => ({
    message: `${d.registrar} has no claim on ${d.holder} that is in force or has run out.`,
    hint: 'One that is revoked or erased is attested anew (command attest).',
  }),
  PERSON_LISTED: (d: { person: Hash }) => ({
    message: `The person ${d.person} is on the sanctions list.`,
    hint: 'Nothing of a listed person is attested, renewed or erased.',
  }),
  NOT_LISTED: (d: { person: Hash }) => ({
    message: `The person ${d.person} is not on this registrar's sanctions list.`,
    hint: 'The query listed tells; whoever listed a person takes it off.',
  }),

  // Erasure and look-ups.
  ERASURE_ASKED: (d: { holder: Address }) => ({
    message: `${d.holder} has asked for the erasure of this claim.`,
    hint: 'The registrar erases it (command erase); a new one can be attested afterwards.',
  }),
  ERASURE_NOT_ASKED: (d: { holder: Address }) => ({
    message: `${d.holder} has not asked for the erasure of this claim.`,
    hint: 'The holder asks with the command askErasure.',
  }),
  NOT_A_REGULATOR: (d: { who: Address }) => ({
    message: `${d.who} is no regulator.`,
    hint: 'The parameter regulators says who may look identities up.',
  }),
  BAD_CASE: (d: { given: string }) => ({
    message: `"${d.given}" is no reference of a case.`,
    hint: 'Use 1 to 64 letters, digits, and any of . / - and no name of a person: it stays on the chain for ever.',
  }),
  UNKNOWN_LOOK_UP: (d: { lookUp: bigint }) => ({
    message: `There is no look-up ${d.lookUp}.`,
    hint: 'The query lookUps lists them.',
  }),
  NOT_ASKED: (d: { lookUp: bigint; registrar: Address }) => ({
    message: `The look-up ${d.lookUp} asks ${d.registrar}.`,
    hint: 'Only the registrar who is asked answers.',
  }),
  ALREADY_ANSWERED: (d: { lookUp: bigint }) => ({
    message: `The look-up ${d.lookUp} is answered.`,
    hint: 'There is nothing to do.',
  }),
}
