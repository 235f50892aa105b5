import { type Address, failures } from '@mmtchain/primitives'

/** The refusals of the kernel itself. Those that concern transactions also reach receipts and clients. */
export const kernelRefusals = {
  BAD_MODULE: (d: { module: string; why: string }) => ({
    message: `Module ${d.module} cannot be declared: ${d.why}.`,
    hint: 'Change the declaration; names are letters and digits, error keys are UPPER_CASE.',
  }),
  BAD_CHAIN: (d: { why: string }) => ({
    message: `The chain cannot be defined: ${d.why}.`,
    hint: 'Change the chain file.',
  }),
  GENESIS_MISMATCH: (d: { field: string; want: string; got: string }) => ({
    message: `The genesis does not fit the chain file: ${d.field} is ${d.got}, the chain file has ${d.want}.`,
    hint: 'Start with the chain file from which this genesis was built, or build a new genesis.',
  }),
  BAD_GENESIS: (d: { module: string; why: string }) => ({
    message: `The genesis document of ${d.module} was refused: ${d.why}`,
    hint: 'Correct the document and build the genesis again.',
  }),
  INVALID_BLOCK: (d: { field: string; want: string; got: string }) => ({
    message: `The block is invalid: its ${d.field} is ${d.got}, execution gives ${d.want}.`,
    hint: 'Take the block from another node; if all agree, this node runs other code than they do.',
  }),
  BLOCK_TOO_LARGE: (d: { what: string; max: bigint; got: bigint }) => ({
    message: `The block's ${d.what} is ${d.got}, over the maximum of ${d.max}.`,
    hint: 'Take blocks only from nodes of this chain.',
  }),
  UNKNOWN_MODULE: (d: { module: string; known: readonly string[] }) => ({
    message: `This chain has no module ${d.module}.`,
    hint: `It has ${d.known.join(', ')}.`,
  }),
  UNKNOWN_COMMAND: (d: { module: string; command: string; known: readonly string[] }) => ({
    message: `Module ${d.module} has no command ${d.command}.`,
    hint: d.known.length > 0 ? `It has ${d.known.join(', ')}.` : 'It has no commands.',
  }),
  UNKNOWN_QUERY: (d: { module: string; query: string; known: readonly string[] }) => ({
    message: `Module ${d.module} has no query ${d.query}.`,
    hint: d.known.length > 0 ? `It has ${d.known.join(', ')}.` : 'It has no queries.',
  }),
  BAD_INPUT: (d: { module: string; command: string; why: string }) => ({
    message: `The input of ${d.module}.${d.command} cannot be read: ${d.why}`,
    hint: 'Encode the input as chain_metadata describes it.',
  }),
  TRANSACTION_TOO_LARGE: (d: { max: number; got: number }) => ({
    message: `The transaction has ${d.got} bytes, over the maximum of ${d.max}.`,
    hint: 'Send less in one transaction.',
  }),
  TOO_MANY_CALLS: (d: { max: number; got: number }) => ({
    message: `The transaction has ${d.got} calls, over the maximum of ${d.max}.`,
    hint: 'Send fewer calls in one transaction.',
  }),
  EXPIRED: (d: { validUntil: bigint; height: bigint }) => ({
    message: `The transaction was valid until height ${d.validUntil}; this is height ${d.height}.`,
    hint: 'Build it anew with a later height and sign again.',
  }),
  VALID_TOO_LONG: (d: { validUntil: bigint; max: bigint }) => ({
    message: `The transaction would be valid until height ${d.validUntil}, over the maximum of ${d.max} now.`,
    hint: 'Build it with an earlier validUntil.',
  }),
  WRONG_AUTHORITY: (d: { account: Address }) => ({
    message: `The authority is not the one of ${d.account}.`,
    hint: 'Sign with the account’s current keys; account_get shows its authority.',
  }),
  NONCE_MISMATCH: (d: { want: bigint; got: bigint }) => ({
    message: `The nonce is ${d.got}, the account's next is ${d.want}.`,
    hint:
      d.got < d.want
        ? 'This nonce was used; build the transaction anew.'
        : 'Send the transactions before it first.',
  }),
  FEE_TOO_LOW: (d: { want: bigint; got: bigint }) => ({
    message: `The fee is ${d.got}, the calls cost ${d.want}.`,
    hint: `Offer a fee of at least ${d.want}.`,
  }),
  FEE_NOT_TAKEN: (d: { got: bigint }) => ({
    message: `The fee is ${d.got}, but this chain takes none.`,
    hint: 'Set the fee to 0.',
  }),
  WEIGHT_TOO_LOW: (d: { want: bigint; got: bigint }) => ({
    message: `The transaction's weightMax is ${d.got}, it weighs ${d.want}.`,
    hint: `Set weightMax to at least ${d.want}.`,
  }),
  WEIGHT_TOO_HIGH: (d: { max: bigint; got: bigint }) => ({
    message: `The transaction's weightMax is ${d.got}, a block takes ${d.max}.`,
    hint: 'Send fewer calls in one transaction.',
  }),
  TOO_MANY_EVENTS: (d: { max: number }) => ({
    message: `The transaction emits more than ${d.max} events.`,
    hint: 'Split it into several transactions.',
  }),
  EVENT_TOO_LARGE: (d: { event: string; got: number }) => ({
    message: `The event ${d.event} has ${d.got} bytes, over the maximum of 65536.`,
    hint: 'Emit less, or put the hash of the data into the event.',
  }),
  MODULE_FAULT: (d: { module: string; command: string }) => ({
    message: `Module ${d.module} failed in ${d.command}; its code threw something that is no refusal.`,
    hint: 'Report it to the author of the module, with the node’s log.',
  }),
  NOT_GOVERNABLE: (d: { parameter: string; governable: readonly string[] }) => ({
    message: `The parameter ${d.parameter} is fixed for ever.`,
    hint:
      d.governable.length > 0
        ? `This chain can change ${d.governable.join(', ')}.`
        : 'This chain can change none.',
  }),
  BAD_PARAMETER: (d: { parameter: string; why: string }) => ({
    message: `The value for ${d.parameter} cannot be read: ${d.why}`,
    hint: 'Encode the value as the parameter’s type.',
  }),
  UPGRADE_TOO_SOON: (d: { height: bigint; heightMin: bigint }) => ({
    message: `An upgrade at height ${d.height} leaves the nodes no time; the earliest is ${d.heightMin}.`,
    hint: `Choose a height of at least ${d.heightMin}.`,
  }),
  UPGRADE_MISSING: (d: { height: bigint; release: string }) => ({
    message: `The chain goes on with another release from height ${d.height}; this node does not have it.`,
    hint: `Install the release with protocol hash ${d.release}, and start the node again.`,
  }),
  KEY_NOT_ACCEPTED: (d: { why: string }) => ({
    message: `The new authority is refused: ${d.why}`,
    hint: 'Use keys of suites that the chain accepts.',
  }),
}

/** For errors outside a chain; within one, the kernel module's own `fail` also shows addresses as people know them. */
export const kernelFail = failures('kernel', kernelRefusals)
