export {
  AUTHORITY_KEYS_MAX,
  type Authority,
  authority,
  authorityAddress,
  checkAuthority,
  checkKeys,
  checkSignatures,
  type KeySignature,
  keySignature,
  multiKey,
  type PublicKey,
  publicKey,
  type Suites,
  sameAuthority,
  signatureWeight,
  singleKey,
} from './authority.ts'
export {
  combineTransactions,
  readTransactionFile,
  type TransactionFile,
  writeTransactionFile,
} from './offline.ts'
export { type PreviewChain, type PreviewWords, previewTransaction, previewWords } from './preview.ts'
export { txRefusals } from './refusals.ts'
export { jointSigner, type Signer, secretSigner, signTransaction } from './signer.ts'
export {
  bodyLengthIn,
  CALLS_MAX,
  call,
  checkTransaction,
  type PayerConsent,
  payerConsent,
  payerMessage,
  senderMessage,
  signaturesWeight,
  type Transaction,
  type TransactionBody,
  type TransactionCall,
  transaction,
  transactionBody,
  transactionBytes,
  transactionId,
  transactionIdIn,
} from './transaction.ts'
