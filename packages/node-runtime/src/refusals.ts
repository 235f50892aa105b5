import { failures } from '@mmtchain/primitives'

/** The refusals of a running node, for the catalogue of error codes. */
export const nodeRefusals = {
  POOL_FULL: (d: { countMax: number; bytesMax: number }) => ({
    message: `No place is left among the waiting transactions (at most ${d.countMax}, and ${d.bytesMax} bytes), and none of them offers less.`,
    hint: 'Try again after the next block, or offer a higher fee.',
  }),
  SENDER_QUEUE_FULL: (d: { sender: string; max: number }) => ({
    message: `${d.sender} has ${d.max} waiting transactions.`,
    hint: 'Wait until some are in a block.',
  }),
  SENDER_QUEUE_LARGE: (d: { sender: string; max: number }) => ({
    message: `The waiting transactions of ${d.sender} would have more than ${d.max} bytes.`,
    hint: 'Wait until some are in a block.',
  }),
  PAYER_QUEUE_FULL: (d: { payer: string; max: number }) => ({
    message: `${d.payer} pays for ${d.max} waiting transactions.`,
    hint: 'Wait until some are in a block, or let another account pay.',
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
  REPLACED: (d: { by: string }) => ({
    message: `The transaction was replaced by ${d.by}, which has the same sender and nonce and offers more.`,
    hint: 'Look at the other one.',
  }),
  EVICTED: (_: object) => ({
    message: 'The transaction had to make way for others that offer more.',
    hint: 'Send it again with a higher fee, or when fewer transactions wait.',
  }),
  NONCE_USED: (d: { nonce: bigint; by: string }) => ({
    message: `The nonce ${d.nonce} was used by ${d.by}, which is in a block.`,
    hint: 'Build the transaction again with the next nonce.',
  }),
  OUTDATED: (d: { validUntil: bigint; height: bigint }) => ({
    message: `The transaction was valid until height ${d.validUntil}; the chain is at ${d.height}.`,
    hint: 'Build and sign it again, with a later height.',
  }),
  EXHAUSTING: (d: { why: string }) => ({
    message: `The transaction exhausts this node's memory or stack: ${d.why}`,
    hint: 'Make its input smaller; if it is not large, tell the author of the module.',
  }),
  WRONG_CHAIN_DATA: (d: { want: string; got: string }) => ({
    message: `The data folder belongs to another chain: its block 0 is ${d.got}, this chain's is ${d.want}.`,
    hint: 'Start with the genesis from which this folder was made, or use an empty data folder.',
  }),
  NOT_A_VALIDATOR: (d: { address: string }) => ({
    message: `${d.address} is not among the validators of this chain, or its key is another.`,
    hint: 'Use the key that the genesis names, or start without a validator key to observe.',
  }),
  ENGINE_STOPPED: (d: { engine: string; why: string }) => ({
    message: `The engine ${d.engine} stopped the node: ${d.why}.`,
    hint: 'Do not start it again before the cause is known: keep a copy of the home, and ask those who run the other nodes.',
  }),
  BLOCK_UNKNOWN: (d: { id: string }) => ({
    message: `The engine commits block ${d.id}, which is not at hand or was not found valid here.`,
    hint: 'Start the node again: it takes the block from its log of inputs, or from another node.',
  }),
  REVERT_OF_FINAL: (d: { to: bigint; final: bigint }) => ({
    message: `The engine wants to go back to height ${d.to}, but height ${d.final} is final.`,
    hint: 'Do not start the node again before the cause is known: keep a copy of the home, and ask those who run the other nodes.',
  }),
  SIGN_STATE_MISSING: (d: { file: string }) => ({
    message: `The sign state ${d.file} is missing, so that nobody knows what this validator has signed.`,
    hint: 'Put it back if it was only moved. If it is lost, start with --after-total-loss: the validator observes before it signs again. Never put back an older copy.',
  }),
  SIGN_STATE_DAMAGED: (d: { file: string }) => ({
    message: `Both copies in the sign state ${d.file} are damaged, so that nobody knows what this validator has signed.`,
    hint: 'Check the disk, then start with --after-total-loss: the validator observes before it signs again. Never put back an older copy.',
  }),
  SIGN_STATE_FOREIGN: (d: { file: string; want: string; got: string }) => ({
    message: `The sign state ${d.file} belongs to another chain or key: it is of ${d.got}, not ${d.want}.`,
    hint: 'Put back the sign state of this chain and key. If the validator has a new key, or its sign state is lost, start with --after-total-loss.',
  }),
  SIGN_STATE_STALE: (d: { signed: bigint; tip: bigint }) => ({
    message: `The sign state knows of signatures up to height ${d.signed}, but this validator made block ${d.tip}: it is an older copy.`,
    hint: 'Put back the newest sign state. If it is lost, start with --after-total-loss: the validator observes before it signs again.',
  }),
  SIGN_STATE_FAILED: (d: { file: string; why: string }) => ({
    message: `The sign state ${d.file} cannot be written: ${d.why}. Without it nothing may be signed.`,
    hint: 'See whether the disk is full or broken, then start the node again.',
  }),
  SIGNER_LOST: (d: { address: string; why: string }) => ({
    message: `The signer of the validator ${d.address} does not sign: ${d.why}.`,
    hint: 'See that the signer runs, for this validator and chain, and can be reached. Then start the node again.',
  }),
  BLOCKS_LOST: (d: { signed: bigint; tip: bigint }) => ({
    message: `Blocks are lost: this validator has signed at height ${d.signed}, but the newest block here is ${d.tip}, and there is no other node to get the rest from.`,
    hint: 'Put back the data folder that belongs to this sign state, restore a newer snapshot, or let the node reach others that have the blocks. If nobody has them any more, or you took them back, move the sign state away and start with --after-total-loss: what the validator signs then contradicts those blocks.',
  }),
  INPUT_LOG_DAMAGED: (d: { file: string; at: number }) => ({
    message: `The log of inputs ${d.file} is damaged at byte ${d.at}, before its end.`,
    hint: 'Check the disk. What this validator has voted for may be lost: start it with --after-total-loss, so that it observes first.',
  }),
  INPUT_LOG_FULL: (d: { file: string; bytesMax: number }) => ({
    message: `The log of inputs ${d.file} would have more than ${d.bytesMax} bytes for one height.`,
    hint: 'The chain has stood still for long: see that enough validators run and reach each other, then start this node again.',
  }),
  NOT_RUNNING: (_: object) => ({ message: 'The node is not running.', hint: 'Start it first.' }),
}

export const nodeFail = failures('node', nodeRefusals)
