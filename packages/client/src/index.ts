export {
  type Calls,
  type Client,
  type ClientOptions,
  createClient,
  type Proofs,
  type ReadOptions,
  type Reads,
  type RefusalCode,
  type Sends,
  type Status,
} from './client.ts'
export { type DescribedChain, describeChain } from './describe.ts'
export type { ChainEvent, EventOptions, EventPlace, Events, Head } from './events.ts'
export { createProver, type Proven, type ProveOptions, type Prover } from './prove.ts'
export { clientRefusals } from './refusals.ts'
export { type CertifiedRows, createRowReader, type RowReader, type RowReaderOptions } from './rows.ts'
export { type CallsToSend, quoteCalls, type SendOptions, type Sent, sendCalls, submitBytes } from './send.ts'
export {
  type SubscribeEndpoint,
  type SubscribeOptions,
  subscribe,
  type Topic,
  type Update,
} from './subscribe.ts'
export { type Endpoint, httpTransport, type RequestOptions, type Transport } from './transport.ts'
