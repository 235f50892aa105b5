// What happens off the chain: credentials, presentations, status lists, the vault of identities, receipts of erasure.
export { claimCommitment, newSalt, personCommitment } from './credentials/commitments.ts'
export {
  checkErasureReceipt,
  type ErasureReceipt,
  receiptHash,
  signErasureReceipt,
} from './credentials/erasure.ts'
export { type CredentialKey, credentialKey, type PublicJwk } from './credentials/keys.ts'
export { credentialRefusals } from './credentials/refusals.ts'
export {
  checkPresentation,
  type IssueRequest,
  issueCredential,
  type Presented,
  present,
} from './credentials/sd-jwt.ts'
export {
  checkStatusList,
  readStatus,
  STATUS_BITS_MIN,
  type StatusEntry,
  type StatusListCredential,
  statusListCredential,
  statusListDigest,
} from './credentials/status-list.ts'
export {
  answerHash,
  fileVault,
  type Identity,
  type IdentityVault,
  type LoggedLookUp,
  releaseIdentity,
} from './credentials/vault.ts'
