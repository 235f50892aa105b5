export {
  type Calls,
  type Client,
  type ClientOptions,
  createClient,
  type Reads,
  type Sends,
  type Status,
} from './client.ts'
export { type DescribedChain, describeChain } from './describe.ts'
export { clientRefusals } from './refusals.ts'
export { quoteCalls, type SendOptions, type Sent, sendCalls, submitBytes } from './send.ts'
export { httpTransport, type Transport } from './transport.ts'
