import { failures } from '@mmtchain/primitives'

/** The refusals of the RPC server, for the catalogue of error codes. */
export const rpcRefusals = {
  // The messages of these three are the words of the JSON-RPC specification.
  PARSE_ERROR: (_: object) => ({ message: 'Parse error', hint: 'Send one JSON value in UTF-8.' }),
  INVALID_REQUEST: (d: { why: string }) => ({
    message: 'Invalid Request',
    hint: `What is wrong: ${d.why}. Send {"jsonrpc":"2.0","id":1,"method":"…","params":{…}}.`,
  }),
  METHOD_NOT_FOUND: (d: { method: string }) => ({
    message: 'Method not found',
    hint: `There is no ${d.method}; rpc.discover lists the methods, and queries of modules are named module_query.`,
  }),
  TOO_MANY_PARAMS: (d: { max: number; got: number }) => ({
    message: `The method takes ${d.max} parameters, not ${d.got}.`,
    hint: 'rpc.discover lists the parameters of each method in their order.',
  }),
  ANSWER_TOO_LARGE: (d: { max: number }) => ({
    message: `The answer passes ${d.max} bytes.`,
    hint: 'Ask for less at a time.',
  }),
  NOT_FOUND: (d: { path: string }) => ({
    message: `There is nothing at ${d.path}.`,
    hint: 'JSON-RPC is at POST /rpc.',
  }),
  BODY_TOO_LARGE: (d: { max: number }) => ({
    message: `The body is over ${d.max} bytes.`,
    hint: 'Send less in one request.',
  }),
  SNAPSHOT_NOT_FOUND: (d: { run: number }) => ({
    message: `The node knows of no snapshot ${d.run}.`,
    hint: 'It remembers the last ones since it started; call node_snapshot without a number to begin one.',
  }),
  INTERNAL: (_: object) => ({ message: 'The node failed to answer.', hint: 'See the node’s log.' }),
  TIMEOUT: (d: { ms: number }) => ({
    message: `The answer was not there after ${d.ms} ms.`,
    hint: 'Ask for less at a time, or again later.',
  }),
  RATE_LIMITED: (d: { perSecond: number }) => ({
    message: `More than ${d.perSecond} requests a second came from here.`,
    hint: 'Ask again in a second; an operator raises connectionRate or addressRate.',
  }),
  WORK_LIMITED: (d: { msPerSecond: number; of: 'address' | 'all' }) => ({
    message: `Queries, trials and blocks ${d.of === 'all' ? 'of all callers' : 'from here'} took more than ${d.msPerSecond} ms of the node in a second.`,
    hint: 'Ask again in some seconds, or for less at a time; an operator raises addressWorkMs or workMs.',
  }),
  TRIAL_TOO_HEAVY: (d: { weight: bigint; max: number }) => ({
    message: `The transaction weighs ${d.weight}, and trials may weigh ${d.max} here.`,
    hint: 'Try it with less gas or fewer calls, or on a node of your own; an operator raises trialWeightMax.',
  }),
  HOST_NOT_ALLOWED: (d: { host: string }) => ({
    message: `This server is not known as "${d.host}".`,
    hint: 'Use its IP address, or have its operator list the name among hosts.',
  }),
  ORIGIN_NOT_ALLOWED: (d: { origin: string }) => ({
    message: `Pages of ${d.origin} may not call this server.`,
    hint: 'Have its operator list the origin among origins.',
  }),
  UNKNOWN_TOKEN: (_: object) => ({
    message: 'The bearer token is not one of this server’s.',
    hint: 'Check it with the operator, or leave it out.',
  }),
  ROLE_NEEDED: (d: { role: string; what: string }) => ({
    message: `${d.what} needs the role ${d.role}.`,
    hint: 'Send a bearer token that has it.',
  }),
  BACKLOG_FULL: (_: object) => ({
    message: 'Too much of requests and answers waits; this caller had most of it.',
    hint: 'Send requests to their end, read the answers, and ask for less at a time.',
  }),
  BAD_SETTINGS: (d: { path: string; why: string }) => ({
    message: `The setting ${d.path} of the RPC server is wrong: ${d.why}.`,
    hint: 'Correct it in the configuration.',
  }),
  METHOD_TAKEN: (d: { method: string }) => ({
    message: `A query of a module would be the method ${d.method}, which every node has.`,
    hint: 'Give the module or the query another name.',
  }),
  BLOCK_NOT_FOUND: (d: { block: string }) => ({
    message: `There is no block ${d.block} here.`,
    hint: 'chain_status says the newest height.',
  }),
  TRANSACTION_NOT_FOUND: (d: { id: string }) => ({
    message: `Transaction ${d.id} is neither in a block nor waiting here.`,
    hint: 'Check the id; it may have expired, or been sent to another node.',
  }),
  UNKNOWN_TABLE: (d: { module: string; table: string; known: readonly string[] }) => ({
    message: `The state has no table ${d.module}.${d.table}.`,
    hint:
      d.known.length > 0
        ? `There are ${d.known.join(', ')}.`
        : 'chain_metadata lists the tables of each module.',
  }),
  KEY_OF_CELL: (d: { module: string; table: string }) => ({
    message: `${d.module}.${d.table} is a single row and has no keys.`,
    hint: 'Leave the key out.',
  }),
  VALIDATORS_NOT_KEPT: (d: { height: bigint }) => ({
    message: `The validators of height ${d.height} are no longer known here.`,
    hint: 'Ask a node that keeps more heights, such as an archive, or leave the height out for those of the next block.',
  }),
  AMBIGUOUS_PARAMS: (d: { want: string }) => ({
    message: `The parameters do not say exactly one of ${d.want}.`,
    hint: `Give one of ${d.want}.`,
  }),
  BAD_LIMIT: (d: { max: number; got: number }) => ({
    message: `The limit ${d.got} is not from 1 to ${d.max}.`,
    hint: 'Ask for less at a time.',
  }),
  NEEDS_WEBSOCKET: (_: object) => ({
    message: 'Subscriptions need a WebSocket.',
    hint: 'Open one at the same address, path /rpc.',
  }),
  BAD_TOPIC: (d: { topic: string; why: string }) => ({
    message: `There is nothing to subscribe to as "${d.topic}": ${d.why}.`,
    hint: 'Topics are heads, finalisedHeads, events { module, event } and transaction { id }.',
  }),
  TOO_MANY_SUBSCRIPTIONS: (d: { max: number }) => ({
    message: `This connection has ${d.max} subscriptions.`,
    hint: 'End one with chain_unsubscribe, or open another connection.',
  }),
  SLOW_READER: (d: { ms: number }) => ({
    message: `The connection read nothing for ${d.ms} ms.`,
    hint: 'Connect again and resume from the last height that was read.',
  }),
}

export const rpcFail = failures('rpc', rpcRefusals)
