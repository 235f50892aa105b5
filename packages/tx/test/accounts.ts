import { amount, hash, height } from '@mmtchain/codec'
import { defaultSuites, ed25519, type Suite, secp256k1, sha256 } from '@mmtchain/crypto'
import { utf8 } from '@mmtchain/primitives'
import {
  multiKey,
  type PublicKey,
  type Signer,
  secretSigner,
  signTransaction,
  type Transaction,
  type TransactionBody,
} from '@mmtchain/tx'

export const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))
export const fingerprint = hash(sha256(utf8('harbour')))
export const chain = { fingerprint, suites }

export const secretOf = (name: string) => sha256(utf8(`secret of ${name}`))

export const keyOf = (suite: Suite, name: string): PublicKey => ({
  suite: suite.code,
  key: suite.publicKey(secretOf(name)),
})

export const signerOf = (suite: Suite, name: string): Signer =>
  secretSigner({ suite, secret: secretOf(name) })

/** Two of three, over two suites. */
export const board = multiKey({
  threshold: 2,
  keys: [keyOf(secp256k1, 'chair'), keyOf(ed25519, 'treasurer'), keyOf(secp256k1, 'secretary')],
})

/** The signer of one key of the board. */
export const member = (suite: Suite, name: string): Signer =>
  secretSigner({ suite, secret: secretOf(name), authority: board })

/** A body of one call, sent by `signer`. */
export function bodyOf(signer: Signer, change: Partial<TransactionBody> = {}): TransactionBody {
  return {
    fingerprint,
    sender: signer.address,
    authority: signer.authority,
    nonce: 7n,
    validUntil: height(100n),
    fee: amount(1_000n),
    weightMax: 50_000n,
    payer: null,
    calls: [{ module: 'token', command: 'transfer', input: Uint8Array.of(1, 2, 3) }],
    ...change,
  }
}

/** A signed transaction of `signer`, with its fee paid by `payer` up to 2,000. */
export async function signed(
  signer: Signer,
  { payer, ...change }: Partial<Omit<TransactionBody, 'payer'>> & { readonly payer?: Signer } = {},
): Promise<Transaction> {
  const body = bodyOf(signer, { ...change, payer: payer?.address ?? null })
  const consent = payer && { signer: payer, feeMax: amount(2_000n) }
  return (await signTransaction({ body, signer, payer: consent })).transaction
}
