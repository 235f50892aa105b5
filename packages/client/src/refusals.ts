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
  FEE_NOT_LISTED: (d: { want: bigint; listed: bigint }) => ({
    message: `The node asks ${d.want} for what costs ${d.listed} by the chain file, and by all that it has proven.`,
    hint: 'If governance has changed the price, give createClient the fingerprint, so that the node can prove it, or name the most that you agree to with feeMax; otherwise ask another node.',
  }),
  FEE_MAX_NEEDED: (d: { want: bigint }) => ({
    message: `The node asks ${d.want}, and nothing says what the calls may cost.`,
    hint: 'Name the most that you agree to with feeMax, or feeMax: "any" to pay whatever a node names.',
  }),
  EXPIRED: (d: { id: string; validUntil: bigint }) => ({
    message: `Transaction ${d.id} was not in a block by height ${d.validUntil}.`,
    hint: 'It can no longer happen; send it again.',
  }),
  OUTCOME_UNKNOWN: (d: { id: string; validUntil: bigint; why: string }) => ({
    message: `What became of transaction ${d.id} is not known: ${d.why}`,
    hint: `Look for the id before you send it again; after height ${d.validUntil} it can no longer happen.`,
  }),
  NO_VERIFIER: (d: { engine: string }) => ({
    message: `The blocks of the engine ${d.engine} cannot be checked without the code of the chain.`,
    hint: 'Use createClient with the chain file, and its prove.',
  }),
  NOTHING_TRUSTED: (_: object) => ({
    message:
      'A proven read needs the fingerprint or the genesis of the chain; otherwise it would prove only what the node says of itself.',
    hint: 'Give createClient the fingerprint, from somebody other than the node.',
  }),
  NOT_PROVABLE: (d: { query: string }) => ({
    message: `${d.query} reads a range of rows; a proof is of single rows and cannot show that none was left out.`,
    hint: 'Ask a query that names its rows, or ask several nodes without a proof.',
  }),
  TOO_MANY_ROWS: (d: { max: number }) => ({
    message: `The query reads more than ${d.max} rows; each would be a request.`,
    hint: 'Ask for less at a time.',
  }),
  NO_SEAL: (d: { id: string }) => ({
    message: `Block 0, ${d.id}, has no seal that could certify its state.`,
    hint: 'Ask for height 1 or later, as soon as the chain has it.',
  }),
  OTHER_HEIGHT: (d: { want: bigint; got: bigint }) => ({
    message: `The node answered for height ${d.got} when height ${d.want} was asked.`,
    hint: 'Do not trust this node; ask another one.',
  }),
  OTHER_ROWS: (d: { key: string }) => ({
    message: `The node’s answer is not about the row ${d.key} that was asked.`,
    hint: 'Do not trust this node; ask another one.',
  }),
  OTHER_VALIDATORS: (d: { height: bigint; want: string; got: string }) => ({
    message: `The validators of height ${d.height} have the hash ${d.got}; those of the genesis have ${d.want}.`,
    hint: 'If the chain has changed its validators, prove a height from before; otherwise ask another node.',
  }),
  UNKNOWN_NAME: (d: { kind: string; name: string; known: readonly string[] }) => ({
    message: `The chain has no ${d.kind} ${d.name}.`,
    hint: d.known.length > 0 ? `It has ${d.known.join(', ')}.` : 'It has none.',
  }),
}

export const clientFail = failures('client', clientRefusals)
