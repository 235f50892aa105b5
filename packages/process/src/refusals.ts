import type { Address } from '@mmtchain/primitives'

/** The refusals of the module `process`. */
export const processRefusals = {
  // Definitions.
  BAD_DEFINITION: (d: { process: string; why: string }) => ({
    message: `The process ${d.process} cannot be published: ${d.why}.`,
    hint: 'Correct the definition; `faultsOf` lists all of its faults at once.',
  }),
  NOT_THE_OWNER: (d: { process: string; owner: Address }) => ({
    message: `The process ${d.process} belongs to ${d.owner}.`,
    hint: 'Only its owner publishes versions, appoints and retires it.',
  }),
  UNKNOWN_PROCESS: (d: { process: string }) => ({
    message: `There is no process ${d.process}.`,
    hint: 'The query processes lists them.',
  }),
  RETIRED: (d: { process: string }) => ({
    message: `The process ${d.process} is retired.`,
    hint: 'Its instances go on; its owner publishes a new version to open it again.',
  }),

  // Who may act.
  UNKNOWN_ROLE: (d: { process: string; role: string }) => ({
    message: `The newest version of ${d.process} has no role ${d.role}.`,
    hint: 'The query definition shows its roles.',
  }),
  ALREADY_APPOINTED: (d: { who: Address; role: string }) => ({
    message: `${d.who} has the role ${d.role}.`,
    hint: 'There is nothing to do.',
  }),
  NOT_APPOINTED: (d: { who: Address; role: string }) => ({
    message: `${d.who} does not have the role ${d.role}.`,
    hint: 'The query holders lists who has it.',
  }),
  NOT_PERMITTED: (d: { who: Address; transition: string; by: string }) => ({
    message: `${d.who} may not do ${d.transition}: it takes ${d.by}.`,
    hint: 'The owner of the process appoints to its roles (command appoint).',
  }),
  SAME_PERSON: (d: { who: Address; transition: string; other: string }) => ({
    message: `${d.who} did ${d.other}, so somebody else does ${d.transition}.`,
    hint: 'Have a second person do it.',
  }),
  ALREADY_APPROVED: (d: { who: Address; approvals: number; needed: number }) => ({
    message: `${d.who} has approved this already; it has ${d.approvals} of ${d.needed} approvals.`,
    hint: 'Others of the role approve it with the same input.',
  }),

  // Instances.
  UNKNOWN_INSTANCE: (d: { instance: bigint }) => ({
    message: `There is no instance ${d.instance}.`,
    hint: 'The query instances lists those of a process.',
  }),
  NO_SUCH_TRANSITION: (d: { transition: string; state: string }) => ({
    message: `There is no transition ${d.transition} from the state ${d.state}.`,
    hint: 'The query definition shows which there are.',
  }),
  UNKNOWN_FIELD: (d: { field: string; transition: string }) => ({
    message: `The transition ${d.transition} does not set a field ${d.field}, or sets it twice.`,
    hint: 'Set the fields that the definition lists for it, each once.',
  }),
  WRONG_KIND: (d: { field: string; want: string; got: string }) => ({
    message: `The field ${d.field} is ${d.want}, not ${d.got}.`,
    hint: 'Give a value of that kind.',
  }),
  FIELD_MISSING: (d: { field: string; transition: string }) => ({
    message: `The transition ${d.transition} takes the field ${d.field}, which has no value.`,
    hint: 'Set it with the transition.',
  }),
  ATTACHMENT_MISSING: (d: { attachment: string; transition: string }) => ({
    message: `The transition ${d.transition} takes the attachment ${d.attachment}.`,
    hint: 'Give its name and the SHA-256 of the document.',
  }),
  UNKNOWN_ATTACHMENT: (d: { attachment: string; transition: string }) => ({
    message: `The transition ${d.transition} takes no attachment ${d.attachment}, or it is given twice.`,
    hint: 'Give those that the definition lists, each once.',
  }),
  GUARD_FAILED: (d: { transition: string; guard: string }) => ({
    message: `The transition ${d.transition} takes that ${d.guard}.`,
    hint: 'Another transition may be meant for this case.',
  }),
}
