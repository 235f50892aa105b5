import type { Address } from '@mmtchain/primitives'

/** The refusals of the module `crm`. */
export const crmRefusals = {
  BAD_ID: (d: { id: string }) => ({
    message: `"${d.id}" is no id.`,
    hint: 'Use 1 to 32 lower-case letters, digits and hyphens, a letter or digit first.',
  }),
  ORGANISATION_EXISTS: (d: { organisation: string }) => ({
    message: `The organisation ${d.organisation} exists.`,
    hint: 'Choose another id.',
  }),
  UNKNOWN_ORGANISATION: (d: { organisation: string }) => ({
    message: `There is no organisation ${d.organisation}.`,
    hint: 'Whoever founds one owns it (command found).',
  }),
  NOT_THE_OWNER: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} does not own ${d.organisation}.`,
    hint: 'Sign with the key of its owner.',
  }),
  NOT_STAFF: (d: { who: Address; organisation: string }) => ({
    message: `${d.who} does not work for ${d.organisation}.`,
    hint: 'Its owner adds staff (command setStaff).',
  }),
  NOTHING_TO_CHANGE: () => ({ message: 'That is so already.', hint: 'There is nothing to do.' }),
  BAD_STAGES: (d: { why: string }) => ({
    message: `The pipeline cannot be set: ${d.why}.`,
    hint: 'Name 1 to 16 stages, each once; one that customers are in stays.',
  }),
  UNKNOWN_CUSTOMER: (d: { organisation: string; customer: bigint }) => ({
    message: `${d.organisation} has no customer ${d.customer}.`,
    hint: 'The query find looks customers up by a blind index.',
  }),
  UNKNOWN_STAGE: (d: { stage: string; stages: readonly string[] }) => ({
    message: `The pipeline has no stage ${d.stage}.`,
    hint: `Its stages are ${d.stages.join(', ')}.`,
  }),
  STILL_NEEDED: (d: { customer: bigint; why: string }) => ({
    message: `The customer ${d.customer} cannot be forgotten: ${d.why}.`,
    hint: 'Close what is open first.',
  }),
  UNKNOWN_TASK: (d: { organisation: string; task: bigint }) => ({
    message: `${d.organisation} has no open task ${d.task}.`,
    hint: 'The query tasks lists them.',
  }),
  BAD_TIME: (d: { timeMs: bigint; nowMs: bigint }) => ({
    message: `The time ${d.timeMs} is not after that of the block, ${d.nowMs}.`,
    hint: 'Name a time to come, in milliseconds.',
  }),
  NOT_THE_CUSTOMER: (d: { who: Address; customer: bigint }) => ({
    message: `${d.who} does not decide on the consent of the customer ${d.customer}.`,
    hint: 'A customer with an account signs itself; for one without, the staff records what was signed on paper, by its hash.',
  }),
  NO_CONSENT: (d: { customer: bigint; purpose: string }) => ({
    message: `The customer ${d.customer} has not consented to ${d.purpose}, or not for that long.`,
    hint: 'Have the customer consent first (command consent).',
  }),
  NOT_SHARED: (d: { customer: bigint; reader: string }) => ({
    message: `The customer ${d.customer} is not shared with ${d.reader}.`,
    hint: 'The query mayRead tells.',
  }),
  PROGRAMME_EXISTS: (d: { programme: string }) => ({
    message: `The programme ${d.programme} exists.`,
    hint: 'Choose another id.',
  }),
  UNKNOWN_PROGRAMME: (d: { programme: string }) => ({
    message: `There is no programme ${d.programme}.`,
    hint: 'Open it first (command openProgramme).',
  }),
  BAD_PROGRAMME: (d: { why: string }) => ({
    message: `The programme cannot be opened: ${d.why}.`,
    hint: 'Name tiers in ascending order from 0 points, and 1 to 366 days.',
  }),
  ZERO_POINTS: () => ({ message: 'There are no points in it.', hint: 'Name at least one.' }),
  TOO_MANY_POINTS: (d: { max: bigint }) => ({
    message: `A member would have earned more than ${d.max} points.`,
    hint: 'Give fewer.',
  }),
  NOT_ENOUGH_POINTS: (d: { have: bigint; want: bigint }) => ({
    message: `The member has ${d.have} points, but ${d.want} are wanted.`,
    hint: 'Points that have run out cannot be spent.',
  }),
}
