import { failures } from '@mmtchain/primitives'

/** Why a name is not resolved. */
export const resolverRefusals = {
  BAD_NAME: (d: { name: string; why: string }) => ({
    message: `"${d.name}" is no name: ${d.why}.`,
    hint: 'Write a name with its root, e.g. report-17.lab.harbour.',
  }),
  UNKNOWN_ROOT: (d: { name: string; known: readonly string[] }) => ({
    message: `${d.name} ends with no root that is known here: ${d.known.join(', ')}.`,
    hint: 'Name the chain of that root, its fingerprint and a node.',
  }),
  NO_NAMES: (d: { fingerprint: string; root: string }) => ({
    message: `The chain ${d.fingerprint} has no names${d.root === '' ? '' : ` below ${d.root}`}.`,
    hint: 'Give each root the fingerprint of its own chain.',
  }),
  NOT_FOUND: (d: { name: string; height: bigint }) => ({
    message: `Nobody had ${d.name} after block ${d.height}.`,
    hint: 'Its lease, or that of a name above it, may have ended.',
  }),
  NO_RECORD: (d: { name: string; kinds: readonly string[] }) => ({
    message: `${d.name} has no ${d.kinds.join(' or ')} record.`,
    hint: 'Its owner sets records with the command setRecord.',
  }),
  STALE: (d: { name: string; height: bigint; lag: bigint; max: number }) => ({
    message: `The newest state of ${d.name} that a node shows, of block ${d.height}, is ${d.lag} blocks old, more than ${d.max}.`,
    hint: 'The nodes asked are behind, the chain stands still, or the clock here is wrong; ask other nodes.',
  }),
  DELEGATION_LOOP: (d: { name: string; chain: string }) => ({
    message: `The delegations of ${d.name} come back to the same names of the chain ${d.chain}.`,
    hint: 'The owners of the names on the way must correct them.',
  }),
  TOO_MANY_DELEGATIONS: (d: { name: string; max: number }) => ({
    message: `${d.name} is delegated more than ${d.max} times.`,
    hint: 'The owners of the names on the way must shorten it.',
  }),
  NO_NODE: (d: { what: string; tried: number; why: string }) => ({
    message: `No node gives ${d.what}; ${d.tried} tried, the last: ${d.why}`,
    hint: 'Try again later, or name more nodes of the chain.',
  }),
  NOT_PUBLIC: (d: { url: string }) => ({
    message: `${d.url} is no place in public networks.`,
    hint: 'Allow private places where names are set by people you trust.',
  }),
  TOO_LARGE: (d: { url: string; max: number }) => ({
    message: `${d.url} gives more than ${d.max} bytes.`,
    hint: 'Go there directly, or raise the bound.',
  }),
  BAD_OPTIONS: (d: { why: string }) => ({
    message: `The resolver cannot begin: ${d.why}.`,
    hint: 'Correct its options.',
  }),
}
export const resolverFail = failures('resolver', resolverRefusals)
