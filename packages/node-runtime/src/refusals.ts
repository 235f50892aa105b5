import { failures } from '@mmtchain/primitives'

/** The refusals of a running node, for the catalogue of error codes. */
export const nodeRefusals = {
  POOL_FULL: (d: { max: number }) => ({
    message: `The node holds ${d.max} waiting transactions and takes no more for now.`,
    hint: 'Try again after the next block, or offer a higher fee.',
  }),
  SENDER_QUEUE_FULL: (d: { sender: string; max: number }) => ({
    message: `${d.sender} has ${d.max} waiting transactions.`,
    hint: 'Wait until some are in a block.',
  }),
  NONCE_TOO_FAR: (d: { max: bigint; got: bigint }) => ({
    message: `The nonce ${d.got} is too far ahead; at most ${d.max} is taken now.`,
    hint: 'Send the transactions before it first.',
  }),
  NONCE_TAKEN: (d: { nonce: bigint; feeMin: bigint }) => ({
    message: `Another transaction with nonce ${d.nonce} is waiting.`,
    hint: `Use the next nonce, or offer a fee of at least ${d.feeMin} to replace it.`,
  }),
  FREE_ONLY_NEXT: (d: { want: bigint; got: bigint }) => ({
    message: `A transaction without a fee must be the sender's next: nonce ${d.want}, not ${d.got}.`,
    hint: 'Wait until the one before it is in a block.',
  }),
  WRONG_CHAIN_DATA: (d: { want: string; got: string }) => ({
    message: `The data folder belongs to another chain: its block 0 is ${d.got}, this chain's is ${d.want}.`,
    hint: 'Start with the genesis from which this folder was made, or use an empty data folder.',
  }),
  NOT_A_VALIDATOR: (d: { address: string }) => ({
    message: `${d.address} is not among the validators of this chain, or its key is another.`,
    hint: 'Use the key that the genesis names, or start without a validator key to observe.',
  }),
  NOT_RUNNING: (_: object) => ({ message: 'The node is not running.', hint: 'Start it first.' }),
}

export const nodeFail = failures('node', nodeRefusals)
