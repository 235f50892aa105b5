export { ANSWER_BYTES_MAX, answer, BATCH_MAX, type Dispatch, parseFailure } from './json-rpc.ts'
export { createMethods, type Method, type NodeInfo } from './methods.ts'
export { rpcRefusals } from './refusals.ts'
export { type RpcOptions, type RpcServer, serveRpc } from './server.ts'
