import type { Address } from '@mmtchain/primitives'

/** The refusals of the module `names`. */
export const namesRefusals = {
  BAD_NAME: (d: { name: string; why: string }) => ({
    message: `"${d.name}" is no name here: ${d.why}.`,
    hint: 'Write it below the root of this chain, e.g. report-17.lab.',
  }),
  BAD_TERMS: (d: { got: number; max: number }) => ({
    message: `A lease is taken for 1 to ${d.max} terms at a time, not ${d.got}.`,
    hint: 'Name fewer terms, and renew later.',
  }),
  ALREADY_COMMITTED: (d: { until: bigint }) => ({
    message: `This commitment is good until height ${d.until} already.`,
    hint: 'Reveal it with the command register.',
  }),
  TOO_MANY_COMMITMENTS: (d: { who: Address; max: number }) => ({
    message: `${d.who} has ${d.max} commitments open.`,
    hint: 'Reveal one, or wait until one has run out (query commitments).',
  }),
  NO_COMMITMENT: (d: { name: string }) => ({
    message: `The sender has committed to nothing that ${d.name} with this owner and secret opens, or the commitment has run out.`,
    hint: 'Send commit first, with the hash that commitmentOf gives.',
  }),
  TOO_EARLY: (d: { from: bigint }) => ({
    message: `The commitment can be revealed from height ${d.from} on.`,
    hint: 'Wait until then, so that nobody who sees the name can be faster.',
  }),
  TAKEN: (d: { name: string; owner: Address; freeAtMs: bigint }) => ({
    message: `${d.name} belongs to ${d.owner}${d.freeAtMs > 0n ? ` and is free at ${d.freeAtMs} ms at the earliest` : ''}.`,
    hint: 'Choose another name, or ask the owner for it.',
  }),
  UNKNOWN_NAME: (d: { name: string }) => ({
    message: `Nobody has ${d.name}.`,
    hint: 'Its lease, or that of a name above it, may have ended (query name).',
  }),
  TOO_LONG: (d: { untilMs: bigint; maxMs: bigint }) => ({
    message: `The lease would end at ${d.untilMs} ms, later than ${d.maxMs} ms.`,
    hint: 'Renew for fewer terms, or later.',
  }),
  NOT_OWNER: (d: { who: Address; name: string; owner: Address }) => ({
    message: `${d.name} belongs to ${d.owner}, not to ${d.who}.`,
    hint: 'Have its owner send this.',
  }),
  NOT_A_SUBNAME: (d: { name: string }) => ({
    message: `${d.name} stands directly below the root.`,
    hint: 'Such names are registered: commit, then register.',
  }),
  NOTHING_TO_CHANGE: () => ({
    message: 'It is so already.',
    hint: 'Look at the query name.',
  }),
  BAD_RECORD: (d: { kind: string; why: string }) => ({
    message: `The ${d.kind} record cannot be used: ${d.why}.`,
    hint: 'Correct it.',
  }),
  TOO_MANY_TEXTS: (d: { name: string; max: number }) => ({
    message: `${d.name} holds ${d.max} texts already.`,
    hint: 'Remove one first (removeRecord).',
  }),
  UNKNOWN_RECORD: (d: { name: string; kind: string; key: string }) => ({
    message: `${d.name} has no ${d.kind} record${d.key === '' ? '' : ` ${d.key}`}.`,
    hint: 'The query name shows what it has.',
  }),
  NOT_YOURS: (d: { name: string; who: Address }) => ({
    message: `The account record of ${d.name} is not ${d.who}.`,
    hint: 'Have its owner set that record first.',
  }),
}
