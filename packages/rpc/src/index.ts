export { type Backlog, createBacklog, type Holder } from './backlog.ts'
export { answer, type Dispatch, type Sender } from './json-rpc.ts'
export type { Caller, Method } from './method.ts'
export {
  createMethods,
  type NodeInfo,
  type PeerInfo,
  type SnapshotMaker,
  type SnapshotRun,
} from './methods.ts'
export { openRpcDocument } from './openrpc.ts'
export { type Param, paramsOf } from './params.ts'
export {
  type AddressEntry,
  type Bucket,
  createAddressBook,
  isLoopback,
  networkOf,
  newBucket,
  refill,
} from './rate.ts'
export { rpcRefusals } from './refusals.ts'
export { type RpcOptions, type RpcServer, serveRpc } from './server.ts'
export {
  checkLimits,
  type Role,
  RPC_LIMITS_DEFAULT,
  RPC_SETTINGS_DEFAULT,
  type RpcLimits,
  type RpcSettings,
  rpcLimits,
  rpcSettings,
  rpcSettingsFields,
} from './settings.ts'
export type { SubscriptionRequest, Subscriptions } from './subscriptions.ts'
export type { View } from './view.ts'
