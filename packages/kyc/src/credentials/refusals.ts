import { failures } from '@mmtchain/primitives'

/** The refusals of `kyc/credentials`, which never stand in a receipt of the chain. */
export const credentialRefusals = {
  BAD_CREDENTIAL: (d: { why: string }) => ({
    message: `The credential or presentation does not hold: ${d.why}.`,
    hint: 'Ask the holder for a new presentation, made for this audience and nonce.',
  }),
  UNKNOWN_ISSUER: (d: { issuer: string }) => ({
    message: `The issuer ${d.issuer} is not one that is trusted here.`,
    hint: 'Add its key to the issuers, or refuse the credential.',
  }),
  BAD_STATUS_LIST: (d: { why: string }) => ({
    message: `The status list does not hold: ${d.why}.`,
    hint: 'Fetch it again from its issuer and compare its hash with the one on the chain.',
  }),
  NO_IDENTITY: (d: { holder: string }) => ({
    message: `The vault has no identity of ${d.holder}.`,
    hint: 'It was never stored, or its key is destroyed.',
  }),
  NOT_LOGGED: (d: { why: string }) => ({
    message: `No identity is released: ${d.why}.`,
    hint: 'The regulator first sends the command lookUp; the registrar reads it from a final block.',
  }),
  BAD_RECEIPT: (d: { why: string }) => ({
    message: `The receipt of erasure does not hold: ${d.why}.`,
    hint: 'Compare it with the claim on the chain, which has its hash.',
  }),
}

export const credentialFail = failures('kyc', credentialRefusals)
