import { failures } from '@mmtchain/primitives'

/** The refusals of the client, for the catalogue of error codes. */
export const clientRefusals = {
  UNREACHABLE: (d: { url: string; why: string }) => ({
    message: `No node answers at ${d.url}: ${d.why}`,
    hint: 'Start a node, or name another one.',
  }),
  BAD_ANSWER: (d: { url: string; why: string }) => ({
    message: `${d.url} does not answer as a node does: ${d.why}`,
    hint: 'Check the URL; a node’s RPC ends with /rpc.',
  }),
  WRONG_CHAIN: (d: { want: string; got: string }) => ({
    message: `The node runs the chain ${d.got}, not ${d.want}.`,
    hint: 'Connect to a node of the right chain.',
  }),
  FEE_TOO_HIGH: (d: { want: bigint; max: bigint }) => ({
    message: `The transaction costs ${d.want}, over the maximum of ${d.max}.`,
    hint: 'Raise feeMax if you agree to the price.',
  }),
  EXPIRED: (d: { id: string; validUntil: bigint }) => ({
    message: `Transaction ${d.id} was not in a block by height ${d.validUntil}.`,
    hint: 'It can no longer happen; send it again.',
  }),
  OUTCOME_UNKNOWN: (d: { id: string; validUntil: bigint; why: string }) => ({
    message: `Whether transaction ${d.id} was queued is not known: ${d.why}`,
    hint: `Look for the id before you send it again; after height ${d.validUntil} it can no longer happen.`,
  }),
  UNKNOWN_NAME: (d: { kind: string; name: string; known: readonly string[] }) => ({
    message: `The chain has no ${d.kind} ${d.name}.`,
    hint: d.known.length > 0 ? `It has ${d.known.join(', ')}.` : 'It has none.',
  }),
}

export const clientFail = failures('client', clientRefusals)
