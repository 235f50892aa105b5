import { failures } from '@mmtchain/primitives'

/** The refusals of the RPC server, for the catalogue of error codes. */
export const rpcRefusals = {
  METHOD_NOT_FOUND: (d: { method: string }) => ({
    message: `There is no method ${d.method}.`,
    hint: 'chain_metadata lists the modules; their queries are methods named module_query.',
  }),
  INVALID_REQUEST: (d: { why: string }) => ({
    message: `The request is not JSON-RPC 2.0: ${d.why}.`,
    hint: 'Send {"jsonrpc":"2.0","id":1,"method":"…","params":{…}}.',
  }),
  ANSWER_TOO_LARGE: (d: { max: number }) => ({
    message: `The answers of this batch pass ${d.max} bytes.`,
    hint: 'Ask for less in one batch.',
  }),
  NOT_FOUND: (d: { path: string }) => ({
    message: `There is nothing at ${d.path}.`,
    hint: 'JSON-RPC is at POST /rpc.',
  }),
  BODY_TOO_LARGE: (d: { max: number }) => ({
    message: `The body is over ${d.max} bytes.`,
    hint: 'Send less in one request.',
  }),
  PARSE_ERROR: (_: object) => ({ message: 'The body is not JSON.', hint: 'Send one JSON value in UTF-8.' }),
  INTERNAL: (_: object) => ({ message: 'The node failed to answer.', hint: 'See the node’s log.' }),
  BLOCK_NOT_FOUND: (d: { block: string }) => ({
    message: `There is no block ${d.block} here.`,
    hint: 'chain_status says the newest height.',
  }),
  TRANSACTION_NOT_FOUND: (d: { id: string }) => ({
    message: `Transaction ${d.id} is neither in a block nor waiting here.`,
    hint: 'Check the id; it may have expired, or been sent to another node.',
  }),
  AMBIGUOUS_PARAMS: (d: { want: string }) => ({
    message: `The parameters do not say exactly one of ${d.want}.`,
    hint: `Give one of ${d.want}.`,
  }),
}

export const rpcFail = failures('rpc', rpcRefusals)
