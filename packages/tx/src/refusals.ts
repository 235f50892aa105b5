import { failures } from '@mmtchain/primitives'

/** The refusals of this package, for the catalogue of error codes. */
export const txRefusals = {
  BAD_AUTHORITY: (d: { why: string }) => ({
    message: `The authority is not canonical: ${d.why}.`,
    hint: 'Make authorities with singleKey or multiKey.',
  }),
  SUITE_NOT_ACCEPTED: (d: { suite: number; accepted: readonly string[] }) => ({
    message: `Signature suite ${d.suite} is not accepted by this chain.`,
    hint: `Use a key of ${d.accepted.join(', ')}.`,
  }),
  BAD_PUBLIC_KEY: (d: { suite: string; key: string }) => ({
    message: `${d.key.slice(0, 80)} is not a ${d.suite} public key.`,
    hint: 'Use the key as its suite encodes it (docs/spec/formats.md, section 5).',
  }),
  WRONG_SIGNATURE_COUNT: (d: { want: number; got: number }) => ({
    message: `The authority signs with exactly ${d.want} keys, but there are ${d.got} signatures.`,
    hint: `Give ${d.want} signatures.`,
  }),
  SIGNATURES_NOT_SORTED: (d: { index: number }) => ({
    message: `The signature for key ${d.index} is out of order, repeated, or for no key of the authority.`,
    hint: 'Sort signatures by the index of their key and give each once.',
  }),
  BAD_SIGNATURE: (d: { index: number }) => ({
    message: `The signature of key ${d.index} does not match the transaction.`,
    hint: 'Sign again with the right key, for this chain, and change nothing afterwards.',
  }),
  WRONG_CHAIN: (d: { want: string; got: string }) => ({
    message: `The transaction is for the chain with fingerprint ${d.got}, not ${d.want}.`,
    hint: 'Build it for this chain and sign again.',
  }),
  PAYER_MISMATCH: (d: { named: boolean }) => ({
    message: d.named
      ? 'The named payer has not signed.'
      : 'There is a payer’s consent, but no payer is named.',
    hint: 'Name a payer in the body and attach its consent, or do neither.',
  }),
  PAYER_FEE_TOO_HIGH: (d: { fee: bigint; feeMax: bigint }) => ({
    message: `The fee ${d.fee} is over the payer’s maximum of ${d.feeMax}.`,
    hint: 'Lower the fee, or have the payer sign a higher maximum.',
  }),
  BAD_FILE: (d: { why: string }) => ({
    message: `The file does not hold a transaction: ${d.why}.`,
    hint: 'Write the file again, with the same version of this software.',
  }),
  DIFFERENT_TRANSACTIONS: (_: object) => ({
    message: 'The files hold different transactions.',
    hint: 'Have every signer sign a copy of the same file.',
  }),
  MISSING_KEY: (d: { address: string }) => ({
    message: `The key does not belong to the authority of ${d.address}.`,
    hint: 'Sign with a key of that authority.',
  }),
}

export const txFail = failures('tx', txRefusals)
